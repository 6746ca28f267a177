// Package external asks a scorer that runs elsewhere, over HTTP, for the mood of texts: a larger model, a hosted one, a tenant's
// own. It is optional. What leaves is cut to what the customer wrote and masked; whatever goes wrong, the built-in scorer
// answers. docs/mood.md describes the contract.
package external

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/sentiment"
)

// Options say which scorer is asked, and how. URL, Mask and Fallback are required.
type Options struct {
	URL      string                                 // where batches are posted to
	Token    string                                 // sent as "Authorization: Bearer …"; "" for none
	Timeout  time.Duration                          // of one batch; default 2 s
	Batch    int                                    // texts in one at most; default 64
	Wait     time.Duration                          // how long Score waits for others to share its batch; default 5 ms
	Rest     time.Duration                          // after several failures, how long nothing is asked; default 30 s
	Mask     func(text string) string               // takes out what identifies people
	Fallback func(text, lang string) sentiment.Mood // the built-in scorer

	Registerer prometheus.Registerer // nil: no metrics
}

// Scorer scores texts by asking elsewhere. It is safe for concurrent use.
type Scorer struct {
	opts    Options
	client  *http.Client
	metrics *metrics

	mu      sync.Mutex
	waiting *shared   // the batch that Score fills; nil is none
	failed  int       // batches in a row
	closed  time.Time // until then nothing is asked
}

// Text is what is to be scored, and its language where the source states it.
type Text struct{ Text, Lang string }

// patience is how many batches in a row may fail before the scorer is left alone for a while.
const patience = 3

// New checks the options. It asks nothing yet.
func New(opts Options) (*Scorer, error) {
	at, err := url.Parse(opts.URL)
	if err != nil || at.Host == "" || !slices.Contains([]string{"http", "https"}, at.Scheme) {
		return nil, fmt.Errorf("external scorer %q: want an http or https address", opts.URL)
	}
	if opts.Mask == nil || opts.Fallback == nil {
		return nil, errors.New("external scorer: one of Mask and Fallback is missing")
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 2 * time.Second
	}
	if opts.Batch <= 0 {
		opts.Batch = 64
	}
	if opts.Wait <= 0 {
		opts.Wait = 5 * time.Millisecond
	}
	if opts.Rest <= 0 {
		opts.Rest = 30 * time.Second
	}
	s := &Scorer{opts: opts}
	// A redirect would send texts to somebody whom nobody configured.
	s.client = &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if s.metrics, err = newMetrics(opts.Registerer); err != nil {
		return nil, fmt.Errorf("external scorer: %w", err)
	}
	return s, nil
}

// Close gives back the connections.
func (s *Scorer) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Model asks for the scorer's name and version, which every answer carries.
func (s *Scorer) Model(ctx context.Context) (string, error) {
	answer, err := s.ask(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("external scorer: %w", err)
	}
	return answer.Model, nil
}

// ScoreAll returns the moods of texts, in their order. Batches are asked one after the other; one that fails is scored by
// Fallback, which every Mood's Model tells.
func (s *Scorer) ScoreAll(ctx context.Context, texts []Text) []sentiment.Mood {
	out := make([]sentiment.Mood, 0, len(texts))
	for part := range slices.Chunk(texts, s.opts.Batch) {
		out = append(out, s.batch(ctx, part)...)
	}
	return out
}

// shared is a batch that several callers of Score fill.
type shared struct {
	texts []Text
	moods []sentiment.Mood
	done  chan struct{} // closed when moods are there
}

// Score returns the mood of one text. It shares a request with others that are called meanwhile, and so takes as long as the
// scorer does.
func (s *Scorer) Score(text, lang string) sentiment.Mood {
	s.mu.Lock()
	if time.Now().Before(s.closed) {
		s.mu.Unlock()
		s.metrics.texts.WithLabelValues("fallback").Inc()
		return s.opts.Fallback(text, lang)
	}
	b := s.waiting
	if b == nil {
		b = &shared{done: make(chan struct{})}
		s.waiting = b
		time.AfterFunc(s.opts.Wait, func() { s.send(b) })
	}
	at := len(b.texts)
	b.texts = append(b.texts, Text{text, lang})
	full := len(b.texts) == s.opts.Batch
	s.mu.Unlock()
	if full {
		s.send(b)
	}
	<-b.done
	return b.moods[at]
}

// send asks for a shared batch, unless somebody else does.
func (s *Scorer) send(b *shared) {
	s.mu.Lock()
	mine := s.waiting == b
	if mine {
		s.waiting = nil // nobody adds to it any more
	}
	s.mu.Unlock()
	if mine {
		b.moods = s.batch(context.Background(), b.texts)
		close(b.done)
	}
}

// batch scores texts by one request, or by the fallback.
func (s *Scorer) batch(ctx context.Context, texts []Text) []sentiment.Mood {
	moods := make([]sentiment.Mood, len(texts))
	for i, t := range texts {
		moods[i] = s.opts.Fallback(t.Text, t.Lang)
	}
	answer, err := s.tryAsk(ctx, texts)
	if err != nil {
		s.metrics.texts.WithLabelValues("fallback").Add(float64(len(texts)))
		return moods
	}
	s.metrics.texts.WithLabelValues("external").Add(float64(len(texts)))
	for i := range moods {
		moods[i] = answer.Moods[i].mood(answer.Model, moods[i])
	}
	return moods
}

var errResting = errors.New("left alone after failures")

// tryAsk asks, unless the scorer is left alone, and keeps count of failures.
func (s *Scorer) tryAsk(ctx context.Context, texts []Text) (answer, error) {
	s.mu.Lock()
	resting := time.Now().Before(s.closed)
	s.mu.Unlock()
	if resting {
		return answer{}, errResting
	}
	a, err := s.ask(ctx, texts)
	if ctx.Err() != nil {
		return a, err // the caller's doing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.failed = 0
		return a, nil
	}
	s.metrics.failures.WithLabelValues(reasonOf(err)).Inc()
	if s.failed++; s.failed >= patience {
		s.closed = time.Now().Add(s.opts.Rest) // one more failure afterwards closes it again
	}
	return a, err
}
