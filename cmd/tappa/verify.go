package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newVerifyCommand() *cobra.Command {
	var dir, format string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Account for every record: read = stored + duplicate + dead + filtered + erased + gap",
		Long: `Finds out what became of every record of every partition, from evidence alone: where Kafka's logs begin and end, which
offsets the rows in ClickHouse name, which the dead letters name, and, for what is left, the record itself.

  stored     interactions, each once            filtered  tombstones, markers of transactions
  duplicate  further copies of those            gap       deleted by retention, nothing stored
  dead       dead letters, by reason            missing   still in Kafka and nowhere else
  erased     stored, and erased on request      waiting   not read yet; not part of read

It changes nothing and may run beside collectors. If anything is missing it is listed, and the exit code is 1.

With --data it looks at an embedded data directory, otherwise at the servers that the TAPPA_* variables name
("tappa serve --help" lists them).`,
		Example: `  tappa verify --data data/demo
  tappa verify --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "table" && format != "json" {
				return usageError{fmt.Errorf("--format %q: there are table and json", format)}
			}
			target, err := target(dir)
			if err != nil {
				return err
			}
			return app.Verify(cmd.Context(), app.VerifyOptions{
				Target: target, JSON: format == "json", Out: cmd.OutOrStdout(), Logger: newLogger(cmd, verbose),
			})
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}

// targetFlag adds --data to a command that works on servers without it.
func targetFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "data", "", "directory of embedded data (default: the servers that TAPPA_* variables name)")
}

// target is the installation a command works on.
func target(dir string) (app.Target, error) {
	if dir != "" {
		return app.Target{Dir: dir}, nil
	}
	config, err := app.ReadConfigBeside()
	if err != nil {
		return app.Target{}, usageError{fmt.Errorf("%w\n(or name embedded data with --data DIR)", err)}
	}
	return app.Target{Config: config}, nil
}
