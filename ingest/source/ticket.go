package source

import (
	"tappa/ingest/identity"
	"tappa/journey"
)

// Who does things to tickets.
const (
	byCustomer = "customer"
	byAgent    = "agent"
	bySystem   = "system"
)

// decodeTicket reads a Ticket. Direction and visibility follow from what happened and who did it:
//
//	                     customer          agent                          system (automatic)
//	opened               inbound           outbound with text, internal   internal
//	commented            inbound           outbound                       outbound
//	noted                internal          internal                       internal
//	updated, closed      inbound           internal                       internal
//	solved               inbound           outbound with text, internal   internal
//	rated                inbound           inbound                        inbound
//
// An opened, commented or rated ticket without author is the customer's, everything else the agent's. An agent
// who solves a ticket with a text answers in public. Whatever is internal was not seen by the customer, everything
// else was.
//
// The ticket is itself a contact key, so that what happens to it later, often without naming the customer, belongs
// to whom it belongs; a ticket whose customer is unknown is its own customer.
func decodeTicket(in *journey.Interaction, o object) customer {
	id := o.need("ticket")
	in.Thread = TicketThread(in.Origin, id)
	in.To = o.text("group")
	in.Subject, in.Text, in.Lang = o.text("subject"), o.text("text"), o.lang()
	in.Priority, in.Agent = o.text("priority"), o.text("agent")
	o.text("status")
	o.activity(in)
	in.Rating = o.rating()
	if in.Type == "ticket.rated" {
		o.required("rating")
	}
	author := ticketAuthor(in.Type, o)
	in.Solved = in.Type == "ticket.solved"
	in.Automatic = author == bySystem && in.Type != "ticket.rated"
	in.Direction = ticketDirection(in.Type, author, in.Text != "")
	in.Public = in.Direction != journey.Internal
	p, _ := o.party("customer")
	if in.Direction == journey.Inbound {
		in.From = first(p.Email, p.Phone)
	}
	return customer{"data.ticket", [2]identity.Party{p, {Ticket: id}}}
}

// TicketThread is the thread of what happens to a ticket.
func TicketThread(origin, id string) string { return "ticket:" + origin + "/" + id }

// ticketAuthor returns who did it.
func ticketAuthor(what string, o object) string {
	switch what {
	case "ticket.opened", "ticket.commented", "ticket.rated":
		return o.oneOf("author", byCustomer, byAgent, bySystem)
	}
	return o.oneOf("author", byAgent, byCustomer, bySystem)
}

// ticketDirection is the table above.
func ticketDirection(what, author string, written bool) journey.Direction {
	switch {
	case what == "ticket.noted":
		return journey.Internal
	case what == "ticket.rated", author == byCustomer:
		return journey.Inbound
	case what == "ticket.commented":
		return journey.Outbound
	case author == byAgent && written && (what == "ticket.opened" || what == "ticket.solved"):
		return journey.Outbound
	}
	return journey.Internal
}
