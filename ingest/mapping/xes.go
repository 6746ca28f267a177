package mapping

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"golang.org/x/text/encoding/ianaindex"

	"tappa/ingest/source"
)

// Columns of an XES row beside the event's own attributes.
const (
	casePrefix = "case:"     // before a trace's attributes, as tools that write logs as CSV do: case:concept:name
	xesEvent   = "xes:event" // the event's number in the file, eight digits, so that ids keep the file's order
)

// XES returns the events of an XES log; name stands for it in errors. A row is an event: its attributes by key, those
// of its trace with "case:" before the key, and "xes:event", the event's number in the file. Attributes of attributes,
// lists and containers are left out.
func (m *Mapping) XES(name string, in io.Reader) iter.Seq2[source.Event, error] {
	return func(yield func(source.Event, error) bool) {
		x := xesReader{d: xml.NewDecoder(in), row: newRow(name)}
		x.d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
			e, err := ianaindex.IANA.Encoding(label)
			if err != nil || e == nil {
				return nil, fmt.Errorf("encoding %q is not known", label)
			}
			return e.NewDecoder().Reader(in), nil
		}
		for {
			p, err := x.next()
			switch {
			case errors.Is(err, io.EOF):
				if x.events == 0 {
					yield(source.Event{}, fmt.Errorf("%s: no XES log: it has no trace with an event", name))
				}
				return
			case err != nil:
				line, _ := x.d.InputPos()
				yield(source.Event{}, fmt.Errorf("%s:%d: %w", name, line, err))
				return
			case p != nil:
				if !m.refuse(x.row.error(p), yield) {
					return
				}
			case !m.mapRow(x.row, yield):
				return
			}
		}
	}
}

// xesReader walks through a log, event by event.
type xesReader struct {
	d      *xml.Decoder
	row    *row
	trace  map[string]any // attributes of the trace, keys prefixed; nil outside
	events int
}

// next reads up to the end of the next event.
func (x *xesReader) next() (*problem, error) {
	for {
		t, err := x.d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch {
			case t.Name.Local == "log":
			case t.Name.Local == "trace":
				x.trace = map[string]any{}
			case t.Name.Local == "event" && x.trace != nil:
				return x.event()
			case x.trace != nil:
				if key, v, p := attribute(t); p == nil && key != "" {
					x.trace[casePrefix+key] = v
				}
				fallthrough
			default: // extensions, globals, classifiers and the log's own attributes
				if err := x.d.Skip(); err != nil {
					return nil, err
				}
			}
		case xml.EndElement:
			if t.Name.Local == "trace" {
				x.trace = nil
			}
		}
	}
}

// event reads an event into the row.
func (x *xesReader) event() (*problem, error) {
	line, _ := x.d.InputPos()
	x.events++
	x.row.next(line)
	for key, v := range x.trace {
		x.row.values[key] = v
	}
	x.row.values[xesEvent] = fmt.Sprintf("%08d", x.events)
	var wrong *problem
	for {
		t, err := x.d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			key, v, p := attribute(t)
			if p != nil && wrong == nil {
				wrong = p
			}
			if key != "" {
				x.row.values[key] = v
			}
			if err := x.d.Skip(); err != nil {
				return nil, err
			}
		case xml.EndElement:
			return wrong, nil
		}
	}
}

// attribute reads one attribute; its key is "" where there is none, or where its kind holds others.
func attribute(t xml.StartElement) (key string, v any, p *problem) {
	var text string
	for _, a := range t.Attr {
		switch a.Name.Local {
		case "key":
			key = a.Value
		case "value":
			text = a.Value
		}
	}
	var err error
	switch t.Name.Local {
	case "string", "date", "id":
		v = text
	case "int":
		v, err = strconv.Atoi(text)
	case "float":
		v, err = strconv.ParseFloat(text, 64)
	case "boolean":
		v, err = strconv.ParseBool(text)
	default:
		return "", nil, nil
	}
	if err != nil {
		return "", nil, problemf(key, "%q is no %s", clip(text), t.Name.Local)
	}
	return key, v, nil
}
