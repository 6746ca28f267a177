package vendor

import (
	"strings"
	"time"

	"tappa/ingest/source"
)

// zendeskExport reads a ticket of Zendesk's JSON export, or of its API with users beside and comments inside.
func zendeskExport(d, file doc, zone *time.Location) history {
	requester := d.at("requester")
	id := first(d.text("requester_id"), requester.text("id"))
	if !requester.isObject() {
		requester = userOf(file, id)
	}
	h := history{
		ticket: source.Ticket{
			Ticket: d.text("id"), Subject: d.text("subject"), Status: strings.ToLower(d.text("status")), Priority: strings.ToLower(d.text("priority")),
			Group: first(d.text("group", "name"), d.text("group_id")), Agent: first(d.text("assignee", "name"), userOf(file, d.text("assignee_id")).text("name"), d.text("assignee_id")),
			Customer: source.Party{CRM: id, Email: requester.text("email"), Phone: requester.text("phone"), Name: requester.text("name")},
		},
		opened: d.time(zone, "created_at"), text: plain(d.text("description")),
		byAgent: id != "" && first(d.text("submitter_id"), d.text("submitter", "id"), id) != id,
		solved:  d.time(zone, "metric_set", "solved_at"),
	}
	for i, c := range d.list("comments") {
		e := entry{id: "comment-" + c.text("id"), at: c.time(zone, "created_at"), text: plain(first(c.text("plain_body"), c.text("body"))), private: c.at("public").is() && !c.flag("public")}
		author := first(c.text("author_id"), c.text("author", "id"))
		user := userOf(file, author)
		if e.author = "agent"; author == id || user.text("role") == "end-user" {
			e.author = "customer"
		} else {
			e.agent = first(user.text("name"), c.text("author", "name"), author)
		}
		if i == 0 && (h.text == "" || e.text == h.text) {
			h.text = e.text
			continue
		}
		h.entries = append(h.entries, e)
	}
	h.settle(d.time(zone, "updated_at"))
	if h.ticket.Status == "deleted" {
		h.gone = "deleted ticket"
	}
	if h.rating = satisfaction(first(d.text("satisfaction_rating", "score"))); h.rating != nil {
		h.comment = d.text("satisfaction_rating", "comment")
		h.rated = anyTime(d.time(zone, "satisfaction_rating", "updated_at"), d.time(zone, "satisfaction_rating", "created_at"), d.time(zone, "updated_at"))
	}
	return h
}

// freshdeskExport reads a ticket of Freshdesk's API, with requester, conversations and stats included, or of its account
// export, where it stands inside "helpdesk_ticket".
func freshdeskExport(d, file doc, zone *time.Location) history {
	if inner := d.at("helpdesk_ticket"); inner.isObject() {
		d = inner
	}
	requester := d.at("requester")
	if !requester.isObject() {
		requester = userOf(file, d.text("requester_id"))
	}
	h := history{
		ticket: source.Ticket{
			Ticket: first(d.text("display_id"), d.text("id")), Subject: d.text("subject"),
			Status: freshdeskStatus(first(d.text("status_name"), d.text("status"))), Priority: freshdeskPriority(first(d.text("priority_name"), d.text("priority"))),
			Group: first(d.text("group_name"), d.text("group", "name"), d.text("group_id")), Agent: first(d.text("responder_name"), d.text("responder", "name"), d.text("responder_id")),
			Customer: source.Party{
				CRM: first(d.text("requester_id"), requester.text("id")), Email: first(requester.text("email"), d.text("requester_email"), d.text("email")),
				Phone: first(requester.text("phone"), requester.text("mobile"), d.text("phone")), Name: first(requester.text("name"), d.text("requester_name"), d.text("name")),
			},
		},
		opened: d.time(zone, "created_at"), text: first(d.text("description_text"), plain(d.text("description"))),
		solved: anyTime(d.time(zone, "stats", "resolved_at"), d.time(zone, "ticket_states", "resolved_at")),
		closed: anyTime(d.time(zone, "stats", "closed_at"), d.time(zone, "ticket_states", "closed_at")),
	}
	for _, c := range append(d.list("conversations"), d.list("notes")...) {
		if inner := c.at("helpdesk_note"); inner.isObject() {
			c = inner
		}
		e := entry{id: "note-" + c.text("id"), at: c.time(zone, "created_at"), text: first(c.text("body_text"), plain(c.text("body"))), author: "agent", private: c.flag("private")}
		if c.flag("incoming") {
			e.author = "customer"
		} else {
			e.agent = c.text("user_id")
		}
		h.entries = append(h.entries, e)
	}
	h.settle(d.time(zone, "updated_at"))
	switch {
	case d.flag("deleted"):
		h.gone = "deleted ticket"
	case d.flag("spam"):
		h.gone = "ticket marked as spam"
	}
	return h
}

// zammadExport reads a ticket of Zammad's API, expanded, with its articles inside as "articles".
func zammadExport(d, _ doc, zone *time.Location) history {
	customer := d.at("customer")
	h := history{
		ticket: source.Ticket{
			Ticket: d.text("id"), Subject: d.text("title"), Status: strings.ToLower(nameOf(d.at("state"))), Priority: nameOf(d.at("priority")), Group: nameOf(d.at("group")),
			Agent: first(d.text("owner", "email"), d.text("owner")),
			Customer: source.Party{
				CRM: first(d.text("customer_id"), customer.text("id")), Email: first(customer.text("email"), customer.text()),
				Phone: first(customer.text("phone"), customer.text("mobile")), Name: strings.TrimSpace(customer.text("firstname") + " " + customer.text("lastname")),
			},
		},
		opened: d.time(zone, "created_at"), byAgent: strings.EqualFold(d.text("create_article_sender"), "agent"),
		solved: d.time(zone, "close_at"),
	}
	for i, a := range d.list("articles") {
		e := entry{id: "article-" + a.text("id"), at: a.time(zone, "created_at"), text: a.text("body"), author: strings.ToLower(a.text("sender")), private: a.flag("internal")}
		if strings.HasPrefix(a.text("content_type"), "text/html") {
			e.text = plain(e.text)
		}
		switch e.author {
		case "agent":
			e.agent = first(a.text("created_by", "email"), a.text("created_by"), a.text("from"))
		case "customer":
		default:
			e.author = "system"
		}
		if i == 0 && !e.private {
			h.openedID, h.text, h.byAgent = e.id, e.text, e.author == "agent"
			continue
		}
		h.entries = append(h.entries, e)
	}
	if h.solved.IsZero() && strings.HasPrefix(h.ticket.Status, "closed") {
		h.solved = d.time(zone, "updated_at")
	}
	return h
}

// chatwootExport reads a conversation of Chatwoot's API, with its messages inside.
func chatwootExport(d, _ doc, zone *time.Location) history {
	h := history{ticket: chatwootTicket(d)}
	h.ticket.Agent = d.text("meta", "assignee", "name")
	h.openedID = "conversation-" + h.ticket.Ticket + "-created"
	for _, m := range d.list("messages") {
		e := entry{id: "message-" + m.text("id"), at: m.time(zone, "created_at"), text: plain(m.text("content")), author: "system", private: m.flag("private")}
		switch m.text("message_type") {
		case "incoming", "0":
			e.author = "customer"
		case "outgoing", "1":
			e.author, e.agent = "agent", m.text("sender", "name")
		case "activity", "2":
			continue
		}
		if h.opened.IsZero() || e.at.Before(h.opened) {
			h.opened = e.at
		}
		h.entries = append(h.entries, e)
	}
	h.opened = anyTime(d.time(zone, "created_at"), h.opened)
	h.settle(anyTime(d.time(zone, "updated_at"), d.time(zone, "timestamp"), d.time(zone, "last_activity_at")))
	return h
}
