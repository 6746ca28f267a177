package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tappa/sentiment/internal/token"
)

// entry is one line of a built lexicon.
type entry struct {
	kind    string // word, fix, not, only, but, amp, dim, polite, hail, ack, ask, due, wait, span, num; drop takes a word of the sources away
	value   int    // hundredths: polarity, or factor
	emotion string // a letter, "-" for none
}

// least is the polarity below which a word is left out.
const least = 0.2

// buildLexica writes the lexica of both languages.
func buildLexica() error {
	built, err := lexica()
	if err != nil {
		return err
	}
	for _, lang := range sortedKeys(built) {
		path := filepath.Join(root, "lexica", lang+".tsv")
		fmt.Printf("%s: %d entries, %d bytes\n", path, strings.Count(built[lang], "\n"), len(built[lang]))
		if err := os.WriteFile(path, []byte(built[lang]), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// lexica returns the built lexica by language.
func lexica() (map[string]string, error) {
	in, err := newInflector()
	if err != nil {
		return nil, err
	}
	pattern, err := readPattern(source("pattern", "en-sentiment.xml"))
	if err != nil {
		return nil, err
	}
	vader, err := readVader()
	if err != nil {
		return nil, err
	}
	asIs := func(w word) ([]string, float64) { return []string{w.form}, 1 }
	english := merge(asIs, damp(pattern, 0.9), vader)
	emoji, err := readEmoji(merge(asIs, vader))
	if err != nil {
		return nil, err
	}
	italian, err := mergeItalian(in)
	if err != nil {
		return nil, err
	}
	for _, e := range emoji {
		english[e.form], italian[e.form] = e.polarity, e.polarity
	}
	built := map[string]string{}
	for lang, merged := range map[string]map[string]float64{"it": italian, "en": english} {
		if built[lang], err = render(lang, merged, in); err != nil {
			return nil, err
		}
	}
	return built, nil
}

func mergeItalian(in *inflector) (map[string]float64, error) {
	pattern, err := readPattern(source("pattern", "it-sentiment.xml"))
	if err != nil {
		return nil, err
	}
	opener, err := readOpener()
	if err != nil {
		return nil, err
	}
	elita, err := readElita()
	if err != nil {
		return nil, err
	}
	return merge(in.forms, pattern, opener, elita), nil
}

func damp(words []word, by float64) []word {
	for i := range words {
		words[i].polarity *= by
	}
	return words
}

// merge averages what the sources say of a form, each by its weight. A form that is itself an entry is never
// overwritten by the inflection of another.
func merge(forms func(word) ([]string, float64), sources ...[]word) map[string]float64 {
	sums, weights := map[string]float64{}, map[string]float64{}
	own := map[string]bool{}
	for _, words := range sources {
		for _, w := range words {
			own[w.form] = true
		}
	}
	for _, words := range sources {
		for _, w := range words {
			all, opinion := forms(w)
			for _, f := range all {
				if f == w.form || !own[f] {
					sums[f] += w.polarity * opinion * w.weight
					weights[f] += w.weight
				}
			}
		}
	}
	out := map[string]float64{}
	for f, sum := range sums {
		if p := sum / weights[f]; math.Abs(p) >= least && len(f) > 1 {
			out[f] = max(-1, min(1, p))
		}
	}
	return out
}

// render adds tappa's own words, which have the last say, and writes out the lexicon of a language.
func render(lang string, merged map[string]float64, in *inflector) (string, error) {
	all := map[string]entry{}
	for f, p := range merged {
		all[f] = entry{"word", int(math.Round(p * 100)), "-"}
	}
	own, err := readOwn(filepath.Join(root, "lexica", "own", lang+".txt"), in)
	if err != nil {
		return "", err
	}
	maps.Copy(all, own)
	maps.DeleteFunc(all, func(_ string, e entry) bool { return e.kind == "drop" })
	var out strings.Builder
	for _, f := range sortedKeys(all) {
		e := all[f]
		fmt.Fprintf(&out, "%s\t%s\t%d\t%s\n", f, e.kind, e.value, e.emotion)
	}
	return out.String(), nil
}

// readOwn reads a file of tappa's own words; the head of own/it.txt tells its form.
func readOwn(path string, in *inflector) (map[string]entry, error) {
	out := map[string]entry{}
	err := lines(path, func(line string) error {
		if strings.HasPrefix(line, "#") {
			return nil
		}
		cells := strings.Fields(line)
		if len(cells) < 4 {
			return fmt.Errorf("want kind, value, emotion and words: %q", line)
		}
		value, err := strconv.Atoi(cells[1])
		if err != nil {
			return err
		}
		switch cells[0] {
		case "word", "fix", "drop", "polite", "hail", "due", "ack", "span":
			value *= 25
		}
		e := entry{cells[0], value, cells[2]}
		for _, w := range cells[3:] {
			for _, f := range expand(w, in) {
				if old, ok := out[f]; ok && old.kind == e.kind && math.Abs(float64(old.value)) >= math.Abs(float64(value)) && value != 0 {
					continue
				}
				out[f] = e
			}
		}
		return nil
	})
	return out, err
}

// anyNumber stands for the sign # while a phrase is folded, which knows letters only.
const anyNumber = "zznumberzz"

// expand writes out braces, which may stand within each other, and verbs.
func expand(w string, in *inflector) []string {
	if v, ok := strings.CutPrefix(w, "v:"); ok {
		return in.verb(v)
	}
	var out []string
	for _, f := range braces(w) {
		f = token.Fold(strings.ReplaceAll(strings.ReplaceAll(f, "_", " "), "#", anyNumber))
		out = append(out, strings.ReplaceAll(f, anyNumber, "#"))
	}
	return out
}

// braces writes out the first pair of braces, and then the next.
func braces(w string) []string {
	open := strings.IndexByte(w, '{')
	if open < 0 {
		return []string{w}
	}
	parts, end := alternatives(w[open:])
	var out []string
	for _, p := range parts {
		out = append(out, braces(w[:open]+p+w[open+end:])...)
	}
	return out
}

// alternatives returns what stands between the commas of the pair of braces that w begins with, and where it ends.
func alternatives(w string) (parts []string, end int) {
	depth, from := 0, 1
	for i := range len(w) {
		switch w[i] {
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return append(parts, w[from:i]), i + 1
			}
		case ',':
			if depth == 1 {
				parts, from = append(parts, w[from:i]), i+1
			}
		}
	}
	panic("braces left open: " + w)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
