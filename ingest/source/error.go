package source

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Reason is why a record cannot be decoded: one of a bounded set, fit to label a metric.
type Reason string

// Every reason there is.
const (
	ReasonTooLarge         Reason = "too-large"         // more bytes than Options.MaxBytes
	ReasonInvalidUTF8      Reason = "invalid-utf8"      // not UTF-8, or with NUL characters
	ReasonMalformedJSON    Reason = "malformed-json"    // not JSON, or nested deeper than 300 levels
	ReasonNotCloudEvent    Reason = "not-cloudevent"    // JSON, but no CloudEvent 1.0 in JSON
	ReasonMissingAttribute Reason = "missing-attribute" // a CloudEvents attribute that tappa needs is missing or empty
	ReasonBadAttribute     Reason = "bad-attribute"     // an attribute is no text, too long, or there twice
	ReasonBadTime          Reason = "bad-time"          // time is not RFC 3339 with offset, before 1990, or in the future
	ReasonUnknownType      Reason = "unknown-type"      // not a type of tappa's
	ReasonBadPayload       Reason = "bad-payload"       // data breaks its schema
	ReasonUnknownFormat    Reason = "unknown-format"    // no format of this name is known
	ReasonMalformed        Reason = "malformed"         // the record cannot be read in its vendor's format
	ReasonMissingKey       Reason = "missing-key"       // nothing in data identifies the customer
)

// Reasons lists every reason, so that a metric can show those that never happened.
var Reasons = [...]Reason{
	ReasonTooLarge, ReasonInvalidUTF8, ReasonMalformedJSON, ReasonNotCloudEvent, ReasonMissingAttribute,
	ReasonBadAttribute, ReasonBadTime, ReasonUnknownType, ReasonBadPayload, ReasonUnknownFormat, ReasonMalformed,
	ReasonMissingKey,
}

// Error says why a record cannot be decoded, where, and what was expected.
type Error struct {
	Reason Reason
	Field  string // the field at fault: "time", "data.customer.email"; "" is the record as a whole
	Detail string // what was found and what was expected; bounded, and no more of the customer's text than it needs
}

// Error returns "reason: field: detail".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Reason))
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	return b.String()
}

func fail(reason Reason, field, format string, args ...any) *Error {
	return &Error{Reason: reason, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// clip shortens what an error quotes.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
