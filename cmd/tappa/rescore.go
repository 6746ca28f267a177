package main

import (
	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newRescoreCommand() *cobra.Command {
	var dir string
	var verbose bool
	var opts app.ReprocessOptions
	cmd := &cobra.Command{
		Use:   "rescore",
		Short: "Score stored texts again with the current scorer",
		Long: `Scores the stored texts of customers that another scorer, or another version of it, gave a mood, and walks everybody
anew. What people corrected (tappa correct) stays; published snapshots keep their numbers.

It may be stopped at any time, and run again. With --data it works on an embedded data directory, also while another
tappa runs on it; otherwise on the servers that the TAPPA_* variables name ("tappa serve --help" lists them).`,
		Example: `  tappa rescore --data data/mine`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := reprocess(cmd, &opts, dir, verbose); err != nil {
				return err
			}
			return app.Rescore(cmd.Context(), opts)
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}
