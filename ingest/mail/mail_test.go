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
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tappa/sentiment"
)

// TestText holds Parse to what people read in mails, one habit of mail programs for each case.
func TestText(t *testing.T) {
	const head = "From: a@b.it\nMIME-Version: 1.0\n"
	for _, c := range []struct{ name, mail, want string }{
		{"no declared charset, utf-8", head + "\nPerché?", "Perché?"},
		{"no declared charset, windows-1252", head + "\nPerch\xe9 10 \x80?", "Perché 10 €?"},
		{"wrong charset", head + "Content-Type: text/plain; charset=x-nobody-knows\n\nPerché?", "Perché?"},
		{"shift_jis", head + "Content-Type: text/plain; charset=shift_jis\n\n\x83e\x83X\x83g", "テスト"},
		{"iso-2022-jp", head + "Content-Type: text/plain; charset=\"ISO-2022-JP\"\n\n\x1b$B%F%9%H\x1b(B", "テスト"},
		{"cp-850", head + "Content-Type: text/plain; charset=cp850\n\nPerch\x82", "Perché"},
		{"koi8-r", head + "Content-Type: text/plain; charset=koi8-r\n\n\xd4\xc5\xd3\xd4", "тест"},
		{"utf-16 in base64", head + "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\nYwBpAGEAbwA=", "ciao"},
		{"broken base64", head + "Content-Transfer-Encoding: base64\n\nY2lh*bw=\n=\nY2lhbw", "ciaociao"},
		{"broken quoted-printable", head + "Content-Transfer-Encoding: quoted-printable\n\n50 =\n% =ZZ =3D=", "50 % =ZZ ="},
		{"nul and controls", head + "\nci\x00a\x07o", "ciao"},
		{"crlf", "From: a@b.it\r\nSubject: x\r\n\r\nciao\r\nbello\r\n", "ciao\nbello"},
		{"no separator", "From: a@b.it\nSubject: x\nciao a tutti\n\nAnna", "ciao a tutti\n\nAnna"},
		{"header folded badly", "From: a@b.it\nContent-Type: text/html;\ncharset=utf-8\nSubject: x\n\n<p>ciao", "ciao"},
		{"multipart without parts", head + "Content-Type: multipart/mixed; boundary=x\n\nciao", "ciao"},
		{"multipart without boundary", head + "Content-Type: multipart/mixed\n\nciao", "ciao"},
		{"never closed", head + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nciao", "ciao"},
		{"blank plain form", head + "Content-Type: multipart/alternative; boundary=x\n\n--x\n\n \n--x\nContent-Type: text/html\n\n<b>ciao\n--x--", "ciao"},
		{"text around a file", head + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nprima\n--x\nContent-Type: image/png\n\n\x89\n--x\n\ndopo\n--x--\nepilogo", "prima\n\ndopo"},
		{"boundary that ends like a close", head + "Content-Type: multipart/mixed; boundary=\"x--\"\n\n--x--\n\nciao\n--x----\nno", "ciao"},
		{"flowed", head + "Content-Type: text/plain; format=flowed\n\nuna riga \nlunga\n> citata \n> qui\n-- \nAnna", "una riga lunga\n> citata qui\n-- \nAnna"},
		{"html lists and tables", head + "Content-Type: text/html\n\n<ul><li>uno<li>due</ul><table><tr><td>a<td>b<tr><td>c</table>", "- uno\n- due\n\na b\nc"},
		{"html entities", head + "Content-Type: text/html\n\n<p>&egrave;&nbsp;&lt;vero&gt;", "è <vero>"},
		{"html charset in the page", head + "Content-Type: text/html\n\n<meta charset=\"iso-8859-1\"><p>perch\xe9", "perché"},
		{"html head that never ends", head + "Content-Type: text/html\n\n<head><style>x{}</style><body>ciao", "ciao"},
		{"html hidden text that never ends", head + "Content-Type: text/html\n\n<div style='display: none'>via<p>ciao", "via\n\nciao"},
		{"html indentation is no quote", head + "Content-Type: text/html\n\n<blockquote style='margin:0 0 0 40px;border:none;padding:0'>ciao</blockquote>", "ciao"},
		{"html quote in quote", head + "Content-Type: text/html\n\nno<blockquote>sì<blockquote>forse</blockquote></blockquote>mai", "no\n> sì\n> > forse\nmai"},
		{"html pre", head + "Content-Type: text/html\n\n<pre>a\n  b</pre>c", "a\n  b\n\nc"},
	} {
		m, err := Parse([]byte(c.mail))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff(m.Text, c.want); d != "" {
			t.Errorf("%s (-got, +want):\n%s", c.name, d)
		}
	}
}

// TestCutOfMails holds the text of mails to be such that the cut for the mood leaves what the customer wrote: the stored
// text has all of it.
func TestCutOfMails(t *testing.T) {
	const html = "From: a@b.it\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
	for _, c := range []struct{ name, mail, want string }{
		{"gmail", html + `<div dir="ltr">Ancora niente, sono deluso.<br clear="all"><div><br></div>-- <br><div class="gmail_signature">Anna</div></div><br><div class="gmail_quote"><div dir="ltr">Il giorno lun 2 mar 2026 alle ore 10:12 Mario &lt;<a href="mailto:m@example.it">m@example.it</a>&gt; ha scritto:<br></div><blockquote class="gmail_quote"><div>Tutto perfetto!</div></blockquote></div>`, "Ancora niente, sono deluso."},
		{"outlook", html + `<div><p class="MsoNormal">Ancora niente, sono deluso.</p><p class="MsoNormal">&nbsp;</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>Da:</b> Mario &lt;m@example.it&gt; <br><b>Inviato:</b> lunedì 2 marzo 2026 10:12<br><b>A:</b> Anna<br><b>Oggetto:</b> R: guasto</p></div><p class="MsoNormal">Tutto perfetto!</p></div>`, "Ancora niente, sono deluso."},
		{"outlook on the web", html + `<div>Ancora niente, sono deluso.</div><div id="Signature">Anna Rossi<br>Officine Rossi</div><hr><div id="divRplyFwdMsg"><b>Da:</b> Mario<br><b>Inviato:</b> lunedì<br><b>A:</b> Anna<br><b>Oggetto:</b> R: guasto</div><div>Tutto perfetto!</div>`, "Ancora niente, sono deluso."},
		{"apple mail", html + `<body>Ancora niente, sono deluso.<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Inviato da iPhone</div><div dir="ltr"><br><blockquote type="cite">Il giorno 2 mar 2026, alle ore 10:12, Mario &lt;m@example.it&gt; ha scritto:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">Tutto perfetto!</div></blockquote></body>`, "Ancora niente, sono deluso."},
		{"thunderbird, answers below quotes", "From: a@b.it\nContent-Type: text/plain; charset=UTF-8; format=flowed\n\nIl 02/03/2026 10:12, Mario ha scritto:\n> Passiamo martedì? \n> Tutto perfetto!\nMartedì no, che \npazienza.\n\nCordiali saluti\nAnna\n", "Martedì no, che pazienza."},
	} {
		m, err := Parse([]byte(c.mail))
		if err != nil {
			t.Fatal(err)
		}
		if got := sentiment.Cut(m.Text); got != c.want {
			t.Errorf("%s: %q, want %q; of\n%s", c.name, got, c.want, m.Text)
		}
		if !strings.Contains(m.Text, "perfetto") {
			t.Errorf("%s: the quote is not in the text:\n%s", c.name, m.Text)
		}
	}
}

// TestAutomatic holds the habits of programs, and those of people that look like them.
func TestAutomatic(t *testing.T) {
	for _, c := range []struct{ header, want string }{
		{"Subject: preventivo", ""},
		{"Auto-Submitted: no", ""},
		{"Auto-Submitted: auto-generated; owner-email=\"x\"", "auto-submitted"},
		{"X-Auto-Response-Suppress: OOF, DR", "auto-response-suppress"},
		{"X-Auto-Response-Suppress: none", ""},
		{"X-Autoreply: yes", "x-autoreply"},
		{"X-Autorespond: no", ""},
		{"Return-Path: <>", "null-return-path"},
		{"Return-Path: <a@b.it>", ""},
		{"Precedence: junk", "precedence"},
		{"Precedence: bulk", "precedence"},
		{"Precedence: list", ""},
		{"Precedence: bulk\nList-Post: <mailto:l@b.it>", ""},
		{"List-Unsubscribe: <mailto:x@y.it>", "unsubscribe"},
		{"From: Mail Delivery Subsystem <x@b.it>", "server"},
		{"From: no-reply@shop.it", "no-reply"},
		{"From: nonrispondere.fatture@shop.it", "no-reply"},
		{"From: noretta@shop.it", ""},
		{"Subject: Risposta automatica: ferie", "subject"},
		{"Subject: Fuori sede dal 3 al 10 marzo", "subject"},
		{"Subject: fuori sede da due giorni, chi mi risponde?", "subject"},
		{"Subject: Out of Office", "subject"},
		{"Subject: Out of office chairs, quote please", ""},
		{"Subject: Automatic reply: quote", "subject"},
		{"Subject: Automatic reply valve does not work", ""},
		{"Subject: Assenza di corrente nella macchina", ""},
		{"Subject: Vacation home heating", ""},
		{"Subject: Re: Out of office", ""},
		{"Subject: R: Risposta automatica: ferie", ""},
		{"Subject: AUTO: Luca is away", "subject"},
		{"Subject: =?utf-8?q?Assente_dall=E2=80=99ufficio?=", "subject"},
		{"Subject: Abwesenheitsnotiz: Angebot", "subject"},
		{"Subject: Non risponde nessuno", ""},
	} {
		mail := c.header + "\n"
		if !strings.Contains(mail, "From:") {
			mail = "From: anna@b.it\n" + mail
		}
		m, err := Parse([]byte(mail + "\nciao"))
		if err != nil {
			t.Fatal(err)
		}
		if m.Automatic != c.want {
			t.Errorf("%q: %q, want %q", c.header, m.Automatic, c.want)
		}
	}
}

// TestHeaders holds the reading of addresses, subjects, ids and dates.
func TestHeaders(t *testing.T) {
	utc := func(s string) time.Time { at, _ := time.Parse(time.RFC3339, s); return at.UTC() }
	m, err := Parse([]byte("\n\nFrom someone Tue Mar  3 10:00:00 2026\n" +
		"From: =?iso-8859-1?Q?Nicol=F2?= \"(il capo)\" <nicolo@b.it>\n" +
		"To: Gruppo: a@b.it, \"Rossi, Anna\" <anna@b.it> (casa);, undisclosed-recipients:;, carla @ b.it, <mailto:d@b.it>\n" +
		"Cc: e@b.it (Elena \\(E\\))\nSubject: =?utf-8?B?8J+O?= =?utf-8?B?iQ==?= =?utf-8?Q?_fe?= sta\n\t  grande\n" +
		"References: <1@b.it>\n <2@b\n .it> junk <3@b.it\nIn-Reply-To: Il tuo messaggio di ieri <4@b.it>\nDate: Tue, 3 Mar 2026 10:12:00 CEST (estate)\n" +
		"Message-ID: 5@b.it\nThread-Index: AQHZPrVvS0VZ0bR2ZUq3hQ9Rk0Q0Gq6A\n\nciao"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Message{
		ID: "5@b.it", References: []string{"1@b.it", "2@b.it", "3@b.it"}, InReplyTo: []string{"4@b.it"}, Subject: "🎉 fe sta grande",
		From: []Address{{"Nicolò (il capo)", "nicolo@b.it"}}, Cc: []Address{{`Elena \(E\)`, "e@b.it"}},
		To:   []Address{{"", "a@b.it"}, {"Rossi, Anna", "anna@b.it"}, {"", "carla@b.it"}, {"", "d@b.it"}},
		Date: utc("2026-03-03T08:12:00Z"), Text: "ciao", ThreadIndex: "0101d93eb56f4b4559d1b476654ab7850f519344341a",
	}
	m.Date = m.Date.UTC()
	if d := cmp.Diff(m, want); d != "" {
		t.Errorf("(-got, +want):\n%s", d)
	}
	for s, want := range map[string]string{
		"Tue, 03 Mar 2026 10:12:00 +0100": "2026-03-03T09:12:00Z", "3 Mar 26 10:12 EST": "2026-03-03T15:12:00Z",
		"Tue Mar  3 10:12:00 2026": "2026-03-03T10:12:00Z", "Tue, 3 Mar 2026 10.12.00 +0100": "2026-03-03T09:12:00Z",
		"Tue, 3 Mar 2026 10:12:00 W. Europe": "", "ieri": "", "Wed 29 May 2019 06:09:22 PM EDT": "2019-05-29T22:09:22Z",
	} {
		got := parseDate(s)
		if want == "" && !got.IsZero() || want != "" && !got.Equal(utc(want)) {
			t.Errorf("%q: %v, want %s", s, got, want)
		}
	}
}

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

// TestThreads holds what joins and what does not, whatever order mails arrive in.
func TestThreads(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC) }
	anna, us := []Address{{Email: "anna@b.it"}}, []Address{{Email: "info@example.it"}}
	carla := []Address{{Email: "carla@c.it"}}
	mails := map[string]*Message{
		"q":        {From: anna, To: us, Subject: "guasto", Date: at(1)},
		"a":        {From: us, To: anna, Subject: "R: guasto", Date: at(2), InReplyTo: []string{"q"}},
		"r":        {From: anna, To: us, Subject: "R: guasto", Date: at(3), InReplyTo: []string{"a"}}, // no References
		"orphan":   {From: anna, To: us, Subject: "altro", Date: at(4), References: []string{"lost", "lost2"}},
		"orphan2":  {From: us, To: anna, Subject: "R: altro", Date: at(5), References: []string{"lost2"}},
		"index":    {From: anna, To: us, Subject: "indice", Date: at(6), ThreadIndex: "01"},
		"index2":   {From: us, To: anna, Subject: "RE: indice", Date: at(7), ThreadIndex: "01"},
		"subject":  {From: anna, To: us, Subject: "preventivo", Date: at(8)},
		"subject2": {From: us, To: anna, Subject: "Re[2]: R: [ticket 7] preventivo", Date: at(9)},
		"carla":    {From: carla, To: us, Subject: "preventivo", Date: at(8)},
		"new":      {From: anna, To: us, Subject: "preventivo", Date: at(12)}, // no reply: a new question
		"which":    {From: us, To: anna, Subject: "R: preventivo", Date: at(14)},
		"late":     {From: us, To: carla, Subject: "R: preventivo", Date: at(8).AddDate(0, 0, 31)},
		"forward":  {From: us, To: anna, Subject: "I: guasto", Date: at(9)},
	}
	want := map[string]string{
		"q": "q", "a": "q", "r": "q", "orphan": "orphan", "orphan2": "orphan", "index": "index", "index2": "index", "subject": "subject",
		"subject2": "subject", "carla": "carla", "new": "new", "which": "which", "late": "late", "forward": "forward",
	}
	for range 20 { // maps are walked in another order each time
		threads, got := NewThreads(), map[string]string{}
		for key, m := range mails {
			threads.Add(m, key)
		}
		threads.JoinSubjects()
		for key := range mails {
			got[key] = threads.Thread(key)
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Fatalf("(-got, +want):\n%s", d)
		}
	}
}

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
