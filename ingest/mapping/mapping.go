// Package mapping reads files of other systems: it turns rows of a CSV file, objects of a JSON-lines file or events
// of an XES log into events that go onto Kafka, as a mapping file says. It is for histories; what happens from now on
// should arrive as events.
//
// # The mapping file
//
// One YAML file. All of it:
//
//	origin: helpdesk                # the system: every event's CloudEvents source
//	csv:                            # how CSV files are written; the defaults are shown
//	  delimiter: ","                # one character; "\t" is a tab
//	  encoding: utf-8               # utf-8, latin1, windows-1252, utf-16
//	  skip: 0                       # lines before the header
//	  columns: []                   # names, for files without a header
//	  lazy_quotes: false            # take quotes inside unquoted fields
//	  decimal: "."                  # the sign in numbers; "," makes 1.234,50 a number
//	time_zone: Europe/Rome          # of times without offset; default UTC
//	keep: all                       # or [column, …]: columns that no value names, kept in data.extra; default: none
//	events:                         # what each row becomes: none, one or several events
//	  - when: row["Chiusa"] != ""   # a condition; default: every row
//	    id: {column: Id}            # unique within origin, and the same whenever the row is read again
//	    time: {column: Creato, layouts: ["02/01/2006 15:04"]}
//	    type: ticket.opened         # an event type, with or without "tappa."
//	    data:                       # the type's payload, as `tappa schema` describes it
//	      ticket: {column: Id}
//	      group: {column: Categoria}
//	      customer: {crm: {expr: '"town/" + row["Cittadino"]'}}
//
// # Values
//
// id, time, type and every leaf of data are values:
//
//	text, 12, true            a constant; or {const: …}
//	{column: NAME}            what the row holds there. In JSON a dotted name looks into objects, and values keep their kind
//	{expr: EXPRESSION}        an expression (expr-lang.org) over row["NAME"], file (its name) and line (a number)
//	{map: {column: NAME, values: {FROM: TO, …}, default: TO}}
//	                          a table; instead of column, expr. What the table does not list is an error without default
//
// Beside column, expr and map, "as: text", "as: number" and "as: flag" convert, and "split: SEPARATOR" makes a list.
// Lists and objects of values nest as payloads do. A value that is empty (blank text, null, an object or list without
// content) is left out. Because column, const, expr and map tell a value from an object, no field of a payload can be
// so named.
//
// A time is text in one of its layouts, which are Go's (the moment 2006-01-02 15:04:05) or rfc3339, epoch_s and
// epoch_ms; the default is RFC 3339 and its forms without offset, without "T" and without time of day. "time_zone"
// beside column, expr or const overrides the file's.
//
// # XES
//
// A row of an XES log is an event. Its columns are the event's attributes (concept:name, time:timestamp, …), the
// trace's with "case:" before them (case:concept:name), and xes:event, the event's number in the file, which makes a
// good id where the log has none.
//
// # Errors
//
// A mapping is read strictly: whatever is unknown, missing or of the wrong kind is an error with file, line and
// column. A row that cannot be mapped is a *RowError with file, line, the name of the column and the reason; reading
// goes on behind it. A row for which no "when" holds is a *NoEvent, in its place. A CSV file's header must have every
// column that the mapping names, also by row["NAME"] in an expression, unless ?? or in says what is without it.
package mapping

import (
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"tappa/ingest/source"
)

// Mapping is a mapping file, checked. It is safe for concurrent use.
type Mapping struct {
	origin  string
	csv     csvFormat
	zone    *time.Location
	keepAll bool
	keep    []column
	events  []event
	named   []column // every column that a value, an expression or keep names
	asked   []string // the columns that conditions read
	doubts  []string // what looks misspelt
	rows    *Rows    // where rows are counted, or nil
}

// event says how a row becomes an event.
type event struct {
	when *value // nil: always
	id   value
	at   timeValue
	typ  value
	data value
	read map[string]bool // columns that its values read by name: keep: all leaves them out
}

// column is a column's name and where the mapping file names it.
type column struct {
	name string
	pos  position
}

// Load reads the mapping file at path. What is wrong with it is reported all at once, a line for each, as
// file:line:column: message.
func Load(path string) (*Mapping, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load mapping: %w", err)
	}
	return Parse(path, b)
}

// RowError says why a row did not become an event.
type RowError struct {
	File   string
	Line   int
	Column string // the column at fault, "" if it is none in particular
	Reason string // what was found, and what was expected
}

// Error returns "file:line: column "name": reason".
func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d: column %q: %s", e.File, e.Line, e.Column, e.Reason)
}

// row is one row being mapped.
type row struct {
	file   string
	line   int
	values map[string]any
	env    map[string]any // what expressions see; holds values
}

func newRow(file string) *row {
	r := &row{file: file, values: map[string]any{}}
	r.env = map[string]any{"row": r.values, "file": file, "line": 0}
	return r
}

// next makes r the row at line; its values are to be filled in.
func (r *row) next(line int) {
	r.line = line
	r.env["line"] = line
	clear(r.values)
}

// problem is what is wrong with a row, before file and line are known.
type problem struct{ column, reason string }

func problemf(column, format string, args ...any) *problem {
	return &problem{column, fmt.Sprintf(format, args...)}
}

func (r *row) error(p *problem) *RowError {
	return &RowError{File: r.file, Line: r.line, Column: p.column, Reason: p.reason}
}

// Formats are the file formats by name, each with its reader, which needs a mapping (jsonl takes nil). A reader's
// sequence yields events in the file's order, and errors in their place: after a *RowError or *NoEvent the next row
// follows, any other error is the last.
var Formats = map[string]func(m *Mapping, name string, in io.Reader) iter.Seq2[source.Event, error]{
	"csv": (*Mapping).CSV, "jsonl": (*Mapping).JSONLines, "xes": (*Mapping).XES,
}

// mapRow yields what a row becomes, and reports whether more is wanted.
func (m *Mapping) mapRow(r *row, yield func(source.Event, error) bool) bool {
	if m.rows != nil {
		m.rows.look(m, r)
	}
	events, bad := 0, false
	defer func() { m.end(events, bad) }()
	for i := range m.events {
		e, made, p := m.events[i].make(m, r)
		switch {
		case p != nil:
			bad = true
			if !yield(source.Event{}, r.error(p)) {
				return false
			}
		case made:
			events++
			if !yield(e, nil) {
				return false
			}
		}
	}
	return events > 0 || bad || yield(source.Event{}, m.noEvent(r))
}

// refuse yields why a row cannot be read, and reports whether more is wanted.
func (m *Mapping) refuse(bad *RowError, yield func(source.Event, error) bool) bool {
	m.end(0, true)
	return yield(source.Event{}, bad)
}

// make returns the event that a row becomes, and whether there is one.
func (e *event) make(m *Mapping, r *row) (source.Event, bool, *problem) {
	out := source.Event{Origin: m.origin}
	if e.when != nil {
		v, p := e.when.eval(r)
		if p != nil || v != true {
			return out, false, p
		}
	}
	var p *problem
	if out.ID, p = e.id.text(r, "id"); p != nil {
		return out, false, p
	}
	if out.Time, p = e.at.eval(r, m.zone); p != nil {
		return out, false, p
	}
	if out.Type, p = e.typ.text(r, "type"); p != nil {
		return out, false, p
	}
	if !knownType(out.Type) {
		return out, false, problemf(e.typ.column, "type %q is none that tappa knows", out.Type)
	}
	data, p := e.data.eval(r)
	if p != nil {
		return out, false, p
	}
	object, _ := data.(map[string]any)
	if extra := m.extra(e, r); len(extra) > 0 {
		if object == nil {
			object = map[string]any{}
		}
		object["extra"] = extra
	}
	out.Data = object
	return out, true, nil
}

// extra returns the columns that are kept though nothing maps them.
func (m *Mapping) extra(e *event, r *row) map[string]any {
	extra := map[string]any{}
	for _, c := range m.keep {
		if v := lookup(r.values, c.name); !empty(v) {
			extra[c.name] = v
		}
	}
	if m.keepAll {
		for name, v := range r.values {
			if !e.read[name] && !empty(v) {
				extra[name] = v
			}
		}
	}
	return extra
}

// knownType reports whether a type, with or without prefix, has a decoder.
func knownType(s string) bool {
	return slices.Contains(source.Types(), "tappa."+strings.TrimPrefix(s, "tappa."))
}
