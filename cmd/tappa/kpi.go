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
	"tappa/journey"
)

func newKPICommand() *cobra.Command {
	var f snapshotFlags
	var before, after, asOf, lang string
	cmd := &cobra.Command{
		Use:   "kpi",
		Short: "print the journey's KPIs, or compare them before and after a change",
		Long: `Prints the KPIs of the journey file with n, 95 % interval and target. With --before and --after, each a period A..B of
days in the journey's time zone (B is not part of it), it compares them:

  better, worse    real: a two-sided test under 5 %, or intervals apart, and the way the journey file calls better or not
  no real change   chance alone might do that
  too early        fewer than half of what counts have had their time

The change is relative; of a number that may be negative, such as mood, it is the difference in points.`,
		Example: `  tappa kpi --data data/demo
  tappa kpi --before 2026-01-01..2026-03-01 --after 2026-03-01..2026-05-01`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (before == "") != (after == "") {
				return usageError{errors.New("--before and --after go together")}
			}
			for _, p := range []string{before, after} {
				if _, _, err := readPeriod(p, time.UTC); err != nil {
					return usageError{err}
				}
			}
			if _, err := parseInstant(asOf, time.UTC, 0); err != nil {
				return usageError{fmt.Errorf("--as-of: %w", err)}
			}
			return f.reading(cmd, func(ctx context.Context, store *aggregate.Store) error {
				return runKPI(ctx, cmd, store, f, [2]string{before, after}, asOf, lang)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&before, "before", "", "period before the change: 2026-01-01..2026-03-01")
	cmd.Flags().StringVar(&after, "after", "", "period after it")
	cmd.Flags().StringVar(&asOf, "as-of", "", "as things stood at this instant, or at the end of this day (default: the newest interaction)")
	langFlag(cmd, &lang, "language of labels: it or en")
	return cmd
}

func runKPI(ctx context.Context, cmd *cobra.Command, store *aggregate.Store, f snapshotFlags, periods [2]string, asOf, lang string) error {
	j, err := storedJourney(ctx, store, f.journey)
	if err != nil {
		return err
	}
	if len(j.KPIs) == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "journey %s names no KPIs: add some under kpis in its file\n", j.ID)
	}
	q := aggregate.Query{Journey: string(j.ID)}
	if q.AsOf, err = parseInstant(asOf, j.Location, 1); err != nil {
		return err
	}
	if periods[0] == "" {
		measured, unusable, err := measureKPIs(ctx, store, j, q, "")
		if err != nil {
			return err
		}
		values := make([]aggregate.KPIValue, len(measured))
		for i, of := range measured {
			values[i] = of[0]
		}
		if f.format == "json" {
			return errors.Join(writeIndented(cmd.OutOrStdout(), values), unusable)
		}
		return errors.Join(writeKPIs(cmd.OutOrStdout(), values, lang), unusable)
	}
	measured, unusable, err := measureKPIs(ctx, store, j, q, periods[:]...)
	if err != nil {
		return err
	}
	changes := make([]aggregate.KPIChange, len(measured))
	for i, of := range measured {
		changes[i] = aggregate.Compare(of[0], of[1])
	}
	if f.format == "json" {
		return errors.Join(writeIndented(cmd.OutOrStdout(), changes), unusable)
	}
	return errors.Join(writeKPIChanges(cmd.OutOrStdout(), changes, lang), unusable)
}

// measureKPIs measures the KPIs of a journey in each of some periods; "" is all time. Those that are no one number in one of them are
// unusable, and keep nobody from the others.
func measureKPIs(ctx context.Context, store *aggregate.Store, j *journey.Journey, q aggregate.Query, periods ...string) (measured [][]aggregate.KPIValue, unusable, err error) {
	for _, k := range j.KPIs {
		values, err := measureKPI(ctx, store, j, k, q, periods)
		if _, bad := errors.AsType[*aggregate.BadQueryError](err); bad {
			unusable = errors.Join(unusable, err)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		measured = append(measured, values)
	}
	return measured, unusable, nil
}

func measureKPI(ctx context.Context, store *aggregate.Store, j *journey.Journey, k journey.KPI, q aggregate.Query, periods []string) ([]aggregate.KPIValue, error) {
	values := make([]aggregate.KPIValue, len(periods))
	for i, period := range periods {
		var err error
		if q.From, q.To, err = readPeriod(period, j.Location); err != nil {
			return nil, err
		}
		if values[i], err = store.KPI(ctx, k, q); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// readPeriod reads "A..B", two days or instants.
func readPeriod(s string, zone *time.Location) (from, to time.Time, err error) {
	if s == "" {
		return from, to, nil
	}
	a, b, ok := strings.Cut(s, "..")
	if !ok || a == "" || b == "" {
		return from, to, fmt.Errorf("%q: a period is written 2026-01-01..2026-02-01", s)
	}
	if from, err = parseInstant(a, zone, 0); err != nil {
		return from, to, err
	}
	if to, err = parseInstant(b, zone, 0); err != nil {
		return from, to, err
	}
	if !from.Before(to) {
		return from, to, fmt.Errorf("period %q ends before it begins", s)
	}
	return from, to, nil
}

// storedJourney is the definition that the store holds; "" is the only one.
func storedJourney(ctx context.Context, store *aggregate.Store, id string) (*journey.Journey, error) {
	stored, err := store.Journeys(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range stored {
		if string(s.Journey) == id || (id == "" && len(stored) == 1) {
			return journey.Parse(string(s.Journey), []byte(s.YAML))
		}
		names = append(names, string(s.Journey))
	}
	if len(names) == 0 {
		return nil, errors.New("no journey is stored here yet: import something first")
	}
	return nil, fmt.Errorf("name one of these journeys with --journey: %s", strings.Join(names, ", "))
}

func writeKPIs(w io.Writer, values []aggregate.KPIValue, lang string) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "kpi\tvalue\tfrom\tto\tn\ttarget\treached")
	for _, v := range values {
		met := "–"
		switch {
		case v.Early:
			met = aggregate.TooEarly
		case v.Met != nil && *v.Met:
			met = "yes"
		case v.Met != nil:
			met = "no"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", v.Labels.In(lang), number(v.Value, v.Unit), number(v.Low, v.Unit), number(v.High, v.Unit), v.N,
			number(v.Target, v.Unit), met)
	}
	return out.Flush()
}

func writeKPIChanges(w io.Writer, changes []aggregate.KPIChange, lang string) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "kpi\tbefore\tn\tafter\tn\tchange\ttarget\tp\tverdict")
	for _, c := range changes {
		unit := c.Before.Unit
		fmt.Fprintf(out, "%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\n", c.Before.Labels.In(lang), between(c.Before.Measured, unit), c.Before.N,
			between(c.After.Measured, unit), c.After.N, changed(c), number(c.Before.Target, unit), likelihood(c.P), c.Verdict)
	}
	return out.Flush()
}

// changed writes a change: relative, or, of a number that may be negative, the difference; of shares in points.
func changed(c aggregate.KPIChange) string {
	switch {
	case c.Change == nil || c.ChangeIs == aggregate.RelativeChange:
		return number(c.Change, "share")
	case c.Before.Unit == "share":
		points := strings.TrimSuffix(number(c.Change, "share"), " %") + " points"
		if *c.Change > 0 {
			points = "+" + points
		}
		return points
	case *c.Change > 0:
		return "+" + number(c.Change, c.Before.Unit)
	}
	return number(c.Change, c.Before.Unit)
}

// between writes a number with its 95 % interval, where there is one.
func between(m aggregate.Measured, unit string) string {
	if m.Low == nil || m.High == nil {
		return number(m.Value, unit)
	}
	return fmt.Sprintf("%s (%s … %s)", number(m.Value, unit), number(m.Low, unit), number(m.High, unit))
}
