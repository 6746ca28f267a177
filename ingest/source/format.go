package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"tappa/journey"
)

// The headers of a record that is no CloudEvent but what a vendor sent. HeaderFormat alone is needed, and not even that
// on a topic that Options.Topics gives a format.
const (
	HeaderFormat   = "tappa-format"   // how to read the value: "zendesk", "rfc5322"; a name in Options.Formats
	HeaderOrigin   = "tappa-origin"   // the system it came from; default: the format's name
	HeaderID       = "tappa-id"       // an id for what the vendor gives none
	HeaderReceived = "tappa-received" // when it was received, RFC 3339; default: when Kafka got it
)

// A Format reads a record that holds what a vendor sent, as the vendor sent it, and returns the event it is. The event
// then goes the way of every other: its data is checked against its type, and its customer gets contact keys.
//
// A Format is called by several goroutines at once and changes nothing. It keeps neither raw.Value nor raw.Headers. It
// fills Type, Data and, unless the vendor gives none, ID and Time; what it leaves empty comes from raw. What is not as it
// expects is an error made by Bad, what carries no interaction one made by Nothing; any other error becomes a Bad
// one. Fields and versions it does not know are no error.
type Format func(raw Raw) (Event, error)

// Raw is a record in a vendor's format.
type Raw struct {
	Record
	Origin   string    // of HeaderOrigin
	ID       string    // of HeaderID, else the SHA-256 of the value: the same bytes are the same event
	Received time.Time // of HeaderReceived, else Kafka's time
	Settings Settings
}

// Settings are what a Format may need to know about the company.
type Settings struct {
	Zone    *time.Location  // of times that a vendor writes without offset; never nil
	Company journey.Company // which side of a mail or call is not the customer
}

// Nothings are the kinds of records that are sound and carry no interaction.
const (
	NothingHappened = "no-interaction" // about something else: a user created, a list changed
	NothingYet      = "part"           // part of what another record tells whole: a call is ringing
	NothingAnyMore  = "erased"         // a copy of an interaction that was erased on request
)

// Nothing says that a record is sound and carries no interaction. Such records are counted as filtered, by Kind.
type Nothing struct {
	Kind   string // one of the Nothings
	Detail string // what it was: the vendor's own name for it
}

// Error returns "kind: detail".
func (n *Nothing) Error() string { return n.Kind + ": " + n.Detail }

// Bad returns the error of a record whose payload is not as its format expects. Field names the place in the vendor's
// own words; the rest says what was found and what was expected, and quotes little of it.
func Bad(field, format string, args ...any) error {
	return fail(ReasonBadPayload, field, format, args...)
}

// Malformed returns the error of a record that cannot be read at all: no JSON, no mail, no line of a log.
func Malformed(format string, args ...any) error { return fail(ReasonMalformed, "", format, args...) }

// formatOf returns the name of the format that a record is in, or "" for a CloudEvent.
func (d *Decoder) formatOf(rec *Record) string {
	for i := range rec.Headers {
		if rec.Headers[i].Key == HeaderFormat {
			return string(rec.Headers[i].Value)
		}
	}
	return d.options.Topics[rec.Topic]
}

// readFormat reads a record in a vendor's format into the envelope of the event it is.
func (d *Decoder) readFormat(r *reader, name string, rec Record) (envelope, error) {
	read := d.options.Formats[name]
	if read == nil {
		return envelope{}, fail(ReasonUnknownFormat, HeaderFormat, "%q is not a format that tappa reads", clip(name))
	}
	raw, err := d.raw(name, rec)
	if err != nil {
		return envelope{}, err
	}
	event, err := read(raw)
	if err != nil {
		return envelope{}, asReason(err, name)
	}
	if event.ID == "" {
		event.ID = raw.ID
	}
	if event.Origin == "" {
		event.Origin = raw.Origin
	}
	if event.Time.IsZero() {
		event.Time = raw.Received
	}
	return r.readEvent(event)
}

// raw returns what a Format sees of a record.
func (d *Decoder) raw(name string, rec Record) (Raw, error) {
	raw := Raw{Record: rec, Origin: name, Received: rec.Time, Settings: d.options.Settings}
	for _, h := range rec.Headers {
		switch h.Key {
		case HeaderOrigin:
			raw.Origin = string(h.Value)
		case HeaderID:
			raw.ID = string(h.Value)
		case HeaderReceived:
			at, err := time.Parse(time.RFC3339, string(h.Value))
			if err != nil {
				return raw, fail(ReasonBadTime, HeaderReceived, "%q, expected RFC 3339 with offset", clip(string(h.Value)))
			}
			raw.Received = at
		}
	}
	if raw.ID == "" {
		sum := sha256.Sum256(rec.Value)
		raw.ID = hex.EncodeToString(sum[:])
	}
	return raw, nil
}

// asReason makes an *Error of every error that says nothing of its own, and of a record that does not say what happened: it is
// about something else only if it says about what, and otherwise as likely another vendor's.
func asReason(err error, format string) error {
	if n, ok := errors.AsType[*Nothing](err); ok {
		if n.Detail == "" {
			return fail(ReasonBadPayload, "", "it does not say what happened, as records of %s do: is it one?", format)
		}
		return err
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return fail(ReasonBadPayload, "", "%s", clip(err.Error()))
}

// readEvent puts an event into an envelope, held to what holds for events that arrive as such.
func (r *reader) readEvent(e Event) (envelope, error) {
	var env envelope
	for _, a := range []struct {
		name, value string
		into        *string
	}{{"id", e.ID, &env.id}, {"source", e.Origin, &env.source}, {"type", e.fullType(), &env.typ}} {
		if a.value == "" {
			return env, fail(ReasonMissingAttribute, a.name, "empty")
		}
		if err := setAttribute(a.into, []byte(a.name), a.value, maxAttribute); err != nil {
			return env, err
		}
	}
	if e.Time.IsZero() {
		return env, fail(ReasonBadTime, "time", "nothing says when it happened")
	}
	env.time = e.when()
	data, err := e.data()
	if err != nil {
		return env, fail(ReasonBadPayload, "data", "%s", clip(err.Error()))
	}
	v, err := r.parse(data)
	if err != nil {
		return env, err
	}
	return env, env.setData(v)
}
