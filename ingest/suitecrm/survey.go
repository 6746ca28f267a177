package suitecrm

import (
	"strconv"
	"strings"
	"time"

	"tappa/ingest/source"
)

// survey is an answer with what SuiteCRM knows besides. What it calls happiness is left out: any text that is typed makes
// it 0, praise as well.
type survey struct {
	source.Survey
	Campaign string `json:"campaign,omitempty"`
	Party    string `json:"party"`
}

// readSurveyResponse reads surveyresponses: that somebody answered.
func readSurveyResponse(d *desk, c *change) steps {
	id, at := c.row.id("id"), c.when("date_entered")
	data := survey{Survey: source.Survey{Survey: c.row.id("survey_id"), Response: id}, Campaign: c.row.id("campaign_id")}
	if data.Survey.Survey == "" {
		data.Survey.Survey = "unknown"
	}
	key, contact, account := "surveyresponses/"+id, c.row.id("contact_id"), c.row.id("account_id")
	return steps{func() {
		d.concerns(key, party{kind: "contact", id: contact})
		if contact == "" {
			d.concerns(key, party{kind: "account", id: account})
		}
		d.happened(key, happening{id: key, typ: "survey.answered", at: at, data: func(w witness) any {
			data := data
			data.Customer, data.Party = w.who, w.kind
			return data
		}})
	}}
}

// question is a question of a survey, and the answers that wait for its kind.
type question struct {
	kind, text, survey string
	answers            []answer
}

type answer struct {
	id, response, text string
	at                 time.Time
}

func (d *desk) questionOf(id string) *question {
	q := d.questions[id]
	if q == nil {
		q = &question{}
		d.questions[id] = q
	}
	return q
}

// readSurveyQuestion reads surveyquestions, whose kinds say what an answer is.
func readSurveyQuestion(d *desk, c *change) steps {
	id, kind, text, of := c.row.id("id"), c.row.text("type"), plain(c.row.text("name")), c.row.id("survey_id")
	if kind == "" {
		return nil
	}
	return steps{func() {
		q := d.questionOf(id)
		if q.kind != "" {
			return
		}
		q.kind, q.text, q.survey = kind, text, of
		for _, a := range q.answers {
			d.answered(q, a)
		}
		q.answers = nil
	}}
}

// readSurveyAnswer reads surveyquestionresponses.
func readSurveyAnswer(d *desk, c *change) steps {
	a := answer{
		id: "surveyquestionresponses/" + c.row.id("id"), response: c.row.id("surveyresponse_id"), text: cut(plain(c.row.text("answer")), maxText),
		at: c.when("date_entered"),
	}
	id := c.row.id("surveyquestion_id")
	if id == "" || a.response == "" || a.text == "" {
		return nil
	}
	return steps{func() {
		q := d.questionOf(id)
		if q.kind == "" {
			q.answers = append(q.answers, a)
			return
		}
		d.answered(q, a)
	}}
}

// scales are the questions answered by a number. SuiteCRM draws ratings as up to five stars.
var scales = map[string]source.Rating{"Rating": {Kind: "csat", Min: 0, Max: 5}, "Scale": {Kind: "csat", Min: 1, Max: 10}}

// answered tells of an answer that is a rating or was put in words; choices and dates are neither.
func (d *desk) answered(q *question, a answer) {
	data := survey{Survey: source.Survey{Survey: q.survey, Response: a.response, Question: q.text}}
	if data.Survey.Survey == "" {
		data.Survey.Survey = "unknown"
	}
	h := happening{id: a.id, typ: "survey.answered", at: a.at}
	switch scale, rated := scales[q.kind]; {
	case rated:
		score, err := strconv.ParseFloat(strings.Replace(a.text, ",", ".", 1), 64)
		if err != nil || score < scale.Min || score > scale.Max {
			return // no answer on this scale
		}
		scale.Score = score
		h.typ, data.Rating = "survey.rated", &scale
	case q.kind == "Text" || q.kind == "Textbox":
		data.Text = a.text
	default:
		return
	}
	h.data = func(w witness) any {
		data := data
		data.Customer, data.Party = w.who, w.kind
		return data
	}
	d.happened("surveyresponses/"+a.response, h)
}
