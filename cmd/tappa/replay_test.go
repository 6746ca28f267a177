package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplayAndVerify imports calls with national numbers under a journey without a country, gives the journey its
// country, and replays.
func TestReplayAndVerify(t *testing.T) {
	dir := t.TempDir()
	data, file, events := filepath.Join(dir, "data"), filepath.Join(dir, "journey.yaml"), filepath.Join(dir, "events.jsonl")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	event := func(id, customer string) string {
		return `{"specversion":"1.0","id":"` + id + `","source":"pbx","type":"tappa.call.held","time":"2026-03-02T09:00:00Z","data":{"direction":"inbound","customer":` + customer + "}}\n"
	}
	template, errOut, code := tappa(t, "", "template", "machinery")
	if code != exitDone {
		t.Fatal(errOut)
	}
	country := "default_country: IT"
	if !strings.Contains(template, country) {
		t.Fatalf("the template does not say %q", country)
	}
	write(file, strings.Replace(template, country, "default_country: \"\"", 1))
	write(events, event("1", `{"phone":"02 5555 0001"}`)+event("2", `{"email":"a@example.com"}`)+event("3", `{"phone":"02 5555 0003"}`)+event("4", `{"name":"nobody"}`))
	expect := func(wantCode int, args []string, want ...string) {
		t.Helper()
		out, errOut, code := tappa(t, "", args...)
		out += errOut
		for _, w := range want {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), w) {
				t.Errorf("tappa %s: %q is not in\n%s", strings.Join(args, " "), w, out)
			}
		}
		if code != wantCode {
			t.Errorf("tappa %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, wantCode, out)
		}
	}
	imported := []string{"import", "--data", data, "--journey", file, "--format", "jsonl", events}
	expect(exitDone, imported, "4 read = 1 new + 0 copies + 3 dead")
	expect(exitDone, []string{"replay", "--data", data, "--dry-run"}, "missing-key 3 0 0 0 3 0 0", "3 would fail again")
	write(file, template)
	write(events, event("5", `{"email":"b@example.com"}`))
	expect(exitDone, imported, "1 new") // brings the new journey in
	expect(exitDone, []string{"replay", "--data", data, "--dry-run"}, "would be replayed", "missing-key 3 2 0 0 1 0 0")
	expect(exitDone, []string{"replay", "--data", data, "--reason", "missing-key"}, "missing-key 3 2 0 0 1 0 0", "2 collected: 2 stored, 0 dead again")
	expect(exitDone, []string{"replay", "--data", data}, "missing-key 3 0 2 0 1 0 0")
	expect(exitDone, []string{"replay", "--data", data, "--set", "data.customer.email=c@example.com"}, "missing-key 3 1 2 0 0 0 0", "1 stored")
	expect(exitDone, []string{"verify", "--data", data}, "all 8 5 0 3 0 0 0 0 0", "dead: missing-key 3", "every record is accounted for")
	expect(exitDone, []string{"verify", "--data", data, "--format", "json"}, `"stored": 5`)
	expect(exitUsage, []string{"replay", "--data", data, "--reason", "bad", "--since", "x", "--set", "y"}, "the reasons are", "--since", "--set")
	expect(exitFailed, []string{"verify", "--data", filepath.Join(dir, "none")}, "no tappa data")
}
