package suitecrm

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fastjson"
	"pgregory.net/rapid"

	"tappa/ingest/source"
)

// world is every change of the example journey and of all cases, as records in one shape. Cases keep to ids of their own,
// so that they do not meet.
func world(t testing.TB, s shape) []source.Record {
	t.Helper()
	data, err := os.ReadFile("testdata/journey.changes")
	if err != nil {
		t.Fatal(err)
	}
	return records(t, string(data), s)
}

// TestAnyOrder takes the example journey in: in any order that keeps each row's own, with copies, with a stretch of it sent
// again, and with restarts, which take in anew what was told. The events are always those of one pass in order.
func TestAnyOrder(t *testing.T) {
	all := map[string][]source.Record{}
	for _, s := range shapes {
		all[s.name] = world(t, s)
	}
	d := newDesk(Settings{Companies: true})
	takeAll(t, d, all["envelope"])
	want := byID(t, d.drain())
	if len(want) < 40 {
		t.Fatalf("only %d events", len(want))
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := shapes[rapid.IntRange(0, len(shapes)-1).Draw(rt, "shape")]
		order := shuffled(rt, all[s.name])
		if len(order) > 10 { // a connector that crashed sends a stretch again
			from := rapid.IntRange(0, len(order)-1).Draw(rt, "from")
			to := rapid.IntRange(from, len(order)).Draw(rt, "to")
			order = append(order, order[from:to]...)
		}
		got := map[string]string{}
		d, told := newDesk(Settings{Companies: true}), 0
		for i, rec := range order {
			takeAll(rt, d, []source.Record{rec})
			if rapid.IntRange(0, 9).Draw(rt, "restart") > 0 && i < len(order)-1 {
				continue
			}
			// What was made is told; after a crash in between, what was told since is told again.
			for id, e := range byID(t, d.drain()) {
				if before, again := got[id]; again && before != e {
					rt.Fatalf("event %s was %s and is %s", id, before, e)
				}
				got[id] = e
			}
			if rapid.Bool().Draw(rt, "committed") {
				told = i + 1
			}
			d = newDesk(Settings{Companies: true})
			takeAll(rt, d, shuffled(rt, order[:told])) // recalled, partition by partition: another order
			d.drain()
			takeAll(rt, d, order[told:i+1])
		}
		for id, e := range byID(t, d.drain()) {
			got[id] = e
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%s: events (-in order, +in this):\n%s", s.name, diff)
		}
	})
}

func takeAll(t rapid.TB, d *desk, all []source.Record) {
	for _, rec := range all {
		if _, err := d.take(rec); err != nil {
			t.Fatalf("%s: %v", rec.Value, err)
		}
	}
}

// shuffled deals records anew, as partitions do: those of one row keep their order.
func shuffled(rt *rapid.T, all []source.Record) []source.Record {
	rows := map[string][]source.Record{}
	var slots []string
	for _, rec := range all {
		key := rowOf(rec)
		rows[key] = append(rows[key], rec)
		slots = append(slots, key)
	}
	var out []source.Record
	for _, key := range rapid.Permutation(slots).Draw(rt, "order") {
		out = append(out, rows[key][0])
		rows[key] = rows[key][1:]
	}
	return out
}

// rowOf names the row that a record is about.
func rowOf(rec source.Record) string {
	var p fastjson.Parser
	c, err := readChange(&p, rec, maxRecord)
	if err != nil {
		return string(rec.Value)
	}
	return c.table + "/" + c.row.text(keyOf(c.table))
}

// TestOrderWithinCases does the same with the changes of every case, which hold what the journey does not.
func TestOrderWithinCases(t *testing.T) {
	eachCase(t, func(path, name, changes string) {
		if strings.Contains(name, "draft") {
			return // a text that changes before it is sent is told as it last came
		}
		all := records(t, changes, shapes[0])
		in := newDesk(settingsOf(name))
		for _, rec := range all {
			_, _ = in.take(rec)
		}
		want, pending := byID(t, in.drain()), in.pending()
		rapid.Check(t, func(rt *rapid.T) {
			d := newDesk(settingsOf(name))
			for _, rec := range shuffled(rt, all) {
				_, _ = d.take(rec)
			}
			if diff := cmp.Diff(want, byID(t, d.drain())); diff != "" {
				rt.Fatalf("%s: %s: events (-in order, +in this):\n%s", path, name, diff)
			}
			if diff := cmp.Diff(pending, d.pending()); diff != "" {
				rt.Fatalf("%s: %s: pending (-in order, +in this):\n%s", path, name, diff)
			}
		})
	})
}

// FuzzTake looks for records that break the desk, or of which a broken part is kept.
func FuzzTake(f *testing.F) {
	for _, s := range shapes {
		for _, rec := range world(f, s) {
			f.Add(rec.Topic, rec.Value)
		}
	}
	for table := range tables {
		f.Add("s.s."+table, []byte(`{"id":"1","email_id":"1","date_entered":1,"date_modified":"2026-01-01 00:00:00","__op":"c"}`))
	}
	decoder := source.NewDecoder(source.Options{DefaultCountry: "IT"})
	f.Fuzz(func(t *testing.T, topic string, value []byte) {
		d := newDesk(Settings{Companies: true, NoAudit: len(value)%2 == 0})
		// Somebody for everything to concern.
		for _, module := range []string{"calls", "meetings", "opportunities", "aos_quotes", "aos_invoices", "cases", "surveyresponses"} {
			d.concerns(module+"/1", party{kind: "contact", id: "c"})
		}
		rec := source.Record{Topic: topic, Value: value}
		_, err := d.take(rec)
		events := d.drain()
		if err != nil && len(events) > 0 {
			t.Fatalf("error %v, and %d events", err, len(events))
		}
		for _, e := range events {
			value, err := e.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if len(value) > 900_000 {
				t.Fatalf("an event of %d bytes", len(value))
			}
			if _, err := decoder.Decode(source.Record{Value: value}); err != nil {
				t.Fatalf("%s is no event of tappa's: %v", value, err)
			}
		}
		if _, err := d.take(rec); err != nil && len(events) > 0 {
			t.Fatalf("taken once, and the second time: %v", err)
		}
		if again := d.drain(); len(again) > 0 && len(events) > 0 {
			t.Fatalf("told again: %v", again)
		}
		d.pending()
	})
}

// BenchmarkTake takes in the example journey of one customer after the other: the time and allocations are of a change, and
// kept-B/customer is what stays in memory.
func BenchmarkTake(b *testing.B) {
	data, err := os.ReadFile("testdata/journey.changes")
	if err != nil {
		b.Fatal(err)
	}
	const customers = 500
	id := regexp.MustCompile(`"((?:[a-z_]*_)?id)":"([a-z0-9]+)"`)
	var all [][]source.Record
	size, changes := 0, 0
	for i := range customers {
		one := records(b, id.ReplaceAllString(string(data), fmt.Sprintf(`"$1":"$2-4f1c-9d3e-%08d"`, i)), shapes[0])
		for _, rec := range one {
			size += len(rec.Value)
		}
		changes += len(one)
		all = append(all, one)
	}
	b.SetBytes(int64(size / changes))
	b.ReportAllocs()
	kept := heap()
	d := newDesk(Settings{})
	i := 0
	for b.Loop() {
		customer := all[i/len(all[0])%customers]
		if _, err := d.take(customer[i%len(customer)]); err != nil {
			b.Fatal(err)
		}
		d.drain()
		i++
	}
	known := min(customers, i/len(all[0]))
	b.ReportMetric(float64(heap()-kept)/float64(max(1, known)), "kept-B/customer")
	if len(d.joints) == 0 && i > len(all[0]) {
		b.Fatal("nothing was taken in")
	}
}

// heap is how much memory is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
