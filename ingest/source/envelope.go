package source

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// envelope is a CloudEvent taken apart. Its strings are copies; raw and data live as long as the record and the
// parser.
type envelope struct {
	id, source, typ, time string
	raw                   []byte           // data as given
	data                  *fastjson.Object // data parsed
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
		if err := r.setAttribute(into, []byte(name), h.Value, maxAttribute); err != nil {
			return env, err
		}
	}
	if err := env.check(version); err != nil {
		return env, err
	}
	if err := checkContentType(contentType); err != nil {
		return env, err
	}
	v, err := parse(&r.parser, rec.Value)
	if err != nil {
		return env, err
	}
	return env, env.setData(v, rec.Value)
}

// readStructured reads an event that is one JSON object.
func (r *reader) readStructured(value []byte) (envelope, error) {
	var env envelope
	v, err := parse(&r.parser, value)
	if err != nil {
		return env, err
	}
	o, err := v.Object()
	if err != nil {
		return env, fail(ReasonNotCloudEvent, "", "expected a JSON object with specversion %q, got %s", specVersion, v.Type())
	}
	var version, contentType, base string
	var data *fastjson.Value
	var failure *Error
	o.Visit(func(key []byte, v *fastjson.Value) {
		if failure != nil {
			return
		}
		most := maxAttribute
		var into *string
		switch string(key) {
		case "data":
			if data != nil {
				failure = fail(ReasonBadAttribute, "data", "there twice")
			}
			data = v
			return
		case "datacontenttype":
			into = &contentType
		case "data_base64":
			into, most = &base, len(value)
		default:
			into = env.attribute(key, &version)
		}
		if into == nil || v.Type() == fastjson.TypeNull {
			return
		}
		b, err := v.StringBytes()
		if err != nil {
			failure = fail(ReasonBadAttribute, string(key), "expected text, got %s", v.Type())
			return
		}
		failure = r.setAttribute(into, key, b, most)
	})
	if failure != nil {
		return env, failure
	}
	if err := env.check(version); err != nil {
		return env, err
	}
	if err := checkContentType(contentType); err != nil {
		return env, err
	}
	if data == nil && base != "" {
		return env, env.setBase64(&r.parser, base)
	}
	if data == nil {
		return env, fail(ReasonBadPayload, "data", "missing, expected an object")
	}
	return env, env.setData(data, rawMember(value, "data"))
}

// setAttribute takes an attribute's value.
func (r *reader) setAttribute(into *string, name, b []byte, most int) *Error {
	switch {
	case *into != "":
		return fail(ReasonBadAttribute, string(name), "there twice")
	case len(b) > most:
		return fail(ReasonBadAttribute, string(name), "%d bytes, at most %d are allowed", len(b), most)
	case !utf8.Valid(b) || slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c == 0x7f }):
		return fail(ReasonBadAttribute, string(name), "expected UTF-8 text without control characters")
	}
	*into = r.kept.text(b)
	return nil
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
func (e *envelope) setData(v *fastjson.Value, raw []byte) error {
	o, err := v.Object()
	if err != nil {
		return fail(ReasonBadPayload, "data", "expected an object, got %s", v.Type())
	}
	e.data, e.raw = o, bytes.Trim(raw, " \t\r\n")
	return nil
}

// setBase64 takes a payload that came as base64 text. The parser is used again: the attributes are copies already.
func (e *envelope) setBase64(p *fastjson.Parser, base string) error {
	raw, err := base64.StdEncoding.DecodeString(base)
	if err != nil {
		return fail(ReasonBadPayload, "data_base64", "not base64: %v", err)
	}
	if err := checkText(raw); err != nil {
		return err
	}
	v, err := parse(p, raw)
	if err != nil {
		return err
	}
	return e.setData(v, raw)
}

// parse parses and validates JSON. Parsing comes first because it bounds the nesting, which validating does not.
func parse(p *fastjson.Parser, value []byte) (*fastjson.Value, error) {
	if len(value) == 0 {
		return nil, fail(ReasonMalformedJSON, "", "the record is empty")
	}
	v, err := p.ParseBytes(value)
	if err == nil {
		err = fastjson.ValidateBytes(value)
	}
	if err != nil {
		return nil, malformed(value)
	}
	return v, nil
}

// malformed says what is wrong with value. fastjson quotes what it stumbled over; a place says more, and tells
// nobody what the customer wrote.
func malformed(value []byte) *Error {
	var raw json.RawMessage
	var at *json.SyntaxError
	if errors.As(json.Unmarshal(value, &raw), &at) {
		return fail(ReasonMalformedJSON, "", "byte %d: %v", at.Offset, at)
	}
	return fail(ReasonMalformedJSON, "", "nested deeper than %d levels", fastjson.MaxDepth)
}

// checkText reports bytes that are not UTF-8 and NUL characters, plain or escaped: nothing after this has to fear
// them.
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
