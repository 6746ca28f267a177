package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // mappings name time zones, and not every machine knows them

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// position is a place in the mapping file.
type position struct {
	name         string
	line, column int
}

func (p position) String() string { return fmt.Sprintf("%s:%d:%d", p.name, p.line, p.column) }

// builder builds a Mapping and collects what is wrong with its file.
type builder struct {
	name    string
	decimal string
	named   []column
	doubts  []string
	errs    []error
}

func (b *builder) fail(n ast.Node, format string, args ...any) {
	b.failAt(b.pos(n), format, args...)
}

func (b *builder) failAt(p position, format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("%s: %s", p, fmt.Sprintf(format, args...)))
}

// pos returns where a node begins. A block mapping's own token is its first colon, so its first key counts.
func (b *builder) pos(n ast.Node) position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		n = m.Key
	}
	at := n.GetToken().Position
	return position{b.name, at.Line, at.Column}
}

// Parse reads a mapping; name stands for the file in errors.
func Parse(name string, data []byte) (*Mapping, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil {
			at := syntax.Token.Position
			return nil, fmt.Errorf("%s:%d:%d: %s", name, at.Line, at.Column, syntax.Message)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s:1:1: expected one YAML document with origin and events", name)
	}
	b := &builder{name: name, decimal: "."}
	if _, ok := file.Docs[0].Body.(*ast.MappingNode); !ok {
		b.fail(file.Docs[0].Body, "expected an object with origin and events")
		return nil, b.errs[0]
	}
	m := b.mapping(file.Docs[0].Body)
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	return m, nil
}

// mapping reads the whole file.
func (b *builder) mapping(body ast.Node) *Mapping {
	m := &Mapping{csv: defaultCSV, zone: time.UTC}
	fields := b.fields(body, "origin", "csv", "time_zone", "keep", "events")
	m.origin = strings.TrimSpace(b.text(fields["origin"]))
	if m.origin == "" {
		b.fail(body, "origin is missing: expected the system's name")
	}
	if n := fields["csv"]; n != nil {
		b.csv(n, &m.csv)
	}
	if n := fields["time_zone"]; n != nil {
		m.zone = b.zone(n)
	}
	b.keep(fields["keep"], m)
	events, ok := fields["events"].(*ast.SequenceNode)
	if !ok || len(events.Values) == 0 {
		b.fail(body, "events is missing: expected a list of at least one event")
		return m
	}
	for _, n := range events.Values {
		m.events = append(m.events, b.event(n))
	}
	m.asked = asked(m.events)
	m.named, m.doubts = b.named, b.doubts
	return m
}

// keep reads "keep: all" or a list of columns.
func (b *builder) keep(n ast.Node, m *Mapping) {
	switch n := n.(type) {
	case nil:
	case *ast.SequenceNode:
		for _, c := range n.Values {
			m.keep = append(m.keep, column{b.text(c), b.pos(c)})
			b.named = append(b.named, column{b.text(c), b.pos(c)})
		}
	default:
		if b.text(n) != "all" {
			b.fail(n, "keep: expected all or a list of columns")
		}
		m.keepAll = true
	}
}

// csv reads how CSV files are written.
func (b *builder) csv(n ast.Node, f *csvFormat) {
	fields := b.fields(n, "delimiter", "encoding", "skip", "columns", "lazy_quotes", "decimal")
	if n := fields["delimiter"]; n != nil {
		d := []rune(b.text(n))
		if len(d) != 1 || strings.ContainsRune("\"\r\n\ufffd", d[0]) {
			b.fail(n, "delimiter: expected one character")
		} else {
			f.delimiter = d[0]
		}
	}
	if n := fields["encoding"]; n != nil {
		f.encoding = b.text(n)
		if _, ok := encodings[f.encoding]; !ok {
			b.fail(n, "encoding: %q, expected utf-8, latin1, windows-1252 or utf-16", f.encoding)
		}
	}
	if n := fields["skip"]; n != nil {
		lines, ok := b.constant(n).(uint64)
		if !ok || lines > 1000 {
			b.fail(n, "skip: expected a number of lines")
		}
		f.skip = int(min(lines, 1000))
	}
	if n, ok := fields["columns"].(*ast.SequenceNode); ok {
		for _, c := range n.Values {
			f.columns = append(f.columns, b.text(c))
		}
	} else if n := fields["columns"]; n != nil {
		b.fail(n, "columns: expected a list of names")
	}
	if n := fields["lazy_quotes"]; n != nil {
		var ok bool
		if f.lazyQuotes, ok = b.constant(n).(bool); !ok {
			b.fail(n, "lazy_quotes: expected true or false")
		}
	}
	if n := fields["decimal"]; n != nil {
		if b.decimal = b.text(n); b.decimal != "." && b.decimal != "," {
			b.fail(n, `decimal: expected "." or ","`)
		}
	}
}

func (b *builder) zone(n ast.Node) *time.Location {
	zone, err := time.LoadLocation(b.text(n))
	if err != nil || b.text(n) == "" || b.text(n) == "Local" {
		b.fail(n, "time_zone: %q, expected a name such as Europe/Rome", b.text(n))
		return time.UTC
	}
	return zone
}

// event reads one entry of events.
func (b *builder) event(n ast.Node) event {
	e := event{read: map[string]bool{}}
	fields := b.fields(n, "when", "id", "time", "type", "data")
	for _, name := range []string{"id", "time", "type", "data"} {
		if fields[name] == nil {
			b.fail(n, "%s is missing from the event", name)
			return e
		}
	}
	if w := fields["when"]; w != nil {
		v := b.expression(w, "when: ", true)
		e.when = &v
	}
	e.id = b.value(fields["id"], e.read)
	e.at = b.time(fields["time"], e.read)
	e.typ = b.value(fields["type"], e.read)
	for _, c := range e.typ.consts {
		if !knownType(c.name) {
			b.failAt(c.pos, "type: %q is none that tappa knows", c.name)
		}
	}
	if data, ok := fields["data"].(*ast.MappingNode); ok && !isLeaf(data) {
		e.data = b.value(data, e.read)
		b.doubt(data, e.typ.consts)
	} else {
		b.fail(fields["data"], "data: expected the fields of the payload")
	}
	return e
}

// time reads a time's value, its layouts and its time zone.
func (b *builder) time(n ast.Node, read map[string]bool) timeValue {
	t := timeValue{layouts: defaultLayouts}
	m, ok := n.(*ast.MappingNode)
	if !ok {
		t.value = b.value(n, read)
		return t
	}
	rest := *m
	rest.Values = nil
	for _, f := range m.Values {
		switch f.Key.String() {
		case "layouts":
			list, ok := f.Value.(*ast.SequenceNode)
			if !ok || len(list.Values) == 0 {
				b.fail(f.Value, "layouts: expected a list of layouts")
				continue
			}
			t.layouts = nil
			for _, l := range list.Values {
				t.layouts = append(t.layouts, b.layout(l))
			}
		case "time_zone":
			t.zone = b.zone(f.Value)
		default:
			rest.Values = append(rest.Values, f)
		}
	}
	if !isLeaf(&rest) {
		b.fail(n, "time: expected column, expr or map")
		return t
	}
	t.value = b.leaf(&rest, read)
	return t
}

// layout reads one layout; one of Go's must know the day, and which hour of it if it knows any.
func (b *builder) layout(n ast.Node) string {
	s := b.text(n)
	words := []string{layoutRFC3339, layoutEpoch, layoutEpochMillis}
	if lost := forgotten(s); !slices.Contains(words, s) && lost != "" {
		b.fail(n, "layouts: %q does not tell the %s, expected %s or how 2006-01-02 15:04:05 would be written", s, lost, strings.Join(words, ", "))
	}
	return s
}

// forgotten is what of a time a layout of Go's does not tell, "" if it tells enough: a layout with the month in the place of
// the minute would read every row as of January.
func forgotten(layout string) string {
	some := time.Date(1998, time.November, 23, 17, 46, 0, 0, time.UTC)
	got, err := time.Parse(layout, some.Format(layout))
	switch {
	case err != nil || got.Year() != some.Year():
		return "year"
	case got.Month() != some.Month():
		return "month"
	case got.Day() != some.Day():
		return "day"
	case got.Hour() != some.Hour() && (got.Hour() != 0 || got.Minute() != 0):
		return "half of the day (15 is the hour of 24, 03 needs PM)"
	}
	return ""
}

// fields returns an object's fields by name; others than those allowed are errors.
func (b *builder) fields(n ast.Node, allowed ...string) map[string]ast.Node {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		b.fail(n, "expected an object with %s", strings.Join(allowed, ", "))
		return nil
	}
	fields := make(map[string]ast.Node, len(m.Values))
	for _, f := range m.Values {
		name := b.text(f.Key)
		if !slices.Contains(allowed, name) {
			b.fail(f.Key, "unknown field %q, expected one of %s", name, strings.Join(allowed, ", "))
			continue
		}
		fields[name] = f.Value
	}
	return fields
}

// constant returns a scalar: text, uint64, int64, float64, bool or nil.
func (b *builder) constant(n ast.Node) any {
	s, ok := n.(ast.ScalarNode)
	if !ok {
		b.fail(n, "expected a text, a number, true or false")
		return nil
	}
	return s.GetValue()
}

// text returns a scalar as text, as it is written.
func (b *builder) text(n ast.Node) string {
	switch n := n.(type) {
	case nil:
		return ""
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value
	}
	b.fail(n, "expected a text")
	return ""
}
