package asterisk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"

	"tappa/ingest/mapping"
	"tappa/ingest/source"
)

// Files are the readers of files by format. Each puts the rows of a call together wherever they stand in whichever of the
// files, and yields calls in the order of their first rows. Memory is that of the files' lines.
//
// A call that cannot be used is a *mapping.RowError at its first row, as is a line that cannot be read; one that says nothing
// about a customer is a *source.Nothing in its place. Any other error is the last.
var Files = map[string]func(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error]{
	cdrKind.name: cdrKind.files, celKind.name: celKind.files, queueKind.name: queueKind.files,
}

// maxLine is the longest line that is read, in bytes.
const maxLine = 1 << 20

// line is a line of a file, kept unread until all lines of its call are there.
type line struct {
	text  string
	names []string // of its fields, where the file's first line names them
}

// lines are those of one call.
type lines struct {
	file string
	at   int // of the first
	list []line
}

// grouper finds the lines of each call.
type grouper struct {
	kind  kind
	calls map[string]*lines
	order []*lines
}

func (k kind) files(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error] {
	return func(yield func(source.Event, error) bool) {
		g := grouper{kind: k, calls: map[string]*lines{}}
		for _, path := range paths {
			for err := range g.file(path) {
				var row *mapping.RowError
				var nothing *source.Nothing
				if !yield(source.Event{}, err) || !errors.As(err, &row) && !errors.As(err, &nothing) {
					return
				}
			}
		}
		for _, l := range g.order {
			event, err := l.event(k, s)
			event.Origin = origin
			if !yield(event, err) {
				return
			}
		}
	}
}

// file groups the lines of a file, and yields what is wrong with some.
func (g *grouper) file(path string) iter.Seq[error] {
	return func(yield func(error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(err)
			return
		}
		defer func() { _ = file.Close() }() // only read
		scanner := bufio.NewScanner(file)
		scanner.Buffer(make([]byte, 1<<16), maxLine)
		var names []string
		for n := 1; scanner.Scan(); n++ {
			text := bytes.TrimSpace(bytes.TrimPrefix(scanner.Bytes(), []byte("\ufeff")))
			if len(text) == 0 {
				continue
			}
			if fields := strings.Split(string(text), string(g.kind.comma)); n == 1 && text[0] != '{' && isHeader(fields) {
				names = trimmed(fields)
				continue
			}
			if err := g.add(path, n, line{string(text), names}); err != nil && !yield(err) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			yield(fmt.Errorf("read %s: %w", path, err))
		}
	}
}

// trimmed returns names without quotes and blanks.
func trimmed(names []string) []string {
	for i, n := range names {
		names[i] = strings.Trim(n, "\" \t")
	}
	return names
}

// add puts a line to those of its call.
func (g *grouper) add(path string, n int, l line) error {
	r, err := l.read(g.kind)
	if err != nil {
		return rowError(path, n, err)
	}
	id := g.kind.id(r)
	if id == "" {
		if g.kind.name == queueKind.name {
			return &source.Nothing{Kind: source.NothingHappened, Detail: "row of a queue that is about no call"}
		}
		return rowError(path, n, missing("uniqueid", "the call's id"))
	}
	call := g.calls[id]
	if call == nil {
		call = &lines{file: path, at: n}
		g.calls[id] = call
		g.order = append(g.order, call)
	}
	if len(call.list) >= maxRows {
		return rowError(path, n, source.Malformed("more than %d rows of one call", maxRows))
	}
	call.list = append(call.list, l)
	return nil
}

// read reads a line.
func (l *line) read(k kind) (row, error) {
	if l.names == nil || l.text[0] == '{' {
		rows, err := readRows([]byte(l.text), k)
		if err != nil {
			return nil, err
		}
		return rows[0], nil
	}
	fields, err := splitLine(l.text, k)
	if err != nil {
		return nil, err
	}
	return fieldsRow(fields, l.names, k)
}

// event returns the event of a call.
func (l *lines) event(k kind, s source.Settings) (source.Event, error) {
	rows := make([]row, len(l.list))
	for i := range l.list {
		r, err := l.list[i].read(k)
		if err != nil {
			return source.Event{}, rowError(l.file, l.at, err)
		}
		rows[i] = r
	}
	c, err := k.call(rows, &s)
	if err != nil {
		return source.Event{}, rowError(l.file, l.at, err)
	}
	event, err := c.event()
	return event, rowError(l.file, l.at, err)
}

// rowError says where in a file something cannot be used. A *source.Nothing stays as it is.
func rowError(path string, n int, err error) error {
	if _, ok := errors.AsType[*source.Nothing](err); ok || err == nil {
		return err
	}
	field, reason := "", err.Error()
	if bad, ok := errors.AsType[*source.Error](err); ok {
		field, reason = bad.Field, bad.Detail
	}
	return &mapping.RowError{File: path, Line: n, Column: field, Reason: reason}
}
