package main

import (
	"bufio"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tappa/sentiment/internal/token"
)

// word is one entry of a source: a folded form or phrase and what the source says of it.
type word struct {
	form     string
	tag      string  // part of speech, "" when the source has none
	polarity float64 // -1 … 1
	weight   float64 // how much the source is believed beside the others
}

func source(parts ...string) string {
	return filepath.Join(append([]string{root, "lexica", "src"}, parts...)...)
}

// lines calls f with every line of a file that is neither empty nor a comment of Pattern's kind.
func lines(path string, f func(string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimPrefix(scanner.Text(), "\ufeff")
		if line == "" || strings.HasPrefix(line, ";;;") {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return scanner.Err()
}

// readPattern reads a sentiment file of Pattern; the senses of a form are averaged.
func readPattern(path string) ([]word, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Words []struct {
			Form     string  `xml:"form,attr"`
			Tag      string  `xml:"pos,attr"`
			Polarity float64 `xml:"polarity,attr"`
		} `xml:"word"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	sums, counts, tags := map[string]float64{}, map[string]float64{}, map[string]string{}
	for _, w := range doc.Words {
		form := token.Fold(w.Form)
		sums[form] += w.Polarity
		counts[form]++
		tags[form] = w.Tag
	}
	var words []word
	for form, sum := range sums {
		words = append(words, word{form, tags[form], sum / counts[form], 1})
	}
	return ordered(words), nil
}

// readVader reads the words of VADER's lexicon; its emoticons are left to the scanner.
func readVader() ([]word, error) {
	var words []word
	err := lines(source("vader", "vader_lexicon.txt"), func(line string) error {
		cells := strings.Split(line, "\t")
		mean, err := strconv.ParseFloat(cells[1], 64)
		if err != nil {
			return err
		}
		if form := token.Fold(cells[0]); plain(cells[0]) {
			words = append(words, word{form, "", mean / 3.2, 2})
		}
		return nil
	})
	return ordered(words), err
}

func plain(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '\'' && r != '-' {
			return false
		}
	}
	return len(s) > 1
}

// readEmoji gives every emoji the mean polarity of the words of its description in English.
func readEmoji(english map[string]float64) ([]word, error) {
	var words []word
	err := lines(source("vader", "emoji_utf8_lexicon.txt"), func(line string) error {
		emoji, text, _ := strings.Cut(line, "\t")
		form := token.Fold(emoji)
		if form == "" || strings.Contains(form, " ") {
			return nil
		}
		sum, n := 0.0, 0.0
		for _, w := range strings.Fields(token.Fold(text)) {
			if p := english[w]; p != 0 {
				sum, n = sum+p, n+1
			}
		}
		if n > 0 {
			words = append(words, word{form, "symbol", sum / n, 0.5})
		}
		return nil
	})
	return ordered(words), err
}

// readOpener reads the words of Italian hotel guests that were seen twice, or are adjectives; the expressions of
// several words are left out, as most of them speak of hotels alone.
func readOpener() ([]word, error) {
	file, err := os.Open(source("opener", "hotel_it_expressions.csv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = ';', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	values := map[string]float64{"positive": 0.6, "strongpositive": 1, "negative": -0.6, "strongnegative": -1}
	var words []word
	for _, row := range rows[1:] {
		text, label, _ := strings.Cut(row[0], "#")
		seen, _ := strconv.Atoi(row[3])
		value, form := values[label], token.Fold(text)
		if value == 0 || form == "" || strings.Contains(form, " ") || seen < 2 && row[5] != "G" {
			continue
		}
		words = append(words, word{form, "", value, min(float64(seen), 3)})
	}
	return ordered(words), nil
}

// elitaColumns are the columns kept of ELIta, in the order of its intensity file.
var elitaColumns = []string{
	"gioia", "tristezza", "rabbia", "disgusto", "paura", "fiducia", "sorpresa", "aspettativa", "valenza",
}

// reduceElita keeps the eight emotions and the valence of ELIta's intensity file, one line a word.
func reduceElita(path string) error {
	values := map[string]map[string]string{}
	err := lines(path, func(line string) error {
		cells := strings.Split(line, ",")
		if len(cells) < 3 {
			return fmt.Errorf("want three columns: %q", line)
		}
		form := strings.Join(cells[:len(cells)-2], ",")
		if values[form] == nil {
			values[form] = map[string]string{}
		}
		values[form][strings.TrimSpace(cells[len(cells)-2])] = strings.TrimSpace(cells[len(cells)-1])
		return nil
	})
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString(";;; ELIta, intensity version: word, " + strings.Join(elitaColumns, ", ") + "\n")
	for _, form := range sortedKeys(values) {
		out.WriteString(form)
		for _, column := range elitaColumns {
			out.WriteString("\t" + values[form][column])
		}
		out.WriteString("\n")
	}
	return os.WriteFile(source("elita", "elita.tsv"), []byte(out.String()), 0o644)
}

// readElita reads the reduced ELIta: valence as polarity. What it says is association, not opinion, so it is
// believed less than the others.
func readElita() ([]word, error) {
	var words []word
	err := lines(source("elita", "elita.tsv"), func(line string) error {
		cells := strings.Split(line, "\t")
		valence, err := strconv.ParseFloat(cells[len(cells)-1], 64)
		if err != nil {
			return err
		}
		p := (valence - 5) / 4
		if form := token.Fold(cells[0]); form != "" && math.Abs(p) >= clearly {
			words = append(words, word{form, "", p, 0.7})
		}
		return nil
	})
	return ordered(words), err
}

// clearly is the polarity that ELIta must give a word before it is taken for a word of mood.
const clearly = 0.5

func ordered(words []word) []word {
	slices.SortStableFunc(words, func(a, b word) int { return strings.Compare(a.form, b.form) })
	return words
}
