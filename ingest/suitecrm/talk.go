package suitecrm

import (
	"strings"
	"time"

	"tappa/ingest/source"
)

// under makes a record concern whom its parent is or concerns.
func (d *desk) under(key, module, id string) {
	if id == "" {
		return
	}
	if kind := personModules[module]; kind != "" {
		d.concerns(key, party{kind: kind, id: id})
		return
	}
	switch module {
	case "Accounts":
		d.concerns(key, party{kind: "company", id: id})
	case "Opportunities":
		d.follow("opportunities/"+id, key)
	case "Cases":
		d.follow("cases/"+id, key)
	case "AOS_Quotes":
		d.follow("aos_quotes/"+id, key)
	case "AOS_Invoices":
		d.follow("aos_invoices/"+id, key)
	}
}

// call is a call with what SuiteCRM knows besides.
type call struct {
	source.Call
	Subject    string `json:"subject,omitempty"`
	Notes      string `json:"notes,omitempty"` // what the agent wrote down
	Party      string `json:"party"`
	ParentType string `json:"parent_type,omitempty"`
	Record     string `json:"record"`
}

// readCall reads calls. One that was held took place; an inbound one that was not is a missed call. A planned call, and an
// outbound one that reached nobody, is no contact.
func readCall(d *desk, c *change) steps {
	id, status, direction := c.row.id("id"), c.row.text("status"), strings.ToLower(c.row.text("direction"))
	key, parent, parentID := "calls/"+id, c.row.text("parent_type"), c.row.id("parent_id")
	do := steps{func() { d.under(key, parent, parentID) }}
	h := happening{id: key + "/held", typ: "call.held"}
	switch {
	case status == "Held":
	case status == "Not Held" && direction == "inbound":
		h.id, h.typ = key+"/missed", "call.missed"
	default:
		return do
	}
	data := call{
		Call: source.Call{Direction: "outbound", Agent: c.row.text("assigned_user_id")}, ParentType: parent, Record: id,
		Subject: plain(c.row.text("name")), Notes: cut(plain(c.row.text("description")), maxText),
	}
	if direction == "inbound" {
		data.Direction = direction
	}
	if h.typ == "call.held" {
		data.TalkSeconds = c.row.duration().Seconds()
	} else {
		data.Reason = "no-answer"
	}
	h.at = c.when("date_start", "date_entered")
	h.data = func(w witness) any {
		data := data
		data.Customer, data.Party = w.who, w.kind
		return data
	}
	return append(do, func() { d.happened(key, h) })
}

// duration is how long a call or meeting took, as two columns say.
func (r row) duration() time.Duration {
	return time.Duration(r.amount("duration_hours")*float64(time.Hour) + r.amount("duration_minutes")*float64(time.Minute))
}

// meeting is a meeting with what SuiteCRM knows besides.
type meeting struct {
	source.Meeting
	Kind       string `json:"kind,omitempty"`
	Notes      string `json:"notes,omitempty"`
	Party      string `json:"party"`
	ParentType string `json:"parent_type,omitempty"`
	Record     string `json:"record"`
}

// readMeeting reads meetings, of which only those held are contacts.
func readMeeting(d *desk, c *change) steps {
	id := c.row.id("id")
	key, parent, parentID := "meetings/"+id, c.row.text("parent_type"), c.row.id("parent_id")
	do := steps{func() { d.under(key, parent, parentID) }}
	if c.row.text("status") != "Held" {
		return do
	}
	data := meeting{
		Meeting: source.Meeting{
			Place: plain(c.row.text("location")), Subject: plain(c.row.text("name")), Minutes: c.row.duration().Minutes(),
			Agent: c.row.text("assigned_user_id"),
		},
		Kind: c.row.text("type"), Notes: cut(plain(c.row.text("description")), maxText), ParentType: parent, Record: id,
	}
	h := happening{id: key + "/held", typ: "meeting.held", at: c.when("date_start", "date_entered")}
	h.data = func(w witness) any {
		data := data
		data.Customer, data.Party = w.who, w.kind
		return data
	}
	return append(do, func() { d.happened(key, h) })
}
