package vendor

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"tappa/ingest/mapping"
	"tappa/ingest/source"
)

// doc is a JSON value of which nothing is taken for granted: whatever is not there, or is of another kind, is empty.
type doc struct{ value any }

// readDoc reads a record's value as JSON.
func readDoc(b []byte) (doc, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return doc{}, source.Malformed("expected JSON: %v", err)
	}
	if d.More() {
		return doc{}, source.Malformed("expected one JSON value")
	}
	return doc{v}, nil
}

// readObject reads a record's value as a JSON object.
func readObject(b []byte) (doc, error) {
	d, err := readDoc(b)
	if err == nil && !d.isObject() {
		err = source.Malformed("expected a JSON object")
	}
	return d, err
}

func (d doc) isObject() bool { _, ok := d.value.(map[string]any); return ok }

// at goes down a path of member names; a part of only digits is an index too.
func (d doc) at(path ...string) doc {
	for _, part := range path {
		switch v := d.value.(type) {
		case map[string]any:
			d = doc{v[part]}
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				return doc{}
			}
			d = doc{v[i]}
		default:
			return doc{}
		}
	}
	return d
}

// is says whether there is something that is not null.
func (d doc) is() bool { return d.value != nil }

// text returns a text, or a number or flag written as text, without blanks around it.
func (d doc) text(path ...string) string { return strings.TrimSpace(d.raw(path...)) }

// raw returns a text as it is, or a number or flag written as text.
func (d doc) raw(path ...string) string {
	switch v := d.at(path...).value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// flag returns true, and for "true", "1" and 1 as well.
func (d doc) flag(path ...string) bool {
	switch d.text(path...) {
	case "true", "1":
		return true
	}
	return false
}

// number returns a number, or a text that is one; ok says whether there is any.
func (d doc) number(path ...string) (f float64, ok bool) {
	f, err := strconv.ParseFloat(d.text(path...), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	return f, true
}

// list returns the elements of a list.
func (d doc) list(path ...string) []doc {
	values, _ := d.at(path...).value.([]any)
	out := make([]doc, len(values))
	for i, v := range values {
		out[i] = doc{v}
	}
	return out
}

// members returns an object's members.
func (d doc) members(path ...string) map[string]any {
	m, _ := d.at(path...).value.(map[string]any)
	return m
}

// time returns an instant: RFC 3339 and forms near it, or seconds or milliseconds since 1970. A time without offset is
// of the zone given. The zero time is none.
func (d doc) time(zone *time.Location, path ...string) time.Time {
	return readTime(d.text(path...), zone)
}

// layouts are the forms of time that vendors write, beside numbers.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05 MST",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", time.RFC1123Z, time.RFC1123, "2006-01-02",
}

// readTime reads a time as doc.time does.
func readTime(s string, zone *time.Location) time.Time {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case f >= 1e14 || f < 1e8: // neither seconds nor milliseconds of our times
			return time.Time{}
		case f >= 1e11:
			return time.UnixMilli(int64(f)).UTC()
		}
		return time.UnixMilli(int64(math.Round(f * 1000))).UTC()
	}
	for _, layout := range layouts {
		if t, ok := mapping.TimeIn(layout, s, zone); ok {
			return t
		}
	}
	return time.Time{}
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// anyTime returns the first time that is one.
func anyTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
