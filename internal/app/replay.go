package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"tappa/aggregate"
	"tappa/ingest"
)

// ReplayOptions says which dead letters of which installation are replayed.
type ReplayOptions struct {
	Target   Target
	Replay   ingest.ReplayOptions // which, and how; where they are is the target's
	Out      io.Writer
	Progress io.Writer // where to show progress, nil for nowhere
	Logger   *slog.Logger
}

// Replay publishes dead letters again and prints what was done with them, by reason. On embedded data that no other
// process holds it also collects and walks them, since nobody else would.
func Replay(ctx context.Context, opts ReplayOptions) (err error) {
	at, err := opts.Target.reach(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	if at.pipeline.Journeys, err = storedJourneys(ctx, at.pipeline.Store); err != nil {
		return err
	}
	at.pipeline.Logger = opts.Logger
	ro := opts.Replay
	ro.Brokers, ro.Connection, ro.DeadLetterTopic = at.pipeline.Brokers, at.pipeline.Connection, at.pipeline.DeadLetters
	ro.Decode, ro.Evidence = newDecoder(at.pipeline.Journeys, at.pipeline.Topics).Decode, at.pipeline.Store
	if opts.Progress != nil {
		ro.Progress = func(published, selected int) {
			fmt.Fprintf(opts.Progress, "\r%d of at most %d published", published, selected)
		}
	}
	done, err := ingest.Replay(ctx, ro)
	if opts.Progress != nil {
		fmt.Fprintln(opts.Progress)
	}
	if printErr := printReplayed(opts.Out, done, ro.DryRun); err != nil || printErr != nil {
		return errors.Join(err, printErr)
	}
	if !at.own || ro.DryRun || done.Total(ingest.FateReplayed) == 0 {
		return nil
	}
	c, err := collectNow(ctx, at.pipeline)
	if err != nil {
		return err
	}
	fmt.Fprintf(opts.Out, "%d collected: %d stored, %d dead again\n", c.Read, c.Stored, c.Read-c.Stored-c.Filtered)
	return nil
}

// collectNow collects and walks what Kafka holds, and returns the collector's accounting.
func collectNow(ctx context.Context, pipeline PipelineOptions) (count ingest.Count, err error) {
	if pipeline.Scoring, err = openScoring(ctx, pipeline.Store, pipeline.Journeys, nil, pipeline.Logger); err != nil {
		return count, err
	}
	defer func() { err = errors.Join(err, pipeline.Scoring.Close()) }()
	collector, err := NewCollector(pipeline)
	if err != nil {
		return count, err
	}
	walker, err := aggregate.NewWalker(pipeline.Store, pipeline.Journeys, aggregate.WalkerOptions{Logger: pipeline.Logger})
	if err != nil {
		return count, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var st stack
	defer func() { err = errors.Join(err, st.Close()) }()
	st.start("collector", fail, collector.Run)
	if err := settle(ctx, collector, walker); err != nil {
		return count, errors.Join(err, causeOf(ctx))
	}
	return collector.Counts().Total(), nil
}

// fates says in words what was done with letters, and what would be.
var fates = map[ingest.Fate]string{
	ingest.FateReplayed:    "replayed",
	ingest.FateStored:      "stored already",
	ingest.FateFailedAgain: "failed again",
	ingest.FateUnusable:    "still unusable",
	ingest.FateCut:         "cut off",
	ingest.FateUneditable:  "not editable",
}

// hints say what can be done about letters that were left out.
var hints = map[ingest.Fate]string{
	ingest.FateFailedAgain: "were replayed before and failed again with the same reason; --again replays them nevertheless",
	ingest.FateUnusable:    "would fail again: put right what is wrong, or --set what they lack (of what an earlier --set brought in, the same --set says that it is stored already)",
	ingest.FateCut:         "are in the dead letters only in part, since they were too long: their source has to send them again",
	ingest.FateUneditable:  "are no JSON objects, or not of the shape that --set names",
}

// printReplayed writes a line a reason.
func printReplayed(out io.Writer, done ingest.Replayed, dry bool) error {
	if len(done) == 0 {
		_, err := fmt.Fprintln(out, "no dead letter is selected")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	heads := make([]string, len(ingest.Fates))
	for i, f := range ingest.Fates {
		heads[i] = fates[f]
	}
	if dry {
		heads[0] = "would be replayed"
	}
	fmt.Fprintf(w, "reason\tletters\t%s\t\n", strings.Join(heads, "\t"))
	for _, reason := range slices.Sorted(maps.Keys(done)) {
		line, all := "", 0
		for _, f := range ingest.Fates {
			line += fmt.Sprintf("%d\t", done[reason][f])
			all += done[reason][f]
		}
		fmt.Fprintf(w, "%s\t%d\t%s\n", reason, all, line)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, f := range ingest.Fates {
		if n := done.Total(f); n > 0 && hints[f] != "" {
			fmt.Fprintf(out, "%d %s\n", n, hints[f])
		}
	}
	return nil
}
