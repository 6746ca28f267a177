package vendor

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"tappa/ingest/source"
)

// Exports of tickets tell the same interactions, in the same words and under the same ids, whatever shape the file has;
// all of them can be decoded. testdata/exports holds VENDOR.txtar: files, and want, a line an interaction.
func TestExports(t *testing.T) {
	d := decoder()
	for name, read := range Exports {
		path := filepath.Join("testdata", "exports", name+".txtar")
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Errorf("export %s has no examples: %v", name, err)
			continue
		}
		for i := range archive.Files {
			file := &archive.Files[i]
			if strings.HasSuffix(file.Name, ".want") {
				continue
			}
			at := filepath.Join(t.TempDir(), file.Name)
			if err := os.WriteFile(at, file.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			got := tell(d, read, at)
			want := &archive.Files[i+1]
			if *update {
				want.Data = []byte(got)
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("%s: %s (-want, +got):\n%s", path, file.Name, diff)
			}
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// tell reads an export, and says what becomes of it.
func tell(d *source.Decoder, read func([]string, string, source.Settings) iter.Seq2[source.Event, error], path string) string {
	var b strings.Builder
	for event, err := range read([]string{path}, "desk", source.Settings{Zone: time.UTC}) {
		if err != nil {
			fmt.Fprintln(&b, strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""))
			continue
		}
		value, err := event.Marshal()
		if err == nil {
			in, decodeErr := d.Decode(source.Record{Value: value, Time: arrived})
			if err = decodeErr; err == nil {
				rating := ""
				if in.Rating != nil {
					rating = fmt.Sprintf(" %+v", *in.Rating)
				}
				fmt.Fprintf(&b, "%s %s %s %s %v agent %q: %s%s\n", in.OccurredAt.Format(time.RFC3339), in.ID, in.Type, in.Direction, in.Keys, in.Agent, strings.ReplaceAll(in.Text, "\n", "\\n"), rating)
			}
		}
		if err != nil {
			fmt.Fprintf(&b, "%s: %v\n", event.ID, err)
		}
	}
	return b.String()
}

// Whatever a file holds, reading it ends, and what it yields are events or reasons.
func FuzzExports(f *testing.F) {
	paths, err := filepath.Glob("testdata/exports/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(strings.TrimSuffix(filepath.Base(path), ".txtar"), file.Data)
		}
	}
	path := filepath.Join(f.TempDir(), "export.json")
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		read := Exports[name]
		if read == nil {
			return
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for event, err := range read([]string{path}, "desk", source.Settings{Zone: time.UTC}) {
			if err != nil {
				continue
			}
			if _, err := event.Marshal(); err != nil || event.ID == "" || event.Origin != "desk" || event.Time.IsZero() && event.Type == "ticket.opened" {
				t.Fatalf("event %+v: %v", event, err)
			}
		}
	})
}
