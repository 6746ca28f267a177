package main

import (
	"context"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/internal/app"
)

// defaultData is where embedded data lives unless --data says otherwise.
const defaultData = "data"

// dataFlag adds --data to a command.
func dataFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "data", defaultData, "directory of the embedded data")
}

// openStore opens the data directory for reading. The caller calls the returned function when done.
func openStore(ctx context.Context, dataDir string) (*aggregate.Store, func() error, error) {
	return app.OpenForReading(ctx, dataDir)
}
