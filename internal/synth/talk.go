package synth

import (
	"fmt"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// thread is a conversation: mails or a ticket.
type thread struct {
	touchpoint journey.TouchpointID
	context    string // of texts
	ticket     string // id, "" for mails
	group      string
	priority   string
	subject    string
	box        string // the company's mailbox
	id         string // of the first mail
	last       string // id of the latest mail
	mails      int
	text       string // what was written last, to be quoted
}

// name is the thread as tappa names it.
func (th *thread) name() string {
	if th.ticket != "" {
		return "ticket:tramoggia/helpdesk/" + th.ticket
	}
	return "email:" + th.id
}

// mailThread begins a conversation with a mailbox.
func (s *story) mailThread(t journey.TouchpointID, context, subject string) *thread {
	s.threads++
	box := mailboxes[t]
	if box == "" {
		box = s.person.sales.mailbox
	}
	return &thread{
		touchpoint: t, context: context, box: box, subject: s.part(s.w.texts[s.person.lang], "subject "+subject),
		id: fmt.Sprintf("p%06d.%d@mail.tramoggia.example", s.person.number, s.threads),
	}
}

// message fills in what all mails of a thread share.
func (s *story) message(th *thread) source.Email {
	m := source.Email{Subject: th.subject, Lang: s.person.lang, MessageID: "<" + th.id + ">"}
	if th.mails++; th.mails > 1 {
		m.Subject = "Re: " + th.subject
		m.References, m.InReplyTo = []string{"<" + th.id + ">"}, th.last
		m.MessageID = fmt.Sprintf("<%d.%s>", th.mails, th.id)
	}
	th.last = m.MessageID
	return m
}

// writes lets the customer write in a thread; stage is where that brings the case, "" leaves it.
func (s *story) writes(th *thread, context string, f feeling, stage journey.StageID) {
	s.awake()
	if th.ticket != "" {
		s.ticketText(th, context, f, stage)
		return
	}
	m := s.message(th)
	said := s.compose(mail, context, f)
	m.From, m.To = s.person.email, []string{th.box}
	m.Customer = s.party(byEmail)
	m.Customer.Email = ""
	m.Text = said.text
	if th.text != "" && s.chance(0.55) {
		m.Text = s.quote(m.Text, th.box, th.text)
	}
	if s.chance(0.4) {
		m.From = s.person.first + " " + s.person.last + " <" + s.person.email + ">"
	}
	if s.chance(0.5) {
		m.Lang = ""
	}
	th.text = said.text
	s.put("mail", "email.received", m, note{
		touchpoint: th.touchpoint, stage: stage, asks: "email", thread: th.name(), mood: &said, reveals: said.signed,
	})
}

// ticketText opens a ticket or comments on it.
func (s *story) ticketText(th *thread, context string, f feeling, stage journey.StageID) {
	said := s.compose(ticket, context, f)
	kind := "ticket.commented"
	if th.text == "" {
		kind = "ticket.opened"
	}
	th.text = said.text
	s.put("helpdesk", kind, source.Ticket{
		Ticket: th.ticket, Customer: s.party(byEmail), Author: "customer", Priority: th.priority, Group: th.group,
		Subject: th.subject, Text: said.text, Lang: said.lang, Status: "open",
	}, note{touchpoint: th.touchpoint, stage: stage, asks: "ticket", thread: th.name(), mood: &said})
	if kind == "ticket.opened" && s.chance(0.5) {
		s.pause(s.between(10*time.Second, 20*time.Minute))
		s.put("helpdesk", "ticket.updated", source.Ticket{
			Ticket: th.ticket, Author: "agent", Agent: s.colleague(th.touchpoint), Status: "open", Priority: th.priority, Group: th.group,
		}, note{touchpoint: "back-office", idle: true})
	}
}

// replies lets a human of the company answer in a thread.
func (s *story) replies(th *thread, kind string) {
	s.staffed(s.department(th.touchpoint))
	if th.ticket != "" {
		s.put("helpdesk", "ticket.commented", source.Ticket{
			Ticket: th.ticket, Author: "agent", Agent: s.colleague(th.touchpoint), Priority: th.priority, Group: th.group,
			Text: s.staff(kind), Lang: s.person.lang, Status: "pending",
		}, note{touchpoint: th.touchpoint, answers: true, thread: th.name()})
		return
	}
	m := s.message(th)
	m.From, m.To, m.Agent = th.box, []string{s.person.email}, s.colleague(th.touchpoint)
	m.Customer = s.party(byEmail)
	m.Customer.Email = ""
	m.Text = s.staff(kind)
	if th.text != "" && s.chance(0.5) {
		m.Text = s.quote(m.Text, s.person.email, th.text)
	}
	touchpoint := th.touchpoint
	if kind == "reminder" {
		touchpoint = "payment-reminder"
	}
	th.text = m.Text
	s.put("mail", "email.sent", m, note{touchpoint: touchpoint, answers: true, thread: th.name()})
}

// automatic lets a machine of the company's write, seconds later.
func (s *story) automatic(t journey.TouchpointID, kind string) {
	s.pause(s.between(5*time.Second, 90*time.Second))
	texts := s.w.texts[s.person.lang]
	s.threads++
	customer := s.party(byEmail)
	customer.Email = ""
	s.put("mail", "email.sent", source.Email{
		Customer:  customer,
		MessageID: fmt.Sprintf("<p%06d.%d@mail.tramoggia.example>", s.person.number, s.threads),
		From:      mailboxes[t], To: []string{s.person.email}, Subject: s.part(texts, "subject auto"), Text: s.part(texts, "auto "+kind),
		Lang: s.person.lang, Automatic: true,
	}, note{touchpoint: t, idle: true})
}

func (s *story) department(t journey.TouchpointID) journey.DepartmentID {
	if m, ok := manners[t]; ok {
		return m.department
	}
	return "administration"
}

// colleague names who acts for the company on a touchpoint.
func (s *story) colleague(t journey.TouchpointID) string {
	d := s.department(t)
	s.agent = pick(s.r, agents[d])
	if t == "sales-mail" || t == "salesperson" {
		s.agent = s.person.sales.name
	}
	return s.agent
}

// number returns the company's number of a touchpoint.
func (s *story) number(t journey.TouchpointID) string {
	if n, ok := numbers[t]; ok {
		return n
	}
	return s.person.sales.number
}

// dials lets the customer call until somebody answers or they give up, and reports whether they spoke to somebody.
func (s *story) dials(t journey.TouchpointID, context string, f feeling, stage journey.StageID) bool {
	if s.chance(0.85) {
		s.staffed(s.department(t))
	} else {
		s.awake()
	}
	for range 3 {
		if s.w.office.open(s.department(t), s.now) && !s.chance(missed[t]) {
			s.talks(t, journey.Inbound, context, f, stage)
			return true
		}
		s.misses(t, context, f, stage)
		stage = ""
		switch {
		case s.never(t):
			s.suffer(0.45)
			if s.chance(0.4) {
				return false
			}
		case s.chance(0.55):
			asked := s.now
			s.now = s.w.office.add(s.department(t), s.now, s.delay(t))
			s.impatience(asked)
			back := t
			if t == "answering-machine" || t == "switchboard" {
				back = "toll-free"
			}
			s.talks(back, journey.Outbound, context, f, "")
			return true
		}
		s.suffer(0.1)
		s.pause(s.between(3*time.Minute, 20*time.Hour))
		s.staffed(s.department(t))
		if t == "answering-machine" {
			t = "toll-free"
		}
	}
	return false
}

// misses lets the customer call in vain. Out of hours, some speak to the answering machine.
func (s *story) misses(t journey.TouchpointID, context string, f feeling, stage journey.StageID) {
	c := source.Call{
		Direction: "inbound", Customer: s.party(byPhone), Number: s.number(t), Reason: pick(s.r, []string{"no-answer", "abandoned", "busy"}),
		RingSeconds: float64(8 + s.r.IntN(80)),
	}
	n := note{touchpoint: t, stage: stage, asks: "missed-call"}
	if !s.w.office.open(s.department(t), s.now) {
		c.Reason = "closed"
		if t != "salesperson" && s.chance(0.5) {
			t = "answering-machine"
		}
	}
	if t == "answering-machine" {
		said := s.compose(call, context, f)
		c.Number, c.Reason, c.Transcript, c.Lang = numbers[t], "voicemail", said.text, said.lang
		n.touchpoint, n.mood = t, &said
	}
	s.put("pbx", "call.missed", c, n)
}

// talks lets customer and company speak. Most calls are transcribed.
func (s *story) talks(t journey.TouchpointID, d journey.Direction, context string, f feeling, stage journey.StageID) {
	c := source.Call{
		Direction: string(d), Customer: s.party(byPhone), Number: s.number(t), Agent: s.colleague(t),
		RingSeconds: float64(3 + s.r.IntN(40)), TalkSeconds: float64(45 + s.r.IntN(900)),
	}
	n := note{touchpoint: t, stage: stage, answers: true}
	if s.chance(0.8) {
		said := s.compose(call, context, f)
		c.Transcript, c.Lang = said.text, said.lang
		n.mood = &said
	}
	s.put("pbx", "call.held", c, n)
	s.pause(time.Duration(c.TalkSeconds) * time.Second)
}

// calls lets a salesperson call. Nobody is there now and then; that is booked as a missed call of ours, unless the
// customer waits for us: then we try again until we reach them.
func (s *story) calls(context string, f feeling) {
	s.staffed("sales")
	if !s.waiting && s.chance(0.3) {
		s.put("pbx", "call.missed", source.Call{
			Direction: "outbound", Customer: s.party(byPhone), Number: s.person.sales.number, Agent: s.person.sales.name,
			Reason: "no-answer", RingSeconds: float64(15 + s.r.IntN(30)),
		}, note{touchpoint: "salesperson"})
		s.pause(s.between(time.Hour, 30*time.Hour))
		s.staffed("sales")
	}
	s.talks("salesperson", journey.Outbound, context, f, "")
}

// converses lets the customer write in a thread and the company answer it, or not; it reports whether it did.
func (s *story) converses(th *thread, context, staff string, f feeling, stage journey.StageID) bool {
	s.writes(th, context, f, stage)
	return s.answered(th, staff)
}

// answered lets the company answer a thread after its own manner. Customers who wait too long ask again.
func (s *story) answered(th *thread, staff string) bool {
	asked, never := s.now, s.never(th.touchpoint)
	due := s.w.office.add(s.department(th.touchpoint), s.now, s.delay(th.touchpoint))
	patience := s.between(30*time.Hour, 5*day)
	for n := 0; n < 2 && (never || due.Sub(s.now) > patience) && s.chance(0.65); n++ {
		s.pause(patience)
		s.suffer(0.15)
		chase := "chase"
		if th.context == "enquiry" || th.context == "quote" || th.context == "delivery" {
			chase = th.context
		}
		s.writes(th, chase, s.emotion(chase, "impatience"), "")
		if never && s.chance(0.5) {
			never, due = false, s.w.office.add(s.department(th.touchpoint), s.now, s.delay(th.touchpoint)/2)
		}
		due = laterOf(due, s.now.Add(20*time.Minute))
	}
	if never {
		s.suffer(0.4)
		return false
	}
	s.now = laterOf(due, s.now)
	s.impatience(asked)
	s.replies(th, staff)
	return true
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// suffer adds to what the person has had to put up with.
func (s *story) suffer(much float64) { s.strain = min(1, s.strain+much) }

// impatience makes the person suffer for what they waited since asked. A quick answer makes up for earlier ones.
func (s *story) impatience(asked time.Time) {
	waited := s.now.Sub(asked)
	switch {
	case waited < 3*time.Hour:
		s.strain = max(0, s.strain-0.15)
	case waited > 2*day:
		s.suffer(min(0.35, 0.05*waited.Hours()/24))
	}
}
