package suitecrm

import (
	"time"

	"tappa/ingest/source"
)

// created tells that a record of a person came to be.
type created struct {
	source.CRM
	LeadSource string `json:"lead_source,omitempty"`
	Title      string `json:"title,omitempty"`
	Company    string `json:"company,omitempty"`
}

// readLead reads leads: who they are, what they became, what they wrote into a web form.
func readLead(d *desk, c *change) steps {
	do := d.person(c, "lead")
	id, at := c.row.id("id"), c.when("date_entered")
	touched, contact, account := c.when("date_modified", "date_entered"), c.row.id("contact_id"), c.row.id("account_id")
	opportunity, message := c.row.id("opportunity_id"), plain(c.row.text("description"))
	if contact != "" {
		converted := source.CRM{
			Module: "lead", Record: id, Party: "lead", Status: "Converted",
			Customer: source.Party{CRM: d.Origin + "/" + id}, SameAs: source.Party{CRM: d.Origin + "/" + contact},
		}
		if account != "" {
			converted.Customer.Account = d.Origin + "/" + account
		}
		do = append(do, func() { d.make("leads/"+id+"/converted/"+contact, "crm.converted", touched, converted) })
		if opportunity != "" {
			do = append(do, func() { d.concerns("opportunities/"+opportunity, party{kind: "contact", id: contact}) })
		}
	}
	do = append(do, func() { d.leadWrote(id, message) })
	if status := c.row.text("status"); c.fresh() && status == "Dead" {
		do = append(do, func() {
			d.changed(statusChange{table: "leads", record: id, field: "status", to: status, id: "leads/" + id + "/initial", at: at})
		})
	}
	return append(do, d.touched(c, "status")...)
}

// readContact reads contacts.
func readContact(d *desk, c *change) steps { return d.person(c, "contact") }

// readProspect reads targets of campaigns, who may have become leads.
func readProspect(d *desk, c *change) steps {
	do := d.person(c, "prospect")
	id, lead := c.row.id("id"), c.row.id("lead_id")
	touched := c.when("date_modified", "date_entered")
	if lead == "" {
		return do
	}
	return append(do, func() {
		d.make("prospects/"+id+"/converted/"+lead, "crm.converted", touched, source.CRM{
			Module: "prospect", Record: id, Party: "prospect", Status: "Converted",
			Customer: source.Party{CRM: d.Origin + "/" + id}, SameAs: source.Party{CRM: d.Origin + "/" + lead},
		})
	})
}

// person reads what leads, contacts and prospects share: that they came to be, and their own numbers.
func (d *desk) person(c *change, kind string) steps {
	id, at := c.row.id("id"), c.when("date_entered")
	who := source.Party{CRM: d.Origin + "/" + id}
	data := created{
		CRM: source.CRM{
			Module: kind, Record: id, Party: kind, Customer: who, Agent: c.row.text("assigned_user_id"), Campaign: c.row.id("campaign_id"),
			Text: cut(plain(c.row.text("description")), maxText),
		},
		LeadSource: plain(c.row.text("lead_source")), Title: plain(c.row.text("title")), Company: plain(c.row.text("account_name")),
	}
	data.Customer.Name = c.row.name()
	if c.fresh() {
		data.Status = c.row.text("status")
	}
	do := steps{func() { d.make(c.table+"/"+id+"/created", "crm.created", at, data) }}
	for _, column := range d.Phones {
		if number := cut(c.row.text(column), 64); number != "" {
			do = append(do, func() { d.link(c.table+"/"+id+"/"+column+"/"+number, kind, who, source.Party{Phone: number}, at) })
		}
	}
	return do
}

// link tells that two identifiers are one human's, or whose human somebody is.
func (d *desk) link(id, kind string, who, same source.Party, at time.Time) {
	d.make(id, "crm.linked", at, source.CRM{Module: kind, Party: kind, Customer: who, SameAs: same, Automatic: true})
}

// readAccount reads accounts. A company is no person: it comes to be only where companies are told of.
func readAccount(d *desk, c *change) steps {
	id, at := c.row.id("id"), c.when("date_entered")
	name := plain(c.row.text("name"))
	if !d.Companies {
		return nil
	}
	who := d.customer(party{kind: "account", id: id})
	who.Name = name
	return steps{func() {
		d.make("accounts/"+id+"/created", "crm.created", at, source.CRM{Module: "account", Record: id, Party: "account", Customer: who})
	}}
}

// readEmployment reads accounts_contacts: which company a contact buys for.
func readEmployment(d *desk, c *change) steps {
	id, at := c.row.id("id"), c.when("date_modified", "date_entered")
	contact, account := c.row.id("contact_id"), c.row.id("account_id")
	if contact == "" || account == "" {
		return nil
	}
	return steps{func() {
		d.link("accounts_contacts/"+id, "contact", source.Party{CRM: d.Origin + "/" + contact, Account: d.Origin + "/" + account}, source.Party{}, at)
	}}
}

// personModules are the modules whose records are people, by what SuiteCRM calls them.
var personModules = map[string]string{"Leads": "lead", "Contacts": "contact", "Prospects": "prospect"}

// address is a mail address and whose it is.
type address struct {
	texts  []addressText
	owners []owner
}

type addressText struct {
	text string
	at   time.Time
}

type owner struct {
	rel, kind, id string
}

func (d *desk) addressOf(id string) *address {
	a := d.addresses[id]
	if a == nil {
		a = &address{}
		d.addresses[id] = a
	}
	return a
}

// readAddress reads email_addresses.
func readAddress(d *desk, c *change) steps {
	id, text := c.row.id("id"), cut(plain(c.row.text("email_address")), 320)
	at := c.when("date_created")
	if text == "" {
		return nil
	}
	return steps{func() {
		a := d.addressOf(id)
		for _, t := range a.texts {
			if t.text == text {
				return
			}
		}
		a.texts = append(a.texts, addressText{text, at})
		for _, o := range a.owners {
			d.owns(o, addressText{text, at})
		}
	}}
}

// readAddressOf reads email_addr_bean_rel: whose an address is. A company's addresses are nobody's own.
func readAddressOf(d *desk, c *change) steps {
	o := owner{rel: c.row.id("id"), kind: personModules[c.row.text("bean_module")], id: c.row.id("bean_id")}
	id := c.row.id("email_address_id")
	if o.kind == "" || o.id == "" || id == "" {
		return nil
	}
	return steps{func() {
		a := d.addressOf(id)
		for _, known := range a.owners {
			if known == o {
				return
			}
		}
		a.owners = append(a.owners, o)
		for _, t := range a.texts {
			d.owns(o, t)
		}
	}}
}

func (d *desk) owns(o owner, t addressText) {
	d.link("email_addr_bean_rel/"+o.rel+"/"+o.id+"/"+t.text, o.kind, source.Party{CRM: d.Origin + "/" + o.id}, source.Party{Email: t.text}, t.at)
}
