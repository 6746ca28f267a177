// Command tappa-mood-peers scores texts with govader, for tappa's scorer to be measured beside it. It reads JSON lines
// {"text": "…", "lang": "en"} and writes one for each, {"govader": 0.4}; a text in a language that it does not know
// gives {}. It is a module of its own, so that the product does not depend on what it is compared with.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jonreiter/govader"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tappa-mood-peers:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	analyzer := govader.NewSentimentIntensityAnalyzer()
	dec, w := json.NewDecoder(in), bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	for {
		var text struct{ Text, Lang string }
		if err := dec.Decode(&text); errors.Is(err, io.EOF) {
			return w.Flush()
		} else if err != nil {
			return err
		}
		scores := map[string]float64{}
		if text.Lang == "en" {
			scores["govader"] = analyzer.PolarityScores(text.Text).Compound
		}
		if err := enc.Encode(scores); err != nil {
			return err
		}
	}
}
