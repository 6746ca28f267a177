package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newSuiteCRMCommand() *cobra.Command {
	var dir, format string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "suitecrm",
		Short: "Say what comes of the changes of a SuiteCRM's tables in Kafka, without publishing anything",
		Long: `Reads all change events that the topics of TAPPA_SUITECRM_TOPICS hold, and says what comes of them:

  used      taken in: told of, or waiting for another row        empty  no row in it (tombstones, schema changes)
  deleted   the row is gone or marked deleted                    dead   cannot be used, with the reason
  other     of a table that is not read

then the events by type, and what waits for rows that have not come, with the reason. It publishes and commits nothing, and
may run beside the relay (role suitecrm of tappa serve, or tappa up --suitecrm).

With --data it looks at an embedded data directory, otherwise at the servers that the TAPPA_* variables name
("tappa serve --help" lists them).`,
		Example: `  tappa suitecrm --data data/mine
  tappa suitecrm --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "table" && format != "json" {
				return usageError{fmt.Errorf("--format %q: there are table and json", format)}
			}
			target, err := target(dir)
			if err != nil {
				return err
			}
			return app.SuiteCRM(cmd.Context(), app.SuiteCRMOptions{
				Target: target, JSON: format == "json", Out: cmd.OutOrStdout(), Logger: newLogger(cmd, verbose),
			})
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}
