package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"tappa/sentiment"
)

// lengths are the upper bounds, in words, of the groups that languages are measured in: short texts tell little.
var lengths = []struct {
	name string
	most int
}{{"1-2 words", 2}, {"3-5 words", 5}, {"6 and more", 1 << 30}}

// tongue counts the languages found for texts of one language and length.
type tongue struct{ n, right, unknown int }

// languages measures how often the language of a text is found: Italian and English on the labelled sets, others on
// the messages of sentiment/testdata that were not learnt from.
func languages(w io.Writer, scorer *sentiment.Scorer, data string) error {
	counts := map[string][]tongue{}
	for _, s := range sets {
		rows, err := load(filepath.Join(data, s.path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, r := range rows {
			count(counts, scorer, s.lang, r.text)
		}
	}
	others, err := load("sentiment/testdata/mood/other.tsv")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, r := range others {
		if !strings.HasPrefix(r.text, "#") {
			count(counts, scorer, sentiment.Other, r.label)
		}
	}
	fmt.Fprintf(w, "\n%-24s %6s %8s %8s %8s\n", "language", "texts", "right", "unknown", "wrong")
	for _, lang := range []string{sentiment.Italian, sentiment.English, sentiment.Other} {
		var all tongue
		for i, c := range counts[lang] {
			printTongue(w, lang+", "+lengths[i].name, c)
			all = tongue{all.n + c.n, all.right + c.right, all.unknown + c.unknown}
		}
		printTongue(w, lang, all)
	}
	return nil
}

func count(counts map[string][]tongue, scorer *sentiment.Scorer, lang, text string) {
	if counts[lang] == nil {
		counts[lang] = make([]tongue, len(lengths))
	}
	words := len(strings.Fields(text))
	for i, l := range lengths {
		if words > l.most {
			continue
		}
		c := &counts[lang][i]
		c.n++
		switch scorer.Score(text, "").Lang {
		case lang:
			c.right++
		case sentiment.Unknown:
			c.unknown++
		}
		return
	}
}

func printTongue(w io.Writer, name string, c tongue) {
	if n := float64(c.n); c.n > 0 {
		fmt.Fprintf(w, "%-24s %6d %8.4f %8.4f %8.4f\n", name, c.n, float64(c.right)/n, float64(c.unknown)/n, float64(c.n-c.right-c.unknown)/n)
	}
}
