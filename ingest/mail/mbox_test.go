package mail

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMbox reads the same messages in every way of writing an mbox.
func TestMbox(t *testing.T) {
	body := "From here on,\n>From there,\n\nFrom the sea\n"
	head := "From: a@b.it\nSubject: x\n"
	sep := "From a@b.it Tue Mar  3 10:12:00 2026\n"
	quote := func(all bool) string {
		var b strings.Builder
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, "From ") || all && strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
				b.WriteString(">")
			}
			b.WriteString(line)
		}
		return b.String()
	}
	withLength := func(b string) string { return fmt.Sprintf("%sContent-Length: %d\n", head, len(b)) }
	cl2 := body + "\n" + sep + "no separator\n"
	for _, c := range []struct {
		name, mbox, want string
		n                int
	}{
		{"mboxrd", sep + head + "\n" + quote(true) + "\n" + sep + head + "\nciao\n", body, 2},
		{"mboxo", sep + head + "\n" + quote(false) + "\n" + sep + head + "\nciao\n", strings.Replace(body, ">From", "From", 1), 2},
		{"unescaped", sep + head + "\n" + body + "\n" + sep + head + "\nciao\n", strings.Replace(body, ">From", "From", 1), 2},
		{"mboxcl2", sep + withLength(cl2) + "\n" + cl2 + "\n" + sep + head + "\nciao\n", cl2, 2},
		{"mboxcl2 at the end", sep + withLength(cl2) + "\n" + cl2, cl2, 1},
		{"wrong length", sep + head + "Content-Length: 7\n\n" + quote(true) + "\n" + sep + head + "\nciao\n", body, 2},
		{"length beyond the end", sep + head + "Content-Length: 99999\n\n" + quote(true) + "\n" + sep + head + "\nciao\n", body, 2},
		{"crlf", strings.ReplaceAll(sep+head+"\n"+quote(true)+"\n"+sep+head+"\nciao\n", "\n", "\r\n"), strings.ReplaceAll(body, "\n", "\r\n"), 2},
		{"zones and years", "From x  Tue Mar  3 10:12 2026\n" + head + "\n" + body + "\nFrom - Tue Mar 03 10:12:00 +0100 2026\n" + head + "\nciao", strings.Replace(body, ">From", "From", 1), 2},
	} {
		var bodies []string
		for raw, err := range Mbox(strings.NewReader(c.mbox)) {
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if raw.Time.IsZero() || raw.Line < 2 {
				t.Errorf("%s: time %v, line %d", c.name, raw.Time, raw.Line)
			}
			_, b := readHeader(raw.Bytes, nil)
			bodies = append(bodies, string(b))
		}
		if len(bodies) != c.n {
			t.Errorf("%s: %d messages, want %d: %q", c.name, len(bodies), c.n, bodies)
			continue
		}
		if d := cmp.Diff(strings.TrimRight(bodies[0], "\r\n"), strings.TrimRight(c.want, "\r\n")); d != "" {
			t.Errorf("%s (-got, +want):\n%s", c.name, d)
		}
	}
	for _, bad := range []string{"ciao\n", "{\"json\": 1}"} {
		for _, err := range Mbox(strings.NewReader(bad)) {
			if err == nil {
				t.Errorf("%q is read as an mbox", bad)
			}
		}
	}
}

// TestMaildir lists what is to be read of folders, in whatever way they are laid out.
func TestMaildir(t *testing.T) {
	root := t.TempDir()
	for _, f := range []string{"cur/2:2,S", "new/1", "tmp/3", ".Sent/cur/4:2,S", "Archive/new/5", "dovecot.index", "cur/.hidden"} {
		path := filepath.Join(root, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("From: a@b.it\n\nciao"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Maildir(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i], _ = filepath.Rel(root, files[i])
	}
	if d := cmp.Diff(files, []string{".Sent/cur/4:2,S", "Archive/new/5", "cur/2:2,S", "new/1"}); d != "" {
		t.Errorf("(-got, +want):\n%s", d)
	}
	if _, err := Maildir(filepath.Join(root, "tmp")); err == nil {
		t.Error("a folder without messages is read as a Maildir")
	}
}

// FuzzMbox holds Mbox to return every line of a file once, less separators and the marks of "From ".
func FuzzMbox(f *testing.F) {
	f.Add([]byte("From a Tue Mar  3 10:12:00 2026\nContent-Length: 5\n\nciao\n\nFrom b Tue Mar  3 10:12:00 2026\n\n>From\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		for raw, err := range Mbox(bytes.NewReader(b)) {
			if err != nil {
				return
			}
			total += len(raw.Bytes)
		}
		if total > len(b) {
			t.Fatalf("%d bytes of %d", total, len(b))
		}
	})
}

// TestLargeMboxInBoundedMemory reads an mbox of 100 MB, of which two mails alone have more than MaxMessage, and looks at the
// heap after every mail.
func TestLargeMboxInBoundedMemory(t *testing.T) {
	line := strings.Repeat("QUJD", 19) + "\n"
	mail := func(i, size int) io.Reader {
		head := fmt.Sprintf("From a@b.it Tue Mar  3 10:12:00 2026\nFrom: a@b.it\nMessage-ID: <%d@b.it>\nContent-Type: multipart/mixed; boundary=b\n\n"+
			"--b\n\nciao\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n", i)
		return io.MultiReader(strings.NewReader(head), io.LimitReader(&repeated{text: line}, int64(size/len(line)*len(line))), strings.NewReader("--b--\n\n"))
	}
	var parts []io.Reader
	for i := range 60 {
		parts = append(parts, mail(i, 300<<10))
	}
	parts = append(parts, mail(60, MaxMessage+(8<<20)), mail(61, MaxMessage+(8<<20)), mail(62, 1000))
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	before, most, n := stats.HeapAlloc, uint64(0), 0
	for raw, err := range Mbox(io.MultiReader(parts...)) {
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(raw.Bytes)
		if err != nil || m.ID != fmt.Sprintf("%d@b.it", n) || m.Text != "ciao" || m.Attachments != 1 {
			t.Fatalf("mail %d: %v, %+v", n, err, m)
		}
		n++
		runtime.ReadMemStats(&stats)
		most = max(most, stats.HeapAlloc)
	}
	if n != 63 {
		t.Errorf("%d mails", n)
	}
	// The mail that is held, the buffer it outgrew, and what the collector has not come to yet.
	if limit := before + 4*MaxMessage; most > limit {
		t.Errorf("%d MB of heap", most>>20)
	}
}

// repeated reads as a text without end.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		k := copy(b[n:], r.text[r.at:])
		n += k
		r.at = (r.at + k) % len(r.text)
	}
	return n, nil
}
