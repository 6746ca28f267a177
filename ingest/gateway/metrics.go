package gateway

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is everything that moves in a gateway.
type metrics struct {
	accepted, refused, produced, none *prometheus.CounterVec
	seconds                           *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer, g *Gateway) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tappa", Subsystem: "gateway", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tappa", Subsystem: "gateway", Name: name, Help: help}, f)
	}
	m := &metrics{
		accepted: counter("accepted_total", "Requests whose records all in-sync replicas have.", "source"),
		refused:  counter("refused_total", "Requests refused, by reason; nothing of them was accepted.", "source", "reason"),
		produced: counter("produced_total", "Records put on Kafka.", "source"),
		none:     counter("no_event_total", "Objects and rows of accepted requests that the source's mapping file makes no event of.", "source"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tappa", Subsystem: "gateway", Name: "request_seconds", Help: "Time to answer a request.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"source"}),
	}
	for name, s := range g.sources { // so that a rate is 0 rather than missing before the first
		m.accepted.WithLabelValues(name)
		m.refused.WithLabelValues(name, reasonSignature)
		m.produced.WithLabelValues(s.Name)
		if s.Mapping != nil {
			m.none.WithLabelValues(name)
		}
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.accepted, m.refused, m.produced, m.none, m.seconds,
		gauge("requests", "Requests being worked on.", func() float64 { n, _ := g.held.now(); return float64(n) }),
		gauge("held_bytes", "Memory set aside for the bodies of these requests.", func() float64 { _, b := g.held.now(); return float64(b) }),
		gauge("remembered_requests", "Accepted requests remembered against replays.", func() float64 { n, _ := g.seen.size(); return float64(n) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "tappa", Subsystem: "gateway", Name: "forgotten_total", Help: "Accepted requests forgotten too early, for want of room.",
		}, func() float64 { _, n := g.seen.size(); return float64(n) }),
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register gateway metrics: %w", err)
		}
	}
	return m, nil
}
