package external

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tappa/sentiment"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// builtin is the fallback of these tests.
func builtin(text, _ string) sentiment.Mood {
	return sentiment.Mood{Label: "neutral", Emotion: "perplexity", Lang: "it", Confidence: 0.5, Model: "built-in"}
}

func masked(text string) string { return strings.ReplaceAll(text, "anna@example.com", "[email]") }

// scorer makes a scorer of an address.
func scorer(t *testing.T, opts Options) *Scorer {
	t.Helper()
	opts.Mask, opts.Fallback, opts.Registerer = masked, builtin, prometheus.NewRegistry()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// count reads a counter.
func count(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

// serve answers questions by f until the test ends.
func serve(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body) // a server notices that its client has gone only once the question is read
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		f(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// negative answers every text with a mood whose confidence tells the text's length.
func negative(t *testing.T, seen func(question)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q question
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		seen(q)
		a := answer{Model: "m/1", Moods: make([]answerMood, len(q.Texts))}
		for i, text := range q.Texts {
			a.Moods[i] = answerMood{Label: "negative", Score: -0.5, Confidence: float64(len(text.Text)) / 1000}
		}
		if err := json.NewEncoder(w).Encode(a); err != nil {
			t.Error(err)
		}
	}
}

func TestScoreAll(t *testing.T) {
	var asked []question
	s := scorer(t, Options{Batch: 2, Token: "t0", URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", r.Header)
		}
		negative(t, func(q question) { asked = append(asked, q) })(w, r)
	})})
	got := s.ScoreAll(t.Context(), []Text{{"Scrivo da anna@example.com", "it"}, {"due", ""}, {strings.Repeat("è", longestText), ""}})
	want := []question{
		{Texts: []questionText{{"Scrivo da [email]", "it"}, {"due", ""}}},
		{Texts: []questionText{{strings.Repeat("è", longestText/2), ""}}},
	}
	if diff := cmp.Diff(asked, want); diff != "" {
		t.Errorf("asked (-got, +want):\n%s", diff)
	}
	mood := sentiment.Mood{Label: "negative", Score: -0.5, Emotion: "none", Lang: "it", Confidence: 0.017, Model: "m/1"}
	if len(got) != 3 || !cmp.Equal(got[0], mood) || got[1].Confidence != 0.003 {
		t.Errorf("moods %+v, want first %+v", got, mood)
	}
	if model, err := s.Model(t.Context()); err != nil || model != "m/1" {
		t.Errorf("model %q, %v", model, err)
	}
}

// TestScoreSharesRequests scores from many goroutines at once.
func TestScoreSharesRequests(t *testing.T) {
	var requests atomic.Int64
	s := scorer(t, Options{Batch: 8, Wait: 50 * time.Millisecond, URL: serve(t, negative(t, func(question) { requests.Add(1) }))})
	var group sync.WaitGroup
	for n := range 64 {
		group.Go(func() {
			if m := s.Score(strings.Repeat("x", n+1), ""); m.Confidence != float64(n+1)/1000 {
				t.Errorf("text of %d bytes has the mood of another: %+v", n+1, m)
			}
		})
	}
	group.Wait()
	if n := requests.Load(); n < 8 || n >= 64 {
		t.Errorf("%d requests for 64 texts", n)
	}
	if n := count(t, s.metrics.texts.WithLabelValues("external")); n != 64 {
		t.Errorf("counted %v", n)
	}
}

// TestWhateverGoesWrongTheFallbackAnswers has scorers that are slow, wrong and down.
func TestWhateverGoesWrongTheFallbackAnswers(t *testing.T) {
	says := func(format string, args ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, format, args...) }
	}
	one := func(mood string) http.HandlerFunc { return says(`{"model": "m/1", "moods": [%s]}`, mood) }
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, c := range []struct {
		name, reason string
		handler      http.HandlerFunc
	}{
		{"slow", reasonTimeout, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"slow in the middle", reasonTimeout, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"model":`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"down", reasonUnreachable, nil},
		{"failing", reasonStatus, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }},
		{"elsewhere", reasonStatus, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
		}},
		{"no JSON", reasonAnswer, says("<html>")},
		{"cut off", reasonAnswer, says(`{"model": "m/1", "moods": [{"label"`)},
		{"endless", reasonAnswer, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, strings.Repeat(" ", 1<<10)); err != nil {
					return
				}
			}
		}},
		{"no model", reasonAnswer, says(`{"moods": [{"label": "negative"}]}`)},
		{"too few", reasonAnswer, one(``)},
		{"too many", reasonAnswer, one(`{"label": "negative"}, {"label": "negative"}`)},
		{"label", reasonAnswer, one(`{"label": "bad"}`)},
		{"score", reasonAnswer, one(`{"label": "negative", "score": -2}`)},
		{"confidence", reasonAnswer, one(`{"label": "negative", "confidence": 1.5}`)},
		{"emotion", reasonAnswer, one(`{"label": "negative", "emotion": "rage"}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := gone.URL
			if c.handler != nil {
				url = serve(t, c.handler)
			}
			s := scorer(t, Options{URL: url, Timeout: 200 * time.Millisecond})
			if got := s.Score("testo", "it"); !cmp.Equal(got, builtin("", "")) {
				t.Errorf("mood %+v, want the fallback's", got)
			}
			failed := count(t, s.metrics.failures.WithLabelValues(c.reason))
			if fallback := count(t, s.metrics.texts.WithLabelValues("fallback")); failed != 1 || fallback != 1 {
				t.Errorf("counted %v failures for %s and %v texts, want one each", failed, c.reason, fallback)
			}
			if _, err := s.Model(t.Context()); err == nil && c.reason != reasonAnswer {
				t.Error("it tells its model")
			}
		})
	}
}

// TestAFailingScorerIsLeftAlone counts the questions of a scorer that fails, and of one that is well again.
func TestAFailingScorerIsLeftAlone(t *testing.T) {
	var asked, well atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if well.Load() == 0 {
			asked.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		negative(t, func(question) {})(w, r)
	})
	s := scorer(t, Options{URL: url, Rest: time.Hour, Wait: time.Nanosecond})
	for range 20 {
		s.Score("testo", "")
		s.ScoreAll(t.Context(), []Text{{"testo", ""}})
	}
	if n := asked.Load(); n != patience {
		t.Errorf("asked %d times, want %d", n, patience)
	}
	well.Store(1)
	s.mu.Lock()
	s.closed = time.Time{} // the hour is over
	s.mu.Unlock()
	if got := s.Score("testo", ""); got.Model != "m/1" {
		t.Errorf("well again, and %+v", got)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * patience {
		s.ScoreAll(cancelled, []Text{{"testo", ""}})
	}
	if got := s.Score("testo", ""); got.Model != "m/1" {
		t.Errorf("its callers gave up, and it is left alone: %+v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, url := range []string{"", "example.com", "ftp://example.com", "http://", "http://[::1"} {
		if _, err := New(Options{URL: url, Mask: masked, Fallback: builtin}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
	if _, err := New(Options{URL: "http://example.com"}); err == nil {
		t.Error("texts would leave as they are")
	}
}

// TestTheExampleKeepsTheContract runs the adapter of deploy/examples.
func TestTheExampleKeepsTheContract(t *testing.T) {
	python, err := exec.LookPath("python3")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no python3")
	}
	cmd := exec.CommandContext(t.Context(), python, "../../deploy/examples/scorer/scorer.py", "--port", "0", "--token", "secret")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	s := scorer(t, Options{URL: url, Token: "secret", Timeout: time.Minute})
	var labels []string
	for _, m := range s.ScoreAll(t.Context(), []Text{{"Grazie, tutto perfetto", "it"}, {"Sono deluso: arriva in ritardo", ""}, {"Quanto costa?", ""}, {"", ""}}) {
		labels = append(labels, m.Label)
	}
	if want := []string{"positive", "negative", "neutral", ""}; !slices.Equal(labels, want) {
		t.Errorf("labels %q, want %q", labels, want)
	}
	if model, err := s.Model(t.Context()); err != nil || model != "example-words-1" {
		t.Errorf("model %q, %v", model, err)
	}
	if _, err := scorer(t, Options{URL: url, Token: "wrong", Timeout: time.Minute}).Model(t.Context()); err == nil || reasonOf(errors.Unwrap(err)) != reasonStatus {
		t.Errorf("with a wrong token: %v", err)
	}
}
