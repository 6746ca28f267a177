package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tappa/aggregate"
	"tappa/dashboards"
)

// exportFormats are the formats of each kind of export.
var exportFormats = map[string][]string{
	"cases":    {"csv", "xlsx", "parquet"},
	"log":      {"csv", "xlsx", "parquet", "xes"},
	"map":      dashboards.MapFormats,
	"snapshot": {"csv", "xlsx", "parquet", "json"},
}

// exportReports are the reports behind them.
var exportReports = map[string]string{"cases": "cases", "log": "steps"}

func newExportCommand() *cobra.Command {
	var f reportFlags
	var m mapFlags
	var file, month string
	cmd := &cobra.Command{
		Use:   "export cases|log|snapshot|map",
		Short: "write cases, all their interactions as an event log, a snapshot's numbers, or the journey map on one page",
		Long: `Writes the cases, the log of all their interactions, or the numbers of a snapshot, as CSV, as a workbook (XLSX), as Parquet,
or, for the log, as an event log (XES) that process mining tools read. Contact keys are shortened unless --whole-keys asks
for them. Of a snapshot, json is the frozen content itself.

Of a map, writes the page of the same name for paper, mail and wall: one page as PDF, SVG, PNG or a single HTML file. The same
data give the same bytes (docs/export.md).`,
		Example: `  tappa export cases --format xlsx --out cases.xlsx --data data/demo
  tappa export log --format xes --from 2026-01-01 > log.xes
  tappa export snapshot --month 2026-01 --format parquet --out 2026-01.parquet
  tappa export map --format pdf --lang it --persona buyer --out map.pdf`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || exportFormats[args[0]] == nil {
				return usageError{errors.New("say what to export: cases, log, snapshot or map")}
			}
			if (args[0] == "snapshot") != (month != "") {
				return usageError{errors.New("--month and snapshot go together")}
			}
			if args[0] == "map" && !cmd.Flags().Changed("format") {
				f.format = dashboards.MapFormats[0]
			}
			if known := exportFormats[args[0]]; !slices.Contains(known, f.format) {
				return usageError{fmt.Errorf("--format %q: %s can be exported as %s", f.format, args[0], strings.Join(known, ", "))}
			}
			if err := cmp.Or(checkExport(cmd, args[0]), m.check()); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "snapshot":
				return exportSnapshot(cmd, f, month, file)
			case "map":
				return exportMap(cmd, f, m, file)
			}
			return runExport(cmd, args[0], f, file)
		},
	}
	dataFlag(cmd, &f.data)
	flags := cmd.Flags()
	f.addFilters(cmd, "opened (cases), occurred (log) or entered (map) from this day or instant on")
	flags.StringVar(&f.format, "format", "csv", "csv, xlsx, parquet, for the log xes, for a snapshot json; for a map pdf (its default), svg, png, html")
	flags.StringVar(&month, "month", "", "of a snapshot: the month, like 2026-01, or 2026-01@1 for its first version")
	m.add(cmd)
	flags.StringVar(&file, "out", "", "file to write (default: standard output)")
	return cmd
}

// checkExport refuses flags that do not go with what is exported.
func checkExport(cmd *cobra.Command, what string) (err error) {
	cmd.Flags().Visit(func(given *pflag.Flag) {
		switch ofMap := given.Name == "lang" || given.Name == "page"; {
		case err != nil:
		case ofMap && what != "map":
			err = fmt.Errorf("--%s goes with map only", given.Name)
		case what == "map" && slices.Contains([]string{"stage", "state", "whole-keys"}, given.Name):
			err = fmt.Errorf("--%s does not go with map, which shows every stage and no keys", given.Name)
		case what == "snapshot" && !slices.Contains([]string{"data", "journey", "month", "format", "out"}, given.Name):
			err = fmt.Errorf("--%s does not go with snapshot, whose numbers are frozen", given.Name)
		}
	})
	return err
}

func runExport(cmd *cobra.Command, what string, f reportFlags, file string) (err error) {
	checked := f
	checked.format = "csv"
	if err := cmp.Or(checkReport(exportReports[what], checked), checkTaken(cmd, exportReports[what])); err != nil {
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
	report, err := store.Report(ctx, exportReports[what], q)
	if err != nil {
		return err
	}
	return toFile(cmd, file, func(w io.Writer) error { return writeExport(w, report, f.format) })
}

// toFile writes to a file, or to standard output where none is named.
func toFile(cmd *cobra.Command, file string, write func(io.Writer) error) error {
	if file == "" {
		return write(cmd.OutOrStdout())
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return errors.Join(write(out), out.Close())
}

func exportSnapshot(cmd *cobra.Command, f reportFlags, monthVersion, file string) (err error) {
	month, version, err := readMonth(monthVersion)
	if err != nil {
		return err
	}
	store, closeStore, err := openStore(cmd.Context(), f.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	snap, err := store.Snapshot(cmd.Context(), f.query.Journey, month, version)
	if err != nil {
		return err
	}
	report, err := snap.Report()
	if err != nil {
		return err
	}
	return toFile(cmd, file, func(w io.Writer) error {
		if f.format == "json" {
			_, err := w.Write(snap.Content())
			return err
		}
		return writeExport(w, report, f.format)
	})
}

func writeExport(w io.Writer, r aggregate.Report, format string) error {
	switch format {
	case "xlsx":
		return r.WriteXLSX(w)
	case "parquet":
		return r.WriteParquet(w)
	case "xes":
		return r.WriteXES(w)
	}
	return r.WriteCSV(w)
}
