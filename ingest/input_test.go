package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/testenv"
	"tappa/journey"
)

// roomyTopic makes a topic that takes records of 32 MB.
func roomyTopic(t testing.TB, brokers []string, partitions int) string {
	t.Helper()
	topic := testenv.Topic(t)
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(brokers...), Transport: transport}
	resp, err := client.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topic, NumPartitions: partitions, ReplicationFactor: 1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "max.message.bytes", ConfigValue: strconv.Itoa(32 << 20)}},
	}}})
	if err = errors.Join(err, resp.Errors[topic]); err != nil {
		t.Fatal(err)
	}
	return topic
}

// write writes one message at a time, each as a batch of its own, however big.
func write(t testing.TB, brokers []string, topic string, codec kafka.Compression, messages ...kafka.Message) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	w := kafka.Writer{
		Addr: kafka.TCP(brokers...), Topic: topic, RequiredAcks: kafka.RequireAll, BatchBytes: 32 << 20, BatchTimeout: 1,
		Compression: codec, Transport: transport, Balancer: &kafka.Hash{}, AllowAutoTopicCreation: true,
	}
	for try := 0; ; try++ {
		err := w.WriteMessages(context.Background(), messages...)
		if err == nil {
			break
		}
		if try == 100 || !errors.Is(err, kafka.UnknownTopicOrPartition) {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// badInput is one bad record per mistake, made of a good one.
var badInput = []struct {
	reason string
	spoil  func(good string) string
}{
	{"malformed-json", func(good string) string { return good[:len(good)-1] }},
	{"unknown-type", func(good string) string { return strings.Replace(good, "form.submitted", "form.dreamt", 1) }},
	{"bad-time", func(good string) string { return strings.Replace(good, "2026-", "20 26-", 1) }},
	{"missing-key", func(good string) string { return strings.Replace(good, `"email":"c1@example.com"`, `"name":"Anna"`, 1) }},
	{"too-large", func(good string) string { return strings.Replace(good, "buongiorno", strings.Repeat("x", 20<<20), 1) }},
	{"invalid-utf8", func(good string) string { return strings.Replace(good, "buongiorno", "buon\xffgiorno", 1) }},
	{"missing-attribute", func(good string) string { return strings.Replace(good, `"id":"e1"`, `"id":""`, 1) }},
	{"panic", func(good string) string { return strings.Replace(good, "buongiorno", "panic please", 1) }},
}

func TestBadInput(t *testing.T) {
	for name, start := range kafkas {
		t.Run(name, func(t *testing.T) {
			brokers := start(t)
			topic, sink := roomyTopic(t, brokers, 1), newSink()
			good := event(t, 1)
			want := map[string]string{}
			for i, bad := range badInput {
				before, after := event(t, 100+i), event(t, 200+i)
				spoilt := bad.spoil(string(good.Value))
				want[strconv.Itoa(3*i+1)] = bad.reason
				write(t, brokers, topic, 0, kafka.Message{Value: before.Value},
					kafka.Message{Key: []byte("k"), Value: []byte(spoilt), Headers: []kafka.Header{{Key: "trace", Value: []byte("7")}}},
					kafka.Message{Value: after.Value})
			}
			opts := options(brokers, topic, sink)
			opts.Tag = func(i *journey.Interaction) journey.Tag {
				if strings.Contains(i.Text, "panic") {
					panic("as asked")
				}
				return journey.Tag{}
			}
			c := run(t, opts)
			c.caughtUp(t)

			got := map[string]string{}
			for _, m := range letters(t, brokers, opts.DeadLetterTopic) {
				offset := header(m, ingest.HeaderOffset)
				got[offset] = header(m, ingest.HeaderReason)
				i, _ := strconv.Atoi(offset)
				raw := badInput[i/3].spoil(string(good.Value))
				checkLetter(t, m, topic, []byte(raw))
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("reasons by offset (-got, +want):\n%s", diff)
			}
			if unique, rows := sink.ids(); rows != 2*len(badInput) || len(unique) != rows {
				t.Errorf("%d rows stored, want the %d neighbours", rows, 2*len(badInput))
			}
			total := c.Counts().Total()
			if total.Read != int64(3*len(badInput)) || total.Stored != int64(2*len(badInput)) || len(total.Dead) != len(badInput) {
				t.Errorf("counts %+v", total)
			}
		})
	}
}

// checkLetter compares a dead letter with the record it was made of: whole, or cut with the whole's length and hash.
func checkLetter(t *testing.T, m kafka.Message, topic string, raw []byte) {
	t.Helper()
	if header(m, ingest.HeaderTopic) != topic || header(m, ingest.HeaderPartition) != "0" || header(m, "trace") != "7" ||
		header(m, ingest.HeaderVersion) != "v1" || header(m, ingest.HeaderTime) == "" || string(m.Key) != "k" {
		t.Errorf("letter at offset %s: key %q, headers %v", header(m, ingest.HeaderOffset), m.Key, m.Headers)
	}
	if bytes.Equal(m.Value, raw) {
		return
	}
	sum := sha256.Sum256(raw)
	if header(m, ingest.HeaderLength) != strconv.Itoa(len(raw)) || header(m, ingest.HeaderSHA256) != hex.EncodeToString(sum[:]) {
		t.Errorf("letter at offset %s: length %s and hash do not name the whole value of %d bytes",
			header(m, ingest.HeaderOffset), header(m, ingest.HeaderLength), len(raw))
	}
	if !bytes.HasPrefix(raw, m.Value) || len(m.Value) < 100<<10 {
		t.Errorf("letter at offset %s: %d bytes are not the beginning of the value", header(m, ingest.HeaderOffset), len(m.Value))
	}
}

func TestCompressions(t *testing.T) {
	codecs := []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd}
	for name, start := range kafkas {
		t.Run(name, func(t *testing.T) {
			brokers := start(t)
			topic, sink := testenv.Topic(t), newSink()
			for i, codec := range codecs {
				batch := make([]kafka.Message, 50)
				for j := range batch {
					batch[j].Value = event(t, 50*i+j).Value
				}
				write(t, brokers, topic, codec, batch...)
			}
			opts := options(brokers, topic, sink)
			opts.FetchBytes = 1000 // so that fetches begin inside batches
			c := run(t, opts)
			c.caughtUp(t)
			if unique, rows := sink.ids(); len(unique) != 250 || rows != 250 {
				t.Errorf("%d ids in %d rows, want 250", len(unique), rows)
			}
		})
	}
}

func TestTombstonesAreFiltered(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := testenv.Topic(t), newSink()
	write(t, brokers, topic, 0, kafka.Message{Key: []byte("a")}, kafka.Message{Value: event(t, 1).Value}, kafka.Message{Key: []byte("a")})
	opts := options(brokers, topic, sink)
	reg := prometheus.NewRegistry()
	opts.Registerer = reg
	c := run(t, opts)
	c.caughtUp(t)
	if total := c.Counts().Total(); total.Read != 3 || total.Filtered != 2 || total.Stored != 1 {
		t.Errorf("counts %+v, want 3 read, 2 filtered, 1 stored", total)
	}
	families, err := reg.Gather()
	if err != nil || len(families) < 10 {
		t.Errorf("%d metrics, %v", len(families), err)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "tappa_ingest_") || f.GetHelp() == "" {
			t.Errorf("metric %s: help %q", f.GetName(), f.GetHelp())
		}
	}
}

func TestMoodOfCustomersOnly(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic, sink := testenv.Topic(t), newSink()
	mail := func(id, typ, text string) kafka.Message {
		value, err := source.Event{
			ID: id, Origin: "mail", Type: typ, Time: day,
			Data: source.Email{From: "anna@example.com", To: []string{"info@example.org"}, Subject: "Reso", Text: text},
		}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return kafka.Message{Value: value}
	}
	called, err := source.Event{
		ID: "we called", Origin: "pbx", Type: "call.held", Time: day,
		Data: source.Call{Direction: "outbound", Customer: source.Party{Phone: "+39021234567"}, TalkSeconds: 60, Transcript: "bene"},
	}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	write(t, brokers, topic, 0, mail("in", "email.received", "bene"), mail("out", "email.sent", "bene"), mail("silent", "email.received", ""),
		kafka.Message{Value: called})
	c := run(t, options(brokers, topic, sink))
	c.caughtUp(t)
	got := map[string]bool{}
	for _, r := range sink.rows {
		got[r.Interaction.ID] = r.Mood.Eligible
	}
	if diff := cmp.Diff(got, map[string]bool{"in": true, "out": false, "silent": false, "we called": true}); diff != "" {
		t.Errorf("eligible (-got, +want):\n%s", diff)
	}
}
