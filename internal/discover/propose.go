package discover

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"tappa/journey"
)

// Proposal is a first journey file.
type Proposal struct {
	YAML     []byte
	Journey  *journey.Journey // YAML, loaded
	Tagged   int              // interactions that one of its rules matches
	Unmapped int              // those that none does
}

// ErrNothing says that there is nothing to propose from.
var ErrNothing = errors.New("no interactions to propose a journey from")

// touchpoint is a proposed touchpoint.
type touchpoint struct {
	id, it, en, channel string
	stages              map[int]bool
	count               int
}

// rule is a proposed rule: what its activities have in common, and where it leads.
type rule struct {
	name       string
	touchpoint *touchpoint
	stage      int
	outcome    journey.Outcome
	activities []*activity
}

// media are what each source is called, and its channel.
var media = map[journey.Source]struct{ id, it, en, channel string }{
	journey.SourceForm:   {"form", "Modulo", "Form", "web"},
	journey.SourceEmail:  {"email", "Posta elettronica", "Email", "email"},
	journey.SourceCall:   {"phone", "Telefono", "Phone", "phone"},
	journey.SourceTicket: {"ticket", "Assistenza", "Help desk", "web"},
	journey.SourceReview: {"review", "Recensioni", "Reviews", "web"},
	journey.SourceOrder:  {"order", "Ordine", "Order", "web"},
	journey.SourceQuote:  {"quote", "Preventivo", "Quote", "email"},
	journey.SourceWeb:    {"website", "Sito", "Website", "web"},
	journey.SourceCRM:    {"crm", "Schede del CRM", "CRM records", "crm"},

	journey.SourceMeeting: {"meeting", "Incontro", "Meeting", "in person"},
	journey.SourceSurvey:  {"survey", "Sondaggio", "Survey", "web"},
	journey.SourcePayment: {"payment", "Pagamento", "Payment", "web"},
	journey.SourceAd:      {"ad", "Annunci", "Ads", "web"},
}

// plan is everything that a proposal is made of.
type plan struct {
	opts        Options
	log         *Log
	cases       [][]event
	activities  []*activity
	stages      []stage
	touchpoints []*touchpoint
	rules       []rule
}

// Propose makes a journey file from all interactions of a log. The same interactions give the same file, in any order.
func (l *Log) Propose(opts Options) (Proposal, error) {
	if len(l.events) == 0 {
		return Proposal{}, ErrNothing
	}
	opts.ID, opts.TimeZone, opts.Stages = cmp.Or(opts.ID, "discovered"), cmp.Or(opts.TimeZone, "Europe/Rome"), cmp.Or(opts.Stages, 6)
	p := plan{opts: opts, log: l, cases: l.cases()}
	p.activities = l.activities(p.cases)
	p.stages = l.merged(p.cases, p.activities, stages(p.activities, opts.Stages))
	p.placeTouchpoints()
	p.placeRules()
	text := p.render()
	j, err := journey.Parse(opts.ID+".yaml", []byte(text))
	if err != nil {
		return Proposal{}, fmt.Errorf("the proposal is no journey file, which should not happen: %w", err)
	}
	out := Proposal{Journey: j}
	out.Tagged = l.tagged(j)
	out.Unmapped = len(l.events) - out.Tagged
	out.YAML = []byte(strings.Replace(text, tagsMark, fmt.Sprintf("Its rules tag %d of them (%s).", out.Tagged, percent(out.Tagged, len(l.events))), 1))
	return out, nil
}

// tagged counts the interactions that a journey has a rule for.
func (l *Log) tagged(j *journey.Journey) (n int) {
	matched := make([]bool, len(l.names))
	for i, c := range l.names {
		ix := journey.Interaction{Source: c.source, Type: c.typ, Activity: cmp.Or(c.activity, c.typ), To: c.to, Direction: c.direction}
		matched[i] = j.Tag(&ix).Rule != ""
	}
	for _, e := range l.events {
		if matched[e.class] {
			n++
		}
	}
	return n
}

// placeTouchpoints makes one of every source, told apart by address where that tells something, or by stage where the source
// names what happens.
func (p *plan) placeTouchpoints() {
	used, byKey := map[string]bool{}, map[string]*touchpoint{}
	for _, a := range p.activities {
		key, t := p.touchpointOf(a)
		if byKey[key] == nil {
			t.id = unique(slug(t.id), used)
			byKey[key] = &t
			p.touchpoints = append(p.touchpoints, &t)
		}
		at := byKey[key]
		at.count += a.count
		if a.stage >= 0 {
			at.stages[a.stage] = true
		} else {
			for i := range p.stages {
				at.stages[i] = true
			}
		}
	}
}

func (p *plan) touchpointOf(a *activity) (string, touchpoint) {
	m, known := media[a.source]
	if !known {
		m.id, m.it, m.en, m.channel = slug(string(a.source)), title(string(a.source)), title(string(a.source)), slug(string(a.source))
	}
	t := touchpoint{id: m.id, it: m.it, en: m.en, channel: m.channel, stages: map[int]bool{}}
	switch {
	case a.to != "":
		t.id, t.it, t.en = m.id+" "+a.to, m.it+": "+a.to, m.en+": "+a.to
	case a.name != "" && a.stage >= 0:
		s := p.stages[a.stage]
		t.id, t.it, t.en = m.id+" "+s.id, m.it+": "+s.it, m.en+": "+s.en
	}
	return t.id, t
}

// lostNames are words by which a source may say that the customer is lost; that it does is only a guess.
var lostNames = regexp.MustCompile(`(?i)declin|cancel|reject|refus|withdr|expir|abandon|churn|annull|rifiut|respint|scadut|disdett|ritirat`)

// placeRules makes a rule of all activities of one type that lead to the same place.
func (p *plan) placeRules() {
	byTouchpoint := map[string]*touchpoint{}
	i := 0
	for _, a := range p.activities {
		key, _ := p.touchpointOf(a)
		if byTouchpoint[key] == nil {
			byTouchpoint[key] = p.touchpoints[i]
			i++
		}
		outcome := journey.Outcome("")
		if a.typ == "quote.rejected" {
			outcome = journey.Lost
		}
		at := slices.IndexFunc(p.rules, func(r rule) bool {
			first := r.activities[0]
			return r.touchpoint == byTouchpoint[key] && r.stage == a.stage && r.outcome == outcome && first.typ == a.typ && (first.name == "") == (a.name == "") && first.to == a.to
		})
		if at < 0 {
			at = len(p.rules)
			p.rules = append(p.rules, rule{touchpoint: byTouchpoint[key], stage: a.stage, outcome: outcome})
		}
		p.rules[at].activities = append(p.rules[at].activities, a)
	}
	slices.SortStableFunc(p.rules, func(x, y rule) int {
		return cmp.Or(cmp.Compare(y.specific(), x.specific()), cmp.Compare(uint(x.stage), uint(y.stage))) //nolint:gosec // -1, anywhere, comes last
	})
	used := map[string]bool{}
	for i := range p.rules {
		r := &p.rules[i]
		name := r.activities[0].typ
		if a := r.activities[0]; a.name != "" && r.stage >= 0 {
			name += ", " + strings.ToLower(p.stages[r.stage].en)
		} else if a.to != "" {
			name += " → " + a.to
		}
		r.name = unique(name, used)
	}
}

// specific puts rules with a condition before those that take what is left.
func (r *rule) specific() int {
	n := 0
	if r.activities[0].name != "" {
		n++
	}
	if r.activities[0].to != "" {
		n++
	}
	return n
}

// when is the rule's condition, "" for none.
func (r *rule) when() string {
	var parts []string
	var names []string
	for _, a := range r.activities {
		if a.name != "" {
			names = append(names, quote(a.name))
		}
	}
	switch {
	case len(names) == 1:
		parts = append(parts, "activity == "+names[0])
	case len(names) > 1:
		parts = append(parts, "activity in ["+strings.Join(names, ", ")+"]")
	}
	if to := r.activities[0].to; to != "" {
		parts = append(parts, "to == "+quote(to))
	}
	return strings.Join(parts, " and ")
}

func (r *rule) count() (n int) {
	for _, a := range r.activities {
		n += a.count
	}
	return n
}

// rest gives the types of which only some interactions have a rule, since others have no name or none of these.
func (p *plan) rest() []*activity {
	split := map[string]*activity{}
	for _, r := range p.rules {
		if a := r.activities[0]; r.specific() > 0 && split[a.typ] == nil {
			split[a.typ] = a
		}
	}
	for _, r := range p.rules {
		if r.specific() == 0 {
			delete(split, r.activities[0].typ)
		}
	}
	var out []*activity
	for _, typ := range slices.Sorted(maps.Keys(split)) {
		out = append(out, split[typ])
	}
	return out
}
