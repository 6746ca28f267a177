package mapping

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
	"unicode/utf8"

	"tappa/ingest/source"
)

// maxLine is the longest line of a JSON-lines file, in bytes.
const maxLine = 16 << 20

// JSONLines returns the events of a file of JSON objects, one a line; name stands for it in errors. A line that is
// a CloudEvent already (it has a specversion) is taken as it is, and a nil Mapping takes nothing else. Blank lines
// are skipped.
func (m *Mapping) JSONLines(name string, in io.Reader) iter.Seq2[source.Event, error] {
	return func(yield func(source.Event, error) bool) {
		lines := bufio.NewReaderSize(in, 1<<16)
		r := newRow(name)
		for line := 1; ; line++ {
			b, size, err := readLine(lines)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(source.Event{}, fmt.Errorf("%s:%d: %w", name, line, err))
				return
			}
			if line == 1 {
				b = bytes.TrimPrefix(b, []byte("\ufeff")) // as Windows begins its files
			}
			r.next(line)
			if size > maxLine {
				if !m.refuse(r.error(problemf("", "a line of %d bytes, at most %d are taken", size, maxLine)), yield) {
					return
				}
			} else if b := bytes.TrimSpace(b); len(b) > 0 && !m.mapLine(r, b, yield) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// readLine returns the next line and its size; io.EOF comes with the last. Of a line longer than maxLine it returns the
// size alone.
func readLine(r *bufio.Reader) (line []byte, size int, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if size += len(part); size > maxLine {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, size, err
		}
	}
}

// mapLine yields what a line becomes, and reports whether more is wanted.
func (m *Mapping) mapLine(r *row, b []byte, yield func(source.Event, error) bool) bool {
	if !utf8.Valid(b) {
		return m.refuse(r.error(problemf("", "not UTF-8")), yield)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if b[0] != '{' {
		return m.refuse(r.error(problemf("", "%s, expected a JSON object", clip(string(b)))), yield)
	}
	if err := d.Decode(&r.values); err != nil {
		return m.refuse(r.error(problemf("", "no JSON object: %v", err)), yield)
	}
	if d.More() {
		return m.refuse(r.error(problemf("", "expected one JSON object")), yield)
	}
	for name, x := range r.values {
		r.values[name] = plain(x)
	}
	if _, ok := r.values["specversion"]; ok {
		e, p := cloudEvent(b)
		if p != nil {
			return m.refuse(r.error(p), yield)
		}
		m.end(1, false)
		return yield(e, nil)
	}
	if m == nil {
		return m.refuse(r.error(problemf("specversion", "no CloudEvent, and there is no mapping")), yield)
	}
	return m.mapRow(r, yield)
}

// plain makes JSON numbers into integers where they are, so that ids keep all their digits and expressions can count.
func plain(x any) any {
	switch x := x.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return int(n)
		}
		f, err := x.Float64()
		if err != nil {
			return x.String()
		}
		return f
	case map[string]any:
		for name, y := range x {
			x[name] = plain(y)
		}
	case []any:
		for i, y := range x {
			x[i] = plain(y)
		}
	}
	return x
}

// cloudEvent takes a line that is an event already; its payload stays as it is written.
func cloudEvent(b []byte) (source.Event, *problem) {
	var in struct {
		ID, Source, Type string
		Time             time.Time
		Data             json.RawMessage
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return source.Event{}, problemf("", "CloudEvent: %v", err)
	}
	switch {
	case in.ID == "" || in.Source == "" || in.Type == "" || in.Time.IsZero():
		return source.Event{}, problemf("", "CloudEvent: expected id, source, type and time")
	case len(in.Data) == 0:
		return source.Event{}, problemf("data", "CloudEvent: missing")
	}
	return source.Event{ID: in.ID, Origin: in.Source, Type: in.Type, Time: in.Time, Data: in.Data}, nil
}
