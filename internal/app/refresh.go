package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tappa/aggregate"
	"tappa/internal/chdb"
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
// data for the month it adds a version. A journey that fails does not keep the others from theirs.
func Refresh(ctx context.Context, opts RefreshOptions) (err error) {
	store, closeStore, err := OpenForWriting(ctx, opts.Target, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	journeys, err := storedJourneys(ctx, store)
	if err != nil {
		return err
	}
	if err := settled(ctx, opts, store, journeys); err != nil {
		return err
	}
	var errs []error
	found := false
	for _, j := range journeys {
		if opts.Journey != "" && opts.Journey != string(j.ID) {
			continue
		}
		found = true
		errs = append(errs, refreshOne(ctx, opts, store, j))
	}
	if !found {
		return fmt.Errorf("refresh: no journey %q is stored", opts.Journey)
	}
	return errors.Join(errs...)
}

func refreshOne(ctx context.Context, opts RefreshOptions, store *aggregate.Store, j *journey.Journey) error {
	month := opts.Month
	if month == "" {
		now := time.Now().In(j.Location)
		month = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, j.Location).AddDate(0, -1, 0).Format("2006-01")
	}
	snap, added, err := store.Refresh(ctx, string(j.ID), month, opts.Software)
	if err != nil {
		return fmt.Errorf("journey %s: %w", j.ID, err)
	}
	what := "unchanged"
	switch {
	case added && snap.Restated():
		what = "restated (" + snap.Reason + ")"
	case added:
		what = "frozen"
	}
	_, err = fmt.Fprintf(opts.Out, "%s %s: version %d %s, as of %s, %d interactions, sha256 %s\n",
		j.ID, snap.Month, snap.Version, what, snap.AsOf.In(j.Location).Format("2006-01-02 15:04:05 MST"), snap.Interactions, snap.SHA256[:12])
	return err
}

// settled makes sure that what is stored has been walked: in embedded data nobody else does it, on servers it is waited for.
func settled(ctx context.Context, opts RefreshOptions, store *aggregate.Store, journeys []*journey.Journey) error {
	if opts.Target.Dir != "" {
		walker, err := aggregate.NewWalker(store, journeys, aggregate.WalkerOptions{Logger: opts.Logger})
		if err != nil {
			return err
		}
		_, err = walker.CatchUp(ctx)
		return err
	}
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
		opts.Logger.Info("waiting for the walk", "behind", behind)
		select {
		case <-ctx.Done():
			return fmt.Errorf("refresh: %d records are stored and not walked yet; is a process with the role aggregate running? %w", behind, ctx.Err())
		case <-time.After(backlogPoll):
		}
	}
}

// OpenForWriting opens an installation's store. Embedded data can be written by one process at a time.
func OpenForWriting(ctx context.Context, target Target, logger *slog.Logger) (*aggregate.Store, func() error, error) {
	if target.Dir == "" {
		store, err := aggregate.Open(ctx, target.Config.store)
		if err != nil {
			return nil, nil, err
		}
		if err := store.Migrate(ctx); err != nil {
			return nil, nil, errors.Join(err, store.Close())
		}
		return store, store.Close, nil
	}
	if _, err := os.Stat(filepath.Join(target.Dir, "clickhouse")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("no tappa data in %q: import something there first, or name another directory with --data", target.Dir)
	}
	e, err := OpenEmbedded(ctx, EmbeddedOptions{Dir: target.Dir, Logger: logger})
	if errors.Is(err, chdb.ErrHeld) {
		return nil, nil, fmt.Errorf("another tappa holds %q, and only one can write there: try again when it has ended: %w", target.Dir, err)
	}
	if err != nil {
		return nil, nil, err
	}
	return e.Store, e.Close, nil
}
