package asterisk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// queueKind is the log of queues: a row for each thing that happens to a call in a queue.
var queueKind = kind{name: "asterisk-queue-log", columns: queueColumns, comma: '|', id: queueID, call: queueCall}

// queueColumns names the fields of a line: "1772440200|1772440190.12|sales|NONE|ENTERQUEUE||+390669821|1".
func queueColumns(n int) []string {
	if n < 5 {
		return nil
	}
	return queueFields
}

var queueFields = []string{"eventtime", "callid", "queue", "agent", "event", "data1", "data2", "data3", "data4", "data5", "data6"}

// queueID returns the call that a row is of; rows about agents and the queue itself are of none.
func queueID(r row) string {
	id := r["callid"]
	if strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" { // NONE, MANAGER, REALTIME, QUEUESTART
		return ""
	}
	return id
}

// ends are the rows by which a call leaves a queue: which of their values says how long it waited and how long people
// spoke; "" is neither.
var ends = map[string]struct{ wait, talk string }{
	"COMPLETEAGENT": {"data1", "data2"}, "COMPLETECALLER": {"data1", "data2"},
	"TRANSFER": {"data3", "data4"}, "BLINDTRANSFER": {"data3", "data4"}, "ATTENDEDTRANSFER": {"", ""},
	"ABANDON": {"data3", ""}, "EXITEMPTY": {"data3", ""}, "EXITWITHTIMEOUT": {"data3", ""}, "EXITWITHKEY": {"data4", ""},
}

// queueCall returns the call that rows tell. A call may go through several queues: the one that connects it counts, else
// the last.
func queueCall(rows []row, s *source.Settings) (call, error) {
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(a.time("eventtime", s.Zone).Compare(b.time("eventtime", s.Zone)), cmp.Compare(queueRank(a), queueRank(b)))
	})
	c := call{id: queueID(rows[0]), direction: journey.Inbound, row: row{}}
	if c.id == "" {
		return c, &source.Nothing{Kind: source.NothingHappened, Detail: "row of a queue that is about no call"}
	}
	entered, ended := false, false
	for _, r := range rows {
		at := r.time("eventtime", s.Zone)
		if at.IsZero() {
			return c, missing("time", "seconds since 1970")
		}
		switch event := strings.ToUpper(r["event"]); event {
		case "ENTERQUEUE":
			if !entered {
				c.start, c.customer, entered = at, r["data2"], true
			}
			c.queue = keepUnless(c.held, c.queue, r["queue"])
		case "DID":
			c.number = r["data1"]
		case "CONNECT":
			c.connected(r, at)
		default:
			if e, ok := ends[event]; ok {
				c.left(r, event, at, e.wait, e.talk)
				ended = true
			}
		}
	}
	switch {
	case !ended && !c.held:
		return c, &source.Nothing{Kind: source.NothingYet, Detail: "call whose end no row tells"}
	case !entered:
		return c, source.Bad("ENTERQUEUE", "missing: it alone says who called; a record holds all rows of a call")
	}
	return c, nil
}

// queueRank orders rows of one second as they can follow each other.
func queueRank(r row) int {
	switch strings.ToUpper(r["event"]) {
	case "DID":
		return 0
	case "ENTERQUEUE":
		return 1
	case "CONNECT":
		return 3
	case "COMPLETEAGENT", "COMPLETECALLER", "TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "ABANDON":
		return 4
	case "EXITEMPTY", "EXITWITHTIMEOUT", "EXITWITHKEY":
		return 0 // of the queue before
	}
	return 2
}

func keepUnless(keep bool, old, fresh string) string {
	if keep || fresh == "" || fresh == "NONE" {
		return old
	}
	return fresh
}

// connected takes in that an agent took the call.
func (c *call) connected(r row, at time.Time) {
	if c.held {
		return
	}
	c.held, c.queue, c.agent, c.row = true, r["queue"], extension(r["agent"]), r
	c.ring = r.seconds("data1")
	if !c.start.IsZero() {
		c.ring = max(0, at.Sub(c.start))
	}
}

// left takes in that the call left a queue.
func (c *call) left(r row, event string, at time.Time, wait, talk string) {
	waited, spoken := r.seconds(wait), r.seconds(talk)
	if c.start.IsZero() {
		c.start = at.Add(-waited - spoken)
	}
	switch event {
	case "ABANDON":
		c.missed(r, at, abandoned)
	case "EXITEMPTY":
		c.missed(r, at, closed)
	case "EXITWITHTIMEOUT", "EXITWITHKEY":
		c.missed(r, at, noAnswer)
	default:
		if !c.held {
			c.connected(r, at.Add(-spoken))
		}
		c.talk, c.row = spoken, r
	}
}

// missed takes in that nobody took the call in a queue; another queue may.
func (c *call) missed(r row, at time.Time, reason string) {
	if !c.held {
		c.reason, c.row, c.ring, c.queue = reason, r, max(0, at.Sub(c.start)), keepUnless(false, c.queue, r["queue"])
	}
}
