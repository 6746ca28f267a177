package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/internal/app"
)

func newIdentityCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identity",
		Short: "Who is who: look a person up by any key, say which keys are the same person or are not",
		Long: `Looks up whose a mail address, a phone number, a CRM id or a cookie is, which keys belong together and why, and which keys
several people use, so that they connect nobody. What you state of two keys overrides what was seen, and can be taken back.

With --data it works on an embedded data directory, also while another tappa runs on it; otherwise on the servers that the TAPPA_*
variables name. A key may be written as tappa shows it (email:anna@example.com) or as people do (anna@example.com, 333 1234567).`,
		Example: `  tappa identity show anna@example.com --data data/mine
  tappa identity show acme.it --data data/mine
  tappa identity shared --data data/mine
  tappa identity unlink anna@example.com bruno@example.com --by Anna --why "father and daughter, one phone" --data data/mine
  tappa identity link crm:suite/4711 anna@example.com --by Anna --why "she said so on the phone" --data data/mine
  tappa identity undo anna@example.com bruno@example.com --by Anna --data data/mine`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		identityLookUp("show KEY", "show whose a key is, what connects their keys, and their cases", 1, func(f *identityFlags) { f.run = app.ShowIdentity }),
		identityLookUp("shared", "list the keys that connect nobody, because several people use them", 0, func(f *identityFlags) { f.run = app.SharedKeys }),
		identityLookUp("statements", "list what people state of keys", 0, func(f *identityFlags) { f.run = app.Statements }),
		identityState("link A B", "state that two keys are the same person", aggregate.VerdictSame),
		identityState("unlink A B", "state that two keys are not the same person", aggregate.VerdictDifferent),
		identityState("undo A B", "take back what was stated of two keys", ""),
	)
	return cmd
}

// identityFlags are what the command line says.
type identityFlags struct {
	data, format string
	opts         app.IdentityOptions
	run          func(context.Context, app.IdentityOptions) error
}

func (f *identityFlags) start(cmd *cobra.Command) (err error) {
	if f.opts.Target, err = target(f.data); err != nil {
		return err
	}
	f.opts.JSON, f.opts.Out, f.opts.Logger = f.format == "json", cmd.OutOrStdout(), newLogger(cmd, false)
	return f.run(cmd.Context(), f.opts)
}

// identityLookUp is a sub-command that changes nothing.
func identityLookUp(use, short string, args int, set func(*identityFlags)) *cobra.Command {
	f := &identityFlags{}
	set(f)
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, given []string) error {
			if f.format != "table" && f.format != "json" {
				return usageError{fmt.Errorf("--format %q: there are table and json", f.format)}
			}
			if err := cobra.ExactArgs(args)(cmd, given); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, given []string) error {
			if args == 1 {
				f.opts.Key = given[0]
			}
			return f.start(cmd)
		},
	}
	targetFlag(cmd, &f.data)
	cmd.Flags().StringVar(&f.format, "format", "table", "table or json")
	cmd.Flags().BoolVar(&f.opts.Masked, "mask", false, "shorten addresses and numbers, as the pages do")
	if args == 0 {
		cmd.Flags().IntVar(&f.opts.Limit, "limit", 100, "how many rows at most, 0 for all")
	}
	return cmd
}

// identityState is a sub-command that states something of two keys.
func identityState(use, short, verdict string) *cobra.Command {
	f := &identityFlags{run: app.State}
	st := &f.opts.Statement
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, given []string) error {
			if err := cobra.ExactArgs(2)(cmd, given); err != nil {
				return usageError{err}
			}
			if st.By == "" {
				return usageError{errors.New("name who says so with --by")}
			}
			if verdict != "" && st.Why == "" {
				return usageError{errors.New("give a reason with --why: whoever looks at these keys next will ask")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, given []string) error {
			st.A, st.B, st.Verdict, st.At = given[0], given[1], verdict, time.Now().UTC().Truncate(time.Millisecond)
			return f.start(cmd)
		},
	}
	targetFlag(cmd, &f.data)
	cmd.Flags().StringVar(&st.By, "by", "", "who says so")
	cmd.Flags().StringVar(&st.Why, "why", "", "why")
	return cmd
}
