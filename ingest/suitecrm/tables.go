package suitecrm

import "slices"

// tables are those that are read. A reader reads all it needs of a change first, and returns what to do with it: so a change
// that turns out unfit has done nothing.
//
// Whom something concerns is told by tables of their own, mostly, whose rows come in topics of their own.
var tables = map[string]func(d *desk, c *change) steps{
	"leads":             readLead,
	"contacts":          readContact,
	"accounts":          readAccount,
	"prospects":         readProspect,
	"accounts_contacts": readEmployment,

	"email_addresses":     readAddress,
	"email_addr_bean_rel": readAddressOf,

	"calls":             readCall,
	"calls_contacts":    relation("calls", "call_id", "contact", "contact_id"),
	"calls_leads":       relation("calls", "call_id", "lead", "lead_id"),
	"meetings":          readMeeting,
	"meetings_contacts": relation("meetings", "meeting_id", "contact", "contact_id"),
	"meetings_leads":    relation("meetings", "meeting_id", "lead", "lead_id"),

	"emails":      readEmail,
	"emails_text": readEmailText,

	"opportunities":          readOpportunity,
	"opportunities_contacts": relation("opportunities", "opportunity_id", "contact", "contact_id"),
	"accounts_opportunities": relation("opportunities", "opportunity_id", "company", "account_id"),
	"aos_quotes":             readQuote,
	"aos_invoices":           readInvoice,

	"cases":            readCase,
	"contacts_cases":   relation("cases", "case_id", "contact", "contact_id"),
	"aop_case_updates": readCaseUpdate,

	"campaign_log":            readCampaignLog,
	"surveyresponses":         readSurveyResponse,
	"surveyquestions":         readSurveyQuestion,
	"surveyquestionresponses": readSurveyAnswer,

	"leads_audit":         audit("leads", "status"),
	"opportunities_audit": audit("opportunities", "sales_stage", "amount"),
	"aos_quotes_audit":    audit("aos_quotes", "stage"),
	"cases_audit":         audit("cases", "status", "priority"),
}

// withdrawable are the tables whose rows stand for what happened between people, so that one that a user deletes did not. A person's row is not
// among them, nor a mail: who empties a mailbox does not say that nobody wrote.
var withdrawable = map[string]bool{
	"calls": true, "meetings": true, "opportunities": true, "aos_quotes": true, "aos_invoices": true, "cases": true, "surveyresponses": true,
}

// relation reads a table that relates two records.
func relation(table, record, kind, id string) func(d *desk, c *change) steps {
	return func(d *desk, c *change) steps {
		key, p := table+"/"+c.row.id(record), party{kind: kind, id: c.row.id(id)}
		if key == table+"/" {
			return nil
		}
		return steps{func() { d.concerns(key, p) }}
	}
}

// audit reads an audit table, which SuiteCRM writes when a record is updated, never when it is made. Fields that are not
// named here tell nothing.
func audit(table string, fields ...string) func(d *desk, c *change) steps {
	return func(d *desk, c *change) steps {
		field := c.row.text("field_name")
		if d.NoAudit || !slices.Contains(fields, field) {
			return nil
		}
		ch := statusChange{
			table: table, record: c.row.id("parent_id"), field: field, from: auditValue(c.row, "before"), to: auditValue(c.row, "after"),
			id: c.table + "/" + c.row.id("id"), at: c.when("date_created"),
		}
		if ch.record == "" || ch.from == ch.to {
			return nil
		}
		return steps{func() { d.changed(ch) }}
	}
}

func auditValue(r row, side string) string {
	if s := r.text(side + "_value_string"); s != "" {
		return plain(s)
	}
	return plain(r.text(side + "_value_text"))
}

// touched reads a change of a status from the row itself, where no audit table is read: from what was before, as the event
// says or as it was seen last. The first row seen of a record shows no change.
func (d *desk) touched(c *change, field string) steps {
	if !d.NoAudit {
		return nil
	}
	id, to := c.row.id("id"), c.row.text(field)
	key := c.table + "/" + id
	from, known := "", false
	if c.prior.there() {
		from, known = c.prior.text(field), true
	}
	at := c.when("date_modified", "date_entered")
	return steps{func() {
		if !known {
			from, known = d.statuses[key]
		}
		d.statuses[key] = to
		if known && from != to {
			stamp := at.Format("20060102T150405")
			d.changed(statusChange{table: c.table, record: id, field: field, from: from, to: to, id: key + "/" + field + "/" + stamp + "/" + to, at: at})
		}
	}}
}
