package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
	"tappa/journey"
)

// patience bounds every wait of these tests; nothing depends on how much of it is used.
const patience = 2 * time.Minute

var decoder = source.NewDecoder(source.Options{DefaultCountry: "IT"})

// options are a collector's for tests: impatient, and quiet.
func options(brokers []string, topic string, sink ingest.Sink) ingest.Options {
	return ingest.Options{
		Brokers: brokers, Topics: []string{topic}, Group: topic + "-group", DeadLetterTopic: topic + "-dead",
		Decode: decoder.Decode,
		Tag: func(i *journey.Interaction) journey.Tag {
			return journey.Tag{Journey: "test", Version: "v1", Rule: "all", Automatic: i.Automatic}
		},
		Score:      func(string, string) journey.Mood { return journey.Mood{Label: "neutral", Model: "test"} },
		Definition: "v1", Sink: sink, FlushAge: 50 * time.Millisecond, Heartbeat: 200 * time.Millisecond,
		SessionTimeout: 6 * time.Second, RebalanceTimeout: 6 * time.Second, HandOver: 3 * time.Second,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// running is a collector at work.
type running struct {
	*ingest.Collector
	stop func()
	done chan struct{}
	err  error
}

// run starts a collector; the test fails if it ends with an error other than by stopped.
func run(t testing.TB, opts ingest.Options) *running {
	t.Helper()
	c, err := ingest.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Collector: c, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = c.Run(ctx)
	}()
	t.Cleanup(func() { _ = r.stopped() })
	return r
}

// stopped stops the collector and returns what Run returned, as often as it is asked.
func (r *running) stopped() error {
	r.stop()
	return r.ended()
}

// ended waits for the collector to end by itself.
func (r *running) ended() error {
	<-r.done
	return r.err
}

// caughtUp waits until all that the topic holds is done.
func (r *running) caughtUp(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.CaughtUp(ctx); err != nil {
		t.Fatal(err)
	}
}

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// event is a good record: a form sent by customer n.
func event(t testing.TB, n int) ingest.Message {
	t.Helper()
	value, err := source.Event{
		ID: "e" + strconv.Itoa(n), Origin: "site", Type: "form.submitted", Time: day.Add(time.Duration(n) * time.Second),
		Data: source.Form{Form: "contact", Customer: source.Party{Email: fmt.Sprintf("c%d@example.com", n)}, Message: "buongiorno"},
	}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return ingest.Message{Key: []byte("c" + strconv.Itoa(n)), Value: value}
}

// publish publishes messages and returns when all are acknowledged.
func publish(t testing.TB, brokers []string, topic string, messages ...ingest.Message) {
	t.Helper()
	p := ingest.NewProducer(brokers, topic)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := errors.Join(p.Publish(ctx, messages...), p.Close()); err != nil {
		t.Fatal(err)
	}
}

// letters reads all there is in a topic.
func letters(t testing.TB, brokers []string, topic string) []kafka.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := kafka.DialContext(ctx, "tcp", brokers[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	partitions, err := conn.ReadPartitions(topic)
	if err != nil {
		t.Fatal(err)
	}
	var all []kafka.Message
	for _, p := range partitions {
		leader, err := kafka.DialLeader(ctx, "tcp", brokers[0], topic, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		first, last, err := leader.ReadOffsets()
		for at := first; err == nil && at < last; at++ {
			var m kafka.Message
			if m, err = leader.ReadMessage(32 << 20); err == nil {
				all = append(all, m)
			}
		}
		if err = errors.Join(err, leader.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func header(m kafka.Message, key string) string {
	for _, h := range m.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func TestCollector(t *testing.T) {
	for name, start := range kafkas {
		t.Run(name, func(t *testing.T) {
			brokers := start(t)
			topic, sink := testenv.Topic(t), newSink()
			const n = 5000
			messages := make([]ingest.Message, n)
			for i := range messages {
				messages[i] = event(t, i)
			}
			publish(t, brokers, topic, messages...)
			opts := options(brokers, topic, sink)
			opts.FlushRows = 300
			c := run(t, opts)
			c.caughtUp(t)
			unique, rows := sink.ids()
			if len(unique) != n || rows != n || len(sink.wrong) > 0 {
				t.Errorf("stored %d ids in %d rows, want %d; wrong: %v", len(unique), rows, n, sink.wrong)
			}
			if total := c.Counts().Total(); total.Read != n || total.Stored != n || total.Filtered != 0 {
				t.Errorf("counts %+v, want %d read and stored", total, n)
			}
			if err := c.stopped(); err != nil {
				t.Error(err)
			}
		})
	}
}

// kafkas are the brokers that every promise is tested on.
var kafkas = map[string]func(testing.TB) []string{
	"embedded": testenv.Kafka,
	"apache":   testenv.ApacheKafka,
}
