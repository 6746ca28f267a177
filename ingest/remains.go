package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/segmentio/kafka-go"
)

// RemainsOptions say what is looked for in Kafka.
type RemainsOptions struct {
	Brokers         []string
	Connection      Connection
	DeadLetterTopic string
	Places          map[string]map[int][]int64 // offsets by topic and partition
	Texts           []string                   // in dead letters, small letters or capitals
	Named           *regexp.Regexp             // what finds the texts where they are whole; slower than looking for them
}

// Remains is what a topic holds still.
type Remains struct {
	Topic      string        `json:"topic"`
	Records    int           `json:"records"`
	Retention  string        `json:"retention"`  // the topic's retention.ms, "" if it cannot be asked; -1 is for good
	Cleanup    string        `json:"cleanup"`    // the topic's cleanup.policy
	Partitions map[int]int64 `json:"partitions"` // the offset after the last of them, by partition
}

// Remain finds out what of some places Kafka holds still, and how many dead letters name one of the texts. Kafka deletes records by age, and
// from the beginning of a log, not one by one.
func Remain(ctx context.Context, opts RemainsOptions) (topics []Remains, letters int, err error) {
	set(&opts.DeadLetterTopic, DefaultDeadLetterTopic)
	c := opts.Connection.cluster(opts.Brokers)
	defer c.close()
	for _, topic := range slices.Sorted(maps.Keys(opts.Places)) {
		r, err := c.remains(ctx, topic, opts.Places[topic])
		if err != nil {
			return nil, 0, fmt.Errorf("look for what remains in topic %s: %w", topic, err)
		}
		if r.Records > 0 {
			topics = append(topics, r)
		}
	}
	texts := make([][]byte, len(opts.Texts))
	for i, text := range opts.Texts {
		texts[i] = bytes.ToLower([]byte(text))
	}
	_, err = c.letters(ctx, opts.DeadLetterTopic, func(l letter) error {
		named := func(data []byte) bool { return names(data, texts) && opts.Named.Match(data) }
		if named(l.record.Value) || named(l.record.Key) {
			letters++
		}
		return nil
	})
	return topics, letters, err
}

// names says whether data holds any of some texts, which are in small letters, whatever its own capitals.
func names(data []byte, texts [][]byte) bool {
	data = bytes.ToLower(data)
	return slices.ContainsFunc(texts, func(text []byte) bool { return bytes.Contains(data, text) })
}

// remains counts the places that a topic's logs reach back to. A topic that does not exist has none.
func (c cluster) remains(ctx context.Context, topic string, places map[int][]int64) (Remains, error) {
	r := Remains{Topic: topic, Partitions: map[int]int64{}}
	all, err := c.partitions(ctx, []string{topic})
	if errors.Is(err, kafka.UnknownTopicOrPartition) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	logs, err := c.logs(ctx, all)
	if err != nil {
		return r, err
	}
	for _, p := range all {
		for _, offset := range places[p.Number] {
			if offset >= logs[p].first && offset < logs[p].end {
				r.Records++
				r.Partitions[p.Number] = max(r.Partitions[p.Number], offset+1)
			}
		}
	}
	r.Retention, r.Cleanup = c.retention(ctx, topic)
	return r, nil
}

// retention gives a topic's retention.ms and cleanup.policy, as far as Kafka tells.
func (c cluster) retention(ctx context.Context, topic string) (ms, policy string) {
	found, err := c.client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
		{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{"retention.ms", "cleanup.policy"}},
	}})
	if err != nil {
		return "", ""
	}
	for _, resource := range found.Resources {
		for _, entry := range resource.ConfigEntries {
			switch entry.ConfigName {
			case "retention.ms":
				ms = entry.ConfigValue
			case "cleanup.policy":
				policy = entry.ConfigValue
			}
		}
	}
	return ms, policy
}
