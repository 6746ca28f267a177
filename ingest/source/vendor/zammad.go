package vendor

import (
	"strings"

	"tappa/ingest/source"
)

// readZammad reads Zammad's default payload: a ticket, and the article that came with what happened. The first article
// opens the ticket; what closes it solves it, since Zammad has no word between the two.
func readZammad(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	ticket, article := d.at("ticket"), d.at("article")
	id := ticket.text("id")
	if id == "" {
		return source.Event{}, source.Bad("ticket.id", "missing; is the payload customised? Zammad's default is expected")
	}
	customer := ticket.at("customer")
	t := source.Ticket{
		Ticket: id, Subject: ticket.text("title"), Status: nameOf(ticket.at("state")), Priority: nameOf(ticket.at("priority")), Group: nameOf(ticket.at("group")),
		Customer: source.Party{
			CRM: first(customer.text("id"), ticket.text("customer_id")), Email: customer.text("email"), Phone: first(customer.text("phone"), customer.text("mobile")),
			Name: strings.TrimSpace(customer.text("firstname") + " " + customer.text("lastname")),
		},
	}
	closed := strings.HasPrefix(strings.ToLower(t.Status), "closed")
	if article.text("id") == "" {
		e := source.Event{ID: "ticket-" + id + "-" + ticket.text("updated_at"), Time: ticket.time(raw.Settings.Zone, "updated_at"), Vendor: raw.Value}
		t.Agent = first(ticket.text("updated_by", "email"), ticket.text("updated_by"))
		e.Type, e.Data = "ticket.updated", t
		if closed {
			e.Type = "ticket.solved"
		}
		return e, nil
	}
	e := source.Event{ID: "article-" + article.text("id"), Time: article.time(raw.Settings.Zone, "created_at"), Vendor: raw.Value}
	t.Text, t.Activity = article.text("body"), article.text("type")
	if strings.HasPrefix(article.text("content_type"), "text/html") {
		t.Text = plain(t.Text)
	}
	t.Author = map[string]string{"customer": "customer", "agent": "agent"}[strings.ToLower(article.text("sender"))]
	switch t.Author {
	case "":
		t.Author = "system"
	case "agent":
		t.Agent = first(article.text("created_by", "email"), article.text("from"))
	}
	switch {
	case article.flag("internal"):
		e.Type = "ticket.noted"
	case closed && t.Author == "agent":
		e.Type = "ticket.solved"
	case ticket.text("article_count") == "1":
		e.Type = "ticket.opened"
	default:
		e.Type = "ticket.commented"
	}
	e.Data = t
	return e, nil
}

// nameOf returns a name, written as such or as an object that has one.
func nameOf(d doc) string { return first(d.text(), d.text("name")) }
