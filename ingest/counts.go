package ingest

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"
)

// Partition names one partition of one topic.
type Partition struct {
	Topic  string
	Number int
}

// Count says what became of the records of a partition that this collector has finished with. Read is always Stored
// plus Filtered plus the sum of Dead.
type Count struct {
	Read     int64            // records seen, markers of transactions included
	Stored   int64            // rows the sink took; copies of one interaction count each
	Filtered int64            // tombstones, markers of transactions, records of aborted transactions, vendors' records that carry no interaction
	Dead     map[string]int64 // dead letters by reason
	Gap      int64            // records that retention deleted unread; not part of Read
}

// Counts is the accounting of a collector since it was made.
type Counts map[Partition]Count

// Total adds up all partitions.
func (c Counts) Total() Count {
	total := Count{Dead: map[string]int64{}}
	for _, n := range c {
		total.add(n)
	}
	return total
}

func (c *Count) add(n Count) {
	c.Read += n.Read
	c.Stored += n.Stored
	c.Filtered += n.Filtered
	c.Gap += n.Gap
	for reason, k := range n.Dead {
		if c.Dead == nil {
			c.Dead = map[string]int64{}
		}
		c.Dead[reason] += k
	}
}

// counts is Counts for many goroutines.
type counts struct {
	mu sync.Mutex
	at Counts
}

func (c *counts) add(p Partition, n Count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil {
		c.at = Counts{}
	}
	sum := c.at[p]
	sum.add(n)
	c.at[p] = sum
}

// Counts returns the accounting so far. Only finished blocks count, so that it adds up at every moment.
func (c *Collector) Counts() Counts {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	out := maps.Clone(c.counts.at)
	for p, n := range out {
		n.Dead = maps.Clone(n.Dead)
		out[p] = n
	}
	return out
}

// account adds a finished batch to the counts and the metrics.
func (c *Collector) account(b *batch) {
	settled := int64(0)
	for p, s := range b.spans {
		n := Count{Read: s.rows + s.filtered(), Stored: s.rows, Filtered: s.filtered()}
		number := strconv.Itoa(p.Number)
		for kind, k := range s.skipped {
			c.metrics.filtered.WithLabelValues(p.Topic, number, kind).Add(float64(k))
		}
		for reason, k := range s.dead {
			n.Read += k
			c.metrics.dead.WithLabelValues(p.Topic, number, reason).Add(float64(k))
		}
		n.Dead = s.dead
		settled += n.Read
		c.counts.add(p, n)
		c.metrics.read.WithLabelValues(p.Topic, number).Add(float64(n.Read))
		c.metrics.stored.WithLabelValues(p.Topic, number).Add(float64(n.Stored))
	}
	c.progress.settled(settled)
	now := time.Now()
	for of, n := range b.unmapped {
		c.metrics.unmapped.WithLabelValues(string(of)).Add(float64(n))
	}
	for i := range b.raw {
		c.metrics.latency.Observe(now.Sub(b.raw[i].Time).Seconds())
	}
}

// gap reports records that retention deleted unread.
func (c *Collector) gap(p Partition, from, to int64) error {
	c.counts.add(p, Count{Gap: to - from})
	c.metrics.gaps.WithLabelValues(p.Topic, strconv.Itoa(p.Number)).Add(float64(to - from))
	c.opts.Logger.Error("ingest: records were deleted by retention before they were read",
		"topic", p.Topic, "partition", p.Number, "from", from, "to", to-1, "records", to-from)
	if c.opts.StopAtGap {
		return fmt.Errorf("topic %s partition %d: offsets %d to %d: %w", p.Topic, p.Number, from, to-1, ErrGap)
	}
	return nil
}

// CaughtUp returns when everything that the topics held when it was called is done: stored, dead or filtered, by this
// or another member of the group. It needs a collector of the group to be running, and ends early with ctx's error.
func (c *Collector) CaughtUp(ctx context.Context) error {
	note := func(int, error) {}
	var ends map[Partition]int64
	err := retry(ctx, note, func() (err error) {
		ends, err = c.ends(ctx)
		return err
	})
	for err == nil && len(ends) > 0 {
		err = retry(ctx, note, func() error { return c.cross(ctx, ends) })
		if err == nil && len(ends) > 0 {
			err = sleep(ctx, 20*time.Millisecond)
		}
	}
	if err != nil {
		return fmt.Errorf("wait until caught up: %w", err)
	}
	return nil
}

// ends returns where every partition that is not empty ends now.
func (c *Collector) ends(ctx context.Context) (map[Partition]int64, error) {
	topics, err := c.matching(ctx, c.opts.Topics, c.opts.TopicPattern, c.opts.DeadLetterTopic)
	if err != nil || len(topics) == 0 {
		return nil, err
	}
	all, err := c.partitions(ctx, topics)
	if err != nil {
		return nil, err
	}
	logs, err := c.logs(ctx, all)
	if err != nil {
		return nil, err
	}
	ends := map[Partition]int64{}
	for p, l := range logs {
		if l.end > l.first {
			ends[p] = l.end
		}
	}
	return ends, nil
}

// cross deletes from ends the partitions that the group has done up to there.
func (c *Collector) cross(ctx context.Context, ends map[Partition]int64) error {
	var all []Partition
	for p := range ends {
		all = append(all, p)
	}
	done, err := c.committed(ctx, c.opts.Group, all)
	if err != nil {
		return err
	}
	for p, at := range done {
		if at.CommittedOffset >= ends[p] {
			delete(ends, p)
		}
	}
	return nil
}
