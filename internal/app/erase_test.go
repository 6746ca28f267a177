package app

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"

	"tappa/aggregate"
	"tappa/ingest/source"
)

// TestEraseBesideATappaThatRuns erases one of two customers while collector and walk run, and has both send once more what they sent, and
// something new after it: of the one who was erased only what is new comes in, and every record is accounted for.
func TestEraseBesideATappaThatRuns(t *testing.T) {
	up, send := startMachinery(t)
	defer up.stopUp()
	dir := up.opts.Dir
	publish := func(people, id string) {
		t.Helper()
		var events []source.Event
		for who := range strings.FieldsSeq(people) {
			e := enquiry(who)
			e.ID += id
			events = append(events, e)
		}
		send(events...)
	}
	await := func(want string) {
		t.Helper()
		awaitAnswer(t, dir, "SELECT contact_key, groupArray(id) FROM (SELECT contact_key, id FROM tappa.steps ORDER BY id) GROUP BY contact_key ORDER BY contact_key FORMAT TSV", want)
	}
	publish("anna bruno", "-1")
	await("email:anna@example.com\t['anna-1']\nemail:bruno@example.com\t['bruno-1']\n")
	var out bytes.Buffer
	err := Erase(t.Context(), EraseOptions{
		Target: Target{Dir: dir}, Keys: []string{"anna@example.com"}, By: "mara", Reference: "7", Sure: true, Out: &out, Logger: quiet(t),
	})
	if err != nil || !strings.Contains(out.String(), "no row is left") || !strings.Contains(out.String(), "1 records of topic tappa.interactions") {
		t.Fatalf("%v, it says %s", err, out.String())
	}
	await("email:bruno@example.com\t['bruno-1']\n")
	publish("anna bruno", "-1")
	publish("anna bruno", "-2")
	await("email:anna@example.com\t['anna-2']\nemail:bruno@example.com\t['bruno-1','bruno-2']\n")
	out.Reset()
	if err := Verify(t.Context(), VerifyOptions{Target: Target{Dir: dir}, Out: &out, Logger: quiet(t)}); err != nil {
		t.Error(err)
	}
	if got := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(got, "all 6 3 1 0 1 1 0 0 0") {
		t.Errorf("want 3 stored, a copy, one filtered and one erased:\n%s", out.String())
	}
}

// TestEraseGoesOn begins an erasure that nobody ends: the same command does, and finds that nothing is left of the person; as JSON it says
// nothing else.
func TestEraseGoesOn(t *testing.T) {
	dir := t.TempDir()
	for _, asJSON := range []bool{false, true} {
		e, err := OpenEmbedded(t.Context(), EmbeddedOptions{Dir: dir, Kafka: true, Logger: quiet(t)})
		needEngine(t, err)
		anna := enquiry("anna")
		if asJSON {
			anna.ID = "anna-later" // what was erased does not come again
		} else {
			roomyTopic(t, e.Brokers)
		}
		send(t, e.Brokers, []kafka.Message{mistake{}.structured(t, anna)})
		collect(t, e, machinery(t))
		begun, err := e.Store.BeginErasure(t.Context(), aggregate.Erasure{By: "mara", Reference: "7"}, []string{"email:anna@example.com"}, 1)
		if err != nil || begun.Interactions() != 1 {
			t.Fatalf("%+v, %v", begun, err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = Erase(t.Context(), EraseOptions{
			Target: Target{Dir: dir}, Keys: []string{"anna@example.com"}, By: "mara", Reference: "7", Sure: true, JSON: asJSON, Out: &out, Logger: quiet(t),
		})
		if err != nil {
			t.Fatal(err)
		}
		var told Erased
		switch {
		case !asJSON && !(strings.Contains(out.String(), "erasure 1 was cut off") && strings.Contains(out.String(), "nothing is stored of whom you name")):
			t.Errorf("it says %s", out.String())
		case asJSON && (json.Unmarshal(out.Bytes(), &told) != nil || told.Number != 2 || !told.Finished || told.Interactions() != 1):
			t.Errorf("as JSON it says %s", out.String())
		}
	}
}

// TestEraseReadsOutFirst erases somebody of whom Kafka holds something that nobody has read, where no tappa runs: when one does, nothing of
// theirs comes in.
func TestEraseReadsOutFirst(t *testing.T) {
	dir := t.TempDir()
	e, err := OpenEmbedded(t.Context(), EmbeddedOptions{Dir: dir, Kafka: true, Logger: quiet(t)})
	needEngine(t, err)
	roomyTopic(t, e.Brokers)
	later := enquiry("anna")
	later.ID = "anna-later"
	send(t, e.Brokers, []kafka.Message{mistake{}.structured(t, enquiry("anna")), mistake{}.structured(t, enquiry("bruno"))})
	collect(t, e, machinery(t))
	send(t, e.Brokers, []kafka.Message{mistake{}.structured(t, later)})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	back := RetractOptions{Target: Target{Dir: dir}, Origin: "site", ID: "bruno", Out: &out, Logger: quiet(t)}
	if err := Retract(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	erase := EraseOptions{Target: Target{Dir: dir}, Keys: []string{"anna@example.com"}, By: "mara", Reference: "7", Sure: true, Out: &out, Logger: quiet(t)}
	if err := Erase(t.Context(), erase); err != nil || !strings.Contains(out.String(), "2 records of topic") {
		t.Errorf("%v, it says %s; want two records in Kafka still", err, out.String())
	}
	e, err = OpenEmbedded(t.Context(), EmbeddedOptions{Dir: dir, Kafka: true, Logger: quiet(t)})
	needEngine(t, err)
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	collect(t, e, machinery(t))
	for id, want := range map[string]int{"anna": 0, "anna-later": 0, "bruno": 1} {
		if arrived, err := e.Store.Arrivals(t.Context(), "site", id); err != nil || len(arrived) != want {
			t.Errorf("of %s %d are stored, %v; want %d", id, len(arrived), err, want)
		}
	}
	if steps, err := e.Store.Report(t.Context(), "steps", aggregate.Query{}); err != nil || len(steps.Rows) > 0 {
		t.Errorf("steps %v, %v; want none, since bruno's was taken back", steps.Rows, err)
	}
}
