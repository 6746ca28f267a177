package synth

import (
	"slices"
	"time"

	"tappa/journey"
)

// Ledger is the truth about a world from its Start to its End: what was put in, as the people's stories decided it.
type Ledger struct {
	End          time.Time
	People       int // who did anything before End
	Interactions int
	Types        map[string]int               // interactions by type
	Touchpoints  map[journey.TouchpointID]int // interactions by touchpoint
	Cases        []Case
	Waits        []Wait
	Moods        []Mood
}

// Case is one attempt of one person.
type Case struct {
	Person  int
	Keys    []string // identifiers the person has, of which the events show some: cookie, phone, email
	Attempt int      // from 1
	Persona journey.PersonaID
	Opened  time.Time
	Value   float64 // largest value seen
	Visits  []Visit
}

// Visit is a stay in a stage.
type Visit struct {
	Stage   journey.StageID
	Entered time.Time
	Last    time.Time // last activity
	Left    time.Time // Last plus the stage's silence, while nothing is known to have ended the visit
	Exit    string    // moved_on, completed, lost_explicit, lost_silent
}

// Wait is a customer's question and its answer.
type Wait struct {
	Person     int
	Attempt    int
	Persona    journey.PersonaID // what the person is, whether or not an event has said so yet
	Stage      journey.StageID
	Touchpoint journey.TouchpointID
	Kind       string // form, email, ticket, missed-call
	Thread     string // "" where there is none
	AskID      string
	Asked      time.Time
	Answered   time.Time // zero: not before End
}

// Mood is what a text was meant to express.
type Mood struct {
	ID         string // of the event
	At         time.Time
	Type       string
	Stage      journey.StageID
	Touchpoint journey.TouchpointID
	Persona    journey.PersonaID
	Lang       string
	Label      string
	Emotion    string
	Text       string
}

// Ledger computes the truth about the world. It invents everybody once more, which takes as long as Events.
func (w *World) Ledger() *Ledger {
	l := &Ledger{End: w.options.End, Types: map[string]int{}, Touchpoints: map[journey.TouchpointID]int{}}
	for i := range w.starts {
		w.live(i).book.addTo(l)
	}
	return l
}

// book is one person's part of the ledger.
type book struct {
	w        *World
	person   *person
	known    bool // an event has revealed the persona
	events   []booked
	cases    []Case
	waits    []Wait
	moods    []Mood
	asking   map[string]int // open waits by thread: index in waits
	attempts int
}

type booked struct {
	kind       string
	touchpoint journey.TouchpointID
}

// note is what a story knows about an event that it lets happen.
type note struct {
	touchpoint journey.TouchpointID
	stage      journey.StageID // where the case is from now on
	opens      bool            // begins an attempt
	idle       bool            // neither opens nor moves a case, nor keeps it alive: machines' mail, internal work
	asks       string          // kind of question, "" is none
	answers    bool            // a human of the company reached the customer, or customer and company talked
	thread     string
	mood       *written
	reveals    bool    // the persona
	ends       string  // lost_explicit or completed
	value      float64 // money at stake
}

// write enters an event that happened at a time before the world's end.
func (b *book) write(id, kind string, at time.Time, n note) {
	b.events = append(b.events, booked{kind, n.touchpoint})
	b.known = b.known || n.reveals
	if !n.idle {
		b.move(at, n)
	}
	if len(b.cases) > 0 && b.known {
		b.cases[len(b.cases)-1].Persona = b.person.persona
	}
	if n.answers {
		b.answer(n.thread, at)
	}
	if n.asks != "" {
		b.ask(id, at, n)
	}
	if n.mood != nil {
		b.moods = append(b.moods, Mood{
			ID: id, At: at, Type: kind, Stage: n.stage, Touchpoint: n.touchpoint, Persona: b.person.persona,
			Lang: n.mood.lang, Label: n.mood.label, Emotion: n.mood.emotion, Text: n.mood.text,
		})
	}
}

// move books an activity: it opens a case, moves it on, keeps it alive or ends it.
func (b *book) move(at time.Time, n note) {
	if n.opens {
		b.attempts++
		p := b.person
		b.cases = append(b.cases, Case{
			Person: p.number, Keys: []string{"cookie:" + p.cookie, "phone:" + p.phone, "email:" + p.email},
			Attempt: b.attempts, Opened: at, Visits: []Visit{{Stage: n.stage, Entered: at}},
		})
	}
	c := &b.cases[len(b.cases)-1]
	v := &c.Visits[len(c.Visits)-1]
	if v.Stage != n.stage {
		v.Left, v.Exit = at, "moved_on"
		c.Visits = append(c.Visits, Visit{Stage: n.stage, Entered: at})
		v = &c.Visits[len(c.Visits)-1]
	}
	v.Last = at
	c.Value = max(c.Value, n.value)
	if n.ends != "" {
		v.Left, v.Exit = at, n.ends
	}
}

// ask books a question, unless one of the same thread is still open.
func (b *book) ask(id string, at time.Time, n note) {
	if b.asking == nil {
		b.asking = map[string]int{}
	}
	if _, open := b.asking[n.thread]; open {
		return
	}
	b.asking[n.thread] = len(b.waits)
	b.waits = append(b.waits, Wait{
		Person: b.person.number, Attempt: b.attempts, Persona: b.person.persona, Stage: n.stage, Touchpoint: n.touchpoint,
		Kind: n.asks, Thread: n.thread, AskID: id, Asked: at,
	})
}

// answer ends the open question of the thread, and that of no thread, which any contact answers.
func (b *book) answer(thread string, at time.Time) {
	for _, t := range []string{thread, ""} {
		if i, open := b.asking[t]; open {
			b.waits[i].Answered = at
			delete(b.asking, t)
		}
	}
}

// addTo closes the book: a visit that nothing ended ends in silence.
func (b *book) addTo(l *Ledger) {
	if len(b.events) == 0 {
		return
	}
	l.People++
	l.Interactions += len(b.events)
	for _, e := range b.events {
		l.Types[e.kind]++
		l.Touchpoints[e.touchpoint]++
	}
	for i := range b.cases {
		v := &b.cases[i].Visits[len(b.cases[i].Visits)-1]
		if v.Exit == "" {
			v.Left, v.Exit = v.Last.Add(b.w.silence[v.Stage]), "lost_silent"
			if v.Stage == loyalty {
				v.Exit = "completed"
			}
		}
	}
	l.Cases = append(l.Cases, b.cases...)
	l.Waits = append(l.Waits, b.waits...)
	l.Moods = append(l.Moods, b.moods...)
}

// StageCounts is what became of the visits of a stage.
type StageCounts struct {
	Stage                                                             journey.StageID
	Entered, MovedOn, Completed, LostExplicit, LostSilent, InProgress int
}

// Dropoff counts, by stage in journey order, the visits entered before t and what had become of them at t. A persona
// other than "" takes only the cases whose persona is known to be that one.
func (l *Ledger) Dropoff(t time.Time, persona journey.PersonaID) []StageCounts {
	out := make([]StageCounts, len(order))
	for i, s := range order {
		out[i].Stage = s
	}
	for _, c := range l.Cases {
		if persona != "" && c.Persona != persona {
			continue
		}
		for _, v := range c.Visits {
			if v.Entered.After(t) {
				continue
			}
			n := &out[slices.Index(order, v.Stage)]
			n.Entered++
			switch {
			case v.Left.After(t):
				n.InProgress++
			case v.Exit == "moved_on":
				n.MovedOn++
			case v.Exit == "completed":
				n.Completed++
			case v.Exit == "lost_explicit":
				n.LostExplicit++
			default:
				n.LostSilent++
			}
		}
	}
	return out
}

// WaitTimes are the answered waits of a selection, shortest first, with the number not answered.
type WaitTimes struct {
	Answered []time.Duration
	Waiting  int
	Oldest   time.Duration // of those not answered, at t
}

// WaitTimes returns the waits asked until t, as they stood at t. keep selects; nil takes all.
func (l *Ledger) WaitTimes(t time.Time, keep func(Wait) bool) WaitTimes {
	var out WaitTimes
	for _, w := range l.Waits {
		switch {
		case w.Asked.After(t) || keep != nil && !keep(w):
		case w.Answered.IsZero() || w.Answered.After(t):
			out.Waiting++
			out.Oldest = max(out.Oldest, t.Sub(w.Asked))
		default:
			out.Answered = append(out.Answered, w.Answered.Sub(w.Asked))
		}
	}
	slices.Sort(out.Answered)
	return out
}

// Quantile returns the q-quantile (0 … 1) of the answered waits as ClickHouse's quantileExactInclusive has it:
// interpolated between neighbours. No answered waits give 0.
func (w WaitTimes) Quantile(q float64) time.Duration {
	if len(w.Answered) == 0 {
		return 0
	}
	at := q * float64(len(w.Answered)-1)
	low := int(at)
	if low+1 >= len(w.Answered) {
		return w.Answered[len(w.Answered)-1]
	}
	part := at - float64(low)
	return w.Answered[low] + time.Duration(part*float64(w.Answered[low+1]-w.Answered[low]))
}

// MoodCounts counts the intended labels by stage. A persona other than "" takes only that persona's texts.
func (l *Ledger) MoodCounts(persona journey.PersonaID) map[journey.StageID]map[string]int {
	out := map[journey.StageID]map[string]int{}
	for _, m := range l.Moods {
		if persona != "" && m.Persona != persona {
			continue
		}
		if out[m.Stage] == nil {
			out[m.Stage] = map[string]int{}
		}
		out[m.Stage][m.Label]++
	}
	return out
}
