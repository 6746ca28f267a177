// Package identity turns what a record says about a customer into contact keys: normalised identifiers that are
// equal exactly when they name the same mailbox, number or record. It also finds the account, the company a person
// buys for. It does not decide which keys belong to the same human: two keys on one interaction are a link, and what
// follows from links is the walk's business.
//
// Normalisation, per kind of key:
//
//	crm:SYSTEM/ID     blanks trimmed, case kept (CRM ids are case-sensitive); an id without a system gets the origin's
//	email:LOCAL@HOST  blanks trimmed and case folded on both sides, Unicode composed (NFC), the host in ASCII (IDNA).
//	                  Nothing else is stripped: anna+news@… and anna@… are two addresses, and so are dotted forms,
//	                  because only the host knows whether they reach the same mailbox
//	phone:+E164       by Google's numbering plans, with a default country for national numbers; an extension is kept
//	                  (";ext=12"), since the person behind it is not the switchboard
//	ticket:SYSTEM/ID  as crm
//	cookie:VALUE      blanks trimmed
//
// What cannot be normalised is no key: a malformed address or an impossible number stays on the interaction as text,
// and is never guessed at.
package identity

import (
	"strings"

	"tappa/journey"
)

// The kinds of contact key: what stands before the colon.
const (
	KindCRM    = "crm"
	KindEmail  = "email"
	KindPhone  = "phone"
	KindTicket = "ticket"
	KindCookie = "cookie"
)

// maxKey bounds a key's length in bytes; a longer identifier is a mistake and no key.
const maxKey = 320

// Party is what a record says about one customer, as given. Every field is optional.
type Party struct {
	CRM     string // id in the CRM, "suite/1a2b", or "1a2b" within the scope's origin
	Email   string // address, with or without a display name: "Anna <anna@example.com>"
	Phone   string // as dialled
	Ticket  string // id of the ticket, within the scope's origin
	Cookie  string
	Account string // company: CRM id or web domain
}

// Scope is what identifiers that are only locally unique are read against.
type Scope struct {
	Origin  string // the system the record came from: names the space of CRM and ticket ids without one
	Country string // ISO 3166-1 alpha-2, for phone numbers without a prefix; "" accepts numbers with a prefix only
}

// Normaliser makes contact keys. It remembers, in bounded memory, the mail hosts it has seen, and the phone numbers of which
// only the library can say what they are, because to look one up is dear. It is safe for concurrent use.
type Normaliser struct {
	phones cache[phoneAsked, journey.ContactKey]
	hosts  cache[string, journey.AccountKey]
}

// New returns a Normaliser.
func New() *Normaliser { return &Normaliser{} }

// Keys returns the contact keys of what is known about one customer, strongest first (CRM id, email, phone, ticket,
// cookie; within a kind in the order given) and without duplicates, and the account. Shared mailboxes (see Shared)
// are left out as soon as a CRM id, a mailbox of a person's own, a phone number or a ticket is there to tell the
// person. No key at all is an empty slice. The account is the first one stated, otherwise the domain of the first
// company mailbox.
func (n *Normaliser) Keys(scope Scope, parties ...Party) ([]journey.ContactKey, journey.AccountKey) {
	var keys, shared []journey.ContactKey
	var company journey.AccountKey
	for _, p := range parties {
		keys = add(keys, CRM(p.CRM, scope.Origin))
	}
	for _, p := range parties {
		key := Email(p.Email)
		if company == "" {
			company = n.company(key)
		}
		if Shared(key) {
			shared = add(shared, key)
		} else {
			keys = add(keys, key)
		}
	}
	for _, p := range parties {
		keys = add(keys, n.Phone(p.Phone, scope.Country))
	}
	for _, p := range parties {
		keys = add(keys, Ticket(p.Ticket, scope.Origin))
	}
	if len(keys) == 0 {
		keys = shared
	}
	for _, p := range parties {
		keys = add(keys, cookie(p.Cookie))
	}
	for _, p := range parties {
		if a := Account(p.Account); a != "" {
			return keys, a
		}
	}
	return keys, company
}

// add appends key unless it is empty or there already.
func add(keys []journey.ContactKey, key journey.ContactKey) []journey.ContactKey {
	if key == "" {
		return keys
	}
	for _, k := range keys {
		if k == key {
			return keys
		}
	}
	if keys == nil {
		keys = make([]journey.ContactKey, 0, 2)
	}
	return append(keys, key)
}

// CRM returns the key of a CRM id, or "" if there is none. An id without a system ("1a2b") gets the origin's.
func CRM(id, origin string) journey.ContactKey { return namespaced(KindCRM, id, origin) }

// Ticket returns the key of a ticket, or "" if there is none. The origin is always part of it: ticket numbers
// may contain slashes.
func Ticket(id, origin string) journey.ContactKey {
	id = strings.TrimSpace(id)
	if id == "" {
		return ""
	}
	return key(KindTicket, strings.TrimSpace(origin)+"/"+id)
}

// cookie returns the key of a cookie, or "" if there is none.
func cookie(value string) journey.ContactKey { return key(KindCookie, strings.TrimSpace(value)) }

// namespaced returns kind:id where id names its system, and kind:origin/id otherwise.
func namespaced(kind, id, origin string) journey.ContactKey {
	id = strings.TrimSpace(id)
	if id == "" {
		return ""
	}
	if i := strings.IndexByte(id, '/'); i <= 0 || i == len(id)-1 {
		id = strings.TrimSpace(origin) + "/" + id
	}
	return key(kind, id)
}

// key returns kind:value, or "" for a value that is empty, too long or holds control characters.
func key(kind, value string) journey.ContactKey {
	if value == "" || len(value) > maxKey || strings.ContainsFunc(value, control) {
		return ""
	}
	return journey.ContactKey(kind + ":" + value)
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// Split returns a key's kind and value: "email" and "anna@example.com".
func Split(key journey.ContactKey) (kind, value string) {
	kind, value, _ = strings.Cut(string(key), ":")
	return kind, value
}
