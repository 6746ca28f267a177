package vendor

import (
	"strings"

	"tappa/ingest/source"
)

// readFreshdesk reads what the webhook of a Freshdesk automation sends: its own JSON, "freshdesk_webhook", with the fields
// that were ticked, or the template in docs/gateway.md.
func readFreshdesk(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	if d.at("event").is() {
		return readTicket(raw, d)
	}
	if w := d.at("freshdesk_webhook"); w.isObject() {
		d = w
	}
	t := source.Ticket{
		Ticket: d.text("ticket_id"), Subject: d.text("ticket_subject"), Status: strings.ToLower(d.text("ticket_status")),
		Priority: strings.ToLower(d.text("ticket_priority")), Group: d.text("ticket_group_name"),
		Customer: source.Party{
			Email: first(d.text("ticket_contact_email"), d.text("ticket_requester_email"), d.text("requester_email")),
			Phone: first(d.text("ticket_contact_phone"), d.text("ticket_requester_phone"), d.text("requester_phone")),
			Name:  first(d.text("ticket_contact_name"), d.text("ticket_requester_name"), d.text("requester_name")),
			CRM:   d.text("ticket_contact_unique_external_id"),
		},
	}
	e := source.Event{Vendor: raw.Value, Time: d.time(raw.Settings.Zone, "ticket_updated_at")}
	agent := first(d.text("ticket_agent_name"), d.text("ticket_agent_email"), d.text("agent_name"))
	event := freshdeskEvent(d.text("triggered_event"))
	t.Activity = event.name
	switch {
	case event.name == "ticket_action" && event.to == "created":
		e.Type, t.Text = "ticket.opened", plain(d.text("ticket_description"))
	case event.name == "status":
		e.Type = statusType(first(event.to, t.Status))
		t.Agent = agent
	case event.name == "note_type" && event.to == "private", event.name == "" && d.at("ticket_latest_private_comment").is():
		e.Type, t.Agent = "ticket.noted", agent
		_, t.Text = signed(d.text("ticket_latest_private_comment"))
	case event.name == "note_type", event.name == "reply_sent", event.name == "customer_reply",
		event.name == "" && d.text("ticket_latest_public_comment") != "":
		e.Type = "ticket.commented"
		var who string
		who, t.Text = signed(d.text("ticket_latest_public_comment"))
		t.Author = "customer"
		if event.name == "reply_sent" || event.name == "note_type" || event.name == "" && who != "" && !strings.EqualFold(who, t.Customer.Name) {
			t.Author, t.Agent = "agent", first(agent, who)
		}
	default:
		e.Type, t.Agent = "ticket.updated", agent
	}
	e.Data = t
	return e, nil
}

// change is what triggered a webhook: a field and what it became.
type change struct{ name, to string }

// freshdeskEvent reads "{status:{from:2,to:5}}", "{ticket_action:created}" and the like.
func freshdeskEvent(s string) change {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	name, value, _ := strings.Cut(s, ":")
	if _, to, ok := strings.Cut(value, "to:"); ok {
		value = to
	}
	return change{strings.TrimSpace(strings.ToLower(name)), strings.ToLower(strings.Trim(value, "{} "))}
}

// signed takes "Rui Li : <div>text</div>" apart, as Freshdesk writes its latest comments.
func signed(comment string) (who, text string) {
	if name, rest, ok := strings.Cut(comment, " : "); ok && len(name) < 80 && !strings.ContainsAny(name, "<\n") {
		return strings.TrimSpace(name), plain(rest)
	}
	return "", plain(comment)
}
