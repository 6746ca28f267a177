package ingest_test

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/ingest"
	"tappa/internal/testenv"
)

// TestTopicsByPattern reads topics that a pattern matches: those there are, one made later, and none of the others.
func TestTopicsByPattern(t *testing.T) {
	for name, start := range kafkas {
		t.Run(name, func(t *testing.T) {
			brokers := start(t)
			prefix, sink := testenv.Topic(t), newSink()
			opts := options(brokers, prefix, sink)
			opts.Topics, opts.TopicPattern, opts.WatchEvery = nil, regexp.MustCompile(prefix+`\.(crm|shop).*|`+prefix+"-dead"), 100*time.Millisecond
			c := run(t, opts)
			stored := func(want int) {
				t.Helper()
				for {
					c.caughtUp(t)
					if unique, rows := sink.ids(); len(unique) >= want {
						if len(unique) != want || rows != want {
							t.Errorf("%d ids in %d rows, want %d", len(unique), rows, want)
						}
						return
					}
					time.Sleep(20 * time.Millisecond) // the test's own deadline ends it
				}
			}
			publish(t, brokers, prefix+".crm.leads", event(t, 1), event(t, 2))
			stored(2)
			publish(t, brokers, prefix+".other", event(t, 3))
			publish(t, brokers, "x"+prefix+".crm", event(t, 4))
			publish(t, brokers, prefix+".shop", event(t, 5))
			publish(t, brokers, prefix+".crm.leads", event(t, 6), ingest.Message{Value: []byte("{")})
			stored(4)
			if err := c.stopped(); err != nil {
				t.Error(err)
			}
			if n := len(letters(t, brokers, prefix+"-dead")); n != 1 {
				t.Errorf("%d dead letters, want 1: theirs is no topic to collect", n)
			}
		})
	}
}

// TestNewPartitions adds partitions to a topic while it is read.
func TestNewPartitions(t *testing.T) {
	for name, start := range kafkas {
		t.Run(name, func(t *testing.T) {
			brokers := start(t)
			topic, sink := roomyTopic(t, brokers, 1), newSink()
			publish(t, brokers, topic, event(t, 1))
			opts := options(brokers, topic, sink)
			opts.WatchEvery = 100 * time.Millisecond
			c := run(t, opts)
			c.caughtUp(t)
			addPartitions(t, brokers, topic, 3)
			transport := &kafka.Transport{}
			defer transport.CloseIdleConnections()
			w := kafka.Writer{
				Addr: kafka.TCP(brokers...), Topic: topic, Balancer: last{}, RequiredAcks: kafka.RequireAll, Transport: transport,
			}
			defer w.Close()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := w.WriteMessages(ctx, kafka.Message{Value: event(t, 2).Value}); err != nil {
				t.Fatal(err)
			}
			for {
				if unique, _ := sink.ids(); unique["e1"] && unique["e2"] {
					break
				}
				if ctx.Err() != nil {
					t.Fatal("what was written to a new partition is not stored")
				}
				time.Sleep(20 * time.Millisecond)
			}
			if err := c.stopped(); err != nil {
				t.Error(err)
			}
		})
	}
}

// last is a balancer that writes to the last partition, once there are three.
type last struct{}

func (last) Balance(_ kafka.Message, partitions ...int) int { return partitions[len(partitions)-1] }

func addPartitions(t *testing.T, brokers []string, topic string, n int32) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(brokers...), Transport: transport}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	made, err := client.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: n}}})
	if err == nil {
		err = errors.Join(err, made.Errors[topic])
	}
	if err != nil {
		t.Fatal(err)
	}
	for {
		found, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
		if err == nil && len(found.Topics) == 1 && len(found.Topics[0].Partitions) == int(n) {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("topic %s did not get %d partitions: %v", topic, n, err)
		}
		transport.CloseIdleConnections()
		time.Sleep(50 * time.Millisecond)
	}
}
