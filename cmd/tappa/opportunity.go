package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tappa/aggregate"
	"tappa/internal/app"
	"tappa/journey"
)

func newOpportunityCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "opportunity",
		Short: "gaps to close and upsells: who does what by when, and whether it worked",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOpportunityAddCommand(), newOpportunityListCommand(), newOpportunityCloseCommand())
	return cmd
}

// writing opens the store for writing, and calls use.
func writing(cmd *cobra.Command, dir string, use func(ctx context.Context, store *aggregate.Store) error) (err error) {
	to, err := target(dir)
	if err != nil {
		return err
	}
	store, closeStore, err := app.OpenForWriting(cmd.Context(), to, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	return use(cmd.Context(), store)
}

func newOpportunityAddCommand() *cobra.Command {
	var dir, kpi, view, metric, better, baseline, journeyID string
	var filter map[string]string
	var goal string
	var o aggregate.Opportunity
	cmd := &cobra.Command{
		Use:   "add",
		Short: "add an opportunity, measured against a snapshot",
		Example: `  tappa opportunity add --data data/demo --touchpoint quote --department sales --action "call back within a day" \
      --due 2026-06-30 --kpi quote-conversion
  tappa opportunity add --kind upsell --touchpoint customer-area --department sales --action "offer maintenance" --due 2026-06-30 \
      --view dropoff --metric step_conversion --filter stage=use --target "75 %" --better up`,
		Args: func(cmd *cobra.Command, args []string) error {
			if (kpi == "") == (view == "") {
				return usageError{errors.New("name the number to move: --kpi ID, or --view, --metric, --filter, --target and --better")}
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			value := 0.
			var err error
			if cmd.Flags().Changed("target") {
				if value, err = aggregate.ParseTarget(goal); err != nil {
					return usageError{fmt.Errorf("--target: %w", err)}
				}
			}
			if o.Baseline, o.BaselineVersion, err = readMonth(baseline); err != nil {
				return err
			}
			return writing(cmd, dir, func(ctx context.Context, store *aggregate.Store) error {
				j, err := storedJourney(ctx, store, journeyID)
				if err != nil {
					return err
				}
				o.Journey = j.ID
				o.Target = journey.KPI{View: view, Metric: metric, Filter: filter, Better: better}
				if kpi != "" {
					if o.Target, err = findKPI(j, kpi); err != nil {
						return err
					}
				}
				if cmd.Flags().Changed("target") {
					o.Target.Target = &value
				}
				added, err := store.AddOpportunity(ctx, o)
				if err != nil {
					return err
				}
				w := cmd.OutOrStdout()
				fmt.Fprintf(w, "opportunity %s added, measured against %s version %d\n", added.ID, added.Baseline, added.BaselineVersion)
				out, err := store.Standing(ctx, added)
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "before %s, target %s\n", number(out.Current.Value, out.Current.Unit), number(added.Target.Target, out.Current.Unit))
				writeRemarks(w, out)
				return nil
			})
		},
	}
	targetFlag(cmd, &dir)
	flags := cmd.Flags()
	flags.StringVar(&journeyID, "journey", "", "journey's id (default: the only one stored)")
	flags.StringVar(&o.ID, "id", "", "a name for it (default: the next number)")
	flags.StringVar(&o.Kind, "kind", aggregate.Fix, "fix or upsell")
	flags.StringVar(&o.Touchpoint, "touchpoint", "", "where")
	flags.StringVar(&o.Department, "department", "", "who owns it")
	flags.StringVar(&o.Action, "action", "", "what is to be done")
	flags.StringVar(&o.Due, "due", "", "by when: 2026-06-30")
	flags.StringVar(&kpi, "kpi", "", "the number to move: a KPI of the journey file")
	flags.StringVar(&view, "view", "", "or a number of its own, with --metric and --target: the report")
	flags.StringVar(&metric, "metric", "", "with --view: the column")
	flags.StringToStringVar(&filter, "filter", nil, "with --view: a filter, such as stage=decision")
	flags.StringVar(&better, "better", "up", "with --view: which way is better, up or down")
	flags.StringVar(&goal, "target", "", `value to reach: 0.3 or "30 %" of a share, seconds of a duration (default: the KPI's)`)
	flags.StringVar(&baseline, "baseline", "", "month of the snapshot to measure against (default: the newest)")
	for _, name := range []string{"touchpoint", "department", "action", "due"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func findKPI(j *journey.Journey, id string) (journey.KPI, error) {
	var names []string
	for _, k := range j.KPIs {
		if k.ID == id {
			return k, nil
		}
		names = append(names, k.ID)
	}
	return journey.KPI{}, fmt.Errorf("the journey has no KPI %q; there are: %s", id, strings.Join(names, ", "))
}

func newOpportunityListCommand() *cobra.Command {
	var f snapshotFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list opportunities with what they are expected to be worth, and how later months compare",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.reading(cmd, func(ctx context.Context, store *aggregate.Store) error {
				list, err := store.Opportunities(ctx, f.journey)
				if err != nil {
					return err
				}
				outlooks := make([]aggregate.Outlook, len(list))
				for i, o := range list {
					if outlooks[i], err = store.Outlook(ctx, o); err != nil {
						return err
					}
				}
				if f.format == "json" {
					return writeIndented(cmd.OutOrStdout(), outlooks)
				}
				return writeOutlooks(cmd.OutOrStdout(), outlooks)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func writeOutlooks(w io.Writer, outlooks []aggregate.Outlook) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "id\tkind\ttouchpoint\towner\tdue\taction\tbefore\ttarget\tnow\tverdict\texpected a month\tlow (95 %)\thigh (95 %)\tclosed")
	for _, v := range outlooks {
		o, unit := v.Opportunity, v.Current.Unit
		now, verdict := "–", "–"
		if n := len(v.Progress); n > 0 {
			last := v.Progress[n-1]
			now, verdict = number(last.Change.After.Value, unit)+" ("+last.Month+")", last.Change.Verdict
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.ID, o.Kind, o.Touchpoint, o.Department, o.Due, o.Action,
			number(v.Current.Value, unit), number(o.Target.Target, unit), now, verdict,
			number(v.Expected.Value, ""), number(v.Expected.Low, ""), number(v.Expected.High, ""), dashed(o.Closed))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for _, v := range outlooks {
		writeRemarks(w, v)
	}
	return nil
}

func writeRemarks(w io.Writer, v aggregate.Outlook) {
	for _, r := range v.Remarks() {
		fmt.Fprintf(w, "opportunity %s: "+remarks[r.Kind]+"\n", append([]any{v.Opportunity.ID}, r.Words...)...)
	}
}

// remarks are the words of what has to be known of an opportunity's numbers.
var remarks = map[string]string{
	aggregate.RemarkNotHeld:     "before is computed now, under definition %s; %s does not hold that number",
	aggregate.RemarkEarly:       "before is computed now, under definition %s; most of what counts had not had its time when %s was frozen",
	aggregate.RemarkDefinitions: "before was computed under definition %s, now under %s; they may differ because of that alone",
	aggregate.RemarkReached: "its number meets the target already, before anything is done: there is nothing to gain, so what is expected is not above zero; " +
		"close it and add one whose target is still to be reached",
	aggregate.RemarkProblem: "it cannot be measured any more: %s",
}

func newOpportunityCloseCommand() *cobra.Command {
	var dir, id, why string
	cmd := &cobra.Command{
		Use:   "close ID",
		Short: "close an opportunity; it stays in the list",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("name one opportunity; `tappa opportunity list` shows them")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return writing(cmd, dir, func(ctx context.Context, store *aggregate.Store) error {
				o, err := store.CloseOpportunity(ctx, id, args[0], why)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "opportunity %s closed: %s\n", o.ID, o.Closed)
				return err
			})
		},
	}
	targetFlag(cmd, &dir)
	cmd.Flags().StringVar(&id, "journey", "", "journey's id (default: the only one stored)")
	cmd.Flags().StringVar(&why, "why", "", "why: target reached, given up …")
	return cmd
}
