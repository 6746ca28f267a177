package vendor

import (
	"strings"
	"time"

	"tappa/ingest/source"
)

// readChatwoot reads Chatwoot's events. A conversation is a ticket; its messages are comments, private ones notes.
func readChatwoot(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	zone, event := raw.Settings.Zone, d.text("event")
	nothing := &source.Nothing{Kind: source.NothingHappened, Detail: event}
	e := source.Event{Vendor: raw.Value}
	switch event {
	case "message_created":
		return chatwootMessage(raw, d)
	case "message_updated":
		answer := d.at("content_attributes", "submitted_values", "csat_survey_response")
		score, ok := answer.number("rating")
		if !ok {
			return e, nothing
		}
		t := chatwootTicket(d.at("conversation"))
		t.Rating, t.Text = &source.Rating{Kind: "csat", Score: score, Min: 1, Max: 5}, answer.text("feedback_message")
		e.ID, e.Time, e.Type, e.Data = "csat-"+d.text("id"), d.time(zone, "updated_at"), "ticket.rated", t
	case "conversation_created":
		t := chatwootTicket(d)
		t.Author = "customer"
		e.ID, e.Time, e.Type, e.Data = "conversation-"+t.Ticket+"-created", anyTime(d.time(zone, "created_at"), d.time(zone, "timestamp")), "ticket.opened", t
	case "conversation_status_changed":
		t := chatwootTicket(d)
		t.Agent = d.text("meta", "assignee", "name")
		at := first(d.text("updated_at"), d.text("timestamp"))
		e.ID, e.Time, e.Data = "conversation-"+t.Ticket+"-"+t.Status+"-"+at, readTime(at, zone), t
		e.Type = statusType(t.Status)
	case "contact_created", "contact_updated":
		p := chatwootParty(d)
		if p.CRM == "" || p.Email == "" && p.Phone == "" {
			return e, nothing
		}
		e.ID, e.Type, e.Data = "", "crm.linked", source.CRM{Module: "contact", Record: p.CRM, Customer: p, Activity: event}
	default:
		return e, nothing
	}
	return e, nil
}

// chatwootMessage reads one message.
func chatwootMessage(raw source.Raw, d doc) (source.Event, error) {
	conversation := d.at("conversation")
	t := chatwootTicket(conversation)
	t.Text, t.Group = plain(d.text("content")), first(d.text("inbox", "name"), t.Group)
	at := d.time(raw.Settings.Zone, "created_at").Truncate(time.Second) // as exports tell it
	e := source.Event{ID: "message-" + d.text("id"), Time: at, Type: "ticket.commented", Vendor: raw.Value}
	switch d.text("message_type") {
	case "incoming", "0":
		t.Author = "customer"
		if p := chatwootParty(d.at("sender")); p.CRM != "" {
			t.Customer = merge(t.Customer, p)
		}
	case "outgoing", "1":
		t.Author, t.Agent = "agent", first(d.text("sender", "name"), d.text("sender", "email"))
		if d.text("sender", "type") == "agent_bot" {
			t.Author = "system"
		}
	case "template", "3":
		t.Author = "system"
	default: // an activity: "Conversation was resolved by …"
		return e, &source.Nothing{Kind: source.NothingHappened, Detail: "message of type " + clip(d.text("message_type"))}
	}
	if d.flag("private") {
		e.Type = "ticket.noted"
	}
	e.Data = t
	return e, nil
}

// chatwootTicket reads a conversation.
func chatwootTicket(d doc) source.Ticket {
	return source.Ticket{
		Ticket: first(d.text("display_id"), d.text("id")), Status: strings.ToLower(d.text("status")), Priority: d.text("priority"),
		Group: strings.TrimPrefix(d.text("channel"), "Channel::"), Customer: chatwootParty(d.at("meta", "sender")),
	}
}

// chatwootParty reads a contact.
func chatwootParty(d doc) source.Party {
	return source.Party{CRM: d.text("id"), Email: d.text("email"), Phone: d.text("phone_number"), Name: d.text("name")}
}

// merge fills what p lacks from q.
func merge(p, q source.Party) source.Party {
	p.CRM, p.Email, p.Phone = first(p.CRM, q.CRM), first(p.Email, q.Email), first(p.Phone, q.Phone)
	p.Cookie, p.Name, p.Account = first(p.Cookie, q.Cookie), first(p.Name, q.Name), first(p.Account, q.Account)
	return p
}
