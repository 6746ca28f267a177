package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErase erases one of two persons, looks whether anything of her is left, and has her file come in again.
func TestErase(t *testing.T) {
	dir := t.TempDir()
	events, file, data := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "journey.yaml"), filepath.Join(dir, "data")
	alone := strings.ReplaceAll(strings.ReplaceAll(familyEvents, `"phone":"+39 333 1234567","cookie":"c1"`, `"phone":"+39 333 1234567","cookie":"c-her-own"`),
		`"email":"bruno@example.com","phone":"+39 333 1234567"}`, `"email":"bruno@example.com"}`)
	alone = strings.ReplaceAll(alone, "Vorrei un catalogo", "Come anna@example.com vorrei un catalogo")
	for path, text := range map[string]string{events: alone, file: mustTappa(t, "template", "machinery")} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	imported := []string{"import", "--data", data, "--journey", file, "--format", "jsonl", events}
	mustTappa(t, imported...)
	before := mustTappa(t, "report", "dropoff", "--data", data)
	for _, c := range []struct {
		code int
		args []string
		says []string
	}{
		{exitUsage, []string{"--data", data}, []string{"name whom to erase"}},
		{exitUsage, []string{"anna@example.com", "--yes", "--data", data}, []string{"--by and --reference"}},
		{exitUsage, []string{"anna@example.com", "--list", "--format", "xml", "--data", data}, []string{"--list takes no key", "table and json"}},
		{exitFailed, []string{"nobody@example.com", "--data", data}, []string{"no such contact key"}},
		{exitDone, []string{"--list", "--data", data}, []string{"nobody was erased"}},
		{exitDone, []string{"Anna@example.com", "--data", data}, []string{
			"persons would be erased: 1, known by 3 keys", "email:a…@example.com", "1 records", "nothing was erased: say --yes",
		}},
		{exitDone, []string{"333 1234567", "--by", "Mara", "--reference", "request 7", "--yes", "--data", data}, []string{
			"persons erased: 1", "1 records", "no row is left", "named still, by others: 1 rows, arrivals.`payload`", "records.`text`",
			"in Kafka still: 1 records of topic tappa.interactions; it keeps them for good",
		}},
		{exitFailed, []string{"anna@example.com", "--data", data}, []string{"no such contact key"}},
		{exitDone, []string{"--list", "--data", data}, []string{"Mara", "request 7", "true"}},
		{exitDone, []string{"--list", "--format", "json", "--data", data}, []string{`"records": 1`}},
	} {
		out, errOut, code := tappa(t, "", append([]string{"erase"}, c.args...)...)
		out = strings.Join(strings.Fields(out+errOut), " ")
		if code != c.code {
			t.Errorf("%v: exit code %d, want %d: %s", c.args, code, c.code, out)
		}
		for _, says := range c.says {
			if !strings.Contains(out, says) {
				t.Errorf("%v: no %q in %s", c.args, says, out)
			}
		}
	}
	if after := mustTappa(t, "report", "dropoff", "--data", data); after == before {
		t.Errorf("the drop-off is what it was:\n%s", after)
	}
	if again := mustTappa(t, imported...); !strings.Contains(again, "0 new") {
		t.Errorf("her file came in again:\n%s", again)
	}
	if got := strings.Join(strings.Fields(mustTappa(t, "verify", "--data", data)), " "); !strings.Contains(got, "all 6 2 2 0 1 1 0 0 0") {
		t.Errorf("want 2 stored, 2 copies of them, 1 filtered and 1 erased:\n%s", got)
	}
}
