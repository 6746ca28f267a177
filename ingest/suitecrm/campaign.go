package suitecrm

import (
	"time"

	"tappa/ingest/source"
)

// campaignDirections are what a campaign's log tells, by who did it. What is not listed is the machinery's: mails that failed
// or were blocked.
var campaignDirections = map[string]string{
	"targeted": "outbound", "viewed": "inbound", "link": "inbound", "removed": "inbound", "Survey": "inbound",
}

// readCampaignLog reads campaign_log: mails sent to a target, seen, clicked, unsubscribed from, and web forms. A row counts
// how often; the first time is told.
func readCampaignLog(d *desk, c *change) steps {
	id, activity, at := c.row.id("id"), c.row.text("activity_type"), c.when("activity_date")
	campaign, target := c.row.id("campaign_id"), c.row.id("target_id")
	p := party{kind: personModules[c.row.text("target_type")], id: target}
	if p.kind == "" || p.id == "" || activity == "" {
		return nil
	}
	who := d.customer(p)
	if activity == "lead" || activity == "contact" {
		log := formLog{id: "campaign_log/" + id, at: at, data: source.Form{
			Form: "campaign/" + campaign, Customer: who, Fields: map[string]string{"campaign": campaign},
		}}
		if p.kind == "lead" {
			return steps{func() { d.leadLogged(p.id, log) }}
		}
		return steps{func() { d.make(log.id, "form.submitted", at, log.data) }}
	}
	data := source.CRM{
		Module: "campaign", Record: campaign, Campaign: campaign, Customer: who, Party: p.kind, Activity: activity,
		Direction: campaignDirections[activity],
	}
	if data.Direction == "" {
		data.Direction = "internal"
	}
	data.Automatic = data.Direction != "inbound"
	return steps{func() { d.make("campaign_log/"+id, "crm.campaign", at, data) }}
}

// webLead is a lead that a web form may have made: the form's row in the campaign's log says when, the lead's what was
// written.
type webLead struct {
	there   bool
	message string
	logs    []formLog
}

type formLog struct {
	id   string
	at   time.Time
	data source.Form
}

func (d *desk) webLeadOf(id string) *webLead {
	w := d.leads[id]
	if w == nil {
		w = &webLead{}
		d.leads[id] = w
	}
	return w
}

// leadWrote takes the message of a lead's first row.
func (d *desk) leadWrote(id, message string) {
	w := d.webLeadOf(id)
	if w.there {
		return
	}
	w.there, w.message = true, cut(message, maxText)
	for _, l := range w.logs {
		d.formSent(l, w.message)
	}
	w.logs = nil
}

// leadLogged takes a form's row in the campaign's log.
func (d *desk) leadLogged(id string, l formLog) {
	w := d.webLeadOf(id)
	if !w.there {
		w.logs = append(w.logs, l)
		return
	}
	d.formSent(l, w.message)
}

func (d *desk) formSent(l formLog, message string) {
	l.data.Message = message
	d.make(l.id, "form.submitted", l.at, l.data)
}
