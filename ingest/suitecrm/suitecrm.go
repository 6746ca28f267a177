// Package suitecrm makes events of what changes in a SuiteCRM's database, as Debezium tells it in Kafka: one topic a table.
//
// A [Relay] follows the topics and publishes events in tappa's own payloads (package source), from where collectors go on as
// with any other source. It stands before them because what happened is spread over tables, whose rows arrive in any order:
// a mail and its text, an opportunity and whom it concerns, an answer to a survey and its question.
//
// # Why any order gives the same
//
// What the relay knows only grows, and an event is made of facts that do not change:
//
//   - A fact is what one version of one row says. A row's versions keep their order (they share a Kafka key), and the first
//     one that says a thing decides how it is told: that a call was held, when, for how long.
//   - What happened to a record (a happening) meets whom the record concerns (a party) in a joint. Each pair is one event,
//     made when its second half arrives, whichever that is. The pair alone decides what is in the event, and its id: the
//     row's, the audit row's, and the party's. Nothing comes from the order or the time of arrival.
//   - Who is who is no join at all. That a mail address is a contact's, or that a lead became a contact, are events of
//     their own (crm.linked, crm.converted), with which identity does the rest, late ones included.
//   - What was told is never told otherwise. A row with deleted=1 says nothing; where it stands for a call, a quote or the like, what was told
//     of that, before or after, is taken back by events of their own (interaction.retracted). If somebody restores it, all of it is told
//     again, as other events: a row's times tell a restored one from a copy of what it was.
//
// So the events of a set of changes are a function of the set, and a relay that has forgotten everything can take in
// what it had told before and go on ([ingest.Follower]).
//
// # What it is not
//
// It does not map the CRM's words to a journey: rules do, in a journey file (template suitecrm). It does not follow texts
// that are edited after they were sent.
package suitecrm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/ingest"
	"tappa/ingest/source"
)

// DefaultGroup is the consumer group where Options name none.
const DefaultGroup = "tappa-suitecrm"

// DefaultTopics matches the topics of a connector with the prefix "suitecrm".
const DefaultTopics = `suitecrm\..*`

// Options configure a Relay. Brokers are required.
type Options struct {
	Settings
	Brokers         []string
	Connection      ingest.Connection
	Topics          *regexp.Regexp // of the changes; default DefaultTopics
	Group           string         // default DefaultGroup
	Into            string         // topic of the events; default ingest.DefaultTopic
	DeadLetterTopic string         // default ingest.DefaultDeadLetterTopic
	WatchEvery      time.Duration  // how often to look for new topics; default 10 s
	ReadyAfter      time.Duration  // as in ingest.FollowOptions
	Logger          *slog.Logger
	Registerer      prometheus.Registerer // default: metrics are kept but not registered
}

// Relay publishes events of a SuiteCRM's changes.
type Relay struct {
	follower *ingest.Follower
	settings Settings
	metrics  *metrics

	mu   sync.Mutex
	desk *desk
}

// New checks the options and prepares a relay. It connects to nothing.
func New(opts Options) (*Relay, error) {
	if opts.Topics == nil {
		opts.Topics = regexp.MustCompile(DefaultTopics)
	}
	if opts.Group == "" {
		opts.Group = DefaultGroup
	}
	if opts.Into == "" {
		opts.Into = ingest.DefaultTopic
	}
	r := &Relay{settings: opts.Settings, desk: newDesk(opts.Settings)}
	var err error
	if r.metrics, err = newMetrics(opts.Registerer, r.Pending); err != nil {
		return nil, fmt.Errorf("new SuiteCRM relay: %w", err)
	}
	r.follower, err = ingest.NewFollower(ingest.FollowOptions{
		Brokers: opts.Brokers, Connection: opts.Connection, Pattern: opts.Topics, Group: opts.Group, Topic: opts.Into,
		DeadLetterTopic: opts.DeadLetterTopic, WatchEvery: opts.WatchEvery, ReadyAfter: opts.ReadyAfter, Logger: opts.Logger,
		Begin: r.begin, Take: r.take, Behind: r.metrics.behind,
	})
	if err != nil {
		return nil, fmt.Errorf("new SuiteCRM relay: %w", err)
	}
	return r, nil
}

// Run relays until ctx ends, and returns nil then. A relay runs once.
func (r *Relay) Run(ctx context.Context) error { return r.follower.Run(ctx) }

// Ready says whether the relay gets on.
func (r *Relay) Ready() error { return r.follower.Ready() }

// CaughtUp returns when everything the topics held when it was called was told, by this or another relay of the group.
func (r *Relay) CaughtUp(ctx context.Context) error { return r.follower.CaughtUp(ctx) }

// Pending lists what waits for rows that have not come.
func (r *Relay) Pending() []Pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.desk.pending()
}

func (r *Relay) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.desk = newDesk(r.settings)
}

// take takes in one record and returns the messages that follow.
func (r *Relay) take(rec source.Record) (messages []ingest.Message, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fate, err := r.desk.takeSafely(rec)
	r.metrics.took(rec.Topic, fate, err)
	for _, e := range r.desk.drain() {
		value, failure := e.Marshal()
		if failure != nil {
			return messages, errors.Join(err, failure)
		}
		m := ingest.Message{Key: e.Key(), Value: value}
		if size := len(m.Key) + len(m.Value); size > ingest.MaxMessage { // Kafka would never take it, and everything would wait for it
			err = fault(source.ReasonTooLarge, "", "its event %s has %d bytes, at most %d are published", clip(e.ID), size, ingest.MaxMessage)
			continue
		}
		messages = append(messages, m)
		r.metrics.made(e.Type)
	}
	return messages, err
}

// takeSafely is take, where a panic is an error of the record.
func (d *desk) takeSafely(rec source.Record) (fate Fate, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault(ingest.ReasonPanic, "", "%v\n%s", p, debug.Stack())
		}
	}()
	return d.take(rec)
}
