package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/mapping"
	"tappa/ingest/source"
	"tappa/journey"
)

// ImportOptions says what to import into which directory.
type ImportOptions struct {
	Dir      string
	Journeys []string // journey files; none: what the directory holds already
	Format   string   // one of ImportFormats
	Mapping  string   // mapping file; JSON lines that are CloudEvents, and mails, need none
	Origin   string   // the system that mails are of; default: that of the format
	Paths    []string
	DryRun   bool // map everything, publish nothing
	Out      io.Writer
	Progress io.Writer // where to show progress, nil for nowhere
	Logger   *slog.Logger

	settings source.Settings // what the journeys say of the company
}

// ImportFormats lists the file formats that Import reads.
func ImportFormats() []string {
	return withMapped(rawFormats)
}

// withMapped lists some formats, and those whose rows a mapping file makes events of.
func withMapped[V any](formats map[string]V) []string {
	return slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(mapping.Formats)), slices.Collect(maps.Keys(formats)))))
}

// importBatch and importBytes bound how many events, of what size in all, are held and published together.
const (
	importBatch = 5000
	importBytes = 16 << 20
)

// shownRowErrors bounds how many unusable rows are printed, and shownNoEvents how many that become no event; all are counted.
const (
	shownRowErrors = 20
	shownNoEvents  = 5
)

// ErrRows says that some rows could not be mapped; all others were imported.
var ErrRows = errors.New("some rows could not be mapped")

var errNoJourney = errors.New("no journey is defined: name a journey file with --journey (`tappa template` prints one to start from)")

// ErrNoEvent says that files have rows, none of which became an event.
var ErrNoEvent = errors.New(`no row became an event: look at "when" in the mapping`)

// Import publishes files to the embedded Kafka, collects and walks them, waits until all are in, and prints the
// accounting. Importing a file again changes nothing. Rows that cannot be mapped are reported with file, line and
// column, and make the result ErrRows. Where no row becomes an event the result is ErrNoEvent.
func Import(ctx context.Context, opts ImportOptions) (err error) {
	if err := EnsureReadable(opts.Paths...); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	m, err := loadMapping(opts)
	if err != nil {
		return err
	}
	for _, doubt := range m.Doubts() {
		fmt.Fprintln(opts.Out, doubt)
	}
	if opts.DryRun {
		journeys, err := dryJourneys(opts)
		if err != nil {
			return err
		}
		opts.settings = settings(journeys)
		return dryRun(opts, m, newReader(journeys))
	}
	if files, err := os.ReadDir(opts.Dir); len(opts.Journeys) == 0 && (errors.Is(err, os.ErrNotExist) || err == nil && len(files) == 0) {
		return errNoJourney // and leave no directory behind
	}
	e, err := OpenEmbedded(ctx, EmbeddedOptions{Dir: opts.Dir, Kafka: true, Logger: opts.Logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	journeys, err := LoadJourneys(ctx, e.Store, opts.Journeys)
	if err != nil {
		return err
	}
	if len(journeys) == 0 {
		return errNoJourney
	}
	if err := tellOldTags(ctx, e.Store, journeys, opts.Dir, opts.Logger); err != nil {
		return err
	}
	opts.settings = settings(journeys)
	return e.importFiles(ctx, journeys, opts, m)
}

// importFiles publishes, collects, walks and accounts.
func (e *Embedded) importFiles(ctx context.Context, journeys []*journey.Journey, opts ImportOptions, m *mapping.Mapping) error {
	before, err := e.Store.Totals(ctx)
	if err != nil {
		return err
	}
	scorer, err := openScoring(ctx, e.Store, journeys, nil, opts.Logger)
	if err != nil {
		return err
	}
	e.stack.pushClose("scorer", scorer.Close)
	collector, err := NewCollector(PipelineOptions{Brokers: e.Brokers, Store: e.Store, Journeys: journeys, Scoring: scorer, Logger: opts.Logger})
	if err != nil {
		return err
	}
	walker, err := aggregate.NewWalker(e.Store, journeys, aggregate.WalkerOptions{Logger: opts.Logger})
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	e.stack.start("collector", fail, collector.Run)

	since := time.Now().Truncate(time.Millisecond)
	rows, err := publish(ctx, e.Brokers, opts, m, newReader(journeys))
	if err == nil {
		err = settle(ctx, collector, walker)
	}
	if err != nil {
		return errors.Join(err, causeOf(ctx))
	}
	after, err := e.Store.Totals(ctx)
	if err != nil {
		return err
	}
	account(opts.Out, rows, collector.Counts().Total(), before, after)
	if err := tellReused(ctx, e.Store, opts, since, rows.published); err != nil {
		return err
	}
	return rows.err()
}

// causeOf is why a context ended, unless somebody simply stopped it.
func causeOf(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// CheckMapping returns an error if the format needs a mapping file and none is named.
func (o *ImportOptions) CheckMapping() error {
	if _, raw := rawFormats[o.Format]; raw {
		if o.Mapping != "" {
			return fmt.Errorf("%s files are read without --mapping: the journey file's company tells customers from colleagues", o.Format)
		}
		return nil
	}
	if o.Mapping == "" && o.Format != "jsonl" {
		return fmt.Errorf("a %s file needs --mapping FILE, which says what its columns mean (deploy/examples has some)", o.Format)
	}
	return nil
}

func loadMapping(opts ImportOptions) (*mapping.Mapping, error) {
	if err := opts.CheckMapping(); err != nil || opts.Mapping == "" {
		return nil, err // JSON lines may be events already
	}
	return mapping.Load(opts.Mapping)
}

// rowCount is what became of the rows of the files.
type rowCount struct {
	published, bad int
	rows           mapping.Rows   // of a format with a mapping
	left           map[string]int // sound, but saying nothing about a customer

	refused string          // the row that was refused last: what is wrong with it may be several things
	told    map[string]bool // why rows became no event
}

// refuse counts a row that cannot be used and says why, unless that was said of many already.
func (n *rowCount) refuse(out io.Writer, why error) {
	if row, ok := errors.AsType[*mapping.RowError](why); ok {
		at := fmt.Sprintf("%s:%d", row.File, row.Line)
		if at == n.refused {
			n.bad--
		}
		n.refused = at
	}
	if n.bad++; n.bad <= shownRowErrors {
		fmt.Fprintln(out, why)
	} else if n.bad == shownRowErrors+1 {
		fmt.Fprintln(out, "… further rows that cannot be mapped are only counted")
	}
}

// none says why a row became no event: once for all rows that hold the same where the conditions look, and for the first few.
func (n *rowCount) none(out io.Writer, why *mapping.NoEvent) {
	if len(n.told) > shownNoEvents || n.told[why.Reason()] {
		return
	}
	if n.told == nil {
		n.told = map[string]bool{}
	}
	n.told[why.Reason()] = true
	if len(n.told) <= shownNoEvents {
		fmt.Fprintln(out, why)
	} else {
		fmt.Fprintln(out, "… further rows that become no event are only counted")
	}
}

// tellRows prints what became of the rows that were read.
func (n *rowCount) tellRows(out io.Writer) {
	if r := n.rows; r.Read > 0 {
		fmt.Fprintf(out, "          %d read = %d mapped + %d not mapped + %d without an event\n", r.Read, r.Mapped, r.Bad, r.None)
	}
	for _, says := range n.rows.Unseen() {
		fmt.Fprintf(out, "          %s\n", says)
	}
}

// err says whether rows could not be used, or none was.
func (n *rowCount) err() error {
	switch {
	case n.bad > 0:
		return fmt.Errorf("%w: %d of %d", ErrRows, n.bad, max(n.rows.Read, n.bad+n.published))
	case n.rows.Read > 0 && n.published == 0:
		return ErrNoEvent
	}
	return nil
}

// publish maps all files and publishes their events. Those that a collector will not be able to use are named.
func publish(ctx context.Context, brokers []string, opts ImportOptions, m *mapping.Mapping, reader *reader) (n rowCount, err error) {
	producer := ingest.NewProducer(brokers, ingest.DefaultTopic)
	defer func() { err = errors.Join(err, producer.Close()) }()
	var batch []ingest.Message
	held := 0 // bytes
	flush := func() error {
		if err := producer.Publish(ctx, batch...); err != nil {
			return err
		}
		n.published += len(batch)
		batch, held = batch[:0], 0
		if opts.Progress != nil {
			fmt.Fprintf(opts.Progress, "\r%d events published", n.published)
		}
		return nil
	}
	err = eachEvent(opts, m, &n, func(event source.Event) error {
		message, err := asMessage(event)
		if err != nil {
			return err
		}
		size := len(message.Key) + len(message.Value)
		if size > ingest.MaxMessage {
			n.refuse(opts.Out, fmt.Errorf("event %q of %s: %d bytes, at most %d are taken", event.ID, event.Origin, size, ingest.MaxMessage))
			return nil
		}
		reader.read(opts.Out, event, message)
		batch, held = append(batch, message), held+size
		if len(batch) < importBatch && held < importBytes {
			return nil
		}
		return flush()
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	if opts.Progress != nil {
		fmt.Fprintln(opts.Progress)
	}
	return n, err
}

// eachEvent reads all files, calls f for every event, and reports rows that are none.
func eachEvent(opts ImportOptions, m *mapping.Mapping, n *rowCount, f func(source.Event) error) error {
	if format, raw := rawFormats[opts.Format]; raw {
		return eachRaw(opts, format, n, f)
	}
	for _, path := range opts.Paths {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		err = readEvents(opts, m.Counting(&n.rows), path, file, n, f)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

func readEvents(opts ImportOptions, m *mapping.Mapping, path string, in io.Reader, n *rowCount, f func(source.Event) error) error {
	read, ok := mapping.Formats[opts.Format]
	if !ok {
		return fmt.Errorf("import: format %q: there are %s", opts.Format, strings.Join(ImportFormats(), ", "))
	}
	for event, err := range read(m, path, in) {
		var row *mapping.RowError
		var none *mapping.NoEvent
		switch {
		case errors.As(err, &none):
			n.none(opts.Out, none)
		case errors.As(err, &row):
			n.refuse(opts.Out, row)
		case err != nil:
			return err
		default:
			if err := f(event); err != nil {
				return err
			}
		}
	}
	return nil
}

// dryRun maps everything and says what an import would do.
func dryRun(opts ImportOptions, m *mapping.Mapping, reader *reader) error {
	var n rowCount
	ids := newFileIDs()
	types := map[string]int{}
	var first, last time.Time
	err := eachEvent(opts, m, &n, func(event source.Event) error {
		types[event.Type]++
		n.published++
		if first.IsZero() || event.Time.Before(first) {
			first = event.Time
		}
		if event.Time.After(last) {
			last = event.Time
		}
		message, err := asMessage(event)
		if err != nil {
			return err
		}
		if ix, ok := reader.read(opts.Out, event, message); ok {
			ids.add(&ix)
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(opts.Out, "%s would be published, %s cannot be mapped\n", count(n.published, "event"), count(n.bad, "row"))
	n.tellRows(opts.Out)
	n.tellLeft(opts.Out)
	reader.tell(opts.Out)
	if n.published > 0 {
		fmt.Fprintf(opts.Out, "from %s to %s\n", first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339))
	}
	for _, kind := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(opts.Out, "  %-24s %d\n", kind, types[kind])
	}
	ids.tell(opts.Out)
	return n.err()
}

// account prints what became of everything: read = new + copies + dead + filtered.
func account(out io.Writer, rows rowCount, c ingest.Count, before, after aggregate.Totals) {
	fresh := after.Interactions - before.Interactions
	dead := int64(0)
	for _, n := range c.Dead {
		dead += n
	}
	fmt.Fprintf(out, "rows      %d published, %d could not be mapped\n", rows.published, rows.bad)
	rows.tellRows(out)
	rows.tellLeft(out)
	copies := "copies"
	if c.Stored-fresh == 1 {
		copies = "copy"
	}
	fmt.Fprintf(out, "records   %d read = %d new + %d %s + %d dead + %d filtered\n", c.Read, fresh, c.Stored-fresh, copies, dead, c.Filtered)
	for _, reason := range slices.Sorted(maps.Keys(c.Dead)) {
		fmt.Fprintf(out, "          dead: %-18s %d\n", reason, c.Dead[reason])
	}
	fmt.Fprintf(out, "stored    %s, %d of them unmapped\n", count(int(after.Interactions), "interaction"), after.Unmapped)
}

// count renders a number of things.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
