package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/ingest"
	"tappa/internal/testenv"
	"tappa/journey"
)

// TestNothingLostNothingTwice lets collectors join, leave and be cut off in the middle of their work while the sink
// fails before and after storing, and bad records and copies are among the good. In the end every good interaction is
// stored, every place in Kafka at most once, and every bad record is a dead letter.
func TestNothingLostNothingTwice(t *testing.T) {
	seeds := map[string]int{"embedded": 6, "apache": 1}
	if testing.Short() {
		seeds = map[string]int{"embedded": 1}
	}
	for name, n := range seeds {
		for range n {
			seed := rand.Uint64()
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				chaos(t, kafkas[name](t), rand.New(rand.NewPCG(seed, 0)))
			})
		}
	}
}

func chaos(t *testing.T, brokers []string, rng *rand.Rand) {
	topic, sink := testenv.Topic(t), newSink()
	sink.fault = faults(rng)
	const rounds, perRound = 8, 400
	good, bad := map[string]bool{}, 0
	for round := range rounds {
		var messages []ingest.Message
		for i := range perRound {
			n := round*perRound + i
			switch rng.IntN(20) {
			case 0: // a copy of an earlier one, or of itself
				n = rng.IntN(n + 1)
			case 1:
				messages = append(messages, ingest.Message{Key: []byte{byte(n)}, Value: []byte(`{"specversion":`)})
				bad++
			}
			good[fmt.Sprintf("e%d", n)] = true
			messages = append(messages, event(t, n))
		}
		publish(t, brokers, topic, messages...)
		some(t, rng, brokers, topic, sink)
	}
	last := run(t, impatient(rng, brokers, topic, sink))
	last.caughtUp(t)
	if err := last.stopped(); err != nil {
		t.Error(err)
	}
	judge(t, sink, letters(t, brokers, topic+"-dead"), good, bad)
}

// some runs one to three collectors until the sink has taken some more blocks or all is done, and stops them, each
// politely or in the middle of its work.
func some(t *testing.T, rng *rand.Rand, brokers []string, topic string, sink *memorySink) {
	t.Helper()
	target := sink.written() + 1 + rng.IntN(6)
	var all []*running
	for range 1 + rng.IntN(3) {
		opts := impatient(rng, brokers, topic, sink)
		if rng.IntN(2) == 0 {
			opts.ShutdownTimeout = time.Nanosecond // what is held is given up
		}
		all = append(all, run(t, opts))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = all[0].CaughtUp(ctx)
	}()
	for sink.written() < target && ctx.Err() == nil {
		select {
		case <-done:
			target = 0
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	<-done
	for _, i := range rng.Perm(len(all)) {
		if err := all[i].stopped(); err != nil {
			t.Error(err)
		}
	}
}

// impatient are options with limits drawn at random.
func impatient(rng *rand.Rand, brokers []string, topic string, sink *memorySink) ingest.Options {
	opts := options(brokers, topic, sink)
	opts.FlushRows = 1 + rng.IntN(200)
	opts.FlushAge = time.Duration(1+rng.IntN(50)) * time.Millisecond
	opts.FetchBytes = 1 << (10 + rng.IntN(8))
	opts.Lanes = 1 + rng.IntN(4)
	opts.SessionTimeout, opts.RebalanceTimeout = 30*time.Second, 30*time.Second
	return opts
}

// faults fails one write in five, half of these after the block was stored.
func faults(rng *rand.Rand) func(journey.Block, bool) error {
	var mu sync.Mutex
	own := rand.New(rand.NewPCG(rng.Uint64(), 1))
	return func(journey.Block, bool) error {
		mu.Lock()
		defer mu.Unlock()
		if own.IntN(10) == 0 {
			return errFault
		}
		return nil
	}
}

func (s *memorySink) written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// judge compares what was stored and what was refused with what was published.
func judge(t *testing.T, sink *memorySink, dead []kafka.Message, good map[string]bool, bad int) {
	t.Helper()
	unique, _ := sink.ids()
	for id := range good {
		if !unique[id] {
			t.Errorf("%s is lost", id)
		}
	}
	if len(unique) != len(good) {
		t.Errorf("%d interactions stored, want %d", len(unique), len(good))
	}
	places := map[journey.Position]int{}
	for _, r := range sink.rows {
		if places[r.Position]++; places[r.Position] > 1 {
			t.Errorf("%+v is stored %d times", r.Position, places[r.Position])
		}
	}
	refused := map[string]bool{}
	for _, m := range dead {
		refused[header(m, ingest.HeaderPartition)+":"+header(m, ingest.HeaderOffset)] = true
	}
	if len(refused) != bad {
		t.Errorf("%d records among the dead letters, want %d", len(refused), bad)
	}
	if len(sink.wrong) > 0 {
		t.Errorf("wrong blocks: %v", sink.wrong)
	}
}
