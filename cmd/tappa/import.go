package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newImportCommand() *cobra.Command {
	var opts app.ImportOptions
	var verbose bool
	cmd := &cobra.Command{
		Use:   "import --format FORMAT [--mapping FILE] PATH…",
		Short: "Bring files in through Kafka: publish, collect, walk, account",
		Long: `Publishes the rows of files to the embedded Kafka as a mapping file says, collects and walks them, waits until all
are in, and prints what became of them. Importing the same file again changes nothing; a
row that comes again with another customer or time is another interaction, and is named. Mails (mbox, maildir) need no
mapping file: the journey file's company says which addresses are yours. Nor do exports of help desks (zendesk, freshdesk,
zammad, chatwoot), which are JSON with the comments inside.`,
		Example: `  tappa import --data data/mine --journey journey.yaml --format csv --mapping mapping.yaml tickets.csv
  tappa import --data data/mine --journey journey.yaml --format jsonl events.jsonl
  tappa import --data data/mine --journey journey.yaml --format mbox vendite.mbox`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("name the files to import")}
			}
			if formats := app.ImportFormats(); !slices.Contains(formats, opts.Format) {
				return usageError{fmt.Errorf("--format %q: there are %s", opts.Format, strings.Join(formats, ", "))}
			}
			return opts.CheckMapping()
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Paths = args
			opts.Out = cmd.OutOrStdout()
			opts.Logger = newLogger(cmd, verbose)
			if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
				opts.Progress = cmd.ErrOrStderr()
			}
			return app.Import(cmd.Context(), opts)
		},
	}
	dataFlag(cmd, &opts.Dir)
	cmd.Flags().StringArrayVar(&opts.Journeys, "journey", nil, "journey file; may be repeated (default: those the data directory holds)")
	cmd.Flags().StringVar(&opts.Format, "format", "", strings.Join(app.ImportFormats(), ", "))
	cmd.Flags().StringVar(&opts.Mapping, "mapping", "", "mapping file: what the columns mean")
	cmd.Flags().StringVar(&opts.Origin, "origin", "", "the system that mails and calls are of, where no mapping names it")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "map everything and say what would happen; publish nothing")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}
