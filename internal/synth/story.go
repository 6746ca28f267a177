package synth

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// story is one person's life with the company: it decides what happens next, lets it happen as an event, and books it.
// Time only goes forward, so events come out in order.
type story struct {
	w      *World
	r      *rand.Rand
	person *person
	now    time.Time
	book   book
	events []source.Event

	// Where the case is. It goes on after the world's end; the book does not.
	open   bool
	stage  journey.StageID
	last   time.Time // last activity
	before time.Time // last event
	strain float64   // how much the person has had to put up with, 0 … 1
	known  identifier
	fresh  bool // nothing has passed between person and company in this attempt

	// waiting is set while something that the person asked outside of any thread has no answer. Whatever they do later
	// could be taken for the answer, so people who were left waiting do not come back.
	waiting bool

	deal    deal
	agent   string // whom the person speaks of
	threads int
	tickets int
	deals   int
}

// deal is what one attempt is about.
type deal struct {
	machine machine
	part    map[string]string
	quote   string
	order   string
	invoice string
	serial  string
	err     string
	value   float64
}

// run lets the person try up to three times.
func (s *story) run() {
	s.book = book{w: s.w, person: s.person}
	for attempt := 1; ; attempt++ {
		s.newDeal()
		s.attempt(attempt)
		comeback := map[journey.StageID]float64{awareness: 0.07, evaluation: 0.12, decision: 0.16, purchase: 0.05, use: 0.08, loyalty: 0.1}[s.stage]
		if attempt == 3 || s.waiting || !s.chance(comeback) {
			return
		}
		if s.open {
			s.now = s.last.Add(s.w.silence[s.stage])
			s.open = false
		}
		s.now = s.now.Add(s.between(12*time.Hour, 70*day))
		s.strain /= 2
	}
}

func (s *story) newDeal() {
	p, n := s.person, natures[s.person.persona]
	s.deals++
	number := p.number*4 + s.deals
	year := s.now.In(s.w.office.zone).Year()
	s.agent, s.fresh = p.sales.name, true
	s.deal = deal{
		machine: pick(s.r, p.trade.machines),
		part:    pick(s.r, parts),
		quote:   fmt.Sprintf("P-%d-%05d", year, number),
		order:   fmt.Sprintf("M-%d-%05d", year, number),
		invoice: fmt.Sprintf("%d/%05d", year, number),
		serial:  fmt.Sprintf("%c%06d", 'A'+rune(s.r.IntN(20)), 100000+s.r.IntN(800000)),
		err:     fmt.Sprintf("E-%02d", 1+s.r.IntN(60)),
		value:   float64(1000*(n.price[0]+s.r.IntN(n.price[1]-n.price[0])) + 50*s.r.IntN(20)),
	}
}

// attempt runs from the first contact to whatever end comes. An attempt that simply returns ends in silence.
func (s *story) attempt(number int) {
	x := s.r.Float64()
	switch {
	case number == 1 && x < 0.07:
		s.using() // a machine bought before the world began
		return
	case number == 1 && x < 0.12:
		s.fair()
	case x < 0.80 || number > 1 && x < 0.5:
		if !s.browse() {
			return
		}
		s.contact()
	default:
		s.contact()
	}
	if s.evaluate() && s.decide() && s.buy() {
		s.pause(s.between(18*day, 100*day))
		s.using()
	}
}

// put lets an event happen now and books it.
func (s *story) put(origin, kind string, data any, n note) {
	s.clock(n)
	e := source.Event{
		ID:     fmt.Sprintf("p%06d-%03d", s.person.number, len(s.events)+1),
		Origin: "tramoggia/" + origin,
		Type:   "tappa." + kind,
		Time:   s.now,
		Data:   data,
	}
	s.events = append(s.events, e)
	s.before = s.now
	if !n.idle {
		n.opens = !s.open
		if n.opens && n.stage == "" {
			panic("synth: " + kind + " of nobody's case")
		}
		s.open, s.last = n.ends == "", s.now
		if n.stage != "" {
			s.stage = n.stage
		}
	}
	s.waiting = !n.answers && (s.waiting || n.asks != "" && n.thread == "")
	n.stage = s.stage
	if s.now.Before(s.w.options.End) {
		s.book.write(e.ID, kind, e.Time, n)
	}
}

// clock makes the present moment one at which the event may happen: after the one before, in whole milliseconds, and
// before the silence that would have ended the case. Who means to fall silent stops; nobody does so by the way.
func (s *story) clock(n note) {
	s.now = s.now.UTC().Truncate(time.Millisecond)
	if s.open && !n.idle {
		limit := s.w.silence[s.stage]
		if !s.now.Before(s.last.Add(limit)) {
			s.now = s.last.Add(time.Duration(float64(limit) * (0.75 + 0.2*s.r.Float64()))).Truncate(time.Millisecond)
		}
	}
	if !s.now.After(s.before) {
		s.now = s.before.Add(s.between(2*time.Second, 40*time.Second)).Truncate(time.Millisecond)
	}
}

func (s *story) chance(p float64) bool { return s.r.Float64() < p }

func (s *story) between(from, to time.Duration) time.Duration {
	return from + time.Duration(s.r.Float64()*float64(to-from))
}

func (s *story) pause(d time.Duration) { s.now = s.now.Add(d) }

// awake moves the present to a moment when people write: in the daytime, or after work, as the persona does.
func (s *story) awake() {
	zone := s.w.office.zone
	local := s.now.In(zone)
	from, to := 8.0, 18.5
	if s.chance(natures[s.person.persona].evening) {
		from, to = 19, 22.5
	}
	year, month, date := local.Date()
	if local.Weekday() == time.Sunday && s.chance(0.6) {
		date++
	}
	moment := func() time.Time {
		hour := from + s.r.Float64()*(to-from)
		return time.Date(year, month, date, 0, 0, int(hour*3600), int(s.between(0, time.Second)), zone)
	}
	t := moment()
	if t.Before(s.now) {
		if h := float64(local.Hour()); from <= h && h < to {
			return
		}
		date++
		t = moment()
	}
	s.now = t
}

// staffed moves the present to a moment when a department works.
func (s *story) staffed(d journey.DepartmentID) {
	if !s.w.office.open(d, s.now) {
		s.now = s.w.office.add(d, s.now, s.between(5*time.Minute, 4*time.Hour))
	}
}

// feel chooses an emotion for a context. lean pushes towards the negative; so do the persona's temper and the strain.
// Nobody is content or impatient before anything has happened.
func (s *story) feel(context string, lean float64) feeling {
	var feelings []feeling
	for _, f := range s.w.texts[s.person.lang].feelings[context] {
		early := f.emotion == "impatience" && context != "technical" && s.strain < 0.1
		if !early && !(s.fresh && context == "enquiry" && (f.emotion == "satisfaction" || f.emotion == "impatience")) {
			feelings = append(feelings, f)
		}
	}
	weight := map[string]float64{
		"neutral":  1,
		"positive": 0.75 * (1 - 0.8*s.strain) / lean,
		"negative": 0.45 * natures[s.person.persona].temper * (1 + 4*s.strain) * lean,
		"mixed":    0.3,
	}
	if s.fresh { // most people just ask
		weight["neutral"] = 2.2
	}
	each := map[string]float64{}
	total := 0.0
	for _, f := range feelings {
		each[f.label]++
	}
	for _, f := range feelings {
		total += weight[f.label] / each[f.label]
	}
	x := s.r.Float64() * total
	for _, f := range feelings {
		if x -= weight[f.label] / each[f.label]; x < 0 {
			return f
		}
	}
	return feelings[len(feelings)-1]
}

// emotion returns a context's feeling by its name.
func (s *story) emotion(context string, emotions ...string) feeling {
	return s.w.texts[s.person.lang].find(context, pick(s.r, emotions))
}

// delay is how long a department takes to answer on a touchpoint, in its own time. August is slow, and sales got
// faster in spring.
func (s *story) delay(t journey.TouchpointID) time.Duration {
	m := manners[t]
	d := float64(m.median) * math.Exp(m.spread*s.r.NormFloat64())
	if s.now.In(s.w.office.zone).Month() == time.August {
		d *= 1.8
	}
	if s.now.Before(s.w.Turn()) {
		switch m.department {
		case "sales":
			d *= 1.6
		case "logistics":
			d *= 1.5 // returns: handling falls by a third
		}
	}
	return time.Duration(d)
}

// never reports whether a question is one of those that nobody answers.
func (s *story) never(t journey.TouchpointID) bool {
	p := manners[t].never
	if s.now.In(s.w.office.zone).Month() == time.August {
		p *= 1.7
	}
	return s.chance(p)
}

// form returns the machine's name in a language, with an article where the placeholder asks for one.
func (m machine) form(lang, placeholder string) string {
	if lang != "it" {
		return m.en
	}
	article, elided := "", ""
	switch placeholder {
	case "m":
		return m.it
	case "la":
		article, elided = "la ", "l'"
	case "una":
		article, elided = "una ", "un'"
	default:
		article, elided = placeholder+" ", placeholder[:len(placeholder)-1]+"'"
	}
	if slices.Contains([]string{"a", "e", "i", "o", "u"}, m.it[:1]) {
		return elided + m.it
	}
	return article + m.it
}

// staff writes the company's text of a kind, signed.
func (s *story) staff(kind string) string {
	t := s.w.texts[s.person.lang]
	return s.part(t, "staff "+kind) + "\n\n" + s.agent + "\nTramoggia" + strings.Repeat(" S.p.A.", s.r.IntN(2))
}
