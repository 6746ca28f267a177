package main

import (
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newServeCommand() *cobra.Command {
	var roles []string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run against Kafka and ClickHouse servers, configured by TAPPA_* variables",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := app.ReadConfig(roles...)
			if err != nil {
				return usageError{err}
			}
			config.Software = version()
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			logger := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level, ReplaceAttr: readable}))
			return app.Serve(cmd.Context(), config, cmd.OutOrStdout(), logger)
		},
	}
	var usage strings.Builder
	if err := app.ConfigUsage(&usage); err == nil {
		cmd.Long = "Runs against Kafka and ClickHouse servers, configured by these variables:\n\n" + usage.String()
	}
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "what this process does: collect,aggregate,dashboards,gateway,suitecrm (default TAPPA_ROLES)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// readable writes durations as people do: as JSON they would be nanoseconds without a unit.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}
