package ingest_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tappa/ingest"
	"tappa/internal/broker"
	"tappa/internal/testenv"
	"tappa/journey"
)

// becomes waits until a collector is ready, or is not for a reason that contains some words.
func becomes(t *testing.T, c *running, why ...string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := c.Ready()
		ok := (err == nil) == (len(why) == 0)
		for _, w := range why {
			ok = ok && strings.Contains(err.Error(), w)
		}
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("ready: %v, want %q", err, why)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestReadyIsProgress lets the sink fail and come back, and Kafka go.
func TestReadyIsProgress(t *testing.T) {
	b, err := broker.Start(broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	brokers := []string{b.Addr()}
	topic, sink := testenv.Topic(t), newSink()
	var broken atomic.Bool
	sink.fault = func(journey.Block, bool) error {
		if broken.Load() {
			return errFault
		}
		return nil
	}
	opts := options(brokers, topic, sink)
	opts.ReadyAfter = 2 * time.Second // Kafka may hold back an empty answer for half of one
	idle, err := ingest.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.Ready(); err == nil {
		t.Error("ready before it runs")
	}
	c := run(t, opts)
	publish(t, brokers, topic, event(t, 1))
	c.caughtUp(t)
	becomes(t, c)
	broken.Store(true)
	publish(t, brokers, topic, event(t, 2))
	becomes(t, c, "1 records are fetched and not stored", "last failure: write: fault")
	broken.Store(false)
	becomes(t, c)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	becomes(t, c, "has not heard from Kafka", "last failure: ")
	if err := c.stopped(); err != nil {
		t.Error(err)
	}
	becomes(t, c, "does not run")
}

// TestReserveIsReady runs two collectors on one partition: the one without it has nothing to get on with.
func TestReserveIsReady(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := roomyTopic(t, brokers, 1), newSink()
	opts := options(brokers, topic, sink)
	opts.ReadyAfter = 2 * time.Second
	a, b := run(t, opts), run(t, opts)
	publish(t, brokers, topic, event(t, 1))
	a.caughtUp(t)
	// Longer than either may be silent: a condition that must go on to hold can only be watched for a while.
	for until := time.Now().Add(opts.ReadyAfter + 2*time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		for _, c := range []*running{a, b} {
			if err := c.Ready(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
