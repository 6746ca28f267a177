package vendor

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"tappa/ingest/source"
)

// readForm reads a form of a website: what a browser posts (urlencoded or multipart), or a flat JSON object as Contact
// Form 7, Gravity Forms and their likes send through their webhook add-ons. Fields are known by their usual names in
// English and Italian; those of another name are kept as fields. Where names are others, a mapping file says what they mean.
func readForm(raw source.Raw) (source.Event, error) {
	fields, err := formFields(raw)
	if err != nil {
		return source.Event{}, err
	}
	form := source.Form{Fields: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		takeField(&form, name, fields[name])
	}
	form.Form, form.Page = first(form.Form, "form"), first(form.Page, headerOf(raw, "referer"))
	return source.Event{Type: "form.submitted", Data: form, ID: first(fields["entry_id"], fields["submission_id"])}, nil
}

// takeField puts a field of a form where it belongs, by its name.
func takeField(form *source.Form, name, value string) {
	value = strings.TrimSpace(value)
	bare := bareName(name)
	if value == "" || skipped(name, bare) {
		return
	}
	c := &form.Customer
	switch formNames[bare] {
	case "given":
		c.Name = strings.TrimSpace(value + " " + c.Name)
		return
	case "family":
		c.Name = strings.TrimSpace(c.Name + " " + value)
		return
	}
	into := map[string]*string{
		"form": &form.Form, "page": &form.Page, "subject": &form.Subject, "message": &form.Message, "lang": &form.Lang,
		"email": &c.Email, "phone": &c.Phone, "name": &c.Name, "account": &c.Account, "cookie": &c.Cookie, "crm": &c.CRM,
	}[formNames[bare]]
	if into == nil || *into != "" {
		form.Fields[name] = value
		return
	}
	*into = value
}

// formNames are the usual names of fields, without "your-", capitals and what joins words.
var formNames = map[string]string{
	"form": "form", "formname": "form", "formtitle": "form", "wpcf7": "form", "formid": "form", "modulo": "form",
	"page": "page", "pageurl": "page", "url": "page", "sourceurl": "page", "pagina": "page",
	"email": "email", "mail": "email", "emailaddress": "email", "indirizzoemail": "email", "posta": "email",
	"phone": "phone", "tel": "phone", "telephone": "phone", "phonenumber": "phone", "mobile": "phone", "telefono": "phone", "cellulare": "phone",
	"name": "name", "fullname": "name", "nomeecognome": "name", "nominativo": "name",
	"firstname": "given", "nome": "given", "lastname": "family", "surname": "family", "cognome": "family",
	"subject": "subject", "oggetto": "subject",
	"message": "message", "messaggio": "message", "comment": "message", "comments": "message", "richiesta": "message",
	"testo": "message", "note": "message", "enquiry": "message", "inquiry": "message",
	"lang": "lang", "language": "lang", "locale": "lang", "lingua": "lang",
	"account": "account", "cookie": "cookie", "clientid": "cookie", "visitorid": "cookie", "anonymousid": "cookie",
	"userid": "crm", "contactid": "crm", "customerid": "crm", "leadid": "crm",
}

// bareName is a field's name as formNames lists it: "your-email" and "E_Mail" are "email".
func bareName(name string) string {
	name = strings.ToLower(name)
	name = strings.TrimPrefix(name, "your-")
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' || r == '.' || r == '[' || r == ']' {
			return -1
		}
		return r
	}, name)
}

// skipped says of a field that it is the form's machinery, or a secret that is nobody's business.
func skipped(name, bare string) bool {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, "_wp") && lower != "_wpcf7", strings.HasPrefix(lower, "g-recaptcha"),
		strings.HasPrefix(lower, "h-captcha"), strings.HasPrefix(lower, "cf-turnstile"):
		return true
	case strings.Contains(bare, "password"), strings.Contains(bare, "csrf"), bare == "honeypot", bare == "authenticitytoken":
		return true
	}
	return false
}

// formFields returns a form's fields as texts. Several values of one name stand one after the other.
func formFields(raw source.Raw) (map[string]string, error) {
	fields := map[string]string{}
	if !isJSON(raw) {
		values, files, err := readValues(raw)
		for name, all := range values {
			fields[name] = strings.Join(all, ", ")
		}
		for _, name := range files {
			fields[name] = "(file)"
		}
		return fields, err
	}
	d, err := readObject(raw.Value)
	for name, v := range d.members() {
		fields[name] = asText(doc{v})
	}
	return fields, err
}

// asText writes any JSON value as text: lists of texts with commas, what is deeper as JSON.
func asText(d doc) string {
	if s := d.text(); s != "" || !d.is() {
		return s
	}
	var all []string
	for _, one := range d.list() {
		s := one.text()
		if s == "" && one.is() {
			all = nil
			break
		}
		all = append(all, s)
	}
	if all != nil {
		return strings.Join(all, ", ")
	}
	b, err := json.Marshal(d.value)
	if err != nil || string(b) == `""` {
		return ""
	}
	return string(b)
}
