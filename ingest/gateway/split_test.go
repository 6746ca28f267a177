package gateway

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/ingest/source"
	formats "tappa/ingest/source/vendor"
)

const splitConfig = `
sources:
  - {name: sendgrid, auth: token, secret_env: SECRET}
  - {name: hubspot, auth: token, secret_env: SECRET}
  - {name: segment, auth: token, secret_env: SECRET}
  - {name: cloudevents, secret_env: SECRET}
  - {name: form, auth: open, origin: website, thanks: "https://example.com/grazie"}
`

var bearer = map[string]string{"Authorization": "Bearer s3cret"}

func with(headers map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for k, v := range headers {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

// A batch becomes one record an event, each byte for byte as it was sent, with an id of its own that is the same when the
// batch comes again.
func TestBatches(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"sendgrid": {`[{"event":"delivered", "n":1.50},` + "\n" + `{"event":"bounce","email":"\u00e8@b.it"}]`, []string{`{"event":"delivered", "n":1.50}`, `{"event":"bounce","email":"\u00e8@b.it"}`}},
		"hubspot":  {`[{"eventId":1},{"eventId":2},{"eventId":3}]`, []string{`{"eventId":1}`, `{"eventId":2}`, `{"eventId":3}`}},
		"segment":  {`{"batch":[{"type":"page"},{"type":"track"}],"sentAt":"2026-05-04T09:00:00Z"}`, []string{`{"type":"page"}`, `{"type":"track"}`}},
	} {
		s := serve(t, splitConfig, nil)
		status, a, _ := s.post("/in/"+name, c.body, bearer)
		if status != http.StatusOK || a.Accepted != len(c.want) {
			t.Errorf("%s: %d %+v", name, status, a)
			continue
		}
		var got, ids []string
		for _, m := range s.records(len(c.want)) {
			got, ids = append(got, string(m.Value)), append(ids, headerOf(m, source.HeaderID))
			if headerOf(m, source.HeaderFormat) != name {
				t.Errorf("%s: headers %v", name, m.Headers)
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(got, c.want); diff != "" {
			t.Errorf("%s (-got, +want):\n%s", name, diff)
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != len(c.want) {
			t.Errorf("%s: ids %q", name, ids)
		}
		if status, a, _ := s.post("/in/"+name, c.body[:len(c.body)-1], bearer); status != http.StatusBadRequest || a.Refused != reasonMalformed {
			t.Errorf("%s: a batch that is cut off: %d %+v", name, status, a)
		}
	}
}

// CloudEvents come in as they are in all content modes, and can be decoded.
func TestCloudEventsOverHTTP(t *testing.T) {
	s := serve(t, splitConfig, nil)
	event := func(id string) string {
		return `{"specversion":"1.0","id":"` + id + `","source":"app","type":"tappa.form.submitted","time":"2026-05-04T09:00:00Z","data":{"form":"f","customer":{"email":"a@b.it"}}}`
	}
	s.post("/in/cloudevents", event("1"), with(bearer, "Content-Type", "application/cloudevents+json"))
	s.post("/in/cloudevents", "["+event("2")+","+event("3")+"]", with(bearer, "Content-Type", "application/cloudevents-batch+json"))
	s.post("/in/cloudevents", `{"form":"f","customer":{"email":"a@b.it"}}`, with(bearer, "Content-Type", "application/json",
		"Ce-Specversion", "1.0", "Ce-Id", "4", "Ce-Source", "app", "Ce-Type", "tappa.form.submitted", "Ce-Time", "2026-05-04T09:00:00Z"))
	s.post("/in/cloudevents", "["+event("5")+"]", map[string]string{"Authorization": "bearer s3cret", "Content-Type": "application/json"})
	d := source.NewDecoder(source.Options{Formats: formats.Formats})
	var ids []string
	for _, m := range s.records(5) {
		rec := source.Record{Value: m.Value}
		for _, h := range m.Headers {
			rec.Headers = append(rec.Headers, source.Header(h))
		}
		in, err := d.Decode(rec)
		if err != nil {
			t.Errorf("%s: %v", m.Value, err)
		}
		ids = append(ids, in.ID)
	}
	slices.Sort(ids)
	if diff := cmp.Diff(ids, []string{"1", "2", "3", "4", "5"}); diff != "" {
		t.Errorf("ids (-got, +want):\n%s", diff)
	}
}

// A browser that posted a form is sent on, and its origin is the configuration's.
func TestForm(t *testing.T) {
	s := serve(t, splitConfig, nil)
	status, _, h := s.post("/in/form", "email=a%40b.it&message=Ciao", map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Referer": "https://example.com/contatti",
	})
	if status != http.StatusSeeOther || h.Get("Location") != "https://example.com/grazie" {
		t.Errorf("%d to %q", status, h.Get("Location"))
	}
	m := s.records(1)[0]
	if headerOf(m, source.HeaderOrigin) != "website" || headerOf(m, "referer") == "" || headerOf(m, source.HeaderReceived) != "2026-05-04T09:30:00Z" {
		t.Errorf("headers %v", m.Headers)
	}
}

// A source with a mapping file needs no format of its own: JSON, lists of it, forms and CSV become events.
func TestMapping(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(path, []byte(`
origin: old-crm
events:
  - when: row["kind"] == "form"
    id: {column: no}
    time: {column: at}
    type: form.submitted
    data: {form: contact, customer: {email: {column: mail}}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "sources: [{name: crm, vendor: mapping, mapping: "+path+", secret_env: SECRET}]\n", nil)
	for _, c := range []struct {
		body, media string
		status      int
		want        answer
	}{
		{`{"kind": "form", "no": 1, "at": "2026-05-04T09:00:00Z", "mail": "a@b.it"}`, "application/json", 200, answer{Accepted: 1}},
		{
			`[{"kind": "form", "no": 2, "at": "2026-05-04T09:00:00Z", "mail": "a@b.it"}, {"kind": "visit"}]`, "application/json",
			200,
			answer{Accepted: 1, NoEvent: 1},
		},
		{"kind=form&no=3&at=2026-05-04T09%3A00%3A00Z&mail=a%40b.it", "application/x-www-form-urlencoded", 200, answer{Accepted: 1}},
		{"kind=form&no=n%E9&at=2026-05-04T09%3A00%3A00Z&mail=a%40b.it", "application/x-www-form-urlencoded", 200, answer{Accepted: 1}},
		{"kind,no,at,mail\nform,4,2026-05-04T09:00:00Z,a@b.it\nform,5,2026-05-04T09:00:00Z,a@b.it\n", "text/csv", 200, answer{Accepted: 2}},
		{`{"kind": "visit"}`, "application/json", 200, answer{NoEvent: 1}},
		{
			`{"kind": "form", "no": 6, "at": "soon", "mail": "a@b.it"}`, "application/json", 422,
			answer{Refused: reasonUnmapped, Detail: `event 1: column "at": "soon" is no time in any of the layouts ["rfc3339" "2006-01-02T15:04:05" "2006-01-02 15:04:05Z07:00" "2006-01-02 15:04:05" "2006-01-02 15:04" "2006-01-02"]`},
		},
	} {
		status, a, _ := s.post("/in/crm", c.body, with(bearer, "Content-Type", c.media))
		if status != c.status || a != c.want {
			t.Errorf("%s: %d %+v, want %d %+v", c.body, status, a, c.status, c.want)
		}
	}
	if n := s.count("no_event_total", "crm"); n != 2 {
		t.Errorf("%v objects became no event, want 2", n)
	}
	posted := false
	for _, m := range s.records(6) {
		if !strings.Contains(string(m.Value), `"source":"old-crm"`) {
			t.Errorf("record %s", m.Value)
		}
		posted = posted || strings.Contains(string(m.Value), `"id":"né"`)
	}
	if !posted {
		t.Error("what a page in Latin 1 posted is not what was typed")
	}
}

// A gateway that was started anew, or another one, gives a request the id it had: what arrives twice is one interaction. A
// form that is posted again much later is another form.
func TestIDsSurvive(t *testing.T) {
	id := func(body string, at time.Time) string {
		c, err := load(t, splitConfig)
		if err != nil {
			t.Fatal(err)
		}
		g, err := New(Options{Config: c, Publisher: &failing{}})
		if err != nil {
			t.Fatal(err)
		}
		s := g.sources["form"]
		return s.id(&request{Request: httptestRequest(""), received: at}, part{value: []byte(body)})
	}
	first := id("email=a@b.it", now)
	if again := id("email=a@b.it", now.Add(time.Minute)); again != first {
		t.Errorf("a copy got another id")
	}
	if id("email=c@b.it", now) == first || id("email=a@b.it", now.Add(time.Hour)) == first {
		t.Error("another form got the same id")
	}
}

// Whatever is posted to whatever source, the answer is one of those that are documented.
func FuzzGateway(f *testing.F) {
	for name := range vendors {
		f.Add(name, "application/json", []byte(`[{"a": 1}]`))
		f.Add(name, "application/x-www-form-urlencoded", []byte("a=b"))
	}
	f.Fuzz(func(t *testing.T, name, media string, body []byte) {
		r := &request{Request: httptestRequest(media), body: body, received: now}
		s := &gate{Source: Source{Name: name, Vendor: name}, vendor: vendorOf(name)}
		if signed := s.vendor.signed; signed != nil {
			if s.vendor.stamp != nil {
				r.stamp = s.vendor.stamp(r)
			}
			if signed(r, []byte("s3cret")) {
				t.Fatalf("%s: %q is signed", name, body)
			}
		}
		parts, err := s.split(r)
		if err != nil {
			return
		}
		for _, p := range parts {
			if m := s.message(r, p); len(m.Key) == 0 {
				t.Fatalf("no key: %+v", m)
			}
		}
	})
}

func httptestRequest(media string) *http.Request {
	r, _ := http.NewRequest(http.MethodPost, "https://hooks.example.com/in/x", nil)
	r.Header.Set("Content-Type", media)
	return r
}
