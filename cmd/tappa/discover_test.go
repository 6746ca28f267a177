package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// deskTickets are an export of Zendesk's: a ticket that was solved, and one that was deleted.
const deskTickets = `{"id": 1, "subject": "Forno", "description": "Non scalda", "status": "solved", "group": {"name": "Assistenza"}, "created_at": "2026-01-20 22:55:29", "updated_at": "2026-01-21T10:38:52Z", "requester": {"id": 7, "email": "anna@acme.it"}, "comments": [{"id": 2, "created_at": "2026-01-21T09:00:00Z", "body": "Arriviamo", "author": {"id": 9, "name": "Mario"}}]}
{"id": 2, "status": "deleted", "created_at": "2026-01-20T22:55:29Z", "requester": {"id": 7, "email": "anna@acme.it"}}
`

// TestDiscoverHelpDesk proposes a journey from a help desk's export as it is, and imports the export with what was proposed.
func TestDiscoverHelpDesk(t *testing.T) {
	dir := t.TempDir()
	tickets, journeyFile := filepath.Join(dir, "tickets.json"), filepath.Join(dir, "journey.yaml")
	if err := os.WriteFile(tickets, []byte(deskTickets), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := tappa(t, "", "discover", "--format", "zendesk", "--time-zone", "Asia/Tokyo", "--out", journeyFile, tickets)
	for _, says := range []string{"3 interactions; the proposed rules tag 3 of them", "deleted ticket                           1"} {
		if code != 0 || !strings.Contains(stderr, says) {
			t.Errorf("code %d, no %q in\n%s", code, says, stderr)
		}
	}
	text, err := os.ReadFile(journeyFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{"case: {per: thread", "Help desk: Assistenza", "type: ticket.solved", "1 conversation from 2026-01-20 to 2026-01-21"} {
		if !strings.Contains(string(text), says) {
			t.Errorf("no %q in\n%s", says, text)
		}
	}
	mustTappa(t, "check", journeyFile)
	if dry := mustTappa(t, "import", "--dry-run", "--format", "zendesk", "--journey", journeyFile, tickets); !strings.Contains(dry, "from 2026-01-20T13:55:29Z") {
		t.Errorf("a time without offset is not read in the proposal's zone:\n%s", dry)
	}
}

// TestDiscoverOptions says what is wrong with the command before anything is read.
func TestDiscoverOptions(t *testing.T) {
	dir := t.TempDir()
	plain, tickets := filepath.Join(dir, "plain.csv"), filepath.Join(dir, "tickets.json")
	for path, text := range map[string]string{plain: "a,b\n1,2\n", tickets: deskTickets} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, `unknown country "Italy"; use its ISO 3166-1 code`, []string{"--country", "Italy", plain}},
		{2, `unknown time zone "Rome"; use an IANA name`, []string{"--time-zone", "Rome", "--data", dir}},
		{2, `"My journey" cannot be an id`, []string{"--journey", "My journey", plain}},
		{2, "--stages 0: there must be one at least", []string{"--stages", "0", plain}},
		{2, "--stages -3: there must be one at least", []string{"--stages", "-3", plain}},
		{1, "--mapping FILE says what its columns mean", []string{plain}},
		{1, "zendesk are read without --mapping", []string{"--format", "zendesk", "--mapping", plain, tickets}},
		{2, "chatwoot, csv, freshdesk, jsonl, xes, zammad, zendesk", []string{tickets}},
	} {
		_, stderr, code := tappa(t, "", append([]string{"discover"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.says) || strings.Contains(stderr, "should not happen") {
			t.Errorf("discover %v: code %d, %s; want %d, %q", c.args, code, stderr, c.code, c.says)
		}
	}
}
