package aggregate

import (
	"slices"

	"tappa/aggregate/walk"
	"tappa/journey"
)

// findings are the rows of table findings that a worker's walks have for it, as it gathers them.
type findings struct {
	block    *findingsBlock
	journey  *journey.Journey
	number   uint64 // of the walk
	contacts contacts
	found    map[string]struct{} // subjects with a row of this journey; nil: nobody asks
}

// contacts numbers the contact keys of a subject.
type contacts struct {
	keys    []string
	numbers map[string]uint32 // where there are many
}

const manyContacts = 8

func (c *contacts) reset() {
	c.keys = c.keys[:0]
	c.numbers = nil
}

// number gives a key's number, counted from 1, and whether it is new.
func (c *contacts) number(key string) (n uint32, isNew bool) {
	if c.numbers != nil {
		if n, known := c.numbers[key]; known {
			return n, false
		}
	} else if i := slices.Index(c.keys, key); i >= 0 {
		return uint32(i) + 1, false //nolint:gosec // a number of contacts
	}
	c.keys = append(c.keys, key)
	n = uint32(len(c.keys)) //nolint:gosec // a number of contacts
	switch {
	case c.numbers != nil:
		c.numbers[key] = n
	case len(c.keys) > manyContacts:
		c.numbers = map[string]uint32{}
		for i, k := range c.keys {
			c.numbers[k] = uint32(i) + 1 //nolint:gosec // a number of contacts
		}
	}
	return n, true
}

// begin begins with a journey.
func (f *findings) begin(j *walked, number uint64, remember bool) {
	f.journey, f.number, f.found = j.journey, number, nil
	if remember {
		f.found = map[string]struct{}{}
	}
}

// customer is how the tables say whether somebody was a customer before.
func customer(existing bool) string {
	if existing {
		return "existing"
	}
	return "new"
}

func outcomeOf(s string) journey.Outcome { return journey.Outcome(s) }

// add takes over what was found for a subject, and says whether it was anything. The interactions in were walked, rows holds the rest of them.
func (f *findings) add(subject string, r *walk.Result, in []walk.Interaction, rows []interaction) bool {
	if len(r.Cases) == 0 && len(r.Waits) == 0 {
		return false
	}
	if f.found != nil {
		f.found[subject] = struct{}{}
	}
	f.contacts.reset()
	f.block.begin(string(f.journey.ID), subject, f.number, false)
	one := subjectFindings{f, subject, r, in, rows}
	one.outside()
	visits, waits, steps := r.Visits, r.Waits, r.Steps
	for i := range r.Cases {
		one.run(i)
		for ; len(visits) > 0 && visits[0].Case == i; visits = visits[1:] {
			one.visit(&visits[0])
		}
		for ; len(waits) > 0 && waits[0].Case <= i; waits = waits[1:] { // those outside of cases stand between them
			if waits[0].Case == i {
				one.wait(&waits[0])
			}
		}
		for ; len(steps) > 0 && steps[0].Case == i; steps = steps[1:] {
			one.step(&steps[0])
		}
		f.block.endRun()
	}
	f.block.done()
	return true
}

// subjectFindings are what was found of one subject.
type subjectFindings struct {
	*findings
	subject string
	result  *walk.Result
	in      []walk.Interaction
	rows    []interaction
}

func (s *subjectFindings) row(index int) *interaction { return &s.rows[s.in[index].Row] }

// contact gives the number of the contact key that an interaction is stored under.
func (s *subjectFindings) contact(x *interaction) uint32 {
	n, isNew := s.contacts.number(x.contact)
	if isNew {
		s.block.contact(x.contact, x.person)
	}
	return n
}

// account is where cases are per account the subject's, not that of the person who happened to open the case.
func (s *subjectFindings) account(x *interaction) string {
	switch {
	case s.journey.Case.Per != perAccount:
		return x.account
	case isAccount(s.subject):
		return s.subject
	}
	return ""
}

func (s *subjectFindings) stage(position int) string {
	if position == walk.None {
		return ""
	}
	return string(s.journey.Stages[position].ID)
}

// outside adds what was asked outside any case, as a run of attempt 0. Each of its waits has the account of who asked it, so
// those of different accounts are runs of their own.
func (s *subjectFindings) outside() {
	var account *string
	for i := range s.result.Waits {
		wait := &s.result.Waits[i]
		if wait.Case != walk.None {
			continue
		}
		ask := s.row(wait.Ask)
		if of := s.account(ask); account == nil || *account != of {
			if account != nil {
				s.block.endRun()
			}
			account = &of
			s.block.run(&foundRun{person: ask.person, account: of, customer: customer(wait.Existing)})
		}
		s.wait(wait)
	}
	if account != nil {
		s.block.endRun()
	}
}

func (s *subjectFindings) run(i int) {
	c := &s.result.Cases[i]
	opening := s.row(c.Opening)
	s.block.run(&foundRun{
		Case: *c, person: opening.person, account: s.account(opening), customer: customer(c.Existing), stage: s.stage(int(c.Stage)),
	})
}

func (s *subjectFindings) visit(v *walk.Visit) {
	s.block.visit(v, s.stage(int(v.Stage)), s.row(v.Entry))
}

func (s *subjectFindings) wait(w *walk.Wait) {
	ask, answer := s.row(w.Ask), (*interaction)(nil)
	if w.Answer != walk.None {
		answer = s.row(w.Answer)
	}
	s.block.wait(w, s.stage(w.Stage), s.contact(ask), ask, answer)
}

func (s *subjectFindings) step(st *walk.Step) {
	x := s.row(st.Index)
	s.block.step(st, s.stage(st.Stage), s.contact(x), x)
}
