package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// familyEvents are a father and a daughter who share a phone, and an old visit of hers.
const familyEvents = `{"specversion":"1.0","id":"1","source":"site","type":"tappa.web.visited","time":"2026-03-01T09:00:00Z","data":{"page":"/machines","customer":{"cookie":"c1"}}}
{"specversion":"1.0","id":"2","source":"site","type":"tappa.form.submitted","time":"2026-03-02T09:00:00Z","data":{"form":"contact","customer":{"email":"Anna@Example.com","phone":"+39 333 1234567","cookie":"c1"},"message":"Quanto costa?"}}
{"specversion":"1.0","id":"3","source":"site","type":"tappa.form.submitted","time":"2026-03-03T09:00:00Z","data":{"form":"contact","customer":{"email":"bruno@example.com","phone":"+39 333 1234567"},"message":"Vorrei un catalogo"}}
`

// TestIdentityAndDiscover proposes a journey from a file, imports the file with it, proposes again from Kafka, and looks up, parts and
// joins the two persons of one phone.
func TestIdentityAndDiscover(t *testing.T) {
	dir := t.TempDir()
	events, journeyFile, data := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "journey.yaml"), filepath.Join(dir, "data")
	if err := os.WriteFile(events, []byte(familyEvents), 0o600); err != nil {
		t.Fatal(err)
	}
	mustTappa(t, "discover", "--out", journeyFile, events)
	mustTappa(t, "check", journeyFile)
	if _, stderr, code := tappa(t, "", "discover", "--out", journeyFile, events); code != 1 || !strings.Contains(stderr, "is there already") {
		t.Errorf("a second time: code %d, %s", code, stderr)
	}
	if _, stderr, code := tappa(t, "", "discover", "--format", "doc", events); code != 2 || !strings.Contains(stderr, "csv") {
		t.Errorf("an unknown format: code %d, %s", code, stderr)
	}
	mustTappa(t, "import", "--data", data, "--journey", journeyFile, "--format", "jsonl", events)
	if again := mustTappa(t, "discover", "--data", data); !strings.Contains(again, "3 interactions of 1 person ") || !strings.Contains(again, "tag 3 of them") {
		t.Errorf("from Kafka:\n%s", again)
	}
	if _, stderr, code := tappa(t, "", "kpi", "--data", data); code != 0 || !strings.Contains(stderr, "journey discovered names no KPIs") {
		t.Errorf("KPIs of a journey that has none: code %d, %s", code, stderr)
	}
	unusable := "kpis:\n  - {id: several, labels: {it: Entrati, en: Entered}, view: dropoff, metric: entered}\n  - {id: one, labels: {it: Casi, en: Cases}, view: durations, metric: n}\n"
	appendTo(t, journeyFile, unusable)
	mustTappa(t, "import", "--data", data, "--journey", journeyFile, "--format", "jsonl", events)
	if out, stderr, code := tappa(t, "", "kpi", "--data", data); code != 1 || !strings.Contains(out, "Cases") || !strings.Contains(stderr, "kpi several") {
		t.Errorf("a KPI that is several numbers beside one that is one: code %d, %s%s", code, out, stderr)
	}
	out, stderr, code := tappa(t, "", "kpi", "--data", data, "--before", "2026-03-01..2026-03-02", "--after", "2026-03-02..2026-03-05")
	if code != 1 || !strings.Contains(out, "Cases") || strings.Count(stderr, "kpi several") != 1 {
		t.Errorf("the same, compared: code %d, %s%s", code, out, stderr)
	}
	identity := func(args ...string) string {
		return mustTappa(t, append(append([]string{"identity"}, args...), "--data", data)...)
	}
	for _, c := range []struct {
		says []string
		args []string
	}{
		{[]string{"person email:anna@example.com", "cookie:c1", "email:bruno@example.com", "phone:+393331234567", "form.submitted"}, []string{"show", "333 1234567"}},
		{[]string{"two persons now", "email:bruno@example.com"}, []string{"unlink", "anna@example.com", "bruno@example.com", "--by", "Mara", "--why", "father and daughter"}},
		{[]string{"person email:bruno@example.com", "elsewhere", "Mara: father and daughter"}, []string{"show", "bruno@example.com"}},
		{[]string{"different", "father and daughter"}, []string{"statements"}},
		{[]string{"one person now"}, []string{"undo", "anna@example.com", "bruno@example.com", "--by", "Mara"}},
		{[]string{"no contact key is shared"}, []string{"shared"}},
		{[]string{`"person": "email:a…@example.com"`}, []string{"show", "anna@example.com", "--format", "json", "--mask"}},
	} {
		got := identity(c.args...)
		for _, says := range c.says {
			if !strings.Contains(got, says) {
				t.Errorf("%v: no %q in\n%s", c.args, says, got)
			}
		}
	}
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{1, "no such contact key", []string{"show", "nobody@example.com", "--data", data}},
		{2, "--why", []string{"link", "a", "b", "--by", "Mara", "--data", data}},
		{2, "--by", []string{"link", "a", "b", "--why", "x", "--data", data}},
		{2, "accepts 1 arg", []string{"show", "--data", data}},
		{2, "table and json", []string{"shared", "--format", "xml", "--data", data}},
	} {
		if _, stderr, code := tappa(t, "", append([]string{"identity"}, c.args...)...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: code %d, %s", c.args, code, stderr)
		}
	}
}

func appendTo(t *testing.T, file, text string) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(before, text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
