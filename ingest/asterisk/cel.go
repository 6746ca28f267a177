package asterisk

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// celKind is the log of channels: a row for each thing that happens to a channel of a call.
var celKind = kind{name: "asterisk-cel", columns: celColumns, comma: ',', id: celID, call: celCall}

// celFields are the fields of a line as the example of cel_custom.conf has them.
var celFields = []string{
	"eventtype", "eventtime", "cidname", "cidnum", "cidani", "cidrdnis", "ciddnid", "exten", "context", "channame", "appname", "appdata",
	"amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype", "extra",
}

// celColumns names the fields of a line.
func celColumns(n int) []string {
	if n < 16 || n > len(celFields) {
		return nil
	}
	return celFields
}

// celID returns the call that a row is of.
func celID(r row) string { return r.first("linkedid", "uniqueid") }

// celCall returns the call that rows tell: who began the first channel, and whether it was ever joined to another.
func celCall(rows []row, s *source.Settings) (call, error) {
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(a.time("eventtime", s.Zone).Compare(b.time("eventtime", s.Zone)), cmp.Compare(celRank(a), celRank(b)))
	})
	c := call{id: celID(rows[0])}
	if c.id == "" {
		return c, missing("linkedid", "the call's id")
	}
	t := talk{zone: s.Zone, channel: c.id}
	for _, r := range rows {
		if err := t.observe(&c, r, s); err != nil {
			return c, err
		}
	}
	switch {
	case c.start.IsZero():
		return c, &source.Nothing{Kind: source.NothingYet, Detail: "call whose beginning no row tells"}
	case !t.over:
		return c, &source.Nothing{Kind: source.NothingYet, Detail: "call whose end no row tells"}
	}
	c.talk = t.spoken
	if !c.held {
		c.ring, c.reason = max(0, t.last.Sub(c.start)), t.reason()
	}
	if c.direction == journey.Outbound {
		c.agent = extension(c.row["channame"])
	}
	return c, nil
}

// celOrder are the events of channels, as they can follow each other in one instant.
var celOrder = []string{
	"CHAN_START", "APP_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "APP_END", "HANGUP", "CHAN_END", "LINKEDID_END",
}

// celRank orders rows of one instant.
func celRank(r row) int { return slices.Index(celOrder, strings.ToUpper(r["eventtype"])) }

// celEvent tells that a word is an event of a channel.
func celEvent(word string) bool {
	switch word = strings.ToUpper(word); word {
	case "PARK_START", "PARK_END", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD", "LOCAL_OPTIMIZE", "USER_DEFINED", "STREAM_BEGIN",
		"STREAM_END", "DTMF", "TRANSFER", "BRIDGE_START", "BRIDGE_END", "CONF_ENTER", "CONF_EXIT":
		return true
	}
	return slices.Contains(celOrder, word)
}

// talk follows the first channel of a call through its rows.
type talk struct {
	zone    *time.Location
	channel string    // its uniqueid
	others  int       // other channels in a bridge
	in      bool      // it is in a bridge
	since   time.Time // both are; the zero time if not
	spoken  time.Duration
	over    bool
	last    time.Time
	app     string // what took it, of those that say why nobody spoke
	status  string // how dialling ended
}

// observe takes in one row.
func (t *talk) observe(c *call, r row, s *source.Settings) error {
	at := r.time("eventtime", t.zone)
	if at.IsZero() {
		return missing("eventtime", "seconds since 1970, or such as 2026-03-02 09:30:00")
	}
	if at.After(t.last) {
		t.last = at
	}
	first := r["uniqueid"] == t.channel
	switch strings.ToUpper(r["eventtype"]) {
	case "CHAN_START":
		if first && c.start.IsZero() {
			c.start, c.row, c.name = at, r, r["cidname"]
			c.sides(r.first("cidnum", "cidani"), r.first("ciddnid", "exten"), r["context"], &s.Company)
		}
	case "APP_START":
		if first {
			t.app = r["appname"]
			if strings.EqualFold(t.app, "queue") && c.queue == "" {
				c.queue = queueOf(r["appdata"])
			}
		}
	case "BRIDGE_ENTER":
		t.enter(c, r, at, first)
	case "BRIDGE_EXIT":
		t.exit(at, first)
	case "HANGUP":
		if first {
			t.exit(at, true)
			t.over, t.status = true, dialStatus(r["extra"])
		}
	case "LINKEDID_END":
		t.over = true
	}
	return nil
}

// enter takes in that a channel was joined to others.
func (t *talk) enter(c *call, r row, at time.Time, first bool) {
	if first {
		t.in = true
	} else {
		t.others++
		if c.agent == "" {
			c.agent = extension(r["channame"])
		}
	}
	if t.in && t.others > 0 && t.since.IsZero() {
		t.since = at
		if !c.held {
			c.held, c.ring = true, max(0, at.Sub(c.start))
		}
	}
}

// exit takes in that a channel left the others.
func (t *talk) exit(at time.Time, first bool) {
	if first {
		t.in = false
	} else {
		t.others = max(0, t.others-1)
	}
	if !t.since.IsZero() && (!t.in || t.others == 0) {
		t.spoken += at.Sub(t.since)
		t.since = time.Time{}
	}
}

// reason says why nobody spoke.
func (t *talk) reason() string {
	switch t.status {
	case "BUSY":
		return busy
	case "CONGESTION", "CHANUNAVAIL":
		return failed
	}
	if t.app == "" || strings.EqualFold(t.app, "dial") {
		return noAnswer
	}
	return unheard(t.app)
}

// dialStatus returns how dialling ended, which HANGUP tells as JSON.
func dialStatus(extra string) string {
	var x struct {
		Status string `json:"dialstatus"`
	}
	if json.Unmarshal([]byte(extra), &x) != nil {
		return ""
	}
	return strings.ToUpper(x.Status)
}
