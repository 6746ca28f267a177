package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tappa/aggregate"
)

func newSnapshotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "list, show and compare the months that were frozen",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSnapshotListCommand(), newSnapshotShowCommand(), newSnapshotDiffCommand())
	return cmd
}

// snapshotFlags are what the snapshot commands share.
type snapshotFlags struct{ data, journey, format string }

func (f *snapshotFlags) add(cmd *cobra.Command) {
	dataFlag(cmd, &f.data)
	cmd.Flags().StringVar(&f.journey, "journey", "", "journey's id (default: the only one stored)")
	cmd.Flags().StringVar(&f.format, "format", "table", "table or json")
}

// reading opens the store, and calls use.
func (f snapshotFlags) reading(cmd *cobra.Command, use func(ctx context.Context, store *aggregate.Store) error) (err error) {
	if f.format != "table" && f.format != "json" {
		return usageError{fmt.Errorf("--format %q: there are table and json", f.format)}
	}
	store, closeStore, err := openStore(cmd.Context(), f.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	return use(cmd.Context(), store)
}

// readMonth reads "2026-01" or "2026-01@2", a month and the version of its snapshot; 0 is the newest.
func readMonth(s string) (month string, version uint32, err error) {
	month, number, given := strings.Cut(s, "@")
	if !given {
		return month, 0, nil
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 {
		return "", 0, usageError{fmt.Errorf("%q: a version is written like 2026-01@2", s)}
	}
	return month, uint32(n), nil
}

func newSnapshotListCommand() *cobra.Command {
	var f snapshotFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list the snapshots of a journey, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.reading(cmd, func(ctx context.Context, store *aggregate.Store) error {
				list, err := store.Snapshots(ctx, f.journey)
				if err != nil {
					return err
				}
				if f.format == "json" {
					return writeIndented(cmd.OutOrStdout(), list)
				}
				out := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(out, "month\tversion\tas of\tinteractions\trestated\tdefinition\tsoftware\tsha256")
				for _, s := range list {
					fmt.Fprintf(out, "%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\n", s.Month, s.Version, s.AsOf.Format("2006-01-02T15:04:05.000Z"), s.Interactions,
						dashed(s.Reason), s.Definition, s.Software, s.SHA256[:12])
				}
				return out.Flush()
			})
		},
	}
	f.add(cmd)
	return cmd
}

func newSnapshotShowCommand() *cobra.Command {
	var f snapshotFlags
	var month string
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "print a snapshot's frozen content: canonical JSON, byte for byte",
		Example: `  tappa snapshot show --month 2026-01 | sha256sum`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, version, err := readMonth(month)
			if err != nil {
				return err
			}
			return f.reading(cmd, func(ctx context.Context, store *aggregate.Store) error {
				snap, err := store.Snapshot(ctx, f.journey, name, version)
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(snap.Content())
				return err
			})
		},
	}
	f.add(cmd)
	_ = cmd.Flags().MarkHidden("format") // there is one form
	cmd.Flags().StringVar(&month, "month", "", "month, like 2026-01, or 2026-01@1 for its first version")
	_ = cmd.MarkFlagRequired("month")
	return cmd
}

func newSnapshotDiffCommand() *cobra.Command {
	var f snapshotFlags
	var month, against string
	var all bool
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "list what changed between two snapshots, and whether chance alone would do that",
		Long: `Compares two snapshots of a journey and lists the numbers that changed:

  real      a two-sided test stays under 5 % after Benjamini-Hochberg over all numbers tested, or intervals are apart
  noise     chance alone might do that
  immature  too few of what counts have had their time
  untested  a number without an interval
  exact     both are versions as of the same instant: there is no chance in the difference

Where the journey file or the software of the two differ, that is said first: numbers may differ because of it alone.
Numbers of all time hold what the earlier snapshot held already: there what came since is tested against it.`,
		Example: `  tappa snapshot diff --month 2026-02 --against 2026-01
  tappa snapshot diff --month 2026-01@2 --against 2026-01@1 --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			after, afterVersion, err := readMonth(month)
			if err != nil {
				return err
			}
			before, beforeVersion, err := readMonth(against)
			if err != nil {
				return err
			}
			return f.reading(cmd, func(ctx context.Context, store *aggregate.Store) error {
				d, err := store.CompareSnapshots(ctx, f.journey, before, beforeVersion, after, afterVersion)
				if err != nil {
					return err
				}
				if f.format == "json" {
					return writeIndented(cmd.OutOrStdout(), d)
				}
				fmt.Fprintln(cmd.ErrOrStderr(), d.How)
				return writeDiff(cmd.OutOrStdout(), d, all)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&month, "month", "", "the later month, like 2026-02, or 2026-02@1 for a version")
	cmd.Flags().StringVar(&against, "against", "", "the earlier month")
	cmd.Flags().BoolVar(&all, "all", false, "all changed numbers in the table, not only the real ones")
	_ = cmd.MarkFlagRequired("month")
	_ = cmd.MarkFlagRequired("against")
	return cmd
}

// writeDiff prints what the two were not made with alike, the real and the exact changes, or all, and how many there are of each kind.
func writeDiff(w io.Writer, d aggregate.Diff, all bool) error {
	for _, u := range d.Unlike() {
		fmt.Fprintln(w, unlikeLine(u))
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "verdict\treport\twindow\trow\tnumber\tbefore\tafter\tn before\tn after\tq")
	n := map[string]int{}
	for _, c := range d.Changes {
		n[c.Verdict]++
		if c.Verdict != aggregate.RealChange && c.Verdict != aggregate.Exact && !all {
			continue
		}
		row := c.Key
		if c.Persona != "" {
			row += " (" + c.Persona + ")"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", c.Verdict, c.Report, c.Window, row, c.Metric,
			number(c.Before.Value, c.Unit), number(c.After.Value, c.Unit), c.Before.N, c.After.N, likelihood(c.Q))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if d.Exact() {
		_, err := fmt.Fprintf(w, "\n%d numbers differ, exactly: both versions are as of the same instant\n", len(d.Changes))
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d real, %d noise, %d immature, %d untested; %d numbers tested\n", n[aggregate.RealChange], n[aggregate.Noise],
		n[aggregate.Immature], n[aggregate.Untested], d.Tested)
	return err
}

// unlikeLine says what two snapshots were not made with alike.
func unlikeLine(u aggregate.Unlike) string {
	what := map[string]string{"definition": "journey file", "software": "software"}[u.What]
	return fmt.Sprintf("the %s differs: %s before, %s after; numbers may differ because of that alone", what, dashed(u.Before), dashed(u.After))
}

// number writes a number for people, by its unit.
func number(v *float64, unit string) string { return aggregate.FormatNumber(v, unit) }

// likelihood writes how likely something is, which may be very small.
func likelihood(p *float64) string {
	if p == nil {
		return "–"
	}
	return strconv.FormatFloat(*p, 'g', 4, 64)
}

func dashed(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// writeIndented writes JSON for people and programs.
func writeIndented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
