package walk

import (
	"time"

	"tappa/journey"
)

// Wait is a customer's question and the company's answer to it, or none yet. Further questions before the answer belong to
// the same wait.
type Wait struct {
	Number         uint32 // of the subject, from 1, in the order asked
	Case           int    // index into Result.Cases; None: asked outside any case
	Ask            int    // index of the interaction that asked
	Answer         int    // index of the one that answered, or None
	First          bool   // the first of its thread; without a thread, always
	Missed         bool   // asked by a call that nobody took
	Stage          int    // position, or None
	Department     string
	Priority       string
	Waited         int64   // milliseconds from question to answer, or Null
	Business       int64   // of which in opening hours; Null without an answer or a calendar
	Target         int64   // promised reply, or Null without a service level
	TargetBusiness bool    // Target is in opening hours
	Due            int64   // when the promise ends, or Null
	Existing       bool    // an earlier case of the subject was completed
	Known          float64 // the largest value seen in its case until it was asked
}

// Role is what an interaction means to somebody who waits.
type Role uint8

// The roles, which combine.
const (
	Automatic Role = 1 << iota // a machine did it
	Asks                       // the customer wants an answer
	Missed                     // … and asked by calling in vain
	Answers                    // a public, human contact by the company
	Talked                     // a call or meeting took place
)

// asking are the types of interaction by which a customer asks. A page seen, a rating, an order or a quote asks nothing.
var asking = map[string]bool{
	"form.submitted":   true,
	"email.received":   true,
	"ticket.opened":    true,
	"ticket.commented": true,
}

// RoleOf derives the role of an interaction.
func RoleOf(source journey.Source, kind string, direction journey.Direction, automatic, public, held bool) Role {
	if automatic {
		return Automatic
	}
	var r Role
	if held {
		r |= Talked
	}
	call := source == journey.SourceCall
	switch {
	case direction == journey.Inbound && call && !held:
		r |= Asks | Missed
	case direction == journey.Inbound && public && asking[kind]:
		r |= Asks
	case direction == journey.Outbound && public && (held || !call): // dialling in vain reaches nobody
		r |= Answers
	}
	return r
}

// conversations are the open questions of a subject. What was asked in a thread is answered in that thread; what was asked
// without one, or by a call that nobody took, is answered by any contact with the person.
type conversations struct {
	threads map[string]thread
	persons map[string]int // index of the person's open wait
}

type thread struct {
	open       int // index of the open wait, or None
	asked      bool
	priority   string // last known
	department string
}

func newConversations() conversations {
	return conversations{threads: map[string]thread{}, persons: map[string]int{}}
}

func (c *conversations) reset() {
	c.threads, c.persons = cleared(c.threads), cleared(c.persons)
}

// observe takes in what an interaction tells about its thread and lets it answer what is open.
func (c *conversations) observe(w *Walker, i int) {
	x := &w.in[i]
	if x.Thread != "" {
		t, known := c.threads[x.Thread]
		if !known {
			t.open = None
		}
		changed := !known
		if x.Priority != "" && x.Priority != t.priority {
			t.priority, changed = x.Priority, true
		}
		if x.Department != "" && x.Department != t.department {
			t.department, changed = x.Department, true
		}
		if x.Role&Answers != 0 && t.open != None {
			w.answer(t.open, i)
			t.open, changed = None, true
		}
		if changed {
			c.threads[x.Thread] = t
		}
	}
	if x.Role&(Answers|Talked) != 0 && len(c.persons) > 0 {
		if open, waiting := c.persons[x.Person]; waiting {
			w.answer(open, i)
			delete(c.persons, x.Person)
		}
	}
}

// ask opens a wait, unless the interaction asks nothing or the customer waits already.
func (c *conversations) ask(w *Walker, i, stage int) {
	x := &w.in[i]
	if x.Role&Asks == 0 {
		return
	}
	if x.Thread == "" || x.Role&Missed != 0 {
		if _, waiting := c.persons[x.Person]; !waiting {
			c.persons[x.Person] = w.wait(i, stage, true, x.Priority, x.Department)
		}
		return
	}
	t := c.threads[x.Thread]
	if t.open == None {
		// The thread's own priority and department hold where the message does not state them anew.
		t.open = w.wait(i, stage, !t.asked, t.priority, t.department)
		t.asked = true
		c.threads[x.Thread] = t
	}
}

// wait adds an open wait, with the promise as it stood when the customer asked, and returns its index.
func (w *Walker) wait(i, stage int, first bool, priority, department string) int {
	x := &w.in[i]
	out := Wait{
		Number: uint32(len(w.out.Waits) + 1), Case: None, Ask: i, Answer: None,
		First: first, Missed: x.Role&Missed != 0, Stage: stage, Department: department, Priority: priority,
		Waited: Null, Business: Null, Target: Null, Due: Null,
	}
	out.Existing = w.bought
	if stage != None {
		out.Case = len(w.out.Cases) - 1
		out.Existing, out.Known = w.lastCase().Existing, w.lastCase().Value
	}
	if d := w.def.departments[department]; d != nil {
		asked := time.UnixMilli(x.At).UTC()
		if level, promised := d.ServiceLevel(priority, asked); promised {
			out.Target, out.TargetBusiness = level.Reply.Milliseconds(), level.Business
			if due := d.Due(asked, level); !due.IsZero() { // a department that never opens keeps no promise
				out.Due = due.UnixMilli()
			}
		}
	}
	w.out.Waits = append(w.out.Waits, out)
	return len(w.out.Waits) - 1
}

// answer ends a wait.
func (w *Walker) answer(wait, i int) {
	out := &w.out.Waits[wait]
	from, to := w.in[out.Ask].At, w.in[i].At
	out.Answer, out.Waited = i, to-from
	if d := w.def.departments[out.Department]; d != nil {
		if open, known := d.Business(time.UnixMilli(from).UTC(), time.UnixMilli(to).UTC()); known {
			out.Business = open.Milliseconds()
		}
	}
}
