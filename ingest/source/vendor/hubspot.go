package vendor

import (
	"strings"

	"tappa/ingest/source"
)

// readHubSpot reads three things of HubSpot's: the contact that a workflow's webhook sends after a form, the submission
// that a site sends to the forms API and passes on, and one event of an app's webhooks, which name records by number only.
func readHubSpot(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	switch {
	case err != nil:
		return source.Event{}, err
	case d.at("subscriptionType").is():
		return hubspotEvent(raw, d)
	case len(d.list("fields")) > 0:
		return hubspotSubmission(raw, d)
	case d.at("properties").isObject():
		return hubspotContact(raw, d)
	}
	return source.Event{}, source.Bad("subscriptionType", "neither an event, nor a contact, nor a submitted form")
}

// hubspotContact reads a contact with its form submissions: the last of them is what happened.
func hubspotContact(raw source.Raw, d doc) (source.Event, error) {
	property := func(name string) string {
		return first(d.text("properties", name, "value"), d.text("properties", name))
	}
	form := source.Form{Fields: map[string]string{}, Message: property("message"), Lang: property("hs_language"), Customer: source.Party{
		CRM: first(d.text("vid"), d.text("objectId"), d.text("id")), Email: property("email"), Phone: first(property("phone"), property("mobilephone")),
		Name: strings.TrimSpace(property("firstname") + " " + property("lastname")),
	}}
	var last doc
	for _, s := range d.list("form-submissions") {
		if s.time(raw.Settings.Zone, "timestamp").After(last.time(raw.Settings.Zone, "timestamp")) {
			last = s
		}
	}
	if !last.is() {
		if form.Customer.CRM == "" {
			return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: "a contact without a form"}
		}
		return source.Event{Type: "crm.linked", Data: source.CRM{Module: "contact", Record: form.Customer.CRM, Customer: form.Customer}, Vendor: raw.Value}, nil
	}
	form.Form, form.Page = first(last.text("title"), last.text("form-id"), "hubspot"), last.text("page-url")
	return source.Event{
		ID: last.text("conversion-id"), Time: last.time(raw.Settings.Zone, "timestamp"), Type: "form.submitted", Data: form, Vendor: raw.Value,
	}, nil
}

// hubspotSubmission reads what the forms API takes.
func hubspotSubmission(raw source.Raw, d doc) (source.Event, error) {
	form := source.Form{Fields: map[string]string{}, Page: d.text("context", "pageUri"), Customer: source.Party{Cookie: d.text("context", "hutk")}}
	for _, f := range d.list("fields") {
		takeField(&form, f.text("name"), asText(f.at("value")))
	}
	form.Form = first(form.Form, d.text("formGuid"), d.text("context", "pageName"), "hubspot")
	return source.Event{Time: d.time(raw.Settings.Zone, "submittedAt"), Type: "form.submitted", Data: form, Vendor: raw.Value}, nil
}

// hubspotEvent reads one event of an app's webhooks.
func hubspotEvent(raw source.Raw, d doc) (source.Event, error) {
	what, id := d.text("subscriptionType"), d.text("objectId")
	object, deed, _ := strings.Cut(what, ".")
	property, value := d.text("propertyName"), d.text("propertyValue")
	nothing := &source.Nothing{Kind: source.NothingHappened, Detail: clip(what)}
	e := source.Event{Time: d.time(raw.Settings.Zone, "occurredAt"), Vendor: raw.Value}
	if event := d.text("eventId"); event != "" {
		e.ID = event + "-" + what + "-" + id // HubSpot does not promise that eventId is unique
	}
	crm := source.CRM{Module: object, Record: id, Customer: source.Party{CRM: id}, Activity: what}
	switch {
	case id == "":
		return e, nothing
	case what == "contact.creation":
		e.Type, e.Data = "crm.created", crm
	case what == "contact.merge":
		crm.SameAs.CRM = first(d.text("mergedObjectIds", "0"), d.text("mergedObjectIds"))
		if primary := d.text("primaryObjectId"); primary != "" && primary != id {
			crm.SameAs.CRM, crm.Customer.CRM = id, primary
		}
		e.Type, e.Data = "crm.linked", crm
	case what == "contact.propertyChange" && value != "":
		into := map[string]*string{"email": &crm.Customer.Email, "phone": &crm.Customer.Phone, "mobilephone": &crm.Customer.Phone}[property]
		if into != nil {
			*into = value
			e.Type, e.Data = "crm.linked", crm
			break
		}
		if property != "lifecyclestage" && property != "hs_lead_status" {
			return e, nothing
		}
		crm.Field, crm.To = property, value
		e.Type, e.Data = "crm.updated", crm
	case what == "ticket.creation":
		e.Type, e.Data = "ticket.opened", source.Ticket{Ticket: id, Activity: what}
	case object == "ticket" && deed == "propertyChange" && (property == "hs_pipeline_stage" || property == "hs_ticket_priority"):
		t := source.Ticket{Ticket: id, Activity: what + " " + property}
		if property == "hs_ticket_priority" {
			t.Priority = strings.ToLower(value)
		} else {
			t.Status = value
		}
		e.Type, e.Data = "ticket.updated", t
	default:
		return e, nothing
	}
	return e, nil
}
