package synth

import (
	"context"
	"iter"
	"time"

	"tappa/ingest/source"
)

// LiveOptions pace what happens after a world's end.
type LiveOptions struct {
	After uint64           // the last number already seen; 0: none
	Every time.Duration    // between two events; 0: a quarter of a minute
	Now   func() time.Time // nil: time.Now
}

// lanes is how many people act at the same time in what Live invents.
const lanes = 8

// settling is how long after the end those who had begun before it still act.
const settling = 10 * day

// Live goes on after End, without end: the company answers and people come back who were waiting when the world ended,
// and new people begin. Event number n (from 1) happens at End + n·Every, whenever it is asked for, and is always the
// same; its id is none that Events yields. Live yields each event when it is time by Now, so a program that was down
// for an hour gets that hour's events at once and loses none: give it the last number it has seen. Live ends when ctx
// does.
//
// The times are the sequence's own, not those of a life: what took a customer weeks happens here within minutes, so
// that a screen that shows it moves. The ledger knows nothing of it.
func (w *World) Live(ctx context.Context, o LiveOptions) iter.Seq2[uint64, source.Event] {
	if o.Every <= 0 {
		o.Every = 15 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return func(yield func(uint64, source.Event) bool) {
		n := uint64(0)
		for e := range w.sequel() {
			n++
			if n <= o.After {
				continue
			}
			e.Time = w.options.End.Add(time.Duration(n) * o.Every).UTC().Truncate(time.Millisecond)
			if !sleep(ctx, e.Time.Sub(o.Now())) || !yield(n, e) {
				return
			}
		}
	}
}

// sleep waits for d, or for ctx to end, and reports whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// sequel yields what happens after the end, in order, with the times of the stories: old cases and new people by
// turns, and new people alone when the old cases have settled.
func (w *World) sequel() iter.Seq[source.Event] {
	return func(yield func(source.Event) bool) {
		fresh, stop := iter.Pull(w.newcomers())
		defer stop()
		one := func() bool {
			e, _ := fresh()
			return yield(e)
		}
		going := true
		w.until(w.options.End.Add(settling), func(e source.Event) bool {
			if e.Time.Before(w.options.End) {
				return true
			}
			going = yield(e) && one()
			return going
		})
		for going {
			going = one()
		}
	}
}

// newcomers yields the events of people who begin after the end, a few people at a time.
func (w *World) newcomers() iter.Seq[source.Event] {
	return func(yield func(source.Event) bool) {
		next := len(w.starts)
		var acting [lanes][]source.Event
		for turn := 0; ; turn++ {
			lane := &acting[turn%lanes]
			for len(*lane) == 0 {
				*lane = w.liveFrom(next, w.options.End).events
				next++
			}
			e := (*lane)[0]
			*lane = (*lane)[1:]
			if !yield(e) {
				return
			}
		}
	}
}
