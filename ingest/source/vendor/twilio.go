package vendor

import (
	"strconv"
	"strings"
	"time"

	"tappa/ingest/source"
)

// readTwilio reads a status callback of a voice call: the last one, which says how it ended. Of a call that was passed on,
// the leg to the company's own people is part of the caller's call.
func readTwilio(raw source.Raw) (source.Event, error) {
	v, _, err := readValues(raw)
	if err != nil {
		return source.Event{}, err
	}
	sid, status := v.Get("CallSid"), v.Get("CallStatus")
	switch {
	case sid == "" && v.Get("MessageSid")+v.Get("SmsSid") != "":
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: "a text message"}
	case sid == "":
		return source.Event{}, source.Bad("CallSid", "missing")
	case v.Get("ParentCallSid") != "":
		return source.Event{}, &source.Nothing{Kind: source.NothingYet, Detail: "a leg of another call"}
	}
	call := source.Call{Direction: "inbound", Customer: source.Party{Phone: v.Get("From"), Name: v.Get("CallerName")}, Number: v.Get("To"), Activity: status}
	if strings.HasPrefix(v.Get("Direction"), "outbound") {
		call.Direction, call.Number, call.Customer = "outbound", v.Get("From"), source.Party{Phone: v.Get("To")}
	}
	// A call that Twilio answered and passed on without success was answered by nobody.
	reason := status
	if dialled := v.Get("DialCallStatus"); dialled != "" && dialled != "answered" {
		reason = dialled
	}
	e := source.Event{ID: sid, Type: "call.missed"}
	switch reason {
	case "completed":
		e.Type = "call.held"
		if strings.HasPrefix(v.Get("AnsweredBy"), "machine") || v.Get("AnsweredBy") == "fax" {
			e.Type, call.Reason = "call.missed", "voicemail"
		}
	case "no-answer", "busy":
		call.Reason = reason
	case "canceled":
		call.Reason = "abandoned"
	case "failed":
		call.Reason = "failed"
	case "queued", "initiated", "ringing", "in-progress", "answered":
		return source.Event{}, &source.Nothing{Kind: source.NothingYet, Detail: reason}
	default:
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: clip(reason)}
	}
	seconds, _ := strconv.ParseFloat(first(v.Get("CallDuration"), v.Get("DialCallDuration")), 64)
	if seconds > 0 && seconds < 1e6 && e.Type == "call.held" {
		call.TalkSeconds = seconds
	}
	// Timestamp is when it ended; the call began as much earlier as it lasted.
	if e.Time = anyTime(readTime(v.Get("Timestamp"), raw.Settings.Zone), raw.Received); seconds > 0 && seconds < 1e6 {
		e.Time = e.Time.Add(-time.Duration(seconds * float64(time.Second)))
	}
	e.Data, e.Vendor = call, fieldsOf(v)
	return e, nil
}
