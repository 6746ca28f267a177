package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tappa/ingest"
	"tappa/internal/testenv"
)

// TestLatency measures the time from publishing an interaction to seeing it in a view, at one interaction a second, with
// everything as a user gets it: flushes of a second, a walk that looks every second. `make latency` runs it;
// LATENCY_EVENTS says for how many interactions.
func TestLatency(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("LATENCY_EVENTS"))
	if err != nil {
		t.Skip("takes a minute: run `make latency`")
	}
	_, j, err := definition()
	if err != nil {
		t.Fatal(err)
	}
	topic := testenv.Topic(t)
	s := newSite(t, testenv.OwnApacheKafka(t), topic, t.TempDir(), 0, map[string]string{"FLUSH_AGE": "1s", "SESSION_TIMEOUT": "20s"})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Duration(n)*3*time.Second)
	defer cancel()
	store, err := open(ctx, s.engine.addr, "tappa", j)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	s.start("collect,aggregate")
	p := newProducer([]string{s.kafka.At.Plain}, topic, 20*14*(n+warmUp), habits{}, rand.New(rand.NewPCG(1, 1)), j)
	plain := ingest.NewProducer(p.brokers, topic)
	defer func() { _ = plain.Close() }()
	var (
		mu   sync.Mutex
		took []time.Duration
		all  sync.WaitGroup
	)
	next, sent := time.Now(), 0
	for e := range p.world.Events() {
		if e.Type != "tappa.form.submitted" {
			continue // a form is always a step of a case
		}
		if next = next.Add(time.Second); sleep(ctx, time.Until(next)) != nil || sent == n+warmUp {
			break
		}
		value, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		began, counts := time.Now(), sent >= warmUp
		sent++
		if err := plain.Publish(ctx, ingest.Message{Key: e.Key(), Value: value}); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if !s.visible(ctx, t, string(j.ID), e.ID) {
				t.Errorf("interaction %s does not appear", e.ID)
			}
			mu.Lock()
			defer mu.Unlock()
			if counts {
				took = append(took, time.Since(began))
			}
		})
	}
	all.Wait()
	if len(took) < n || t.Failed() {
		t.Fatalf("%d of %d interactions were seen", len(took), n)
	}
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(time.Millisecond) }
	fmt.Printf("\nfrom publishing to visible in a view, %d interactions at one a second:\np50 %s  p95 %s  p99 %s  most %s\n",
		n, at(0.5), at(0.95), at(0.99), at(1))
}

// warmUp is how many interactions are not counted, while the group forms.
const warmUp = 10

// visible returns when a view shows an interaction, or with false when ctx ends.
func (s *site) visible(ctx context.Context, t *testing.T, journey, id string) bool {
	query := fmt.Sprintf("SELECT count() FROM steps_at(journey = '%s', from = '1970-01-01 00:00:00', to = '2199-12-31 00:00:00', "+
		"as_of = '2199-12-31 00:00:00', persona = '', channel = '', touchpoint = '', department = '', stage = '', activity = '', state = '', "+
		"account = '', customer = '', value_from = 0, value_to = 'inf') "+
		"WHERE id = '%s'", journey, strings.ReplaceAll(id, "'", "''"))
	for {
		n, err := s.engine.ask(ctx, "tappa", query)
		if err != nil && ctx.Err() == nil {
			t.Errorf("ask the view: %v", err)
			return false
		}
		if err == nil && n != "0" {
			return true
		}
		if sleep(ctx, 20*time.Millisecond) != nil {
			return false
		}
	}
}
