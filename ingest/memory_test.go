package ingest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
	"tappa/journey"
)

// TestMemoryIsFlatWhileTheSinkIsAway fills Kafka while the sink takes nothing. What the collector holds is what its
// options allow: it does not depend on how much waits, nor on how long.
func TestMemoryIsFlatWhileTheSinkIsAway(t *testing.T) {
	brokers := testenv.ApacheKafka(t) // in a process of its own, so that its memory is not this one's
	topic, sink := testenv.Topic(t), newSink()
	var away atomic.Bool
	away.Store(true)
	sink.fault = func(journey.Block, bool) error {
		if away.Load() {
			return errFault
		}
		return nil
	}
	var decoded atomic.Int64
	opts := options(brokers, topic, sink)
	opts.FlushRows, opts.FetchBytes, opts.Lanes = 200, 64<<10, 2
	opts.Decode = func(r source.Record) (journey.Interaction, error) {
		decoded.Add(1)
		return decoder.Decode(r)
	}
	const perRound, size = 3000, 2000 // 6 MB
	before := heap()
	publishLong(t, brokers, topic, 0, perRound, size)
	c := run(t, opts)
	full := settled(t, &decoded)
	held := heap()
	for round := 1; round <= 3; round++ {
		publishLong(t, brokers, topic, round*perRound, perRound, size)
		if again := settled(t, &decoded); again != full {
			t.Errorf("round %d: %d records are held, %d before", round, again, full)
		}
		if now := heap(); now > held+2<<20 {
			t.Errorf("round %d: the heap is %.1f MB, and was %.1f MB when all that may be held was held", round, mega(now), mega(held))
		}
	}
	// Two blocks a lane, in which a record stands raw and decoded; two answers a partition (of four) and one under way,
	// each in memory of 1 MiB.
	if bound := int64(2*2*200*3*size + 4*3<<20); held-before > bound {
		t.Errorf("%.1f MB are held, the options allow for about %.1f MB", mega(held-before), mega(bound))
	}
	t.Logf("%.1f MB held, of %.1f MB that waited", mega(heap()-before), mega(4*perRound*size))
	away.Store(false)
	c.caughtUp(t)
	if unique, rows := sink.ids(); len(unique) != 4*perRound || rows != 4*perRound {
		t.Errorf("%d ids in %d rows, want %d", len(unique), rows, 4*perRound)
	}
}

// heap is what of the Go heap is in use, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func mega(n int64) float64 { return float64(n) / 1e6 }

// settled waits until no more is decoded, and returns how much was.
func settled(t *testing.T, decoded *atomic.Int64) int64 {
	t.Helper()
	for last, since := decoded.Load(), time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if now := decoded.Load(); now != last || now == 0 {
			last, since = now, time.Now()
		} else if time.Since(since) > time.Second {
			return now
		}
		if t.Context().Err() != nil {
			t.Fatal("the test has ended")
		}
	}
}

// publishLong publishes events with texts of a size.
func publishLong(t *testing.T, brokers []string, topic string, from, n, size int) {
	t.Helper()
	text := strings.Repeat("buongiorno ", size/11)
	messages := make([]ingest.Message, n)
	for i := range messages {
		id := from + i
		value, err := source.Event{
			ID: fmt.Sprintf("e%d", id), Type: "form.submitted", Origin: "test", Time: day,
			Data: source.Form{Form: "contact", Customer: source.Party{Email: fmt.Sprintf("c%d@example.com", id)}, Message: text},
		}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		messages[i] = ingest.Message{Key: fmt.Append(nil, id), Value: value}
	}
	publish(t, brokers, topic, messages...)
}

// TestOneBadOfTenThousand has one bad record among 9,999 good ones. The blocks are as full, and no more of them are
// needed, as if it were not there: nothing waits for it, and nothing is written twice because of it.
func TestOneBadOfTenThousand(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := roomyTopic(t, brokers, 1), newSink()
	messages := make([]ingest.Message, 10_000)
	for i := range messages {
		messages[i] = event(t, i)
	}
	messages[4500].Value = []byte(`{"specversion":"1.0","id":`)
	publish(t, brokers, topic, messages...)
	var starts []int64
	sink.fault = func(b journey.Block, stored bool) error {
		if !stored {
			starts = append(starts, b.Records[0].Position.Offset)
		}
		return nil
	}
	opts := options(brokers, topic, sink)
	opts.FlushRows, opts.FlushAge, opts.Lanes = 1111, time.Hour, 1 // a block ends where it is full, and 9 × 1,111 = 9,999
	c := run(t, opts)
	c.caughtUp(t)
	if err := c.stopped(); err != nil {
		t.Fatal(err)
	}
	want := []int64{0, 1111, 2222, 3333, 4444, 5556, 6667, 7778, 8889}
	if diff := cmp.Diff(starts, want); diff != "" {
		t.Errorf("blocks begin at (-got, +want):\n%s", diff)
	}
	total := ingest.Count{Read: 10_000, Stored: 9999, Dead: map[string]int64{"malformed-json": 1}}
	if diff := cmp.Diff(c.Counts().Total(), total); diff != "" {
		t.Errorf("counts (-got, +want):\n%s", diff)
	}
	if dead := letters(t, brokers, opts.DeadLetterTopic); len(dead) != 1 || header(dead[0], ingest.HeaderOffset) != "4500" {
		t.Errorf("dead letters %v, want the one of offset 4500", dead)
	}
}
