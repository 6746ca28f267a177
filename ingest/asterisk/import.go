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
// files, and yields calls in the order of their first rows. Memory is that of the files' lines. "asterisk" takes files of all
// three logs, and one call of what they say of it: a CDR tells who called which number, queue_log how he was served.
//
// A call that cannot be used is a *mapping.RowError at its first row, as is a line that cannot be read; one that says nothing
// about a customer is a *source.Nothing in its place. Any other error is the last.
var Files = map[string]func(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error]{
	"asterisk":     files(cdrKind, celKind, queueKind),
	cdrKind.name:   files(cdrKind),
	celKind.name:   files(celKind),
	queueKind.name: files(queueKind),
}

// maxLine is the longest line that is read, in bytes.
const maxLine = 1 << 20

// line is a line of a file, kept unread until all lines of its call are there.
type line struct {
	kind  *kind
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
	kinds []kind
	calls map[string]*lines
	order []*lines
}

// files returns the reader of files of some kinds.
func files(kinds ...kind) func([]string, string, source.Settings) iter.Seq2[source.Event, error] {
	return func(paths []string, origin string, s source.Settings) iter.Seq2[source.Event, error] {
		return func(yield func(source.Event, error) bool) { readFiles(kinds, paths, origin, s, yield) }
	}
}

// readFiles yields the calls of files.
func readFiles(kinds []kind, paths []string, origin string, s source.Settings, yield func(source.Event, error) bool) {
	g := grouper{kinds: kinds, calls: map[string]*lines{}}
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
		event, err := l.event(&s)
		event.Origin = origin
		if !yield(event, err) {
			return
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
			k := g.kindOf(text, names)
			if n == 1 && text[0] != '{' {
				if fields := splitFields(string(text), k.comma); isHeader(fields) {
					names = canonicals(fields)
					continue
				}
			}
			if err := g.add(path, n, line{k, string(text), names}); err != nil && !yield(err) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			yield(fmt.Errorf("read %s: %w", path, err))
		}
	}
}

// kindOf returns what a line is of.
func (g *grouper) kindOf(text []byte, names []string) *kind {
	if len(g.kinds) == 1 {
		return &g.kinds[0]
	}
	head := strings.ToLower(string(text[:min(len(text), 400)]))
	if names != nil && text[0] != '{' {
		head = strings.ToLower(strings.Join(names, ","))
	}
	is := 0 // a CDR
	switch {
	case text[0] == '{' || names != nil:
		if strings.Contains(head, "callid") && !strings.Contains(head, "linkedid") {
			is = 2
		} else if strings.Contains(head, "eventname") || strings.Contains(head, "eventtype") {
			is = 1
		}
	case strings.Count(head, "|") >= 4 && !strings.Contains(head, `","`):
		is = 2
	case celEvent(strings.Trim(strings.SplitN(string(text), ",", 2)[0], `"`)):
		is = 1
	}
	return &g.kinds[is]
}

// add puts a line to those of its call.
func (g *grouper) add(path string, n int, l line) error {
	r, err := l.read()
	if err != nil {
		return rowError(path, n, err)
	}
	id := l.kind.id(r)
	if id == "" {
		if l.kind.name == queueKind.name {
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
func (l *line) read() (row, error) {
	if l.text[0] == '{' || l.text[0] == '[' {
		rows, err := readRows([]byte(l.text), *l.kind)
		if err != nil {
			return nil, err
		}
		return rows[0], nil
	}
	return fieldsRow(splitFields(l.text, l.kind.comma), l.names, *l.kind)
}

// event returns the event of a call: what its CDR say, else its channels, put right by what its queues say.
func (l *lines) event(s *source.Settings) (source.Event, error) {
	rows := map[string][]row{}
	for i := range l.list {
		r, err := l.list[i].read()
		if err != nil {
			return source.Event{}, rowError(l.file, l.at, err)
		}
		rows[l.list[i].kind.name] = append(rows[l.list[i].kind.name], r)
	}
	var c call
	var err error
	switch cdr, cel, queue := rows[cdrKind.name], rows[celKind.name], rows[queueKind.name]; {
	case cdr != nil:
		c, err = cdrCall(cdr, s)
		c.queued(queue, s)
	case cel != nil:
		c, err = celCall(cel, s)
		c.queued(queue, s)
	default:
		c, err = queueCall(queue, s)
	}
	if err != nil {
		return source.Event{}, rowError(l.file, l.at, err)
	}
	event, err := c.event()
	return event, rowError(l.file, l.at, err)
}

// queued puts right what a call says of itself by what its queues say: they know when a person, and not the queue,
// answered.
func (c *call) queued(rows []row, s *source.Settings) {
	if rows == nil {
		return
	}
	q, _ := queueCall(rows, s) // who called is known already
	if len(q.row) == 0 {
		return
	}
	c.queue = q.queue
	switch {
	case q.held:
		c.held, c.agent, c.talk, c.ring = true, q.agent, q.talk, max(0, q.start.Add(q.ring).Sub(c.start))
	case !c.held:
		c.reason = q.reason
	}
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
