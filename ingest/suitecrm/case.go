package suitecrm

import (
	"strings"

	"tappa/ingest/source"
)

// ticket is a case with what SuiteCRM knows besides.
//
// A case with two contacts is two tickets, one of each: a ticket is a contact key, and would make one person of the two.
type ticket struct {
	source.Ticket
	Case        string `json:"case"`
	Number      string `json:"number,omitempty"`
	Kind        string `json:"kind,omitempty"`
	Description string `json:"description,omitempty"` // what an agent wrote down
	Party       string `json:"party"`
}

// ticketOf is the ticket that a case is for one party.
func ticketOf(record string, w witness) ticket {
	return ticket{Ticket: source.Ticket{Ticket: record + "/" + w.id, Customer: w.who}, Case: record, Party: w.kind}
}

// readCase reads cases. Whose they are stands in the row, if the customer made it, and in contacts_cases.
func readCase(d *desk, c *change) steps {
	id, at, status := c.row.id("id"), c.when("date_entered"), c.row.text("status")
	key, maker, account := "cases/"+id, c.row.id("contact_created_by_id"), c.row.id("account_id")
	subject, text := plain(c.row.text("name")), cut(plain(c.row.text("description")), maxText)
	priority, agent := c.row.text("priority"), c.row.text("assigned_user_id")
	number, kind := c.row.text("case_number"), c.row.text("type")
	fresh := c.fresh()
	opened := happening{id: key + "/opened", typ: "ticket.opened", at: at, data: func(w witness) any {
		t := ticketOf(id, w)
		t.Subject, t.Priority, t.Agent, t.Number, t.Kind = subject, priority, agent, number, kind
		if fresh {
			t.Status = status
		}
		if w.kind == "contact" && w.id == maker {
			t.Author, t.Text = "customer", text
		} else {
			t.Author, t.Description = "agent", text
		}
		return t
	}}
	do := steps{func() {
		d.concerns(key, party{kind: "contact", id: maker})
		d.concerns(key, party{kind: "company", id: account})
		d.happened(key, opened)
	}}
	if fresh && strings.HasPrefix(status, "Closed") {
		do = append(do, func() {
			d.changed(statusChange{table: "cases", record: id, field: "status", to: status, id: key + "/initial", at: at})
		})
	}
	return append(do, d.touched(c, "status")...)
}

// caseChanged tells of a case's status or priority. Closed_Closed is solved; Closed_Rejected, Closed_Duplicate and others
// that begin so are closed without.
func (d *desk) caseChanged(ch statusChange) {
	typ := "ticket.updated"
	switch {
	case ch.field != "status":
	case ch.to == "Closed_Closed" || ch.to == "Closed":
		typ = "ticket.solved"
	case strings.HasPrefix(ch.to, "Closed"):
		typ = "ticket.closed"
	}
	d.happened("cases/"+ch.record, happening{id: ch.id, typ: typ, at: ch.at, data: func(w witness) any {
		t := ticketOf(ch.record, w)
		t.Author = "agent"
		if ch.field == "status" {
			t.Status = ch.to
		} else {
			t.Priority = ch.to
		}
		return t
	}})
}

// readCaseUpdate reads aop_case_updates. One with a contact is what that customer wrote; one without is the company's, a
// public reply unless it is internal.
func readCaseUpdate(d *desk, c *change) steps {
	id, record, contact := c.row.id("id"), c.row.id("case_id"), c.row.id("contact_id")
	at, text, internal := c.when("date_entered"), cut(plain(c.row.text("description")), maxText), c.row.flag("internal")
	agent := c.row.text("assigned_user_id")
	if record == "" {
		return nil
	}
	if text == "" {
		text = plain(c.row.text("name"))
	}
	key := "cases/" + record
	if contact != "" {
		p := party{kind: "contact", id: contact}
		t := ticketOf(record, d.lone(p))
		t.Author, t.Text = "customer", text
		return steps{func() {
			d.concerns(key, p)
			d.make("aop_case_updates/"+id+"/"+contact, "ticket.commented", at, t)
		}}
	}
	h := happening{id: "aop_case_updates/" + id, typ: "ticket.commented", at: at}
	if internal {
		h.typ = "ticket.noted"
	}
	h.data = func(w witness) any {
		t := ticketOf(record, w)
		t.Author, t.Agent, t.Text = "agent", agent, text
		return t
	}
	return steps{func() { d.happened(key, h) }}
}
