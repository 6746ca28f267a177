package discover

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"tappa/journey"
)

// activity is a group of classes that the proposal treats as one thing that happens.
type activity struct {
	source journey.Source
	typ    string
	name   string // in the source's words; "" where there are none, or too many
	to     string // "" where it tells nothing apart
	count  int
	cases  int
	place  float64 // mean place in a case, by first occurrence: 0 first, 1 last
	stage  int     // in the proposal's stages; -1 for what happens anywhere
}

// The most names and addresses of one type that are told apart; beyond them they are rather texts or ids.
const (
	mostNames     = 40
	mostAddresses = 12
)

// shape says what is told apart within a type.
type shape struct{ names, addresses bool }

// shapes looks at each type's names and addresses: few of them, which come again and again, tell things apart.
func (l *Log) shapes() map[string]shape {
	counts := map[string][3]map[string]int{} // names, addresses, and [""] the events of a type
	for _, e := range l.events {
		c := l.names[e.class]
		if _, there := counts[c.typ]; !there {
			counts[c.typ] = [3]map[string]int{{}, {}, {}}
		}
		if c.activity != "" {
			counts[c.typ][0][c.activity]++
		}
		if c.to != "" {
			counts[c.typ][1][c.to]++
		}
		counts[c.typ][2][""]++
	}
	out := map[string]shape{}
	for typ, n := range counts {
		total := n[2][""]
		few := func(values map[string]int, most int) bool {
			return len(values) > 0 && len(values) <= most && len(values)*3 <= total+3
		}
		out[typ] = shape{names: few(n[0], mostNames), addresses: few(n[1], mostAddresses)}
	}
	return out
}

// activities groups classes and measures where in a case each group happens.
func (l *Log) activities(cases [][]event) []*activity {
	shapes := l.shapes()
	byKey := map[[3]string]*activity{}
	of := make([]*activity, len(l.names))
	var out []*activity
	for i, c := range l.names {
		key := [3]string{c.typ}
		if s := shapes[c.typ]; s.names {
			key[1] = c.activity
		} else if s.addresses {
			key[2] = c.to
		}
		if shapes[c.typ].names && shapes[c.typ].addresses && key[1] == "" {
			key[2] = c.to
		}
		a := byKey[key]
		if a == nil {
			a = &activity{source: c.source, typ: c.typ, name: key[1], to: key[2]}
			byKey[key], out = a, append(out, a)
		}
		of[i] = a
	}
	places := map[*activity]float64{}
	for _, events := range cases {
		var order []*activity // by first occurrence
		for _, e := range events {
			a := of[e.class]
			a.count++
			if !slices.Contains(order, a) {
				order = append(order, a)
			}
		}
		for i, a := range order {
			a.cases++
			place := 0.5 // alone, it tells nothing
			if len(order) > 1 {
				place = float64(i) / float64(len(order)-1)
			}
			places[a] += place
		}
	}
	for _, a := range out {
		a.place = math.Round(1e6*places[a]/float64(max(1, a.cases))) / 1e6 // sums differ in the last digits by the order of cases
	}
	slices.SortFunc(out, func(x, y *activity) int {
		return cmp.Or(cmp.Compare(x.place, y.place), cmp.Compare(y.count, x.count), strings.Compare(x.label(), y.label()), strings.Compare(x.typ, y.typ), strings.Compare(x.to, y.to))
	})
	return out
}

// label is what the activity is called.
func (a *activity) label() string {
	switch {
	case a.name != "":
		return a.name
	case a.to != "":
		return a.typ + " → " + a.to
	}
	return a.typ
}

// wanders reports whether an activity is a way to talk rather than a step: its type says nothing about how far the customer is.
func (a *activity) wanders() bool {
	if a.name != "" {
		return false
	}
	switch a.typ {
	case "email.received", "email.sent", "email.bounced", "call.held", "call.missed", "ticket.commented", "ticket.noted", "ticket.updated",
		"meeting.held", "crm.updated", "crm.linked":
		return true
	}
	return false
}
