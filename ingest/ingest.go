// Package ingest takes interactions from Kafka to storage: decode, normalise, key, tag, score, batch, write.
//
// A Collector is one member of a Kafka consumer group. Its promise is that every record of its topics ends in exactly
// one of three places: stored, in the dead-letter topic with the reason, or filtered (records that carry nothing, such
// as tombstones and transaction markers), and that neither a crash nor a rebalance, nor a sink that fails with unknown
// outcome, changes this. It rests on three things:
//
//   - The sink is its own ledger. Every row carries its place in Kafka, a flush is one atomic block, and whoever takes
//     over a partition begins after the highest offset stored for it. Group offsets are committed too, fenced by the
//     group's generation, for lag tools and for what leaves no row (dead letters, filtered records).
//   - A block is written again and again, the same rows under the same token, until the sink takes it; the next block
//     of its partitions waits. Memory is bounded, because fetching waits too.
//   - A record that cannot be used goes to the dead-letter topic, acknowledged by all replicas, before the block that
//     covers it is written.
//
// The order of the work on one record is in work.go, on one screen. The package knows neither ClickHouse nor any
// source's format: storage is the Sink, decoding is in the packages below it.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/segmentio/kafka-go"

	"tappa/journey"
)

// Sink is where blocks go, and the ledger of what has arrived. Methods are called by several goroutines at once.
type Sink interface {
	// Stored returns, by partition, the highest offset of the topic that is stored, without those of which nothing is.
	// A nil map and no error says that the sink keeps no ledger, and the group's committed offsets decide.
	Stored(ctx context.Context, topic string) (map[int]int64, error)

	// NewBlock returns a builder of blocks that are stored here. Its Write stores a block, all of it or nothing, and returns when
	// it is durable or has failed. After an error whose outcome is unknown it is called again. A block whose token was stored
	// before is a success and changes nothing. Write must end soon after ctx does. An error with a method RowAtFault() bool that
	// says true means that nothing was stored because some row itself can never be: the collector then finds that row and puts
	// it among the dead letters. All other errors are taken to pass, if need be after a person has put the sink right.
	NewBlock() journey.BlockBuilder
}

// The errors Run returns when it stops by itself.
var (
	// ErrRecreated says that more is stored of a partition than the topic holds: the topic was deleted and made again,
	// or the collector points at another Kafka. Options.RestartRecreated goes on instead.
	ErrRecreated = errors.New("topic ends before what is already stored of it")

	// ErrGap says that records were deleted by retention before they were read, and Options.StopAtGap is set.
	ErrGap = errors.New("records were deleted by retention before they were read")
)

// Collector is one member of the consumer group. Run does the work; the other methods are safe to call beside it.
type Collector struct {
	cluster
	opts     Options
	dead     *deadLetters
	metrics  *metrics
	counts   counts
	progress progress

	mu      sync.Mutex
	running bool
	topics  []string // read now: Options.Topics and what the pattern matches
}

// New checks the options and prepares a collector. It connects to nothing.
func New(opts Options) (*Collector, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("new collector: %w", err)
	}
	m, err := newMetrics(opts.Registerer)
	if err != nil {
		return nil, fmt.Errorf("new collector: %w", err)
	}
	c := &Collector{cluster: opts.Connection.cluster(opts.Brokers), opts: opts, metrics: m, topics: opts.Topics}
	c.dead = &deadLetters{
		writer: newWriter(c.addr, c.transport, opts.DeadLetterTopic, opts.DeadLetterBytes+deadLetterRoom),
		limit:  opts.DeadLetterBytes, version: opts.Definition,
	}
	if err := c.registerProgress(opts.Registerer); err != nil {
		return nil, fmt.Errorf("new collector: %w", err)
	}
	return c, nil
}

// Run reads, works and writes until ctx ends or something happens that only a person can put right (ErrRecreated,
// ErrGap). When ctx ends it writes what it holds, within Options.ShutdownTimeout, leaves the group and returns nil.
// Everything it started has ended when it returns. A collector runs once.
func (c *Collector) Run(ctx context.Context) error {
	c.mu.Lock()
	again := c.running
	c.running = true
	c.mu.Unlock()
	if again {
		return errors.New("run collector: it has run before")
	}
	c.progress.began()
	defer c.progress.ended()
	defer c.cluster.close()
	defer c.dead.close()
	if err := c.ensureTopics(ctx); err != nil {
		return fmt.Errorf("run collector: %w", err)
	}
	for {
		err := c.subscribed(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil: // other topics match the pattern now
		case errors.Is(err, errStuck):
			c.metrics.stuck.Inc()
			c.opts.Logger.Error("ingest: the sink takes nothing; partitions handed back until it answers", "error", err)
			if c.waitForSink(ctx) != nil {
				return nil
			}
		default:
			return fmt.Errorf("run collector: %w", err)
		}
	}
}

// waitForSink returns when the sink answers again, or with ctx's error.
func (c *Collector) waitForSink(ctx context.Context) error {
	return retry(ctx, func(_ int, err error) { c.progress.failed(err) }, func() error {
		tryCtx, cancel := context.WithTimeout(ctx, c.opts.WriteTimeout)
		defer cancel()
		_, err := c.opts.Sink.Stored(tryCtx, c.subscription()[0])
		return err
	})
}

// ensureTopics makes the topics that are missing, with the broker's defaults, waiting for a broker that is not up yet.
// Without them there would be nothing to be assigned, and the group would rebalance without end.
func (c *Collector) ensureTopics(ctx context.Context) error {
	topics := append([]string{c.opts.DeadLetterTopic}, c.opts.Topics...)
	note := func(try int, err error) {
		c.progress.failed(err)
		if ctx.Err() != nil {
			return // stopped, which is not worth a warning
		}
		if try == 0 || try%10 == 9 {
			c.opts.Logger.Warn("ingest: topics cannot be looked up or made yet", "topics", topics, "error", err)
		}
	}
	err := retry(ctx, note, func() error { return ensureTopics(ctx, c.client, topics) })
	if err != nil && ctx.Err() != nil {
		return nil // stopped while waiting, which is no failure
	}
	return err
}

// ensureTopics makes those of the topics that do not exist.
func ensureTopics(ctx context.Context, client *kafka.Client, topics []string) error {
	found, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
	if err != nil {
		return fmt.Errorf("look up topics: %w", err)
	}
	req := &kafka.CreateTopicsRequest{}
	for _, t := range found.Topics {
		if errors.Is(t.Error, kafka.UnknownTopicOrPartition) {
			req.Topics = append(req.Topics, kafka.TopicConfig{Topic: t.Name, NumPartitions: -1, ReplicationFactor: -1})
		} else if t.Error != nil {
			return fmt.Errorf("look up topic %s: %w", t.Name, t.Error)
		}
	}
	if len(req.Topics) == 0 {
		return nil
	}
	made, err := client.CreateTopics(ctx, req)
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	for topic, err := range made.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
	return nil
}
