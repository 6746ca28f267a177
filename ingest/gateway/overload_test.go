package gateway

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"tappa/ingest"
	"tappa/ingest/source"
	formats "tappa/ingest/source/vendor"
)

const openConfig = `
limits: {requests: 4, publish: 30s}
sources:
  - {name: form, auth: open}
  - {name: slow, vendor: form, auth: open, rate: 1, burst: 2}
`

// gated lets records through to Kafka when it is told to.
type gated struct {
	Publisher
	waiting chan struct{} // one for each that waits
	open    chan struct{}
}

func (g *gated) Publish(ctx context.Context, messages ...ingest.Message) error {
	g.waiting <- struct{}{}
	<-g.open
	return g.Publisher.Publish(ctx, messages...)
}

// While Kafka stands still, requests beyond the limit are told to come again, at once and with little memory; what was
// accepted is on Kafka, each once, and what was refused is not.
func TestOverload(t *testing.T) {
	g := &gated{waiting: make(chan struct{}, 1000), open: make(chan struct{})}
	s := serve(t, openConfig, func(p Publisher) Publisher { g.Publisher = p; return g })
	var wg sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	send := func(i int) {
		status, a, h := s.post("/in/form", fmt.Sprintf("email=c%d@example.com", i), nil)
		mu.Lock()
		defer mu.Unlock()
		statuses[status]++
		if status == http.StatusServiceUnavailable && (h.Get("Retry-After") == "" || a.Refused != reasonBusy) {
			t.Errorf("refused without Retry-After: %+v %v", a, h)
		}
	}
	for i := range 4 {
		wg.Go(func() { send(i) })
	}
	for range 4 {
		<-g.waiting
	}
	if n, bytes := s.gateway.held.now(); n != 4 || bytes <= 0 || bytes > 4*copies*100 {
		t.Errorf("%d requests and %d bytes held", n, bytes)
	}
	for i := range 40 {
		wg.Go(func() { send(100 + i) })
	}
	waitFor(t, func() bool { return s.count("refused_total", "form", reasonBusy) == 40 })
	close(g.open)
	wg.Wait()
	if statuses[http.StatusOK] != 4 || statuses[http.StatusServiceUnavailable] != 40 {
		t.Errorf("statuses %v, want 4 accepted and 40 told to come again", statuses)
	}
	if n, bytes := s.gateway.held.now(); n != 0 || bytes != 0 {
		t.Errorf("%d requests and %d bytes held after all", n, bytes)
	}
	for i := range 40 { // they come again
		send(100 + i)
	}
	seen := map[string]bool{}
	for _, m := range s.records(44) {
		seen[string(m.Value)] = true
	}
	if len(seen) != 44 || s.count("produced_total", "form") != 44 {
		t.Errorf("%d of 44 forms are on Kafka, %v counted", len(seen), s.count("produced_total", "form"))
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come to that")
		}
	}
}

// A source that asks too often is told when to come again, by the clock; others are not held up.
func TestRate(t *testing.T) {
	s := serve(t, openConfig, nil)
	var got []int
	for i := range 3 {
		status, _, h := s.post("/in/slow", fmt.Sprintf("email=c%d@example.com", i), nil)
		got = append(got, status)
		if status == http.StatusTooManyRequests && h.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q, want 1", h.Get("Retry-After"))
		}
	}
	if fmt.Sprint(got) != "[200 200 429]" || s.count("refused_total", "slow", reasonRate) != 1 {
		t.Errorf("statuses %v, counted %v", got, s.count("refused_total", "slow", reasonRate))
	}
	if status, _, _ := s.post("/in/form", "email=c9@example.com", nil); status != http.StatusOK {
		t.Errorf("another source: %d", status)
	}
	s.records(3)
}

// failing fails as often as it is told to, as a Kafka does whose replicas are not in sync.
type failing struct {
	Publisher
	times int
}

func (f *failing) Publish(ctx context.Context, messages ...ingest.Message) error {
	if f.times > 0 {
		f.times--
		return context.DeadlineExceeded
	}
	return f.Publisher.Publish(ctx, messages...)
}

// What Kafka does not take is not accepted: the sender is told so, and its next try is no replay.
func TestKafkaFails(t *testing.T) {
	s := serve(t, openConfig, func(p Publisher) Publisher { return &failing{p, 2} })
	for want := range []int{0, 1} {
		status, a, h := s.post("/in/form", "email=a@example.com", nil)
		if status != http.StatusServiceUnavailable || a.Refused != reasonKafka || h.Get("Retry-After") == "" {
			t.Errorf("try %d: %d %+v", want, status, a)
		}
	}
	if status, a, _ := s.post("/in/form", "email=a@example.com", nil); status != http.StatusOK || a.Accepted != 1 {
		t.Errorf("third try: %d %+v", status, a)
	}
	if status, a, _ := s.post("/in/form", "email=a@example.com", nil); status != http.StatusOK || a.Refused != reasonReplayed {
		t.Errorf("a second click: %d %+v", status, a)
	}
	s.records(1)
	if s.count("accepted_total", "form") != 1 || s.count("refused_total", "form", reasonKafka) != 2 {
		t.Errorf("counted %v accepted, %v refused", s.count("accepted_total", "form"), s.count("refused_total", "form", reasonKafka))
	}
}

// unheard is a Kafka that takes what it is given, and says so too late.
type unheard struct {
	Publisher
	times int
}

func (u *unheard) Publish(ctx context.Context, messages ...ingest.Message) error {
	err := u.Publisher.Publish(ctx, messages...)
	if u.times > 0 {
		u.times--
		return context.DeadlineExceeded
	}
	return err
}

// What Kafka took although the sender was told to come again, and what comes then, are one interaction: they have one id and one
// time, also where what was sent bears none. The same wish long after is another one.
func TestTriedAgain(t *testing.T) {
	clock := now.Add(9 * time.Minute) // in another ten minutes than the next try
	s := serve(t, openConfig, func(p Publisher) Publisher { return &unheard{p, 1} })
	s.gateway.now = func() time.Time { return clock }
	for _, c := range []struct {
		after  time.Duration
		status int
	}{{0, http.StatusServiceUnavailable}, {2 * time.Minute, http.StatusOK}, {time.Hour, http.StatusOK}} {
		clock = clock.Add(c.after)
		if status, a, _ := s.post("/in/form", "email=a@example.com", nil); status != c.status {
			t.Errorf("%s later: %d %+v, want %d", c.after, status, a, c.status)
		}
	}
	decoder := source.NewDecoder(source.Options{Formats: formats.Formats})
	told := map[string]int{}
	for _, m := range s.records(3) {
		rec := source.Record{Value: m.Value}
		for _, h := range m.Headers {
			rec.Headers = append(rec.Headers, source.Header{Key: h.Key, Value: h.Value})
		}
		in, err := decoder.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		told[in.ID+" "+in.OccurredAt.String()]++
	}
	if len(told) != 2 {
		t.Errorf("three records tell of %d interactions, want 2: %v", len(told), told)
	}
}

// Without a Kafka at all the answer comes within the time set for it.
func TestNoKafka(t *testing.T) {
	producer := ingest.NewProducer([]string{"127.0.0.1:1"}, "nowhere")
	t.Cleanup(func() { _ = producer.Close() })
	s := serve(t, "limits: {publish: 100ms}\nsources: [{name: form, auth: open}]\n", func(Publisher) Publisher { return producer })
	if status, a, _ := s.post("/in/form", "email=a@example.com", nil); status != http.StatusServiceUnavailable || a.Refused != reasonKafka {
		t.Errorf("%d %+v", status, a)
	}
}

// The memory of accepted requests is bounded; it forgets the oldest, and counts what it should have kept.
func TestSeenIsBounded(t *testing.T) {
	s := newSeen(3)
	enter := func(b byte, at time.Time) error {
		_, settle, err := s.enter(print{b}, at, time.Minute)
		if err == nil {
			settle(true)
		}
		return err
	}
	for b := range byte(5) {
		if err := enter(b, now); err != nil {
			t.Fatal(err)
		}
	}
	if n, lost := s.size(); n != 3 || lost != 2 || len(s.all) != 3 {
		t.Errorf("%d remembered in %d entries, %d forgotten, want 3, 3 and 2", n, len(s.all), lost)
	}
	if enter(4, now) == nil || enter(2, now) == nil {
		t.Error("one of the last three is accepted twice")
	}
	if err := enter(4, now.Add(time.Hour)); err != nil {
		t.Errorf("after its time: %v", err)
	}
	_, settle, err := s.enter(print{9}, now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.enter(print{9}, now, time.Minute); err == nil {
		t.Error("a twin is worked on beside its like")
	}
	settle(false)
	if err := enter(9, now); err != nil {
		t.Errorf("after a failure: %v", err)
	}
	if n, _ := s.size(); n != 3 || len(s.all) != 3 {
		t.Errorf("%d remembered in %d entries", n, len(s.all))
	}
}
