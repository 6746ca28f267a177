package suitecrm

import (
	"strconv"
	"strings"
	"time"

	"tappa/ingest/source"
)

// statusChange is a change of a record's status, or the status it began with, from "".
type statusChange struct {
	table, record   string
	field, from, to string
	id              string
	at              time.Time
}

// changed tells of a change of status, in the words of its module.
func (d *desk) changed(ch statusChange) {
	switch ch.table {
	case "leads":
		d.make(ch.id, "crm.updated", ch.at, d.update("lead", ch, d.lone(party{kind: "lead", id: ch.record})))
	case "opportunities":
		d.happened("opportunities/"+ch.record, happening{id: ch.id, typ: "crm.updated", at: ch.at, data: func(w witness) any {
			return d.update("opportunity", ch, w)
		}})
	case "aos_quotes":
		d.quoteChanged(ch)
	case "cases":
		d.caseChanged(ch)
	}
}

// update is the payload of a change that no other payload fits.
func (d *desk) update(module string, ch statusChange, w witness) source.CRM {
	u := source.CRM{
		Module: module, Record: ch.record, Field: ch.field, From: ch.from, To: ch.to, Customer: w.who, Party: w.kind, Value: w.worth,
	}
	if ch.field == "amount" {
		u.Value, _ = strconv.ParseFloat(ch.to, 64)
		u.Value = max(0, u.Value)
	}
	if u.Value > 0 {
		u.Currency = d.Currency
	}
	return u
}

// readOpportunity reads opportunities. Whose they are stands in opportunities_contacts and accounts_opportunities.
func readOpportunity(d *desk, c *change) steps {
	id, at, stage := c.row.id("id"), c.when("date_entered"), c.row.text("sales_stage")
	key := "opportunities/" + id
	data := source.CRM{
		Module: "opportunity", Record: id, Subject: plain(c.row.text("name")), Agent: c.row.text("assigned_user_id"),
		Campaign: c.row.id("campaign_id"), Value: c.row.worth("amount_usdollar", "amount"), Currency: d.Currency,
	}
	if c.fresh() {
		data.Status = stage
	}
	do := steps{func() {
		d.happened(key, happening{id: key + "/created", typ: "crm.created", at: at, data: func(w witness) any {
			data := data
			data.Customer, data.Party = w.who, w.kind
			return data
		}})
	}}
	if c.fresh() && strings.HasPrefix(stage, "Closed") {
		do = append(do, func() {
			d.changed(statusChange{table: "opportunities", record: id, field: "sales_stage", to: stage, id: key + "/initial", at: at})
		})
	}
	return append(do, d.touched(c, "sales_stage")...)
}

// worth is the first amount that is not 0. Amounts in the base currency, which SuiteCRM calls usdollar whatever it is, come
// first.
func (r row) worth(columns ...string) float64 {
	for _, name := range columns {
		if v := r.amount(name); v > 0 {
			return v
		}
	}
	return 0
}

// billed is whom a quote or invoice names: a contact, else the company for itself.
func (r row) billed() party {
	if contact := r.id("billing_contact_id"); contact != "" {
		return party{kind: "contact", id: contact}
	}
	return party{kind: "account", id: r.id("billing_account_id")}
}

// quote is a quote with what SuiteCRM knows besides.
type quote struct {
	source.Quote
	Number string `json:"number,omitempty"`
	Stage  string `json:"stage,omitempty"`
	Party  string `json:"party"`
}

// readQuote reads aos_quotes. A quote that names nobody is for whom its opportunity concerns.
func readQuote(d *desk, c *change) steps {
	id, at, stage := c.row.id("id"), c.when("date_entered"), c.row.text("stage")
	key, worth, opportunity := "aos_quotes/"+id, c.row.worth("total_amount_usdollar", "total_amount"), c.row.id("opportunity_id")
	whom := c.row.billed()
	data := source.CRM{
		Module: "quote", Record: id, Subject: plain(c.row.text("name")), Agent: c.row.text("assigned_user_id"), Value: worth, Currency: d.Currency,
	}
	do := steps{func() {
		d.worth(key, worth)
		d.concerns(key, whom)
		if whom.id == "" && opportunity != "" {
			d.follow("opportunities/"+opportunity, key)
		}
		d.happened(key, happening{id: key + "/created", typ: "crm.created", at: at, data: func(w witness) any {
			data := data
			data.Customer, data.Party = w.who, w.kind
			return data
		}})
	}}
	if c.fresh() && stage != "" && stage != "Draft" {
		do = append(do, func() {
			d.changed(statusChange{table: "aos_quotes", record: id, field: "stage", to: stage, id: key + "/initial", at: at})
		})
	}
	return append(do, d.touched(c, "stage")...)
}

// quoteTypes are the stages of quotes that are an event of their own.
var quoteTypes = map[string]string{
	"Delivered": "quote.sent", "Confirmed": "quote.accepted", "Closed Accepted": "quote.accepted",
	"Closed Lost": "quote.rejected", "Closed Dead": "quote.rejected",
}

func (d *desk) quoteChanged(ch statusChange) {
	h := happening{id: ch.id, typ: quoteTypes[ch.to], at: ch.at}
	if h.typ == "" {
		h.typ = "crm.updated"
		h.data = func(w witness) any { return d.update("quote", ch, w) }
	} else {
		h.data = func(w witness) any {
			return quote{Quote: source.Quote{Quote: ch.record, Customer: w.who, Value: w.worth, Currency: d.Currency, Reason: ch.to}, Stage: ch.to, Party: w.kind}
		}
	}
	d.happened("aos_quotes/"+ch.record, h)
}

// invoice is an invoice with what SuiteCRM knows besides.
type invoice struct {
	source.Order
	Number string `json:"number,omitempty"`
	Status string `json:"status,omitempty"`
	Due    string `json:"due,omitempty"`
	Party  string `json:"party"`
}

// readInvoice reads aos_invoices. Their status is in no audit table: each status is told when a row first shows it.
func readInvoice(d *desk, c *change) steps {
	id, at, touched, status := c.row.id("id"), c.when("date_entered"), c.when("date_modified", "date_entered"), c.row.text("status")
	key, worth := "aos_invoices/"+id, c.row.worth("total_amount_usdollar", "total_amount")
	whom := c.row.billed()
	data := invoice{Order: source.Order{Order: id, Value: worth, Currency: d.Currency}, Number: c.row.text("number")}
	if due := c.row.time("due_date"); !due.IsZero() {
		data.Due = due.Format(time.DateOnly)
	}
	told := func(name, typ string, at time.Time, status string) happening {
		return happening{id: key + "/" + name, typ: typ, at: at, data: func(w witness) any {
			data := data
			data.Customer, data.Party, data.Status, data.Reason = w.who, w.kind, status, status
			return data
		}}
	}
	return steps{func() {
		d.worth(key, worth)
		d.concerns(key, whom)
		d.happened(key, told("invoiced", "order.invoiced", at, ""))
		switch status {
		case "", "Unpaid":
		case "Paid":
			d.happened(key, told("paid", "order.paid", touched, status))
		default:
			ch := statusChange{table: "aos_invoices", record: id, field: "status", to: status}
			d.happened(key, happening{id: key + "/status/" + status, typ: "crm.updated", at: touched, data: func(w witness) any {
				return d.update("invoice", ch, w)
			}})
		}
	}}
}
