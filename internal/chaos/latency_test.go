package chaos

import (
	"context"
	"errors"
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
	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/internal/testenv"
	"tappa/journey"
)

// warmUp is how many interactions are not counted, while the group forms.
const warmUp = 10

// TestLatency measures the time from publishing an interaction to seeing it in a view, at one interaction a second, with
// everything as a user gets it: flushes of a second, a walk that looks twice a second. `make latency` runs it;
// LATENCY_EVENTS says for how many interactions, LATENCY_LOAD how many others a second are published beside them.
func TestLatency(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("LATENCY_EVENTS"))
	if err != nil {
		t.Skip("takes a minute: run `make latency`")
	}
	load, _ := strconv.Atoi(os.Getenv("LATENCY_LOAD"))
	_, j, err := definition()
	if err != nil {
		t.Fatal(err)
	}
	topic := testenv.Topic(t)
	s := newSite(t, testenv.OwnApacheKafka(t), topic, t.TempDir(), 0, map[string]string{"FLUSH_AGE": "1s", "SESSION_TIMEOUT": "20s", "LANES": "2"})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Duration(n)*3*time.Second)
	defer cancel()
	store, err := open(ctx, s.engine.addr, "tappa", j)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	others := burden(t, load*(n+warmUp), j)
	s.start("collect,aggregate")
	publisher := ingest.NewProducer([]string{s.kafka.At.Plain}, topic)
	defer func() { _ = publisher.Close() }()

	seen := watch{site: s, journey: string(j.ID), pending: map[string]onItsWay{}}
	var all sync.WaitGroup
	all.Go(func() { bear(ctx, t, publisher, others, load) })
	all.Go(func() { seen.run(ctx, t, n+warmUp) })
	p := newProducer([]string{s.kafka.At.Plain}, topic, 20*14*(n+warmUp), habits{}, rand.New(rand.NewPCG(1, 1)), j)
	decoder := source.NewDecoder(source.Options{DefaultCountry: "IT"})
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
		made, err := decoder.Decode(source.Record{Value: value, Time: e.Time})
		if err != nil {
			t.Fatal(err)
		}
		seen.expect(e.ID, string(made.Keys[0]), sent >= warmUp)
		sent++
		if err := publisher.Publish(ctx, ingest.Message{Key: e.Key(), Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	took := seen.took
	if len(took) < n || t.Failed() {
		t.Fatalf("%d of %d interactions were seen", len(took), n)
	}
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(time.Millisecond) }
	fmt.Printf("\nfrom publishing to visible in a view, %d interactions at one a second, beside %d others a second:\np50 %s  p95 %s  p99 %s  most %s\n",
		n, load, at(0.5), at(0.95), at(0.99), at(1))
}

// burden makes the interactions of other customers.
func burden(t *testing.T, n int, j *journey.Journey) []ingest.Message {
	out := make([]ingest.Message, 0, n)
	if n == 0 {
		return out
	}
	end := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	for e := range synth.New(synth.Options{Seed: 2, Start: end.AddDate(-1, 0, 0), End: end, Cases: max(20, n/5), Journey: j}).Events() {
		if len(out) == n {
			break
		}
		e.ID = "burden-" + e.ID
		value, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ingest.Message{Key: e.Key(), Value: value})
	}
	if len(out) < n {
		t.Fatalf("%d interactions made, %d wanted", len(out), n)
	}
	return out
}

// bear publishes so many messages a second until there are none left.
func bear(ctx context.Context, t *testing.T, to *ingest.Producer, messages []ingest.Message, load int) {
	const tick = 100 * time.Millisecond
	next := time.Now()
	for len(messages) > 0 {
		some := messages[:min(len(messages), max(1, load/10))]
		messages = messages[len(some):]
		if err := to.Publish(ctx, some...); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return
		}
		if next = next.Add(tick); sleep(ctx, time.Until(next)) != nil {
			return
		}
	}
}

// watch asks a view again and again which of the interactions that are on their way it shows. It asks for their persons, as somebody does
// who opens a customer's page: a watch that read all cases time and again would be most of the load.
type watch struct {
	site    *site
	journey string

	mu      sync.Mutex
	pending map[string]onItsWay // by id
	done    int
	took    []time.Duration
}

// onItsWay is an interaction that was published.
type onItsWay struct {
	key   string
	since time.Time // zero for one that does not count
}

func (w *watch) expect(id, key string, counts bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := onItsWay{key: key}
	if counts {
		of.since = time.Now()
	}
	w.pending[id] = of
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// run returns when the view has shown that many interactions, or ctx ends.
func (w *watch) run(ctx context.Context, t *testing.T, n int) {
	for w.done < n {
		if sleep(ctx, 100*time.Millisecond) != nil {
			return
		}
		w.mu.Lock()
		var ids, keys []string
		for id, of := range w.pending {
			ids, keys = append(ids, quoted(id)), append(keys, quoted(of.key))
		}
		w.mu.Unlock()
		if len(ids) == 0 {
			continue
		}
		found, err := w.site.engine.ask(ctx, "tappa", fmt.Sprintf("SELECT DISTINCT id FROM steps WHERE journey = '%s' "+
			"AND subject IN (SELECT person FROM people FINAL WHERE contact_key IN (%s)) AND id IN (%s)",
			w.journey, strings.Join(keys, ", "), strings.Join(ids, ", ")))
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("ask the view: %v", err)
			}
			return
		}
		w.seen(strings.Fields(found))
	}
}

func (w *watch) seen(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if of := w.pending[id]; !of.since.IsZero() {
			w.took = append(w.took, time.Since(of.since))
		}
		delete(w.pending, id)
		w.done++
	}
}
