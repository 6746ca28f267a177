package ingest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
)

// pairs knows what a follower of two kinds of records knows: "left:7" and "right:7", in whatever topics, make "pair 7".
type pairs struct {
	mu     sync.Mutex
	seen   map[string]bool
	begun  int
	taken  int
	follow *ingest.Follower
	stop   func()
	done   chan error
}

// followPairs starts a follower of topics that begin with prefix.
func followPairs(t *testing.T, brokers []string, prefix string) *pairs {
	t.Helper()
	p := &pairs{seen: map[string]bool{}, done: make(chan error, 1)}
	f, err := ingest.NewFollower(ingest.FollowOptions{
		Brokers: brokers, Pattern: regexp.MustCompile(regexp.QuoteMeta(prefix) + `\..*`), Group: prefix + "-group", Topic: prefix + "-into",
		DeadLetterTopic: prefix + "-dead", Begin: p.begin, Take: p.take, WatchEvery: 100 * time.Millisecond,
		SessionTimeout: 6 * time.Second, Heartbeat: 200 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.follow = f
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-p.done; err != nil {
			t.Error(err)
		}
	})
	go func() { p.done <- f.Run(ctx) }()
	t.Cleanup(p.stop)
	return p
}

func (p *pairs) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	p.seen = map[string]bool{}
}

func (p *pairs) take(rec source.Record) ([]ingest.Message, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken++
	side, n, ok := strings.Cut(string(rec.Value), ":")
	if !ok {
		return nil, &source.Error{Reason: source.ReasonBadPayload, Field: "side", Detail: "missing"}
	}
	p.seen[string(rec.Value)] = true
	other := map[string]string{"left": "right", "right": "left"}[side] + ":" + n
	if !p.seen[other] || p.seen["pair:"+n] {
		return nil, nil
	}
	p.seen["pair:"+n] = true
	return []ingest.Message{{Key: []byte(n), Value: []byte("pair " + n)}}, nil
}

// caughtUp waits until the follower's group has told all there is.
func (p *pairs) caughtUp(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.follow.CaughtUp(ctx); err != nil {
		t.Fatal(err)
	}
}

// sides are messages "SIDE:FROM" … before to.
func sides(side string, from, to int) (out []ingest.Message) {
	for i := from; i < to; i++ {
		v := fmt.Appendf(nil, "%s:%d", side, i)
		out = append(out, ingest.Message{Key: v, Value: v})
	}
	return out
}

// told reads what followers told.
func told(t *testing.T, brokers []string, prefix string) (all []string) {
	t.Helper()
	for _, m := range letters(t, brokers, prefix+"-into") {
		all = append(all, string(m.Value))
	}
	slices.Sort(all)
	return all
}

// TestFollower follows topics of which one appears late. What a pair's halves say is told once, whichever comes first and
// however often the follower is started anew in between; records that cannot be used are dead letters and nothing else.
func TestFollower(t *testing.T) {
	brokers := testenv.Kafka(t)
	prefix := testenv.Topic(t)
	publish(t, brokers, prefix+".left", sides("left", 0, 50)...)
	publish(t, brokers, prefix+".left", ingest.Message{Value: []byte("nonsense")})
	first := followPairs(t, brokers, prefix)
	first.caughtUp(t)
	if got := told(t, brokers, prefix); len(got) > 0 {
		t.Errorf("half of each pair is there, and told is %q", got)
	}
	publish(t, brokers, prefix+".right", sides("right", 0, 20)...)
	first.caughtUp(t)
	if got := told(t, brokers, prefix); len(got) != 20 {
		t.Errorf("%d pairs told, want 20: %q", len(got), got)
	}
	first.stop()
	publish(t, brokers, prefix+".right", sides("right", 10, 40)...) // some of them again

	second := followPairs(t, brokers, prefix)
	second.caughtUp(t)
	if err := second.follow.Ready(); err != nil {
		t.Error(err)
	}
	second.stop()
	got := told(t, brokers, prefix)
	if len(got) != 40 || len(slices.Compact(got)) != 40 {
		t.Errorf("%d pairs told, want 40, each once: %q", len(got), got)
	}
	if second.taken != 50+1+20+30 {
		t.Errorf("the second follower took in %d records, want all 101", second.taken)
	}
	dead := letters(t, brokers, prefix+"-dead")
	if len(dead) != 1 || header(dead[0], ingest.HeaderReason) != "bad-payload" || header(dead[0], ingest.HeaderDetail) != "side: missing" ||
		string(dead[0].Value) != "nonsense" || header(dead[0], ingest.HeaderTopic) != prefix+".left" {
		t.Errorf("dead letters %+v, want the nonsense once, with the reason", dead)
	}
}

// TestFollowedTopicMadeAnewMeanwhile deletes the only topic under a follower, on a Kafka that makes it anew as soon as somebody asks for it.
func TestFollowedTopicMadeAnewMeanwhile(t *testing.T) {
	brokers := testenv.ApacheKafka(t)
	prefix := testenv.Topic(t)
	publish(t, brokers, prefix+".all", sides("left", 0, 50)...)
	p := followPairs(t, brokers, prefix)
	p.caughtUp(t)
	deleteTopic(t, brokers, prefix+".all")
	time.Sleep(time.Second) // until the follower has seen it
	publish(t, brokers, prefix+".all", append(sides("left", 50, 52), sides("right", 50, 52)...)...)
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if got := told(t, brokers, prefix); slices.Equal(got, []string{"pair 50", "pair 51"}) {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("told is %q", got)
		}
	}
}

// TestFollowersTakeTurns runs two followers of a group: one works, and when it stops the other one finds everything again
// and goes on.
func TestFollowersTakeTurns(t *testing.T) {
	brokers := testenv.Kafka(t)
	prefix := testenv.Topic(t)
	publish(t, brokers, prefix+".left", sides("left", 0, 100)...)
	publish(t, brokers, prefix+".right", sides("right", 0, 40)...)
	both := [2]*pairs{followPairs(t, brokers, prefix), followPairs(t, brokers, prefix)}
	both[0].caughtUp(t)
	worker := both[0]
	if worker.working() == both[1].working() {
		t.Errorf("followers at work: %v, %v; want one of them", worker.working(), both[1].working())
	}
	if !worker.working() {
		worker = both[1]
	}
	worker.stop()
	publish(t, brokers, prefix+".right", sides("right", 40, 100)...)
	rest := both[0]
	if rest == worker {
		rest = both[1]
	}
	rest.caughtUp(t)
	got := told(t, brokers, prefix)
	if n := len(slices.Compact(got)); n != 100 {
		t.Errorf("%d pairs told, want 100", n)
	}
}

// working says whether the follower holds the topics: it has taken in more than nothing since it began.
func (p *pairs) working() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun > 0 && len(p.seen) > 0
}

func TestFollowerNeedsOptions(t *testing.T) {
	if _, err := ingest.NewFollower(ingest.FollowOptions{Brokers: []string{"a:1"}}); err == nil || !strings.Contains(err.Error(), "Pattern") {
		t.Errorf("error %v, want one that names what is missing", err)
	}
}
