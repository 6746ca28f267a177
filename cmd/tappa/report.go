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
)

// reportFlags are what the command line says; instants are read once the journey's time zone is known.
type reportFlags struct {
	data, format   string
	from, to, asOf string
	wide           bool
	query          aggregate.Query
}

func newReportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report [NAME]",
		Short: "Print any view; without a name, list them",
		Long: `Print a report computed from the stored interactions. Without a name, list the reports.

The table goes to standard output, how it was computed to standard error. In csv and json, durations are seconds,
shares are fractions and times are UTC.`,
		Example: `  tappa report dropoff --data data/demo
  tappa report timing --by department --from 2026-01-01 --to 2026-02-01
  tappa report visits --stage decision --state lost_silent --format csv`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("one report at a time, not %d: %s", len(args), strings.Join(args, " "))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listReports(cmd.OutOrStdout(), f.query.Lang)
			}
			return runReport(cmd, args[0], f)
		},
	}
	dataFlag(cmd, &f.data)
	flags := cmd.Flags()
	f.addFilters(cmd, "from this day or instant on: 2006-01-31 in the journey's time zone, or RFC 3339")
	flags.StringVar(&f.query.Activity, "activity", "", "only this activity (report steps)")
	flags.StringVar(&f.query.Case, "case", "", "the case's id (report timeline)")
	flags.StringVar(&f.query.By, "by", "", "split by stage, touchpoint, department, persona or channel (timing, mood)")
	langFlag(cmd, &f.query.Lang, "language of labels: it or en")
	flags.IntVar(&f.query.Limit, "limit", 0, "rows at most (default: all)")
	flags.StringVar(&f.format, "format", "table", "table, csv or json")
	flags.BoolVar(&f.wide, "wide", false, "all columns in the table")
	return cmd
}

// addFilters adds the flags that say of whom, and of what, a report is. From says what it is that begins on day --from.
func (f *reportFlags) addFilters(cmd *cobra.Command, from string) {
	flags := cmd.Flags()
	flags.StringVar(&f.query.Journey, "journey", "", "journey's id (default: the only one stored)")
	flags.StringVar(&f.from, "from", "", from)
	flags.StringVar(&f.to, "to", "", "to before this day or instant")
	flags.StringVar(&f.asOf, "as-of", "", "as things stood at this instant, or at the end of this day (default: the newest interaction)")
	flags.StringVar(&f.query.Persona, "persona", "", `only this persona; "-" is none, also of channels, touchpoints, departments and stages`)
	flags.StringVar(&f.query.Channel, "channel", "", "only this channel")
	flags.StringVar(&f.query.Touchpoint, "touchpoint", "", "only this touchpoint")
	flags.StringVar(&f.query.Department, "department", "", "only this department")
	flags.StringVar(&f.query.Stage, "stage", "", "only this stage")
	flags.StringVar(&f.query.Account, "account", "", `only this account's; "-" is nobody's, "+" any account's`)
	flags.StringVar(&f.query.Customer, "customer", "", "only new customers, or existing ones: who completed an earlier case")
	flags.Float64Var(&f.query.ValueMin, "value-min", 0, "only where the case had shown at least this value by then")
	flags.Float64Var(&f.query.ValueMax, "value-max", 0, "only where the case had shown no more than this value by then (default: no bound)")
	flags.StringVar(&f.query.State, "state", "", "only rows in this state (lists)")
	flags.BoolVar(&f.query.Whole, "whole-keys", false, "show contact keys in full instead of shortened")
}

// listReports prints a line for each report.
func listReports(w io.Writer, lang string) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, info := range aggregate.Reports() {
		fmt.Fprintf(out, "%s\t%s\n", info.Name, info.Abouts.In(lang))
	}
	return out.Flush()
}

func runReport(cmd *cobra.Command, name string, f reportFlags) (err error) {
	if err := checkReport(name, f); err != nil {
		return usageError{err}
	}
	if err := checkTaken(cmd, name); err != nil {
		return usageError{err}
	}
	ctx := cmd.Context()
	store, closeStore, err := openStore(ctx, f.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	q, err := f.withInstants(ctx, store)
	if err != nil {
		return err
	}
	report, err := store.Report(ctx, name, q)
	if err != nil {
		return err
	}
	switch f.format {
	case "json":
		return report.WriteJSON(cmd.OutOrStdout())
	case "csv":
		return report.WriteCSV(cmd.OutOrStdout())
	}
	fmt.Fprintln(cmd.ErrOrStderr(), report.How)
	return report.WriteTable(cmd.OutOrStdout(), q.Lang, f.wide)
}

// checkReport refuses what is wrong whatever is stored, before anything is opened.
func checkReport(name string, f reportFlags) error {
	switch f.format {
	case "table", "csv", "json":
	default:
		return fmt.Errorf("there is no format %q; there are: table, csv, json", f.format)
	}
	if f.query.Limit < 0 {
		return fmt.Errorf("--limit %d: give a number of rows, or 0 for all", f.query.Limit)
	}
	if name == "timeline" && f.query.Case == "" {
		return errors.New("--case: name a case by its id; tappa report cases lists them")
	}
	for flag, value := range map[string]string{"from": f.from, "to": f.to, "as-of": f.asOf} {
		if _, err := parseInstant(value, time.UTC, 0); err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
	}
	var names []string
	for _, info := range aggregate.Reports() {
		if name == info.Name || name == info.View {
			return nil
		}
		names = append(names, info.Name)
	}
	return fmt.Errorf("there is no report %q; there are: %s", name, strings.Join(names, ", "))
}

// reportParameters are the flags that only some reports take, and the parameters of views behind them.
var reportParameters = [][2]string{
	{"from", "from"},
	{"to", "to"},
	{"as-of", "as_of"},
	{"persona", "persona"},
	{"channel", "channel"},
	{"touchpoint", "touchpoint"},
	{"department", "department"},
	{"stage", "stage"},
	{"account", "account"},
	{"customer", "customer"},
	{"value-min", "value_from"},
	{"value-max", "value_to"},
	{"state", "state"},
	{"by", "by"},
	{"activity", "activity"},
	{"case", "case_id"},
}

// checkTaken refuses flags that a report does not take: its answer would be as if they were not there.
func checkTaken(cmd *cobra.Command, name string) error {
	info, err := aggregate.FindReport(name)
	if err != nil {
		return err
	}
	var taken []string
	wrong := ""
	for _, p := range reportParameters {
		flag := cmd.Flags().Lookup(p[0])
		switch {
		case flag == nil:
		case info.Takes(p[1]):
			taken = append(taken, "--"+p[0])
		case flag.Changed && wrong == "":
			wrong = p[0]
		}
	}
	if wrong == "" {
		return nil
	}
	return fmt.Errorf("report %s does not take --%s; it takes %s", info.Name, wrong, strings.Join(taken, ", "))
}

// withInstants reads days in the time zone of the journey.
func (f reportFlags) withInstants(ctx context.Context, store *aggregate.Store) (aggregate.Query, error) {
	q := f.query
	zone, err := journeyZone(ctx, store, q.Journey)
	if err != nil {
		return q, err
	}
	if q.From, err = parseInstant(f.from, zone, 0); err != nil {
		return q, err
	}
	if q.To, err = parseInstant(f.to, zone, 0); err != nil {
		return q, err
	}
	q.AsOf, err = parseInstant(f.asOf, zone, 1)
	return q, err
}

// journeyZone gives the time zone of a journey, or of the only one; UTC where the report itself will complain.
func journeyZone(ctx context.Context, store *aggregate.Store, id string) (*time.Location, error) {
	stored, err := store.Journeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, j := range stored {
		if string(j.Journey) == id || (id == "" && len(stored) == 1) {
			return time.LoadLocation(j.TimeZone)
		}
	}
	return time.UTC, nil
}

// parseInstant reads RFC 3339, or the beginning of a day in zone, or of the day so many days later, less a millisecond.
// Empty is the zero instant.
func parseInstant(s string, zone *time.Location, daysLater int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a day like 2026-01-31 nor an instant like 2026-01-31T18:00:00+01:00", s)
	}
	if daysLater > 0 {
		return day.AddDate(0, 0, daysLater).Add(-time.Millisecond), nil
	}
	return day, nil
}
