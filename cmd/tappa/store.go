package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/internal/app"
)

// defaultData is where embedded data lives unless --data says otherwise.
const defaultData = "data"

// dataFlag adds --data to a command.
func dataFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "data", defaultData, "directory of the embedded data; without it, and with TAPPA_CLICKHOUSE set, the servers that TAPPA_* name")
}

// openStore opens the data directory for reading, or connects to the servers that the environment names. The caller calls
// the returned function when done.
func openStore(ctx context.Context, dataDir string) (*aggregate.Store, func() error, error) {
	if dataDir != defaultData || os.Getenv("TAPPA_CLICKHOUSE") == "" {
		return app.OpenForReading(ctx, dataDir)
	}
	config, err := app.ReadConfigBeside()
	if err != nil {
		return nil, nil, usageError{err}
	}
	return app.OpenServers(ctx, config)
}
