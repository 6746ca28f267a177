package asterisk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// cdrKind are call detail records: a row for each pair of channels that were to be joined.
var cdrKind = kind{name: "asterisk-cdr", columns: cdrColumns, comma: ',', id: cdrID, call: cdrCall}

// cdrFields are the fields of a line of Master.csv. The last ones depend on cdr.conf.
var cdrFields = []string{
	"accountcode", "src", "dst", "dcontext", "clid", "channame", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
	"duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
}

// cdrColumns names the fields of a line.
func cdrColumns(n int) []string {
	if n < 16 || n > len(cdrFields) {
		return nil
	}
	return cdrFields[:n]
}

// cdrID returns the call that a row is of. Where Asterisk was told to write no uniqueid, the first channel and its start
// are one.
func cdrID(r row) string {
	if id := r.first("linkedid", "uniqueid"); id != "" {
		return id
	}
	if r["channame"] == "" || r["start"] == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(r["channame"] + "\n" + r["start"]))
	return hex.EncodeToString(sum[:16])
}

// spoke tells that two people were joined. A call that only an application took, a queue or the answering machine, is
// "answered" too, but has no second channel.
func spoke(r row) bool {
	return strings.EqualFold(r["disposition"], "answered") && r["dstchannel"] != "" && r.seconds("billsec") > 0
}

// cdrCall returns the call that rows tell: the first row says who called whom, the first by which people spoke, or else
// the one that says most, what became of it.
func cdrCall(rows []row, s *source.Settings) (call, error) {
	slices.SortStableFunc(rows, func(a, b row) int { return cdrOrder(a, b, s.Zone) })
	head := rows[0]
	c := call{id: cdrID(head), start: head.time("start", s.Zone), name: nameOf(head)}
	switch {
	case c.start.IsZero():
		return c, missing("start", "when the call began, such as 2026-03-02 09:30:00")
	case c.id == "":
		return c, missing("uniqueid", "the call's id")
	}
	for _, r := range rows {
		c.sides(r.first("cnum", "src"), r.first("did", "dnid", "dst"), r["dcontext"], &s.Company)
		if c.direction != journey.Internal {
			break
		}
	}
	c.row = head
	end := head.time("end", s.Zone)
	for _, r := range rows {
		if strings.EqualFold(r["lastapp"], "queue") && c.queue == "" {
			c.queue = queueOf(r["lastdata"])
		}
		if at := r.time("start", s.Zone).Add(r.seconds("duration")); at.After(end) {
			end = at
		}
		if spoke(r) {
			c.spoken(r, s.Zone)
		}
	}
	if !c.held {
		c.ring, c.reason = max(0, end.Sub(c.start)), cdrReason(rows)
	}
	if c.direction == journey.Outbound {
		c.agent = c.number
		c.number = head.first("outboundcnum", "src")
	}
	return c, nil
}

// spoken takes in a row by which people spoke. The first of them says who, and how long it rang; a call that was handed
// on has several, and their times add up.
func (c *call) spoken(r row, zone *time.Location) {
	c.talk += r.seconds("billsec")
	if c.held {
		return
	}
	c.held, c.row, c.agent = true, r, extension(r["dstchannel"])
	if answer := r.time("answer", zone); !answer.IsZero() {
		c.ring = max(0, answer.Sub(c.start))
	} else {
		c.ring = max(0, r.seconds("duration")-r.seconds("billsec"))
	}
}

// cdrOrder sorts rows by their start, then as Asterisk numbered them.
func cdrOrder(a, b row, zone *time.Location) int {
	return cmp.Or(a.time("start", zone).Compare(b.time("start", zone)), cmp.Compare(a.seconds("sequence"), b.seconds("sequence")),
		cmp.Compare(a["uniqueid"], b["uniqueid"]), cmp.Compare(a["dstchannel"], b["dstchannel"]))
}

// cdrReason says why nobody spoke: of several reasons the one that says most.
func cdrReason(rows []row) string {
	found := map[string]bool{}
	for _, r := range rows {
		switch strings.ToLower(r["disposition"]) {
		case "answered":
			found[unheard(r["lastapp"])] = true
		case "busy":
			found[busy] = true
		case "failed", "congestion":
			found[failed] = true
		default:
			if strings.EqualFold(r["lastapp"], "queue") {
				found[abandoned] = true
			}
			if strings.EqualFold(r["lastapp"], "voicemail") {
				found[voicemail] = true
			}
		}
	}
	for _, reason := range []string{voicemail, abandoned, closed, busy} {
		if found[reason] {
			return reason
		}
	}
	if found[failed] && len(found) == 1 {
		return failed
	}
	return noAnswer
}

// nameOf returns the name of who called, if the network gave one: "Anna Rossi" <+390669821>.
func nameOf(r row) string {
	name := r["cnam"]
	if name == "" {
		name, _, _ = strings.Cut(r["clid"], "<")
	}
	name = strings.Trim(name, "\" ")
	if strings.Trim(name, "0123456789+*# ") == "" {
		return ""
	}
	return name
}
