package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/suitecrm"
	"tappa/journey"
)

// defaultReadyAfter is for how long work may stand still before an embedded installation is not ready.
const defaultReadyAfter = 2 * time.Minute

// readiness decides whether this process does its work, as opposed to merely being alive.
type readiness struct {
	store     *aggregate.Store
	collector *ingest.Collector // nil where another process collects
	walk      *walkWatch        // nil where another process walks
	relay     *suitecrm.Relay   // nil where another process relays, or none does
}

// check returns what keeps the process from being ready, all of it.
func (r readiness) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	errs := []error{r.store.Ping(ctx)}
	if r.collector != nil {
		errs = append(errs, r.collector.Ready())
	}
	if r.relay != nil {
		errs = append(errs, r.relay.Ready())
	}
	if r.walk != nil && errs[0] == nil {
		errs = append(errs, r.walk.check(ctx))
	}
	return errors.Join(errs...)
}

// walkWatch sees, from one question to the next, whether the walk moves.
type walkWatch struct {
	backlog  func(context.Context) (behind, walked int64, err error)
	patience time.Duration

	mu    sync.Mutex
	at    int64
	since time.Time
}

// newWalkWatch watches a part of the walk: whether others move is theirs to say.
func newWalkWatch(store *aggregate.Store, journeys []*journey.Journey, part aggregate.Part, patience time.Duration) *walkWatch {
	ids := make([]journey.JourneyID, len(journeys))
	for i, j := range journeys {
		ids[i] = j.ID
	}
	return &walkWatch{patience: patience, backlog: func(ctx context.Context) (int64, int64, error) { return store.WalkState(ctx, ids, part) }}
}

// check fails when the walk is behind and was where it is for too long.
func (w *walkWatch) check(ctx context.Context) error {
	behind, walked, err := w.backlog(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if behind == 0 || walked != w.at || w.since.IsZero() {
		w.at, w.since = walked, time.Now()
		return nil
	}
	if idle := time.Since(w.since); idle > w.patience {
		return fmt.Errorf("the walk is %d offsets behind what is stored and has not moved for %s", behind, idle.Round(time.Second))
	}
	return nil
}
