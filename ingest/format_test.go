package ingest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
)

// Records in a vendor's format are stored, filtered or dead like all others, the accounting adds up from the counters and
// from the evidence, and a dead letter keeps the headers that say how to read it, so that it can be replayed.
func TestVendorFormat(t *testing.T) {
	brokers, store := testenv.Kafka(t), openEngine(t)
	topic := testenv.Topic(t)
	lines := func(valid string) func(source.Raw) (source.Event, error) {
		return func(raw source.Raw) (source.Event, error) {
			switch string(raw.Value) {
			case "ringing":
				return source.Event{}, &source.Nothing{Kind: source.NothingYet, Detail: "ringing"}
			case valid, "anna":
				form := source.Form{Form: "line", Customer: source.Party{Email: string(raw.Value) + "@example.com"}}
				return source.Event{Type: "form.submitted", Data: form}, nil
			}
			return source.Event{}, source.Malformed("%q", raw.Value)
		}
	}
	decoder := func(valid string) *source.Decoder {
		return source.NewDecoder(source.Options{Formats: map[string]source.Format{"lines": lines(valid)}})
	}
	opts := options(brokers, topic, store)
	opts.Decode = decoder("anna").Decode
	for _, value := range []string{"anna", "ringing", "bruno", "ringing"} {
		publish(t, brokers, topic, ingest.Message{Value: []byte(value), Headers: []ingest.Header{
			{Key: source.HeaderFormat, Value: []byte("lines")}, {Key: source.HeaderReceived, Value: []byte("2026-05-04T09:30:00Z")},
		}})
	}
	c := run(t, opts)
	c.caughtUp(t)
	total := c.Counts().Total()
	if total.Read != 4 || total.Stored != 1 || total.Filtered != 2 || total.Dead[string(source.ReasonMalformed)] != 1 {
		t.Errorf("counts %+v, want 4 read = 1 stored + 2 filtered + 1 malformed", total)
	}
	if err := c.stopped(); err != nil {
		t.Fatal(err)
	}
	account := verify(t, brokers, opts, store)
	if account.Read != 4 || account.Stored != 1 || account.Filtered != 2 || account.Missing != 0 {
		t.Errorf("account %+v, want 4 read = 1 stored + 2 filtered + 1 dead", account)
	}
	letter := letters(t, brokers, opts.DeadLetterTopic)[0]
	if header(letter, source.HeaderFormat) != "lines" || header(letter, source.HeaderReceived) == "" || string(letter.Value) != "bruno" {
		t.Errorf("dead letter %q with headers %v", letter.Value, letter.Headers)
	}

	opts.Decode = decoder("bruno").Decode // a later version can read it
	done := replay(t, brokers, opts, store, nil)
	if diff := cmp.Diff(done, ingest.Replayed{"malformed": {ingest.FateReplayed: 1}}); diff != "" {
		t.Errorf("replayed (-got, +want):\n%s", diff)
	}
	collectAll(t, opts)
	if account := verify(t, brokers, opts, store); account.Stored != 2 || account.Missing != 0 {
		t.Errorf("after the replay: %+v, want 2 stored", account)
	}
}
