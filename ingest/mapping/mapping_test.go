package mapping

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"tappa/ingest/source"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden calls f with the files of every archive that matches, and compares what it returns with the file "want".
func golden(t *testing.T, pattern string, f func(t *testing.T, files map[string][]byte) string) {
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files match %s: %v", pattern, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files, want := map[string][]byte{}, -1
			for i, file := range archive.Files {
				files[file.Name] = file.Data
				if file.Name == "want" {
					want = i
				}
			}
			got := f(t, files)
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "want"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(files["want"]), got); diff != "" && !*update {
				t.Errorf("%s (-want, +got):\n%s", path, diff)
			}
		})
	}
}

// Rows become events, or errors that say where and why.
func TestRows(t *testing.T) {
	golden(t, "testdata/rows/*.txtar", func(t *testing.T, files map[string][]byte) string {
		var m *Mapping
		if b := files["mapping.yaml"]; b != nil {
			var err error
			if m, err = Parse("mapping.yaml", b); err != nil {
				t.Fatal(err)
			}
		}
		var out strings.Builder
		for format, read := range Formats {
			name := "log." + format
			if files[name] == nil {
				continue
			}
			data := files[name]
			if m != nil {
				if encoding := encodings[m.csv.encoding]; encoding != nil {
					var err error
					if data, err = encoding.NewEncoder().Bytes(data); err != nil {
						t.Fatal(err)
					}
				}
			}
			for e, err := range read(m, name, bytes.NewReader(data)) {
				if err != nil {
					fmt.Fprintf(&out, "error: %v\n", err)
					continue
				}
				b, err := e.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "%s\n", b)
			}
		}
		return out.String()
	})
}

// One bad file per mistake.
func TestBadMappings(t *testing.T) {
	golden(t, "testdata/bad/*.txtar", func(t *testing.T, files map[string][]byte) string {
		_, err := Parse("mapping.yaml", files["mapping.yaml"])
		if err == nil {
			t.Fatal("no error")
		}
		return err.Error() + "\n"
	})
}

const small = `
origin: shop
events:
  - {id: {column: id}, time: {column: at}, type: form.submitted, data: {form: contact, customer: {email: {column: mail}}}}
`

// A row's error lets the next row follow; a broken file ends the sequence; a consumer may stop at any row.
func TestSequences(t *testing.T) {
	m, err := Parse("m.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	const csv = "id,at,mail\n1,2026-01-02,a@b.it\n2,never,a@b.it\n3,2026-01-02,a@b.it\n"
	broken := errors.New("disk on fire")
	for format, content := range map[string]string{
		"csv":   csv,
		"jsonl": `{"id":1,"at":"2026-01-02","mail":"a@b.it"}` + "\n" + `{"id":2,"at":"never"}` + "\n" + `{"id":3,"at":"2026-01-02"}` + "\n",
		"xes": `<log><trace><event><string key="id" value="1"/><date key="at" value="2026-01-02T00:00:00Z"/></event>
			<event><string key="id" value="2"/><string key="at" value="never"/></event>
			<event><string key="id" value="3"/><date key="at" value="2026-01-02T00:00:00Z"/></event></trace>`,
	} {
		t.Run(format, func(t *testing.T) {
			file := func() *strings.Reader { return strings.NewReader(content) }
			var got []string
			var last error
			in := iotest.DataErrReader(file())
			for e, err := range Formats[format](m, "f", &failing{in, broken}) {
				var bad *RowError
				switch {
				case errors.As(err, &bad):
					got = append(got, "bad "+bad.Column)
				case err != nil:
					last = err
				default:
					got = append(got, e.ID)
				}
			}
			if diff := cmp.Diff([]string{"1", "bad at", "3"}, got); diff != "" {
				t.Errorf("events (-want, +got):\n%s", diff)
			}
			if !errors.Is(last, broken) || !strings.HasPrefix(last.Error(), "f") {
				t.Errorf("the last error is %v, want the file's name and %v", last, broken)
			}
			for stop := 1; stop <= 3; stop++ {
				n := 0
				for range Formats[format](m, "f", file()) {
					if n++; n == stop {
						break
					}
				}
				if n != stop {
					t.Errorf("%d rows seen, want %d", n, stop)
				}
			}
		})
	}
}

// failing reads in, and then fails instead of ending.
type failing struct {
	in  interface{ Read([]byte) (int, error) }
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	n, err := f.in.Read(b)
	if err != nil {
		err = f.err
	}
	return n, err
}

// Whatever a file holds, reading it ends without a panic, and what comes out can be marshalled.
func FuzzFiles(f *testing.F) {
	m, err := Parse("m.yaml", []byte(small+"keep: all\n"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("csv", "id,at,mail\n1,2026-01-02,a@b.it\n\"x")
	f.Add("jsonl", `{"id":{"a":[1e400,-0]},"at":"2026-01-02","mail":null}`)
	f.Add("jsonl", `{"specversion":"1.0","id":"1","source":"s","type":"tappa.form.submitted","time":"2026-01-02T00:00:00Z","data":{}}`)
	f.Add("xes", `<log><trace><string key="a" value="b"/><event><int key="id" value="1"/></event></trace></log>`)
	f.Fuzz(func(t *testing.T, format, content string) {
		read := Formats[format]
		if read == nil {
			return
		}
		for e, err := range read(m, "f", strings.NewReader(content)) {
			if err == nil {
				checkEvent(t, e)
			}
		}
	})
}

func checkEvent(t *testing.T, e source.Event) {
	t.Helper()
	if e.ID == "" || e.Origin == "" || e.Time.IsZero() {
		t.Fatalf("incomplete event %+v", e)
	}
	if _, err := e.Marshal(); err != nil {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add("origin: x\nevents: [{id: 1, time: {column: t, layouts: [epoch_s]}, type: {map: {column: a, values: {b: web.visited}}}, data: {a: [1]}}]\n")
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := Parse("m.yaml", []byte(s)); err == nil && (m.origin == "" || len(m.events) == 0) {
			t.Fatalf("accepted without origin or events: %q", s)
		}
	})
}

func BenchmarkCSV(b *testing.B) {
	m, err := Load("../../deploy/examples/loans/mapping.yaml")
	if err != nil {
		b.Fatal(err)
	}
	const header = "event_id,case:concept:name,concept:name,lifecycle:transition,time:timestamp,org:resource,case:REG_DATE,case:AMOUNT_REQ\n"
	const line = "e1,173688,W_Valideren aanvraag,START,2011-10-01T00:38:44.546+02:00,112,2011-10-01T00:38:44.546+02:00,20000\n"
	const rows = 1000
	content := header + strings.Repeat(line, rows)
	for b.Loop() {
		for _, err := range m.CSV("log.csv", strings.NewReader(content)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

// TestJSONLinesTooLong skips a line that is longer than any event, and nothing else.
func TestJSONLinesTooLong(t *testing.T) {
	event := func(id, text string) string {
		return `{"specversion":"1.0","id":"` + id + `","source":"s","type":"tappa.form.submitted","time":"2026-01-02T03:04:05Z","data":{"message":"` + text + `"}}` + "\n"
	}
	file := event("1", "ok") + event("2", strings.Repeat("x", 20<<20)) + "\n" + event("3", "ok") + event("4", strings.Repeat("x", 1<<20))
	var got []string
	for e, err := range (*Mapping)(nil).JSONLines("f", strings.NewReader(file)) {
		if row := (*RowError)(nil); errors.As(err, &row) {
			got = append(got, fmt.Sprint("line ", row.Line))
		} else if err != nil {
			t.Fatal(err)
		} else {
			got = append(got, e.ID)
		}
	}
	if d := cmp.Diff(got, []string{"1", "line 2", "3", "4"}); d != "" {
		t.Errorf("(-got, +want):\n%s", d)
	}
}

// TestEncodings: a file that is written otherwise than the mapping says is not read as if it were, which texts would show
// that nobody looks at.
func TestEncodings(t *testing.T) {
	wide := func(s string) string {
		out, err := encodings["utf-16"].NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const rows = "id,at,mail\nperch\u00e9,2026-01-02,a@b.it\n"
	const narrow = "id,at,mail\nperch\xe9,2026-01-02,a@b.it\n"
	for name, c := range map[string]struct{ encoding, content, want string }{
		"as it says":            {"windows-1252", narrow, "perch\u00e9"},
		"ASCII":                 {"latin1", strings.ReplaceAll(rows, "\u00e9", "e'"), "perche'"},
		"UTF-8":                 {"windows-1252", rows, "f: the file is UTF-8, and the mapping says windows-1252: leave csv: encoding out"},
		"UTF-8, cut by reading": {"latin1", rows + strings.Repeat("\u00e9", 1<<16), "f: the file is UTF-8, and the mapping says latin1: leave csv: encoding out"},
		"UTF-16":                {"utf-8", wide(rows), "f: the file is UTF-16: say so in the mapping, csv: {encoding: utf-16}"},
		"UTF-16 as it says":     {"utf-16", wide(rows), "perch\u00e9"},
		"UTF-8 with a mark":     {"utf-8", "\ufeff" + rows, "perch\u00e9"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Parse("m.yaml", []byte("csv: {encoding: "+c.encoding+"}"+small))
			if err != nil {
				t.Fatal(err)
			}
			for e, err := range m.CSV("f", strings.NewReader(c.content)) {
				if err != nil {
					e.ID = err.Error()
				}
				if e.ID != c.want {
					t.Errorf("%q, want %q", e.ID, c.want)
				}
				return
			}
			t.Error("nothing was read")
		})
	}
}

// TestDoubts: fields of payloads that look like others are told of; fields of one's own are not.
func TestDoubts(t *testing.T) {
	const file = `
origin: shop
events:
  - id: {column: id}
    time: {column: at}
    type: {map: {column: kind, values: {a: form.submitted, b: ticket.opened}}}
    data:
      form: contact
      mesage: {column: text}
      shop_floor: {column: floor}
      ticket: {column: id}
      customer: {emial: {column: mail}, phone: {column: tel}, city: {column: city}}
  - id: {column: id}
    time: {column: at}
    type: {column: kind}
    data: {mesage: {column: text}, customer: {crm: {column: id}, name: {column: name}}}
`
	m, err := Parse("m.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`m.yaml:9:7: data.mesage is kept, and no field that tappa knows; did you mean "message"?`,
		`m.yaml:12:18: data.customer.emial is kept, and identifies nobody; did you mean "email"?`,
		`m.yaml:12:63: data.customer.city is kept, and identifies nobody; known are email, phone, crm, cookie, account, name`,
	}
	if d := cmp.Diff(m.Doubts(), want); d != "" {
		t.Errorf("(-got, +want):\n%s", d)
	}
}
