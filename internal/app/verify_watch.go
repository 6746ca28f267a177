package app

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/ingest"
)

// verifyWatch accounts for every record now and then, as `tappa verify` does, and tells the result as metrics.
type verifyWatch struct {
	options ingest.VerifyOptions
	every   time.Duration
	logger  *slog.Logger

	records  *prometheus.GaugeVec
	at, took prometheus.Gauge
	failures prometheus.Counter
}

// newVerifyWatch prepares a watch over a pipeline, and registers its metrics.
func newVerifyWatch(p PipelineOptions, every time.Duration, logger *slog.Logger, reg prometheus.Registerer) (*verifyWatch, error) {
	name := func(name, help string) prometheus.GaugeOpts {
		return prometheus.GaugeOpts{Namespace: "tappa", Subsystem: "verify", Name: name, Help: help}
	}
	w := &verifyWatch{
		options: p.verifyOptions(), every: every, logger: logger,
		records: prometheus.NewGaugeVec(name("records", "What became of the records of a partition, by evidence: stored, duplicate, "+
			"dead, filtered, erased, gap and missing add up to those read; waiting are not read yet."), []string{"topic", "partition", "fate"}),
		at:   prometheus.NewGauge(name("timestamp_seconds", "When the records were last accounted for.")),
		took: prometheus.NewGauge(name("seconds", "How long that took.")),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "tappa", Subsystem: "verify", Name: "failures_total", Help: "Times that it failed; it is tried again.",
		}),
	}
	for _, c := range []prometheus.Collector{w.records, w.at, w.took, w.failures} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Run accounts at once, and then again and again until ctx ends. A failure is logged and counted.
func (w *verifyWatch) Run(ctx context.Context) error {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		if err := w.once(ctx); err != nil && ctx.Err() == nil {
			w.failures.Inc()
			w.logger.Warn("verify: cannot account for the records, will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *verifyWatch) once(ctx context.Context) error {
	began := time.Now()
	accounts, err := ingest.Verify(ctx, w.options)
	if err != nil {
		return err
	}
	w.records.Reset() // topics and partitions may have gone
	missing := int64(0)
	for _, a := range accounts {
		missing += a.Missing
		for fate, n := range map[string]int64{
			"stored": a.Stored, "duplicate": a.Duplicate, "dead": a.AllDead(), "filtered": a.Filtered, "erased": a.Erased,
			"gap": a.Gap, "missing": a.Missing, "waiting": a.Waiting,
		} {
			w.records.WithLabelValues(a.Topic, strconv.Itoa(a.Partition), fate).Set(float64(n))
		}
	}
	if missing > 0 {
		w.logger.Error("verify: records are neither stored nor dead letters; `tappa verify` lists them", "missing", missing)
	}
	w.at.SetToCurrentTime()
	w.took.Set(time.Since(began).Seconds())
	return nil
}
