package vendor

import (
	"strings"

	"tappa/ingest/source"
)

// readTypeform reads a response to a typeform. Answers of the kinds e-mail and phone number say who it was, and so do
// hidden fields with the usual names; the first long text is the message; every other answer is a field named by its
// question.
func readTypeform(raw source.Raw) (source.Event, error) {
	d, err := readObject(raw.Value)
	if err != nil {
		return source.Event{}, err
	}
	if event := d.text("event_type"); event != "form_response" {
		return source.Event{}, &source.Nothing{Kind: source.NothingHappened, Detail: clip(event)}
	}
	r := d.at("form_response")
	form := source.Form{
		Form: first(r.text("definition", "title"), r.text("form_id"), "typeform"), Fields: map[string]string{}, Lang: r.text("definition", "settings", "language"),
	}
	questions := map[string]doc{}
	for _, f := range r.list("definition", "fields") {
		questions[f.text("id")] = f
	}
	for name, value := range r.members("hidden") {
		takeField(&form, name, asText(doc{value}))
	}
	for _, a := range r.list("answers") {
		question := questions[a.text("field", "id")]
		value, name := typeformAnswer(a), first(question.text("title"), a.text("field", "ref"), a.text("field", "id"))
		kind := first(a.text("field", "type"), question.text("type"))
		switch {
		case value == "":
		case a.text("type") == "email" && form.Customer.Email == "":
			form.Customer.Email = value
		case a.text("type") == "phone_number" && form.Customer.Phone == "":
			form.Customer.Phone = value
		case kind == "long_text" && form.Message == "":
			form.Message = value
		case kind == "short_text" && formNames[bareName(name)] == "name" && form.Customer.Name == "":
			form.Customer.Name = value
		default:
			form.Fields[name] = value
		}
	}
	return source.Event{
		ID: first(r.text("token"), d.text("event_id")), Time: r.time(raw.Settings.Zone, "submitted_at"), Type: "form.submitted", Data: form, Vendor: raw.Value,
	}, nil
}

// typeformAnswer returns an answer as text, whatever its kind.
func typeformAnswer(a doc) string {
	switch kind := a.text("type"); kind {
	case "choice":
		return first(a.text("choice", "label"), a.text("choice", "other"))
	case "choices":
		var all []string
		for _, l := range a.list("choices", "labels") {
			all = append(all, l.text())
		}
		if other := a.text("choices", "other"); other != "" {
			all = append(all, other)
		}
		return strings.Join(all, ", ")
	default:
		return asText(a.at(kind))
	}
}
