package suitecrm

import (
	"cmp"
	"slices"
	"strings"
)

// Pending is what waits for rows that have not come: facts of a table of which no event could be made yet.
type Pending struct {
	Table   string `json:"table"` // of the row that is there
	Why     string `json:"why"`
	Count   int64  `json:"count"`
	Example string `json:"example"` // the first id of them, by order of ids
}

// The reasons to wait.
const (
	waitsForSomebody = "nobody is related to the record yet"
	waitsForPeople   = "only a company is related to the record, and companies are not told of"
	waitsForText     = "its row of emails_text has not come"
	waitsForMail     = "its row of emails has not come, or is a draft or was not sent"
	neverTold        = "an archived mail: nobody knows who wrote to whom"
	waitsForAddress  = "a mail without an address that can be used, nor a person as its parent"
	waitsForOwned    = "its row of email_addresses has not come"
	waitsForQuestion = "its row of surveyquestions has not come"
	waitsForLead     = "its row of leads has not come"
)

// pending lists what waits, by table and reason.
func (d *desk) pending() []Pending {
	sums := map[[2]string]*Pending{}
	add := func(table, why, id string) {
		p := sums[[2]string{table, why}]
		if p == nil {
			p = &Pending{Table: table, Why: why, Example: id}
			sums[[2]string{table, why}] = p
		}
		p.Count++
		p.Example = min(p.Example, id)
	}
	for _, j := range d.joints {
		if j.withdrawn {
			continue
		}
		why := j.waitsFor(d.Companies)
		for _, h := range j.happenings {
			if why != "" {
				table, id, _ := strings.Cut(h.id, "/")
				add(table, why, id)
			}
		}
	}
	for id, m := range d.mails {
		switch {
		case m.archived:
			add("emails", neverTold, id)
		case m.done:
		case m.row == nil:
			add("emails_text", waitsForMail, id)
		case m.last == nil:
			add("emails", waitsForText, id)
		default:
			add("emails", waitsForAddress, id)
		}
	}
	for id, a := range d.addresses {
		if len(a.texts) == 0 {
			add("email_addr_bean_rel", waitsForOwned, id)
		}
	}
	for id, q := range d.questions {
		for range q.answers {
			add("surveyquestionresponses", waitsForQuestion, id)
		}
	}
	for id, w := range d.leads {
		for range w.logs {
			add("campaign_log", waitsForLead, id)
		}
	}
	list := make([]Pending, 0, len(sums))
	for _, p := range sums {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Pending) int { return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Why, b.Why)) })
	return list
}

// waitsFor says what keeps the happenings of a joint from being told, "" if nothing does.
func (j *joint) waitsFor(companies bool) string {
	why := waitsForSomebody
	for _, p := range j.parties {
		if p.kind != "company" || companies {
			return ""
		}
		why = waitsForPeople
	}
	return why
}
