package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"

	"tappa/aggregate"
	"tappa/sentiment"
)

// CorrectOptions says which mood is corrected, and where.
type CorrectOptions struct {
	Target     Target
	Correction aggregate.Correction
	Remove     bool // take the interaction's correction back
	Out        io.Writer
	Logger     *slog.Logger
}

// Emotions lists what a correction can give, in the order of pages.
func Emotions() (names []string) {
	for e := sentiment.None; e <= sentiment.Frustration; e++ {
		names = append(names, e.String())
	}
	return names
}

// Correct stores what a person says about the mood of a text, or takes that back, and has the persons concerned walked.
func Correct(ctx context.Context, opts CorrectOptions) (err error) {
	c := opts.Correction
	if c.Emotion != "" && !slices.Contains(Emotions(), c.Emotion) {
		return fmt.Errorf("correct: emotion %q: there are %s", c.Emotion, strings.Join(Emotions(), ", "))
	}
	at, err := opts.Target.open(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	if opts.Remove {
		found, err := at.store.Uncorrect(ctx, c.Origin, c.ID, c.By, c.At)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("interaction %s of %s is not corrected; `tappa correct --list` lists those that are", c.ID, c.Origin)
		}
		fmt.Fprintf(opts.Out, "%s of %s has the scorer's mood again\n", c.ID, c.Origin)
	} else {
		if err := at.store.Correct(ctx, c); err != nil {
			return err
		}
		fmt.Fprintf(opts.Out, "%s of %s is %s now, says %s\n", c.ID, c.Origin, c.Label, c.By)
	}
	if !at.own {
		return nil
	}
	journeys, err := at.journeys(ctx, nil)
	if err != nil {
		return err
	}
	return at.walk(ctx, opts.Out, journeys, opts.Logger)
}

// Corrections prints the corrections that count, newest first, as a table or as JSON.
func Corrections(ctx context.Context, opts CorrectOptions, asJSON bool) (err error) {
	at, err := opts.Target.open(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	list, err := at.store.Corrections(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(opts.Out, append([]aggregate.Correction{}, list...))
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(opts.Out, "nothing is corrected")
		return err
	}
	w := tabwriter.NewWriter(opts.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "origin\tid\tlabel\temotion\tby\tat\tnote")
	for _, c := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Origin, c.ID, c.Label, c.Emotion, c.By, c.At.UTC().Format("2006-01-02 15:04"), c.Note)
	}
	return w.Flush()
}
