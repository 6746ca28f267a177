package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/broker"
	"tappa/internal/testenv"
	"tappa/journey"
)

// call is a record that only a decoder with a default country can use: its number has no prefix.
func call(t testing.TB, n int) ingest.Message {
	t.Helper()
	value, err := source.Event{
		ID: fmt.Sprintf("c%d", n), Origin: "pbx", Type: "call.held", Time: day.Add(time.Duration(n) * time.Second),
		Data: source.Call{Direction: "inbound", Customer: source.Party{Phone: fmt.Sprintf("02 5555%04d", n)}},
	}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return ingest.Message{Key: []byte(fmt.Sprint(n)), Value: value, Headers: []ingest.Header{{Key: "trace", Value: []byte{0xff, byte(n)}}}}
}

// replay replays with the decoder of a collector.
func replay(t testing.TB, brokers []string, opts ingest.Options, evidence ingest.Evidence, change func(*ingest.ReplayOptions)) ingest.Replayed {
	t.Helper()
	ro := ingest.ReplayOptions{Brokers: brokers, DeadLetterTopic: opts.DeadLetterTopic, Decode: opts.Decode, Evidence: evidence}
	if change != nil {
		change(&ro)
	}
	done, err := ingest.Replay(t.Context(), ro)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func wantReplayed(t testing.TB, what string, got, want ingest.Replayed) {
	t.Helper()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s (-got, +want):\n%s", what, diff)
	}
}

// TestReplay fixes what made records fail, the decoder's country, and replays them: everything is stored once, and
// replaying again does nothing.
func TestReplay(t *testing.T) {
	brokers, store := testenv.Kafka(t), openEngine(t)
	topic := testenv.Topic(t)
	broken := options(brokers, topic, store)
	broken.Decode = source.NewDecoder(source.Options{}).Decode
	const good, bad = 30, 50
	for i := range good {
		publish(t, brokers, topic, event(t, i))
	}
	for i := range bad {
		publish(t, brokers, topic, call(t, i))
	}
	publish(t, brokers, topic, ingest.Message{Value: []byte("{")})
	collectAll(t, broken)
	before := verify(t, brokers, broken, store)
	if diff := cmp.Diff(before.Dead, map[string]int64{"missing-key": bad, "malformed-json": 1}); diff != "" {
		t.Fatalf("dead letters (-got, +want):\n%s", diff)
	}
	wantReplayed(t, "before the fix", replay(t, brokers, broken, store, nil), ingest.Replayed{
		"missing-key": {ingest.FateUnusable: bad}, "malformed-json": {ingest.FateUnusable: 1},
	})

	fixed := options(brokers, topic, store) // knows the country
	wantReplayed(t, "dry run", replay(t, brokers, fixed, store, func(o *ingest.ReplayOptions) { o.DryRun = true }), ingest.Replayed{
		"missing-key": {ingest.FateReplayed: bad}, "malformed-json": {ingest.FateUnusable: 1},
	})
	if got := verify(t, brokers, fixed, store); got.End != before.End {
		t.Errorf("a dry run published %d records", got.End-before.End)
	}
	wantReplayed(t, "first", replay(t, brokers, fixed, store, func(o *ingest.ReplayOptions) { o.Reasons = []string{"missing-key"} }), ingest.Replayed{
		"missing-key": {ingest.FateReplayed: bad},
	})
	collectAll(t, fixed)
	after := verify(t, brokers, fixed, store)
	if after.Stored != good+bad || after.Duplicate != 0 || after.Missing != 0 || after.End != before.End+bad {
		t.Errorf("after the replay: %+v, want %d stored once", after, good+bad)
	}
	for range 2 {
		wantReplayed(t, "again", replay(t, brokers, fixed, store, nil), ingest.Replayed{
			"missing-key": {ingest.FateStored: bad}, "malformed-json": {ingest.FateUnusable: 1},
		})
	}
	collectAll(t, fixed)
	if diff := cmp.Diff(verify(t, brokers, fixed, store), after); diff != "" {
		t.Errorf("replaying again changed something (-got, +want):\n%s", diff)
	}
}

// TestReplayInterrupted stops replays on their way, and starts others before anything was collected: copies collapse.
func TestReplayInterrupted(t *testing.T) {
	brokers, store := testenv.Kafka(t), openEngine(t)
	topic := testenv.Topic(t)
	broken := options(brokers, topic, store)
	broken.Decode = source.NewDecoder(source.Options{}).Decode
	const n = 60
	var messages []ingest.Message
	for i := range n {
		messages = append(messages, call(t, i))
	}
	publish(t, brokers, topic, messages...)
	collectAll(t, broken)
	fixed := options(brokers, topic, store)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := ingest.Replay(ctx, ingest.ReplayOptions{
		Brokers: brokers, DeadLetterTopic: fixed.DeadLetterTopic, Decode: fixed.Decode, Evidence: store, Rate: 100,
		Progress: func(published, _ int) {
			if published >= n/3 {
				cancel()
			}
		},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("stopped on its way: %v", err)
	}
	replay(t, brokers, fixed, store, nil)
	collectAll(t, fixed)
	got := verify(t, brokers, fixed, store)
	if got.Stored != n || got.Duplicate == 0 || got.Missing != 0 {
		t.Errorf("%+v, want %d stored, with copies", got, n)
	}
}

// TestReplayFailsAgain replays what collectors still cannot use: the new letters name the record that failed first, and
// a further replay leaves them alone unless it is told not to.
func TestReplayFailsAgain(t *testing.T) {
	brokers, store := testenv.Kafka(t), openEngine(t)
	topic := testenv.Topic(t)
	broken := options(brokers, topic, store)
	broken.Decode = source.NewDecoder(source.Options{}).Decode
	publish(t, brokers, topic, call(t, 1), call(t, 2))
	collectAll(t, broken)
	confident := broken
	confident.Decode = decoder.Decode // of a replay that is ahead of the collectors
	again := func(what string, change func(*ingest.ReplayOptions), want ingest.Fate, letterCount int) {
		t.Helper()
		wantReplayed(t, what, replay(t, brokers, confident, store, change), ingest.Replayed{"missing-key": {want: 2}})
		collectAll(t, broken)
		all := letters(t, brokers, broken.DeadLetterTopic)
		if len(all) != letterCount {
			t.Errorf("%s: %d dead letters, want %d", what, len(all), letterCount)
		}
		roots := map[string]bool{}
		for _, l := range all[2:] {
			roots[header(l, ingest.HeaderReplay)] = true
			if header(l, "trace") == "" {
				t.Errorf("%s: the record's own header is gone: %v", what, l.Headers)
			}
		}
		if len(all) > 2 && len(roots) > 3 {
			t.Errorf("%s: letters name %v as what failed first", what, roots)
		}
	}
	again("first", nil, ingest.FateReplayed, 4)
	again("second", nil, ingest.FateFailedAgain, 4)
	again("third", nil, ingest.FateFailedAgain, 4)
	again("told to", func(o *ingest.ReplayOptions) { o.Again = true }, ingest.FateReplayed, 6)
	again("after that", nil, ingest.FateFailedAgain, 6)
	fixed := options(brokers, topic, store)
	wantReplayed(t, "fixed", replay(t, brokers, fixed, store, func(o *ingest.ReplayOptions) { o.Again = true }),
		ingest.Replayed{"missing-key": {ingest.FateReplayed: 2}})
	collectAll(t, fixed)
	if got := verify(t, brokers, fixed, store); got.Stored != 2 || got.AllDead() != 6 || got.Missing != 0 {
		t.Errorf("%+v, want 2 stored and 6 dead", got)
	}
}

func TestReplaySelects(t *testing.T) {
	brokers := testenv.KafkaWith(t, broker.Options{MaxMessageBytes: 8 << 20})
	store, topic := openEngine(t), testenv.Topic(t)
	opts := options(brokers, topic, store)
	opts.DeadLetterBytes = 2000
	long := call(t, 3)
	long.Value = append(long.Value[:len(long.Value)-1], []byte(`,"x":"`+strings.Repeat("x", 3000)+`"}`)...)
	collecting := opts
	collecting.Decode = source.NewDecoder(source.Options{}).Decode
	badTime := ingest.Message{Value: []byte(`{"specversion":"1.0","id":"f1","source":"shop","type":"tappa.form.submitted","time":"yesterday","data":{"form":"a","customer":{"email":"a@example.com"}}}`)}
	binary := ingest.Message{
		Value: []byte(`{"form":"b","customer":{"email":"nobody"},"fields":{"n":"1"}}`),
		Headers: []ingest.Header{
			{Key: "ce_specversion", Value: []byte("1.0")},
			{Key: "ce_id", Value: []byte("f2")},
			{Key: "ce_source", Value: []byte("site")},
			{Key: "ce_type", Value: []byte("tappa.form.submitted")},
			{Key: "ce_time", Value: []byte("2026-03-01T00:00:00Z")},
		},
	}
	publish(t, brokers, topic, call(t, 1), call(t, 2), long, badTime, binary)
	collectAll(t, collecting)
	edit := func(all ...string) (edits []ingest.Edit) {
		for _, s := range all {
			e, err := ingest.ParseEdit(s)
			if err != nil {
				t.Fatal(err)
			}
			edits = append(edits, e)
		}
		return edits
	}
	for _, test := range []struct {
		name   string
		change func(*ingest.ReplayOptions)
		want   ingest.Replayed
	}{
		{"all", func(*ingest.ReplayOptions) {}, ingest.Replayed{
			"missing-key": {ingest.FateReplayed: 2, ingest.FateCut: 1, ingest.FateUnusable: 1}, "bad-time": {ingest.FateUnusable: 1},
		}},
		{"reason", func(o *ingest.ReplayOptions) { o.Reasons = []string{"bad-time"} }, ingest.Replayed{"bad-time": {ingest.FateUnusable: 1}}},
		{"system", func(o *ingest.ReplayOptions) { o.Source = "shop" }, ingest.Replayed{"bad-time": {ingest.FateUnusable: 1}}},
		{"kind", func(o *ingest.ReplayOptions) { o.Source = "form" }, ingest.Replayed{
			"bad-time": {ingest.FateUnusable: 1}, "missing-key": {ingest.FateUnusable: 1},
		}},
		{"later", func(o *ingest.ReplayOptions) { o.Since = time.Now().Add(time.Hour) }, ingest.Replayed{}},
		{"until now", func(o *ingest.ReplayOptions) { o.Until, o.Source = time.Now().Add(time.Hour), "shop" }, ingest.Replayed{"bad-time": {ingest.FateUnusable: 1}}},
		{"edit", func(o *ingest.ReplayOptions) { o.Source, o.Edits = "form", edit("time=2026-03-01T00:00:00Z") }, ingest.Replayed{
			"bad-time": {ingest.FateReplayed: 1}, "missing-key": {ingest.FateUnusable: 1},
		}},
		{"edit in data", func(o *ingest.ReplayOptions) {
			o.Source, o.Edits = "site", edit("data.customer.email=b@example.com", "data.fields.m=two", "data.new.deep=[1]")
		}, ingest.Replayed{"missing-key": {ingest.FateReplayed: 1}}},
		{"edit what is no object", func(o *ingest.ReplayOptions) { o.Source, o.Edits = "site", edit("data.form.deep=1") }, ingest.Replayed{
			"missing-key": {ingest.FateUneditable: 1},
		}},
	} {
		got := replay(t, brokers, opts, store, func(o *ingest.ReplayOptions) { o.DryRun = true; test.change(o) })
		wantReplayed(t, test.name, got, test.want)
	}
	var seen atomic.Pointer[journey.Interaction]
	replay(t, brokers, opts, store, func(o *ingest.ReplayOptions) {
		o.Source, o.Edits = "site", edit("data.customer.email=b@example.com", "data.fields.m=2 two")
	})
	opts.Decode = func(r source.Record) (journey.Interaction, error) {
		i, err := decoder.Decode(r)
		if err == nil {
			seen.Store(&i)
		}
		return i, err
	}
	collectAll(t, opts)
	if want := `{"form":"b","customer":{"email":"b@example.com"},"fields":{"n":"1","m":"2 two"}}`; seen.Load() == nil || string(seen.Load().Payload) != want {
		t.Errorf("edited and replayed: got %+v, want payload %s", seen.Load(), want)
	}
	if _, err := ingest.ParseEdit("data..x=1"); err == nil {
		t.Error("a path with an empty part: no error")
	}
}

// TestReplayKeepsBytes compares a replayed record with the original.
func TestReplayKeepsBytes(t *testing.T) {
	brokers, store := testenv.Kafka(t), openEngine(t)
	topic := roomyTopic(t, brokers, 1)
	opts := options(brokers, topic, store)
	opts.Decode = source.NewDecoder(source.Options{}).Decode
	publish(t, brokers, topic, call(t, 1))
	collectAll(t, opts)
	opts.Decode = decoder.Decode
	replay(t, brokers, opts, store, nil)
	all := letters(t, brokers, topic)
	if len(all) != 2 {
		t.Fatalf("%d records, want the original and its replay", len(all))
	}
	mark := kafka.Header{Key: ingest.HeaderReplay, Value: []byte(topic + "/0/0")}
	want := append(all[0].Headers, mark)
	if diff := cmp.Diff(all[1].Headers, want); diff != "" || string(all[1].Key) != string(all[0].Key) || string(all[1].Value) != string(all[0].Value) {
		t.Errorf("replayed %s, want %s; headers (-got, +want):\n%s", all[1].Value, all[0].Value, diff)
	}
}

// TestReplayFromNowhere names a topic that there is not: it is no topic without letters.
func TestReplayFromNowhere(t *testing.T) {
	brokers := testenv.ApacheKafka(t)
	topic := testenv.Topic(t)
	_, err := ingest.Replay(t.Context(), ingest.ReplayOptions{
		Brokers: brokers, DeadLetterTopic: topic, Decode: source.NewDecoder(source.Options{}).Decode, Evidence: openEngine(t),
	})
	if !errors.Is(err, ingest.ErrNoLetters) || !strings.Contains(err.Error(), topic) {
		t.Errorf("got error %v, want that there is no topic %s", err, topic)
	}
}

// TestReasonsAreDocumented holds what the documentation says of dead letters against the reasons there are.
func TestReasonsAreDocumented(t *testing.T) {
	for _, name := range []string{"dead-letters.md", "events.md"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, reason := range ingest.Reasons() {
			if !strings.Contains(string(text), "`"+string(reason)+"`") {
				t.Errorf("%s does not say what %s is", name, reason)
			}
		}
	}
}
