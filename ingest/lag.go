package ingest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// lags knows how far behind the partitions of this member are. It computes the metrics when they are asked for, so that
// they grow while nothing moves, which is when somebody looks at them.
type lags struct {
	mu sync.Mutex
	at map[Partition]*lag

	records, seconds *prometheus.Desc
}

type lag struct {
	next int64     // everything before it is done
	end  int64     // where the log ends
	last time.Time // Kafka's time of the last record done or, before there is one, of the first that is to do
}

func newLags() *lags {
	place := []string{"topic", "partition"}
	return &lags{
		at: map[Partition]*lag{},
		records: prometheus.NewDesc("tappa_ingest_lag_records",
			"Records between the last one done and the end of the log.", place, nil),
		seconds: prometheus.NewDesc("tappa_ingest_lag_seconds",
			"Age of the last record done, while there are later ones; 0 at the end of the log.", place, nil),
	}
}

// begin notes where an assigned partition is read from.
func (l *lags) begin(p Partition, next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[p] = &lag{next: next, end: next}
}

// reached notes where the log ends, and, of what was fetched, the time of the first record; zero where there is none.
func (l *lags) reached(p Partition, end int64, first time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := l.at[p]; at != nil {
		at.end = max(at.end, end)
		if at.last.IsZero() {
			at.last = first
		}
	}
}

// done notes that everything before next is done, and the time of the last record of that.
func (l *lags) done(p Partition, next int64, last time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := l.at[p]; at != nil {
		at.next, at.end = next, max(at.end, next)
		if !last.IsZero() {
			at.last = last
		}
	}
}

// forget drops a partition that is another member's now.
func (l *lags) forget(p Partition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.at, p)
}

// Describe makes lags a prometheus.Collector.
func (l *lags) Describe(out chan<- *prometheus.Desc) { out <- l.records; out <- l.seconds }

// Collect makes lags a prometheus.Collector.
func (l *lags) Collect(out chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, at := range l.at {
		records, seconds := max(0, at.end-at.next), 0.0
		if records > 0 && !at.last.IsZero() {
			seconds = max(0, time.Since(at.last).Seconds())
		}
		number := strconv.Itoa(p.Number)
		out <- prometheus.MustNewConstMetric(l.records, prometheus.GaugeValue, float64(records), p.Topic, number)
		out <- prometheus.MustNewConstMetric(l.seconds, prometheus.GaugeValue, seconds, p.Topic, number)
	}
}

// watchEnds keeps the ends of the logs up to date until ctx ends. What is fetched brings them along, but while the sink
// takes nothing, nothing is fetched.
func (g *generation) watchEnds(ctx context.Context) {
	all := slices.Collect(maps.Keys(g.partitions))
	for sleep(ctx, g.c.opts.WatchEvery) == nil {
		logs, err := g.c.logs(ctx, all)
		if err != nil {
			continue // fetching says so if it lasts
		}
		for p, l := range logs {
			g.c.metrics.lags.reached(p, l.end, time.Time{})
		}
	}
}
