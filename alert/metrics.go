package alert

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	fires         *prometheus.GaugeVec
	value         *prometheus.GaugeVec
	evaluations   *prometheus.CounterVec
	notifications *prometheus.CounterVec
	looked        prometheus.Gauge
}

func newMetrics() metrics {
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tappa_alert_" + name, Help: help}, labels)
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tappa_alert_" + name, Help: help}, labels)
	}
	return metrics{
		fires:         gauges("firing", "Causes for which an alert fires; of several processes the one at work says so.", "alert"),
		value:         gauges("value", "The number that an alert watches, in seconds where it is a duration, by cause.", "alert", "cause"),
		evaluations:   counters("evaluations_total", "How often an alert was looked at: ok or failed.", "alert", "result"),
		notifications: counters("notifications_total", "Messages, by whom they went to, what they said, and whether they went: ok or failed.", "notifier", "status", "result"),
		looked:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "tappa_alert_evaluated_timestamp_seconds", Help: "When all alerts were last looked at."}),
	}
}

func (m metrics) register(reg prometheus.Registerer) error {
	for _, c := range []prometheus.Collector{m.fires, m.value, m.evaluations, m.notifications, m.looked} {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func result(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}

func (m metrics) evaluated(a Definition, found []Finding, err error) {
	m.evaluations.WithLabelValues(a.ID, result(err)).Inc()
	if err != nil {
		return
	}
	m.value.DeletePartialMatch(prometheus.Labels{"alert": a.ID})
	for _, f := range found {
		if f.Value != nil {
			m.value.WithLabelValues(a.ID, f.Cause).Set(*f.Value)
		}
	}
}

func (m metrics) firing(d *Definitions, states map[string]*State, now time.Time) {
	n := map[string]int{}
	for _, s := range states {
		for id := range s.Holding {
			if s.Firing {
				n[id]++
			}
		}
	}
	for _, a := range d.Alerts {
		m.fires.WithLabelValues(a.ID).Set(float64(n[a.ID]))
	}
	m.looked.Set(float64(now.Unix()))
}

// idle takes back what this process said while it was at work.
func (m metrics) idle(d *Definitions) {
	for _, a := range d.Alerts {
		m.fires.DeleteLabelValues(a.ID)
		m.value.DeletePartialMatch(prometheus.Labels{"alert": a.ID})
	}
}

func (m metrics) told(msg Message, err error) {
	m.notifications.WithLabelValues(msg.Notifier, msg.Status, result(err)).Inc()
}
