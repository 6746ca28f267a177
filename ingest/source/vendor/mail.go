package vendor

import (
	"bytes"
	"maps"
	netmail "net/mail"
	"slices"
	"strings"

	"tappa/ingest/mail"
	"tappa/ingest/source"
)

// What mail services tell, whoever they are.

// mailSent is a mail of the company's that reached its mailbox. The services do not send its text.
func mailSent(from, to, subject, messageID string) source.Email {
	return source.Email{From: from, To: []string{to}, Subject: subject, MessageID: bracketed(messageID), Activity: "delivered"}
}

// mailBounced is one that came back, or was never sent because others had.
func mailBounced(from, to, subject, messageID, reason string) source.Email {
	return source.Email{From: from, To: []string{to}, Subject: subject, MessageID: bracketed(messageID), Text: reason, Automatic: true, Activity: "bounced"}
}

// mailClicked is a visit that a mail led to.
func mailClicked(to, url string) source.Web {
	return source.Web{Page: first(url, "unknown"), Campaign: "email", Customer: source.Party{Email: to}, Activity: "email link clicked"}
}

// mailUnwanted is a customer who wants no more mail, or calls it spam.
func mailUnwanted(to, what string) source.CRM {
	return source.CRM{Module: "mailing", Customer: source.Party{Email: to}, Direction: "inbound", Status: what, Activity: what}
}

// bracketed writes a message id as mails do.
func bracketed(id string) string {
	if id == "" || strings.HasPrefix(id, "<") {
		return id
	}
	return "<" + id + ">"
}

// mailHeaders are the headers of a mail that was received, by lower-case name; of several the first counts.
type mailHeaders map[string]string

func (h mailHeaders) add(name, value string) {
	name = strings.ToLower(name)
	if _, ok := h[name]; !ok {
		h[name] = strings.TrimSpace(value)
	}
}

// headerLines reads headers as they stand in a mail.
func headerLines(text string) mailHeaders {
	h := mailHeaders{}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n\t", " ")
	for line := range strings.Lines(strings.ReplaceAll(text, "\n ", " ")) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			h.add(name, value)
		}
	}
	return h
}

// automatic says that a machine wrote it: RFC 3834, and what older ones write.
func (h mailHeaders) automatic() bool {
	auto := strings.ToLower(h["auto-submitted"])
	precedence := strings.ToLower(h["precedence"])
	return auto != "" && !strings.HasPrefix(auto, "no") || precedence == "auto_reply" || precedence == "bulk" || precedence == "junk" ||
		h["x-autoreply"] != "" || h["x-autorespond"] != "" || h["x-auto-response-suppress"] != "" && h["return-path"] == "<>"
}

// mailReceived reads a mail that a service took apart: its headers, with the sender and recipient that the service adds
// where they have none, and its text. Where the journey file says what is the company's own, package mail reads it, as
// it reads raw mails: who wrote to whom, what is automatic, what thread. Otherwise everybody who writes is a customer.
func mailReceived(raw source.Raw, h mailHeaders, text, html, arrived string) (source.Event, error) {
	if strings.TrimSpace(text) == "" {
		text = plain(html)
	}
	e := source.Event{ID: strings.Trim(h["message-id"], "<> "), Type: "email.received", Data: source.Email{
		From: h["from"], To: addresses(h["to"]), Subject: h["subject"], Text: strings.TrimSpace(text), Automatic: h.automatic(),
		MessageID: h["message-id"], InReplyTo: h["in-reply-to"], References: strings.Fields(h["references"]),
	}, Time: readTime(h["date"], raw.Settings.Zone)}
	if raw.Settings.Company.Known() {
		raw.Value = h.message(text)
		var err error
		if e, err = mail.Read(raw); err != nil {
			return e, err
		}
	}
	got := anyTime(readTime(arrived, raw.Settings.Zone), raw.Received)
	if e.Time.IsZero() || !got.IsZero() && e.Time.After(got.AddDate(0, 0, 1)) {
		e.Time = got // rather than what a sender's clock says that is wrong
	}
	return e, nil
}

// message writes headers and text as one mail.
func (h mailHeaders) message(text string) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if strings.HasPrefix(name, "content-") || name == "mime-version" || strings.ContainsFunc(name, notInName) {
			continue
		}
		b.WriteString(name + ": " + strings.Join(strings.Fields(h[name]), " ") + "\r\n")
	}
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text)
	return b.Bytes()
}

func notInName(r rune) bool { return r <= ' ' || r > '~' || r == ':' }

// addresses takes a list of addresses apart.
func addresses(list string) []string {
	parsed, err := netmail.ParseAddressList(list)
	if err != nil && list != "" {
		return []string{list}
	}
	var all []string
	for _, a := range parsed {
		all = append(all, a.Address)
	}
	return all
}

// mimeReceived reads a mail that a service passes on as it is.
func mimeReceived(raw source.Raw, mime string) (source.Event, error) {
	raw.Value = []byte(mime)
	return mail.Read(raw)
}
