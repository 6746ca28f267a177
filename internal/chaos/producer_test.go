package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/journey"
)

// habits are how a producer behaves.
type habits struct {
	copies        float64 // share of the events that are published again later
	shuffle       int     // so many events are published in a random order
	clock         bool    // Kafka's time of the records jumps about by months
	bad           float64 // share of records that cannot be used
	transactional bool    // transactions, of which some are aborted and done again
}

// producer publishes a company's customers, event by event, and keeps the ledger.
type producer struct {
	topic   string
	brokers []string
	world   *synth.World
	rng     *rand.Rand
	habits  habits
	ledger  ledger
}

// ledger is what Kafka has acknowledged. It knows nothing of tappa.
type ledger struct {
	events    map[string]source.Event // by origin and id
	bad       map[string]bool         // values of records that cannot be used
	published int                     // records, copies and bad ones included
	aborted   int                     // records of aborted transactions
	copies    int                     // records published again on purpose
}

func newProducer(brokers []string, topic string, events int, h habits, rng *rand.Rand, j *journey.Journey) *producer {
	end := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	return &producer{
		topic: topic, brokers: brokers, rng: rng, habits: h,
		world:  synth.New(synth.Options{Seed: rng.Uint64(), Start: end.AddDate(-1, 0, 0), End: end, Cases: max(20, events/14), Journey: j}),
		ledger: ledger{events: map[string]source.Event{}, bad: map[string]bool{}},
	}
}

// run publishes the whole world, spread over a time, and returns when all of it is acknowledged.
func (p *producer) run(ctx context.Context, over time.Duration) error {
	batches := p.batches(slices.Collect(p.world.Events()))
	publish, closeIt, err := p.publisher()
	if err != nil {
		return err
	}
	pause := over / time.Duration(len(batches))
	next := time.Now()
	for _, b := range batches {
		next = next.Add(pause)
		if err := sleep(ctx, time.Until(next)); err != nil {
			return errors.Join(err, closeIt())
		}
		if err := p.untilTaken(ctx, publish, b); err != nil {
			return errors.Join(err, closeIt())
		}
	}
	return closeIt()
}

// untilTaken publishes a batch again and again until all of it is acknowledged, as a careful producer does: after a
// failure some of it may be there twice.
func (p *producer) untilTaken(ctx context.Context, publish func(context.Context, []ingest.Message) error, b []event) error {
	messages := make([]ingest.Message, len(b))
	for i, e := range b {
		messages[i] = e.message
	}
	for {
		err := publish(ctx, messages)
		if err == nil {
			break
		}
		if sleepErr := sleep(ctx, 200*time.Millisecond); sleepErr != nil {
			return errors.Join(sleepErr, err)
		}
	}
	for _, e := range b {
		p.ledger.published++
		if e.bad {
			p.ledger.bad[string(e.message.Value)] = true
			continue
		}
		p.ledger.events[e.event.Origin+"\x00"+e.event.ID] = e.event
	}
	return nil
}

// event is an event, or a record that is none, as it is published.
type event struct {
	event   source.Event
	bad     bool
	message ingest.Message
}

// batches puts the events into the order and company that the producer's habits give them.
func (p *producer) batches(events []source.Event) (out [][]event) {
	var all []event
	for i, e := range events {
		value, err := e.Marshal()
		if err != nil {
			panic(err) // the world makes no such events
		}
		one := event{event: e, message: ingest.Message{Key: e.Key(), Value: value}}
		all = append(all, one)
		if p.rng.Float64() < p.habits.copies {
			all = append(all, one)
			p.ledger.copies++
		}
		if p.rng.Float64() < p.habits.bad {
			all = append(all, event{bad: true, message: ingest.Message{Key: e.Key(), Value: fmt.Appendf(nil, `{"specversion":"1.0","id":"bad %d"`, i)}})
		}
	}
	for part := range slices.Chunk(all, max(1, p.habits.shuffle)) {
		p.rng.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	}
	for len(all) > 0 {
		n := min(len(all), 1+p.rng.IntN(200))
		part := all[:n]
		all = all[n:]
		if p.habits.clock { // one jump a batch: back by up to 100 days, ahead by less than the hour that Kafka allows
			jump := time.Duration(p.rng.Int64N(int64(100*24*time.Hour))) - 50*time.Minute
			for i := range part {
				part[i].message.Time = time.Now().Add(-jump)
			}
		}
		out = append(out, part)
	}
	return out
}

// publisher is how this producer publishes.
func (p *producer) publisher() (publish func(context.Context, []ingest.Message) error, closeIt func() error, err error) {
	if p.habits.transactional {
		return p.transactions()
	}
	plain := ingest.NewProducer(p.brokers, p.topic)
	return func(ctx context.Context, all []ingest.Message) error { return plain.Publish(ctx, all...) }, plain.Close, nil
}

// transactions publishes each batch in a transaction. One in three is aborted first, with a record in it that nobody
// must ever see, and then done again.
func (p *producer) transactions() (publish func(context.Context, []ingest.Message) error, closeIt func() error, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(p.brokers...), kgo.TransactionalID(p.topic), kgo.DefaultProduceTopic(p.topic), kgo.DisableClientMetrics())
	if err != nil {
		return nil, nil, err
	}
	transaction := func(ctx context.Context, records []*kgo.Record, how kgo.TransactionEndTry) error {
		if err := client.BeginTransaction(); err != nil {
			return err
		}
		if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return errors.Join(err, client.AbortBufferedRecords(ctx), client.EndTransaction(ctx, kgo.TryAbort))
		}
		return client.EndTransaction(ctx, how)
	}
	publish = func(ctx context.Context, all []ingest.Message) error {
		records := func() (out []*kgo.Record) {
			for _, m := range all {
				out = append(out, &kgo.Record{Key: m.Key, Value: m.Value})
			}
			return out
		}
		if p.rng.IntN(3) == 0 {
			phantom := fmt.Appendf(nil, `{"specversion":"1.0","id":"phantom %d","source":"ghost","type":"tappa.form.submitted",`+
				`"time":"2026-03-02T09:00:00Z","data":{"form":"contact","customer":{"email":"ghost@example.com"}}}`, p.ledger.aborted)
			if err := transaction(ctx, append(records(), &kgo.Record{Value: phantom}), kgo.TryAbort); err != nil {
				return err
			}
			p.ledger.aborted += len(all) + 1
		}
		return transaction(ctx, records(), kgo.TryCommit)
	}
	return publish, func() error { client.Close(); return nil }, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(0, d))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
