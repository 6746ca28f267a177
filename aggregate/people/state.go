package people

import "slices"

// Verdict is what somebody states of two keys.
type Verdict uint8

// The verdicts. Unstated takes an earlier one back.
const (
	Unstated  Verdict = iota
	Same              // they are the same person, whatever is shared
	Different         // they are not, whatever links there are
)

// pair is two keys, the lower number first.
type pair struct{ a, b ID }

func pairOf(a, b ID) pair { return pair{min(a, b), max(a, b)} }

// statements are what was stated last of each pair.
type statements struct {
	verdicts map[pair]Verdict
	same     map[ID][]ID
	differ   map[ID][]ID
	guarded  map[ID]bool // roots of persons with a key that differs from another
}

func newStatements() statements {
	return statements{map[pair]Verdict{}, map[ID][]ID{}, map[ID][]ID{}, map[ID]bool{}}
}

// guards reports whether a root's component holds a key that is stated to differ from another.
func (s *statements) guards(root ID) bool { return len(s.guarded) > 0 && s.guarded[root] }

// State takes in what somebody states of two keys; it replaces what was stated of them before. What persons are follows at the
// next Settle.
func (g *Graph) State(a, b string, verdict Verdict) {
	x, y := g.Add(a), g.Add(b)
	if x == y {
		return
	}
	p := pairOf(x, y)
	s := &g.stated
	if s.verdicts[p] == verdict {
		return
	}
	for _, list := range []map[ID][]ID{s.same, s.differ} {
		drop(list, x, y)
		drop(list, y, x)
	}
	delete(s.verdicts, p)
	switch verdict {
	case Same:
		s.same[x], s.same[y] = append(s.same[x], y), append(s.same[y], x)
		s.verdicts[p] = verdict
	case Different:
		s.differ[x], s.differ[y] = append(s.differ[x], y), append(s.differ[y], x)
		s.verdicts[p] = verdict
	}
	g.dirty = append(g.dirty, x, y)
}

func drop(list map[ID][]ID, from, to ID) {
	left := slices.DeleteFunc(list[from], func(id ID) bool { return id == to })
	if len(left) == 0 {
		delete(list, from)
		return
	}
	list[from] = left
}
