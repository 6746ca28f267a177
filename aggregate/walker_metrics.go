package aggregate

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate/people"
	"tappa/journey"
)

// walkerMetrics count what the walker does. Without a registerer they count for nobody.
type walkerMetrics struct {
	walks, failures, arrivals, touched, subjects, interactions prometheus.Counter
	backlog, keys, shared                                      prometheus.Gauge
	seconds                                                    prometheus.Histogram
}

func newWalkerMetrics(r prometheus.Registerer) (*walkerMetrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tappa", Subsystem: "walk", Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "tappa", Subsystem: "walk", Name: name, Help: help})
	}
	m := &walkerMetrics{
		walks:        counter("walks_total", "Slices of arrivals walked, and rebuilds."),
		failures:     counter("failures_total", "Walks that failed and will be tried again."),
		arrivals:     counter("arrivals_total", "Kafka offsets taken up."),
		touched:      counter("touched_total", "Contact keys touched by arrivals."),
		subjects:     counter("subjects_total", "Subjects walked, counted once a journey."),
		interactions: counter("interactions_total", "Interactions read to walk their subjects."),
		backlog:      gauge("backlog_offsets", "Kafka offsets stored and not yet walked, by the journey and the part farthest behind."),
		keys:         gauge("contact_keys", "Contact keys and accounts held in memory."),
		shared:       gauge("shared_keys", "Contact keys that connect nobody, because several people use them."),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "tappa", Subsystem: "walk", Name: "seconds", Help: "Duration of walks that had something to do.",
			Buckets: prometheus.ExponentialBuckets(0.01, 4, 9),
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.walks, m.failures, m.arrivals, m.touched, m.subjects, m.interactions, m.backlog, m.keys, m.shared, m.seconds,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *walkerMetrics) observe(p Progress, err error) {
	m.walks.Add(float64(p.Walks))
	m.arrivals.Add(float64(p.Arrivals))
	m.touched.Add(float64(p.Touched))
	m.subjects.Add(float64(p.Subjects))
	m.interactions.Add(float64(p.Interactions))
	if err != nil {
		m.failures.Inc()
	}
	if p.Walks > 0 {
		m.seconds.Observe(p.Duration.Seconds())
	}
}

// know counts who is known.
func (m *walkerMetrics) know(g *people.Graph) {
	if g != nil {
		m.keys.Set(float64(g.Len()))
		m.shared.Set(float64(g.CountShared()))
	}
}

// lookAround has the metrics say how far behind the part is that is farthest behind: one that does not run says nothing itself.
func (w *Walker) lookAround(ctx context.Context) {
	most := w.progress.Backlog
	if !w.opts.Part.whole() && w.opts.Registerer != nil {
		ids := make([]journey.JourneyID, len(w.journeys))
		for i, j := range w.journeys {
			ids[i] = j.journey.ID
		}
		behind, _, err := w.store.WalkState(ctx, ids, Part{})
		if err != nil { // what it said last stands
			w.opts.Logger.Warn("cannot ask how far the other parts of the walk are", "error", err)
			return
		}
		most = max(most, behind)
	}
	w.metrics.backlog.Set(float64(most))
}
