package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tappa/internal/app"
)

// eraseFlags are what the command line says.
type eraseFlags struct {
	data, format  string
	list, verbose bool
	opts          app.EraseOptions
}

func newEraseCommand() *cobra.Command {
	var f eraseFlags
	cmd := &cobra.Command{
		Use:   "erase KEY…",
		Short: "Remove a person from everything stored, with proof",
		Long: `Removes persons, each named by any contact key (a mail address, a phone number, a CRM id), from every table: interactions and what
arrived with them, links, corrections, statements, and all that was computed of them. Everybody is walked anew, and every number
afterwards is what it would be had they never been met. Published months keep their numbers, which name nobody.

Without --yes it only says what would be removed. With it, it removes, looks through every table whether anything is left, and says
what it cannot reach: what others wrote about them, and what Kafka holds still. A copy of an erased interaction that is sent again, by
whomever, is not stored. An erasure that was cut off is gone on with by the next "tappa erase".

With --data it works on an embedded data directory, also while another tappa runs on it; otherwise on the servers that the
TAPPA_* variables name ("tappa serve --help" lists them).`,
		Example: `  tappa erase anna@example.com --data data/mine
  tappa erase anna@example.com --by Mara --reference "request 2026-14" --yes --data data/mine
  tappa erase --list`,
		Args: func(_ *cobra.Command, args []string) error { return f.check(args) },
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if f.opts.Target, err = target(f.data); err != nil {
				return err
			}
			f.opts.Keys, f.opts.JSON = args, f.format == "json"
			f.opts.Out, f.opts.Logger = cmd.OutOrStdout(), newLogger(cmd, f.verbose)
			if f.list {
				return app.Erasures(cmd.Context(), f.opts)
			}
			return app.Erase(cmd.Context(), f.opts)
		},
	}
	targetFlag(cmd, &f.data)
	flags := cmd.Flags()
	flags.StringVar(&f.opts.By, "by", "", "who erases")
	flags.StringVar(&f.opts.Reference, "reference", "", "the request's name or number; no name of the person, since it is kept")
	flags.BoolVar(&f.opts.Sure, "yes", false, "erase; it cannot be undone")
	flags.BoolVar(&f.opts.Shared, "shared", false, "erase keys that several people share, too, and whatever is stored under them")
	flags.BoolVar(&f.list, "list", false, "list all erasures")
	flags.StringVar(&f.format, "format", "table", "table or json")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	return cmd
}

// check says everything that is wrong with the flags.
func (f *eraseFlags) check(args []string) error {
	var errs []error
	if f.format != "table" && f.format != "json" {
		errs = append(errs, fmt.Errorf("--format %q: there are table and json", f.format))
	}
	switch {
	case f.list && len(args) > 0:
		errs = append(errs, errors.New("--list takes no key"))
	case !f.list && len(args) == 0:
		errs = append(errs, errors.New("name whom to erase: a mail address, a phone number or a CRM id"))
	}
	if f.opts.Sure && (f.opts.By == "" || f.opts.Reference == "") {
		errs = append(errs, errors.New("--yes wants --by and --reference: who erases, and at which request"))
	}
	return errors.Join(errs...)
}
