package main

import (
	"os"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newRetagCommand() *cobra.Command {
	var dir string
	var verbose bool
	var opts app.ReprocessOptions
	cmd := &cobra.Command{
		Use:   "retag",
		Short: "Tag stored interactions again after the journey file changed",
		Long: `Tags every stored interaction again under the current journey files, stores those whose tag changes, and walks everybody anew.
A tag names the version of the journey file, too: it says how many are tagged otherwise (another rule, touchpoint, stage, persona,
department, channel or outcome), and how many are under another version now.
Interactions keep their place in Kafka and their time of arrival; published snapshots keep their numbers.

It may be stopped at any time, and run again. With --data it works on an embedded data directory, also while another
tappa runs on it; otherwise on the servers that the TAPPA_* variables name ("tappa serve --help" lists them), after the
collectors were started with the new file.`,
		Example: `  tappa retag --data data/mine --journey journey.yaml
  tappa retag --data data/mine`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := reprocess(cmd, &opts, dir, verbose); err != nil {
				return err
			}
			return app.Retag(cmd.Context(), opts)
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().StringArrayVar(&opts.Journeys, "journey", nil, "changed journey file; may be repeated (default: those the data directory holds)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// reprocess fills in what the commands that change stored interactions have in common.
func reprocess(cmd *cobra.Command, opts *app.ReprocessOptions, dir string, verbose bool) (err error) {
	if opts.Target, err = target(dir); err != nil {
		return err
	}
	opts.Out, opts.Logger = cmd.OutOrStdout(), newLogger(cmd, verbose)
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		opts.Progress = cmd.ErrOrStderr()
	}
	return nil
}
