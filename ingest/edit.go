package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/valyala/fastjson"

	"tappa/ingest/source"
)

// Edit sets one value of an event, to put right what made a record fail.
type Edit struct {
	path  []string
	value []byte // JSON
}

// ParseEdit reads "PATH=VALUE". The path leads from the event's root, its parts separated by dots: "time",
// "data.customer.phone". The value is taken as JSON if it is JSON, and as text if it is not. What is missing on the way
// is made. In an event whose attributes are headers, these are set.
func ParseEdit(s string) (Edit, error) {
	path, value, ok := strings.Cut(s, "=")
	if !ok || path == "" {
		return Edit{}, fmt.Errorf("edit %q: write it PATH=VALUE, such as data.customer.email=anna@example.com", s)
	}
	e := Edit{path: strings.Split(path, "."), value: []byte(value)}
	for _, part := range e.path {
		if part == "" {
			return Edit{}, fmt.Errorf("edit %q: the path has an empty part", s)
		}
	}
	if !json.Valid(e.value) {
		text, err := json.Marshal(value)
		if err != nil {
			return Edit{}, fmt.Errorf("edit %q: %w", s, err)
		}
		e.value = text
	}
	return e, nil
}

// apply changes a record. Its value is made anew; nothing of the old one is overwritten.
func (e Edit) apply(rec *source.Record) error {
	path := e.path
	if isBinary(*rec) {
		if len(path) == 1 {
			return e.setHeader(rec)
		}
		path = path[1:] // what is below data is the value
	}
	root, err := fastjson.ParseBytes(rec.Value)
	if err != nil || root.Type() != fastjson.TypeObject {
		return errors.New("edit: the record is no JSON object")
	}
	value, err := fastjson.ParseBytes(e.value)
	if err != nil {
		return fmt.Errorf("edit: %w", err)
	}
	at := root
	for _, part := range path[:len(path)-1] {
		if err := checkPlace(at, part); err != nil {
			return err
		}
		next := at.Get(part)
		if next == nil || next.Type() == fastjson.TypeNull {
			next = fastjson.MustParse("{}")
			at.Set(part, next)
		}
		switch next.Type() {
		case fastjson.TypeObject, fastjson.TypeArray:
			at = next
		default:
			return fmt.Errorf("edit: %s is no object", part)
		}
	}
	last := path[len(path)-1]
	if err := checkPlace(at, last); err != nil {
		return err
	}
	at.Set(last, value)
	out := root.MarshalTo(nil)
	if !json.Valid(out) {
		return errors.New("edit: a name of the path, or beside it, cannot be written in JSON")
	}
	rec.Value = out
	return nil
}

// checkPlace refuses what is no place of an array. Arrays are not made longer.
func checkPlace(at *fastjson.Value, part string) error {
	if at.Type() != fastjson.TypeArray {
		return nil
	}
	if i, err := strconv.Atoi(part); err != nil || i < 0 || i >= len(at.GetArray()) {
		return fmt.Errorf("edit: %s is no place in the array", part)
	}
	return nil
}

// setHeader sets an attribute of an event in binary mode.
func (e Edit) setHeader(rec *source.Record) error {
	var text string
	if json.Unmarshal(e.value, &text) != nil {
		text = string(e.value)
	}
	name := "ce_" + e.path[0]
	headers := make([]source.Header, 0, len(rec.Headers)+1)
	for _, h := range rec.Headers {
		if h.Key != name {
			headers = append(headers, h)
		}
	}
	rec.Headers = append(headers, source.Header{Key: name, Value: []byte(text)})
	return nil
}

// isBinary says whether a record's attributes are headers.
func isBinary(rec source.Record) bool {
	for _, h := range rec.Headers {
		if strings.HasPrefix(h.Key, "ce_") {
			return true
		}
	}
	return false
}

// isFrom says whether a record names this CloudEvents source, or is of this kind ("form" of "tappa.form.submitted"). One
// that cannot be read is from nowhere.
func isFrom(p *fastjson.Parser, rec source.Record, name string) bool {
	var origin, kind string
	if isBinary(rec) {
		for _, h := range rec.Headers {
			switch h.Key {
			case "ce_source":
				origin = string(h.Value)
			case "ce_type":
				kind = string(h.Value)
			}
		}
	} else if v, err := p.ParseBytes(rec.Value); err == nil {
		origin, kind = string(v.GetStringBytes("source")), string(v.GetStringBytes("type"))
	}
	kind, _, _ = strings.Cut(strings.TrimPrefix(kind, "tappa."), ".")
	return name == origin || name == kind
}
