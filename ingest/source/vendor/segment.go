package vendor

import (
	"strings"

	"tappa/ingest/source"
)

// readSegment reads a call of Segment's spec: page, screen and track are visits (a track's event is the activity, so that
// rules can tell one from another), orders of the e-commerce spec are orders, and identify, alias and group say what is
// the same human's. A user's id is a key of the CRM's kind, an anonymous one a cookie.
func readSegment(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	zone, kind := raw.Settings.Zone, strings.ToLower(d.text("type"))
	e := source.Event{
		ID: d.text("messageId"), Vendor: raw.Value,
		Time: anyTime(d.time(zone, "timestamp"), d.time(zone, "originalTimestamp"), d.time(zone, "sentAt")),
	}
	who := segmentParty(d)
	properties := d.at("properties")
	switch kind {
	case "page", "screen":
		e.Type, e.Data = "web.visited", segmentVisit(d, who, first(d.text("name"), kind))
	case "track":
		segmentTrack(&e, d, who, properties)
	case "identify", "alias", "group":
		crm := source.CRM{Module: "user", Record: d.text("userId"), Customer: who, Activity: kind}
		switch kind {
		case "alias":
			crm.SameAs = segmentID(d.text("previousId"))
		case "group":
			crm.Customer.Account = first(d.text("traits", "domain"), d.text("traits", "website"), "crm/"+d.text("groupId"))
			crm.Module = "account"
		}
		if keys(crm.Customer)+keys(crm.SameAs) < 2 && crm.Customer.Account == "" {
			return e, &source.Nothing{Kind: source.NothingHappened, Detail: kind + " of one key"}
		}
		e.Type, e.Data = "crm.linked", crm
	default:
		return e, &source.Nothing{Kind: source.NothingHappened, Detail: clip(kind)}
	}
	return e, nil
}

// segmentTrack reads a track call.
func segmentTrack(e *source.Event, d doc, who source.Party, properties doc) {
	event := d.text("event")
	value, ok := properties.number("total")
	if !ok {
		value, _ = properties.number("revenue")
	}
	order := source.Order{Order: properties.text("order_id"), Customer: who, Value: max(0, value), Currency: properties.text("currency"), Activity: event}
	typ := map[string]string{"order completed": "order.placed", "order cancelled": "order.cancelled"}[strings.ToLower(event)]
	if typ != "" && order.Order != "" {
		e.Type, e.Data = typ, order
		return
	}
	e.Type, e.Data = "web.visited", segmentVisit(d, who, event)
}

// segmentVisit is where a call happened; where no page says so, what happened stands for it.
func segmentVisit(d doc, who source.Party, activity string) source.Web {
	page := d.at("context", "page")
	p := d.at("properties")
	return source.Web{
		Page:     first(p.text("path"), page.text("path"), p.text("url"), page.text("url"), activity, "unknown"),
		Referrer: first(p.text("referrer"), page.text("referrer")), Search: first(p.text("search"), p.text("query")),
		Campaign: first(d.text("context", "campaign", "name"), d.text("context", "campaign", "source")), Customer: who, Activity: activity,
	}
}

// segmentParty is who made a call.
func segmentParty(d doc) source.Party {
	traits := func(name string) string { return first(d.text("traits", name), d.text("context", "traits", name)) }
	p := merge(segmentID(d.text("userId")), source.Party{Email: traits("email"), Phone: traits("phone"), Cookie: d.text("anonymousId")})
	p.Name = first(traits("name"), strings.TrimSpace(traits("firstName")+" "+traits("lastName")))
	if p.Email == "" {
		p.Email = first(d.text("properties", "email"))
	}
	return p
}

// segmentID reads a user's id: many sites use the mail address.
func segmentID(id string) source.Party {
	if strings.Contains(id, "@") {
		return source.Party{Email: id}
	}
	return source.Party{CRM: id}
}

// keys counts what identifies.
func keys(p source.Party) (n int) {
	for _, s := range []string{p.CRM, p.Email, p.Phone, p.Cookie} {
		if s != "" {
			n++
		}
	}
	return n
}
