package sentiment

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// How an answer of Cut compares with what a reply parser's authors expect. Cut goes further than they do in two
// things, by intent: the closing formula goes, and so do quotes that stand above or between what was written.
const (
	same    = "same"
	closing = "same but for the closing formula"
	quotes  = "same but for quotes"
	wrong   = "wrong"
)

// compare tells how got, what Cut left of a mail, compares with what was wanted; both as words.
func compare(got, want string) string {
	fields := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	unquoted := func(s string) string {
		var out strings.Builder
		for line := range strings.Lines(s) {
			if !strings.HasPrefix(strings.TrimSpace(line), ">") {
				out.WriteString(line)
			}
		}
		return out.String()
	}
	g, w := fields(got), fields(want)
	switch {
	case g == w:
		return same
	case g == fields(unquoted(want)):
		return quotes
	case w != g && g != "" && strings.HasPrefix(fields(unquoted(want)), g) &&
		matches(closings, strings.TrimSpace(fields(unquoted(want))[len(g):])):
		return closing
	}
	return wrong
}

// tally counts results of a set and fails for those that are wrong and not expected to be.
type tally struct {
	counts map[string]int
	n      int
}

func (c *tally) add(t *testing.T, file, got, want string, known []string) {
	t.Helper()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.n++
	r := compare(got, want)
	c.counts[r]++
	if (r == wrong) != slices.Contains(known, file) {
		t.Errorf("%s: %s (known to be wrong: %v)\ngot  %q\nwant %q", file, r, known, got, want)
	}
}

// parsers returns the folder of the reply parsers' fixtures, which are too many to carry along.
func parsers(t *testing.T) string {
	dir := os.Getenv("TAPPA_SHARED_DATA")
	if dir == "" {
		t.Skip("TAPPA_SHARED_DATA names no folder with mail/parsers")
	}
	return filepath.Join(dir, "mail", "parsers")
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestCutTrimmer holds Cut to the mails of discourse/email_reply_trimmer, in all languages.
func TestCutTrimmer(t *testing.T) {
	dir := filepath.Join(parsers(t), "email_reply_trimmer", "test")
	files, err := filepath.Glob(filepath.Join(dir, "emails", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	// A mail that only forwards says nothing of who forwards it; a Russian attribution has a form of its own.
	known := []string{"forwarded_message.txt", "embedded_email_russian_1.txt"}
	var c tally
	for _, f := range files {
		base := filepath.Base(f)
		c.add(t, base, Cut(readFile(t, f)), readFile(t, filepath.Join(dir, "trimmed", base)), known)
	}
	t.Logf("email_reply_trimmer: %d mails, %v", c.n, c.counts)
}

// replyParser tells where the visible text of the mails of github/email_reply_parser ends, by the beginning of the first
// line that its tests do not show; "" is the end of the mail. Lines quoted above are left out.
var replyParser = map[string]string{
	"correct_sig": "-- ", "email_1_1": "-Abhishek", "email_1_2": "____", "email_1_3": "-Abhishek", "email_1_4": "On ",
	"email_1_5": "", "email_1_6": "Sent from", "email_1_7": "On Tue", "email_1_8": "--", "email_2_1": " ----", "email_2_2": "____",
	"email_2_3": "From:", "email_BlackBerry": "Sent from", "email_iPhone": "Sent from", "email_bullets": "On Fri",
	"email_multi_word_sent_from_my_mobile_device": "Sent from", "email_one_is_not_on": "On Oct",
	"email_sent_from_my_not_signature": "", "email_sig_delimiter_in_middle_of_line": "", "greedy_on": "On 9", "pathological": "On Dec",
}

// TestCutReplyParser holds Cut to the mails of github/email_reply_parser.
func TestCutReplyParser(t *testing.T) {
	dir := filepath.Join(parsers(t), "email_reply_parser", "test", "emails")
	var c tally
	for name, end := range replyParser {
		text := readFile(t, filepath.Join(dir, name+".txt"))
		var want strings.Builder
		for line := range strings.Lines(text) {
			if end != "" && strings.HasPrefix(line, end) {
				break
			}
			if !strings.HasPrefix(line, ">") && !strings.HasSuffix(strings.TrimSpace(line), "wrote:") {
				want.WriteString(line)
			}
		}
		c.add(t, name, Cut(text), want.String(), nil)
	}
	t.Logf("email_reply_parser: %d mails, %v", c.n, c.counts)
}

// TestCutTalon holds Cut to the replies of mailgun/talon, all of which say "Hello".
func TestCutTalon(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(parsers(t), "talon", "tests", "fixtures", "standard_replies", "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	var c tally
	for _, f := range files {
		c.add(t, filepath.Base(f), Cut(plainText(t, readFile(t, f))), "Hello", nil)
	}
	t.Logf("talon replies: %d mails, %v", c.n, c.counts)
}

// TestCutSignatures holds Cut to the signatures of mailgun/talon.
func TestCutSignatures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(parsers(t), "talon", "tests", "fixtures", "signature", "emails", "stripped", "*_body"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	var c tally
	for _, f := range files {
		// talon's own marks of a signature are no text of a mail.
		clean := func(s string) string { return strings.ReplaceAll(s, "#sig#", "") }
		body := clean(readFile(t, f))
		signature := strings.TrimSpace(clean(readFile(t, strings.TrimSuffix(f, "_body")+"_signature")))
		c.add(t, filepath.Base(f), Cut(body), strings.TrimSuffix(strings.TrimSpace(body), signature), nil)
	}
	t.Logf("talon signatures: %d mails, %v", c.n, c.counts)
}

// plainText returns the first text/plain part of a mail.
func plainText(t *testing.T, raw string) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	body, encoding := m.Body, m.Header.Get("Content-Transfer-Encoding")
	if strings.HasPrefix(kind, "multipart/") {
		part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, encoding = part, part.Header.Get("Content-Transfer-Encoding")
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
