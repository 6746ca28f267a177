package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tappa/ingest"
	"tappa/internal/app"
)

// replayFlags are what the command line says.
type replayFlags struct {
	data, since, until string
	set                []string
	verbose            bool
	replay             ingest.ReplayOptions
}

func newReplayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Publish dead letters again, once what made them fail is put right",
		Long: `Publishes dead letters to the topics they were read from, with their original bytes and headers. Running it twice changes
nothing: what is stored by now is left out, and so is what failed again with the same reason.

With --data it works on an embedded data directory, and collects what it replayed unless another tappa does; otherwise
on the servers that the TAPPA_* variables name ("tappa serve --help" lists them).

The reasons are ` + strings.Join(reasonNames(), ", ") + ".",
		Example: `  tappa replay --data data/mine --dry-run
  tappa replay --data data/mine --reason missing-key --since 2026-03-01T00:00:00Z
  tappa replay --reason bad-payload --source crm --set data.customer.account=example.com --rate 200`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runReplay(cmd, f) },
	}
	targetFlag(cmd, &f.data)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.replay.Reasons, "reason", nil, "only letters with this reason; may be repeated")
	flags.StringVar(&f.since, "since", "", "only letters put there since: RFC 3339, or a duration ago such as 36h")
	flags.StringVar(&f.until, "until", "", "only letters put there before")
	flags.StringVar(&f.replay.Source, "source", "", "only events of this CloudEvents source, or of this kind (form, ticket, …)")
	flags.StringArrayVar(&f.set, "set", nil, "PATH=VALUE: set a value of each event, such as data.customer.phone=+39021234567; may be repeated")
	flags.BoolVar(&f.replay.Again, "again", false, "also what was replayed before and failed again, or certainly would")
	flags.BoolVar(&f.replay.DryRun, "dry-run", false, "only say what would be done")
	flags.Float64Var(&f.replay.Rate, "rate", 0, "records a second at most (default: no limit)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	return cmd
}

func runReplay(cmd *cobra.Command, f replayFlags) error {
	opts, err := f.options(time.Now())
	if err != nil {
		return usageError{err}
	}
	where, err := target(f.data)
	if err != nil {
		return err
	}
	run := app.ReplayOptions{Target: where, Replay: opts, Out: cmd.OutOrStdout(), Logger: newLogger(cmd, f.verbose)}
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		run.Progress = cmd.ErrOrStderr()
	}
	return app.Replay(cmd.Context(), run)
}

// options checks the flags and says all that is wrong with them.
func (f replayFlags) options(now time.Time) (ingest.ReplayOptions, error) {
	opts := f.replay
	var errs []error
	for _, r := range opts.Reasons {
		if !slices.Contains(reasonNames(), r) {
			errs = append(errs, fmt.Errorf("--reason %q: the reasons are %s", r, strings.Join(reasonNames(), ", ")))
		}
	}
	if opts.Rate < 0 {
		errs = append(errs, fmt.Errorf("--rate %v: must not be negative", opts.Rate))
	}
	var err error
	if opts.Since, err = instant("--since", f.since, now); err != nil {
		errs = append(errs, err)
	}
	if opts.Until, err = instant("--until", f.until, now); err != nil {
		errs = append(errs, err)
	}
	for _, s := range f.set {
		edit, err := ingest.ParseEdit(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("--set: %w", err))
			continue
		}
		opts.Edits = append(opts.Edits, edit)
	}
	return opts, errors.Join(errs...)
}

// instant reads an instant, or a duration before now.
func instant(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(s); err == nil {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, fmt.Errorf("%s %q: write it like 2026-06-30T12:00:00Z, or as a duration ago like 36h", flag, s)
	}
	return at, nil
}

// reasonNames are all reasons there are.
func reasonNames() (all []string) {
	for _, r := range ingest.Reasons() {
		all = append(all, string(r))
	}
	return all
}
