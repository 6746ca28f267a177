package suitecrm

import (
	"context"
	"fmt"
	"regexp"

	"tappa/ingest"
	"tappa/ingest/source"
)

// Report is what comes of the changes that Kafka holds.
type Report struct {
	Changes map[string]Changes `json:"changes"` // by topic
	Events  map[string]int64   `json:"events"`  // by type
	Dead    []Dead             `json:"dead"`    // the first of them
	Pending []Pending          `json:"pending"`
}

// Changes counts what became of a topic's records.
type Changes struct {
	Fates map[Fate]int64 `json:"fates"`
	Dead  int64          `json:"dead"`
}

// All adds them up.
func (c Changes) All() int64 {
	sum := c.Dead
	for _, n := range c.Fates {
		sum += n
	}
	return sum
}

// Dead is a record that cannot be used, and why.
type Dead struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	Why       string `json:"why"`
}

// mostDead is how many records that cannot be used are listed.
const mostDead = 100

// Inspect takes in everything that the topics hold and says what comes of it. It publishes and commits nothing.
func Inspect(ctx context.Context, opts Options) (Report, error) {
	if opts.Topics == nil {
		opts.Topics = regexp.MustCompile(DefaultTopics)
	}
	d := newDesk(opts.Settings)
	r := Report{Changes: map[string]Changes{}}
	f, err := ingest.NewFollower(ingest.FollowOptions{
		Brokers: opts.Brokers, Connection: opts.Connection, Pattern: opts.Topics, Group: "inspect", Topic: ingest.DefaultTopic,
		DeadLetterTopic: opts.DeadLetterTopic, Logger: opts.Logger,
		Begin: func() {},
		Take: func(rec source.Record) ([]ingest.Message, error) {
			c := r.Changes[rec.Topic]
			if c.Fates == nil {
				c.Fates = map[Fate]int64{}
			}
			fate, err := d.takeSafely(rec)
			if err == nil {
				c.Fates[fate]++
			} else {
				c.Dead++
			}
			r.Changes[rec.Topic] = c
			d.drain()
			return nil, err
		},
	})
	if err != nil {
		return r, fmt.Errorf("inspect SuiteCRM: %w", err)
	}
	err = f.Read(ctx, func(rec source.Record, why error) {
		if len(r.Dead) < mostDead {
			r.Dead = append(r.Dead, Dead{rec.Topic, rec.Partition, rec.Offset, why.Error()})
		}
	})
	if err != nil {
		return r, fmt.Errorf("inspect SuiteCRM: %w", err)
	}
	r.Events, r.Pending = d.tell, d.pending()
	return r, nil
}
