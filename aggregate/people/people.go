// Package people works out who is who: which contact keys belong to the same person, and which persons to the same
// company, from what was seen and what people state. It is pure: it knows no database and no clock, and what it says
// depends on the facts alone, never on the order or the number of times they were told.
//
// # Facts
//
//   - Two keys were seen together on one interaction (See): a link.
//   - A key was seen with an account (See).
//   - Somebody states that two keys are the same person, or are not (State).
//
// # Rules
//
// A key is shared if its owner lists it so, if it looks like a desk's mailbox, or if it was seen together with more
// distinct keys of one kind than a key of its kind may be (Rules.Limits). Whether it is follows from all the links there are,
// so it does not matter which came first. Links of a shared key connect nobody.
//
// A person is a connected component of the other links and of the pairs stated to be the same. Where two keys of a component
// are stated to be different, its links are taken one by one, stated ones first, then by their keys in the order of
// Compare, and a link that would bring the two together is left out.
//
// A person's account is the least account that one of the keys was seen with. A company is a component of persons and
// accounts. A shared key is in a company only as long as it was seen with one account.
//
// # Time
//
// Telling a fact takes time in proportion to what is new, except where something comes apart: then Settle goes through the
// components concerned again.
package people

import "strings"

// ID numbers a key, in the order in which keys became known.
type ID = int32

// None is no key.
const None ID = -1

// Graph holds all keys and what is known of them: about 100 bytes a key of 25 letters. Methods that do not change it may be
// called at the same time.
type Graph struct {
	rules     Rules
	byAccount bool

	index   index
	traits  paged[trait]
	links   links
	persons components
	company components // of keys and accounts; kept only with byAccount
	account paged[ID]  // by root of persons: the account, a node
	stated  statements
	written paged[names]
	firms   sparse // what was last stored as company

	nShared int

	dirty []ID // what may have come apart since Settle
}

// Row is what was last stored of a key.
type Row struct {
	Person, Account, Company ID
	Shared                   Reason
}

// names are what was last stored of a key.
type names struct{ person, account ID }

// New gives an empty graph. Companies are kept only if byAccount.
func New(rules Rules, byAccount bool) *Graph {
	return &Graph{rules: rules.complete(), byAccount: byAccount, stated: newStatements()}
}

// Len counts the numbers given out, to keys and to accounts.
func (g *Graph) Len() int { return g.index.len() }

// CountShared counts the keys that are shared.
func (g *Graph) CountShared() int { return g.nShared }

// IsKey tells a contact key from an account, which has a number too.
func (g *Graph) IsKey(id ID) bool { return g.traits.at(id).kind != kindAccount }

// Key gives a key's text. It is valid for good.
func (g *Graph) Key(id ID) string { return g.index.text(id) }

// Name gives the text of a key or an account, "" for None.
func (g *Graph) Name(id ID) string {
	if id == None {
		return ""
	}
	return strings.TrimPrefix(g.index.text(id), accountMark)
}

// Find gives the number of a key that is known.
func (g *Graph) Find(key string) (ID, bool) { return g.index.find(key) }

// Add gives the number of a key, a new one if it was never seen.
func (g *Graph) Add(key string) ID {
	id, added := g.index.add(key)
	if !added {
		return id
	}
	kind := kindOf(key)
	*g.traits.grow(id) = trait{kind: kind, shared: g.rules.listed(key)}
	if g.traits.at(id).shared != NotShared {
		g.nShared++
	}
	g.links.grow(id)
	g.persons.grow(id)
	*g.account.grow(id) = None
	*g.written.grow(id) = names{None, None}
	if g.byAccount {
		g.company.grow(id)
	}
	return id
}

// AddAccount gives the number of an account.
func (g *Graph) AddAccount(account string) ID { return g.Add(accountMark + account) }

// See takes in that keys were seen together, with an account or "", and gives the number of the first key. What it says of
// persons is right only after the next Settle.
func (g *Graph) See(account string, keys ...string) ID {
	keys = keys[:min(len(keys), MaxKeys)]
	ids := make([]ID, len(keys))
	for i, key := range keys {
		ids[i] = g.Add(key)
	}
	for i, a := range ids {
		for _, b := range ids[:i] {
			g.link(a, b)
		}
	}
	if account != "" {
		node := g.AddAccount(account)
		for _, id := range ids {
			g.employ(id, node)
		}
	}
	return ids[0]
}

// MaxKeys is how many keys of one interaction are linked, the first ones.
const MaxKeys = 32

// link takes in that two keys were seen together.
func (g *Graph) link(a, b ID) {
	if a == b || !g.connect(a, b) {
		return
	}
	crossedA, crossedB := g.count(a, b), g.count(b, a)
	if crossedA || crossedB {
		g.dirty = append(g.dirty, a, b)
		return
	}
	if g.live(a, b) {
		g.unite(a, b)
	}
}

// live reports whether links between two keys connect them.
func (g *Graph) live(a, b ID) bool {
	return g.traits.at(a).shared == NotShared && g.traits.at(b).shared == NotShared
}

// unite makes one person of two, unless something stated of them has to be looked at first.
func (g *Graph) unite(a, b ID) {
	ra, rb := g.persons.root(a), g.persons.root(b)
	if ra == rb {
		return
	}
	if g.stated.guards(ra) || g.stated.guards(rb) {
		g.dirty = append(g.dirty, a, b)
		return
	}
	account := g.lesser(*g.account.at(ra), *g.account.at(rb))
	root := g.persons.join(g, ra, rb)
	*g.account.at(root) = account
	if g.byAccount {
		g.company.join(g, a, b)
	}
}

// employ takes in that a key was seen with an account.
func (g *Graph) employ(id, account ID) {
	t := g.traits.at(id)
	if t.shared != NotShared && t.degree[kindAccount] > 1 || !g.links.connectTo(id, account) {
		return
	}
	t.degree[kindAccount] = min(t.degree[kindAccount]+1, 255-1)
	if t.shared != NotShared && t.degree[kindAccount] > 1 {
		g.dirty = append(g.dirty, id)
		return
	}
	root := g.persons.root(id)
	*g.account.at(root) = g.lesser(*g.account.at(root), account)
	if g.byAccount {
		g.company.join(g, id, account)
	}
}

// lesser gives the account that comes first, where None comes last.
func (g *Graph) lesser(a, b ID) ID {
	if a == None || b != None && g.Compare(b, a) < 0 {
		return b
	}
	return a
}

// Person gives the key that names the person of a key.
func (g *Graph) Person(id ID) ID { return g.persons.first(id) }

// Account gives the account of a key's person, or None.
func (g *Graph) Account(id ID) ID { return *g.account.at(g.persons.root(id)) }

// Company names the subject that a key belongs to where cases are per account: an account, or the person of somebody without
// one. It is None where companies are not kept.
func (g *Graph) Company(id ID) ID {
	if !g.byAccount {
		return None
	}
	return g.company.first(id)
}

// Shared says why a key is shared.
func (g *Graph) Shared(id ID) Reason { return g.traits.at(id).shared }

// Row is what has to be stored of a key now, Written what was.
func (g *Graph) Row(id ID) Row {
	return Row{g.Person(id), g.Account(id), g.Company(id), g.Shared(id)}
}

// Written gives what was last stored of a key; Write says what is.
func (g *Graph) Written(id ID) Row {
	w := *g.written.at(id)
	return Row{w.person, w.account, g.firms.get(id), g.traits.at(id).written}
}

// Write says what is now stored of a key.
func (g *Graph) Write(id ID, r Row) {
	*g.written.at(id) = names{r.Person, r.Account}
	g.traits.at(id).written = r.Shared
	g.firms.set(id, r.Company)
}

// PersonRoot and CompanyRoot give a number that is the same for all members of a component and no others, until something
// is learnt.
func (g *Graph) PersonRoot(id ID) ID { return g.persons.root(id) }

// CompanyRoot is PersonRoot for companies.
func (g *Graph) CompanyRoot(id ID) ID { return g.company.root(id) }

// EachOfPerson calls f for every key of a person.
func (g *Graph) EachOfPerson(id ID, f func(ID)) { g.persons.each(id, f) }

// EachOfCompany calls f for every key and every account of a company.
func (g *Graph) EachOfCompany(id ID, f func(ID)) { g.company.each(id, f) }
