package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const mailJourney = `journey: shop
labels: {it: Negozio, en: Shop}
time_zone: Europe/Rome
default_country: IT
company: {domains: [example.it]}
stages:
  - {id: contact, labels: {it: Contatto, en: Contact}, silence: 30d}
touchpoints:
  - {id: sales, labels: {it: Vendite, en: Sales}, channels: [email], stages: [contact]}
rules:
  - {name: mail to sales, source: email, when: 'to == "vendite@example.it"', touchpoint: sales}
  - {name: mail of sales, source: email, when: 'from == "vendite@example.it"', touchpoint: sales}
`

// TestImportMail imports an mbox and a Maildir that have a mail in common, as a user does: the answer stands before its
// question and names it by In-Reply-To alone, yet ends its wait; mails within the company are left out.
func TestImportMail(t *testing.T) {
	dir := t.TempDir()
	journeyFile := write(t, filepath.Join(dir, "journey.yaml"), mailJourney)
	mail := func(from, to, id, more, date, text string) string {
		return fmt.Sprintf("From: %s\nTo: %s\nMessage-ID: <%s>\n%sDate: Tue, 3 Mar 2026 %s +0100\nSubject: pressa\n\n%s\n", from, to, id, more, date, text)
	}
	question := mail("anna@rossi.it", "vendite@example.it", "q", "", "09:00:00", "La pressa non funziona, sono furiosa!")
	answer := mail("vendite@example.it", "anna@rossi.it", "a", "In-Reply-To: <q>\n", "10:30:00", "Arriviamo domani.")
	again := mail("anna@rossi.it", "vendite@example.it", "q2", "In-Reply-To: <a>\n", "12:00:00", "Grazie, ottimo servizio!\n\nIl 3/3/2026 Vendite ha scritto:\n> La pressa non funziona, sono furiosa!")
	inside := mail("mario@example.it", "vendite@example.it", "i", "", "12:10:00", "Pranzo?")
	const from = "From x@example.it Tue Mar  3 10:12:00 2026\n"
	mbox := write(t, filepath.Join(dir, "in.mbox"), from+answer+"\n"+from+question+"\n"+from+inside+"\n"+from+"To: nobody\n\nno sender\n")
	write(t, filepath.Join(dir, "Maildir", "cur", "1:2,S"), question)
	write(t, filepath.Join(dir, "Maildir", ".Sent", "cur", "2:2,S"), again)

	data := filepath.Join(dir, "data")
	out, errs, code := tappa(t, "", "import", "--data", data, "--journey", journeyFile, "--format", "mbox", mbox)
	want := mbox + `:30: column "From": missing, expected who wrote
rows      2 published, 1 could not be mapped
          left out: mail within the company                  1
records   2 read = 2 new + 0 copies + 0 dead + 0 filtered
stored    2 interactions, 0 of them unmapped
`
	if d := cmp.Diff(out, want); d != "" || code != 1 {
		t.Errorf("exit code %d, %s (-got, +want):\n%s", code, errs, d)
	}
	out = mustTappa(t, "import", "--data", data, "--format", "maildir", filepath.Join(dir, "Maildir"))
	if !strings.Contains(out, "records   2 read = 1 new + 1 copy + 0 dead + 0 filtered") {
		t.Errorf("a mail that is in both is not one:\n%s", out)
	}
	timing := rows(t, data, "timing", "--as-of", "2026-03-04")
	if len(timing) != 1 || fmt.Sprint(timing[0]["wait_n"], timing[0]["wait_p50_s"], timing[0]["wait_waiting"]) != "1 5400 1" {
		t.Errorf("one wait of 90 minutes and one that goes on: %v", timing)
	}
}

// write writes a file, and the folders it is in, and returns its path.
func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
