package ingest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/segmentio/kafka-go"
)

// subscribed is one membership of the group with one list of topics. It returns what member returns, or nil when other
// topics match the pattern than at its beginning: the next membership reads those.
func (c *Collector) subscribed(ctx context.Context) error {
	if c.opts.TopicPattern == nil {
		return c.member(ctx)
	}
	topics, err := c.awaitTopics(ctx)
	if err != nil {
		return err
	}
	c.subscribe(topics)
	c.opts.Logger.Info("ingest: topics match", "pattern", c.opts.TopicPattern, "topics", topics)
	ctx, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		defer stop()
		c.watchTopics(ctx, topics)
	}()
	err = c.member(ctx)
	stop()
	<-watched
	return err
}

// subscribe notes which topics are read from now on.
func (c *Collector) subscribe(topics []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topics = topics
}

// subscription is which topics are read now.
func (c *Collector) subscription() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.topics
}

// awaitTopics returns the topics to read when there are any. A collector that waits for the first one is ready.
func (c *Collector) awaitTopics(ctx context.Context) ([]string, error) {
	c.progress.assigned(0)
	defer c.progress.over()
	for {
		var topics []string
		err := retry(ctx, func(_ int, err error) { c.progress.failed(err) }, func() (err error) {
			topics, err = c.matching(ctx, c.opts.Topics, c.opts.TopicPattern, c.opts.DeadLetterTopic)
			return err
		})
		if err != nil || len(topics) > 0 {
			return topics, err
		}
		if err := sleep(ctx, c.opts.WatchEvery); err != nil {
			return nil, err
		}
	}
}

// watchTopics returns when other topics than these are to be read, or when ctx ends. A Kafka that does not answer is asked
// again the next time.
func (c *Collector) watchTopics(ctx context.Context, now []string) {
	for sleep(ctx, c.opts.WatchEvery) == nil {
		topics, err := c.matching(ctx, c.opts.Topics, c.opts.TopicPattern, c.opts.DeadLetterTopic)
		if err == nil && len(topics) > 0 && !slices.Equal(topics, now) {
			return
		}
	}
}

// matching lists, in order, the topics named and those whose whole name a pattern matches, if there is one. Kafka's own
// topics and the one of the dead letters never match.
func (c cluster) matching(ctx context.Context, named []string, pattern *regexp.Regexp, dead string) ([]string, error) {
	if pattern == nil {
		return named, nil
	}
	found, err := c.client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	whole, err := regexp.Compile(`^(?:` + pattern.String() + `)$`)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	topics := slices.Clone(named)
	for _, t := range found.Topics {
		gone := errors.Is(t.Error, kafka.UnknownTopicOrPartition) || len(t.Partitions) == 0
		if !gone && !t.Internal && t.Name != dead && whole.MatchString(t.Name) {
			topics = append(topics, t.Name)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics), nil
}
