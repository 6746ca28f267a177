package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"tappa/aggregate"
	"tappa/sentiment"
)

// TrainOptions says on whose labels the scorer is fitted.
type TrainOptions struct {
	Target   Target
	Rollback bool      // go back to the tuning before the one in use
	At       time.Time // when it is done
	Out      io.Writer
	Logger   *slog.Logger
}

// TrainMood fits the scorer on texts that were rated or corrected, prints what is gained, and puts the tuning to use if it
// is better. Collectors use it from their next start, stored texts from the next Rescore.
func TrainMood(ctx context.Context, opts TrainOptions) (err error) {
	at, err := opts.Target.open(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	if opts.Rollback {
		return rollback(ctx, at.store, opts.Out)
	}
	labelled, err := at.store.Labelled(ctx)
	if err != nil {
		return err
	}
	examples := make([]sentiment.Example, len(labelled))
	corrected := 0
	for i, l := range labelled {
		examples[i] = sentiment.Example{Text: l.Text, Lang: l.Lang, Label: l.Label}
		if l.Corrected {
			corrected++
		}
	}
	fmt.Fprintf(opts.Out, "%d labelled texts: %d corrected by people, %d rated by the customer\n", len(labelled), corrected, len(labelled)-corrected)
	t, err := sentiment.Train(examples, sentiment.TrainOptions{})
	if r := t.Report; r.Examples > 0 {
		fmt.Fprintf(opts.Out, "macro-F1 on texts held back (%d texts, %d folds): %.3f before, %.3f after; chance may give %.3f\n",
			r.Examples, r.Folds, r.Before, r.After, r.Noise)
	}
	if err != nil {
		return fmt.Errorf("train-mood: nothing is changed: %w", err)
	}
	return use(ctx, at.store, t, opts)
}

// use stores a tuning unless it is the one in use.
func use(ctx context.Context, store *aggregate.Store, t sentiment.Tuning, opts TrainOptions) error {
	tunings, err := store.Tunings(ctx)
	if err != nil {
		return err
	}
	if len(tunings) > 0 && tunings[0].Name == t.Name() {
		_, err := fmt.Fprintf(opts.Out, "%s is in use already\n", t.Name())
		return err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("train-mood: %w", err)
	}
	if err := store.PutTuning(ctx, aggregate.Tuning{Name: t.Name(), JSON: string(text), At: opts.At}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(opts.Out, "%s is in use: collectors take it up at their next start, and `tappa rescore` scores what is stored\n", t.Name())
	return err
}

// rollback withdraws the tuning in use.
func rollback(ctx context.Context, store *aggregate.Store, out io.Writer) error {
	tunings, err := store.Tunings(ctx)
	if err != nil {
		return err
	}
	if len(tunings) == 0 {
		return errors.New("train-mood: no tuning is in use, so there is nothing to go back from")
	}
	if err := store.WithdrawTuning(ctx, tunings[0]); err != nil {
		return err
	}
	before := sentiment.Model
	if len(tunings) > 1 {
		before = tunings[1].Name
	}
	_, err = fmt.Fprintf(out, "%s is withdrawn, %s in use again: collectors take it up at their next start, and `tappa rescore` scores what is stored\n",
		tunings[0].Name, before)
	return err
}
