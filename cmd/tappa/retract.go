package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

func newRetractCommand() *cobra.Command {
	var data string
	var verbose bool
	var opts app.RetractOptions
	cmd := &cobra.Command{
		Use:   "retract",
		Short: "Take an interaction back, so that it does not count: a test, a call logged by mistake",
		Long: `Publishes an event that takes an interaction back, as its source could (docs/events.md): neither counts from then on, in any number as of
any instant. It stays stored, and cannot be given back; to remove a person, see "tappa erase".

An interaction is named by its origin and id, which "tappa report steps" lists (--wide). With --data it works on an embedded data
directory, also while another tappa runs on it; otherwise on the servers that the TAPPA_* variables name.`,
		Example: `  tappa retract --origin pbx --id call-4711 --reason "a test" --data data/mine`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown argument %q", args[0])}
			}
			if opts.Origin == "" || opts.ID == "" {
				return usageError{errors.New("name the interaction with --origin and --id")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Target, err = target(data); err != nil {
				return err
			}
			opts.Out, opts.Logger = cmd.OutOrStdout(), newLogger(cmd, verbose)
			return app.Retract(cmd.Context(), opts)
		},
	}
	targetFlag(cmd, &data)
	flags := cmd.Flags()
	flags.StringVar(&opts.Origin, "origin", "", "the system the interaction came from")
	flags.StringVar(&opts.ID, "id", "", "its id there")
	flags.StringVar(&opts.Reason, "reason", "", "why; it is stored with the event")
	flags.BoolVarP(&verbose, "verbose", "v", false, "log more")
	return cmd
}
