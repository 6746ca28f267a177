package vendor

import (
	"strings"
	"time"

	"tappa/ingest/source"
)

// zendeskPrefix begins the type of every event of Zendesk's.
const zendeskPrefix = "zen:event-type:"

// readZendesk reads what Zendesk's webhooks send: an event that a webhook subscribes to, or the JSON that a trigger's
// webhook is told to send (docs/gateway.md gives it).
//
// Zendesk's events name the customer by number only. That number is a key of the CRM's kind, and becomes one person with
// the mail address as soon as a trigger's webhook, or the event that a user was created, tells both.
func readZendesk(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	what, ok := strings.CutPrefix(d.text("type"), zendeskPrefix)
	if !ok {
		return readTicket(raw, d)
	}
	e := source.Event{ID: d.text("id"), Time: d.time(raw.Settings.Zone, "time"), Vendor: raw.Value}
	if strings.HasPrefix(what, "user.") {
		return zendeskUser(e, what, d.at("detail"))
	}
	detail, event := d.at("detail"), d.at("event")
	t := source.Ticket{
		Ticket: detail.text("id"), Customer: source.Party{CRM: detail.text("requester_id")}, Subject: detail.text("subject"),
		Status: strings.ToLower(detail.text("status")), Priority: strings.ToLower(detail.text("priority")), Group: detail.text("group_id"),
		Author: zendeskActor(detail), Activity: what,
	}
	if t.Author == "agent" {
		t.Agent = detail.text("actor_id")
	}
	switch what {
	case "ticket.created":
		e.Time = anyTime(detail.time(raw.Settings.Zone, "created_at"), e.Time)
		e.Type, t.Text, e.ID = "ticket.opened", plain(detail.text("description")), "ticket-"+t.Ticket+"-opened"
		if t.Text == t.Subject {
			t.Text = ""
		}
	case "ticket.comment_added":
		e.Type, e.Time = "ticket.commented", e.Time.Truncate(time.Second) // as the comment's own created_at is told in exports
		comment := event.at("comment")
		e.ID = "comment-" + first(comment.text("id"), e.ID)
		if !comment.flag("is_public") {
			e.Type = "ticket.noted"
		}
		t.Text, t.Author, t.Agent = plain(comment.text("body")), "customer", ""
		if e.Type == "ticket.commented" && t.Text == plain(detail.text("description")) {
			return source.Event{}, &source.Nothing{Kind: source.NothingYet, Detail: "the first comment, which is the ticket's own text"}
		}
		if comment.flag("author", "is_staff") {
			t.Author, t.Agent = "agent", first(comment.text("author", "name"), comment.text("author", "id"))
		}
	case "ticket.status_changed":
		t.Status = strings.ToLower(event.text("current"))
		e.Type = statusType(t.Status)
	case "ticket.priority_changed":
		e.Type, t.Priority = "ticket.updated", strings.ToLower(event.text("current"))
	case "ticket.agent_assignment_changed", "ticket.group_assignment_changed", "ticket.custom_status_changed":
		e.Type = "ticket.updated"
	default:
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: what}
	}
	e.Data = t
	return e, nil
}

// zendeskActor says who did it: the requester, somebody of the company, or the system, which has no number.
func zendeskActor(detail doc) string {
	switch actor := detail.text("actor_id"); actor {
	case detail.text("requester_id"):
		return "customer"
	case "", "0", "-1":
		return "system"
	}
	return "agent"
}

// zendeskUser reads that a user was created or got an address: which number is whose.
func zendeskUser(e source.Event, what string, detail doc) (source.Event, error) {
	p := source.Party{CRM: detail.text("id"), Email: detail.text("email"), Phone: detail.text("phone"), Name: detail.text("name")}
	role := detail.text("role")
	if p.CRM == "" || p.Email == "" && p.Phone == "" || role != "" && role != "end-user" {
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: what}
	}
	e.Type, e.Data = "crm.linked", source.CRM{Module: "user", Record: p.CRM, Customer: p, Activity: what}
	return e, nil
}

// statusType is the type of an event that gave a ticket a status, by any vendor's name for it.
func statusType(status string) string {
	switch strings.ToLower(status) {
	case "solved", "resolved", "4":
		return "ticket.solved"
	case "closed", "5":
		return "ticket.closed"
	}
	return "ticket.updated"
}

// ticketEvents are the words by which a JSON template says what happened.
var ticketEvents = map[string]string{
	"opened": "ticket.opened", "created": "ticket.opened", "commented": "ticket.commented", "replied": "ticket.commented",
	"noted": "ticket.noted", "updated": "ticket.updated", "solved": "ticket.solved", "resolved": "ticket.solved",
	"closed": "ticket.closed", "rated": "ticket.rated",
}

// readTicket reads the JSON that a help desk's trigger or automation is told to send, by the template in docs/gateway.md.
func readTicket(raw source.Raw, d doc) (source.Event, error) {
	word := strings.ToLower(d.text("event"))
	typ, ok := ticketEvents[word]
	if !ok {
		return source.Event{}, source.Bad("event", "%q, expected one of opened, commented, noted, updated, solved, closed, rated", clip(word))
	}
	t := source.Ticket{
		Ticket: d.text("ticket_id"), Author: d.text("author"), Agent: d.text("agent"), Status: strings.ToLower(d.text("status")),
		Priority: strings.ToLower(d.text("priority")), Group: d.text("group"), Subject: d.text("subject"), Text: plain(d.text("text")),
		Customer: source.Party{
			CRM: d.text("requester_id"), Email: d.text("requester_email"), Phone: d.text("requester_phone"), Name: d.text("requester_name"),
		},
	}
	if typ == "ticket.rated" {
		if t.Rating = satisfaction(d.text("rating")); t.Rating == nil {
			return source.Event{}, &source.Nothing{Kind: source.NothingYet, Detail: "no rating yet"}
		}
	}
	return source.Event{Type: typ, Time: d.time(raw.Settings.Zone, "time"), Data: t, Vendor: raw.Value}, nil
}

// satisfaction reads a satisfaction: Zendesk's Good and Bad, with or without comment, or a number from 1 to 5.
func satisfaction(s string) *source.Rating {
	word, _, _ := strings.Cut(strings.ToLower(s), " ")
	switch word {
	case "good":
		return &source.Rating{Kind: "csat", Score: 1, Min: 0, Max: 1}
	case "bad":
		return &source.Rating{Kind: "csat", Score: 0, Min: 0, Max: 1}
	case "1", "2", "3", "4", "5":
		return &source.Rating{Kind: "csat", Score: float64(word[0] - '0'), Min: 1, Max: 5}
	}
	return nil
}

// clip shortens what an error quotes.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
