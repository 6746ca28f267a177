package ingest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
)

// maxBatchBytes keeps a produced batch below what a topic takes by default (1048588 bytes), with room for the batch's
// own head.
const maxBatchBytes = 1_000_000

// MaxMessage is the size of key, value and headers together that Publish always takes, in bytes. Little more is refused
// with ErrTooLarge.
const MaxMessage = maxBatchBytes - 1000

// Message is one record to publish. Records of one key stay in order and in one partition.
type Message struct {
	Key     []byte
	Value   []byte
	Headers []Header
	Time    time.Time // Kafka's time of the record; zero is the time of publishing
}

// Producer publishes to one topic. It is safe for concurrent use; calls made side by side share batches.
type Producer struct {
	writer *kafka.Writer
	client *kafka.Client
	close  func()
}

// NewProducer prepares a producer over plain TCP. It connects to nothing until the first Publish.
func NewProducer(brokers []string, topic string) *Producer {
	return Connection{}.Producer(brokers, topic)
}

// Producer prepares a producer that reaches the brokers this way.
func (c Connection) Producer(brokers []string, topic string) *Producer {
	transport := c.transport()
	addr := kafka.TCP(brokers...)
	return &Producer{
		writer: newWriter(addr, transport, topic, maxBatchBytes),
		client: &kafka.Client{Addr: addr, Transport: transport},
		close:  transport.CloseIdleConnections,
	}
}

// ErrTooLarge says that a message is larger than the topic takes, so that publishing it again is useless.
var ErrTooLarge = errors.New("message is larger than the topic takes")

// Publish returns when all in-sync replicas have every message, or with an error that joins those of the messages that
// were not taken. After an error some messages may have been taken: publishing all of them again is safe, since an
// interaction that arrives twice is counted once. A message of more than about 1 MB is refused with ErrTooLarge before
// any is sent.
func (p *Producer) Publish(ctx context.Context, messages ...Message) error {
	out := make([]kafka.Message, len(messages))
	for i, m := range messages {
		out[i] = kafka.Message{Key: m.Key, Value: m.Value, Headers: m.Headers, Time: m.Time}
	}
	err := p.writer.WriteMessages(ctx, out...)
	for try := 0; try < topicTries && noTopic(err); try++ {
		if err = ensureTopics(ctx, p.client, []string{p.writer.Topic}); err == nil {
			err = sleep(ctx, wait(try)) // until the brokers have told one another
		}
		if err == nil {
			err = p.writer.WriteMessages(ctx, out...)
		}
	}
	switch {
	case err == nil:
		return nil
	case tooLarge(err):
		return fmt.Errorf("publish to %s: %w: %w", p.writer.Topic, ErrTooLarge, summary(err))
	}
	return fmt.Errorf("publish to %s: %w", p.writer.Topic, summary(err))
}

// topicTries is how often a write to a topic that was just made is tried.
const topicTries = 10

// noTopic says whether a write failed, as a whole, because there is no such topic yet.
func noTopic(err error) bool {
	return errors.Is(err, kafka.UnknownTopicOrPartition) || errors.Is(err, kafka.LeaderNotAvailable)
}

// Close waits for what is being published and closes the connections.
func (p *Producer) Close() error {
	defer p.close()
	return p.writer.Close()
}

// summary is the first of the errors of the messages of a write, with their number; the other errors are mostly the
// same.
func summary(err error) error {
	all, ok := errors.AsType[kafka.WriteErrors](err)
	if !ok || all.Count() == 0 {
		return err
	}
	for _, one := range all {
		if one != nil {
			return fmt.Errorf("%d of %d messages not taken: %w", all.Count(), len(all), one)
		}
	}
	return err
}

// newWriter makes the writer of producers and dead letters. A write waits BatchTimeout for others to share its batch,
// unless it fills batches by itself. Of messages of 1 KB no more than 1000 fit anyway, and kafka-go makes room for a whole
// batch whenever it begins one.
func newWriter(addr net.Addr, transport *kafka.Transport, topic string, batchBytes int) *kafka.Writer {
	return &kafka.Writer{
		Addr: addr, Topic: topic, Transport: transport, Balancer: &kafka.Hash{},
		RequiredAcks: kafka.RequireAll, // the zero value would wait for nobody
		BatchSize:    1000, BatchBytes: int64(batchBytes), BatchTimeout: 5 * time.Millisecond,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		AllowAutoTopicCreation: true,
	}
}
