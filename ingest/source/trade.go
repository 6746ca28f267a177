package source

import (
	"strings"

	"tappa/ingest/identity"
	"tappa/journey"
)

// decodeQuote reads a Quote: sent is the company's, accepted and rejected are the customer's answers, and expired is
// noticed by the company alone, though it is no automatic message.
func decodeQuote(in *journey.Interaction, o object) customer {
	o.need("quote")
	in.Text, in.Agent, in.Thread = o.text("text"), o.text("agent"), o.text("thread")
	switch in.Type {
	case "quote.sent":
		in.Direction, in.Public = journey.Outbound, true
	case "quote.expired":
		in.Direction = journey.Internal
	default:
		in.Direction, in.Public = journey.Inbound, true
	}
	return trade(in, o)
}

// decodeOrder reads an Order: delivered and invoiced are the company's, everything else is the customer's.
func decodeOrder(in *journey.Interaction, o object) customer {
	o.need("order")
	in.Text = o.text("text")
	in.Direction, in.Public = journey.Inbound, true
	if in.Type == "order.delivered" || in.Type == "order.invoiced" {
		in.Direction = journey.Outbound
	}
	return trade(in, o)
}

// trade reads what quotes and orders share.
func trade(in *journey.Interaction, o object) customer {
	in.Value, in.Currency = o.amount("value"), strings.ToUpper(strings.TrimSpace(o.text("currency")))
	o.text("reason")
	o.activity(in)
	o.required("customer")
	p, _ := o.party("customer")
	if in.Direction == journey.Inbound {
		in.From = first(p.Email, p.Phone)
	}
	return customer{"data.customer", [2]identity.Party{p}}
}

// decodePayment reads a Payment: a refund is the company's, everything else the customer's.
func decodePayment(in *journey.Interaction, o object) customer {
	o.need("payment")
	o.text("order")
	o.text("method")
	in.Text, in.Thread = o.text("text"), o.text("thread")
	in.Direction, in.Public = journey.Inbound, true
	if in.Type == "payment.refunded" {
		in.Direction = journey.Outbound
	}
	return trade(in, o)
}
