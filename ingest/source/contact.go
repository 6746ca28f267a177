package source

import (
	"strings"

	"tappa/ingest/identity"
	"tappa/ingest/source/tree"
	"tappa/journey"
)

// The sources by which customers and company talk to each other: forms, email, calls, the web, reviews. Tickets are
// in ticket.go, quotes and orders in trade.go.
//
// From and To are natural: From is who addressed, To is who was addressed. So the company's side, which tells
// touchpoints on one channel apart, is To of what is inbound and From of what is outbound.

// decodeForm reads a Form: inbound, To is the form's name.
func decodeForm(in *journey.Interaction, o object) customer {
	in.Direction, in.Public = journey.Inbound, true
	in.To = o.need("form")
	o.text("page")
	in.Subject, in.Text, in.Lang = o.text("subject"), o.text("message"), o.lang()
	in.Thread = o.text("thread")
	o.activity(in)
	o.textMap("fields")
	o.required("customer")
	p, _ := o.party("customer")
	in.From = first(p.Email, p.Phone)
	return customer{"data.customer", [2]identity.Party{p}}
}

// decodeEmail reads an Email. The customer is From of email.received and the first of To otherwise. A bounce speaks
// for the customer's mailbox, so it is inbound, but a machine wrote it and the customer never saw it.
func decodeEmail(in *journey.Interaction, o object) customer {
	from, to := o.need("from"), o.texts("to")
	thread(in, o)
	in.Subject, in.Text, in.Lang = o.text("subject"), o.text("text"), o.lang()
	in.Automatic, in.Agent = o.flag("automatic"), o.text("agent")
	o.amount("attachments")
	o.activity(in)
	further, _ := o.party("customer")
	recipient := ""
	if len(to) > 0 {
		recipient = to[0]
	}
	who := customer{"data.to", [2]identity.Party{{Email: recipient}, further}}
	switch in.Type {
	case "email.received":
		in.Direction, in.Public = journey.Inbound, true
		in.From, in.To = from, mailbox(recipient)
		who = customer{"data.from", [2]identity.Party{{Email: from}, further}}
	case "email.sent":
		in.Direction, in.Public = journey.Outbound, true
		in.From, in.To = mailbox(from), recipient
	case "email.bounced":
		in.Direction, in.Automatic = journey.Inbound, true
		in.From, in.To = recipient, mailbox(from)
	}
	return who
}

// thread sets an email's conversation: as stated, else the message that began it.
func thread(in *journey.Interaction, o object) {
	stated, references := o.text("thread"), o.texts("references")
	reply, message := o.text("in_reply_to"), o.text("message_id")
	if len(references) > 0 {
		reply = first(references[0], reply)
	}
	id := strings.TrimSpace(first(stated, reply, message))
	if strings.HasPrefix(id, "<") && strings.HasSuffix(id, ">") {
		id = id[1 : len(id)-1]
	}
	if id != "" {
		in.Thread = "email:" + id
	}
}

// mailbox returns the company's address in s, normalised so that rules can name it, or s where there is none.
func mailbox(s string) string { return first(identity.Address(s), s) }

// decodeCall reads a Call. What took place is held; a missed call is not. The text is what the customer said.
func decodeCall(in *journey.Interaction, o object) customer {
	o.required("direction")
	in.Direction = journey.Direction(o.oneOf("direction", string(journey.Inbound), string(journey.Outbound)))
	in.Public, in.Held = true, in.Type == "call.held"
	in.Agent, in.Text, in.Lang = o.text("agent"), o.text("transcript"), o.lang()
	in.Thread = o.text("thread")
	o.activity(in)
	o.text("queue")
	o.text("reason")
	o.amount("ring_seconds")
	o.amount("talk_seconds")
	o.required("customer")
	p, _ := o.party("customer")
	in.From, in.To = p.Phone, o.text("number")
	if in.Direction == journey.Outbound {
		in.From, in.To = in.To, in.From
	}
	return customer{"data.customer", [2]identity.Party{p}}
}

// decodeWeb reads a Web visit: inbound, To is the page. A visit asks nothing, so what was searched for is no text.
func decodeWeb(in *journey.Interaction, o object) customer {
	in.Direction, in.Public = journey.Inbound, true
	in.To = o.need("page")
	o.text("referrer")
	o.text("search")
	o.text("campaign")
	o.activity(in)
	o.required("customer")
	p, _ := o.party("customer")
	in.From = first(p.Email, p.Phone)
	return customer{"data.customer", [2]identity.Party{p}}
}

// decodeReview reads a Review: inbound, To is the site.
func decodeReview(in *journey.Interaction, o object) customer {
	in.Direction, in.Public = journey.Inbound, true
	in.To, in.Text, in.Lang = o.text("site"), o.text("text"), o.lang()
	in.Rating = o.rating()
	o.activity(in)
	o.required("customer")
	p, name := o.party("customer")
	in.From = first(p.Email, p.Phone, name)
	return customer{"data.customer", [2]identity.Party{p}}
}

// decodeAd reads an Ad: shown is the company's, clicked the customer's. The company's side is the campaign.
func decodeAd(in *journey.Interaction, o object) customer {
	campaign := o.need("campaign")
	for _, name := range [...]string{"network", "ad", "keyword", "page", "currency"} {
		o.text(name)
	}
	o.amount("cost") // what it cost the company is not what is at stake
	o.activity(in)
	o.required("customer")
	p, _ := o.party("customer")
	in.Direction, in.Public = journey.Inbound, true
	in.From, in.To = first(p.Email, p.Phone), campaign
	if in.Type == "ad.shown" {
		in.Direction, in.From, in.To = journey.Outbound, campaign, in.From
	}
	return customer{"data.customer", [2]identity.Party{p}}
}

// textMap checks a member whose members are all texts.
func (o object) textMap(name string) {
	m := o.object(name)
	for v := m.in.First(); v.Kind() != tree.Absent; v = m.in.After(v) {
		m.text(string(v.Name()))
	}
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
