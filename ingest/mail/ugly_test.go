package mail

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// ugly are shapes of mails whose reading could cost more than their size.
var ugly = map[string]func(n int) string{
	"nested multiparts": func(n int) string {
		var b strings.Builder
		b.WriteString("From: a@b.it\n")
		for i := range n / 40 {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return b.String()
	},
	"one boundary for all": func(n int) string {
		return "From: a@b.it\n" + strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", n/46)
	},
	"many parts": func(n int) string {
		return "From: a@b.it\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", n/7)
	},
	"nested messages":       func(n int) string { return "From: a@b.it\n" + strings.Repeat("Content-Type: message/rfc822\n\n", n/30) },
	"many fields":           func(n int) string { return "From: a@b.it\n" + strings.Repeat("X: y\n", n/5) },
	"folded field":          func(n int) string { return "From: a@b.it\nSubject: x" + strings.Repeat("\n y", n/3) },
	"broken fields":         func(n int) string { return "From: a@b.it\nTo: x;\n" + strings.Repeat("x;\n", n/3) },
	"encoded words":         func(n int) string { return "From: a@b.it\nSubject: " + strings.Repeat("=?utf-8?q?a?= ", n/15) },
	"unended encoded words": func(n int) string { return "From: a@b.it\nSubject: " + strings.Repeat("=?u?q?x", n/7) },
	"addresses":             func(n int) string { return "From: a@b.it\nTo: " + strings.Repeat("a@b.it, ", n/8) },
	"open comments":         func(n int) string { return "From: a@b.it\nTo: " + strings.Repeat("(", n) },
	"open brackets":         func(n int) string { return "From: a@b.it\nReferences: " + strings.Repeat("<", n) },
	"parameters":            func(n int) string { return "From: a@b.it\nContent-Type: text/plain" + strings.Repeat("; a*1=\"b", n/9) },
	"quoted-printable": func(n int) string {
		return "From: a@b.it\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("= ", n/2)
	},
	"nested html": func(n int) string {
		return "From: a@b.it\nContent-Type: text/html\n\n" + strings.Repeat("<blockquote><b>", n/15)
	},
	"hidden html": func(n int) string {
		return "From: a@b.it\nContent-Type: text/html\n\n" + strings.Repeat("<p style=display:none>", n/22)
	},
	"html attributes": func(n int) string {
		return "From: a@b.it\nContent-Type: text/html\n\n<p " + strings.Repeat("a=b ", n/4)
	},
	"html comments": func(n int) string { return "From: a@b.it\nContent-Type: text/html\n\n" + strings.Repeat("<!--", n/4) },
	"flowed": func(n int) string {
		return "From: a@b.it\nContent-Type: text/plain; format=flowed\n\n" + strings.Repeat("> a \n", n/5)
	},
}

// TestUglyMailsAreBounded holds reading to allocate in proportion to a mail's size, which a quadratic step would not.
// Bytes allocated are counted and not time, which depends on the machine.
func TestUglyMailsAreBounded(t *testing.T) {
	for name, make := range ugly {
		t.Run(name, func(t *testing.T) {
			small, large := allocated(t, make(1<<17)), allocated(t, make(1<<20))
			if large > 12*small+(8<<20) {
				t.Errorf("%d bytes for 128 KiB, %d for 1 MiB", small, large)
			}
		})
	}
}

// allocated returns the bytes that reading a mail allocates.
func allocated(t *testing.T, mail string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Parse([]byte(mail)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzParse holds Parse to give texts that can be stored, whatever it is given.
func FuzzParse(f *testing.F) {
	for raw, err := range each([]string{"testdata/mails.mbox"}) {
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(raw.Bytes))
	}
	for _, make := range ugly {
		f.Add([]byte(make(2000)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		texts := []string{m.ID, m.Subject, m.Text, m.Lang, m.List, m.ThreadIndex}
		texts = append(append(append(texts, m.References...), m.InReplyTo...), m.Delivered...)
		for _, list := range [][]Address{m.From, m.ReplyTo, m.To, m.Cc} {
			for _, a := range list {
				texts = append(texts, a.Name, a.Email)
			}
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
				t.Fatalf("%q", s)
			}
		}
		if len(m.Text) > MaxText || m.Attachments < 0 || m.Attachments > maxParts+1 {
			t.Fatalf("%d bytes of text, %d attachments", len(m.Text), m.Attachments)
		}
		threads := NewThreads()
		threads.Add(m, m.Key())
		threads.JoinSubjects()
		if threads.Thread(m.Key()) != m.Key() {
			t.Fatal("a mail alone is not its own thread")
		}
	})
}
