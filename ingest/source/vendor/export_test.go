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

// What an export and a webhook both tell is one interaction: it has one id, one time and one customer, though webhooks count parts of
// a second that exports do not.
func TestExportsOverlapWebhooks(t *testing.T) {
	d := decoder()
	for _, c := range []struct{ format, export, hook string }{
		{
			"zendesk", `{"id": 5158, "created_at": "2026-01-08T10:12:07Z", "description": "Il forno non scalda", "requester_id": 84, "status": "new", "updated_at": "2026-01-08T10:12:07Z"}`,
			`{"detail": {"id": "5158", "actor_id": "84", "requester_id": "84", "created_at": "2026-01-08T10:12:07Z", "description": "Il forno non scalda", "status": "NEW"},
				"event": {}, "id": "c1", "time": "2026-01-08T10:12:07.672717030Z", "type": "zen:event-type:ticket.created"}`,
		},
		{
			"zendesk", `{"id": 5158, "created_at": "2026-01-08T10:12:07Z", "description": "x", "requester_id": 84, "status": "open", "updated_at": "2026-01-08T14:25:30Z",
				"comments": [{"id": 98, "author_id": 84, "body": "Aspetto!", "public": true, "created_at": "2026-01-08T14:25:30Z"}]}`,
			`{"detail": {"id": "5158", "actor_id": "84", "requester_id": "84", "created_at": "2026-01-08T10:12:07Z", "description": "x", "status": "OPEN"},
				"event": {"comment": {"id": "98", "body": "Aspetto!", "is_public": true, "author": {"id": "84", "is_staff": false}}}, "id": "c2",
				"time": "2026-01-08T14:25:30.123456789Z", "type": "zen:event-type:ticket.comment_added"}`,
		},
		{
			"chatwoot", `{"id": 4, "created_at": 1767866000, "status": "open", "meta": {"sender": {"id": 7, "email": "leo@example.com"}},
				"messages": [{"id": 44, "content": "Salve", "message_type": 0, "created_at": 1767866400}]}`,
			`{"event": "message_created", "id": 44, "content": "Salve", "message_type": "incoming", "created_at": "2026-01-08T10:00:00.512Z",
				"conversation": {"id": 4, "meta": {"sender": {"id": 7, "email": "leo@example.com"}}}, "sender": {"id": 7, "email": "leo@example.com"}}`,
		},
		{
			"zammad", `{"id": 5, "created_at": "2026-01-08T10:00:00.123Z", "state": "new", "customer_id": 3, "customer": "bea@example.com",
				"articles": [{"id": 8, "sender": "Customer", "body": "ciao", "created_at": "2026-01-08T10:00:00.123Z"}]}`,
			`{"ticket": {"id": 5, "state": "new", "article_count": 1, "customer": {"id": 3, "email": "bea@example.com"}, "created_at": "2026-01-08T10:00:00.123Z"},
				"article": {"id": 8, "sender": "Customer", "body": "ciao", "created_at": "2026-01-08T10:00:00.123Z"}}`,
		},
	} {
		hook, err := d.Decode(source.Record{Value: []byte(c.hook), Time: arrived, Headers: []source.Header{
			{Key: source.HeaderFormat, Value: []byte(c.format)}, {Key: source.HeaderOrigin, Value: []byte("desk")},
		}})
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		path := filepath.Join(t.TempDir(), "export.json")
		if err := os.WriteFile(path, []byte(c.export), 0o600); err != nil {
			t.Fatal(err)
		}
		out := tell(d, Exports[c.format], path)
		want := fmt.Sprintf("%s %s %s %s [%s", hook.OccurredAt.Format(time.RFC3339), hook.ID, hook.Type, hook.Direction, hook.Keys[0])
		if part := hook.OccurredAt.Nanosecond(); !strings.Contains(out, want) || part != 0 && c.format != "zammad" { // whose exports count them, too
			t.Errorf("%s: the webhook says %s, and %d ns, the export\n%s", c.format, want, part, out)
		}
	}
}
