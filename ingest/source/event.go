package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tappa/ingest/identity"
)

// Event is something that happened, to be put on Kafka: what Decode reads, before it is written.
type Event struct {
	ID     string    // unique within Origin
	Origin string    // the system: CloudEvents "source"
	Type   string    // "tappa.form.submitted"; the prefix "tappa." may be left out
	Time   time.Time // when it happened
	Data   any       // a Form, Email, Call, …; or anything that marshals to such a JSON object

	// Vendor is what the vendor's own record says, a JSON object. It becomes the member "vendor" of the data, where
	// rules reach what no payload has a field for. Nil is none.
	Vendor json.RawMessage
}

// cloudEvent is an event in structured mode.
type cloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            string          `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

// ContentType is the value of a structured record's content-type header.
const ContentType = contentStructured + "+json"

// Marshal returns the event in structured mode: one JSON object, the record's value.
func (e Event) Marshal() ([]byte, error) {
	data, err := e.data()
	if err != nil {
		return nil, err
	}
	b, err := marshal(cloudEvent{
		SpecVersion: specVersion, ID: e.ID, Source: e.Origin, Type: e.fullType(), Time: e.when(),
		DataContentType: "application/json", Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("marshal event %s: %w", e.ID, err)
	}
	return b, nil
}

// Binary returns the event in binary mode: the headers and
// the value of a record.
func (e Event) Binary() ([]Header, []byte, error) {
	data, err := e.data()
	if err != nil {
		return nil, nil, err
	}
	return []Header{
		{headerContentType, []byte("application/json")},
		{"ce_specversion", []byte(specVersion)},
		{"ce_id", []byte(e.ID)},
		{"ce_source", []byte(e.Origin)},
		{"ce_type", []byte(e.fullType())},
		{"ce_time", []byte(e.when())},
	}, data, nil
}

// Key returns the Kafka key: the customer's strongest contact key, so that one customer's events mostly share a
// partition, or origin and id where the payload tells none. It is a hint for spreading work and for readers of the
// topic; no number depends on it.
func (e Event) Key() []byte {
	parties, err := e.parties()
	if err == nil {
		if keys, _ := identity.New().Keys(identity.Scope{Origin: e.Origin}, parties...); len(keys) > 0 {
			return []byte(keys[0])
		}
	}
	return []byte(e.Origin + "/" + e.ID)
}

// parties returns what the payload says about the customer, by the names that all payloads share.
func (e Event) parties() ([]identity.Party, error) {
	data, err := e.data()
	if err != nil {
		return nil, err
	}
	var p struct {
		Customer Party    `json:"customer"`
		From     string   `json:"from"`
		To       []string `json:"to"`
		Ticket   string   `json:"ticket"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("read payload of event %s: %w", e.ID, err)
	}
	address := p.From
	if e.fullType() != typePrefix+"email.received" {
		address = ""
		if len(p.To) > 0 {
			address = p.To[0]
		}
	}
	c := p.Customer
	return []identity.Party{
		{Email: address},
		{CRM: c.CRM, Email: c.Email, Phone: c.Phone, Cookie: c.Cookie, Ticket: p.Ticket},
	}, nil
}

func (e Event) fullType() string {
	if strings.HasPrefix(e.Type, typePrefix) {
		return e.Type
	}
	return typePrefix + e.Type
}

func (e Event) when() string { return e.Time.Format("2006-01-02T15:04:05.999Z07:00") }

func (e Event) data() (json.RawMessage, error) {
	b, ok := e.Data.(json.RawMessage)
	if !ok {
		var err error
		if b, err = marshal(e.Data); err != nil {
			return nil, fmt.Errorf("marshal payload of event %s: %w", e.ID, err)
		}
	}
	if len(e.Vendor) == 0 {
		return b, nil
	}
	return withVendor(b, e.Vendor), nil
}

// withVendor adds the member "vendor" to a JSON object.
func withVendor(object, vendor []byte) []byte {
	object = bytes.TrimRight(object, " \t\r\n")
	out := append(make([]byte, 0, len(object)+len(vendor)+len(`,"vendor":`)), bytes.TrimSuffix(object, []byte("}"))...)
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(append(out, `"vendor":`...), vendor...)
	return append(out, '}')
}

// marshal is json.Marshal without escapes for HTML: customers' texts are full of what it would escape.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
