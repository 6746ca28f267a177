package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/internal/app"
)

// correctFlags are what the command line says.
type correctFlags struct {
	data, format  string
	list, verbose bool
	opts          app.CorrectOptions
}

func newCorrectCommand() *cobra.Command {
	var f correctFlags
	cmd := &cobra.Command{
		Use:   "correct",
		Short: "Say how a customer's text really sounds, in place of the scorer",
		Long: `Corrects the mood of one text. A correction overrides the scorer in every report, stays when texts are scored or tagged
again, and serves "tappa train-mood" as an example. The newest correction of a text counts.

An interaction is named by its origin and id, which "tappa report steps" lists (--wide). With --data it works on an embedded data
directory, also while another tappa runs on it; otherwise on the servers that the TAPPA_* variables name.

The labels are ` + strings.Join(aggregate.MoodLabels(), ", ") + `;
the emotions ` + strings.Join(app.Emotions(), ", ") + ".",
		Example: `  tappa correct --data data/mine --origin helpdesk --id 4711/2 --label negative --emotion impatience --by Anna
  tappa correct --data data/mine --origin helpdesk --id 4711/2 --remove --by Anna
  tappa correct --data data/mine --list`,
		Args: func(_ *cobra.Command, args []string) error { return f.check(args) },
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if f.opts.Target, err = target(f.data); err != nil {
				return err
			}
			f.opts.Out, f.opts.Logger = cmd.OutOrStdout(), newLogger(cmd, f.verbose)
			if f.list {
				return app.Corrections(cmd.Context(), f.opts, f.format == "json")
			}
			f.opts.Correction.At = time.Now().UTC().Truncate(time.Millisecond)
			return app.Correct(cmd.Context(), f.opts)
		},
	}
	targetFlag(cmd, &f.data)
	flags, c := cmd.Flags(), &f.opts.Correction
	flags.StringVar(&c.Origin, "origin", "", "the system the interaction came from")
	flags.StringVar(&c.ID, "id", "", "its id there")
	flags.StringVar(&c.Label, "label", "", "how the text sounds")
	flags.StringVar(&c.Emotion, "emotion", "", "which emotion it shows (default: the scorer's, if it agrees on the label)")
	flags.StringVar(&c.By, "by", "", "who says so")
	flags.StringVar(&c.Note, "note", "", "why")
	flags.BoolVar(&f.opts.Remove, "remove", false, "take the correction back")
	flags.BoolVar(&f.list, "list", false, "list all corrections")
	flags.StringVar(&f.format, "format", "table", "of the list: table or json")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	return cmd
}

// check says everything that is wrong with the flags.
func (f *correctFlags) check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown argument %q", args[0])
	}
	if f.format != "table" && f.format != "json" {
		return fmt.Errorf("--format %q: there are table and json", f.format)
	}
	if f.list {
		return nil
	}
	c := f.opts.Correction
	var errs []error
	if c.Origin == "" || c.ID == "" {
		errs = append(errs, errors.New("name the interaction with --origin and --id"))
	}
	if c.By == "" {
		errs = append(errs, errors.New("name who says so with --by"))
	}
	if labels := aggregate.MoodLabels(); !f.opts.Remove && !slices.Contains(labels, c.Label) {
		errs = append(errs, fmt.Errorf("--label %q: there are %s", c.Label, strings.Join(labels, ", ")))
	}
	if c.Emotion != "" && !slices.Contains(app.Emotions(), c.Emotion) {
		errs = append(errs, fmt.Errorf("--emotion %q: there are %s", c.Emotion, strings.Join(app.Emotions(), ", ")))
	}
	return errors.Join(errs...)
}
