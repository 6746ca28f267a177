package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// RefreshOptions says which month to freeze, of which journeys.
type RefreshOptions struct {
	Target   Target
	Journey  string // "" is all
	Month    string // "2006-01"; "" is the last that is over
	Software string // the program's version
	Out      io.Writer
	Logger   *slog.Logger
}

// backlogPatience is how long a refresh waits until what is stored has been walked; backlogPoll how often it looks.
const (
	backlogPatience = 15 * time.Minute
	backlogPoll     = 2 * time.Second
)

// Refresh freezes the numbers of a month for each journey. Run again over the same data it changes nothing; with later
// data for the month it adds a version. A journey that fails does not keep the others from theirs. Beside a tappa that
// runs on the data it waits for that one's walk.
func Refresh(ctx context.Context, opts RefreshOptions) (err error) {
	at, err := opts.Target.open(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	journeys, err := storedJourneys(ctx, at.store)
	if err != nil {
		return err
	}
	if at.own {
		err = at.walk(ctx, io.Discard, journeys, opts.Logger)
	}
	if opts.Journey != "" {
		journeys = slices.DeleteFunc(journeys, func(j *journey.Journey) bool { return opts.Journey != string(j.ID) })
	}
	if !at.own {
		err = walked(ctx, at.store, journeys, opts.Logger)
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, j := range journeys {
		month := opts.Month
		if month == "" {
			month = lastMonth(time.Now().In(j.Location))
		}
		if err := anything(ctx, at.store, j, month); err != nil {
			if opts.Month == "" && errors.Is(err, errNothingYet) { // nobody asked for this month of this journey, so it is no failure
				_, err = fmt.Fprintf(opts.Out, "%s %s: %v\n", j.ID, month, err)
			} else {
				err = fmt.Errorf("journey %s: refresh %s: %w", j.ID, month, err)
			}
			errs = append(errs, err)
			continue
		}
		snap, added, err := freeze(ctx, at.store, j, month, opts.Software)
		if err != nil {
			errs = append(errs, fmt.Errorf("journey %s: %w", j.ID, err))
			continue
		}
		_, err = fmt.Fprintln(opts.Out, frozenLine(j, snap, added))
		errs = append(errs, err)
	}
	if len(journeys) == 0 {
		return fmt.Errorf("refresh: no journey %q is stored", opts.Journey)
	}
	return errors.Join(errs...)
}

// errNothingYet refuses a month that there is nothing to freeze of: it would stand for good in every list.
var errNothingYet = errors.New("nothing is stored of the journey in that month or before it, so there is nothing to freeze")

// anything says whether there is something to freeze. A month that is no month, or was frozen before, is left to what follows.
func anything(ctx context.Context, store *aggregate.Store, j *journey.Journey, month string) error {
	start, err := time.ParseInLocation("2006-01", month, j.Location)
	if err != nil || start.AddDate(0, 1, 0).After(time.Now()) {
		return nil //nolint:nilerr // what is wrong with the month is said by who freezes it
	}
	any, err := store.HasHistory(ctx, j.ID, start.AddDate(0, 1, 0))
	if err != nil || any {
		return err
	}
	_, err = store.Snapshot(ctx, string(j.ID), month, 0)
	if errors.Is(err, aggregate.ErrNoSnapshot) {
		return errNothingYet
	}
	return err // whoever was in it was erased, say: then it is restated
}

// freeze makes a month's snapshot and keeps how that went.
func freeze(ctx context.Context, store *aggregate.Store, j *journey.Journey, month, software string) (aggregate.Snapshot, bool, error) {
	run := aggregate.RefreshRun{Journey: j.ID, Month: month, BeganAt: time.Now().UTC(), By: processName()}
	snap, added, err := store.Refresh(ctx, string(j.ID), month, software)
	if err != nil {
		run.Error = err.Error()
	} else {
		run.Version, run.Added = snap.Version, added
	}
	run.EndedAt = time.Now().UTC()
	// The run is over, be it because ctx is: how it ended is kept all the same.
	logCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout/2)
	defer cancel()
	return snap, added, errors.Join(err, store.LogRefresh(logCtx, run))
}

// frozenLine says what became of a month.
func frozenLine(j *journey.Journey, snap aggregate.Snapshot, added bool) string {
	what := "unchanged"
	switch {
	case added && snap.Restated():
		what = "restated (" + snap.Reason + ")"
	case added:
		what = "frozen"
	}
	return fmt.Sprintf("%s %s: version %d %s, as of %s, %d interactions, sha256 %s",
		j.ID, snap.Month, snap.Version, what, snap.AsOf.In(j.Location).Format("2006-01-02 15:04:05 MST"), snap.Interactions, snap.SHA256[:12])
}

// lastMonth names the month before the one that now is in.
func lastMonth(now time.Time) string {
	return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location()).AddDate(0, -1, 0).Format("2006-01")
}

// processName names this process among those of an installation.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// walked waits until another process has walked what is stored.
func walked(ctx context.Context, store *aggregate.Store, journeys []*journey.Journey, logger *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, backlogPatience)
	defer cancel()
	for {
		behind := int64(0)
		for _, j := range journeys {
			n, err := store.Backlog(ctx, string(j.ID))
			if err != nil {
				return err
			}
			behind = max(behind, n)
		}
		if behind == 0 {
			return nil
		}
		logger.Info("waiting for the walk", "behind", behind)
		select {
		case <-ctx.Done():
			return fmt.Errorf("refresh: %d records are stored and not walked yet; is a process with the role aggregate running? %w", behind, ctx.Err())
		case <-time.After(backlogPoll):
		}
	}
}

// OpenForWriting opens an installation's store. Embedded data that another tappa holds are written through that one.
func OpenForWriting(ctx context.Context, target Target, logger *slog.Logger) (*aggregate.Store, func() error, error) {
	at, err := target.open(ctx, logger)
	return at.store, at.close, err
}
