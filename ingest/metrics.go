package ingest

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is everything that moves in a collector.
type metrics struct {
	read, stored, filtered, dead, gaps, unmapped *prometheus.CounterVec
	retries                                      *prometheus.CounterVec
	rebalances, fetchErrors, stuck, dropped      prometheus.Counter
	lags                                         *lags
	partitions                                   prometheus.Gauge
	flushRows, flushBytes, flushSeconds, latency prometheus.Histogram
}

// newMetrics makes the metrics and registers them, where there is a registerer.
func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	place := []string{"topic", "partition"}
	m := &metrics{
		read:     counters("records_read_total", "Records of blocks that are done, whatever became of them.", place...),
		stored:   counters("records_stored_total", "Records the sink has stored.", place...),
		filtered: counters("records_filtered_total", "Records that carry nothing: tombstones, markers of transactions, aborted records, asides of vendors.", append(place, "kind")...),
		dead:     counters("records_dead_total", "Records put among the dead letters, by reason.", append(place, "reason")...),
		gaps:     counters("records_gap_total", "Records that retention deleted before they were read.", place...),
		unmapped: counters("records_unmapped_total", "Stored records that no rule of the journey file matched.", "source"),
		retries:  counters("retries_total", "Tries that failed and were made again, by what was tried and why it failed.", "what", "reason"),
		lags:     newLags(),

		rebalances:  counter("rebalances_total", "Generations of the consumer group this member has joined."),
		fetchErrors: counter("fetch_errors_total", "Fetches that failed."),
		stuck:       counter("stuck_total", "Times the partitions were handed back because the sink took nothing."),
		dropped:     counter("records_dropped_total", "Records given up unwritten when partitions were handed over; the next owner reads them again."),
		partitions: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "tappa", Subsystem: "ingest", Name: "partitions", Help: "Partitions assigned to this member.",
		}),

		flushRows:    histogram("flush_rows", "Rows of a block.", prometheus.ExponentialBuckets(1, 4, 9)),
		flushBytes:   histogram("flush_bytes", "Bytes of a block's Kafka values.", prometheus.ExponentialBuckets(1<<10, 4, 9)),
		flushSeconds: histogram("flush_seconds", "Time to write a block, tries included.", prometheus.ExponentialBuckets(0.005, 2, 14)),
		latency: histogram("latency_seconds",
			"From a record's Kafka time to its being stored.", prometheus.ExponentialBuckets(0.05, 2, 16)),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.read, m.stored, m.filtered, m.dead, m.gaps, m.unmapped, m.retries, m.lags, m.rebalances,
		m.fetchErrors, m.stuck, m.dropped, m.partitions, m.flushRows, m.flushBytes, m.flushSeconds, m.latency,
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

// registerProgress adds when the collector got on last to the metrics that are registered.
func (c *Collector) registerProgress(reg prometheus.Registerer) error {
	if reg == nil {
		return nil
	}
	err := reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "tappa", Subsystem: "ingest", Name: "progress_timestamp_seconds",
		Help: "When something was settled last, or Kafka had nothing new; 0 before the start.",
	}, func() float64 {
		if last := c.progress.last(); !last.IsZero() {
			return float64(last.UnixMilli()) / 1000
		}
		return 0
	}))
	if err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tappa", Subsystem: "ingest", Name: name, Help: help}, labels)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tappa", Subsystem: "ingest", Name: name, Help: help})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "tappa", Subsystem: "ingest", Name: name, Help: help, Buckets: buckets,
	})
}
