package alert

import (
	"maps"
	"slices"
	"time"
)

// State is how things stand with one cause: what holds since when, and who was told.
type State struct {
	Cause    string               `json:"cause"`
	Per      map[string]string    `json:"per,omitempty"` // what the cause stands for, by column
	Holding  map[string]Holding   `json:"holding"`       // by alert
	Firing   bool                 `json:"firing"`
	Since    time.Time            `json:"since"`              // when it began to hold
	FiredAt  time.Time            `json:"fired_at,omitzero"`  // when it had held for long enough
	EndedAt  time.Time            `json:"ended_at,omitzero"`  // when nothing held any more
	Told     map[string]time.Time `json:"told,omitempty"`     // by whom was told last that it fires
	ToldEnd  map[string]time.Time `json:"told_end,omitempty"` // and that it ended
	Revision uint64               `json:"revision"`
}

// Holding is an alert that holds for the cause.
type Holding struct {
	Since   time.Time `json:"since"`
	Finding Finding   `json:"finding"`
}

// keepEnded is for how long a cause that has ended is still listed.
const keepEnded = 7 * 24 * time.Hour

// Ended says whether nothing holds any more.
func (s *State) Ended() bool { return !s.EndedAt.IsZero() }

// clone copies a state, so that what was read stays as it was.
func (s *State) clone() *State {
	c := *s
	c.Holding, c.Told, c.ToldEnd = maps.Clone(s.Holding), maps.Clone(s.Told), maps.Clone(s.ToldEnd)
	return &c
}

// Advance brings the states of all causes up to an instant. asked names the alerts whose numbers are known; what others
// hold is left as it is. Causes that are over and done with are left out of the result.
func (d *Definitions) Advance(states map[string]*State, findings []Finding, asked map[string]bool, now time.Time) map[string]*State {
	out := make(map[string]*State, len(states))
	for cause, s := range states {
		out[cause] = s.clone()
	}
	held := map[string]map[string]Finding{}
	for _, f := range findings {
		if !f.Holds {
			continue
		}
		if held[f.Cause] == nil {
			held[f.Cause] = map[string]Finding{}
		}
		held[f.Cause][f.Alert] = f
		if out[f.Cause] == nil {
			out[f.Cause] = &State{Cause: f.Cause, Per: f.Per, Holding: map[string]Holding{}, Since: now}
		}
	}
	for cause, s := range out {
		for alert := range s.Holding {
			if !slices.ContainsFunc(d.Alerts, func(a Definition) bool { return a.ID == alert }) {
				delete(s.Holding, alert) // the file does not have it any more
			}
		}
		s.hold(held[cause], asked, now)
		s.settle(d, now)
		if !s.Firing && !s.Ended() && len(s.Holding) == 0 || s.Ended() && now.Sub(s.EndedAt) > keepEnded {
			delete(out, cause)
		}
	}
	return out
}

// hold notes which alerts hold, each since when.
func (s *State) hold(held map[string]Finding, asked map[string]bool, now time.Time) {
	for alert := range s.Holding {
		if _, still := held[alert]; !still && asked[alert] {
			delete(s.Holding, alert)
		}
	}
	for alert, f := range held {
		since := now
		if h, ok := s.Holding[alert]; ok {
			since = h.Since
		}
		s.Holding[alert] = Holding{since, f}
	}
}

// settle decides whether the cause fires, or has ended.
func (s *State) settle(d *Definitions, now time.Time) {
	switch {
	case len(s.Holding) == 0 && s.Firing:
		s.Firing, s.EndedAt = false, now
	case len(s.Holding) > 0 && !s.Firing:
		for _, a := range d.Alerts {
			if h, ok := s.Holding[a.ID]; ok && now.Sub(h.Since) >= a.For {
				s.fire(now)
				return
			}
		}
	}
}

// fire begins. Where those who were told of it have not yet been told that it ended, it goes on instead.
func (s *State) fire(now time.Time) {
	s.Firing = true
	if s.Ended() && s.untoldEnd() {
		s.EndedAt = time.Time{}
		return
	}
	s.Since, s.FiredAt, s.EndedAt = now, now, time.Time{}
	s.Told, s.ToldEnd = map[string]time.Time{}, map[string]time.Time{}
	for _, h := range s.Holding {
		if h.Since.Before(s.Since) {
			s.Since = h.Since
		}
	}
}

func (s *State) untoldEnd() bool {
	for notifier := range s.Told {
		if _, told := s.ToldEnd[notifier]; !told {
			return true
		}
	}
	return false
}

// Message is something to tell somebody.
type Message struct {
	Notifier string
	Status   string // Fires, StillFires or Ended
	State    *State
}

// What a message says of a cause.
const (
	Fires      = "firing"
	StillFires = "still firing"
	Ended      = "resolved"
	Trial      = "test"
)

// Due lists what is to be told at an instant, in a fixed order.
func (d *Definitions) Due(states map[string]*State, now time.Time) []Message {
	quiet := d.QuietAt(now)
	var out []Message
	for _, cause := range sortedKeys(states) {
		s := states[cause]
		for _, n := range d.audience(s) {
			if quiet && !n.urgent {
				continue
			}
			told, was := s.Told[n.name]
			_, toldEnd := s.ToldEnd[n.name]
			switch {
			case s.Firing && !was:
				out = append(out, Message{n.name, Fires, s})
			case s.Firing && n.repeat > 0 && now.Sub(told) >= n.repeat:
				out = append(out, Message{n.name, StillFires, s})
			case s.Ended() && was && !toldEnd:
				out = append(out, Message{n.name, Ended, s})
			}
		}
	}
	return out
}

type listener struct {
	name   string
	urgent bool
	repeat time.Duration // the shortest that is asked for; 0: once
}

// audience are those who are to hear of a cause: of the alerts that hold, and whoever was told before.
func (d *Definitions) audience(s *State) []listener {
	var out []listener
	for _, a := range d.Alerts {
		_, holds := s.Holding[a.ID]
		for _, name := range a.Notify {
			_, told := s.Told[name]
			if !holds && !(told && s.Ended()) || a.cause(s.Cause) != s.Cause {
				continue
			}
			i := slices.IndexFunc(out, func(l listener) bool { return l.name == name })
			if i < 0 {
				i = len(out)
				out = append(out, listener{name: name})
			}
			out[i].urgent = out[i].urgent || a.Urgent
			if a.Repeat > 0 && (out[i].repeat == 0 || a.Repeat < out[i].repeat) {
				out[i].repeat = a.Repeat
			}
		}
	}
	return out
}

// cause gives back a cause that is one of the alert's, and "" otherwise.
func (d Definition) cause(cause string) string {
	if cause == d.Cause || len(cause) > len(d.Cause) && cause[:len(d.Cause)+1] == d.Cause+"/" {
		return cause
	}
	return ""
}

// tell notes that somebody was told.
func (m Message) tell(at time.Time) {
	s := m.State
	if m.Status == Ended {
		if s.ToldEnd == nil {
			s.ToldEnd = map[string]time.Time{}
		}
		s.ToldEnd[m.Notifier] = at
		return
	}
	if s.Told == nil {
		s.Told = map[string]time.Time{}
	}
	s.Told[m.Notifier] = at
}
