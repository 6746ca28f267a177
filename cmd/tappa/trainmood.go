package main

import (
	"time"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newTrainMoodCommand() *cobra.Command {
	var dir string
	var verbose bool
	var opts app.TrainOptions
	cmd := &cobra.Command{
		Use:   "train-mood",
		Short: "Fit the scorer to your customers, by their ratings and your corrections",
		Long: `Fits how the scorer weighs what it reads on texts whose mood is known: those that carry a rating (stars, CSAT, NPS) and those that
people corrected (tappa correct). It takes 60 of a language. Prints how well the scorer does on texts held back, before and
after, and refuses a tuning that gains no more than chance may.

Collectors use the tuning from their next start; "tappa rescore" applies it to what is stored. --rollback goes back to the one
before, or to the scorer as it is built.`,
		Example: `  tappa train-mood --data data/mine && tappa rescore --data data/mine
  tappa train-mood --data data/mine --rollback`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Target, err = target(dir); err != nil {
				return err
			}
			opts.At = time.Now().UTC()
			opts.Out, opts.Logger = cmd.OutOrStdout(), newLogger(cmd, verbose)
			return app.TrainMood(cmd.Context(), opts)
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().BoolVar(&opts.Rollback, "rollback", false, "take the tuning in use out of use")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}
