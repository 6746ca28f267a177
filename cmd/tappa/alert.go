package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/alert"
	"tappa/internal/app"
	"tappa/journey"
)

func newAlertCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alert",
		Short: "check an alerts file, look at its numbers, send a test",
		Long: `Alerts watch numbers of reports and tell people by webhook or mail. "tappa up --alerts FILE" and, with TAPPA_ALERTS=FILE,
"tappa serve" do that; these commands help to write the file. docs/alerts.md explains it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAlertCheckCommand(), newAlertListCommand(), newAlertTestCommand(), newAlertSchemaCommand())
	return cmd
}

func newAlertCheckCommand() *cobra.Command {
	var files []string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "say what is wrong with an alerts file, with line and column",
		Long: `Says what is wrong with an alerts file, with line and column: also reports and columns that do not exist. With --journey it looks
for the stages, touchpoints, departments and personas that the alerts are asked for in those files, too.`,
		Example: `  tappa alert check alerts.yaml --journey journey.yaml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := alert.Load(args[0])
			if err != nil {
				return err
			}
			var journeys []*journey.Journey
			for _, file := range files {
				j, err := journey.Load(file)
				if err != nil {
					return err
				}
				journeys = append(journeys, j)
			}
			if problems := d.CheckNames(args[0], journeys); len(problems) > 0 {
				return problems
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is good: %s, looked at every %s\n", args[0], count(len(d.Alerts), "alert"), d.Every)
			return err
		},
	}
	cmd.Flags().StringArrayVar(&files, "journey", nil, "journey file that has what the alerts are asked for; may be repeated")
	return cmd
}

// alertFlags are what list and test share.
type alertFlags struct{ data, file string }

func (f *alertFlags) add(cmd *cobra.Command) {
	dataFlag(cmd, &f.data)
	cmd.Flags().StringVar(&f.file, "alerts", "alerts.yaml", "alerts file")
}

// reading loads the file, opens the store, and calls use.
func (f alertFlags) reading(cmd *cobra.Command, use func(context.Context, *alert.Definitions, *aggregate.Store) error) (err error) {
	d, err := alert.Load(f.file)
	if err != nil {
		return err
	}
	store, closeStore, err := openStore(cmd.Context(), f.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	return use(cmd.Context(), d, store)
}

func newAlertListCommand() *cobra.Command {
	var f alertFlags
	var at string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "look at all alerts now, without telling anybody",
		Example: `  tappa alert list --alerts alerts.yaml --data data/demo`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := time.Now()
			if at != "" {
				var err error
				if now, err = time.Parse(time.RFC3339, at); err != nil {
					return usageError{fmt.Errorf("--at %q: write it like 2026-06-30T12:00:00Z", at)}
				}
			}
			return f.reading(cmd, func(ctx context.Context, d *alert.Definitions, store *aggregate.Store) error {
				return listAlerts(ctx, cmd.OutOrStdout(), d, store, now)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as of this instant instead of now")
	return cmd
}

// over is how many a number is over, which not every column says.
func over(f alert.Finding) string {
	if f.N == 0 && f.Value != nil && *f.Value != 0 {
		return "–"
	}
	return fmt.Sprint(f.N)
}

func listAlerts(ctx context.Context, w io.Writer, d *alert.Definitions, store *aggregate.Store, now time.Time) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "alert\tof\tvalue\tn\tbefore\tchange\twhen\tholds")
	var errs []error
	for _, a := range d.Alerts {
		found, err := a.Evaluate(ctx, store, now)
		errs = append(errs, err)
		for _, f := range found {
			_, of, _ := strings.Cut(f.Cause, "/")
			holds := "no"
			if f.Holds {
				holds = "YES"
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, dashed(of), number(f.Value, f.Unit), over(f), number(f.Baseline, f.Unit),
				number(f.Change, "share"), a.Condition(), holds)
		}
		if err == nil && len(found) == 0 {
			fmt.Fprintf(out, "%s\t–\t–\t0\t–\t–\t%s\tno\n", a.ID, a.Condition())
		}
	}
	return errors.Join(append(errs, out.Flush())...)
}

func newAlertTestCommand() *cobra.Command {
	var f alertFlags
	cmd := &cobra.Command{
		Use:   "test NAME",
		Short: "tell everybody whom an alert would tell that this is a test",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.reading(cmd, func(ctx context.Context, d *alert.Definitions, store *aggregate.Store) error {
				var err error
				if d.Journeys, err = app.LoadJourneys(ctx, store, nil); err != nil {
					return err
				}
				told, err := d.Test(ctx, store, args[0], time.Now())
				if len(told) > 0 {
					fmt.Fprintf(cmd.OutOrStdout(), "told: %s\n", strings.Join(told, ", "))
				}
				return err
			})
		},
	}
	f.add(cmd)
	return cmd
}

func newAlertSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of alerts files, for editors",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(alert.Schema())
			return err
		},
	}
}
