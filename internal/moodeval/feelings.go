package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"tappa/sentiment"
)

// feelingsGoal is the macro-F1 aimed at over the eight emotions.
const feelingsGoal = 0.48

// feelings measures Plutchik's eight emotions on the Italian sentences labelled with them, each emotion on its own.
func feelings(w io.Writer, scorer *sentiment.Scorer, data string) error {
	const path = "mood/it_xed_emo.dev.tsv"
	rows, err := load(filepath.Join(data, path))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(w, "%-24s skipped: no %s\n", "eight emotions, it", path)
		return nil
	}
	if err != nil {
		return err
	}
	table := newConfusion(sentiment.Plutchik[:])
	for _, r := range rows {
		wanted := strings.Split(r.label, ",")
		for i, yes := range scorer.Feelings(r.text) {
			name := sentiment.Plutchik[i]
			is := slices.Contains(wanted, name)
			if is {
				table.was[name]++
			}
			if yes {
				table.said[name]++
			}
			if is && yes {
				table.hit[name]++
			}
		}
	}
	fmt.Fprintf(w, "%-24s %6d %7d %8.3f %6.2f %8s %8s\n", "eight emotions, it", len(rows), len(sentiment.Plutchik), table.macro(), feelingsGoal, "-", "-")
	for _, name := range sentiment.Plutchik {
		fmt.Fprintf(w, "  %-22s %6d %7s %8.3f\n", name, table.was[name], "", 2*float64(table.hit[name])/float64(max(1, table.said[name]+table.was[name])))
	}
	return nil
}
