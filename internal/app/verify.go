package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"text/tabwriter"

	"tappa/ingest"
)

// VerifyOptions says what to verify, and how to print it.
type VerifyOptions struct {
	Target Target
	JSON   bool
	Out    io.Writer
	Logger *slog.Logger
}

// ErrMissing says that records are neither stored nor anywhere else where they ought to be.
var ErrMissing = errors.New("records are missing")

// Verify prints what became of every record that Kafka ever numbered, and returns ErrMissing if that is unknown of some.
func Verify(ctx context.Context, opts VerifyOptions) (err error) {
	at, err := opts.Target.reach(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	if at.pipeline.Journeys, err = storedJourneys(ctx, at.pipeline.Store); err != nil {
		return err
	}
	if err := at.pipeline.Store.LoadErased(ctx); err != nil {
		return err
	}
	accounts, err := ingest.Verify(ctx, at.pipeline.verifyOptions())
	if err != nil {
		return err
	}
	total := sumOf(accounts)
	if opts.JSON {
		err = printJSON(opts.Out, map[string]any{"partitions": accounts, "total": total})
	} else {
		err = printAccounts(opts.Out, accounts, total)
	}
	if err == nil && total.Missing > 0 {
		err = fmt.Errorf("verify: %d %w", total.Missing, ErrMissing)
	}
	return err
}

// sumOf adds up all partitions.
func sumOf(accounts []ingest.Account) ingest.Account {
	sum := ingest.Account{Topic: "all", Dead: map[string]int64{}}
	for _, a := range accounts {
		sum.Start += a.Start
		sum.End += a.End
		sum.Read += a.Read
		sum.Stored += a.Stored
		sum.Duplicate += a.Duplicate
		sum.Filtered += a.Filtered
		sum.Erased += a.Erased
		sum.Gap += a.Gap
		sum.Missing += a.Missing
		sum.Waiting += a.Waiting
		sum.Beyond += a.Beyond
		for reason, n := range a.Dead {
			sum.Dead[reason] += n
		}
	}
	return sum
}

// printAccounts writes a line a partition, and beneath them what somebody may want to act on.
func printAccounts(out io.Writer, accounts []ingest.Account, total ingest.Account) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "partition\tread\t= stored\t+ duplicate\t+ dead\t+ filtered\t+ erased\t+ gap\t+ missing\twaiting\t")
	line := func(name string, a ingest.Account) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n",
			name, a.Read, a.Stored, a.Duplicate, a.AllDead(), a.Filtered, a.Erased, a.Gap, a.Missing, a.Waiting)
	}
	for _, a := range accounts {
		line(fmt.Sprintf("%s/%d", a.Topic, a.Partition), a)
	}
	line("all", total)
	if err := w.Flush(); err != nil {
		return err
	}
	for _, reason := range slices.Sorted(maps.Keys(total.Dead)) {
		fmt.Fprintf(out, "dead: %-20s %d\n", reason, total.Dead[reason])
	}
	for _, a := range accounts {
		if a.Beyond > 0 {
			fmt.Fprintf(out, "%s/%d: %d rows come from offsets after the log's end (%d): the topic was made anew, and what is stored of the old one hides what is missing of this one\n",
				a.Topic, a.Partition, a.Beyond, a.End)
		}
		for _, m := range a.List {
			fmt.Fprintf(out, "MISSING %s/%d offset %d: %s%s\n", a.Topic, a.Partition, m.Offset, m.Why, named(m))
		}
		if more := a.Missing - int64(len(a.List)); more > 0 {
			fmt.Fprintf(out, "MISSING %s/%d: %d more\n", a.Topic, a.Partition, more)
		}
	}
	if total.Missing == 0 {
		fmt.Fprintln(out, "every record is accounted for")
	}
	return nil
}

// printJSON writes a value as JSON that people can read.
func printJSON(out io.Writer, value any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

func named(m ingest.MissingRecord) string {
	if m.ID == "" {
		return ""
	}
	return fmt.Sprintf(" (source %s, id %s)", m.Origin, m.ID)
}
