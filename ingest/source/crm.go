package source

import (
	"strings"

	"tappa/ingest/identity"
	"tappa/journey"
)

// What CRMs tell beyond mails, calls and tickets: what became of a record, meetings, answers to surveys, and what is taken back.

// decodeCRM reads a CRM: internal unless the payload says otherwise, To is the module. What is the same human's stands in
// customer and same_as, so that the two become one person.
func decodeCRM(in *journey.Interaction, o object) customer {
	in.To = o.need("module")
	in.Direction = journey.Direction(o.oneOf("direction", string(journey.Internal), string(journey.Inbound), string(journey.Outbound)))
	in.Public = in.Direction != journey.Internal
	in.Automatic = o.flag("automatic")
	for _, name := range []string{"record", "field", "from", "to", "status", "campaign", "party"} {
		o.text(name)
	}
	in.Subject, in.Text, in.Lang = o.text("subject"), o.text("text"), o.lang()
	in.Value, in.Currency = o.amount("value"), strings.ToUpper(strings.TrimSpace(o.text("currency")))
	in.Agent, in.Thread = o.text("agent"), o.text("thread")
	o.activity(in)
	o.required("customer")
	p, _ := o.party("customer")
	same, _ := o.party("same_as")
	if in.Direction == journey.Inbound {
		in.From = first(p.Email, p.Phone, same.Email, same.Phone)
	}
	return customer{"data.customer", [2]identity.Party{p, same}}
}

// decodeMeeting reads a Meeting, which took place: people spoke, so that it answers what the customer had asked. To is the
// place.
func decodeMeeting(in *journey.Interaction, o object) customer {
	in.Direction = journey.Direction(o.oneOf("direction", string(journey.Outbound), string(journey.Inbound)))
	in.Public, in.Held = true, true
	in.To = o.text("place")
	in.Subject, in.Agent, in.Thread = o.text("subject"), o.text("agent"), o.text("thread")
	o.amount("minutes")
	o.activity(in)
	o.required("customer")
	p, _ := o.party("customer")
	return customer{"data.customer", [2]identity.Party{p}}
}

// decodeSurvey reads a Survey: inbound, To is the survey. A rating is one answer, a text another.
func decodeSurvey(in *journey.Interaction, o object) customer {
	in.Direction, in.Public = journey.Inbound, true
	in.To = o.need("survey")
	in.Subject, in.Text, in.Lang = o.text("question"), o.text("text"), o.lang()
	in.Rating = o.rating()
	if in.Type == "survey.rated" {
		o.required("rating")
	}
	o.text("response")
	o.activity(in)
	o.required("customer")
	p, _ := o.party("customer")
	in.From = first(p.Email, p.Phone)
	return customer{"data.customer", [2]identity.Party{p}}
}

// decodeRetraction reads a Retraction. Whatever the event's own id, it has the one that follows from the other's: to take back twice is to
// take back once.
func decodeRetraction(in *journey.Interaction, o object) customer {
	in.ID = journey.RetractedID(o.need("interaction"))
	if len(in.ID) > maxAttribute {
		o.fail("interaction", "has %d bytes, an id has at most %d", len(in.ID)-len(journey.RetractedID("")), maxAttribute-len(journey.RetractedID("")))
	}
	in.Direction = journey.Internal
	in.Subject, in.Thread = o.text("reason"), o.text("thread")
	p, _ := o.party("customer")
	ticket := o.text("ticket")
	if ticket != "" {
		in.Thread = TicketThread(in.Origin, ticket)
	}
	return customer{"data.customer", [2]identity.Party{p, {Ticket: ticket}}}
}
