package vendor

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"tappa/ingest/source"
	"tappa/journey"
)

var update = flag.Bool("update", false, "rewrite golden files")

// arrived is when Kafka got the corpus's records.
var arrived = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func decoder() *source.Decoder {
	o := source.Options{DefaultCountry: "IT", Formats: Formats}
	o.Settings.Company = journey.Company{Domains: []string{"example.it"}}
	return source.NewDecoder(o)
}

// corpus calls f for every record of testdata: FORMAT.txtar holds records of the format, NAME.in the value, NAME.headers
// its further headers, one "key: value" a line. The archive's comment says where the records come from.
func corpus(t testing.TB, f func(format, name string, rec source.Record, want *string)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]*txtar.File{}
		for i := range archive.Files {
			files[archive.Files[i].Name] = &archive.Files[i]
		}
		format := strings.TrimSuffix(filepath.Base(path), ".txtar")
		out := &txtar.Archive{Comment: archive.Comment}
		for _, file := range archive.Files {
			name, ok := strings.CutSuffix(file.Name, ".in")
			if !ok {
				continue
			}
			rec := source.Record{Value: bytes.TrimSuffix(file.Data, []byte("\n")), Time: arrived}
			rec.Headers = []source.Header{{Key: source.HeaderFormat, Value: []byte(format)}}
			out.Files = append(out.Files, file)
			if h := files[name+".headers"]; h != nil {
				rec.Headers = append(rec.Headers, headers(string(h.Data))...)
				out.Files = append(out.Files, *h)
			}
			want := ""
			if w := files[name+".want"]; w != nil {
				want = string(w.Data)
			}
			f(format, name, rec, &want)
			out.Files = append(out.Files, txtar.File{Name: name + ".want", Data: []byte(want)})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func headers(s string) []source.Header {
	var hs []source.Header
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		hs = append(hs, source.Header{Key: key, Value: []byte(value)})
	}
	return hs
}

// What vendors send becomes the interaction that a person would make of it.
func TestFormats(t *testing.T) {
	d := decoder()
	seen := map[string]bool{}
	corpus(t, func(format, name string, rec source.Record, want *string) {
		seen[format] = true
		in, err := d.Decode(rec)
		got := show(in)
		if err != nil {
			got = err.Error() + "\n"
		}
		if *update {
			*want = got
		}
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%s: %s (-want, +got):\n%s", format, name, diff)
		}
	})
	for name := range Formats {
		if !seen[name] {
			t.Errorf("format %s has no examples in testdata/%s.txtar", name, name)
		}
	}
}

// show prints what is set in an interaction, one field a line, without the payload.
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

// Whatever arrives, a format answers with an interaction that everything after it can rely on, or with a reason out of
// the bounded set, and it does not touch the record.
func FuzzFormats(f *testing.F) {
	corpus(f, func(format, _ string, rec source.Record, _ *string) {
		var hs strings.Builder
		for _, h := range rec.Headers[1:] {
			fmt.Fprintf(&hs, "%s: %s\n", h.Key, h.Value)
		}
		f.Add(format, rec.Value, hs.String())
	})
	d := decoder()
	f.Fuzz(func(t *testing.T, format string, value []byte, hs string) {
		if Formats[format] == nil {
			return
		}
		rec := source.Record{Value: bytes.Clone(value), Headers: headers(hs), Time: arrived}
		rec.Headers = append([]source.Header{{Key: source.HeaderFormat, Value: []byte(format)}}, rec.Headers...)
		in, err := d.Decode(rec)
		if !bytes.Equal(rec.Value, value) {
			t.Fatal("the record's value was changed")
		}
		var nothing *source.Nothing
		var bad *source.Error
		switch {
		case errors.As(err, &nothing):
			if nothing.Kind != source.NothingHappened && nothing.Kind != source.NothingYet {
				t.Fatalf("nothing of kind %q", nothing.Kind)
			}
		case errors.As(err, &bad):
			if !slices.Contains(source.Reasons[:], bad.Reason) || len(bad.Error()) > 600 {
				t.Fatalf("error %v", bad)
			}
		case err != nil:
			t.Fatalf("error %v without a reason", err)
		case in.Origin == "" || in.ID == "" || in.Type == "" || in.Source == "" || in.Direction == "" || len(in.Keys) == 0:
			t.Fatalf("something is empty: %+v", in)
		}
	})
}
