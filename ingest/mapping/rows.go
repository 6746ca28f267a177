package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tappa/journey"
)

// Rows counts what became of the rows of files: Read is the sum of the others. A row of which one event came and another
// could not is among Bad.
type Rows struct {
	Read, Mapped, Bad, None int

	unseen []column // that the mapping names and no row had so far
	looked bool     // a row was looked at
	some   []string // the columns of the first row
}

// Unseen says of every column that the mapping reads, and that none of the rows has, so. A file with a header has said it before.
func (n *Rows) Unseen() []string {
	var says []string
	for _, c := range n.unseen {
		says = append(says, fmt.Sprintf("column %q, which %s reads, is in none of the rows%s", c.name, c.pos, journey.Suggest(c.name, n.some)))
	}
	return says
}

// look strikes the columns that a row has off those that none had.
func (n *Rows) look(m *Mapping, r *row) {
	if !n.looked {
		n.looked, n.some = true, slices.Sorted(maps.Keys(dotted(r.values, "", map[string]bool{})))
		for _, c := range m.named {
			if !slices.ContainsFunc(n.unseen, func(o column) bool { return o.name == c.name }) {
				n.unseen = append(n.unseen, c)
			}
		}
	}
	n.unseen = slices.DeleteFunc(n.unseen, func(c column) bool { return lookup(r.values, c.name) != nil })
}

// dotted adds the names of values and of what is in their objects, as mappings write them.
func dotted(values map[string]any, before string, names map[string]bool) map[string]bool {
	for name, x := range values {
		if inner, ok := x.(map[string]any); ok {
			dotted(inner, before+name+".", names)
			continue
		}
		names[before+name] = true
	}
	return names
}

// Counting returns the mapping, counting in n the rows that it reads. A nil Mapping counts nothing.
func (m *Mapping) Counting(n *Rows) *Mapping {
	if m == nil {
		return nil
	}
	counting := *m
	counting.rows = n
	return &counting
}

// end counts a row of which events were made, unless some of them could not be.
func (m *Mapping) end(made int, bad bool) {
	if m == nil || m.rows == nil {
		return
	}
	m.rows.Read++
	switch {
	case bad:
		m.rows.Bad++
	case made > 0:
		m.rows.Mapped++
	default:
		m.rows.None++
	}
}

// NoEvent says that a row became no event, because no event's "when" holds for it. That may be meant.
type NoEvent struct {
	File  string
	Line  int
	Asked []Held // the columns that the conditions read, in their order
}

// Held is what a row holds in a column.
type Held struct{ Column, Value string }

// Error returns "file:line: no event: reason".
func (e *NoEvent) Error() string {
	return fmt.Sprintf("%s:%d: no event: %s", e.File, e.Line, e.Reason())
}

// Reason says that no condition holds, and what stood in the columns that they ask for.
func (e *NoEvent) Reason() string {
	reason := `no "when" holds`
	if len(e.Asked) == 0 {
		return reason
	}
	held := make([]string, len(e.Asked))
	for i, h := range e.Asked {
		held[i] = fmt.Sprintf("column %q is %s", h.Column, h.Value)
	}
	return reason + "; " + strings.Join(held, ", ")
}

// noEvent says why a row became no event.
func (m *Mapping) noEvent(r *row) *NoEvent {
	e := &NoEvent{File: r.file, Line: r.line}
	for _, name := range m.asked {
		value := "missing"
		if x, ok := r.values[name]; ok {
			value = fmt.Sprintf("%q", clip(textOf(x)))
		}
		e.Asked = append(e.Asked, Held{name, value})
	}
	return e
}
