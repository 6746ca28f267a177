package vendor

import (
	netmail "net/mail"
	"strings"

	"tappa/ingest/source"
)

// readSendGrid reads one event of SendGrid's event webhook, which tells neither sender nor subject, or a mail that its
// inbound parse forwards as a form.
func readSendGrid(raw source.Raw) (source.Event, error) {
	if !isJSON(raw) {
		v, _, err := readValues(raw)
		if err != nil {
			return source.Event{}, err
		}
		if mime := v.Get("email"); mime != "" {
			return mimeReceived(raw, mime)
		}
		h := headerLines(v.Get("headers"))
		h.add("from", v.Get("from"))
		h.add("to", v.Get("to"))
		h.add("subject", v.Get("subject"))
		return mailReceived(raw, h, v.Get("text"), v.Get("html"), "")
	}
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	to, event, id := d.text("email"), d.text("event"), d.text("smtp-id")
	e := source.Event{ID: d.text("sg_event_id"), Time: d.time(raw.Settings.Zone, "timestamp"), Vendor: raw.Value}
	switch event {
	case "delivered":
		e.Type, e.Data = "email.sent", mailSent(raw.Origin, to, "", id)
	case "bounce", "dropped":
		e.Type, e.Data = "email.bounced", mailBounced(raw.Origin, to, "", id, d.text("reason"))
	case "click":
		e.Type, e.Data = "web.visited", mailClicked(to, d.text("url"))
	case "unsubscribe", "group_unsubscribe":
		e.Type, e.Data = "crm.updated", mailUnwanted(to, "unsubscribed")
	case "spamreport":
		e.Type, e.Data = "crm.updated", mailUnwanted(to, "complained")
	case "processed", "deferred":
		return e, &source.Nothing{Kind: source.NothingYet, Detail: event}
	default:
		return e, &source.Nothing{Kind: source.NothingHappened, Detail: clip(event)}
	}
	return e, nil
}

// readPostmark reads Postmark's webhooks, which tell what they are in RecordType, and the mails of its inbound stream, which
// do not.
func readPostmark(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	zone, record := raw.Settings.Zone, d.text("RecordType")
	from, to, subject := first(d.text("From"), raw.Origin), first(d.text("Recipient"), d.text("Email")), d.text("Subject")
	id, what := d.text("MessageID"), d.text("Type")
	e := source.Event{ID: strings.ToLower(record) + "-" + first(d.text("ID"), id+"-"+to), Vendor: raw.Value}
	e.Time = anyTime(d.time(zone, "BouncedAt"), d.time(zone, "DeliveredAt"), d.time(zone, "ReceivedAt"), d.time(zone, "ChangedAt"))
	switch {
	case record == "Delivery":
		e.Type, e.Data = "email.sent", mailSent(from, to, subject, id)
	case record == "Bounce" && (what == "Unsubscribe" || what == "SpamNotification" || what == "SpamComplaint"):
		e.Type, e.Data = "crm.updated", mailUnwanted(to, strings.ToLower(what))
	case record == "Bounce" && (what == "Transient" || what == "AutoResponder" || what == "OpenRelayTest" || what == "Subscribe"):
		return e, &source.Nothing{Kind: source.NothingYet, Detail: clip(what)}
	case record == "Bounce":
		e.Type, e.Data = "email.bounced", mailBounced(from, to, subject, id, first(d.text("Details"), d.text("Description")))
	case record == "Click":
		e.ID += "-" + d.text("ReceivedAt")
		e.Type, e.Data = "web.visited", mailClicked(to, d.text("OriginalLink"))
	case record == "SpamComplaint":
		e.Type, e.Data = "crm.updated", mailUnwanted(to, "complained")
	case record == "SubscriptionChange" && d.flag("SuppressSending") && d.text("SuppressionReason") == "ManualSuppression":
		e.Type, e.Data = "crm.updated", mailUnwanted(to, "unsubscribed")
	case record == "" && (d.at("FromFull").is() || d.at("From").is()):
		return postmarkReceived(raw, d)
	default:
		return e, &source.Nothing{Kind: source.NothingHappened, Detail: clip(record)}
	}
	return e, nil
}

// postmarkReceived reads a mail of the inbound stream.
func postmarkReceived(raw source.Raw, d doc) (source.Event, error) {
	h := mailHeaders{}
	from := d.text("FromFull", "Email")
	if name := d.text("FromFull", "Name"); name != "" && from != "" {
		from = (&netmail.Address{Name: name, Address: from}).String()
	}
	h.add("from", first(from, d.text("From")))
	var to []string
	for _, one := range d.list("ToFull") {
		to = append(to, one.text("Email"))
	}
	h.add("to", first(strings.Join(to, ", "), d.text("To"), d.text("OriginalRecipient")))
	h.add("subject", d.text("Subject"))
	h.add("date", d.text("Date"))
	for _, one := range d.list("Headers") {
		h.add(one.text("Name"), one.text("Value"))
	}
	e, err := mailReceived(raw, h, d.raw("TextBody"), d.text("HtmlBody"), "")
	if e.ID == "" {
		e.ID = d.text("MessageID")
	}
	return e, err
}
