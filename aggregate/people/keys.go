package people

import (
	"cmp"
	"strings"
)

// The kinds of nodes that names and limits tell apart, the best name first.
const (
	kindAccount = iota
	kindCRM
	kindEmail
	kindPhone
	kindTicket
	kindOther
	kindCookie
)

// accountMark is how an account is told from a key. No key begins with it.
const accountMark = "\x00"

// prefixes of keys, by kind.
var prefixes = [...]string{kindAccount: accountMark, kindCRM: "crm:", kindEmail: "email:", kindPhone: "phone:", kindTicket: "ticket:", kindCookie: "cookie:"}

func kindOf(key string) uint8 {
	for kind, prefix := range prefixes {
		if prefix != "" && strings.HasPrefix(key, prefix) {
			return uint8(kind)
		}
	}
	return kindOther
}

// Compare orders the keys that a component may be named by: the kind first (account, crm, email, phone, ticket, others,
// cookie), so that a person who is known by an address is not named by a browser's cookie, then the key.
func (g *Graph) Compare(a, b ID) int {
	return cmp.Or(cmp.Compare(g.traits.at(a).kind, g.traits.at(b).kind), strings.Compare(g.index.text(a), g.index.text(b)))
}

// CompareKeys is Compare for texts.
func CompareKeys(a, b string) int {
	return cmp.Or(cmp.Compare(kindOf(a), kindOf(b)), strings.Compare(a, b))
}
