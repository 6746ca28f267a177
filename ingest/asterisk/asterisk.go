// Package asterisk reads what the Asterisk telephone system writes of calls: call detail records (CDR), channel event
// logs (CEL) and the log of its queues (queue_log). All three have several rows for one call; tappa wants one interaction.
//
// # One call, one interaction
//
// A record holds one row, or all rows of one call, in any order: lines of CSV (queue_log: of fields between bars), JSON
// objects one a line, a JSON list, or events of the manager interface (AMI). The rows of a call are those of one linkedid,
// or of one uniqueid where there is none; that is the interaction's id. In files the rows of a call are found and put
// together wherever they stand (see Events). On a topic the sender does that, since whoever reads one record does not
// know the others:
//
//   - A CDR row alone is a call by itself. A call that rang at several telephones has a row for each, of which one
//     says that people spoke: so a missed call's id ends in "/missed", lest it undoes that, and counts beside it.
//   - A CEL row alone says too little; it is filtered. LINKEDID_END is the last row of a call: then all are there.
//   - In queue_log ENTERQUEUE alone knows who called, and the rows by which a call ends (COMPLETEAGENT, COMPLETECALLER,
//     ABANDON, EXIT…, …TRANSFER) how that went. A record with only the one kind is filtered or refused.
//
// # Who is the customer
//
// Rows name two numbers. The journey file's company says which contexts of the dialplan calls of customers arrive in
// (inbound) and go out from (outbound), and which numbers are the company's. A call between two of those is internal, and
// filtered, as is one whose caller hid the number: it is nobody's.
package asterisk

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// Origin is the system that calls are of unless another is named: the same for topics and files, and for CDR, CEL and
// queue_log, so that a call that comes by two ways is one.
const Origin = "asterisk"

// CDR is the source.Format of call detail records.
func CDR(raw source.Raw) (source.Event, error) { return read(raw, cdrKind) }

// CEL is the source.Format of channel event logs.
func CEL(raw source.Raw) (source.Event, error) { return read(raw, celKind) }

// QueueLog is the source.Format of the log of queues.
func QueueLog(raw source.Raw) (source.Event, error) { return read(raw, queueKind) }

// kind is one of the three logs.
type kind struct {
	name    string
	columns func(n int) []string // names of the fields of a line that has n of them
	comma   byte
	id      func(r row) string // the call that a row is of; "" is none
	call    func(rows []row, s *source.Settings) (call, error)
}

// call is what the rows of one call say together.
type call struct {
	id        string
	start     time.Time
	direction journey.Direction // Internal: between colleagues
	customer  string            // number
	name      string            // the customer's, as the telephone network gave it
	number    string            // the company's, called or calling
	queue     string
	agent     string
	held      bool
	reason    string // why nobody spoke
	ring      time.Duration
	talk      time.Duration
	row       row // the row that says most, kept as the vendor's own words
}

// Why nobody spoke.
const (
	noAnswer  = "no-answer"
	abandoned = "abandoned"
	busy      = "busy"
	voicemail = "voicemail"
	closed    = "closed"
	failed    = "failed"
)

// payload is a call as an event's data.
type payload struct {
	source.Call
	Record string `json:"call,omitempty"` // the telephone system's id
}

// read is the Format of a kind.
func read(raw source.Raw, k kind) (source.Event, error) {
	rows, err := readRows(raw.Value, k)
	if err != nil {
		return source.Event{}, err
	}
	id := k.id(rows[0])
	for _, r := range rows[1:] {
		if other := k.id(r); other != id {
			return source.Event{}, source.Bad("linkedid", "rows of two calls, %.40q and %.40q; a record holds those of one", id, other)
		}
	}
	c, err := k.call(rows, &raw.Settings)
	if err != nil {
		return source.Event{}, err
	}
	event, err := c.event()
	if raw.Origin == k.name { // nobody named the system
		event.Origin = Origin
	}
	return event, err
}

// event returns the event that a call is, or a *source.Nothing for one between colleagues.
func (c *call) event() (source.Event, error) {
	switch {
	case c.direction == journey.Internal:
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: "call within the company"}
	case hidden(c.customer):
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: "call of somebody who hid the number"}
	}
	p := payload{Record: c.id, Call: source.Call{
		Direction: string(c.direction), Customer: source.Party{Phone: c.customer, Name: c.name}, Number: c.number, Queue: c.queue,
		Agent: c.agent, RingSeconds: c.ring.Seconds(), TalkSeconds: c.talk.Seconds(),
		Transcript: c.row["transcript"], Lang: c.row["lang"],
	}}
	event := source.Event{ID: c.id, Time: c.start.UTC(), Type: "call.held"}
	if !c.held {
		event.ID, event.Type, p.Reason, p.TalkSeconds = c.id+"/missed", "call.missed", c.reason, 0
	}
	vendor, err := json.Marshal(c.row)
	if err != nil {
		return event, fmt.Errorf("asterisk: %w", err)
	}
	event.Data, event.Vendor = p, vendor
	return event, nil
}

// sides decides which side is the customer: by the context, else by whose number is the company's. Who calls from
// outside reaches the company, whatever number he dialled.
func (c *call) sides(from, to, context string, company *journey.Company) {
	switch {
	case journey.Matches(company.Inbound, context), hidden(from):
		c.direction = journey.Inbound
	case company.Number(from) && company.Number(to):
		c.direction = journey.Internal
	case journey.Matches(company.Outbound, context), company.Number(from):
		c.direction = journey.Outbound
	default:
		c.direction = journey.Inbound
	}
	c.customer, c.number = from, to
	if c.direction == journey.Outbound {
		c.customer, c.number = to, from
	}
}

// hidden tells that a number is none, but what telephone networks send where the caller wants none to be sent.
func hidden(number string) bool {
	switch strings.ToLower(number) {
	case "", "anonymous", "unknown", "restricted", "unavailable", "private", "withheld", "anonimo", "privato":
		return true
	}
	return false
}

// extension returns whom a channel is of: "201" for "PJSIP/201-0000000a", "201@from-queue" for a Local one.
func extension(channel string) string {
	_, name, ok := strings.Cut(channel, "/")
	if !ok {
		return channel
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		name = name[:i]
	}
	name, _, _ = strings.Cut(name, "@")
	return name
}

// queueOf returns the queue in the arguments of the application Queue: "sales,tT,,,60".
func queueOf(data string) string {
	if i := strings.IndexAny(data, ",|"); i >= 0 {
		data = data[:i]
	}
	return strings.TrimSpace(data)
}

// unheard says why a call that an application took, and no person, is a missed one.
func unheard(app string) string {
	switch strings.ToLower(app) {
	case "voicemail", "voicemailmain", "minivm", "minivmrecord", "record", "mixmonitor":
		return voicemail
	case "queue", "background", "waitexten", "read", "musiconhold", "wait":
		return abandoned
	case "playback", "playtones", "congestion", "busy", "hangup":
		return closed
	}
	return noAnswer
}
