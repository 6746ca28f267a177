package aggregate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate/people"
	"tappa/aggregate/walk"
	"tappa/journey"
)

// The values of CasePolicy.Per. The empty one is perPerson.
const (
	perPerson  = "person"
	perAccount = "account"
	perThread  = "thread"
)

// WalkerOptions tune a Walker. The zero value is good.
type WalkerOptions struct {
	Poll       time.Duration         // how often Run looks for arrivals; default 500 ms
	Slice      int64                 // how many arrivals are taken up at once; default 200,000
	Chunk      int                   // how many interactions a worker holds and writes at once; default 100,000
	Workers    int                   // how many chunks are walked side by side; default 2
	Part       Part                  // which part of the walk this is; the zero value is all of it
	Logger     *slog.Logger          // nil: silent
	Registerer prometheus.Registerer // nil: no metrics
}

// Walker keeps cases, visits, waits and steps in accordance with the interactions stored: it finds out who is touched by
// what arrived, walks all of their interactions anew, and replaces their rows. Work is proportional to what changed.
//
// # Crashes
//
// Nothing a walk writes is an increment, so a walk may stop anywhere and be done again. It advances table walked last; a
// later walk finds the same arrivals, the same people, and everything that any name of theirs may have rows under, and
// writes the same rows once more. In between, a reader sees the state before the walk for some subjects and after it for
// others; all that is stored of one subject in a journey changes at once.
//
// # Parts
//
// Several walkers may share the walk, each a Part of so many; one at a time may be the same part. All of them learn who is who
// from all arrivals, and each writes what belongs to the names it owns: the present ones, and graves of former ones. So a name has one
// writer, and parts need not be equally far. What a part has walked people as is its own to know: table people for keys it owns,
// people_walked for the others.
type Walker struct {
	store    *Store
	opts     WalkerOptions
	journeys []*walked
	metrics  *walkerMetrics

	mu     sync.Mutex // one walk at a time; guards all below
	loaded bool
	number uint64  // of the last walk
	perKey float64 // interactions read for a contact key in the last walk of people
	people *people.Graph

	progress Progress
	workers  []*worker
	division division // under which all was loaded
	divided  bool     // the walker's own division was in force once

	corrections corrections

	rules people.Rules
	fresh bool // all that is known of people is stored, or will be by the walk at work
}

// walked is a journey and how far it was walked.
type walked struct {
	journey *journey.Journey
	version string // the definition it was walked under; "" is never
	upTo    map[place]int64
	blank   bool // while it is rebuilt: nothing was stored of it

	// stored says by number of a key whether something is stored under its name, where subjects are persons: those are kept in mind.
	stored []bool
}

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

// Progress says what a walk did.
type Progress struct {
	Walks        int   // slices of arrivals and rebuilds
	Arrivals     int64 // offsets taken up
	Touched      int   // contact keys they touched
	Subjects     int   // subjects walked, counted once a journey
	Interactions int   // interactions read for it
	Backlog      int64 // offsets stored and not yet walked, by the journey farthest behind
	Duration     time.Duration
}

// NewWalker prepares a walker for the journeys. It touches nothing until CatchUp, Run or Rebuild.
func NewWalker(store *Store, journeys []*journey.Journey, opts WalkerOptions) (*Walker, error) {
	if opts.Poll <= 0 {
		opts.Poll = 500 * time.Millisecond
	}
	if opts.Slice <= 0 {
		opts.Slice = 200_000
	}
	if opts.Chunk <= 0 {
		opts.Chunk = 100_000
	}
	if opts.Workers <= 0 {
		opts.Workers = 2
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Walker{store: store, opts: opts, rules: identityRules(journeys), perKey: 10} // the first walk measures it
	definitions := map[string]*walk.Definition{}
	for _, j := range journeys {
		def, err := walk.Define(j)
		if err != nil {
			return nil, fmt.Errorf("new walker: %w", err)
		}
		definitions[string(j.ID)] = def
		w.journeys = append(w.journeys, &walked{journey: j})
	}
	for range opts.Workers {
		one := &worker{store: store, tags: tags{known: map[uint64]*tag{}, definitions: definitions}, walkers: map[string]*walk.Walker{}}
		for id, def := range definitions {
			one.walkers[id] = walk.New(def)
		}
		w.workers = append(w.workers, one)
	}
	var err error
	if w.metrics, err = newWalkerMetrics(opts.Registerer); err != nil {
		return nil, fmt.Errorf("new walker: %w", err)
	}
	return w, nil
}

// Run walks what arrives until ctx ends, and then returns nil. A failed walk is logged and tried again, after a while that
// grows to half a minute; one whose division is no longer in force gives up, with ErrOtherDivision.
func (w *Walker) Run(ctx context.Context) error {
	const longest = 30 * time.Second
	wait := w.opts.Poll
	for {
		progress, err := w.CatchUp(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrOtherDivision):
			return err
		case err != nil:
			w.opts.Logger.Error("walk failed, will be tried again", "error", err, "after", wait)
			wait = min(2*wait, max(longest, w.opts.Poll))
		default:
			// Under load a longer rest lets more arrivals share one walk, since people are read whole. Who waits to see them waits for it, too.
			wait = max(w.opts.Poll, min(progress.Duration/4, longest))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// CatchUp walks everything that is stored when it is called, and returns when that is done. A journey whose definition is
// not the one it was last walked under is rebuilt, and all are when stored interactions were reprocessed.
func (w *Walker) CatchUp(ctx context.Context) (Progress, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	begun := time.Now()
	w.progress = Progress{}
	err := w.catchUp(ctx)
	w.progress.Duration = time.Since(begun)
	w.metrics.observe(w.progress, err)
	w.metrics.know(w.people)
	w.lookAround(ctx)
	if err != nil {
		w.loaded = false // what is held in memory may be ahead of what is stored
		return w.progress, fmt.Errorf("catch up: %w", err)
	}
	if w.progress.Walks > 0 {
		w.opts.Logger.Info("walked", "arrivals", w.progress.Arrivals, "touched", w.progress.Touched,
			"subjects", w.progress.Subjects, "interactions", w.progress.Interactions, "took", w.progress.Duration)
	}
	return w.progress, nil
}

func (w *Walker) catchUp(ctx context.Context) error {
	knew := w.loaded
	if err := w.load(ctx); err != nil {
		return err
	}
	if err := w.holdDivision(ctx); err != nil {
		return err
	}
	target, err := w.ledger(ctx)
	if err != nil {
		return err
	}
	if knew && w.reprocessed(target) { // perhaps somebody was erased, whom nothing may be remembered of
		w.loaded = false
		if err := w.load(ctx); err != nil {
			return err
		}
	}
	w.progress.Backlog = w.backlog(target)
	if err := w.turnAway(ctx, target); err != nil {
		return err
	}
	var outdated []*walked
	for _, j := range w.journeys {
		if j.version != j.journey.Version || j.upTo[reprocessedPlace] < target[reprocessedPlace] {
			outdated = append(outdated, j)
		}
	}
	if len(outdated) > 0 {
		if err := w.rebuild(ctx, outdated, target); err != nil {
			return err
		}
		w.progress.Backlog = w.backlog(target)
	}
	if err := w.walkStale(ctx); err != nil {
		return err
	}
	for s := w.nextSlice(target); len(s) > 0; s = w.nextSlice(target) {
		if w.progress.Walks > 0 { // else it was just asked
			if err := w.holdDivision(ctx); err != nil {
				return err
			}
		}
		if err := w.walkSlice(ctx, s); err != nil {
			return err
		}
		w.progress.Backlog = w.backlog(target)
	}
	return nil
}

// reprocessed says whether stored interactions were changed or erased since the journeys were walked.
func (w *Walker) reprocessed(target map[place]int64) bool {
	return slices.ContainsFunc(w.journeys, func(j *walked) bool { return j.upTo[reprocessedPlace] < target[reprocessedPlace] })
}

// Rebuild walks every subject of a journey anew, whatever was walked before. It reads the raw table chunk by chunk, in
// bounded memory, and ends with the same rows as walking the arrivals one by one.
func (w *Walker) Rebuild(ctx context.Context, id journey.JourneyID) (Progress, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	begun := time.Now()
	w.progress = Progress{}
	i := slices.IndexFunc(w.journeys, func(j *walked) bool { return j.journey.ID == id })
	if i < 0 {
		return w.progress, fmt.Errorf("rebuild %s: this walker has no such journey", id)
	}
	err := w.load(ctx)
	if err == nil {
		err = w.holdDivision(ctx)
	}
	var target map[place]int64
	if err == nil {
		target, err = w.ledger(ctx)
	}
	if err == nil {
		err = w.turnAway(ctx, target)
	}
	if err == nil {
		err = w.rebuild(ctx, w.journeys[i:i+1], target)
	}
	w.progress.Duration = time.Since(begun)
	w.metrics.observe(w.progress, err)
	if err != nil {
		w.loaded = false
		return w.progress, fmt.Errorf("rebuild %s: %w", id, err)
	}
	return w.progress, nil
}

// ledger gives the highest offset stored of every partition, and of what changes stored interactions, and loads what a walk up
// to there needs of the latter.
func (w *Walker) ledger(ctx context.Context) (map[place]int64, error) {
	const query = `
		SELECT toString(topic), partition, max(offset) FROM records GROUP BY topic, partition
		UNION ALL SELECT ?, 0, toInt64(maxIf(number, walk)) FROM reprocessed FINAL
		UNION ALL SELECT ?, 0, toInt64(max(revision)) FROM corrections
		UNION ALL SELECT ?, 0, toInt64(max(revision)) FROM identity_statements`
	out := map[place]int64{}
	err := w.store.each(ctx, func(scan func(...any) error) error {
		var p place
		var offset int64
		if err := scan(&p.topic, &p.partition, &offset); err != nil {
			return err
		}
		switch p {
		case reprocessedPlace, correctionsPlace, statementsPlace:
			if offset == 0 { // there are none
				return nil
			}
		}
		out[p] = offset
		return nil
	}, query, reprocessedPlace.topic, correctionsPlace.topic, statementsPlace.topic)
	if err != nil {
		return nil, fmt.Errorf("ask the ledger: %w", err)
	}
	if err := w.loadCorrections(ctx, out[correctionsPlace]); err != nil {
		return nil, err
	}
	return out, nil
}

// walkedUpTo is what all journeys have walked of a partition: -1 is nothing.
func (w *Walker) walkedUpTo(p place) int64 {
	least, first := int64(-1), true
	for _, j := range w.journeys {
		offset, known := j.upTo[p]
		if !known {
			offset = -1
		}
		if first || offset < least {
			least, first = offset, false
		}
	}
	return least
}

func (w *Walker) backlog(target map[place]int64) int64 {
	var n int64
	if len(w.journeys) == 0 {
		return 0
	}
	for p, to := range target {
		n += max(0, to-w.walkedUpTo(p))
	}
	return n
}
