package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"time"

	"tappa/ingest"
	"tappa/ingest/mapping"
	"tappa/ingest/source"
	formats "tappa/ingest/source/vendor"
)

// part is one event of a body.
type part struct {
	value   []byte
	headers []ingest.Header // beside those that every record of the source gets
	key     string          // Kafka's; "": the source's choice
}

// maxParts bounds how many events a body may hold.
const maxParts = 10_000

// split takes a body apart into events.
func (s *gate) split(r *request) ([]part, error) {
	switch {
	case s.Mapping != nil:
		return s.mapped(r)
	case s.vendor.split != nil:
		parts, err := s.vendor.split(r)
		if err == nil && len(parts) > maxParts {
			err = refuse(reasonMalformed, "%d events, at most %d are taken at once", len(parts), maxParts)
		}
		return parts, err
	}
	return []part{{value: r.body}}, nil
}

// splitList takes a JSON list apart, without changing a byte of its elements; another value is one event.
func splitList(r *request) ([]part, error) { return list(r.body) }

func list(body []byte) ([]part, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		return []part{{value: body}}, nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, refuse(reasonMalformed, "expected a JSON list of events")
	}
	parts := make([]part, len(all))
	for i, one := range all {
		parts[i] = part{value: one}
	}
	return parts, nil
}

// splitSegment takes a batch apart: what Segment's libraries send holds its events in the member "batch".
func splitSegment(r *request) ([]part, error) {
	var body struct{ Batch json.RawMessage }
	if err := json.Unmarshal(r.body, &body); err != nil {
		return nil, refuse(reasonMalformed, "expected a JSON object")
	}
	if len(body.Batch) == 0 {
		return []part{{value: r.body}}, nil
	}
	return list(body.Batch)
}

// splitCloudEvents takes CloudEvents over HTTP in all three content modes: structured, batched, and binary, whose
// attributes become the headers of Kafka's binary mode.
func splitCloudEvents(r *request) ([]part, error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	p := part{value: r.body}
	for name, values := range r.Header {
		if attribute, ok := strings.CutPrefix(strings.ToLower(name), "ce-"); ok {
			p.headers = append(p.headers, ingest.Header{Key: "ce_" + attribute, Value: []byte(values[0])})
		}
	}
	if len(p.headers) == 0 || media == "application/cloudevents-batch+json" {
		return list(r.body) // a batch, whatever it is called: no single event is a list
	}
	if media != "" {
		p.headers = append(p.headers, ingest.Header{Key: "content-type", Value: []byte(r.Header.Get("Content-Type"))})
	}
	return []part{p}, nil
}

// mapped makes events of a body as the source's mapping file says: of a JSON object or list, of a form's fields, or of a
// CSV file.
func (s *gate) mapped(r *request) ([]part, error) {
	read, body := s.Mapping.JSONLines, r.body
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case media == "text/csv":
		read = s.Mapping.CSV
	case media == "application/x-www-form-urlencoded" || media == "multipart/form-data":
		fields, err := formValues(r.Header.Get("Content-Type"), r.body)
		if err != nil {
			return nil, refuse(reasonMalformed, "expected a posted form")
		}
		if body, err = json.Marshal(flat(fields)); err != nil {
			return nil, refuse(reasonMalformed, "expected a posted form")
		}
	default:
		all, err := list(body)
		if err != nil {
			return nil, err
		}
		var lines bytes.Buffer
		for _, one := range all {
			if err := json.Compact(&lines, one.value); err != nil {
				return nil, refuse(reasonMalformed, "expected JSON")
			}
			lines.WriteByte('\n')
		}
		body = lines.Bytes()
	}
	var parts []part
	for event, err := range read(s.Name, bytes.NewReader(body)) {
		var row *mapping.RowError
		if none, ok := errors.AsType[*mapping.NoEvent](err); ok {
			r.none = append(r.none, none) // what no "when" asks for is not wanted, or the mapping file has it wrong
			continue
		}
		if errors.As(err, &row) {
			return nil, refuse(reasonUnmapped, "event %s", strings.TrimPrefix(row.Error(), s.Name+":"))
		}
		if err != nil {
			return nil, refuse(reasonMalformed, "%v", err)
		}
		value, err := event.Marshal()
		if err != nil {
			return nil, refuse(reasonUnmapped, "%v", err)
		}
		parts = append(parts, part{value: value, key: string(event.Key())})
	}
	return parts, nil
}

// flat makes one text of each field's values.
func flat(fields url.Values) map[string]string {
	m := make(map[string]string, len(fields))
	for name, values := range fields {
		m[name] = formats.FormText(strings.Join(values, ", "))
	}
	return m
}

// message is a part as it goes onto Kafka.
func (s *gate) message(r *request, p part) ingest.Message {
	id := s.id(r, p)
	m := ingest.Message{Key: []byte(p.key), Value: p.value, Headers: p.headers}
	if p.key == "" {
		m.Key = []byte(s.Name + "/" + id)
	}
	if s.vendor.format == "" {
		return m
	}
	add := func(key, value string) {
		if value != "" {
			m.Headers = append(m.Headers, ingest.Header{Key: key, Value: []byte(value)})
		}
	}
	add(source.HeaderFormat, s.vendor.format)
	add(source.HeaderOrigin, s.Origin)
	add(source.HeaderID, id)
	add(source.HeaderReceived, r.received.UTC().Format(time.RFC3339Nano))
	add("content-type", r.Header.Get("Content-Type"))
	add("referer", r.Header.Get("Referer"))
	return m
}

// id is the same whenever the request is made again: what the vendor calls the delivery, else what the content is. Where
// a copy is known for a short time only, the same content is another event later.
func (s *gate) id(r *request, p part) string {
	h := sha256.New()
	h.Write(p.value)
	if delivery := r.Header.Get(s.vendor.delivery); s.vendor.delivery != "" && delivery != "" {
		if s.vendor.split == nil {
			return delivery
		}
		h.Write([]byte(delivery))
	} else if s.vendor.remember < time.Hour {
		h.Write([]byte(r.received.UTC().Truncate(s.vendor.remember).Format(time.RFC3339)))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func headerBytes(headers []ingest.Header) (n int) {
	for _, h := range headers {
		n += len(h.Key) + len(h.Value) + 8
	}
	return n
}

// formValues reads a posted form, urlencoded or multipart, without its files.
func formValues(contentType string, body []byte) (url.Values, error) {
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil, err
	case media == "application/x-www-form-urlencoded":
		return url.ParseQuery(string(body))
	case media != "multipart/form-data" || params["boundary"] == "":
		return nil, errors.New("no form")
	}
	values := url.Values{}
	for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		if p.FileName() != "" {
			continue
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		values.Add(p.FormName(), string(text))
	}
}
