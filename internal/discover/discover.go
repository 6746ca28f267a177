// Package discover looks at interactions that nobody has mapped yet and proposes a first journey file: activities in their
// usual order, stages, touchpoints, channels, rules and silences, each with the figures it was taken from as comments. It is
// where a person starts from, not what a journey is: it knows frequencies and order, not meaning.
package discover

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tappa/aggregate/people"
	"tappa/journey"
)

// Options say what the proposal is called and where it is.
type Options struct {
	ID       string // of the journey; default "discovered"
	TimeZone string // IANA; default "Europe/Rome"
	Country  string // ISO 3166-1 alpha-2, for phone numbers without a prefix; "" is left out
	Stages   int    // how many stages at most; default 6
}

// Log collects interactions, in any order. It keeps about 100 bytes of each.
type Log struct {
	people  *people.Graph
	events  []event
	seen    map[[2]string]struct{} // origin and id
	classes map[class]int32
	names   []class
	unusual map[string]int // what could not be read, by what it is

	threaded, accounts, ticketed int
}

// class is what interactions have in common as far as rules can tell.
type class struct {
	source    journey.Source
	typ       string
	activity  string // "" where it is the type
	to        string
	direction journey.Direction
}

type event struct {
	at     int64 // milliseconds
	key    people.ID
	class  int32
	thread int32
	agent  bool // somebody of the company acted
}

// New gives an empty log.
func New() *Log {
	return &Log{
		people: people.New(people.Rules{Desk: journey.DeskMailbox}, false), seen: map[[2]string]struct{}{},
		classes: map[class]int32{}, unusual: map[string]int{},
	}
}

// Len counts the interactions collected, each once.
func (l *Log) Len() int { return len(l.events) }

// Unusable counts a record that is no interaction, by the reason.
func (l *Log) Unusable(why string) { l.unusual[why]++ }

// Add takes in an interaction. What was added before, by origin and id, is passed over, and so is what takes one back.
func (l *Log) Add(ix *journey.Interaction) {
	id := [2]string{ix.Origin, ix.ID}
	if _, there := l.seen[id]; there || len(ix.Keys) == 0 || ix.Type == journey.Retracted {
		return
	}
	l.seen[[2]string{strings.Clone(ix.Origin), strings.Clone(ix.ID)}] = struct{}{} // what is kept must not hold on to the record
	c := class{source: ix.Source, typ: ix.Type, direction: ix.Direction, to: clip(ix.To)}
	if ix.Activity != ix.Type {
		c.activity = clip(ix.Activity)
	}
	number, known := l.classes[c]
	if !known {
		c.activity, c.to = strings.Clone(c.activity), strings.Clone(c.to)
		number = int32(len(l.names)) //nolint:gosec // bounded by the interactions
		l.classes[c], l.names = number, append(l.names, c)
	}
	keys := make([]string, len(ix.Keys))
	for i, key := range ix.Keys {
		keys[i] = string(key)
	}
	e := event{at: ix.OccurredAt.UnixMilli(), key: l.people.See(string(ix.Account), keys...), class: number, thread: -1}
	if ix.Thread != "" {
		e.thread = l.people.Add("thread:" + ix.Thread)
		l.threaded++
	}
	if ix.Source == journey.SourceTicket {
		l.ticketed++
	}
	if ix.Account != "" {
		l.accounts++
	}
	e.agent = ix.Agent != "" && !ix.Automatic && ix.Direction != journey.Inbound
	l.events = append(l.events, e)
}

// clip keeps a value that names something and drops what is a text.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 120 || strings.ContainsAny(s, "\n\r") {
		return ""
	}
	return s
}

// perThread reports whether a case is best a conversation: nearly everything is said of tickets.
func (l *Log) perThread() bool {
	return len(l.events) > 0 && float64(l.ticketed) >= 0.8*float64(len(l.events)) && float64(l.threaded) >= 0.95*float64(len(l.events))
}

// cases cuts the events into cases, each in order of time.
func (l *Log) cases() [][]event {
	l.people.Settle()
	perThread := l.perThread()
	subject := func(e event) people.ID {
		if perThread && e.thread >= 0 {
			return e.thread
		}
		return l.people.Person(e.key)
	}
	events := slices.Clone(l.events)
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(subject(a), subject(b)), cmp.Compare(a.at, b.at), l.compareClasses(a.class, b.class))
	})
	var out [][]event
	for from := 0; from < len(events); {
		to := from + 1
		for to < len(events) && subject(events[to]) == subject(events[from]) {
			to++
		}
		out = append(out, events[from:to])
		from = to
	}
	return out
}

func (l *Log) compareClasses(a, b int32) int { return compareClass(l.names[a], l.names[b]) }

func compareClass(x, y class) int {
	return cmp.Or(strings.Compare(string(x.source), string(y.source)), strings.Compare(x.typ, y.typ),
		strings.Compare(x.activity, y.activity), strings.Compare(x.to, y.to), strings.Compare(string(x.direction), string(y.direction)))
}

// span is the first and the last instant.
func (l *Log) span() (first, last time.Time) {
	for i, e := range l.events {
		at := time.UnixMilli(e.at).UTC()
		if i == 0 || at.Before(first) {
			first = at
		}
		if i == 0 || at.After(last) {
			last = at
		}
	}
	return first, last
}
