//go:build unix

package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
	"tappa/journey"
)

// nullSink counts rows.
type nullSink struct{ rows atomic.Int64 }

func (*nullSink) Stored(context.Context, string) (map[int]int64, error) { return map[int]int64{}, nil }

func (s *nullSink) NewBlock() journey.BlockBuilder {
	return journey.Collected(func(_ context.Context, b journey.Block) error {
		s.rows.Add(int64(len(b.Records)))
		return nil
	})
}

// BenchmarkCollector reads messages of about 1 KB with 4 partitions from the embedded broker into a sink that only
// counts: fetch, decode, key and batch, without tags, mood and storage. The broker works on the same processors.
func BenchmarkCollector(b *testing.B) {
	for name, start := range kafkas {
		b.Run(name, func(b *testing.B) {
			brokers, topic := start(b), testenv.Topic(b)
			bytes := fill(b, brokers, topic, b.N)
			sink := &nullSink{}
			opts := options(brokers, topic, sink)
			b.SetBytes(bytes / int64(b.N))
			b.ReportAllocs()
			before := cpu()
			b.ResetTimer()
			c := run(b, opts)
			c.caughtUp(b)
			b.StopTimer()
			b.ReportMetric((cpu()-before)/float64(b.N)*1e6, "cpu-s/million")
			if got := sink.rows.Load(); got != int64(b.N) {
				b.Errorf("%d rows, want %d", got, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// cpu is the processor time this process has used, in seconds: unlike the clock, it says the same on a busy machine.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkProducer publishes messages of about 1 KB in calls of 1000, acknowledged by all.
func BenchmarkProducer(b *testing.B) {
	for name, start := range kafkas {
		b.Run(name, func(b *testing.B) {
			bytes := fill(b, start(b), testenv.Topic(b), b.N)
			b.SetBytes(bytes / int64(b.N))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// fill publishes n messages and returns how many bytes they are.
func fill(b *testing.B, brokers []string, topic string, n int) (bytes int64) {
	b.Helper()
	p := ingest.NewProducer(brokers, topic)
	defer p.Close()
	text := strings.Repeat("Buongiorno, vorrei sapere quando arriva il ricambio ordinato. ", 12)
	messages := make([]ingest.Message, 0, 1000)
	for i := range n {
		value, err := source.Event{
			ID: fmt.Sprint(i), Origin: "site", Type: "form.submitted", Time: day,
			Data: source.Form{Form: "contact", Customer: source.Party{Email: fmt.Sprintf("c%d@example.com", i%5000)}, Message: text},
		}.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		bytes += int64(len(value))
		if messages = append(messages, ingest.Message{Key: fmt.Append(nil, i), Value: value}); len(messages) == cap(messages) || i == n-1 {
			if err := p.Publish(context.Background(), messages...); err != nil {
				b.Fatal(err)
			}
			messages = messages[:0]
		}
	}
	return bytes
}
