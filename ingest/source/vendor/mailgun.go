package vendor

import (
	"encoding/json"
	"net/url"

	"tappa/ingest/source"
)

// readMailgun reads Mailgun's event webhooks (JSON with "event-data"), and mails that a route forwards as a form.
func readMailgun(raw source.Raw) (source.Event, error) {
	if !isJSON(raw) {
		values, _, err := readValues(raw)
		if err != nil {
			return source.Event{}, err
		}
		return mailgunReceived(raw, values)
	}
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	d = d.at("event-data")
	headers := d.at("message", "headers")
	from := first(headers.text("from"), d.text("envelope", "sender"), raw.Origin)
	to, subject, id := first(d.text("recipient"), headers.text("to")), headers.text("subject"), headers.text("message-id")
	e := source.Event{Time: d.time(raw.Settings.Zone, "timestamp"), Vendor: raw.Value}
	event := d.text("event")
	if e.ID = d.text("id"); e.ID == "" && id != "" {
		e.ID = event + "-" + id + "-" + to + "-" + d.text("timestamp")
	}
	switch event {
	case "delivered":
		e.Type, e.Data = "email.sent", mailSent(from, to, subject, id)
	case "failed":
		if d.text("severity") != "permanent" {
			return e, &source.Nothing{Kind: source.NothingYet, Detail: "failed for now"}
		}
		status := d.at("delivery-status")
		e.Type, e.Data = "email.bounced", mailBounced(from, to, subject, id, first(status.text("message"), status.text("description"), d.text("reason")))
	case "rejected":
		e.Type, e.Data = "email.bounced", mailBounced(from, to, subject, id, d.text("reject", "reason"))
	case "clicked":
		e.Type, e.Data = "web.visited", mailClicked(to, d.text("url"))
	case "unsubscribed", "complained":
		e.Type, e.Data = "crm.updated", mailUnwanted(to, event)
	case "accepted":
		return e, &source.Nothing{Kind: source.NothingYet, Detail: event}
	default: // opened: programs open mails as well as people
		return e, &source.Nothing{Kind: source.NothingHappened, Detail: clip(event)}
	}
	return e, nil
}

// mailgunReceived reads a mail that a route forwarded.
func mailgunReceived(raw source.Raw, v url.Values) (source.Event, error) {
	if v.Get("event") != "" {
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: "an event in the form that Mailgun gave up"}
	}
	h := mailHeaders{}
	var pairs [][2]string
	if err := json.Unmarshal([]byte(v.Get("message-headers")), &pairs); err == nil {
		for _, p := range pairs {
			h.add(p[0], p[1])
		}
	}
	if mime := v.Get("body-mime"); mime != "" {
		return mimeReceived(raw, mime)
	}
	h.add("from", first(v.Get("from"), v.Get("sender")))
	h.add("to", first(v.Get("To"), v.Get("recipient")))
	h.add("subject", v.Get("subject"))
	return mailReceived(raw, h, v.Get("body-plain"), v.Get("body-html"), v.Get("timestamp"))
}
