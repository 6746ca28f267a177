package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/journey"
)

// enquiry is a good event of somebody who fills in the machinery's contact form.
func enquiry(id string) source.Event {
	return source.Event{
		ID: id, Origin: "site", Type: "form.submitted", Time: yearEnd.AddDate(0, -1, 0),
		Data: source.Form{Form: "contatto", Customer: source.Party{Email: id + "@example.com"}, Message: "Buongiorno, vorrei un preventivo."},
	}
}

// mistake spoils what a good event is as text: in structured mode all of it, in binary mode its payload and, by name,
// its headers.
type mistake struct {
	reason  source.Reason
	payload func(string) string
	header  [2]string // name and value in binary mode, which have their place in the text in structured mode
}

var mistakes = []mistake{
	{reason: source.ReasonMalformedJSON, payload: func(s string) string { return s[:len(s)-1] }},
	{reason: source.ReasonUnknownType, header: [2]string{"ce_type", "tappa.form.dreamt"}},
	{reason: source.ReasonBadTime, header: [2]string{"ce_time", "yesterday"}},
	{reason: source.ReasonMissingKey, payload: func(s string) string { return replaceOnce(s, `"email":"`, `"name":"`) }},
	{reason: source.ReasonTooLarge, payload: func(s string) string { return replaceOnce(s, "Buongiorno", strings.Repeat("x", 20<<20)) }},
	{reason: source.ReasonInvalidUTF8, payload: func(s string) string { return replaceOnce(s, "Buongiorno", "Buon\xffgiorno") }},
}

// replaceOnce is strings.Replace for texts that have to hold old.
func replaceOnce(s, old, with string) string {
	if !strings.Contains(s, old) {
		panic("no " + old + " in " + s)
	}
	return strings.Replace(s, old, with, 1)
}

// structured and binary make a record of an event, with a mistake.
func (m mistake) structured(t *testing.T, e source.Event) kafka.Message {
	t.Helper()
	value, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	text := string(value)
	if m.payload != nil {
		text = m.payload(text)
	}
	if name := strings.TrimPrefix(m.header[0], "ce_"); name != "" {
		var fields map[string]any
		if err := json.Unmarshal(value, &fields); err != nil {
			t.Fatal(err)
		}
		text = replaceOnce(text, fmt.Sprintf("%q:%q", name, fields[name]), fmt.Sprintf("%q:%q", name, m.header[1]))
	}
	return kafka.Message{Key: e.Key(), Value: []byte(text)}
}

func (m mistake) binary(t *testing.T, e source.Event) kafka.Message {
	t.Helper()
	headers, value, err := e.Binary()
	if err != nil {
		t.Fatal(err)
	}
	if m.payload != nil {
		value = []byte(m.payload(string(value)))
	}
	out := kafka.Message{Key: e.Key(), Value: value}
	for _, h := range headers {
		if h.Key == m.header[0] {
			h.Value = []byte(m.header[1])
		}
		out.Headers = append(out.Headers, kafka.Header(h))
	}
	return out
}

// TestBadInput puts every mistake, in both modes, between two good records, through the real broker and engine: it ends
// among the dead letters with its reason, and its neighbours are stored and walked.
func TestBadInput(t *testing.T) {
	e, j := parts(t), machinery(t)
	roomyTopic(t, e.Brokers)
	var messages []kafka.Message
	var good []string
	var want []letter
	neighbour := func(m mistake, of func(mistake, *testing.T, source.Event) kafka.Message) {
		id := fmt.Sprintf("good-%02d", len(good))
		good = append(good, id)
		messages = append(messages, of(m, t, enquiry(id)))
	}
	for mode, of := range []func(mistake, *testing.T, source.Event) kafka.Message{mistake.structured, mistake.binary} {
		for i, m := range mistakes {
			neighbour(mistake{}, of)
			messages = append(messages, of(m, t, enquiry(fmt.Sprintf("bad-%d-%d", mode, i))))
			want = append(want, letter{Offset: len(messages) - 1, Reason: string(m.reason)})
		}
		neighbour(mistake{}, of)
	}
	send(t, e.Brokers, messages)

	n := collect(t, e, j)
	if n.Read != int64(len(messages)) || n.Stored != int64(len(good)) || n.Filtered != 0 {
		t.Errorf("%d records, %d of them good: counted %+v", len(messages), len(good), n)
	}
	if d := gocmp.Diff(deadLetters(t, e.Brokers, messages), want); d != "" {
		t.Errorf("dead letters (-got, +want):\n%s", d)
	}
	var stored []string
	for _, r := range report(t, e.Pages, "steps", aggregate.Query{}) {
		stored = append(stored, r["id"].(string))
	}
	slices.Sort(stored)
	if d := gocmp.Diff(stored, good); d != "" {
		t.Errorf("steps of cases (-got, +want):\n%s", d)
	}
}

// roomyTopic makes the topic of interactions, in one partition that takes records of 32 MB.
func roomyTopic(t *testing.T, brokers []string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(brokers...), Transport: transport}
	made, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: ingest.DefaultTopic, NumPartitions: 1, ReplicationFactor: 1,
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "max.message.bytes", ConfigValue: strconv.Itoa(32 << 20)}},
	}}})
	if err == nil {
		err = made.Errors[ingest.DefaultTopic]
	}
	if err != nil {
		t.Fatal(err)
	}
}

// send writes messages one by one, so that each is a batch of its own, however large.
func send(t *testing.T, brokers []string, messages []kafka.Message) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	w := kafka.Writer{
		Addr: kafka.TCP(brokers...), Topic: ingest.DefaultTopic, RequiredAcks: kafka.RequireAll, BatchBytes: 32 << 20,
		BatchSize: 1, Transport: transport,
	}
	for _, m := range messages {
		if err := w.WriteMessages(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// letter is a dead letter: where it was read, and why it is dead.
type letter struct {
	Offset int
	Reason string
}

// deadLetters reads the dead-letter topic, checks that each letter begins as the record it was made of, and returns
// them in the order they were read.
func deadLetters(t *testing.T, brokers []string, sent []kafka.Message) (out []letter) {
	t.Helper()
	for partition := range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		conn, err := kafka.DialLeader(ctx, "tcp", brokers[0], ingest.DefaultDeadLetterTopic, partition)
		if err != nil {
			t.Fatal(err)
		}
		first, last, err := conn.ReadOffsets()
		if err != nil {
			t.Fatal(err)
		}
		for at := first; at < last; at++ {
			m, err := conn.ReadMessage(1 << 20)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, readLetter(t, m, sent))
		}
		cancel()
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(out, func(a, b letter) int { return cmp.Compare(a.Offset, b.Offset) })
	return out
}

func readLetter(t *testing.T, m kafka.Message, sent []kafka.Message) letter {
	t.Helper()
	headers := map[string]string{}
	for _, h := range m.Headers {
		headers[h.Key] = string(h.Value)
	}
	offset, err := strconv.Atoi(headers[ingest.HeaderOffset])
	if err != nil || offset >= len(sent) || headers[ingest.HeaderTopic] != ingest.DefaultTopic || headers[ingest.HeaderDetail] == "" {
		t.Fatalf("a letter from nowhere: %v", headers)
	}
	whole := sent[offset]
	if !bytes.HasPrefix(whole.Value, m.Value) || !bytes.Equal(whole.Key, m.Key) ||
		len(m.Value) < len(whole.Value) && headers[ingest.HeaderLength] != strconv.Itoa(len(whole.Value)) {
		t.Errorf("the letter of offset %d holds %d bytes that are not those sent, %d bytes; headers %v", offset, len(m.Value), len(whole.Value), headers)
	}
	for _, h := range whole.Headers {
		if headers[h.Key] != string(h.Value) {
			t.Errorf("the letter of offset %d has %s %q, sent was %q", offset, h.Key, headers[h.Key], h.Value)
		}
	}
	return letter{offset, headers[ingest.HeaderReason]}
}

// TestImportBadLines imports a file of JSON lines with every mistake between good lines. What is no event is reported
// with its line and makes the import fail; what is an event but cannot be used is a dead letter; all others are in.
func TestImportBadLines(t *testing.T) {
	var file, log bytes.Buffer
	good, dead := 0, 0
	var lines []int // that are no events, from 1
	add := func(m mistake, e source.Event) {
		file.Write(m.structured(t, e).Value)
		file.WriteByte('\n')
	}
	for i, m := range mistakes {
		add(mistake{}, enquiry(fmt.Sprintf("good-%d", i)))
		add(m, enquiry(fmt.Sprintf("bad-%d", i)))
		good++
		if m.reason == source.ReasonUnknownType || m.reason == source.ReasonMissingKey {
			dead++
		} else {
			lines = append(lines, 2*i+2)
		}
	}
	larger := mistake{payload: func(s string) string { return replaceOnce(s, "Buongiorno", strings.Repeat("x", 2<<20)) }}
	add(larger, enquiry("larger-than-kafka-takes"))
	add(mistake{}, enquiry("last"))
	good++

	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	definition := filepath.Join(t.TempDir(), "journey.yaml")
	if err := os.WriteFile(definition, machinery(t).Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		log.Reset()
		err := Import(t.Context(), ImportOptions{
			Dir: dir, Journeys: []string{definition}, Format: "jsonl", Paths: []string{path}, Out: &log, Logger: quiet(t),
		})
		if !errors.Is(err, ErrRows) {
			needEngine(t, err)
			t.Errorf("got error %v, want %v", err, ErrRows)
		}
	}
	for _, line := range lines {
		if at := fmt.Sprintf("%s:%d: ", path, line); !strings.Contains(log.String(), at) {
			t.Errorf("nothing is said of %s", at)
		}
	}
	for _, want := range []string{
		"larger-than-kafka-takes",
		fmt.Sprintf("%d published, %d could not be mapped", good+dead, len(lines)+1),
		fmt.Sprintf("%d read = 0 new + %d copies + %d dead + 0 filtered", good+dead, good, dead),
		"dead: missing-key        1", "dead: unknown-type       1",
		fmt.Sprintf("stored    %d interactions, 0 of them unmapped", good),
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the import does not say %q", want)
		}
	}
	t.Log(log.String())
}

// TestNothingIsUnmappedByAccident holds the good event of these tests to the rules.
func TestNothingIsUnmappedByAccident(t *testing.T) {
	value, err := enquiry("anna").Marshal()
	if err != nil {
		t.Fatal(err)
	}
	in, err := source.NewDecoder(source.Options{}).Decode(source.Record{Value: value})
	if err != nil {
		t.Fatal(err)
	}
	if tag := tagger([]*journey.Journey{machinery(t)})(&in); tag.Touchpoint != "contact-form" {
		t.Errorf("tagged %+v", tag)
	}
}
