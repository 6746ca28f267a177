package mail

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
)

// MaxMessage bounds what is held of one message of an mbox or Maildir, in bytes. Of a longer one the rest, which is the
// end of some attachment, is passed over.
const MaxMessage = 32 << 20

// Raw is a message of a file of messages.
type Raw struct {
	Line  int       // of the file, where it begins; 1 in a Maildir
	Time  time.Time // what the separator before it says; the zero time if it says nothing
	Bytes []byte    // valid until the next message is asked for
}

// Mbox returns the messages of an mbox file. All ways of keeping a body's lines that begin with "From " apart from
// separators are read: a ">" before them (mboxo), one more before each line of ">" and "From " (mboxrd), and a
// Content-Length (mboxcl, mboxcl2), which is believed if a separator or the end follows where it says the body ends and in
// is also an io.ReaderAt, as files are. Where none of them was used, a line is a separator only if it comes first or after
// a blank line, and bears a time.
//
// Memory is bounded by the longest message and by MaxMessage.
func Mbox(in io.Reader) iter.Seq2[Raw, error] {
	return func(yield func(Raw, error) bool) {
		m := mboxReader{lines: bufio.NewReaderSize(in, 1<<16)}
		m.at, _ = in.(io.ReaderAt)
		if err := m.first(); err != nil {
			if !errors.Is(err, io.EOF) {
				yield(Raw{}, err)
			}
			return
		}
		for {
			raw, err := m.message()
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Raw{}, err)
				return
			}
			if !yield(raw, nil) || err != nil {
				return
			}
		}
	}
}

// mboxReader reads message after message. Between two of them it stands behind a separator.
type mboxReader struct {
	lines  *bufio.Reader
	at     io.ReaderAt // nil: Content-Length is not believed
	offset int64       // of what lines gives next
	line   int         // the number of the line read last
	time   time.Time   // of the separator read last
	buffer []byte
}

// next returns the next line with its end, or the first part of a very long one, which then has none.
func (m *mboxReader) next() ([]byte, error) {
	line, err := m.lines.ReadSlice('\n')
	m.offset += int64(len(line))
	if err == nil {
		m.line++
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return line, err
}

// first reads up to and over the first separator.
func (m *mboxReader) first() error {
	for {
		line, err := m.next()
		if bytes.HasPrefix(line, []byte("From ")) {
			m.time, _ = separator(line)
			return nil
		}
		if len(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))) > 0 {
			return fmt.Errorf("line %d: no mbox: expected a line that begins with \"From \"", max(m.line, 1))
		}
		if err != nil {
			return err
		}
	}
}

// message reads one message and the separator behind it; io.EOF comes with the last.
func (m *mboxReader) message() (Raw, error) {
	raw := Raw{Line: m.line + 1, Time: m.time}
	m.buffer = m.buffer[:0]
	header, blank, whole := true, false, true // whole: the last line ended
	end, length := int64(-1), int64(-1)       // end: where the body ends by Content-Length
	for {
		start := m.offset
		line, err := m.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return raw, fmt.Errorf("line %d: %w", m.line, err)
		}
		begins := whole
		whole = len(line) > 0 && line[len(line)-1] == '\n'
		if begins && start >= end && (blank || len(m.buffer) == 0) {
			if at, ok := separator(line); ok {
				m.time = at
				raw.Bytes = bytes.TrimSuffix(bytes.TrimSuffix(m.buffer, []byte("\n")), []byte("\r"))
				return raw, nil
			}
		}
		blank = begins && len(bytes.TrimRight(line, "\r\n")) == 0
		switch {
		case header && begins && blank:
			header = false
			if length >= 0 && m.follows(m.offset+length) {
				end = m.offset + length
			}
		case header && begins && length < 0:
			length = contentLength(line)
		case !header && begins && start >= end:
			line = unescaped(line)
		}
		if len(m.buffer)+len(line) <= MaxMessage {
			m.buffer = append(m.buffer, line...)
		}
		if err != nil {
			raw.Bytes = m.buffer
			return raw, err
		}
	}
}

// contentLength returns the value of a Content-Length field, or −1.
func contentLength(line []byte) int64 {
	const name = "content-length:"
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return -1
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(line[len(name):])), 10, 62)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// follows tells that at an offset the file ends, or a separator stands there, blank lines before it left out.
func (m *mboxReader) follows(at int64) bool {
	if m.at == nil {
		return false
	}
	var b [128]byte
	n, err := m.at.ReadAt(b[:], at)
	if n == 0 {
		// The end exactly here, not somewhere before.
		if at > 0 {
			n, _ = m.at.ReadAt(b[:1], at-1)
		}
		return n == 1 && errors.Is(err, io.EOF)
	}
	rest := bytes.TrimLeft(b[:n], "\r\n")
	if len(rest) == 0 {
		return errors.Is(err, io.EOF)
	}
	line, _ := cutLine(rest)
	_, ok := separator(line)
	return ok
}

// unescaped takes away one of the ">" before "From ".
func unescaped(line []byte) []byte {
	if line = line[:]; len(line) > 0 && line[0] == '>' && bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
		return line[1:]
	}
	return line
}

// separatorLayouts are the forms of time in separators: C's asctime, with or without zone before or behind the year.
var separatorLayouts = []string{
	"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04:05 2006 -0700",
	"Mon Jan 2 15:04 2006", "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon Jan 2 15:04 MST 2006", time.RFC3339,
}

// separator tells whether a line is a separator, "From somebody Tue Mar  3 10:12:00 2026", and of when.
func separator(line []byte) (time.Time, bool) {
	if len(line) > 500 || !bytes.HasPrefix(line, []byte("From ")) {
		return time.Time{}, false
	}
	words := bytes.Fields(line[5:])
	for from := range words { // the sender may be missing, or have blanks
		if from > 4 {
			break
		}
		if len(words)-from < 4 && len(words)-from != 1 {
			break
		}
		when := string(bytes.Join(words[from:], []byte(" ")))
		for _, layout := range separatorLayouts {
			if at, err := time.Parse(layout, when); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}
