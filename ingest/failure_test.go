package ingest_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
	"tappa/journey"
)

func TestRowsTheSinkCannotStore(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := roomyTopic(t, brokers, 1), newSink()
	poison := map[string]bool{"e3": true, "e4": true, "e31": true}
	sink.fault = func(b journey.Block, stored bool) error {
		for _, r := range b.Records {
			if poison[r.Interaction.ID] && !stored {
				return errPoison{r.Interaction.ID}
			}
		}
		return nil
	}
	for i := range 40 {
		publish(t, brokers, topic, event(t, i))
	}
	opts := options(brokers, topic, sink)
	c := run(t, opts)
	c.caughtUp(t)
	if unique, rows := sink.ids(); len(unique) != 37 || rows != 37 {
		t.Errorf("%d ids in %d rows, want 37", len(unique), rows)
	}
	offsets := map[string]string{}
	for _, m := range letters(t, brokers, opts.DeadLetterTopic) {
		offsets[header(m, ingest.HeaderOffset)] = header(m, ingest.HeaderReason)
	}
	want := map[string]string{"3": "sink-rejected", "4": "sink-rejected", "31": "sink-rejected"}
	if diff := cmp.Diff(offsets, want); diff != "" {
		t.Errorf("dead letters (-got, +want):\n%s", diff)
	}
	want1 := ingest.Count{Read: 40, Stored: 37, Dead: map[string]int64{"sink-rejected": 3}}
	if diff := cmp.Diff(c.Counts().Total(), want1); diff != "" {
		t.Errorf("counts (-got, +want):\n%s", diff)
	}
}

// TestSinkWrongAsAWhole puts the sink right after some tries: meanwhile nothing may become a dead letter.
func TestSinkWrongAsAWhole(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := testenv.Topic(t), newSink()
	var tries atomic.Int64
	sink.fault = func(journey.Block, bool) error {
		if tries.Add(1) < 6 {
			return errWrong{}
		}
		return nil
	}
	publish(t, brokers, topic, event(t, 1), event(t, 2))
	c := run(t, options(brokers, topic, sink))
	c.caughtUp(t)
	if total := c.Counts().Total(); total.Stored != 2 || len(total.Dead) != 0 {
		t.Errorf("counts %+v, want 2 stored and none dead", total)
	}
}

func TestRetriesAreTheSameBlock(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := testenv.Topic(t), newSink()
	var tries atomic.Int64
	var first atomic.Pointer[journey.Block]
	sink.fault = func(b journey.Block, stored bool) error {
		if stored {
			return nil
		}
		if was := first.Load(); was == nil {
			copied := journey.Block{Token: b.Token, ArrivedAt: b.ArrivedAt, Records: append([]journey.Record(nil), b.Records...)}
			first.Store(&copied)
		} else if diff := cmp.Diff(b, *was); diff != "" {
			t.Errorf("retry differs (-got, +want):\n%s", diff)
		}
		if tries.Add(1) < 5 {
			return errFault
		}
		return nil
	}
	publish(t, brokers, topic, event(t, 1))
	c := run(t, options(brokers, topic, sink))
	c.caughtUp(t)
	if _, rows := sink.ids(); rows != 1 || tries.Load() != 5 {
		t.Errorf("%d rows after %d tries, want 1 after 5", rows, tries.Load())
	}
}

// TestDeadLettersAreNotRepeated restarts after the last records were dead letters: these left no row, but the group
// has committed them, and the ledger stands where it stood.
func TestDeadLettersAreNotRepeated(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := roomyTopic(t, brokers, 1), newSink()
	publish(t, brokers, topic, event(t, 1))
	publish(t, brokers, topic, ingest.Message{Value: []byte("{")}, ingest.Message{Value: []byte("{")})
	for range 3 {
		c := run(t, options(brokers, topic, sink))
		c.caughtUp(t)
		if err := c.stopped(); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(letters(t, brokers, topic+"-dead")); got != 2 {
		t.Errorf("%d dead letters, want 2", got)
	}
}

// TestSinkLostRows empties the sink between two runs, as a restored backup would: everything is read again, whatever
// the group has committed.
func TestSinkLostRows(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := roomyTopic(t, brokers, 1), newSink()
	for i := range 20 {
		publish(t, brokers, topic, event(t, i))
	}
	c := run(t, options(brokers, topic, sink))
	c.caughtUp(t)
	if err := c.stopped(); err != nil {
		t.Fatal(err)
	}
	restored := newSink()
	restored.store(journey.Block{Token: "old", ArrivedAt: day, Records: sink.rows[:5]})
	publish(t, brokers, topic, event(t, 20))
	c = run(t, options(brokers, topic, restored))
	c.caughtUp(t)
	if unique, rows := restored.ids(); len(unique) != 21 || rows != 21 {
		t.Errorf("%d ids in %d rows, want 21", len(unique), rows)
	}
}

// TestStuckSink holds every write of one collector: after StuckAfter its partitions go to the other one.
func TestStuckSink(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := testenv.Topic(t), newSink()
	for i := range 50 {
		publish(t, brokers, topic, event(t, i))
	}
	stuck := options(brokers, topic, &stuckSink{memorySink: sink})
	stuck.StuckAfter, stuck.WriteTimeout = 300*time.Millisecond, 100*time.Millisecond
	run(t, stuck)
	healthy := run(t, options(brokers, topic, sink))
	healthy.caughtUp(t)
	if unique, rows := sink.ids(); len(unique) != 50 || rows != 50 {
		t.Errorf("%d ids in %d rows, want 50", len(unique), rows)
	}
}

// stuckSink takes nothing, and after the first write does not even answer.
type stuckSink struct {
	*memorySink
	tried atomic.Bool
}

func (s *stuckSink) Stored(ctx context.Context, topic string) (map[int]int64, error) {
	if s.tried.Load() {
		return nil, errFault
	}
	return s.memorySink.Stored(ctx, topic)
}

func (s *stuckSink) NewBlock() journey.BlockBuilder { return journey.Collected(s.write) }

func (s *stuckSink) write(ctx context.Context, _ journey.Block) error {
	s.tried.Store(true)
	<-ctx.Done()
	return ctx.Err()
}

// deleteTopic deletes a topic.
func deleteTopic(t *testing.T, brokers []string, topic string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(brokers...), Transport: transport}
	resp, err := client.DeleteTopics(context.Background(), &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	if err = errors.Join(err, resp.Errors[topic]); err != nil {
		t.Fatal(err)
	}
}

func TestRecreatedTopic(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := roomyTopic(t, brokers, 1), newSink()
	for i := range 30 {
		publish(t, brokers, topic, event(t, i))
	}
	c := run(t, options(brokers, topic, sink))
	c.caughtUp(t)
	if err := c.stopped(); err != nil {
		t.Fatal(err)
	}
	deleteTopic(t, brokers, topic)
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(brokers...), Transport: transport}
	if _, err := client.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}},
	}); err != nil {
		t.Fatal(err)
	}
	publish(t, brokers, topic, event(t, 100), event(t, 101))

	if err := run(t, options(brokers, topic, sink)).ended(); !errors.Is(err, ingest.ErrRecreated) {
		t.Errorf("run on a recreated topic: %v, want ErrRecreated", err)
	}
	opts := options(brokers, topic, sink)
	opts.RestartRecreated = true
	for restart := range 3 { // the ledger still tells of the deleted topic
		publish(t, brokers, topic, event(t, 110+restart))
		c = run(t, opts)
		c.caughtUp(t)
		if err := c.stopped(); err != nil {
			t.Fatal(err)
		}
	}
	if unique, rows := sink.ids(); len(unique) != 35 || rows != 35 {
		t.Errorf("%d ids in %d rows, want 35", len(unique), rows)
	}
}

// TestTopicMadeAnewMeanwhile deletes a topic under collectors that run, on a Kafka that makes it anew as soon as somebody asks for it.
// They notice, and go on or stop as they are told to; none waits for good with nothing to read.
func TestTopicMadeAnewMeanwhile(t *testing.T) {
	brokers := testenv.ApacheKafka(t)
	for _, restart := range []bool{true, false} {
		topic, sink := testenv.Topic(t), newSink()
		for i := range 60 { // more in each partition than there will be, or nobody could tell the new topic from the old one
			publish(t, brokers, topic, event(t, i))
		}
		opts := options(brokers, topic, sink)
		opts.RestartRecreated, opts.WatchEvery = restart, 200*time.Millisecond
		c := run(t, opts)
		c.caughtUp(t)
		deleteTopic(t, brokers, topic)
		time.Sleep(time.Second) // until the collector has seen it
		publish(t, brokers, topic, event(t, 100), event(t, 101))
		if !restart {
			if err := c.ended(); !errors.Is(err, ingest.ErrRecreated) {
				t.Errorf("it ended with %v, want ErrRecreated", err)
			}
			continue
		}
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if unique, _ := sink.ids(); len(unique) == 62 {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("%d interactions are stored, want 62", len(unique))
			}
		}
		if err := c.stopped(); err != nil {
			t.Error(err)
		}
	}
}

// TestMemoryIsBounded compares, whenever the sink is asked to write, what was decoded with what was stored: one batch
// is written and one is built, and no more, however much waits in Kafka.
func TestMemoryIsBounded(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := testenv.Topic(t), newSink()
	const n, rows = 5000, 50
	messages := make([]ingest.Message, n)
	for i := range messages {
		messages[i] = event(t, i)
	}
	publish(t, brokers, topic, messages...)
	var decoded, stored, most atomic.Int64
	opts := options(brokers, topic, sink)
	opts.FlushRows, opts.Lanes = rows, 1
	opts.Decode = func(r source.Record) (journey.Interaction, error) {
		decoded.Add(1)
		return decoder.Decode(r)
	}
	var tries atomic.Int64
	sink.fault = func(b journey.Block, after bool) error {
		if after {
			stored.Add(int64(len(b.Records)))
			return nil
		}
		most.Store(max(most.Load(), decoded.Load()-stored.Load()))
		if tries.Add(1) < 8 {
			return errFault // down for a while
		}
		return nil
	}
	c := run(t, opts)
	c.caughtUp(t)
	if _, got := sink.ids(); got != n || most.Load() > 2*rows {
		t.Errorf("%d rows stored, want %d; up to %d were held, want at most %d", got, n, most.Load(), 2*rows)
	}
}

func TestPublishTooLarge(t *testing.T) {
	p := ingest.NewProducer(testenv.Kafka(t), testenv.Topic(t))
	defer p.Close()
	err := p.Publish(context.Background(), event(t, 1), ingest.Message{Value: make([]byte, 2<<20)})
	if !errors.Is(err, ingest.ErrTooLarge) {
		t.Errorf("publish 2 MB: %v, want ErrTooLarge", err)
	}
}

func TestNewRefuses(t *testing.T) {
	good := options([]string{"127.0.0.1:1"}, "t", newSink())
	for name, spoil := range map[string]func(*ingest.Options){
		"no brokers":     func(o *ingest.Options) { o.Brokers = nil },
		"no decoder":     func(o *ingest.Options) { o.Decode = nil },
		"no sink":        func(o *ingest.Options) { o.Sink = nil },
		"long hand-over": func(o *ingest.Options) { o.HandOver = o.SessionTimeout },
	} {
		opts := good
		spoil(&opts)
		if _, err := ingest.New(opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
