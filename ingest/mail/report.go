package mail

import (
	"bytes"
	"strings"
)

// What a report says happened to a mail (RFC 3464).
const (
	actionFailed  = "failed"
	actionDelayed = "delayed"
)

// report is what a multipart/report, or a mail server's letter, says about another mail.
type report struct {
	action    string // "failed", "delayed", "delivered" …; "" if it does not say
	recipient string
	status    string
	original  Original
	receipt   bool // it says that somebody displayed the mail
}

// readReport reads a multipart/report. Of several recipients the first that failed counts.
func readReport(root *part) report {
	var r report
	for _, kind := range []string{"message/delivery-status", "message/global-delivery-status"} {
		if p := root.find(kind); p != nil {
			r.readStatus(p.content())
			break
		}
	}
	if p := root.find("message/disposition-notification"); p != nil {
		r.receipt = true
		h, _ := readHeader(bytes.TrimLeft(p.content(), "\r\n"), nil)
		r.original.ID = firstOf(h.ids("original-message-id"))
	}
	for _, kind := range []string{"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"} {
		if p := root.find(kind); p != nil {
			h, _ := readHeader(trimStart(p.content()), nil)
			r.original = originalOf(h)
			break
		}
	}
	return r
}

// readStatus reads the blocks of a delivery status: one about the message, then one for each recipient.
func (r *report) readStatus(b []byte) {
	for blocks := 0; len(b) > 0 && blocks < 100; blocks++ {
		b = bytes.TrimLeft(b, "\r\n")
		var h header
		before := len(b)
		if h, b = readHeader(b, nil); len(b) == before {
			return
		}
		action := strings.ToLower(strings.TrimSpace(h.get("action")))
		if !h.has("final-recipient") && !h.has("original-recipient") && action == "" {
			continue
		}
		if r.recipient != "" && (action != actionFailed || r.action == actionFailed) {
			continue
		}
		r.action = action
		r.recipient = recipientOf(h)
		r.status, _, _ = strings.Cut(strings.TrimSpace(h.get("status")), " ")
		r.status = clipText(clean(r.status), 20)
	}
}

// recipientOf returns the address in "rfc822; anna@example.com", as the sender wrote it if that is told.
func recipientOf(h header) string {
	for _, name := range []string{"original-recipient", "final-recipient"} {
		s := h.get(name)
		if _, after, ok := strings.Cut(s, ";"); ok {
			s = after
		}
		if list := appendAddresses(nil, s); len(list) > 0 {
			return list[0].Email
		}
	}
	return ""
}

func originalOf(h header) Original {
	return Original{
		ID: firstOf(h.ids("message-id")), References: h.references(), InReplyTo: h.ids("in-reply-to"),
		From: h.addresses("from"), Subject: h.text("subject"),
	}
}

// letter reads what servers write that do not know reports: whom the mail did not reach, and the header of the mail
// itself, somewhere below.
func letter(h header, text string) report {
	r := report{action: actionFailed}
	if list := h.addresses("x-failed-recipients"); len(list) > 0 {
		r.recipient = list[0].Email
	}
	const most = 200 // lines that are looked at
	seen := 0
	for line := range strings.Lines(text) {
		if seen++; seen > most {
			break
		}
		line = strings.TrimSpace(line)
		if name, value, ok := fieldOf([]byte(line)); ok && strings.EqualFold(name, "message-id") && r.original.ID == "" {
			r.original.ID = firstOf(header{{"message-id", value}}.ids("message-id"))
		}
		if r.recipient == "" && len(line) < 1000 && strings.Contains(line, "@") {
			r.recipient = named(line)
		}
	}
	return r
}

// named returns the address that a line of a letter names: in angle brackets, or alone.
func named(line string) string {
	if _, after, ok := strings.Cut(line, "<"); ok {
		if address, _, ok := strings.Cut(after, ">"); ok && strings.Contains(address, "@") && !strings.Contains(address, " ") {
			return strings.TrimPrefix(address, "mailto:")
		}
		return ""
	}
	if line = strings.TrimRight(line, ":"); !strings.ContainsAny(line, " \t") {
		return line
	}
	return ""
}
