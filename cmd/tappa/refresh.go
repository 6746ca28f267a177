package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newRefreshCommand() *cobra.Command {
	var dir string
	var verbose bool
	opts := app.RefreshOptions{Software: version()}
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "freeze a month's numbers as a snapshot",
		Long: `Computes every report as of the end of a month, in the journey's time zone, and freezes the answers as a version that
never changes. Run it as often as you like: the same data give the same bytes, and nothing is added; data that came late
for the month make another version beside the old one, shown as restated. Killed half-way it leaves nothing behind.

It refuses a month that is not over, and one with nothing stored in it or before it.

With --data it works on an embedded data directory, also while another tappa runs on it, otherwise on the servers that the
TAPPA_* variables name ("tappa serve --help" lists them). Run it by cron or a systemd timer after each month's end.`,
		Example: `  tappa refresh --month 2026-01 --data data/demo
  tappa refresh`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := time.Parse("2006-01", opts.Month); opts.Month != "" && err != nil {
				return usageError{fmt.Errorf("--month %q: a month is written like 2026-01", opts.Month)}
			}
			var err error
			if opts.Target, err = target(dir); err != nil {
				return err
			}
			opts.Out, opts.Logger = cmd.OutOrStdout(), newLogger(cmd, verbose)
			return app.Refresh(cmd.Context(), opts)
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().StringVar(&opts.Month, "month", "", "month, like 2026-01 (default: the last that is over)")
	cmd.Flags().StringVar(&opts.Journey, "journey", "", "journey's id (default: all)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}
