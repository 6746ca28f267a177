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
	"slices"
	"strings"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/internal/chdb"
	"tappa/journey"
)

// ReprocessOptions says where stored interactions are tagged or scored again, and how that is shown.
type ReprocessOptions struct {
	Target   Target
	Journeys []string // Retag: journey files that take the place of the stored ones of the same id
	Out      io.Writer
	Progress io.Writer // where to show progress, nil for nowhere
	Logger   *slog.Logger
}

// Retag tags all stored interactions again under the current journeys, and has everybody walked.
func Retag(ctx context.Context, opts ReprocessOptions) (err error) {
	at, err := opts.Target.open(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	journeys, err := at.journeys(ctx, opts.Journeys)
	if err != nil {
		return err
	}
	scorer, err := openScoring(ctx, at.store, journeys, nil, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scorer.Close()) }()
	tag := tagger(journeys)
	done, err := at.store.Reprocess(ctx, aggregate.Reprocessing{
		Kind: "retag", Version: definition(journeys), Progress: opts.progress(),
		Change: func(_ context.Context, records []journey.Record) error {
			for i := range records {
				retag(&records[i], tag, scorer)
			}
			return nil
		},
	})
	how := fmt.Sprintf("%d tagged otherwise", done.Otherwise)
	if done.Changed > 0 {
		how += fmt.Sprintf("; %d now under version %s", done.Changed, definition(journeys))
	}
	return at.finish(ctx, opts, journeys, done, err, how)
}

// retag gives a record its tag, and a mood where the tag decides otherwise than before whether its text has one.
func retag(rec *journey.Record, tag func(*journey.Interaction) journey.Tag, scorer *scoring) {
	rec.Tag = tag(&rec.Interaction)
	switch scorable := ingest.Scorable(rec); {
	case !scorable:
		rec.Mood = journey.Mood{}
	case !rec.Mood.Eligible:
		rec.Mood = scorer.Score(rec.Interaction.Text, rec.Interaction.Lang)
		rec.Mood.Eligible = true
	}
}

// Rescore scores the stored texts of customers again that another scorer than the current one scored, and has everybody
// walked. What people corrected stays as they said.
func Rescore(ctx context.Context, opts ReprocessOptions) (err error) {
	at, err := opts.Target.open(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	journeys, err := at.journeys(ctx, nil)
	if err != nil {
		return err
	}
	scorer, err := openScoring(ctx, at.store, journeys, nil, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scorer.Close()) }()
	model, err := scorer.model(ctx)
	if err != nil {
		return fmt.Errorf("rescore: %w", err)
	}
	left := 0
	done, err := at.store.Reprocess(ctx, aggregate.Reprocessing{
		Kind: "rescore", Version: model, NotScoredBy: model, Progress: opts.progress(),
		Change: func(ctx context.Context, records []journey.Record) error {
			left += scorer.scoreAll(ctx, records, model)
			return ctx.Err()
		},
	})
	if err := at.finish(ctx, opts, journeys, done, err, fmt.Sprintf("%d scored anew by %s", done.Changed, model)); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("rescore: %d texts keep their mood, since %s did not answer for them: run it again", left, model)
	}
	return nil
}

// progress shows how far a reprocessing is.
func (o *ReprocessOptions) progress() func(read, most int) {
	if o.Progress == nil {
		return nil
	}
	return func(read, most int) { fmt.Fprintf(o.Progress, "\r%d of at most %d interactions", read, most) }
}

// finish says what was done, how many in which way, and, where no other process does it, has everybody walked.
func (w *workshop) finish(ctx context.Context, opts ReprocessOptions, journeys []*journey.Journey, done aggregate.Reprocessed, err error, how string) error {
	if opts.Progress != nil {
		fmt.Fprintln(opts.Progress)
	}
	if err != nil {
		return fmt.Errorf("%w\n(%d interactions were done; the same command goes on where it stopped)", err, done.Changed)
	}
	fmt.Fprintf(opts.Out, "%d interactions read, %s\n", done.Read, how)
	if !w.own {
		if done.Walk {
			fmt.Fprintln(opts.Out, "the walk of the tappa that runs there takes it from here")
		}
		return nil
	}
	return w.walk(ctx, opts.Out, journeys, opts.Logger)
}

// walk brings everything that is derived up to date.
func (w *workshop) walk(ctx context.Context, out io.Writer, journeys []*journey.Journey, logger *slog.Logger) error {
	walker, err := aggregate.NewWalker(w.store, journeys, aggregate.WalkerOptions{Logger: logger})
	if err != nil {
		return err
	}
	p, err := walker.CatchUp(ctx)
	if err != nil {
		return err
	}
	if p.Walks > 0 {
		fmt.Fprintf(out, "%d subjects walked, %d interactions\n", p.Subjects, p.Interactions)
	}
	return nil
}

// collect stores and walks what Kafka holds and nobody has read, where nobody else does.
func (w *workshop) collect(ctx context.Context, logger *slog.Logger) (count ingest.Count, err error) {
	journeys, err := storedJourneys(ctx, w.store)
	if err != nil || len(journeys) == 0 { // without any nothing was ever collected
		return count, err
	}
	w.pipeline.Store, w.pipeline.Journeys, w.pipeline.Logger = w.store, journeys, logger
	return collectNow(ctx, w.pipeline)
}

// workshop is an installation that was reached to change what it has stored.
type workshop struct {
	store *aggregate.Store
	own   bool // no walk runs there, unless this process runs one
	held  bool // another process runs on it
	close func() error

	pipeline PipelineOptions // of its Kafka, if that was asked for: Brokers and how to reach them
}

// open finds the target's ClickHouse. An embedded directory that another process holds is reached through that process.
func (t Target) open(ctx context.Context, logger *slog.Logger) (workshop, error) {
	return t.openWith(ctx, false, logger)
}

// openWith is open and, where asked for, finds its Kafka, too.
func (t Target) openWith(ctx context.Context, kafka bool, logger *slog.Logger) (workshop, error) {
	if t.Dir == "" {
		store, err := aggregate.Open(ctx, t.Config.store)
		if err != nil {
			return workshop{}, err
		}
		if err := store.Migrate(ctx); err != nil {
			return workshop{}, errors.Join(err, store.Close())
		}
		return workshop{store, false, true, store.Close, t.Config.pipeline(store)}, nil
	}
	if _, err := os.Stat(filepath.Join(t.Dir, "clickhouse")); errors.Is(err, fs.ErrNotExist) {
		return workshop{}, fmt.Errorf("no tappa data in %q: name another directory with --data", t.Dir)
	}
	e, err := OpenEmbedded(ctx, EmbeddedOptions{Dir: t.Dir, Kafka: kafka, Logger: logger})
	if err == nil {
		return workshop{e.Store, true, false, e.Close, PipelineOptions{Brokers: e.Brokers}}, nil
	}
	if !errors.Is(err, chdb.ErrHeld) {
		return workshop{}, err
	}
	holder, announced := readAnnouncement(t.Dir)
	if announced != nil {
		return workshop{}, errors.Join(err, announced)
	}
	if holder.Writing == "" {
		return workshop{}, fmt.Errorf("process %d, which holds %q, is an older tappa: stop it first", holder.PID, t.Dir)
	}
	store, err := aggregate.Open(ctx, aggregate.Options{Addr: holder.Writing, Protocol: "http", Database: database})
	if err != nil {
		return workshop{}, fmt.Errorf("reach the tappa that holds %q (process %d): %w", t.Dir, holder.PID, err)
	}
	return workshop{store, false, true, store.Close, PipelineOptions{Brokers: holder.Brokers}}, nil
}

// journeys are the stored ones, in the order in which they tag. Files take the place of those with the same id, as
// the store's current definitions; what runs on the installation would go on with the old ones, so then there may be none.
func (w *workshop) journeys(ctx context.Context, files []string) ([]*journey.Journey, error) {
	stored, err := storedJourneys(ctx, w.store)
	if err != nil || len(files) == 0 {
		if err == nil && len(stored) == 0 {
			err = errors.New("no journey is defined there, so nothing can be tagged: start with `tappa import` or `tappa up`")
		}
		return stored, err
	}
	if w.held {
		return nil, errors.New("a tappa runs on this data and tags by the journey files it was started with: start it with the new one, then retag without --journey")
	}
	given, err := LoadJourneys(ctx, w.store, files)
	if err != nil {
		return nil, err
	}
	for _, j := range stored {
		if !slices.ContainsFunc(given, func(g *journey.Journey) bool { return g.ID == j.ID }) {
			given = append(given, j)
		}
	}
	return given, nil
}

// tellOldTags warns that stored interactions keep the tags of earlier definitions.
func tellOldTags(ctx context.Context, store *aggregate.Store, journeys []*journey.Journey, dir string, logger *slog.Logger) error {
	var versions []string
	for _, j := range journeys {
		versions = append(versions, j.Version)
	}
	n, err := store.TaggedOtherwise(ctx, versions)
	if err != nil || n == 0 {
		return err
	}
	command := "tappa retag"
	if dir != "" {
		command += " --data " + dir
	}
	logger.Warn(fmt.Sprintf("the journey file has changed since %d stored interactions were tagged, and they keep those tags: `%s` brings them up to date",
		n, strings.TrimSpace(command)))
	return nil
}
