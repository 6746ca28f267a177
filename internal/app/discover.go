package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"tappa/ingest"
	"tappa/ingest/mapping"
	"tappa/ingest/source"
	"tappa/ingest/source/vendor"
	"tappa/internal/discover"
)

// DiscoverOptions says what a first journey file is proposed from: what is in Kafka, or files.
type DiscoverOptions struct {
	Target   Target
	Format   string // of Paths: one of DiscoverFormats
	Mapping  string // for Paths; a process log that names its columns as XES does needs none
	Paths    []string
	Proposal discover.Options
	Out      io.Writer // the journey file
	Report   io.Writer // what was found, in a line or two
	Logger   *slog.Logger
}

// DiscoverFormats lists the file formats that Discover reads. Those that need a journey file to tell customers from colleagues
// are not among them: import them, and discover what is in Kafka.
func DiscoverFormats() []string { return withMapped(vendor.Exports) }

// Discover proposes a journey file.
func Discover(ctx context.Context, opts DiscoverOptions) error {
	found := discover.New()
	var err error
	if len(opts.Paths) > 0 {
		decoder := source.NewDecoder(source.Options{DefaultCountry: opts.Proposal.Country})
		err = discoverFiles(opts, found, taking(found, decoder))
	} else {
		err = discoverKafka(ctx, opts, found)
	}
	if err != nil {
		return err
	}
	proposal, err := found.Propose(opts.Proposal)
	if err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	if _, err := opts.Out.Write(proposal.YAML); err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	fmt.Fprintf(opts.Report, "%s; the proposed rules tag %d of them. Edit the file, then run `tappa check` on it.\n", count(found.Len(), "interaction"), proposal.Tagged)
	return nil
}

// taking gives what puts records into a log.
func taking(found *discover.Log, decoder *source.Decoder) func(source.Record) error {
	return func(rec source.Record) error {
		ix, err := decoder.Decode(rec)
		if err != nil {
			found.Unusable(reason(err))
			return nil
		}
		found.Add(&ix)
		return nil
	}
}

// reason is why a record cannot be used, without what differs from record to record, except for an unknown type.
func reason(err error) string {
	var e *source.Error
	switch {
	case !errors.As(err, &e) || e.Reason == source.ReasonUnknownType:
		return err.Error()
	case e.Field != "":
		return string(e.Reason) + ": " + e.Field
	}
	return string(e.Reason)
}

// processLog is the mapping of a log whose columns are named as XES does and that nobody wrote a mapping for: every event is
// something that happened to a ticket.
const processLog = `
origin: log
events:
  - id: {expr: 'row["event_id"] ?? (row["case:concept:name"] + "/" + row["concept:name"] + "/" + (row["lifecycle:transition"] ?? "") + "/" + row["time:timestamp"])'}
    time: {column: "time:timestamp"}
    type: ticket.updated
    data:
      ticket: {column: "case:concept:name"}
      customer: {crm: {column: "case:concept:name"}}
      activity: {column: "concept:name"}
      agent: {column: "org:resource"}
`

func discoverFiles(opts DiscoverOptions, found *discover.Log, take func(source.Record) error) error {
	if err := EnsureReadable(opts.Paths...); err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	from := ImportOptions{Format: opts.Format, Mapping: opts.Mapping, Paths: opts.Paths, Out: opts.Report}
	m, err := discoverMapping(opts)
	if err != nil {
		return err
	}
	if from.settings.Zone, err = time.LoadLocation(cmp.Or(opts.Proposal.TimeZone, "UTC")); err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	var n rowCount
	err = eachEvent(from, m, &n, func(event source.Event) error {
		message, err := asMessage(event)
		if err != nil {
			return err
		}
		return take(source.Record{Key: message.Key, Value: message.Value})
	})
	for range n.bad {
		found.Unusable("rows that cannot be mapped")
	}
	n.tellLeft(opts.Report)
	if err != nil && opts.Format == "csv" && opts.Mapping == "" {
		return fmt.Errorf("%w; is it no process log, --mapping FILE says what its columns mean", err)
	}
	return err
}

// discoverMapping says what the columns of files mean. Events, and exports of help desks, say that themselves.
func discoverMapping(opts DiscoverOptions) (*mapping.Mapping, error) {
	switch export := vendor.Exports[opts.Format] != nil; {
	case export && opts.Mapping != "":
		return nil, fmt.Errorf("discover: files of %s are read without --mapping", opts.Format)
	case opts.Mapping != "":
		return mapping.Load(opts.Mapping)
	case export || opts.Format == "jsonl":
		return nil, nil
	}
	return mapping.Parse("process log", []byte(processLog))
}

// discoverKafka reads everything that is in the target's topics now, as its collectors would.
func discoverKafka(ctx context.Context, opts DiscoverOptions, found *discover.Log) (err error) {
	at, err := opts.Target.reach(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	known, err := storedJourneys(ctx, at.pipeline.Store)
	if err != nil {
		return err
	}
	topics, formats := splitTopics(at.pipeline.Topics)
	decoder := source.NewDecoder(source.Options{
		DefaultCountry: cmp.Or(opts.Proposal.Country, defaultCountry(known)), Formats: vendor.Formats, Settings: settings(known), Topics: formats,
	})
	return ingest.EachRecord(ctx, at.pipeline.Connection, at.pipeline.Brokers, topics, taking(found, decoder))
}

// OpenProposal opens the file that a proposal goes to. One that is there is not written over.
func OpenProposal(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already, and may hold your edits: name another file with --out", path)
	}
	return f, err
}
