package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// TestRepliesOfPrograms reads the HTML of replies that nine mail programs wrote (see NOTICE): of all of them the cut leaves
// what was answered.
func TestRepliesOfPrograms(t *testing.T) {
	files, err := filepath.Glob("testdata/replies/*.html")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		html, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(append([]byte("From: a@b.it\nContent-Type: text/html\n\n"), html...))
		if err != nil {
			t.Fatal(err)
		}
		if got := sentiment.Cut(m.Text); got != "Hi. I am fine." || !strings.Contains(m.Text, "Hello! How are you?") {
			t.Errorf("%s: %q of\n%s", file, got, m.Text)
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
