package people

// components are sets of nodes that are put together (union-find).
type components struct {
	nodes paged[node]
}

type node struct {
	parent ID // or, at a root, minus the number of members
	least  ID // at roots: the member that comes first
	next   ID // the members in a ring
}

func (c *components) grow(id ID) { *c.nodes.grow(id) = node{-1, id, id} }

// reset makes a node a component of its own. All members of its component have to be.
func (c *components) reset(id ID) { *c.nodes.at(id) = node{-1, id, id} }

// root follows parents without shortening the way: it may be called at the same time as others, and joining the smaller to
// the larger keeps ways short.
func (c *components) root(id ID) ID {
	for {
		parent := c.nodes.at(id).parent
		if parent < 0 {
			return id
		}
		id = parent
	}
}

// join makes one component of two and returns its root.
func (c *components) join(g *Graph, a, b ID) ID {
	a, b = c.root(a), c.root(b)
	if a == b {
		return a
	}
	na, nb := c.nodes.at(a), c.nodes.at(b)
	if na.parent > nb.parent { // a has fewer members
		a, na, nb = b, nb, na
	}
	na.parent += nb.parent
	nb.parent = a
	if g.Compare(nb.least, na.least) < 0 {
		na.least = nb.least
	}
	na.next, nb.next = nb.next, na.next
	return a
}

func (c *components) first(id ID) ID { return c.nodes.at(c.root(id)).least }

// each calls f for every member of the component of id.
func (c *components) each(id ID, f func(ID)) {
	for at := id; ; {
		next := c.nodes.at(at).next
		f(at)
		if at = next; at == id {
			return
		}
	}
}
