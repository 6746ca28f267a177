package external

import "github.com/prometheus/client_golang/prometheus"

// metrics are what the scorer counts.
type metrics struct {
	texts    *prometheus.CounterVec // by who scored them: external, fallback
	failures *prometheus.CounterVec // batches, by reason
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		texts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tappa", Subsystem: "scorer", Name: "texts_total", Help: "Texts scored while an external scorer is configured, by who scored them.",
		}, []string{"by"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tappa", Subsystem: "scorer", Name: "failures_total", Help: "Batches that the external scorer failed to score, by reason.",
		}, []string{"reason"}),
	}
	for _, by := range []string{"external", "fallback"} {
		m.texts.WithLabelValues(by)
	}
	for _, reason := range []string{reasonTimeout, reasonUnreachable, reasonStatus, reasonAnswer} {
		m.failures.WithLabelValues(reason)
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.texts, m.failures} {
		if err := registerer.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
