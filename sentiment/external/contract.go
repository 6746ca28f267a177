package external

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"unicode/utf8"

	"tappa/sentiment"
)

// question is what is posted.
type question struct {
	Texts []questionText `json:"texts"`
}

type questionText struct {
	Text string `json:"text"`
	Lang string `json:"lang,omitempty"` // as the source stated it
}

// answer is what comes back: the moods in the order of the texts.
type answer struct {
	Model string       `json:"model"`
	Moods []answerMood `json:"moods"`
}

type answerMood struct {
	Label      string  `json:"label"` // "" is not scored
	Score      float64 `json:"score"`
	Emotion    string  `json:"emotion"`
	Lang       string  `json:"lang"`
	Confidence float64 `json:"confidence"`
}

// What is taken at most.
const (
	longestText   = 10_000 // bytes of a text that is sent
	longestModel  = 100
	answerPerText = 1 << 10 // bytes
)

// The reasons for which a batch fails, as metrics name them.
const (
	reasonTimeout     = "timeout"
	reasonUnreachable = "unreachable"
	reasonStatus      = "status"
	reasonAnswer      = "answer"
)

// failure is an error with one of the reasons.
type failure struct {
	reason string
	err    error
}

func (f *failure) Error() string { return f.reason + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func reasonOf(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.reason
	}
	return reasonUnreachable
}

// ask posts a batch and checks the answer.
func (s *Scorer) ask(ctx context.Context, texts []Text) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	q := question{Texts: make([]questionText, len(texts))}
	for i, t := range texts {
		q.Texts[i] = questionText{Text: shorten(s.opts.Mask(sentiment.Cut(t.Text))), Lang: t.Lang}
	}
	body, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.opts.URL, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.opts.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.opts.Token)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return a, unreachable(err)
	}
	defer func() { _ = res.Body.Close() }() // read or given up by then
	if res.StatusCode != http.StatusOK {
		return a, &failure{reasonStatus, fmt.Errorf("it answers %s", res.Status)}
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, int64(answerPerText*(len(texts)+1))+1))
	if err != nil {
		return a, unreachable(err)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, &failure{reasonAnswer, err}
	}
	if err := a.check(len(texts)); err != nil {
		return a, &failure{reasonAnswer, err}
	}
	return a, nil
}

func unreachable(err error) error {
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return &failure{reasonTimeout, err}
	}
	return &failure{reasonUnreachable, err}
}

// shorten cuts a text at a length, between characters.
func shorten(text string) string {
	if len(text) <= longestText {
		return text
	}
	at := longestText
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at]
}

var labels = []string{"", sentiment.Negative, sentiment.Neutral, sentiment.Positive, sentiment.Mixed}

// check refuses an answer that is not one to n texts. Not a number compares as out of range.
func (a *answer) check(n int) error {
	if a.Model == "" || len(a.Model) > longestModel {
		return fmt.Errorf("model %.20q: want a name and version, at most %d bytes", a.Model, longestModel)
	}
	if len(a.Moods) != n {
		return fmt.Errorf("%d moods for %d texts", len(a.Moods), n)
	}
	for i, m := range a.Moods {
		switch {
		case !slices.Contains(labels, m.Label):
			return fmt.Errorf("mood %d: label %.20q", i, m.Label)
		case math.Abs(m.Score) > 1:
			return fmt.Errorf("mood %d: score %g, want -1 … 1", i, m.Score)
		case m.Confidence < 0 || m.Confidence > 1:
			return fmt.Errorf("mood %d: confidence %g, want 0 … 1", i, m.Confidence)
		case m.Emotion != "" && !isEmotion(m.Emotion):
			return fmt.Errorf("mood %d: emotion %.20q", i, m.Emotion)
		case len(m.Lang) > 8:
			return fmt.Errorf("mood %d: language %.20q, want an ISO 639-1 code", i, m.Lang)
		}
	}
	return nil
}

func isEmotion(name string) bool {
	for e := sentiment.None; e <= sentiment.Frustration; e++ {
		if e.String() == name {
			return true
		}
	}
	return false
}

// mood completes an answer by what the built-in scorer finds: the language, and the emotion where both agree on the label.
func (m answerMood) mood(model string, own sentiment.Mood) sentiment.Mood {
	out := sentiment.Mood{Label: m.Label, Score: m.Score, Emotion: m.Emotion, Lang: m.Lang, Confidence: m.Confidence, Model: model}
	if out.Lang == "" {
		out.Lang = own.Lang
	}
	if out.Emotion == "" {
		out.Emotion = sentiment.None.String()
		if own.Label == m.Label {
			out.Emotion = own.Emotion
		}
	}
	return out
}
