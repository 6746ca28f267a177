// Package gateway takes webhooks in and puts them on Kafka: it holds requests to their vendor's signature, to a window of
// time and to limits, splits batches, and answers 2xx only when all in-sync replicas have every record.
//
// It reads no more of a payload than that needs. Records are what the vendor sent, unchanged, with the headers that tell
// a collector how to read them (source.HeaderFormat); so what a collector cannot use yet is among the dead letters, whole,
// and not lost. Only sources with a mapping file are mapped here, since that file is here.
//
// What it accepted is on Kafka; what it could not put there it refused, with Retry-After, and the vendor comes again.
// Since every record carries an id that is the same then, a request that arrives twice counts once.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/ingest"
)

// Publisher is what puts records on Kafka.
type Publisher interface {
	// Publish returns when all in-sync replicas have every message, or with an error, after which some may have been
	// taken. An error that is ingest.ErrTooLarge says that trying again is useless. It is called by many goroutines at once.
	Publish(ctx context.Context, messages ...ingest.Message) error
}

// Options are what New needs. Config and Publisher are required.
type Options struct {
	Config     *Config
	Publisher  Publisher
	Logger     *slog.Logger          // default slog.Default()
	Registerer prometheus.Registerer // default: metrics are kept but not registered
	Now        func() time.Time      // default time.Now
}

// Gateway is an http.Handler that serves every source of its configuration at /in/NAME.
type Gateway struct {
	publisher Publisher
	sources   map[string]*gate
	limits    Limits
	public    string
	held      held
	seen      *seen
	metrics   *metrics
	log       *slog.Logger
	now       func() time.Time
}

// gate is one source, ready to be asked.
type gate struct {
	Source
	vendor vendor
	rate   limiter
	told   sync.Once // that a mapping file makes no event of something
}

// New prepares a gateway. It connects to nothing.
func New(o Options) (*Gateway, error) {
	if o.Config == nil || o.Publisher == nil {
		return nil, errors.New("new gateway: one of Config and Publisher is missing")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gateway{
		publisher: o.Publisher, sources: map[string]*gate{}, limits: o.Config.Limits, public: o.Config.Public,
		held: held{limits: o.Config.Limits}, seen: newSeen(o.Config.Limits.Replays), log: o.Logger, now: o.Now,
	}
	for _, s := range o.Config.Sources {
		for _, doubt := range s.Mapping.Doubts() {
			o.Logger.Warn("gateway: the mapping file may be misspelt", "source", s.Name, "doubt", doubt)
		}
		g.sources[s.Name] = &gate{Source: s, vendor: vendorOf(s.Vendor), rate: newLimiter(s.Rate, s.Burst)}
	}
	m, err := newMetrics(o.Registerer, g)
	if err != nil {
		return nil, err
	}
	g.metrics = m
	return g, nil
}

// prefix begins the path of every source.
const prefix = "/in/"

// ServeHTTP takes one request, and answers with JSON: {"accepted": 3}, or {"refused": reason, "detail": …}. What of it a mapping
// file makes no event of is counted beside: {"accepted": 3, "no_event": 1}.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := g.now()
	s := g.sources[strings.TrimPrefix(r.URL.Path, prefix)]
	if s == nil || !strings.HasPrefix(r.URL.Path, prefix) {
		g.metrics.refused.WithLabelValues("", reasonUnknown).Inc()
		write(w, http.StatusNotFound, answer{Refused: reasonUnknown, Detail: "no source of this name"})
		return
	}
	a, err := g.take(s, w, r)
	g.metrics.seconds.WithLabelValues(s.Name).Observe(g.now().Sub(began).Seconds())
	var no *refusal
	switch {
	case errors.As(err, &no):
		g.metrics.refused.WithLabelValues(s.Name, no.reason).Inc()
		g.refuse(w, s, no)
	case s.Thanks != "":
		g.metrics.accepted.WithLabelValues(s.Name).Inc()
		http.Redirect(w, r, s.Thanks, http.StatusSeeOther)
	default:
		g.metrics.accepted.WithLabelValues(s.Name).Inc()
		write(w, http.StatusOK, a)
	}
}

// take does the work on one request: admit, read, verify, remember, split, publish. It returns how many records it put
// on Kafka and what became no event, or a *refusal.
func (g *Gateway) take(s *gate, w http.ResponseWriter, r *http.Request) (answer, error) {
	leave, err := g.admit(s, r)
	if err != nil {
		return answer{}, err
	}
	defer leave()
	req, err := g.read(s, w, r)
	if err != nil {
		return answer{}, err
	}
	if err := g.verify(s, req); err != nil {
		return answer{}, err
	}
	parts, err := s.split(req)
	if err != nil {
		return answer{}, err
	}
	g.tellNone(s, req)
	if len(parts) == 0 {
		return answer{NoEvent: len(req.none)}, nil // sound, and nothing in it: no event, or none that the mapping file wants
	}
	first, settle, err := g.seen.enter(req.fingerprint(s.Name), req.received, s.vendor.remember)
	if err != nil {
		return answer{}, err
	}
	req.received = first // of what Kafka took although nobody heard so, the next try is a copy, also if it bears no time
	accepted := false
	defer func() { settle(accepted) }() // whatever happens, or its twin would wait for ever
	n, err := g.publish(r.Context(), s, req, parts)
	accepted = err == nil
	return answer{Accepted: n, NoEvent: len(req.none)}, err
}

// tellNone counts what a mapping file makes no event of, and says once of a source why: the sender is told that all is well,
// and a condition with a typo in it would lose everything.
func (g *Gateway) tellNone(s *gate, r *request) {
	if len(r.none) == 0 {
		return
	}
	g.metrics.none.WithLabelValues(s.Name).Add(float64(len(r.none)))
	s.told.Do(func() {
		g.log.Warn("gateway: the mapping file makes no event of this; what follows is only counted", "source", s.Name, "why", r.none[0].Reason())
	})
}

// publish puts parts on Kafka, and returns when all in-sync replicas have all of them.
func (g *Gateway) publish(ctx context.Context, s *gate, req *request, parts []part) (int, error) {
	messages := make([]ingest.Message, len(parts))
	for i, p := range parts {
		messages[i] = s.message(req, p)
		if size := len(messages[i].Key) + len(messages[i].Value) + headerBytes(messages[i].Headers); size > ingest.MaxMessage {
			return 0, refuse(reasonTooLarge, "an event of %d bytes, at most %d are taken", size, ingest.MaxMessage)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, g.limits.Publish)
	defer cancel()
	err := g.publisher.Publish(ctx, messages...)
	switch {
	case err == nil:
		g.metrics.produced.WithLabelValues(s.Name).Add(float64(len(messages)))
		return len(messages), nil
	case errors.Is(err, ingest.ErrTooLarge):
		return 0, refuse(reasonTooLarge, "larger than the topic takes")
	}
	g.log.Warn("gateway: not published; the sender is asked to try again", "source", s.Name, "records", len(messages), "error", err)
	return 0, refuse(reasonKafka, "it cannot be stored now, try again")
}

// answer is what a sender is told.
type answer struct {
	Accepted int    `json:"accepted"`
	NoEvent  int    `json:"no_event,omitempty"`
	Refused  string `json:"refused,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// refuse tells a sender why, and when to come again.
func (g *Gateway) refuse(w http.ResponseWriter, s *gate, no *refusal) {
	status := reasons[no.reason]
	if no.reason == reasonReplayed && s.vendor.repeats {
		status = http.StatusOK // its retry is the same bytes: anything else would make it come again
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(no.retryAfter()))
	}
	if no.reason == reasonMethod {
		w.Header().Set("Allow", http.MethodPost)
	}
	g.log.Debug("gateway: refused", "source", s.Name, "reason", no.reason, "detail", no.detail)
	write(w, status, answer{Refused: no.reason, Detail: no.detail})
}

func write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // a sender that has gone needs no answer
}
