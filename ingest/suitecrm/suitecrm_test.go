package suitecrm

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"tappa/ingest/source"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestTables holds what becomes of the changes of each table. A case is NAME.changes, one change a line as
//
//	TABLE OP {row after}            or, for what was before:  TABLE u {before} => {after}
//
// and NAME.want, the events. Every case is taken in once in each of Debezium's shapes, which must not differ.
func TestTables(t *testing.T) {
	paths, err := filepath.Glob("testdata/tables/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out := &txtar.Archive{Comment: archive.Comment}
		for i, file := range archive.Files {
			name, ok := strings.CutSuffix(file.Name, ".changes")
			if !ok {
				continue
			}
			want := ""
			if i+1 < len(archive.Files) && archive.Files[i+1].Name == name+".want" {
				want = string(archive.Files[i+1].Data)
			}
			for _, s := range shapes {
				got := play(settingsOf(name), records(t, string(file.Data), s))
				if *update {
					want = got
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s, %s (-want, +got):\n%s", path, name, s.name, diff)
				}
			}
			out.Files = append(out.Files, file, txtar.File{Name: name + ".want", Data: []byte(want)})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// settingsOf reads the settings of a case from its name.
func settingsOf(name string) Settings {
	return Settings{Companies: strings.Contains(name, "companies"), NoAudit: strings.Contains(name, "no audit"), KeepDeleted: strings.Contains(name, "deleted ones kept")}
}

// shape is a way in which Debezium writes a change.
type shape struct {
	name  string
	write func(table, op string, before, after map[string]any) any
}

var shapes = []shape{
	{"envelope", envelope},
	{"with schema", func(table, op string, before, after map[string]any) any {
		side := func(name string) map[string]any {
			return map[string]any{"field": name, "type": "struct", "fields": schemaOf(after)}
		}
		return map[string]any{
			"schema":  map[string]any{"type": "struct", "fields": []any{side("before"), side("after")}},
			"payload": envelope(table, op, before, after),
		}
	}},
	{"flattened", flattened},
	{"flattened with schema", func(table, op string, before, after map[string]any) any {
		return map[string]any{"schema": map[string]any{"type": "struct", "fields": schemaOf(after)}, "payload": flattened(table, op, before, after)}
	}},
}

func envelope(table, op string, before, after map[string]any) any {
	e := map[string]any{"op": op, "before": nil, "after": after, "ts_ms": 1, "source": map[string]any{"table": table, "db": "suitecrm", "snapshot": "false"}}
	if before != nil {
		e["before"] = before
	}
	if op == "d" {
		e["before"], e["after"] = after, nil
	}
	return e
}

func flattened(table, op string, _, after map[string]any) any {
	row := maps.Clone(after)
	row["__op"], row["__table"], row["__deleted"] = op, table, fmt.Sprint(op == "d")
	return row
}

// schemaOf makes a schema for a row: numbers in columns that are dates count milliseconds.
func schemaOf(row map[string]any) (fields []any) {
	for _, name := range slices.Sorted(maps.Keys(row)) {
		f := map[string]any{"field": name, "type": "string"}
		if strings.HasPrefix(name, "date_") || name == "activity_date" {
			f["type"], f["name"] = "int64", "io.debezium.time.Timestamp"
		}
		fields = append(fields, f)
	}
	return fields
}

// records writes the changes of a case in a shape.
func records(t testing.TB, text string, s shape) (all []source.Record) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		table, rest, _ := strings.Cut(line, " ")
		op, rest, _ := strings.Cut(rest, " ")
		rec := source.Record{Topic: "crm.suitecrm." + table, Time: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
		if op == "raw" {
			rec.Value = []byte(rest)
			all = append(all, rec)
			continue
		}
		first, second, both := strings.Cut(rest, " => ")
		var before, after map[string]any
		if both {
			before = object(t, first)
			first = second
		}
		after = object(t, first)
		value, err := json.Marshal(s.write(table, op, before, after))
		if err != nil {
			t.Fatal(err)
		}
		rec.Value = value
		all = append(all, rec)
	}
	return all
}

// object reads a row. Times are written as MySQL shows them and become what Debezium makes of them by default.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var row map[string]any
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	for name, v := range row {
		if s, ok := v.(string); ok && (strings.HasPrefix(name, "date_") || name == "activity_date") {
			if at, err := time.Parse("2006-01-02 15:04:05", s); err == nil {
				row[name] = at.UnixMilli()
			}
		}
	}
	return row
}

// play takes records in and prints what becomes of them.
func play(s Settings, all []source.Record) string {
	d := newDesk(s)
	var b strings.Builder
	for _, rec := range all {
		if _, err := d.take(rec); err != nil {
			fmt.Fprintf(&b, "dead: %v\n", err)
		}
	}
	for _, e := range d.drain() {
		data, err := json.Marshal(e.Data)
		if err != nil {
			panic(err)
		}
		var plain bytes.Buffer
		enc := json.NewEncoder(&plain)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(json.RawMessage(data))
		fmt.Fprintf(&b, "%s %s %s\n  %s", e.Type, e.Time.Format("2006-01-02T15:04:05Z07:00"), e.ID, plain.String())
	}
	for _, p := range d.pending() {
		fmt.Fprintf(&b, "pending: %d of %s (%s): %s\n", p.Count, p.Table, p.Example, p.Why)
	}
	return b.String()
}

// eachCase calls f for every case of TestTables.
func eachCase(t *testing.T, f func(path, name, changes string)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/tables/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			if name, ok := strings.CutSuffix(file.Name, ".changes"); ok {
				f(path, name, string(file.Data))
			}
		}
	}
}

// TestEventsAreTappas decodes every event of every case, as a collector would.
func TestEventsAreTappas(t *testing.T) {
	decoder := source.NewDecoder(source.Options{DefaultCountry: "IT"})
	seen := map[string]bool{}
	eachCase(t, func(path, name, changes string) {
		d := newDesk(settingsOf(name))
		for _, rec := range records(t, changes, shapes[0]) {
			_, _ = d.take(rec)
		}
		for _, e := range d.drain() {
			value, err := e.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			in, err := decoder.Decode(source.Record{Value: value, Time: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
			if err != nil {
				t.Errorf("%s: %s: %s %s: %v", path, name, e.Type, e.ID, err)
			}
			seen[in.Type] = true
		}
	})
	for _, typ := range []string{
		"crm.created", "crm.updated", "crm.converted", "crm.linked", "crm.campaign", "form.submitted", "call.held", "call.missed", "meeting.held",
		"email.received", "email.sent", "quote.sent", "quote.accepted", "quote.rejected", "order.invoiced", "order.paid", "ticket.opened",
		"ticket.commented", "ticket.noted", "ticket.updated", "ticket.solved", "ticket.closed", "survey.answered", "survey.rated",
	} {
		if !seen[typ] {
			t.Errorf("no case gives %s", typ)
		}
	}
}

// TestRealDebezium takes in what Debezium 3.2 made of MariaDB tables with SuiteCRM's columns (`make debezium` does it again):
// in one pass plain, in one with schemas and Connect's times, in one flattened with ISO times and decimals as text. The
// server's time zone was +01:00; DATETIME is UTC all the same.
func TestRealDebezium(t *testing.T) {
	data, err := os.ReadFile("testdata/debezium.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	desks := map[string]*desk{"plain": newDesk(Settings{}), "schema": newDesk(Settings{}), "flat": newDesk(Settings{})}
	fates := map[Fate]int{}
	for line := range bytes.Lines(data) {
		var rec struct {
			Topic string
			Value json.RawMessage
		}
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatal(err)
		}
		if string(rec.Value) == "null" {
			rec.Value = nil
		}
		of, _, _ := strings.Cut(rec.Topic, ".")
		fate, err := desks[of].take(source.Record{Topic: rec.Topic, Value: rec.Value})
		if err != nil {
			t.Errorf("%s: %v", rec.Topic, err)
		}
		fates[fate]++
	}
	if fates[Empty] == 0 || fates[Deleted] == 0 {
		t.Errorf("fates %v: expected tombstones, schema changes and deletions among them", fates)
	}
	var events [3]map[string]string
	for i, name := range []string{"plain", "schema", "flat"} {
		events[i] = byID(t, desks[name].drain())
	}
	for id, want := range map[string]string{
		"leads/l-1/created":                      `2018-06-20T06:37:03Z crm.created`,
		"leads/l-1/phone_mobile/+39 333 1234567": `2018-06-20T06:37:03Z crm.linked`,
		"leads/l-2/created":                      `2026-03-02T08:00:00Z crm.created`,
		"aos_quotes/q-1/initial/con-1":           `2026-03-04T10:00:00Z quote.sent {"quote":"q-1","customer":{"crm":"suitecrm/con-1"},"value":38500.5`,
		"aos_quotes/q-1/created/con-1":           `2026-03-04T10:00:00Z crm.created`,
	} {
		for i, got := range events {
			if !strings.HasPrefix(got[id], want) {
				t.Errorf("shape %d: event %s is %q, want %q…", i, id, got[id], want)
			}
		}
	}
	for _, i := range []int{0, 2} {
		if want := `2026-03-03T09:00:00Z crm.updated`; !strings.HasPrefix(events[i]["leads_audit/a-1"], want) {
			t.Errorf("shape %d: event leads_audit/a-1 is %q, want %q…", i, events[i]["leads_audit/a-1"], want)
		}
	}
}

// byID writes events down by their ids.
func byID(t testing.TB, events []source.Event) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, e := range events {
		data, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := out[e.ID]; twice {
			t.Errorf("event %s was made twice", e.ID)
		}
		out[e.ID] = e.Time.Format(time.RFC3339) + " " + e.Type + " " + string(data)
	}
	return out
}

// A bad record is told from a record without a row, and its neighbours are not touched.
func TestBadRecords(t *testing.T) {
	good := `{"op":"c","after":{"id":"l-9","date_entered":1772438400000},"source":{"table":"leads"}}`
	for _, tt := range []struct{ value, want string }{
		{`{"op":"c"`, "malformed-json"},
		{"\xff", "invalid-utf8"},
		{`[1,2]`, "not-a-change: expected a change event or a row, got array"},
		{`"hello"`, "not-a-change: expected a change event or a row, got string"},
		{`{"hello":1}`, "not-a-change: id: missing: neither a change event nor a row of leads"},
		{`{"op":"x","after":{"id":"1"},"source":{"table":"leads"}}`, `not-a-change: op: "\"x\"", expected c, u, r or d`},
		{`{"op":"c","after":{"id":"1"},"source":{}}`, "not-a-change: source.table"},
		{`{"op":"c","after":7,"source":{"table":"leads"}}`, "not-a-change: after: expected a row, got number"},
		{`{"op":"u","after":null,"before":{"id":"1"},"source":{"table":"leads"}}`, "not-a-change: after: missing in an event of op u"},
		{`{"op":"c","after":{"date_entered":1772438400000},"source":{"table":"leads"}}`, "bad-payload: leads.id: missing"},
		{`{"op":"c","after":{"id":"1","date_entered":"yesterday"},"source":{"table":"leads"}}`, `bad-payload: leads.date_entered: "yesterday" is not a time`},
		{`{"op":"c","after":{"id":"1","date_entered":1772438400000,"deleted":"perhaps"},"source":{"table":"leads"}}`, "bad-payload: leads.deleted: expected 0 or 1"},
		{`{"op":"c","after":{"id":"1"},"source":{"table":"leads"}}`, "bad-payload: leads.date_entered: no time"},
		{`{"op":"c","after":{"id":"1","date_entered":1772438400000,"first_name":{"a":1}},"source":{"table":"leads"}}`, "bad-payload: leads.first_name: expected text, got object"},
		{`{"op":"c","after":{"id":"1","date_entered":1772438400000,"total_amount":"a lot"},"source":{"table":"aos_quotes"}}`, "bad-payload: aos_quotes.total_amount: expected a number"},
		{`{"op":"c","after":{"id":"` + strings.Repeat("x", 200) + `","date_entered":1772438400000},"source":{"table":"leads"}}`, "bad-payload: leads.id:"},
	} {
		d := newDesk(Settings{})
		_, err := d.take(source.Record{Topic: "s.s.leads", Value: []byte(tt.value)})
		var e *source.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %s…", clip(tt.value), err, tt.want)
		}
		if len(d.out)+len(d.joints)+len(d.leads) > 0 {
			t.Errorf("%s: something of it was kept", clip(tt.value))
		}
		if fate, err := d.take(source.Record{Topic: "s.s.leads", Value: []byte(good)}); fate != Used || err != nil || len(d.out) != 1 {
			t.Errorf("after %s a good one is %q, %v, with %d events", clip(tt.value), fate, err, len(d.out))
		}
	}
}

// What Debezium's own documentation shows is read, of tables that nobody knows here.
func TestOtherTables(t *testing.T) {
	for value, want := range map[string]Fate{
		``:     Empty,
		`null`: Empty,
		`{"schema":{"type":"struct"},"payload":null}`: Empty,
		`{"ts_ms":1465491411815}`:                     Empty,
		`{"status":"BEGIN","id":"571:53195829","event_count":null,"data_collections":null,"ts_ms":1}`:            Empty,
		`{"source":{"table":"leads"},"databaseName":"s","ddl":"ALTER TABLE leads","tableChanges":[]}`:            Empty,
		`{"op":"t","source":{"table":"leads"},"before":null,"after":null}`:                                       Empty,
		`{"op":"u","before":{"id":1004},"after":{"id":1004},"source":{"table":"customers"}}`:                     Other,
		`{"op":"d","before":{"id":"1"},"after":null,"source":{"table":"leads"}}`:                                 Deleted,
		`{"op":"d","before":null,"after":null,"source":{"table":"leads"}}`:                                       Deleted,
		`{"op":"u","after":{"id":"1","deleted":1,"date_entered":1772438400000},"source":{"table":"leads"}}`:      Deleted,
		`{"op":"u","after":{"id":"1","deleted":true,"date_entered":1772438400000},"source":{"table":"leads"}}`:   Deleted,
		`{"op":"c","after":{"id":"1","date_entered":1772438400000,"new_in_9":{}},"source":{"table":"contacts"}}`: Used,
	} {
		var raw []byte
		if value != "" {
			raw = []byte(value)
		}
		fate, err := newDesk(Settings{}).take(source.Record{Topic: "s.s.leads", Value: raw})
		if err != nil || fate != want {
			t.Errorf("%s: %q, %v; want %q", value, fate, err, want)
		}
	}
}

// Every precision that Debezium can be set to gives the same instant.
func TestTimes(t *testing.T) {
	want := time.Date(2018, 6, 20, 6, 37, 3, 0, time.UTC)
	for _, value := range []string{
		`1529476623000`, `1529476623000000`, `1529476623000000000`, `"2018-06-20T06:37:03Z"`, `"2018-06-20T08:37:03+02:00"`,
		`"2018-06-20 06:37:03"`, `"1529476623000"`,
	} {
		c := columnOf(t, value, "")
		if got := c.row.time("x"); !got.Equal(want) || c.err != nil {
			t.Errorf("%s is %s, %v; want %s", value, got, c.err, want)
		}
	}
	for _, value := range []string{`17702`, `"2018-06-20"`, `"2018-06-20Z"`} {
		c := columnOf(t, value, "")
		if got := c.row.time("x"); !got.Equal(want.Truncate(24*time.Hour)) || c.err != nil {
			t.Errorf("%s is %s, %v", value, got, c.err)
		}
	}
	for _, value := range []string{`0`, `null`, `""`, `"0000-00-00 00:00:00"`, `-62169984000000`, `12`} {
		c := columnOf(t, value, "")
		if got := c.row.time("x"); !got.IsZero() || c.err != nil {
			t.Errorf("%s is %s, %v; want none", value, got, c.err)
		}
	}
	// What the schema says decides where it says something.
	if got := columnOf(t, `1529476623000`, "io.debezium.time.MicroTimestamp").row.time("x"); !got.IsZero() {
		t.Errorf("microseconds of 1970 are %s, want none", got)
	}
}

// Every way of writing DECIMAL gives the same sum.
func TestAmounts(t *testing.T) {
	for value, want := range map[string]float64{
		`38500.5`: 38500.5, `"38500.500000"`: 38500.5, `"CPbPAiA="`: 38500.5, `0`: 0, `null`: 0, `"0.000000"`: 0, `-3`: 0, `"/w=="`: 0,
	} {
		c := columnOf(t, value, "")
		if got := c.row.amount("x"); got != want || c.err != nil {
			t.Errorf("%s is %v, %v; want %v", value, got, c.err, want)
		}
	}
}

// columnOf is a change whose row has one column, x.
func columnOf(t *testing.T, value, kind string) *change {
	t.Helper()
	d := newDesk(Settings{})
	text := `{"schema":{"fields":[{"field":"after","fields":[{"field":"x","name":"` + kind + `"}]}]},"payload":{"op":"c","after":{"id":"1","x":` + value + `},"source":{"table":"leads"}}}`
	c, err := readChange(&d.parser, source.Record{Topic: "s.leads", Value: []byte(text)}, maxRecord)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Buongiorno, l&#039;offerta?":     "Buongiorno, l'offerta?",
		"2 < 3 &amp; 4 > 1":               "2 < 3 & 4 > 1",
		"&lt;p&gt;Ciao&lt;/p&gt;a presto": "Ciao\na presto",
		"<div>Uno<br />due</div><blockquote>citato<br>ancora</blockquote>tre": "Uno\ndue\n> citato\n> ancora\ntre",
		"<head><style>p{}</style></head><p>visto</p>":                         "visto",
		"<p>una <b>sola</b> riga,\n davvero</p>":                              "una sola riga, davvero",
		"riga\r\nriga":                                                        "riga\nriga",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
	got := addresses(`"Serra, Anna" <anna@dolciaria.example>, b@c.it;d@e.it , `)
	if diff := cmp.Diff([]string{`"Serra, Anna" <anna@dolciaria.example>`, "b@c.it", "d@e.it"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestConnectorExample holds the example of a connector to the tables that are read.
func TestConnectorExample(t *testing.T) {
	data, err := os.ReadFile("../../deploy/examples/suitecrm/connector.json")
	if err != nil {
		t.Fatal(err)
	}
	var connector struct{ Config map[string]string }
	if err := json.Unmarshal(data, &connector); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		want = append(want, "suitecrm."+table)
	}
	got := strings.Split(connector.Config["table.include.list"], ",")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table.include.list (-tables read, +listed):\n%s", diff)
	}
}

// An event that Kafka would never take makes its change a dead letter, and does not stand in the way of others.
func TestTooLarge(t *testing.T) {
	r, err := New(Options{Brokers: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	call := `{"op":"c","source":{"table":"calls"},"after":{"id":"k1","status":"Held","date_start":1772438400000,"parent_type":"Leads","parent_id":"l1","name":"%s"}}`
	messages, err := r.take(source.Record{Topic: "s.s.calls", Value: fmt.Appendf(nil, call, strings.Repeat("x", 2_000_000))})
	var e *source.Error
	if !errors.As(err, &e) || e.Reason != source.ReasonTooLarge || len(messages) > 0 {
		t.Errorf("%d messages, error %v; want none, too-large", len(messages), err)
	}
	messages, err = r.take(source.Record{Topic: "s.s.calls", Value: fmt.Appendf(nil, strings.ReplaceAll(call, "k1", "k2"), "x")})
	if err != nil || len(messages) != 1 {
		t.Errorf("the next one: %d messages, %v", len(messages), err)
	}
}
