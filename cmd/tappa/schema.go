package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tappa/ingest/source"
)

// newSchemaCommand returns `tappa schema`, which prints what events must look like.
func newSchemaCommand() *cobra.Command {
	var dir string
	families := source.Families()
	cmd := &cobra.Command{
		Use:   "schema [FAMILY…]",
		Short: "Print the JSON Schemas of the events that tappa takes",
		Long: "Print the JSON Schemas (2020-12) of the CloudEvents that tappa takes, in structured mode, one schema a family: " +
			strings.Join(families, ", ") + ".\nWithout --dir, exactly one family is printed, and without a family their list.",
		ValidArgs: families,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.OnlyValidArgs(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w; there are %s", err, strings.Join(families, ", "))}
			}
			if len(args) > 1 && dir == "" {
				return usageError{fmt.Errorf("schema: %d families asked for, one can be printed; --dir DIR writes a file for each", len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case dir != "":
				if len(args) == 0 {
					args = families
				}
				return writeSchemas(dir, args)
			case len(args) == 0:
				_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.Join(families, "\n"))
				return err
			}
			b, err := source.Schema(args[0])
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(b)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write FAMILY.json files into this directory instead")
	return cmd
}

// writeSchemas writes one file per family.
func writeSchemas(dir string, families []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	for _, family := range families {
		b, err := source.Schema(family)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, family+".json"), b, 0o644); err != nil {
			return fmt.Errorf("schema: %w", err)
		}
	}
	return nil
}
