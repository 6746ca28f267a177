package synth

import (
	"fmt"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// using is the life with the machine, to the end of the story.
func (s *story) using() {
	n := natures[s.person.persona]
	broken := !s.open // an older machine appears in the story because it broke
	if broken || s.chance(n.breakdown) {
		if !s.breaks() {
			return
		}
		if s.chance(0.2) {
			s.pause(s.between(12*day, 60*day))
			if !s.breaks() {
				return
			}
		}
	}
	if s.waiting || !s.chance(n.loyal*(1.05-0.6*s.strain)) {
		return
	}
	s.pause(s.between(10*day, 70*day))
	s.comesBack()
}

// newTicket begins a ticket.
func (s *story) newTicket(t journey.TouchpointID, context, group, priority string) *thread {
	s.tickets++
	return &thread{
		touchpoint: t, context: context, ticket: fmt.Sprint(100_000 + 16*s.person.number + s.tickets), group: group, priority: priority,
		subject: s.part(s.w.texts[s.person.lang], "subject technical"),
	}
}

// breaks lets the machine break down and the customer ask for help. It reports whether the story goes on.
func (s *story) breaks() bool {
	s.awake()
	stage := journey.StageID("")
	if !s.open {
		stage = use
	}
	asked := s.now
	th, helped := s.asksForHelp(stage)
	if !helped {
		return s.abandoned()
	}
	slow := s.now.Sub(asked) > 3*day
	if slow {
		s.suffer(0.25)
	}
	if th.text != "" && s.chance(0.4) {
		s.pause(s.between(time.Hour, 2*day))
		s.converses(th, "chase", "technical", s.feel("chase", 0.8), "")
	}
	if (slow || s.strain > 0.6) && s.chance(0.35) {
		s.pause(s.between(3*time.Hour, 4*day))
		s.reviews(false)
		return false
	}
	if th.ticket != "" && th.text != "" && s.chance(0.05) {
		s.warrantyRefused(th)
		return false
	}
	s.pause(s.between(3*time.Hour, 6*day))
	s.closes(th, 0.45)
	return true
}

// asksForHelp lets the customer ask for help by ticket, mail or phone, and reports whether anybody helped. Who comes in
// from nowhere opens a ticket; a call would be an enquiry.
func (s *story) asksForHelp(stage journey.StageID) (th *thread, helped bool) {
	th = s.newTicket("help-desk", "technical", "assistenza", pick(s.r, []string{"high", "high", "normal", "normal", "low"}))
	f := s.feel("technical", 1.3)
	switch x := s.r.Float64(); {
	case x < 0.45 || stage != "":
		return th, s.converses(th, "technical", "technical", f, stage)
	case x < 0.6:
		th = s.mailThread("service-mail", "technical", "technical")
		return th, s.converses(th, "technical", "technical", f, "")
	}
	if s.phones("technical", 1.3, "") {
		if s.chance(0.5) {
			s.notes(th)
		}
		return th, true
	}
	return th, s.chance(0.5) && s.converses(th, "chase", "technical", s.emotion("chase", "impatience", "frustration"), "")
}

// notes writes down a call in a ticket that the customer never sees.
func (s *story) notes(th *thread) {
	s.pause(s.between(time.Minute, 20*time.Minute))
	s.put("helpdesk", "ticket.noted", source.Ticket{
		Ticket: th.ticket, Customer: s.party(byPhone), Author: "agent", Agent: s.colleague(th.touchpoint),
		Priority: th.priority, Group: th.group, Text: s.staff("solved"), Lang: s.person.lang,
	}, note{touchpoint: "back-office", idle: true})
}

// abandoned is what becomes of customers whom nobody helped: some tell the public, the others leave without a word.
func (s *story) abandoned() bool {
	s.suffer(0.4)
	if s.chance(0.5) {
		s.pause(s.between(day, 12*day))
		s.reviews(false)
	}
	return false
}

func (s *story) warrantyRefused(th *thread) {
	s.pause(s.between(day, 5*day))
	s.replies(th, "refuse")
	s.pause(s.between(time.Hour, 3*day))
	s.put("helpdesk", "ticket.closed", source.Ticket{
		Ticket: th.ticket, Author: "agent", Agent: s.agent, Status: "rejected", Priority: th.priority, Group: th.group,
	}, note{touchpoint: "help-desk", ends: "lost_explicit"})
}

// closes solves a thread; the customer may thank for it (or not quite), and say how satisfied they are.
func (s *story) closes(th *thread, thanks float64) {
	if th.text == "" {
		return
	}
	if th.ticket != "" {
		s.solves(th)
	}
	if s.chance(thanks) {
		s.pause(s.between(30*time.Minute, 2*day))
		if s.converses(th, "thanks", "solved", s.feel("thanks", 1), "") && th.ticket != "" {
			s.pause(s.between(time.Minute, time.Hour))
			s.solves(th)
		}
	}
	if th.ticket == "" {
		return
	}
	if s.chance(0.4) {
		s.pause(s.between(time.Hour, 4*day))
		s.awake()
		score := 5 - float64(int(4.2*s.strain+1.6*s.r.Float64()))
		s.put("helpdesk", "ticket.rated", source.Ticket{
			Ticket: th.ticket, Customer: s.party(byEmail), Author: "customer", Group: th.group,
			Rating: &source.Rating{Kind: "csat", Score: max(1, score), Min: 1, Max: 5},
		}, note{touchpoint: "survey"})
	}
	s.pause(s.between(day, 4*day))
	s.put("helpdesk", "ticket.closed", source.Ticket{
		Ticket: th.ticket, Author: "system", Status: "closed", Priority: th.priority, Group: th.group,
	}, note{touchpoint: "help-desk", idle: true})
}

func (s *story) solves(th *thread) {
	s.staffed(s.department(th.touchpoint))
	s.put("helpdesk", "ticket.solved", source.Ticket{
		Ticket: th.ticket, Author: "agent", Agent: s.colleague(th.touchpoint), Priority: th.priority, Group: th.group, Status: "solved",
		Text: s.staff("solved"), Lang: s.person.lang,
	}, note{touchpoint: th.touchpoint, answers: true, thread: th.name()})
}

// reviews lets the person tell the public.
func (s *story) reviews(content bool) {
	s.awake()
	f, stars, n := s.emotion("review", "frustration", "frustration", "disappointment"), 1+s.r.IntN(2), note{touchpoint: "review", ends: "lost_explicit"}
	if content {
		f, stars, n = s.emotion("review", "satisfaction", "satisfaction", "joy"), 4+s.r.IntN(2), note{touchpoint: "review", stage: loyalty, ends: "completed"}
		if s.chance(0.2) {
			f, stars, n = s.emotion("review", "mixed", "none"), 3, note{touchpoint: "review", stage: loyalty}
		}
	}
	said := s.compose(plain, "review", f)
	n.mood = &said
	s.put("reviews", "review.posted", source.Review{
		Site: "recensioni.example", Customer: s.party(byEmail), Text: said.text, Lang: said.lang,
		Rating: &source.Rating{Kind: "stars", Score: float64(stars), Min: 1, Max: 5},
	}, n)
}

// comesBack is loyalty: parts, a contract, a good word.
func (s *story) comesBack() {
	s.awake()
	if s.chance(0.25) {
		s.reviews(true)
		return
	}
	o := source.Order{
		Order: "R" + s.deal.order[1:], Customer: s.party(byCRM | byEmail), Value: float64(150 + 10*s.r.IntN(300)), Currency: "EUR", Activity: "spare parts",
	}
	if s.chance(0.4) {
		s.maintenance(o)
		return
	}
	s.put("erp", "order.placed", o, note{touchpoint: "spare-parts", stage: loyalty, value: o.Value})
	s.pause(s.between(day, 6*day))
	s.staffed("logistics")
	s.put("erp", "order.delivered", o, note{touchpoint: "spare-parts", answers: true, value: o.Value})
	s.pause(s.between(8*day, 60*day))
	switch x := s.r.Float64(); {
	case x < 0.3:
		s.awake()
		s.maintenance(o)
	case x < 0.55:
		s.reviews(true)
	case x < 0.63:
		s.reviews(false)
	}
}

// maintenance signs the contract that completes the journey.
func (s *story) maintenance(o source.Order) {
	o.Order, o.Activity, o.Value = "C"+s.deal.order[1:], "maintenance", float64(900+50*s.r.IntN(60))
	s.put("erp", "order.placed", o, note{touchpoint: "spare-parts", stage: loyalty, ends: "completed", value: o.Value})
}
