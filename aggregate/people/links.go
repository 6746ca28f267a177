package people

// trait is what a key is by itself.
type trait struct {
	kind            uint8
	shared, written Reason // as it is, and as it was last stored
	// degree counts the distinct keys of kinds account, crm, email and phone that this one was seen with.
	degree [kindPhone + 1]uint8
}

// half is one end of a link: whom it leads to, and the next one of the same key.
type half struct{ to, next ID }

// links are the distinct pairs seen, each in the list of both keys, or only of the one that is not shared.
type links struct {
	head   paged[ID]
	halves paged[half]
	n      ID
}

func (l *links) grow(id ID) { *l.head.grow(id) = None }

// connectTo puts to into the list of from, and tells whether it was not there.
func (l *links) connectTo(from, to ID) bool {
	for at := *l.head.at(from); at != None; at = l.halves.at(at).next {
		if l.halves.at(at).to == to {
			l.advance(from, at)
			return false
		}
	}
	l.push(from, to)
	return true
}

// connectBoth puts each into the other's list, and tells whether they were not there. It looks through the shorter list.
func (l *links) connectBoth(a, b ID) bool {
	atA, atB := *l.head.at(a), *l.head.at(b)
	for atA != None && atB != None {
		ha, hb := l.halves.at(atA), l.halves.at(atB)
		switch {
		case ha.to == b:
			l.advance(a, atA)
			return false
		case hb.to == a:
			l.advance(b, atB)
			return false
		}
		atA, atB = ha.next, hb.next
	}
	l.push(a, b)
	l.push(b, a)
	return true
}

// advance brings what was found to the front of its list, where it is found sooner the next time.
func (l *links) advance(id, at ID) {
	first := l.halves.at(*l.head.at(id))
	found := l.halves.at(at)
	first.to, found.to = found.to, first.to
}

func (l *links) push(from, to ID) {
	head := l.head.at(from)
	*l.halves.grow(l.n) = half{to, *head}
	*head = l.n
	l.n++
}

// each calls f for the keys and accounts that a key was seen with.
func (l *links) each(id ID, f func(ID)) {
	for at := *l.head.at(id); at != None; {
		h := l.halves.at(at)
		f(h.to)
		at = h.next
	}
}

// connect remembers a pair, and tells whether it is new and matters. What is shared stays so and connects nobody, so of two
// such keys nothing more has to be known, and of one only what the other is seen with.
func (g *Graph) connect(a, b ID) bool {
	sharedA, sharedB := g.traits.at(a).shared != NotShared, g.traits.at(b).shared != NotShared
	switch {
	case sharedA && sharedB:
		return false
	case sharedA:
		return g.links.connectTo(b, a)
	case sharedB:
		return g.links.connectTo(a, b)
	}
	return g.links.connectBoth(a, b)
}

// crmWeight is how many CRM ids count as one address: a CRM often holds the same person several times, as a lead for every form.
const crmWeight = 5

// count takes in that id was seen with one more key, and tells whether that makes it shared.
func (g *Graph) count(id, other ID) bool {
	t, kind := g.traits.at(id), g.traits.at(other).kind
	if kind > kindPhone || t.shared != NotShared {
		return false
	}
	t.degree[kind]++
	limit := int(g.rules.limits[t.kind])
	if kind == kindCRM {
		limit = min(limit*crmWeight, MaxLimit)
	}
	if int(t.degree[kind]) <= limit || g.rules.personal[g.index.text(id)] {
		t.degree[kind] = min(t.degree[kind], MaxLimit+1)
		return false
	}
	t.shared = SharedLimit
	g.nShared++
	return true
}
