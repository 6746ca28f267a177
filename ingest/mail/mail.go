// Package mail reads mail as the net carries it: one message (RFC 5322 and MIME), files of many (mbox) and folders of
// files (Maildir). It says what a message says, what it answers, and whether a machine sent it; and it turns a message
// into the event that tappa collects, once it is known which addresses are the company's.
//
// # What is read, and what is left
//
// Of a message its text is kept, quotes and signatures included, because what the customer wrote is cut for the mood
// only (package sentiment). Attachments are counted and their bytes never looked at. HTML becomes text in which what
// quotes another message is marked with "> ", so that the cut works on it as on plain text.
//
// Mail comes from anybody. Parse takes whatever there is: bare line feeds, headers without separator, boundaries that
// never end, unknown charsets, broken base64; and its time and memory grow with the size of the message alone, however
// parts are nested. (The reader of a well-known library was tried in its place: it read 317 of 362 ugly messages of
// mail parsers' own tests, and did not come back within 100 s from 70 KB of nested parts.)
package mail

import (
	"bytes"
	"errors"
	"strings"
	"time"
)

// Message is what a mail says. Ids are without angle brackets, texts are valid UTF-8 without control characters.
type Message struct {
	ID          string // Message-ID; "" if there is none
	InReplyTo   []string
	References  []string // oldest first
	ThreadIndex string   // Exchange's conversation id, in hex; "" if there is none
	From        []Address
	ReplyTo     []Address
	To          []Address
	Cc          []Address
	Delivered   []string  // mailboxes that servers say they delivered it to
	Subject     string    // decoded, on one line
	Date        time.Time // when it was sent; the zero time if nothing tells
	Text        string    // what is there to read, at most MaxText bytes
	Lang        string    // Content-Language, "" if not stated
	Attachments int       // files attached; pictures that the text shows and signatures are none
	List        string    // List-Id of a mailing list, "" if it came over none
	Automatic   string    // why a machine is taken to have sent it: "auto-submitted", "subject" …; "" is a person
	Bounce      *Bounce   // set if it says that another mail could not be delivered
	Certified   bool      // it was wrapped by Italian certified mail (PEC), and this is what was wrapped
}

// Address is one mailbox of a header, as written.
type Address struct {
	Name  string // decoded; "" if there is none
	Email string
}

// Bounce is what a mail server says of a mail that could not be delivered.
type Bounce struct {
	Recipient string // whom it did not reach; "" if the server does not say
	Status    string // RFC 3463: "5.1.1"; "" if not stated
	Original  Original
}

// Original is what a report tells of the mail it is about.
type Original struct {
	ID         string
	References []string
	InReplyTo  []string
	From       []Address
	Subject    string
}

// Bounds of what is read of a message.
const (
	MaxText       = 256 << 10 // bytes of text that are kept
	maxHeader     = 1 << 20   // bytes of one header block
	maxFields     = 5000      // header fields of one block
	maxParts      = 10000     // parts of a message
	maxDepth      = 50        // levels of multipart within multipart
	maxReferences = 100       // ids kept of a References header: the first, and the last ones
	maxAddresses  = 1000      // addresses of one header
	maxLineLength = 4096      // bytes of a header that becomes one line of text: subject, name
	maxID         = 998       // bytes of a message id, or of an address: a line of a mail is no longer
)

// ErrNoMail says that something is no mail at all: nothing in it is a header that mails have.
var ErrNoMail = errors.New("no mail: expected header fields such as From, Date and Subject")

// Parse reads one message. Everything that is wrong with it short of its not being a mail is put up with.
func Parse(raw []byte) (*Message, error) {
	m, root, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if inner := root.certified(); inner != nil {
		if wrapped, parts, err := parse(inner); err == nil && len(wrapped.From) > 0 {
			wrapped.Certified = true
			if wrapped.Date.IsZero() {
				wrapped.Date = m.Date
			}
			wrapped.judge(parts)
			return wrapped, nil
		}
	}
	m.judge(root)
	return m, nil
}

// parse reads header and parts, without judging them.
func parse(raw []byte) (*Message, *part, error) {
	raw = trimStart(raw)
	h, body := readHeader(raw, nil)
	if !h.mail() {
		return nil, nil, ErrNoMail
	}
	root := readParts(h, body)
	m := &Message{
		ID:          firstOf(h.ids("message-id")),
		InReplyTo:   h.ids("in-reply-to"),
		References:  h.references(),
		ThreadIndex: h.threadIndex(),
		From:        h.addresses("from"),
		ReplyTo:     h.addresses("reply-to"),
		To:          h.addresses("to"),
		Cc:          h.addresses("cc"),
		Subject:     h.text("subject"),
		Date:        h.date(),
		Lang:        language(h.get("content-language")),
		List:        listID(h.text("list-id")),
		Text:        root.text(),
		Attachments: root.attachments(),
	}
	if len(m.From) == 0 {
		m.From = h.addresses("sender")
	}
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "x-envelope-to"} {
		for _, a := range h.addresses(name) {
			m.Delivered = append(m.Delivered, a.Email)
		}
	}
	return m, root, nil
}

// trimStart cuts what mail programs leave before a header: a byte order mark, blank lines, the separator of an mbox.
func trimStart(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	for {
		rest := bytes.TrimLeft(raw, "\r\n")
		if line, after, ok := bytes.Cut(rest, []byte("\n")); ok && len(bytes.TrimSpace(line)) == 0 {
			raw = after
			continue
		} else if ok && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))) {
			raw = after
			continue
		}
		// A header that was indented as a whole.
		if trimmed := bytes.TrimLeft(rest, " \t"); len(trimmed) < len(rest) {
			return trimmed
		}
		return rest
	}
}

// language returns the first language of a Content-Language, bare: "it" for "it-IT, en".
func language(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexAny(s, "-_,; "); i >= 0 {
		s = s[:i]
	}
	if len(s) != 2 || s[0] < 'a' || s[0] > 'z' || s[1] < 'a' || s[1] > 'z' {
		return ""
	}
	return s
}

// listID returns the id in a List-Id header: "Name <id>", or all of it.
func listID(s string) string {
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s, _, _ = strings.Cut(s[i+1:], ">")
	}
	return strings.TrimSpace(s)
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
