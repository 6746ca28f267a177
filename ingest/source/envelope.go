package source

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"tappa/ingest/source/tree"
)

// envelope is a CloudEvent taken apart. Its strings live on; data lives as long as the tree.
type envelope struct {
	id, source, typ, time string
	data                  tree.Value // an object
}

// maxAttribute is the longest attribute taken, in bytes.
const maxAttribute = 1024

const (
	contentStructured = "application/cloudevents"
	headerContentType = "content-type"
	headerPrefix      = "ce_"
	specVersion       = "1.0"
)

// readEnvelope tells the two content modes apart and takes the event apart.
func (r *reader) readEnvelope(rec Record) (envelope, error) {
	contentType, binary := "", false
	for _, h := range rec.Headers {
		switch {
		case strings.EqualFold(h.Key, headerContentType):
			contentType = string(h.Value)
		case strings.HasPrefix(h.Key, headerPrefix):
			binary = true
		}
	}
	switch {
	case strings.HasPrefix(contentType, contentStructured):
		if media, _, _ := strings.Cut(contentType, ";"); strings.TrimSpace(media) != contentStructured+"+json" {
			return envelope{}, fail(ReasonNotCloudEvent, headerContentType, "%q, expected %s+json", clip(contentType), contentStructured)
		}
		return r.readStructured(rec.Value)
	case binary:
		return r.readBinary(rec, contentType)
	default:
		return r.readStructured(rec.Value)
	}
}

// readBinary reads an event whose attributes are headers.
func (r *reader) readBinary(rec Record, contentType string) (envelope, error) {
	var env envelope
	var version string
	for _, h := range rec.Headers {
		name, ok := strings.CutPrefix(h.Key, headerPrefix)
		if !ok {
			continue
		}
		into := env.attribute([]byte(name), &version)
		if into == nil {
			continue
		}
		if err := setAttribute(into, []byte(name), r.kept.text(h.Value), maxAttribute); err != nil {
			return env, err
		}
	}
	if err := env.check(version); err != nil {
		return env, err
	}
	if err := checkContentType(contentType); err != nil {
		return env, err
	}
	v, err := r.parse(rec.Value)
	if err != nil {
		return env, err
	}
	return env, env.setData(v)
}

// readStructured reads an event that is one JSON object.
func (r *reader) readStructured(value []byte) (envelope, error) {
	var env envelope
	v, err := r.parse(value)
	if err != nil {
		return env, err
	}
	if v.Kind() != tree.Object {
		return env, fail(ReasonNotCloudEvent, "", "expected a JSON object with specversion %q, got %s", specVersion, v.Kind())
	}
	var version, contentType, base string
	var data tree.Value
	for m := v.First(); m.Kind() != tree.Absent; m = v.After(m) {
		most := maxAttribute
		var into *string
		name := m.Name()
		switch string(name) {
		case "data":
			if data.Kind() != tree.Absent {
				return env, fail(ReasonBadAttribute, "data", "there twice")
			}
			data = m
		case "datacontenttype":
			into = &contentType
		case "data_base64":
			into, most = &base, len(value)
		default:
			into = env.attribute(name, &version)
		}
		if into == nil || m.Kind() == tree.Null {
			continue
		}
		s, ok := r.said(m)
		if !ok {
			return env, fail(ReasonBadAttribute, string(name), "expected text, got %s", m.Kind())
		}
		if err := setAttribute(into, name, s, most); err != nil {
			return env, err
		}
	}
	if err := env.check(version); err != nil {
		return env, err
	}
	if err := checkContentType(contentType); err != nil {
		return env, err
	}
	if data.Kind() == tree.Absent && base != "" {
		return env, r.setBase64(&env, base)
	}
	if data.Kind() == tree.Absent {
		return env, fail(ReasonBadPayload, "data", "missing, expected an object")
	}
	return env, env.setData(data)
}

// setAttribute takes an attribute's value.
func setAttribute(into *string, name []byte, value string, most int) error {
	switch {
	case *into != "":
		return fail(ReasonBadAttribute, string(name), "there twice")
	case len(value) > most:
		return fail(ReasonBadAttribute, string(name), "%d bytes, at most %d are allowed", len(value), most)
	case controls(value) || !utf8.ValidString(value):
		return fail(ReasonBadAttribute, string(name), "expected UTF-8 text without control characters")
	}
	*into = value
	return nil
}

// controls reports whether s has a control character.
func controls(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// attribute returns where an attribute's value goes, or nil for one that tappa does not look at.
func (e *envelope) attribute(name []byte, version *string) *string {
	switch string(name) {
	case "specversion":
		return version
	case "id":
		return &e.id
	case "source":
		return &e.source
	case "type":
		return &e.typ
	case "time":
		return &e.time
	}
	return nil
}

// check reports what is missing.
func (e *envelope) check(version string) error {
	switch {
	case version == "":
		return fail(ReasonNotCloudEvent, "specversion", "missing, expected %q", specVersion)
	case version != specVersion:
		return fail(ReasonNotCloudEvent, "specversion", "%q, expected %q", clip(version), specVersion)
	case e.id == "":
		return fail(ReasonMissingAttribute, "id", "expected an id, unique within source")
	case e.source == "":
		return fail(ReasonMissingAttribute, "source", "expected the system's name")
	case e.typ == "":
		return fail(ReasonMissingAttribute, "type", "expected a type such as tappa.form.submitted")
	case e.time == "":
		return fail(ReasonMissingAttribute, "time", "expected when it happened, RFC 3339 with offset")
	}
	return nil
}

// setData takes the payload.
func (e *envelope) setData(v tree.Value) error {
	if v.Kind() != tree.Object {
		return fail(ReasonBadPayload, "data", "expected an object, got %s", v.Kind())
	}
	e.data = v
	return nil
}

// setBase64 takes a payload that came as base64 text. The tree is used again: the attributes are copies already.
func (r *reader) setBase64(e *envelope, base string) error {
	raw, err := base64.StdEncoding.DecodeString(base)
	if err != nil {
		return fail(ReasonBadPayload, "data_base64", "not base64: %v", err)
	}
	v, err := r.parse(raw)
	if err != nil {
		return err
	}
	return e.setData(v)
}

// parse takes JSON apart. It says more of what is wrong than the tree, which only tells that something is.
func (r *reader) parse(value []byte) (tree.Value, error) {
	v, ok := r.tree.Parse(value)
	switch {
	case ok:
		return v, nil
	case len(value) == 0:
		return v, fail(ReasonMalformedJSON, "", "the record is empty")
	}
	if err := checkText(value); err != nil {
		return v, err
	}
	return v, malformed(value)
}

// malformed says where value is wrong, and tells nobody what the customer wrote.
func malformed(value []byte) *Error {
	var raw json.RawMessage
	var at *json.SyntaxError
	if errors.As(json.Unmarshal(value, &raw), &at) {
		return fail(ReasonMalformedJSON, "", "byte %d: %v", at.Offset, at)
	}
	return fail(ReasonMalformedJSON, "", "nested deeper than %d levels", tree.MaxDepth)
}

// checkText reports bytes that are not UTF-8 and NUL characters, plain or escaped.
func checkText(b []byte) error {
	if !utf8.Valid(b) {
		return fail(ReasonInvalidUTF8, "", "not UTF-8")
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return fail(ReasonInvalidUTF8, "", "NUL character at byte %d", i)
	}
	for i := 0; ; {
		j := bytes.Index(b[i:], escapedNUL)
		if j < 0 {
			return nil
		}
		i += j
		before := 0 // an odd backslash before it makes it text
		for before < i && b[i-1-before] == '\\' {
			before++
		}
		if before%2 == 0 {
			return fail(ReasonInvalidUTF8, "", "escaped NUL character at byte %d", i)
		}
		i += len(escapedNUL)
	}
}

var escapedNUL = []byte(`\u0000`)

// checkContentType refuses payloads that say they are not JSON.
func checkContentType(contentType string) error {
	if contentType == "" || contentType == "application/json" {
		return nil
	}
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json") {
		return nil
	}
	return fail(ReasonBadPayload, "datacontenttype", "%q, expected application/json", clip(contentType))
}

// earliest is the oldest time taken: earlier ones are a system's zero, not a customer.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// maxSkew is how far a source's clock may be ahead of Kafka's.
const maxSkew = 24 * time.Hour

// readTime reads an event's time. The limit ahead is measured from when Kafka got the record, not from now, so
// that replaying an old record gives the same answer.
func readTime(s string, arrived time.Time) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, s)
	switch {
	case err != nil:
		return at, fail(ReasonBadTime, "time", "%q, expected RFC 3339 with offset, such as 2026-03-01T09:30:00+01:00", clip(s))
	case at.Before(earliest):
		return at, fail(ReasonBadTime, "time", "%s, expected 1990 or later", s)
	case !arrived.IsZero() && at.After(arrived.Add(maxSkew)):
		return at, fail(ReasonBadTime, "time", "%s is more than %s after Kafka got it (%s)", s, maxSkew, arrived.UTC().Format(time.RFC3339))
	}
	return at.UTC().Truncate(time.Millisecond), nil
}
