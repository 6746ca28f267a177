package journey

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Example is a tagging test: an interaction, and what a journey's rules must say about it. Examples stand beside the
// journey file, in NAME.tests.yaml.
type Example struct {
	Name  string
	File  string
	Line  int
	Given Interaction

	expect expectFile
}

type exampleFile struct {
	Name   string     `json:"name"   jsonschema:"required"`
	Given  GivenForm  `json:"given"  jsonschema:"required"`
	Expect expectFile `json:"expect" jsonschema:"required"`
}

// GivenForm is an interaction as people write it down. What a type implies (source, direction, whether the customer saw
// it, whether a call was held) need not be said; see Interaction for what the fields mean.
type GivenForm struct {
	Source    string   `json:"source,omitempty"`
	Type      string   `json:"type,omitempty"`
	Activity  string   `json:"activity,omitempty"`
	Direction string   `json:"direction,omitempty"`
	Origin    string   `json:"origin,omitempty"`
	ID        string   `json:"id,omitempty"`
	Time      string   `json:"time,omitempty"`
	Thread    string   `json:"thread,omitempty"`
	Automatic bool     `json:"automatic,omitempty"`
	Public    *bool    `json:"public,omitempty"`
	Held      *bool    `json:"held,omitempty"`
	Solved    *bool    `json:"solved,omitempty"`
	Agent     string   `json:"agent,omitempty"`
	From      string   `json:"from,omitempty"`
	To        string   `json:"to,omitempty"`
	Subject   string   `json:"subject,omitempty"`
	Text      string   `json:"text,omitempty"`
	Lang      string   `json:"lang,omitempty"`
	Priority  string   `json:"priority,omitempty"`
	Value     float64  `json:"value,omitempty"`
	Currency  string   `json:"currency,omitempty"`
	Keys      []string `json:"keys,omitempty"`
	Account   string   `json:"account,omitempty"`
	Data      any      `json:"data,omitempty"`
}

// expectFile holds what is looked at; nil is not.
type expectFile struct {
	Rule       *string   `json:"rule,omitempty"`
	Touchpoint *string   `json:"touchpoint,omitempty"`
	Channel    *string   `json:"channel,omitempty"`
	Department *string   `json:"department,omitempty"`
	Persona    *string   `json:"persona,omitempty"`
	Stages     *[]string `json:"stages,omitempty"`
	Outcome    *string   `json:"outcome,omitempty"`
	Automatic  *bool     `json:"automatic,omitempty"`
}

// Interaction returns the interaction the form describes. An error says which field is wrong.
func (g GivenForm) Interaction() (Interaction, error) {
	in := Interaction{
		Origin: g.Origin, ID: g.ID, Source: Source(g.Source), Type: strings.TrimPrefix(g.Type, "tappa."), Activity: g.Activity,
		Direction: Direction(g.Direction), Thread: g.Thread, Account: AccountKey(g.Account), Automatic: g.Automatic,
		Agent: g.Agent, From: g.From, To: g.To, Subject: g.Subject, Text: g.Text, Lang: g.Lang,
		Priority: g.Priority, Value: g.Value, Currency: g.Currency,
	}
	for _, k := range g.Keys {
		in.Keys = append(in.Keys, ContactKey(k))
	}
	if g.Time != "" {
		t, err := time.Parse(time.RFC3339, g.Time)
		if err != nil {
			return in, fmt.Errorf("time: %q is not an instant; write it like 2026-03-02T09:30:00Z", g.Time)
		}
		in.OccurredAt = t.UTC().Truncate(time.Millisecond)
	}
	if in.Source != "" && !slices.Contains(sourceNames, g.Source) {
		return in, fmt.Errorf("source: unknown source %q%s", g.Source, suggest(g.Source, sourceNames))
	}
	if directions := []string{string(Inbound), string(Outbound), string(Internal)}; in.Direction != "" && !slices.Contains(directions, g.Direction) {
		return in, fmt.Errorf("direction: %q is not possible here%s", g.Direction, suggest(g.Direction, directions))
	}
	g.imply(&in)
	if g.Data != nil {
		payload, err := json.Marshal(g.Data)
		if err != nil {
			return in, fmt.Errorf("data: %w", err)
		}
		in.Payload = payload
	}
	return in, nil
}

// imply fills in what the form leaves open, from its type.
func (g GivenForm) imply(in *Interaction) {
	family, what, _ := strings.Cut(in.Type, ".")
	if in.Source == "" && slices.Contains(sourceNames, family) {
		in.Source = Source(family)
	}
	if in.Activity == "" {
		in.Activity = in.Type
	}
	if in.Direction == "" {
		in.Direction = Inbound
		switch in.Type {
		case "email.sent", "quote.sent", "order.delivered", "order.invoiced", "meeting.held", "payment.refunded", "ad.shown":
			in.Direction = Outbound
		case "ticket.noted", "ticket.updated", "ticket.solved", "ticket.closed", "quote.expired",
			"crm.created", "crm.updated", "crm.converted", "crm.linked", "crm.campaign":
			in.Direction = Internal
		}
	}
	stated := func(b *bool, otherwise bool) bool {
		if b != nil {
			return *b
		}
		return otherwise
	}
	in.Public = stated(g.Public, in.Direction != Internal && in.Type != "email.bounced")
	in.Held = stated(g.Held, (in.Source == SourceCall || in.Source == SourceMeeting) && what == "held")
	in.Solved = stated(g.Solved, in.Type == "ticket.solved")
}

// LoadExamples reads a file of tagging tests. An error about its content is of type Problems.
func LoadExamples(path string) ([]Example, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load examples: %w", err)
	}
	return ParseExamples(path, data)
}

// ParseExamples reads the content of a file of tagging tests; name is what problems call it.
func ParseExamples(name string, data []byte) ([]Example, error) {
	var forms []exampleFile
	doc := readDocument(name, data, &forms)
	examples := make([]Example, len(forms))
	for i, f := range forms {
		path := fmt.Sprintf("[%d]", i)
		at := doc.at(path)
		if f.Name == "" && !doc.flawed[path] {
			doc.problem(path, at, "name is missing; say what the example shows")
		}
		if f.Expect == (expectFile{}) && !doc.flawed[path] && !doc.flawed[path+".expect"] {
			doc.problem(path, at, "expect is missing; say what the tag must be, for example: expect: {touchpoint: contact-form}")
		}
		given, err := f.Given.Interaction()
		if err != nil && !doc.flawed[path+".given"] {
			field, _, _ := strings.Cut(err.Error(), ":")
			doc.problem(path+".given", doc.at(path+".given."+field), "%v", err)
		}
		examples[i] = Example{Name: f.Name, File: name, Line: at.line, Given: given, expect: f.Expect}
	}
	if problems := doc.problems.sorted(); problems.Fatal() {
		return nil, problems
	}
	return examples, nil
}

// Diff tags the example's interaction by j and returns how the tag differs from what is expected, a pair of lines for
// each field, -got and +want; "" when it does not.
func (e Example) Diff(j *Journey) string {
	tag := j.Tag(&e.Given)
	var b strings.Builder
	compare := func(field string, want *string, got string) {
		if want != nil && *want != got {
			fmt.Fprintf(&b, "-%s: %s\n+%s: %s\n", field, quoteEmpty(got), field, quoteEmpty(*want))
		}
	}
	compare("rule", e.expect.Rule, tag.Rule)
	compare("touchpoint", e.expect.Touchpoint, string(tag.Touchpoint))
	compare("channel", e.expect.Channel, tag.Channel)
	compare("department", e.expect.Department, string(tag.Department))
	compare("persona", e.expect.Persona, string(tag.Persona))
	if e.expect.Stages != nil {
		want := "[" + strings.Join(*e.expect.Stages, ", ") + "]"
		compare("stages", &want, "["+joinStages(tag.Stages)+"]")
	}
	compare("outcome", e.expect.Outcome, string(tag.Outcome))
	if e.expect.Automatic != nil {
		want := fmt.Sprint(*e.expect.Automatic)
		compare("automatic", &want, fmt.Sprint(tag.Automatic))
	}
	return b.String()
}

func quoteEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

func joinStages(ids []StageID) string {
	return strings.Join(strs(ids, func(id *StageID) string { return string(*id) }), ", ")
}
