package mail

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told is what a reader says of a message.
type told struct {
	Key         string   `json:"key"`
	ID          string   `json:"id"`
	From        string   `json:"from"`
	Date        *int64   `json:"date"`
	Subject     string   `json:"subject"`
	References  []string `json:"references"`
	InReplyTo   []string `json:"in_reply_to"`
	Attachments int      `json:"attachments"`
	Thread      string   `json:"thread"`
	Odd         []string `json:"odd"`
}

// python runs the reference.
func python(t *testing.T, args ...string) []told {
	t.Helper()
	command, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("TAPPA_REQUIRE_PARTS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), command, append([]string{"testdata/reference.py"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var all []told
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var m told
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// own reads a mailbox with this package.
func own(t *testing.T, path string) []told {
	t.Helper()
	var all []told
	threads := NewThreads()
	for raw, err := range each([]string{path}) {
		if err != nil {
			t.Fatal(err)
		}
		m, root, err := parse(raw.Bytes) // what a message says, before it is judged
		if err != nil {
			t.Logf("%s:%d: %v", raw.name, raw.Line, err)
			m, root = &Message{}, &part{}
		}
		r := told{ID: m.ID, Subject: m.Subject, References: m.References, InReplyTo: m.InReplyTo, Attachments: m.Attachments}
		if r.Key = m.ID; r.Key == "" {
			r.Key = fmt.Sprintf("#%d", len(all))
		}
		if len(m.From) > 0 {
			r.From = m.From[0].Email
		}
		if date := parseDate(root.header.get("date")); !date.IsZero() {
			at := date.Unix()
			r.Date = &at
		}
		m.ThreadIndex = "" // Python is not told of it
		threads.Add(m, r.Key)
		all = append(all, r)
	}
	for i := range all {
		all[i].Thread = threads.Thread(all[i].Key)
	}
	return all
}

// groups returns which messages are of one thread, whatever the threads are called.
func groups(all []told) [][]string {
	by := map[string][]string{}
	for _, m := range all {
		by[m.Thread] = append(by[m.Thread], m.Key)
	}
	var out [][]string
	for _, g := range by {
		slices.Sort(g)
		out = append(out, g)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// TestPythonAgrees holds the reader to Python's mailbox and email: on a corpus of mails (see NOTICE), on the same as
// Python writes it into a Maildir and an mbox, and on made-up threads. TAPPA_MAILBOXES may name a folder of further
// mailboxes. (Debian's source package of notmuch has 210 mails of the Linux kernel's list in test/corpora/lkml.)
func TestPythonAgrees(t *testing.T) {
	const corpus = "testdata/mails.mbox"
	copied := filepath.Join(t.TempDir(), "copy")
	python(t, "copy", corpus, copied)
	boxes := []string{corpus, copied, copied + ".mbox", madeUp(t)}
	if dir := os.Getenv("TAPPA_MAILBOXES"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(more) == 0 {
			t.Fatalf("TAPPA_MAILBOXES: nothing in %s: %v", dir, err)
		}
		boxes = append(boxes, more...)
	}
	for _, box := range boxes {
		t.Run(filepath.Base(box), func(t *testing.T) { agrees(t, box) })
	}
}

// madeUp writes an mbox of talks: replies that name all before them, only the last, or only some, in any order.
func madeUp(t *testing.T) string {
	r := rand.New(rand.NewPCG(7, 11))
	var mails []string
	for talk := range 60 {
		var ids []string
		for n := range 1 + r.IntN(8) {
			id := fmt.Sprintf("<%d.%d@example.com>", talk, n)
			head := fmt.Sprintf("From: p%d@example.com\nSubject: talk %d\nDate: Tue, 3 Mar 2026 10:%02d:00 +0100\nMessage-ID: %s\n", r.IntN(9), talk, n, id)
			if n > 0 {
				switch r.IntN(3) {
				case 0:
					head += "References: " + strings.Join(ids, "\n ") + "\n"
				case 1:
					head += "In-Reply-To: " + ids[r.IntN(n)] + "\n"
				default:
					head += "References: " + strings.Join(ids[r.IntN(n):], " ") + "\nIn-Reply-To: " + ids[n-1] + "\n"
				}
			}
			ids = append(ids, id)
			mails = append(mails, "From x@example.com Tue Mar  3 10:00:00 2026\n"+head+"\nHello.\n>From here on it is a body.\n\n")
		}
	}
	r.Shuffle(len(mails), func(i, j int) { mails[i], mails[j] = mails[j], mails[i] })
	path := filepath.Join(t.TempDir(), "talks.mbox")
	if err := os.WriteFile(path, []byte(strings.Join(mails, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func agrees(t *testing.T, box string) {
	kind := "mbox"
	if info, err := os.Stat(box); err != nil {
		t.Fatal(err)
	} else if info.IsDir() {
		kind = "maildir"
	}
	want, got := python(t, kind, box), own(t, box)
	if len(got) != len(want) {
		t.Fatalf("%d messages, Python finds %d", len(got), len(want))
	}
	differ, broken := 0, 0
	for i := range want {
		if brokenHeader(want[i].Odd) { // where the body begins is a matter of opinion
			broken++
			want[i].Key, got[i].Key, want[i].Thread, got[i].Thread = "", "", "", ""
			continue
		}
		w, g := want[i], got[i]
		w.Thread, g.Thread, w.Odd = "", "", nil
		w.Subject, g.Subject = clipText(oneLine(w.Subject), 200), clipText(g.Subject, 200)
		if strings.Contains(w.Subject, "\ufffd") || strings.HasPrefix(w.Subject, "=?") { // raw bytes and charsets that Python gives up on
			w.Subject = g.Subject
		}
		if w.Date == nil { // forms that Python does not read
			g.Date = nil
		}
		if d := cmp.Diff(g, w, cmp.Comparer(func(a, b []string) bool { return slices.Equal(a, b) })); d != "" {
			differ++
			t.Errorf("message %d (-got, +want):\n%s", i, d)
		}
	}
	if d := cmp.Diff(groups(got), groups(want)); d != "" {
		t.Errorf("threads (-got, +want):\n%s", d)
	}
	t.Logf("%d messages, %d threads, %d differ; %d broken headers left out", len(got), len(groups(got)), differ, broken)
}

// brokenHeader tells that Python finds a header broken.
func brokenHeader(odd []string) bool {
	return slices.ContainsFunc(odd, func(d string) bool {
		return d == "FirstHeaderLineIsContinuationDefect" || d == "MissingHeaderBodySeparatorDefect"
	})
}
