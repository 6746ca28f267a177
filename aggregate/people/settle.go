package people

import (
	"cmp"
	"slices"
)

// Settle brings persons and companies into accord with all facts told, and gives every key whose person or company was put
// together anew. Keys that only came together since are not among them.
func (g *Graph) Settle() []ID {
	if len(g.dirty) == 0 {
		return nil
	}
	keys := g.concerned()
	groups := g.regroup(keys)
	for _, group := range groups {
		g.assemble(group)
	}
	for _, id := range keys {
		if len(g.stated.differ[id]) > 0 {
			g.stated.guarded[g.persons.root(id)] = true
		}
	}
	g.accounts(keys)
	g.dirty = g.dirty[:0]
	if g.byAccount {
		return g.companies(keys)
	}
	return keys
}

// concerned gives every key of a component that something dirty is in: as they are now, and as far as links reach.
func (g *Graph) concerned() []ID {
	seen := map[ID]struct{}{}
	var keys []ID
	add := func(id ID) {
		if _, there := seen[id]; !there {
			seen[id] = struct{}{}
			keys = append(keys, id)
		}
	}
	for _, id := range g.dirty {
		g.persons.each(id, add)
	}
	for i := 0; i < len(keys); i++ {
		g.neighbours(keys[i], add)
	}
	return keys
}

// neighbours calls f for every key that a link which counts, or a statement, connects with id.
func (g *Graph) neighbours(id ID, f func(ID)) {
	if g.traits.at(id).shared == NotShared {
		g.links.each(id, func(to ID) {
			if t := g.traits.at(to); t.kind != kindAccount && t.shared == NotShared {
				f(to)
			}
		})
	}
	for _, to := range g.stated.same[id] {
		f(to)
	}
}

// regroup takes keys apart and gives them by the groups that links connect.
func (g *Graph) regroup(keys []ID) [][]ID {
	for _, id := range keys {
		delete(g.stated.guarded, id) // it may have been a root
		g.persons.reset(id)
	}
	seen := make(map[ID]struct{}, len(keys))
	var groups [][]ID
	for _, id := range keys {
		if _, there := seen[id]; there {
			continue
		}
		seen[id] = struct{}{}
		group := []ID{id}
		for i := 0; i < len(group); i++ {
			g.neighbours(group[i], func(to ID) {
				if _, there := seen[to]; !there {
					seen[to] = struct{}{}
					group = append(group, to)
				}
			})
		}
		groups = append(groups, group)
	}
	return groups
}

// assemble makes persons of a group of keys that links connect: one, unless two of them are stated to differ.
func (g *Graph) assemble(group []ID) {
	var apart []pair
	inside := make(map[ID]struct{}, len(group))
	for _, id := range group {
		inside[id] = struct{}{}
	}
	for _, id := range group {
		for _, other := range g.stated.differ[id] {
			if _, there := inside[other]; there && id < other {
				apart = append(apart, pair{id, other})
			}
		}
	}
	if len(apart) == 0 {
		for _, id := range group[1:] {
			g.persons.join(g, group[0], id)
		}
		return
	}
	for _, link := range g.ordered(group) {
		if !g.parted(link, apart) {
			g.persons.join(g, link.a, link.b)
		}
	}
}

// ordered gives the links of a group in the order in which they count: stated ones first, then by their keys.
func (g *Graph) ordered(group []ID) []pair {
	var out []pair
	for _, id := range group {
		g.neighbours(id, func(to ID) {
			if g.Compare(id, to) < 0 {
				out = append(out, pair{id, to})
			}
		})
	}
	stated := func(p pair) int {
		if g.stated.verdicts[pairOf(p.a, p.b)] == Same {
			return 0
		}
		return 1
	}
	slices.SortFunc(out, func(x, y pair) int {
		return cmp.Or(cmp.Compare(stated(x), stated(y)), g.Compare(x.a, y.a), g.Compare(x.b, y.b))
	})
	return slices.Compact(out)
}

// parted reports whether a link would bring together two keys that differ.
func (g *Graph) parted(link pair, apart []pair) bool {
	a, b := g.persons.root(link.a), g.persons.root(link.b)
	for _, p := range apart {
		if x, y := g.persons.root(p.a), g.persons.root(p.b); x == a && y == b || x == b && y == a {
			return true
		}
	}
	return false
}

// accounts finds the accounts of keys' persons anew.
func (g *Graph) accounts(keys []ID) {
	for _, id := range keys {
		*g.account.at(id) = None
	}
	for _, id := range keys {
		root := g.persons.root(id)
		g.employers(id, func(account ID) { *g.account.at(root) = g.lesser(*g.account.at(root), account) })
	}
}

// employers calls f for the accounts that a key was seen with, if that says anything of who it belongs to.
func (g *Graph) employers(id ID, f func(ID)) {
	t := g.traits.at(id)
	if t.degree[kindAccount] == 0 || t.shared != NotShared && t.degree[kindAccount] > 1 {
		return
	}
	g.links.each(id, func(to ID) {
		if g.traits.at(to).kind == kindAccount {
			f(to)
		}
	})
}

// companies puts together anew every company that one of the keys is in, and gives all keys in them.
func (g *Graph) companies(keys []ID) []ID {
	seen := map[ID]struct{}{}
	var nodes []ID
	for _, id := range keys {
		g.company.each(id, func(m ID) {
			if _, there := seen[m]; !there {
				seen[m] = struct{}{}
				nodes = append(nodes, m)
			}
		})
	}
	for _, id := range nodes {
		g.company.reset(id)
	}
	out := nodes[:0]
	for _, id := range nodes {
		if !g.IsKey(id) {
			continue
		}
		out = append(out, id)
		g.company.join(g, id, g.persons.root(id))
		g.employers(id, func(account ID) { g.company.join(g, id, account) })
	}
	return out
}
