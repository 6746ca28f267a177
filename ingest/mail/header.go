package mail

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/mail"
	"strings"
	"time"
)

// header is a block of header fields in their order.
type header []field

// field is one header field: its name in lower case and its value, unfolded and undecoded.
type field struct {
	name  string
	value []byte
}

// readHeader reads a header block and returns it with what follows. stop, if not nil, tells lines that end the block
// though no blank line was seen, as the boundary of a multipart does.
//
// A line that is no field and follows one is a continuation that somebody broke, if another field or an unfinished
// one tells so; else the body begins with it, as it does in mails whose blank line is missing.
func readHeader(b []byte, stop func(line []byte) bool) (header, []byte) {
	var h header
	size := 0
	for len(b) > 0 && size < maxHeader {
		line, rest := cutLine(b)
		if len(line) == 0 {
			return h, rest
		}
		if stop != nil && stop(line) {
			return h, b
		}
		size += len(line)
		name, value, ok := fieldOf(line)
		switch {
		case line[0] == ' ' || line[0] == '\t':
			if len(bytes.TrimSpace(line)) == 0 && len(h) == 0 {
				return h, rest
			}
			h.unfold(line)
		case ok && len(h) < maxFields:
			h = append(h, field{strings.ToLower(name), value[:len(value):len(value)]})
		case ok:
		case len(h) > 0 && h.broken(rest):
			h.unfold(line)
		default:
			return h, b
		}
		b = rest
	}
	return h, b
}

// cutLine returns the first line of b without its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// fieldOf takes a line apart if it is a field: a name of printable characters, then a colon.
func fieldOf(line []byte) (name string, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || colon > 200 {
		return "", nil, false
	}
	key := bytes.TrimRight(line[:colon], " \t")
	for _, c := range key {
		if c <= ' ' || c > '~' {
			return "", nil, false
		}
	}
	return string(key), bytes.TrimSpace(line[colon+1:]), true
}

// broken tells that a line which is no field, and before which the header stands, belongs to the header's last field:
// what follows it is a field again, or that field asked for more.
func (h header) broken(rest []byte) bool {
	if v := h[len(h)-1].value; len(v) > 0 && (v[len(v)-1] == ';' || v[len(v)-1] == ',') {
		return true
	}
	next, _ := cutLine(rest)
	name, _, ok := fieldOf(next)
	return ok && (strings.Contains(name, "-") || headerNames[strings.ToLower(name)])
}

// headerNames are the fields that mails have, of one word.
var headerNames = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "date": true, "subject": true, "sender": true, "received": true, "references": true,
}

// unfold adds a continuation line to the last field.
func (h header) unfold(line []byte) {
	if len(h) == 0 {
		return
	}
	if line = bytes.TrimSpace(line); len(line) > 0 {
		last := &h[len(h)-1].value
		*last = append(append(*last, ' '), line...)
	}
}

// mail tells that a header is a mail's.
func (h header) mail() bool {
	for _, f := range h {
		switch f.name {
		case "from", "to", "date", "subject", "message-id", "received", "return-path", "sender":
			return true
		}
	}
	return false
}

// get returns the value of the first field of a name, or "".
func (h header) get(name string) string {
	for i := range h {
		if h[i].name == name {
			return string(h[i].value)
		}
	}
	return ""
}

// has tells that there is a field of a name, though it may be empty.
func (h header) has(name string) bool {
	for i := range h {
		if h[i].name == name {
			return true
		}
	}
	return false
}

// text returns a field decoded, as one line.
func (h header) text(name string) string { return oneLine(decodeWords(h.get(name))) }

// ids returns the message ids of a field. Ids stand in angle brackets; what stands there without any counts if it looks
// like an id, as some programs forget the brackets.
func (h header) ids(name string) []string {
	s := h.get(name)
	var ids []string
	for rest := s; ; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		id, left, ok := strings.Cut(after, ">")
		if id = cleanID(id); id != "" {
			ids = append(ids, id)
		}
		if !ok {
			break
		}
		rest = left
	}
	if ids == nil {
		for id := range strings.FieldsSeq(s) {
			if id = cleanID(id); strings.Contains(id, "@") {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// cleanID drops blanks that folding put into an id, and what cannot be in a text. It returns "" for what is too long to
// be one.
func cleanID(id string) string {
	if len(id) > maxID {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(id, ""))
}

// references returns the ids of References, of very many the first and the last.
func (h header) references() []string {
	ids := h.ids("references")
	if len(ids) > maxReferences {
		ids = append(ids[:1:1], ids[len(ids)-maxReferences+1:]...)
	}
	return ids
}

// threadIndex returns what the mails of an Exchange conversation share: the first 22 bytes of Thread-Index.
func (h header) threadIndex() string {
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(h.get("thread-index"), " ", ""))
	if err != nil || len(b) < 22 {
		return ""
	}
	return hex.EncodeToString(b[:22])
}

// The times that a mail can have: none is older than mail on the Internet of today, and a clock may be a day ahead.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

const ahead = 24 * time.Hour

// date returns when the mail was sent: Date, unless it is missing, unreadable, older than 1990 or more than a day
// later than the time at which the last server received it; then that time.
func (h header) date() time.Time {
	sent := parseDate(h.get("date"))
	var received time.Time
	if s := h.get("received"); s != "" {
		received = parseDate(s[strings.LastIndexByte(s, ';')+1:])
	}
	bad := sent.Before(earliest) || !received.IsZero() && sent.After(received.Add(ahead))
	if bad && !received.Before(earliest) {
		return received
	}
	if sent.Before(earliest) {
		return time.Time{}
	}
	return sent
}

// dateLayouts are the forms of dates in mails that net/mail does not read.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04", "2 Jan 2006 15:04", "Mon, 2 Jan 2006 15:04:05 -07:00",
	"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 2006 -0700",
	"Mon, 2 Jan 2006 15:04:05 PM -0700", "Monday, 2 January 2006 15:04:05 -0700", "Mon, 2 January 2006 15:04:05 -0700", "2 Jan 06 15:04:05 -0700",
	"Mon 2 Jan 2006 03:04:05 PM -0700", "Mon 2 Jan 2006 15:04:05 -0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.RFC3339,
}

// zones are the names of zones that RFC 5322 reads as offsets, and those of Europe.
var zones = map[string]string{
	"UT": "+0000", "GMT": "+0000", "UTC": "+0000", "Z": "+0000", "EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500",
	"MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700", "WET": "+0000", "WEST": "+0100", "BST": "+0100", "CET": "+0100",
	"MET": "+0100", "CEST": "+0200", "MEST": "+0200", "EET": "+0200", "EEST": "+0300",
}

// parseDate reads a date of a mail, or returns the zero time. One without offset is UTC, as RFC 5322 has it for
// unknown zones.
func parseDate(s string) time.Time {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 200 {
		return time.Time{}
	}
	bare, _, _ := strings.Cut(s, "(")
	bare = strings.Join(strings.Fields(bare), " ")
	if i := strings.LastIndexByte(bare, ' '); i > 0 {
		if offset := zones[strings.ToUpper(bare[i+1:])]; offset != "" {
			bare = bare[:i+1] + offset
		}
	}
	bare = strings.Replace(bare, ".", ":", 2) // 15.04.05, as some write the time of day
	if t, err := mail.ParseDate(bare); err == nil {
		return t
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, bare); err == nil {
			return t
		}
	}
	// A zone that is no offset.
	if i := strings.LastIndexByte(bare, ' '); i > 0 {
		for _, layout := range dateLayouts[:4] {
			if t, err := time.Parse(layout, bare[:i]); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

// oneLine makes a text of one line: blanks for whatever parts words, no control characters, and not too long.
func oneLine(s string) string {
	s = clean(s)
	s = strings.Join(strings.Fields(s), " ")
	return clipText(s, maxLineLength)
}
