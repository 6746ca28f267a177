package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newUpCommand() *cobra.Command {
	var opts app.UpOptions
	var demoEnd, refresh, tokenFile string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything in one process on embedded Kafka and ClickHouse",
		Example: `  tappa up --demo
  tappa up --journey journey.yaml --data /var/lib/tappa`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.Year.Cases < 1 {
				return usageError{fmt.Errorf("--demo-cases %d: a demo needs at least one", opts.Year.Cases)}
			}
			if demoEnd != "" {
				var err error
				if opts.Year.End, err = time.Parse(time.RFC3339, demoEnd); err != nil {
					return usageError{fmt.Errorf("--demo-end %q: write it like 2026-06-30T12:00:00Z", demoEnd)}
				}
			}
			var err error
			if opts.Refresh, err = app.ParseTimetable(refresh); err != nil {
				return usageError{fmt.Errorf("--refresh: %w", err)}
			}
			if tokenFile != "" {
				text, err := os.ReadFile(tokenFile)
				if err != nil {
					return usageError{fmt.Errorf("--token-file: %w", err)}
				}
				if opts.Token = strings.TrimSpace(string(text)); opts.Token == "" {
					return usageError{fmt.Errorf("--token-file: %s is empty", tokenFile)}
				}
			}
			opts.Software = version()
			opts.Out = cmd.OutOrStdout()
			opts.Logger = newLogger(cmd, verbose)
			return app.Up(cmd.Context(), opts)
		},
	}
	dataFlag(cmd, &opts.Dir)
	cmd.Flags().StringArrayVar(&opts.Journeys, "journey", nil, "journey file; may be repeated (default: those the data directory holds)")
	cmd.Flags().BoolVar(&opts.Demo, "demo", false, "fill in a year of a sample journey, then go on slowly")
	cmd.Flags().IntVar(&opts.Year.Cases, "demo-cases", 4000, "size of the demo's year")
	cmd.Flags().StringVar(&demoEnd, "demo-end", "", "instant the demo's year ends at, for a demo that can be repeated (default now)")
	cmd.Flags().BoolVar(&opts.Year.Live, "demo-live", true, "go on after the demo's year: produce interactions, freeze two months of it to compare")
	cmd.Flags().StringVar(&opts.Gateway, "gateway", "", "gateway's configuration file: take webhooks in as well (default no)")
	cmd.Flags().StringVar(&opts.Listen, "listen", "127.0.0.1:8080", "address of the pages; port 0 picks a free one")
	cmd.Flags().StringVar(&opts.Alerts, "alerts", "", "alerts file: whom to tell when which numbers are too much")
	cmd.Flags().StringVar(&tokenFile, "token-file", "", "file with the token that changes by the API need (default: this machine may)")
	cmd.Flags().StringVar(&refresh, "refresh", app.DefaultTimetable, "days of the month and time when last month is frozen as a snapshot, or off")
	cmd.Flags().BoolVar(&opts.SuiteCRM, "suitecrm", false, "also relay changes of a SuiteCRM's tables, as TAPPA_SUITECRM_* variables say (docs/suitecrm.md)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// newLogger logs to the command's error output: warnings, or with verbose everything.
func newLogger(cmd *cobra.Command, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
}
