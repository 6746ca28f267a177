package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
)

// Store is what a Watcher needs of the database.
type Store interface {
	Reports
	AlertStates(ctx context.Context) ([]aggregate.AlertState, error)
	PutAlertStates(ctx context.Context, states []aggregate.AlertState) error
	Hold(ctx context.Context, name, holder string, length time.Duration) (*aggregate.Held, error)
}

// Watcher looks at alerts again and again and tells people. What it knows it keeps in the store, so a restart neither
// forgets nor repeats. Of several watchers over one store one is at work.
type Watcher struct {
	store  Store
	defs   *Definitions
	holder string
	logger *slog.Logger
	now    func() time.Time

	metrics metrics

	mu       sync.Mutex
	troubles []string
}

// NewWatcher prepares a watcher; holder names this process among those that watch the same store.
func NewWatcher(store Store, defs *Definitions, holder string, logger *slog.Logger, reg prometheus.Registerer) (*Watcher, error) {
	w := &Watcher{store: store, defs: defs, holder: holder, logger: logger, now: time.Now, metrics: newMetrics()}
	if err := w.metrics.register(reg); err != nil {
		return nil, fmt.Errorf("new watcher: %w", err)
	}
	return w, nil
}

// lease is for how long a watcher that was killed keeps the others from their work.
const lease = 2 * time.Minute

// Run looks at once and then every so often, until ctx ends. What fails is logged, counted, and tried again the next time.
func (w *Watcher) Run(ctx context.Context) error {
	var held *aggregate.Held
	for {
		var err error
		if held == nil || held.Lost() {
			held, err = w.store.Hold(ctx, "alerts", w.holder, lease)
		}
		switch {
		case err != nil:
		case held != nil:
			err = w.Look(ctx)
		default:
			w.metrics.idle(w.defs) // another process reports what fires
		}
		if err != nil && ctx.Err() == nil {
			w.logger.Error("look at alerts, will be tried again", "error", err, "after", w.defs.Every)
		}
		select {
		case <-ctx.Done():
			w.release(ctx, held)
			return nil
		case <-time.After(w.defs.Every):
		}
	}
}

// release lets another process take over at once.
func (w *Watcher) release(ctx context.Context, held *aggregate.Held) {
	if held == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout/2)
	defer cancel()
	if err := held.Release(ctx); err != nil {
		w.logger.Warn("a lease runs out by itself", "error", err)
	}
}

// Look asks for all numbers, decides, tells and remembers, once. An alert whose number cannot be had changes nothing; an
// error names all of these, and whoever could not be told.
func (w *Watcher) Look(ctx context.Context) error {
	now := w.now().UTC().Truncate(time.Millisecond)
	before, err := w.States(ctx)
	if err != nil {
		return err
	}
	var findings []Finding
	var errs []error
	asked := map[string]bool{}
	for _, a := range w.defs.Alerts {
		found, err := a.Evaluate(ctx, w.store, now)
		w.metrics.evaluated(a, found, err)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		asked[a.ID] = true
		findings = append(findings, found...)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	after := w.defs.Advance(byCause(before), findings, asked, now)
	// What fires is kept before anybody is told: whoever is told twice after a crash is told under the same id.
	if err := w.keep(ctx, byCause(before), after); err != nil {
		return err
	}
	kept := map[string]*State{}
	for cause, s := range after {
		kept[cause] = s.clone()
	}
	for _, m := range w.defs.Due(after, now) {
		if err := w.send(ctx, m, now); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, w.keep(ctx, kept, after))
	w.metrics.firing(w.defs, after, now)
	w.note(errs)
	return errors.Join(errs...)
}

// send tells somebody, and notes that.
func (w *Watcher) send(ctx context.Context, m Message, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := w.defs.Notifiers[m.Notifier].Send(ctx, w.defs.notice(m.Status, m.State, now))
	w.metrics.told(m, err)
	if err != nil {
		return fmt.Errorf("tell %s of %s: %w", m.Notifier, m.State.Cause, err)
	}
	w.logger.Info("alert", "status", m.Status, "cause", m.State.Cause, "told", m.Notifier)
	m.tell(now)
	return nil
}

// keep stores what has changed.
func (w *Watcher) keep(ctx context.Context, before, after map[string]*State) error {
	var changed []aggregate.AlertState
	for _, cause := range sortedKeys(after) {
		s := after[cause]
		if old, ok := before[cause]; ok && reflect.DeepEqual(old, s) {
			continue
		}
		s.Revision++
		content, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("keep alert %s: %w", cause, err)
		}
		changed = append(changed, aggregate.AlertState{Cause: cause, Revision: s.Revision, Content: string(content)})
	}
	for _, cause := range sortedKeys(before) {
		if _, still := after[cause]; !still {
			changed = append(changed, aggregate.AlertState{Cause: cause, Revision: before[cause].Revision + 1, Deleted: true})
		}
	}
	return w.store.PutAlertStates(ctx, changed)
}

// States lists all causes that hold, fire, or ended of late, by cause.
func (w *Watcher) States(ctx context.Context) ([]*State, error) {
	stored, err := w.store.AlertStates(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*State, 0, len(stored))
	for _, a := range stored {
		s := &State{}
		if err := json.Unmarshal([]byte(a.Content), s); err != nil {
			return nil, fmt.Errorf("read alert %s: %w", a.Cause, err)
		}
		s.Revision = a.Revision
		out = append(out, s)
	}
	return out, nil
}

func byCause(states []*State) map[string]*State {
	out := make(map[string]*State, len(states))
	for _, s := range states {
		out[s.Cause] = s
	}
	return out
}

// ErrNoAlert is the answer to an id that no alert has.
var ErrNoAlert = errors.New("no such alert")

// Test tells everybody whom an alert would tell, with its number of now, that this is a test. It changes no state.
func (w *Watcher) Test(ctx context.Context, id string) ([]string, error) {
	return w.defs.Test(ctx, w.store, id, w.now())
}

// Test is Watcher.Test without a watcher. It names whom it has told.
func (d *Definitions) Test(ctx context.Context, reports Reports, id string, now time.Time) ([]string, error) {
	i := slices.IndexFunc(d.Alerts, func(a Definition) bool { return a.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("%w: %q", ErrNoAlert, id)
	}
	a := d.Alerts[i]
	found, err := a.Evaluate(ctx, reports, now)
	if err != nil {
		return nil, err
	}
	now = now.UTC().Truncate(time.Millisecond)
	s := &State{Cause: a.Cause, Since: now, FiredAt: now, Holding: map[string]Holding{}}
	for _, f := range found {
		if _, there := s.Holding[id]; !there || f.Holds {
			s.Holding[id], s.Cause, s.Per = Holding{now, f}, f.Cause, f.Per
		}
	}
	var told []string
	var errs []error
	for _, name := range a.Notify {
		sendCtx, cancel := context.WithTimeout(ctx, sendTimeout)
		err := d.Notifiers[name].Send(sendCtx, d.notice(Trial, s, now))
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("tell %s: %w", name, err))
			continue
		}
		told = append(told, name)
	}
	return told, errors.Join(errs...)
}

// Definitions gives what is watched.
func (w *Watcher) Definitions() *Definitions { return w.defs }

func (w *Watcher) note(errs []error) {
	var out []string
	for _, err := range errs {
		if err != nil {
			out = append(out, "alerts: "+err.Error())
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.troubles = out
}

// Troubles says in words what went wrong at the last look.
func (w *Watcher) Troubles() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.troubles)
}
