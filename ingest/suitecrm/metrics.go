package suitecrm

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/ingest"
	"tappa/ingest/source"
)

// metrics is everything that moves in a relay.
type metrics struct {
	changes, dead, events *prometheus.CounterVec
	lag                   *prometheus.GaugeVec
}

// newMetrics makes the metrics and registers them, where there is a registerer.
func newMetrics(reg prometheus.Registerer, pending func() []Pending) (*metrics, error) {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tappa", Subsystem: "suitecrm", Name: name, Help: help}, labels)
	}
	m := &metrics{
		changes: counters("changes_total", "Changes taken in, by topic and fate; those taken in again after a start count again.", "topic", "fate"),
		dead:    counters("changes_dead_total", "Changes that could not be used, by reason.", "topic", "reason"),
		events:  counters("events_total", "Events made, by type; those made again after a start count again.", "type"),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "tappa", Subsystem: "suitecrm", Name: "lag_records", Help: "Changes that wait to be taken in.",
		}, []string{"topic", "partition"}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.changes, m.dead, m.events, m.lag, waiting(pending)} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

// took counts a record that was taken in, or could not be.
func (m *metrics) took(topic string, fate Fate, err error) {
	if err == nil {
		m.changes.WithLabelValues(topic, string(fate)).Inc()
		return
	}
	reason := string(ingest.ReasonUndecodable)
	if e, ok := errors.AsType[*source.Error](err); ok {
		reason = string(e.Reason)
	}
	m.dead.WithLabelValues(topic, reason).Inc()
}

func (m *metrics) made(typ string) { m.events.WithLabelValues(typ).Inc() }

func (m *metrics) behind(p ingest.Partition, records int64) {
	m.lag.WithLabelValues(p.Topic, fmt.Sprint(p.Number)).Set(float64(records))
}

// waiting is the metric of what waits for other rows, counted when it is asked for.
type waiting func() []Pending

var pendingDesc = prometheus.NewDesc("tappa_suitecrm_pending", "Facts that wait for rows that have not come, by table and reason.", []string{"table", "why"}, nil)

// Describe says what Collect will send.
func (w waiting) Describe(ch chan<- *prometheus.Desc) { ch <- pendingDesc }

// Collect counts.
func (w waiting) Collect(ch chan<- prometheus.Metric) {
	for _, p := range w() {
		ch <- prometheus.MustNewConstMetric(pendingDesc, prometheus.GaugeValue, float64(p.Count), p.Table, p.Why)
	}
}
