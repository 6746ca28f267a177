// Package synth invents a year of customers of a maker of food-processing machinery, and remembers what it invented.
//
// A World is a function of its Options alone: same seed, same bytes. Events gives what the customers and the company
// did as the CloudEvents that tappa ingests; Ledger gives the answers (who entered which stage when and how they left
// it, who waited how long, what each text was meant to express), computed from the world's own decisions and not from
// the events. So what tappa reports can be held against what is true. The demo shows the same world, and Live goes on
// with it after its end.
//
// It follows journey/templates/machinery.yaml: mailboxes, numbers, forms and stages are the ones named there. It is no
// general generator, and nobody in it exists.
package synth

import (
	"container/heap"
	"iter"
	"math/rand/v2"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// Options choose a world. The zero value of every field has a meaning.
type Options struct {
	Seed  uint64
	Start time.Time // first moment, inclusive; zero: a year before End
	End   time.Time // last moment, exclusive; zero: 1 October 2026 in Italy
	Cases int       // how many people begin between Start and End; 0: 4,000. Some come back, which makes a few cases more

	// Journey gives the silences and the time zone; nil: those of the machinery template, as this package knows them.
	Journey *journey.Journey
}

// World is an invented company with its customers. It is safe for concurrent use.
type World struct {
	options Options
	office  *office
	silence map[journey.StageID]time.Duration
	texts   map[string]texts // by language
	starts  []time.Time      // when each person begins, ascending
}

// New returns the world that o describes. It only draws up the calendar of arrivals; people are invented when asked for.
func New(o Options) *World {
	if o.Cases == 0 {
		o.Cases = 4000
	}
	zone := rome()
	silence := silences()
	if o.Journey != nil {
		if o.Journey.Location != nil {
			zone = o.Journey.Location
		}
		for _, s := range o.Journey.Stages {
			silence[s.ID] = s.Silence
		}
	}
	if o.End.IsZero() {
		o.End = time.Date(2026, time.October, 1, 0, 0, 0, 0, zone)
	}
	if o.Start.IsZero() {
		o.Start = o.End.AddDate(-1, 0, 0)
	}
	w := &World{
		options: o,
		office:  newOffice(zone),
		silence: silence,
		texts:   map[string]texts{"it": readTexts("it"), "en": readTexts("en")},
	}
	w.starts = w.arrivals()
	return w
}

// Start returns the world's first moment, inclusive.
func (w *World) Start() time.Time { return w.options.Start }

// End returns the world's last moment, exclusive.
func (w *World) End() time.Time { return w.options.End }

// Events yields everything that happened from Start to End, in order of time (and of id, where the times are the same). People are
// invented when they appear and forgotten when they have ended, so memory holds the open cases only.
func (w *World) Events() iter.Seq[source.Event] {
	return func(yield func(source.Event) bool) {
		w.until(w.options.End, yield)
	}
}

// until yields the events before end, in time order, of the people who begin between Start and End.
func (w *World) until(end time.Time, yield func(source.Event) bool) {
	var waiting queue
	next := 0
	for {
		// Nobody acts before they begin, so the earliest event is known once all who begin before it are invented.
		for next < len(w.starts) && (len(waiting) == 0 || !w.starts[next].After(waiting[0].Time)) {
			for _, e := range w.live(next).events {
				if e.Time.Before(end) {
					heap.Push(&waiting, e)
				}
			}
			next++
		}
		if len(waiting) == 0 {
			return
		}
		if !yield(heap.Pop(&waiting).(source.Event)) {
			return
		}
	}
}

// live invents person number i and everything that happens to them.
func (w *World) live(i int) *story {
	return w.liveFrom(i, w.starts[i])
}

// liveFrom invents person number i, who begins at start. Each person has a random sequence of their own, so nobody's
// life depends on anybody else's.
func (w *World) liveFrom(i int, start time.Time) *story {
	s := &story{
		w:      w,
		r:      rand.New(rand.NewPCG(w.options.Seed, uint64(i)<<8|1)),
		person: w.person(i),
		now:    start,
	}
	s.run()
	return s
}

// queue is a heap of events by time, then by id.
type queue []source.Event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].Time.Equal(q[j].Time) {
		return q[i].Time.Before(q[j].Time)
	}
	return q[i].ID < q[j].ID
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(source.Event)) }
func (q *queue) Pop() any {
	old := *q
	last := len(old) - 1
	e := old[last]
	old[last] = source.Event{}
	*q = old[:last]
	return e
}
