package broker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
	"tappa/journey"
)

// What kafka-go cannot ask for, transactions and the deletion of records, is asked for here, with the embedded
// broker's own client; the collector has to cope with both.

var kafkas = map[string]func(testing.TB) []string{"embedded": testenv.Kafka, "apache": testenv.ApacheKafka}

// sink keeps the values of what it stores.
type sink struct {
	mu     sync.Mutex
	values map[string]int
	high   map[int]int64
}

func (s *sink) Stored(context.Context, string) (map[int]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := maps.Clone(s.high)
	if out == nil {
		out = map[int]int64{}
	}
	return out, nil
}

func (s *sink) NewBlock() journey.BlockBuilder { return journey.Collected(s.write) }

func (s *sink) write(_ context.Context, b journey.Block) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.high == nil {
		s.values, s.high = map[string]int{}, map[int]int64{}
	}
	for _, r := range b.Records {
		s.values[r.Interaction.Text]++
		s.high[r.Position.Partition] = max(s.high[r.Position.Partition], r.Position.Offset)
	}
	return nil
}

func collect(t *testing.T, brokers []string, topic string, s *sink, change func(*ingest.Options)) (c *ingest.Collector, stop, ended func() error) {
	t.Helper()
	opts := ingest.Options{
		Brokers: brokers, Topics: []string{topic}, Group: topic, DeadLetterTopic: topic + "-dead", Sink: s,
		Decode: func(r source.Record) (journey.Interaction, error) {
			return journey.Interaction{
				Origin: "test", ID: fmt.Sprint(r.Offset), Keys: []journey.ContactKey{"crm:1"}, OccurredAt: time.Unix(1e9, 0), Text: string(r.Value),
			}, nil
		},
		Tag:      func(*journey.Interaction) journey.Tag { return journey.Tag{} },
		Score:    func(string, string) journey.Mood { return journey.Mood{} },
		FlushAge: 20 * time.Millisecond, Heartbeat: 200 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	change(&opts)
	c, err := ingest.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	ended = sync.OnceValue(func() error { return <-done })
	stop = func() error { cancel(); return ended() }
	t.Cleanup(func() { _ = stop() })
	return c, stop, ended
}

func caughtUp(t *testing.T, c *ingest.Collector) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.CaughtUp(ctx); err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(brokers...), kgo.DisableClientMetrics(), kgo.AllowAutoTopicCreation())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func produce(t *testing.T, cl *kgo.Client, topic string, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTransactions interleaves transactions that commit and that do not with plain records: only what was committed is
// stored, markers and the rest count as filtered, and the collector gets past a log that ends in markers.
func TestTransactions(t *testing.T) {
	for name, start := range kafkas {
		t.Run(name, func(t *testing.T) {
			brokers := start(t)
			topic := testenv.Topic(t)
			plain := client(t, brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()))
			a := client(t, brokers, kgo.TransactionalID(topic+"-a"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
			b := client(t, brokers, kgo.TransactionalID(topic+"-b"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
			begin := func(cl *kgo.Client) {
				if err := cl.BeginTransaction(); err != nil {
					t.Fatal(err)
				}
			}
			end := func(cl *kgo.Client, how kgo.TransactionEndTry) {
				if err := cl.EndTransaction(context.Background(), how); err != nil {
					t.Fatal(err)
				}
			}
			produce(t, plain, topic, "p1")
			begin(a)
			begin(b)
			produce(t, a, topic, "a1", "a2")
			produce(t, b, topic, "b1-aborted")
			produce(t, plain, topic, "p2")
			produce(t, b, topic, "b2-aborted")
			end(a, kgo.TryCommit)
			end(b, kgo.TryAbort)
			produce(t, plain, topic, "p3")
			begin(b)
			produce(t, b, topic, "b3")
			end(b, kgo.TryCommit)
			begin(a)
			produce(t, a, topic, "a3-aborted")
			end(a, kgo.TryAbort)

			s := &sink{}
			c, stop, _ := collect(t, brokers, topic, s, func(*ingest.Options) {})
			caughtUp(t, c)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			got := slices.Sorted(maps.Keys(s.values))
			if diff := cmp.Diff(got, []string{"a1", "a2", "b3", "p1", "p2", "p3"}); diff != "" {
				t.Errorf("stored (-got, +want):\n%s", diff)
			}
			if total := c.Counts().Total(); total.Stored != 6 || total.Filtered != 7 || total.Read != 13 {
				t.Errorf("counts %+v, want 6 stored, 3 aborted and 4 markers filtered", total)
			}
		})
	}
}

// TestGap deletes records before they are read, while no collector runs.
func TestGap(t *testing.T) {
	for name, start := range kafkas {
		t.Run(name, func(t *testing.T) {
			brokers := start(t)
			topic := testenv.Topic(t)
			cl := client(t, brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()))
			produce(t, cl, topic, "1", "2", "3")
			s := &sink{}
			c, stop, _ := collect(t, brokers, topic, s, func(*ingest.Options) {})
			caughtUp(t, c)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			produce(t, cl, topic, "4", "5", "6", "7")
			deleteBefore(t, cl, topic, 5)

			_, _, ended := collect(t, brokers, topic, s, func(o *ingest.Options) { o.StopAtGap = true })
			if err := ended(); !errors.Is(err, ingest.ErrGap) {
				t.Errorf("run over a gap: %v, want ErrGap", err)
			}
			c, _, _ = collect(t, brokers, topic, s, func(*ingest.Options) {})
			caughtUp(t, c)
			if total := c.Counts().Total(); total.Gap != 2 || total.Stored != 2 {
				t.Errorf("counts %+v, want a gap of 2 and 2 stored", total)
			}
		})
	}
}

func deleteBefore(t *testing.T, cl *kgo.Client, topic string, offset int64) {
	t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	rt.Partitions = append(rt.Partitions, kmsg.DeleteRecordsRequestTopicPartition{Partition: 0, Offset: offset})
	req.Topics = append(req.Topics, rt)
	resp, err := cl.Request(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(resp.(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
}
