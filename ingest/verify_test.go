package ingest_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/internal/testenv"
)

// engine is a real store, and a way around it.
type engine struct {
	*aggregate.Store
	testenv.Engine
}

func openEngine(t testing.TB) engine {
	t.Helper()
	env := testenv.ClickHouse(t)
	s, err := aggregate.Open(t.Context(), aggregate.Options{Addr: env.Addr, Protocol: "http", Database: env.Database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return engine{s, env}
}

// exec runs a statement behind the store's back; records is written TABLE in it.
func (e engine) exec(t testing.TB, statement string) {
	t.Helper()
	statement = strings.ReplaceAll(statement, "TABLE", "TABLE "+e.Database+".records")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post("http://"+e.Addr, "text/plain", strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %s", statement, err, text)
	}
}

// lose deletes a stored row.
func (e engine) lose(t testing.TB, id string) {
	e.exec(t, fmt.Sprintf("ALTER TABLE DELETE WHERE id = '%s' SETTINGS mutations_sync = 2", id))
}

// verify returns the account of all partitions of a topic as one, after it has seen that each adds up.
func verify(t testing.TB, brokers []string, opts ingest.Options, evidence ingest.Evidence) ingest.Account {
	t.Helper()
	accounts, err := ingest.Verify(t.Context(), ingest.VerifyOptions{
		Brokers: brokers, Topics: opts.Topics, Group: opts.Group, DeadLetterTopic: opts.DeadLetterTopic,
		Decode: opts.Decode, Evidence: evidence,
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := ingest.Account{Topic: opts.Topics[0], Dead: map[string]int64{}}
	for _, a := range accounts {
		if a.Read != a.Stored+a.Duplicate+a.AllDead()+a.Filtered+a.Gap+a.Missing || a.End != a.Read+a.Waiting {
			t.Errorf("does not add up: %+v", a)
		}
		sum.Start, sum.End, sum.Read, sum.Waiting = sum.Start+a.Start, sum.End+a.End, sum.Read+a.Read, sum.Waiting+a.Waiting
		sum.Stored, sum.Duplicate, sum.Filtered = sum.Stored+a.Stored, sum.Duplicate+a.Duplicate, sum.Filtered+a.Filtered
		sum.Gap, sum.Missing, sum.Beyond = sum.Gap+a.Gap, sum.Missing+a.Missing, sum.Beyond+a.Beyond
		for reason, n := range a.Dead {
			sum.Dead[reason] += n
		}
		sum.List = append(sum.List, a.List...)
	}
	return sum
}

// collectAll collects what a topic holds.
func collectAll(t testing.TB, opts ingest.Options) {
	t.Helper()
	c := run(t, opts)
	c.caughtUp(t)
	if err := c.stopped(); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	brokers, store := testenv.Kafka(t), openEngine(t)
	topic := roomyTopic(t, brokers, 1)
	opts := options(brokers, topic, store)
	check := func(what string, want ingest.Account) {
		t.Helper()
		want.Topic = topic
		if want.Dead == nil {
			want.Dead = map[string]int64{}
		}
		if diff := cmp.Diff(verify(t, brokers, opts, store), want); diff != "" {
			t.Errorf("%s (-got, +want):\n%s", what, diff)
		}
	}
	check("an empty topic", ingest.Account{})
	for i := range 20 {
		publish(t, brokers, topic, event(t, i))
	}
	check("nothing read", ingest.Account{End: 20, Waiting: 20})
	collectAll(t, opts)
	check("clean", ingest.Account{End: 20, Read: 20, Stored: 20})

	// 20 is bad, 21 a copy of 3 and 22 of 4, 23 carries nothing, 24 is new, 25 is bad.
	bad := ingest.Message{Value: []byte("{")}
	publish(t, brokers, topic, bad)
	publish(t, brokers, topic, event(t, 3))
	publish(t, brokers, topic, event(t, 4))
	publish(t, brokers, topic, ingest.Message{Key: []byte("k")})
	publish(t, brokers, topic, event(t, 24))
	publish(t, brokers, topic, bad)
	collectAll(t, opts)
	dead := map[string]int64{"malformed-json": 2}
	mixed := ingest.Account{End: 26, Read: 26, Stored: 21, Duplicate: 2, Filtered: 1, Dead: dead}
	check("copies, dead letters, tombstone", mixed)
	store.exec(t, "OPTIMIZE TABLE FINAL")
	check("copies merged away", mixed)

	store.lose(t, "e7")
	store.lose(t, "e3") // with its copy
	check("rows lost", ingest.Account{End: 26, Read: 26, Stored: 19, Duplicate: 1, Filtered: 1, Dead: dead, Missing: 3, List: []ingest.MissingRecord{
		{Offset: 3, Origin: "site", ID: "e3", Why: "read, but not stored"},
		{Offset: 7, Origin: "site", ID: "e7", Why: "read, but not stored"},
		{Offset: 21, Origin: "site", ID: "e3", Why: "read, but not stored"},
	}})

	deleteBefore(t, brokers, topic, 10)
	check("retention", ingest.Account{Start: 10, End: 26, Read: 26, Stored: 19, Filtered: 1, Dead: dead, Gap: 3, Missing: 1, List: []ingest.MissingRecord{
		{Offset: 21, Origin: "site", ID: "e3", Why: "read, but not stored"},
	}})

	deleteTopic(t, brokers, opts.DeadLetterTopic)
	got := verify(t, brokers, opts, store)
	if got.Missing != 3 || !strings.Contains(got.List[0].Why, "not among the dead letters: malformed-json") {
		t.Errorf("dead letters lost: got %+v, want their records to be missing", got)
	}
}

// TestVerifyAnything publishes records of all sorts at random to several partitions, collects them in several runs, and
// loses rows: the account is right whatever the order.
func TestVerifyAnything(t *testing.T) {
	brokers, store := testenv.Kafka(t), openEngine(t)
	topic, seed := testenv.Topic(t), rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	opts := options(brokers, topic, store)
	opts.FlushRows = 100
	want := ingest.Account{Dead: map[string]int64{}}
	ids := map[string]int64{} // records by id
	for range 3 {
		var messages []ingest.Message
		for range 1000 {
			want.Read++
			switch n := rng.IntN(3000); {
			case n < 100:
				messages = append(messages, ingest.Message{Key: []byte{byte(n)}, Value: []byte("[]")})
				want.Dead["not-cloudevent"]++
			case n < 200:
				messages = append(messages, ingest.Message{Key: []byte{byte(n)}})
				want.Filtered++
			default:
				messages = append(messages, event(t, n))
				ids[fmt.Sprintf("e%d", n)]++
			}
		}
		publish(t, brokers, topic, messages...)
		collectAll(t, opts)
		if rng.IntN(2) == 0 {
			store.exec(t, "OPTIMIZE TABLE FINAL")
		}
	}
	lost := 0
	for id, copies := range ids { // in the map's order, which is random
		want.Stored++
		want.Duplicate += copies - 1
		if lost++; lost <= 3 {
			store.lose(t, id)
			want.Stored--
			want.Duplicate -= copies - 1
			want.Missing += copies
		}
	}
	want.Topic, want.End = topic, want.Read
	got := verify(t, brokers, opts, store)
	if int64(len(got.List)) != got.Missing {
		t.Errorf("%d of %d missing records are listed", len(got.List), got.Missing)
	}
	got.List = nil
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("seed %d (-got, +want):\n%s", seed, diff)
	}
}

// deleteBefore deletes the records of partition 0 before an offset, as retention does.
func deleteBefore(t testing.TB, brokers []string, topic string, offset int64) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	rt.Partitions = append(rt.Partitions, kmsg.DeleteRecordsRequestTopicPartition{Partition: 0, Offset: offset})
	req.Topics = append(req.Topics, rt)
	resp, err := cl.Request(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	code := resp.(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0].ErrorCode
	if err := kerr.ErrorForCode(code); err != nil {
		t.Fatal(err)
	}
}
