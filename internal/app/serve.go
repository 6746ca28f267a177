package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tappa/aggregate"
	"tappa/alert"
	"tappa/dashboards"
	"tappa/journey"
	"tappa/sentiment"
)

// newRegistry returns a registry with the process's own metrics on it.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// site is the HTTP side: pages, API, metrics and health on one listener.
type site struct {
	store    *aggregate.Store
	journeys []*journey.Journey
	registry *prometheus.Registry
	ready    readiness
	logger   *slog.Logger
	hidden   bool           // only metrics and health, no pages
	alerts   *alert.Watcher // nil: none
	writer   *aggregate.Store
	access   dashboards.Access
	troubles func() []string // what goes wrong without keeping the process from its work; nil: nothing is watched
}

// listen binds addr and serves until the stack stops it. It returns the address bound, which matters for port 0.
func (s site) listen(st *stack, addr string, fail func(error)) (string, error) {
	mux := http.NewServeMux()
	if !s.hidden {
		scorer, err := sentiment.New().Without(stopPhrases(s.journeys)...)
		if err != nil {
			return "", err
		}
		opts := dashboards.Options{
			Store: s.store, Journeys: s.journeys, Logger: s.logger, Writer: s.writer, Access: s.access,
			Explain: func(text string) (string, []string) { m := scorer.Explain(text, ""); return m.Label, m.Cues },
		}
		if s.alerts != nil { // a nil watcher in an interface would not be nil
			opts.Alerts = s.alerts
		}
		pages, err := dashboards.New(opts)
		if err != nil {
			return "", err
		}
		mux.Handle("/", pages)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ready.check(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
		if s.troubles != nil {
			for _, trouble := range s.troubles() {
				fmt.Fprintln(w, "trouble:", trouble)
			}
		}
	})
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen for pages: %w (is another tappa running? --listen, or TAPPA_LISTEN for serve, chooses another address)", err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("serve pages: %w", err))
		}
	}()
	st.push("pages", func(ctx context.Context) error { return server.Shutdown(ctx) })
	return listener.Addr().String(), nil
}
