package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"tappa/journey"
)

var update = flag.Bool("update", false, "rewrite golden files")

// arrived is when Kafka got the corpus's records.
var arrived = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// corpusOptions decode the corpus. The format "lines" stands for a vendor's: "TYPE ADDRESS" or "TYPE" alone.
var corpusOptions = Options{DefaultCountry: "IT", MaxBytes: 4096, Formats: map[string]Format{"lines": func(raw Raw) (Event, error) {
	typ, address, ok := strings.Cut(string(raw.Value), " ")
	switch {
	case typ == "":
		return Event{}, Malformed("an empty line")
	case typ == "ringing":
		return Event{}, &Nothing{NothingYet, typ}
	case !ok:
		return Event{}, Bad("address", "missing, expected it behind %q", typ)
	case typ == "odd":
		return Event{}, errors.New("an error of its own")
	}
	return Event{
		Type: typ, Data: Form{Form: "line", Customer: Party{Email: address}}, Vendor: json.RawMessage(`{"zone":"` + raw.Settings.Zone.String() + `"}`),
	}, nil
}}}

// corpus calls f for every record of testdata/decode: NAME.json is the value, NAME.headers its headers, one
// "key: value" a line.
func corpus(t testing.TB, f func(path, name string, rec Record, want *string)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]*txtar.File{}
		var names []string
		for i := range archive.Files {
			file := &archive.Files[i]
			files[file.Name] = file
			if name, ok := strings.CutSuffix(file.Name, ".json"); ok {
				names = append(names, name)
			}
		}
		out := &txtar.Archive{Comment: archive.Comment}
		for _, name := range names {
			rec := Record{Value: bytes.TrimSuffix(files[name+".json"].Data, []byte("\n")), Time: arrived}
			out.Files = append(out.Files, *files[name+".json"])
			if h := files[name+".headers"]; h != nil {
				rec.Headers = headers(string(h.Data))
				out.Files = append(out.Files, *h)
			}
			want := ""
			if w := files[name+".want"]; w != nil {
				want = string(w.Data)
			}
			f(path, name, rec, &want)
			out.Files = append(out.Files, txtar.File{Name: name + ".want", Data: []byte(want)})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func headers(s string) []Header {
	var hs []Header
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		hs = append(hs, Header{key, []byte(value)})
	}
	return hs
}

func TestDecode(t *testing.T) {
	d := NewDecoder(corpusOptions)
	corpus(t, func(path, name string, rec Record, want *string) {
		in, err := d.Decode(rec)
		got := show(in)
		if err != nil {
			got = err.Error() + "\n"
		}
		if *update {
			*want = got
		}
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%s: %s (-want, +got):\n%s", path, name, diff)
		}
	})
}

// show prints what is set in an interaction, one field a line; the payload only where it is not the data as given.
func show(in journey.Interaction) string {
	var b strings.Builder
	v := reflect.ValueOf(in)
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if f.IsZero() || name == "Payload" || name == "Activity" && in.Activity == in.Type {
			continue
		}
		switch x := f.Interface().(type) {
		case time.Time:
			fmt.Fprintf(&b, "%s: %s\n", name, x.Format(time.RFC3339Nano))
		case *journey.Rating:
			fmt.Fprintf(&b, "%s: %+v\n", name, *x)
		case string:
			fmt.Fprintf(&b, "%s: %s\n", name, strings.ReplaceAll(x, "\n", "\\n"))
		default:
			fmt.Fprintf(&b, "%s: %v\n", name, x)
		}
	}
	return b.String()
}

// Every reason is told by an *Error, and stands in the corpus.
func TestReasonsAreBounded(t *testing.T) {
	seen := map[Reason]bool{}
	d := NewDecoder(corpusOptions)
	corpus(t, func(path, name string, rec Record, want *string) {
		_, err := d.Decode(rec)
		if _, nothing := errors.AsType[*Nothing](err); err == nil || nothing {
			return
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %s: %T, want *Error", path, name, err)
		}
		seen[e.Reason] = true
		if len(e.Error()) > 400 {
			t.Errorf("%s: %s: an error of %d bytes", path, name, len(e.Error()))
		}
	})
	for _, r := range Reasons {
		if !seen[r] {
			t.Errorf("no record in the corpus fails as %s", r)
		}
		delete(seen, r)
	}
	if len(seen) > 0 {
		t.Errorf("reasons that Reasons does not list: %v", seen)
	}
}

// The payload is the data as written, and shares the record's memory.
func TestPayloadIsAsGiven(t *testing.T) {
	const data = `{ "form":"contact" ,"customer":{"email":"a@b.it"}, "score": 1.50, "x":[1,{"y":"\u00e8 \"}"}] }`
	value := []byte(`{"specversion":"1.0","id":"1","source":"s","extra":{"data":[1,"}"]},"data":` + data +
		`,"type":"tappa.form.submitted","time":"2026-01-02T03:04:05.6789+01:00"}`)
	in, err := NewDecoder(Options{}).Decode(Record{Value: value})
	if err != nil {
		t.Fatal(err)
	}
	if string(in.Payload) != data {
		t.Errorf("payload %s, want %s", in.Payload, data)
	}
	if at := bytes.Index(value, []byte(data)); &in.Payload[0] != &value[at] || cap(in.Payload) != len(data) {
		t.Error("the payload is a copy, or lends its neighbours' memory")
	}
	if want := time.Date(2026, 1, 2, 2, 4, 5, 678e6, time.UTC); !in.OccurredAt.Equal(want) || in.OccurredAt.Location() != time.UTC {
		t.Errorf("occurred at %s, want %s", in.OccurredAt, want)
	}
}

func TestDeepNestingIsAnError(t *testing.T) {
	d := NewDecoder(Options{})
	for _, open := range []string{"[", `{"a":`} {
		value := []byte(`{"specversion":"1.0","data":` + strings.Repeat(open, 1_000_000))
		var e *Error
		if _, err := d.Decode(Record{Value: value}); !errors.As(err, &e) || e.Reason != ReasonMalformedJSON {
			t.Errorf("a million %s: %v, want %s", open, err, ReasonMalformedJSON)
		}
	}
}

func TestManyMembers(t *testing.T) {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, `"f%d":"x",`, i)
	}
	event := func(more string) Record {
		return Record{Value: []byte(`{"specversion":"1.0","id":"1","source":"s","type":"tappa.form.submitted","time":"2026-01-02T03:04:05Z","data":{` +
			b.String() + more + `"form":"c","customer":{"email":"a@b.it"}}}`)}
	}
	d := NewDecoder(Options{})
	if _, err := d.Decode(event("")); err != nil {
		t.Error(err)
	}
	if _, err := d.Decode(event(`"f7":"y",`)); err == nil || err.Error() != "bad-payload: data.f7: there twice" {
		t.Errorf("a name twice among many: %v", err)
	}
}

func TestTable(t *testing.T) {
	for name, k := range known {
		if name != typePrefix+k.name || !strings.HasPrefix(k.name, string(k.source)+".") {
			t.Errorf("type %s is %s of source %s", name, k.name, k.source)
		}
	}
}

func FuzzDecode(f *testing.F) {
	corpus(f, func(_, _ string, rec Record, _ *string) {
		var hs strings.Builder
		for _, h := range rec.Headers {
			fmt.Fprintf(&hs, "%s: %s\n", h.Key, h.Value)
		}
		f.Add(rec.Value, hs.String())
	})
	d := NewDecoder(Options{DefaultCountry: "IT"})
	f.Fuzz(func(t *testing.T, value []byte, hs string) {
		rec := Record{Value: bytes.Clone(value), Headers: headers(hs), Time: arrived}
		in, err := d.Decode(rec)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Reason == "" {
				t.Fatalf("error %v without a reason", err)
			}
			return
		}
		checkInteraction(t, in)
		if !bytes.Equal(rec.Value, value) {
			t.Fatal("the record's value was changed")
		}
		again, err := d.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, again); diff != "" {
			t.Fatalf("decoded twice (-first, +second):\n%s", diff)
		}
	})
}

// checkInteraction holds what everything after the decoder relies on.
func checkInteraction(t testing.TB, in journey.Interaction) {
	t.Helper()
	var payload map[string]any
	if err := json.Unmarshal(in.Payload, &payload); err != nil {
		t.Fatalf("payload %q: %v", in.Payload, err)
	}
	switch {
	case in.Origin == "" || in.ID == "" || in.Type == "" || in.Activity == "" || in.Source == "" || in.Direction == "":
		t.Fatalf("something is empty: %+v", in)
	case len(in.Keys) == 0 || in.Keys[0] == "":
		t.Fatalf("keys %q", in.Keys)
	case in.OccurredAt.Location() != time.UTC || !in.OccurredAt.Equal(in.OccurredAt.Truncate(time.Millisecond)):
		t.Fatalf("occurred at %v", in.OccurredAt)
	}
	all := show(in) + string(in.Account)
	if strings.ContainsRune(all, 0) || strings.ToValidUTF8(all, "") != all {
		t.Fatalf("invalid text: %q", all)
	}
}
