package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tappa/sentiment"
)

// scoreRequest is one line that `tappa score` reads.
type scoreRequest struct {
	Text *string `json:"text"`
	Lang string  `json:"lang"`
}

// scoreAnswer is one line that `tappa score` writes for a text. Label is always negative, neutral or positive: a
// mixed text has the label of its net score and Mixed set, a text that was not scored is neutral with Scored false.
type scoreAnswer struct {
	Label      string   `json:"label"`
	Score      float64  `json:"score"`
	Emotion    string   `json:"emotion"`
	Lang       string   `json:"lang"`
	Model      string   `json:"model"`
	Scored     bool     `json:"scored"`
	Mixed      bool     `json:"mixed,omitempty"`
	Confidence float64  `json:"confidence"`
	Cues       []string `json:"cues,omitempty"`
}

// scoreFailure stands in the output in place of a line that could not be read.
type scoreFailure struct {
	Error string `json:"error"`
}

// errScoreLines says that some lines were answered with an error.
var errScoreLines = errors.New("some lines could not be scored")

func newScoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "score",
		Short: "Tell the mood of texts, one JSON object a line",
		Long: `Score reads JSON lines {"text": "…", "lang": "it"} from standard input and writes one line for each, in order:

  {"label":"positive","score":0.71,"emotion":"satisfaction","lang":"it","model":"…","scored":true,"confidence":0.8}

lang may be left out: it is then found. label is negative, neutral or positive; a text that is strongly good and
bad at once has "mixed": true and the label of its net score. A text in a language other than Italian and English,
or without words, has "scored": false, label neutral and score 0.

A line that is not such an object is answered by {"error": "…"} in its place and told on standard error with its
number; the rest is scored, and the exit code is 1.`,
		Example: `  echo '{"text": "Ottimo servizio, tecnici cortesi"}' | tappa score`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return score(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}

// score answers every line of in, and flushes whenever no more input is waiting, so that a caller may converse.
func score(in io.Reader, out, log io.Writer) error {
	scorer := sentiment.New()
	r, w := bufio.NewReaderSize(in, 1<<16), bufio.NewWriterSize(out, 1<<16)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	var failed error
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(fmt.Errorf("read line %d: %w", n, err), w.Flush())
		}
		if len(line) == 0 {
			return errors.Join(failed, w.Flush())
		}
		var answer any
		if req, bad := decodeScore(bytes.TrimSpace(line)); bad != nil {
			failed = errScoreLines
			fmt.Fprintf(log, "line %d: %v\n", n, bad)
			answer = scoreFailure{bad.Error()}
		} else {
			answer = answerScore(scorer, scorer.Explain(*req.Text, req.Lang))
		}
		if err := enc.Encode(answer); err != nil {
			return fmt.Errorf("write line %d: %w", n, err)
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write line %d: %w", n, err)
			}
		}
	}
}

func decodeScore(line []byte) (req scoreRequest, err error) {
	switch {
	case len(line) == 0:
		return req, errors.New(`empty line: want {"text": "…"}`)
	case !utf8.Valid(line):
		return req, errors.New("not UTF-8")
	}
	if err := json.Unmarshal(line, &req); err != nil {
		return req, fmt.Errorf(`not a JSON object {"text": "…", "lang": "…"}: %w`, err)
	}
	if req.Text == nil {
		return req, errors.New(`"text" is missing`)
	}
	return req, nil
}

func answerScore(scorer *sentiment.Scorer, m sentiment.Mood) scoreAnswer {
	a := scoreAnswer{
		Label: m.Label, Score: m.Score, Emotion: m.Emotion, Lang: m.Lang, Model: m.Model, Scored: m.Label != "",
		Mixed: m.Label == sentiment.Mixed, Confidence: m.Confidence, Cues: m.Cues,
	}
	if a.Mixed || !a.Scored {
		a.Label = scorer.Sign(m.Score, m.Lang)
	}
	return a
}
