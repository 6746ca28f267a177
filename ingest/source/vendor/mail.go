package vendor

import (
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

// mailReceived is a mail of a customer's, by its headers and its text.
func mailReceived(h mailHeaders, from, to, subject, text, html string) source.Email {
	if strings.TrimSpace(text) == "" {
		text = plain(html)
	}
	m := source.Email{
		From: first(h["from"], from), Subject: first(subject, h["subject"]), Text: strings.TrimSpace(text), Automatic: h.automatic(),
		MessageID: h["message-id"], InReplyTo: h["in-reply-to"], References: strings.Fields(h["references"]),
	}
	if to = first(to, h["to"]); to != "" {
		m.To = []string{to}
	}
	return m
}

// mimeReceived reads a mail that a service passes on as it is.
func mimeReceived(raw source.Raw, mime string) (source.Event, error) {
	raw.Value = []byte(mime)
	return mail.Read(raw)
}
