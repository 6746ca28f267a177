package aggregate

import (
	"cmp"
	"iter"
	"strings"
)

// people knows which contact keys belong to the same person and which persons to the same account: connected components of
// keys that were seen together on an interaction. Components only grow, and each is named by its first key in an order of
// kinds and keys, so neither the order nor the number of arrivals matters.
type people struct {
	persons   components
	accounts  components // contact keys and accounts, kept only where some journey has its cases per account
	byAccount bool

	account []int32 // by root of persons: the smallest account seen with the person, as an id in names
	names   interner

	// stored is what table people holds for each contact key, so that only changes are written.
	stored []storedPerson
}

type storedPerson struct{ person, account int32 }

const nobody int32 = -1

func newPeople(byAccount bool) *people {
	return &people{persons: newComponents(), accounts: newComponents(), byAccount: byAccount, names: newInterner()}
}

// learn takes in that keys, and the account, were seen together. It returns the id of the first key.
func (p *people) learn(account string, keys ...string) int32 {
	first := p.id(keys[0])
	for _, key := range keys[1:] {
		p.join(first, p.id(key))
	}
	if account != "" {
		name := p.names.id(account)
		root := p.persons.root(first)
		if held := p.account[root]; held == nobody || account < p.names.keys[held] {
			p.account[root] = name
		}
	}
	if p.byAccount {
		p.learnAccount(account, keys)
	}
	return first
}

func (p *people) learnAccount(account string, keys []string) {
	first := p.accounts.id(keys[0])
	for _, key := range keys[1:] {
		p.accounts.join(first, p.accounts.id(key))
	}
	if account != "" {
		p.accounts.join(first, p.accounts.id(accountNode(account)))
	}
}

// accountNode is an account's name among persons' keys. The leading NUL keeps the two apart and makes an account the
// name of every component that has one.
func accountNode(account string) string { return "\x00" + account }

// id gives the number of a contact key, a new one if it was never seen.
func (p *people) id(key string) int32 {
	id := p.persons.id(key)
	for int(id) >= len(p.account) {
		p.account = append(p.account, nobody)
		p.stored = append(p.stored, storedPerson{nobody, nobody})
	}
	return id
}

func (p *people) join(a, b int32) {
	ra, rb := p.persons.root(a), p.persons.root(b)
	if ra == rb {
		return
	}
	account := p.account[ra]
	if other := p.account[rb]; account == nobody || other != nobody && p.names.keys[other] < p.names.keys[account] {
		account = other
	}
	p.account[p.persons.join(ra, rb)] = account
}

// person names the person of a contact key.
func (p *people) person(id int32) string { return p.persons.name(id) }

// accountOf names the account of a contact key's person, "" for none.
func (p *people) accountOf(id int32) string {
	if account := p.account[p.persons.root(id)]; account != nobody {
		return p.names.keys[account]
	}
	return ""
}

// company names the subject that a contact key belongs to where cases are per account: the account, or for somebody
// without one the person.
func (p *people) company(key string) string {
	return strings.TrimPrefix(p.accounts.name(p.accounts.id(key)), "\x00")
}

// interner numbers strings.
type interner struct {
	ids  map[string]int32
	keys []string
}

func newInterner() interner { return interner{ids: map[string]int32{}} }

func (in *interner) id(key string) int32 {
	id, known := in.ids[key]
	if !known {
		key = strings.Clone(key) // not a piece of some large buffer
		id = int32(len(in.keys))
		in.ids[key] = id
		in.keys = append(in.keys, key)
	}
	return id
}

// components are sets of keys that grow together (union-find).
type components struct {
	interner
	parent []int32
	size   []int32 // at roots
	least  []int32 // at roots: the first key by compareKeys
	next   []int32 // the members of a component in a ring
}

func newComponents() components { return components{interner: newInterner()} }

func (c *components) id(key string) int32 {
	id := c.interner.id(key)
	if int(id) == len(c.parent) {
		c.parent = append(c.parent, id)
		c.size = append(c.size, 1)
		c.least = append(c.least, id)
		c.next = append(c.next, id)
	}
	return id
}

// root follows parents without shortening the way: workers read at the same time, and joining the smaller to the larger
// keeps ways short.
func (c *components) root(id int32) int32 {
	for c.parent[id] != id {
		id = c.parent[id]
	}
	return id
}

// join makes one component of two and returns its root.
func (c *components) join(a, b int32) int32 {
	a, b = c.root(a), c.root(b)
	if a == b {
		return a
	}
	if c.size[a] < c.size[b] {
		a, b = b, a
	}
	c.parent[b] = a
	c.size[a] += c.size[b]
	if compareKeys(c.keys[c.least[b]], c.keys[c.least[a]]) < 0 {
		c.least[a] = c.least[b]
	}
	c.next[a], c.next[b] = c.next[b], c.next[a]
	return a
}

// name is the first key of the component by compareKeys.
func (c *components) name(id int32) string { return c.keys[c.least[c.root(id)]] }

// members goes through the component of id.
func (c *components) members(id int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for at := id; ; {
			if !yield(at) {
				return
			}
			if at = c.next[at]; at == id {
				return
			}
		}
	}
}

// kinds are the kinds of contact keys that name a person, the best first; others come before the last.
var kinds = []string{"\x00", "crm:", "email:", "phone:", "ticket:", "", "cookie:"}

// kindOf gives the place of a key's kind in kinds.
func kindOf(key string) int {
	others := 0
	for i, kind := range kinds {
		switch {
		case kind == "":
			others = i
		case strings.HasPrefix(key, kind):
			return i
		}
	}
	return others
}

// compareKeys orders the keys that a component may be named by: the kind first, so that a person who is known by an address is
// not named by a browser's cookie, then the key.
func compareKeys(a, b string) int {
	return cmp.Or(cmp.Compare(kindOf(a), kindOf(b)), strings.Compare(a, b))
}

// find gives a contact key as it is held here, with its person and the person's account. A key never seen is its own.
func (p *people) find(key string) (held, person, account string) {
	id, known := p.persons.ids[key]
	if !known {
		return key, key, ""
	}
	return p.persons.keys[id], p.person(id), p.accountOf(id)
}
