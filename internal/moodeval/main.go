// Command moodeval measures the mood scorer on labelled texts that nobody here wrote, and prints a table. A set that
// is not in the data folder is named and skipped.
//
//	go run ./internal/moodeval --data DIR
//
// Scorers of others are measured on the same texts when commands that run them are given, one --peer each; see beside.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tappa/sentiment"
)

// set is a file of text TAB label, and the macro-F1 that is aimed at.
type set struct {
	name    string
	path    string
	lang    string
	classes int // 2: by the sign of the score; 3: by the label
	goal    float64
}

var sets = []set{
	{"hotel sentences, it", "mood/it_absita.dev.tsv", "it", 2, 0.85},
	{"shop reviews, it", "mood/it_ateabsita.dev.tsv", "it", 3, 0.56},
	{"film subtitles, it", "mood/it_xed.dev.tsv", "it", 2, 0.71},
	{"products, en", "mood/en_sls_amazon.dev.tsv", "en", 2, 0.88},
	{"films, en", "mood/en_sls_imdb.dev.tsv", "en", 2, 0.82},
	{"tweets, en", "mood/en_vgt_tweets.dev.tsv", "en", 3, 0.71},
	{"news, en", "mood/en_vgt_nyt.dev.tsv", "en", 3, 0.56},
	{"product snippets, en", "mood/en_vgt_amazon.dev.tsv", "en", 3, 0.57},
	{"film subtitles, en", "mood/en_xed.dev.tsv", "en", 3, 0},
}

func main() {
	data := flag.String("data", "data", "folder of the labelled sets")
	var peers []string
	flag.Func("peer", "command that scores JSON lines with other scorers; may be repeated", func(command string) error {
		peers = append(peers, command)
		return nil
	})
	flag.Parse()
	if err := run(os.Stdout, *data, peers); err != nil {
		fmt.Fprintln(os.Stderr, "moodeval:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, data string, peers []string) error {
	scorer := sentiment.New()
	fmt.Fprintf(w, "model %s\n%-24s %6s %7s %8s %6s %8s %8s\n", sentiment.Model, "set", "texts", "classes", "macro-F1", "goal",
		"accuracy", "language")
	for _, s := range sets {
		rows, err := load(filepath.Join(data, s.path))
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(w, "%-24s skipped: no %s\n", s.name, s.path)
			continue
		}
		if err != nil {
			return err
		}
		r := measure(scorer, s, rows)
		fmt.Fprintf(w, "%-24s %6d %7d %8.3f %6.2f %8.3f %8.3f\n", s.name, r.n, s.classes, r.macro, s.goal, r.accuracy, r.language)
	}
	if err := feelings(w, scorer, data); err != nil {
		return err
	}
	if err := languages(w, scorer, data); err != nil {
		return err
	}
	return beside(w, scorer, data, peers)
}

// row is one labelled text.
type row struct{ text, label string }

func load(path string) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []row
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		text, label, ok := strings.Cut(sc.Text(), "\t")
		if ok && text != "" {
			rows = append(rows, row{text, label})
		}
	}
	return rows, sc.Err()
}

type result struct {
	n                         int
	macro, accuracy, language float64
}

var labels = map[string]string{
	sentiment.Positive: "pos", sentiment.Negative: "neg", sentiment.Neutral: "neu", "": "neu",
}

// measure scores a set. Where a set has two classes the sign of the score decides and exactly zero is wrong for
// both; the texts of a third class are left out. A mixed text counts by its sign, as in `tappa score`. The language is given for the label, and found apart.
func measure(scorer *sentiment.Scorer, s set, rows []row) result {
	classes := s.labels()
	table := newConfusion(classes)
	found, n := 0, 0
	for _, r := range rows {
		if !slices.Contains(classes, r.label) {
			continue
		}
		n++
		mood := scorer.Score(r.text, s.lang)
		got := labels[mood.Label]
		if mood.Label == sentiment.Mixed {
			got = labels[scorer.Sign(mood.Score, mood.Lang)]
		}
		if s.classes == 2 {
			got = "none"
			if mood.Score > 0 {
				got = "pos"
			} else if mood.Score < 0 {
				got = "neg"
			}
		}
		table.add(r.label, got)
		if scorer.Score(r.text, "").Lang == s.lang {
			found++
		}
	}
	return result{n, table.macro(), table.accuracy(), float64(found) / float64(max(1, n))}
}

// confusion counts right and wrong answers by class.
type confusion struct {
	classes        []string
	hit, said, was map[string]int
}

func newConfusion(classes []string) *confusion {
	return &confusion{classes, map[string]int{}, map[string]int{}, map[string]int{}}
}

func (c *confusion) add(want, got string) {
	c.was[want]++
	c.said[got]++
	if want == got {
		c.hit[want]++
	}
}

// macro is the mean over the classes of F1.
func (c *confusion) macro() float64 {
	sum := 0.0
	for _, k := range c.classes {
		sum += 2 * float64(c.hit[k]) / float64(max(1, c.said[k]+c.was[k]))
	}
	return sum / float64(len(c.classes))
}

func (c *confusion) accuracy() float64 {
	hit, all := 0, 0
	for _, k := range c.classes {
		hit, all = hit+c.hit[k], all+c.was[k]
	}
	return float64(hit) / float64(max(1, all))
}
