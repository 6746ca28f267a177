package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newDiscoverCommand() *cobra.Command {
	var opts app.DiscoverOptions
	var data, out string
	cmd := &cobra.Command{
		Use:   "discover [--data DIR | FILE…]",
		Short: "Propose a first journey file from what is in Kafka or in files",
		Long: `Looks at interactions that nobody has mapped yet and proposes a journey file: what happens in its usual order, stages,
touchpoints, channels, rules and silences, with the figures each was taken from as comments. Edit it rather than start from
nothing.

Reads Kafka (the embedded one with --data, otherwise that of the TAPPA_* variables) or files: events as JSON lines, exports of help desks, or
CSV and XES with a mapping file. A process log whose columns are named as XES does (case:concept:name, concept:name, time:timestamp) needs none.`,
		Example: `  tappa discover --data data/mine --out journey.yaml
  tappa discover --format csv --mapping mapping.yaml --out journey.yaml tickets.csv
  tappa discover --format zendesk --time-zone Europe/Rome --out journey.yaml tickets.json
  tappa discover events.jsonl | less`,
		Args: func(_ *cobra.Command, args []string) error {
			if opts.Proposal.Stages < 1 {
				return usageError{fmt.Errorf("--stages %d: there must be one at least", opts.Proposal.Stages)}
			}
			if err := opts.Proposal.Check(); err != nil {
				return usageError{err}
			}
			if len(args) == 0 {
				return nil
			}
			if data != "" {
				return usageError{errors.New("read files or --data, not both")}
			}
			if opts.Format == "" {
				opts.Format = strings.TrimPrefix(filepath.Ext(args[0]), ".")
			}
			if formats := app.DiscoverFormats(); !slices.Contains(formats, opts.Format) {
				return usageError{fmt.Errorf("--format %q: there are %s", opts.Format, strings.Join(formats, ", "))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			opts.Paths, opts.Out, opts.Report, opts.Logger = args, cmd.OutOrStdout(), cmd.ErrOrStderr(), newLogger(cmd, false)
			if len(args) == 0 {
				if opts.Target, err = target(data); err != nil {
					return err
				}
			}
			if out == "" {
				return app.Discover(cmd.Context(), opts)
			}
			var text strings.Builder
			opts.Out = &text
			if err := app.Discover(cmd.Context(), opts); err != nil {
				return err
			}
			file, err := app.OpenProposal(out)
			if err != nil {
				return err
			}
			_, err = io.WriteString(file, text.String())
			return errors.Join(err, file.Close())
		},
	}
	targetFlag(cmd, &data)
	flags := cmd.Flags()
	flags.StringVar(&opts.Format, "format", "", "of the files: "+strings.Join(app.DiscoverFormats(), ", ")+" (default: by the name's end)")
	flags.StringVar(&opts.Mapping, "mapping", "", "mapping file: what the columns mean")
	flags.StringVar(&out, "out", "", "the file to write, which must not be there (default: standard output)")
	flags.StringVar(&opts.Proposal.ID, "journey", "discovered", "id of the journey")
	flags.StringVar(&opts.Proposal.TimeZone, "time-zone", "Europe/Rome", "time zone in which days and hours are cut")
	flags.StringVar(&opts.Proposal.Country, "country", "", "country of phone numbers without a prefix, e.g. IT")
	flags.IntVar(&opts.Proposal.Stages, "stages", 6, "how many stages at most")
	return cmd
}
