package synth

import (
	"fmt"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// What people do in each stage. Every function reports whether the case goes on; one that does not, ends in silence
// unless the story has ended it otherwise.

// browse lets the person look around on the web.
func (s *story) browse() bool {
	leaves := s.chance(natures[s.person.persona].leaveAwareness)
	sessions := 1
	for sessions < 5 && s.chance(0.5) {
		sessions++
	}
	stage := awareness
	for n := range sessions {
		if n > 0 {
			s.pause(s.between(10*time.Hour, 8*day))
			s.awake()
		}
		s.session(2+s.r.IntN(6), stage)
		stage = ""
	}
	if leaves && sessions > 1 && s.chance(0.12) {
		s.pause(s.between(2*day, 15*day))
		s.awake()
		s.put("site", "web.visited", source.Web{Page: "/newsletter/disiscrizione", Campaign: "newsletter", Customer: s.party(byCookie)},
			note{touchpoint: "newsletter", ends: "lost_explicit"})
	}
	if !leaves {
		s.pause(s.between(2*time.Minute, 4*day))
	}
	return !leaves
}

// session visits some pages in a row.
func (s *story) session(views int, stage journey.StageID) {
	for n := range views {
		v := source.Web{Page: "/prodotti/" + s.deal.machine.page, Customer: s.party(byCookie)}
		t := journey.TouchpointID("website")
		switch x := s.r.Float64(); {
		case x < 0.3:
			v.Page, t = pick(s.r, guides), "article"
		case x < 0.6:
			v.Page = pick(s.r, pages)
		}
		if n == 0 {
			v.Referrer = pick(s.r, []string{"https://search.example/", "https://search.example/", "", "https://social.example/"})
			if v.Referrer == "https://search.example/" {
				v.Search = pick(s.r, searches[s.person.lang])
			}
			if s.chance(0.1) {
				v.Campaign = pick(s.r, []string{"primavera", "fiera", "remarketing"})
			}
		}
		own := n == 1 && s.chance(0.45)
		if own {
			v.Page, t = audience[s.person.persona], "website"
		}
		s.put("site", "web.visited", v, note{touchpoint: t, stage: stage, reveals: own})
		stage = ""
		s.pause(s.between(15*time.Second, 4*time.Minute))
	}
}

// contact lets the person get in touch for the first time in this attempt.
func (s *story) contact() {
	switch x := s.r.Float64(); {
	case x < 0.6:
		s.fillsForm(pick(s.r, []string{"contatto", "contatto", "preventivo"}), "contact-form")
	case x < 0.73:
		th := s.mailThread("info-mail", "enquiry", "enquiry")
		if !s.converses(th, "enquiry", "enquiry", s.feel("enquiry", 0.8), evaluation) {
			s.suffer(0.3)
		}
	default:
		if !s.dials(s.line(), "enquiry", s.feel("enquiry", 1), evaluation) {
			s.suffer(0.3)
		}
	}
	s.fresh = false
}

// line chooses which number a person dials.
func (s *story) line() journey.TouchpointID {
	if s.chance(natures[s.person.persona].mobile) {
		return "salesperson"
	}
	return pick(s.r, []journey.TouchpointID{"toll-free", "toll-free", "toll-free", "switchboard", "switchboard", "showroom", "answering-machine"})
}

// fair lets the person meet the company at its stand.
func (s *story) fair() { s.fillsForm("fiera", "trade-fair") }

// fillsForm sends a form, gets the cold automatic mail, and is called or written to some time later. A form has no
// thread: whoever reaches the person next has answered it.
func (s *story) fillsForm(form string, t journey.TouchpointID) {
	said := s.compose(plain, "enquiry", s.feel("enquiry", 0.8))
	f := source.Form{Form: form, Page: "/" + form, Customer: s.onForm(t), Message: said.text, Fields: map[string]string{
		"azienda": s.person.company, "citta": s.person.city, "macchina": s.deal.machine.it,
	}}
	named := s.chance(0.9)
	if named {
		f.Fields["ruolo"] = field[s.person.persona]
	}
	if s.chance(0.5) {
		f.Lang = s.person.lang
	}
	n := note{touchpoint: t, stage: evaluation, asks: "form", mood: &said, reveals: named}
	if t == "trade-fair" {
		s.now = s.w.office.add("marketing", s.now, s.between(time.Minute, 5*time.Hour))
		f.Page = ""
	}
	s.put("forms", "form.submitted", f, n)
	s.automatic("automatic-reply", "reply")
	if s.chance(0.015) { // and comes back: the mailbox was full, or the address mistyped
		s.pause(s.between(time.Second, time.Minute))
		s.put("mail", "email.bounced", source.Email{
			From: mailboxes["automatic-reply"], To: []string{s.person.email}, Subject: "Undelivered mail returned to sender", Automatic: true,
		}, note{touchpoint: "automatic-reply", idle: true})
	}
	s.fresh = false

	asked := s.now
	patience := s.between(2*day, 6*day)
	due := s.w.office.add("sales", s.now, s.delay(t))
	if never := s.never(t); never || due.Sub(asked) > patience && s.chance(0.4) {
		s.now = asked.Add(patience)
		s.suffer(0.25)
		if !s.chance(0.6) {
			if never {
				s.suffer(0.5)
				return
			}
		} else if th := s.mailThread("info-mail", "enquiry", "enquiry"); !s.converses(th, "enquiry", "enquiry", s.emotion("enquiry", "impatience"), "") {
			return
		}
	}
	if !s.waiting() {
		return
	}
	s.now = laterOf(due, s.now)
	s.impatience(asked)
	if s.chance(0.6) {
		s.calls("enquiry", s.feel("enquiry", 1))
		return
	}
	s.replies(s.mailThread("sales-mail", "enquiry", "enquiry"), "enquiry")
}

// onForm is what a person types into a form, and the cookie that goes along unless somebody else's tablet is used.
func (s *story) onForm(t journey.TouchpointID) source.Party {
	by := byEmail | byPhone
	if t != "trade-fair" {
		by |= byCookie
	}
	p := s.party(by)
	p.Phone, p.Name, p.Account = s.person.dialled, s.person.first+" "+s.person.last, s.person.domain
	return p
}

// evaluate lets the person ask, compare and doubt.
func (s *story) evaluate() bool {
	n := natures[s.person.persona]
	leaves := s.chance(n.leaveEvaluation + (1-n.leaveEvaluation)*0.75*s.strain)
	rounds := s.r.IntN(3)
	if s.waiting() {
		leaves, rounds = true, 0
	}
	th := s.mailThread("sales-mail", "enquiry", "enquiry")
	for range rounds {
		s.pause(s.between(4*time.Hour, 6*day))
		if s.chance(0.12) {
			s.automatic("newsletter", "newsletter")
		}
		switch x := s.r.Float64(); {
		case x < 0.45:
			s.converses(th, "enquiry", "enquiry", s.feel("enquiry", 1), "")
		case x < 0.65:
			s.dials(s.line(), "enquiry", s.feel("enquiry", 1), "")
		case x < 0.8:
			s.awake()
			s.session(2+s.r.IntN(4), "")
		default:
			s.calls("enquiry", s.feel("enquiry", 0.7))
		}
	}
	if s.waiting() {
		return false
	}
	if leaves {
		return false
	}
	s.pause(s.between(10*time.Hour, 9*day))
	return true
}

// decide sends the quote and lets the person decide.
func (s *story) decide() bool {
	p, d := s.person, &s.deal
	th := s.mailThread("sales-mail", "quote", "quote")
	s.replies(th, "quote")
	s.pause(s.between(20*time.Second, 3*time.Minute))
	sent := s.now
	quote := source.Quote{Quote: d.quote, Customer: s.party(byCRM | byEmail), Value: d.value, Currency: "EUR", Agent: p.sales.name}
	s.put("crm", "quote.sent", quote, note{touchpoint: "quote", stage: decision, answers: true, value: d.value})

	for range s.r.IntN(4) {
		s.pause(s.between(8*time.Hour, 7*day))
		if s.clarifies(th); s.waiting() {
			return false
		}
	}
	if s.chance(0.55) {
		s.pause(s.between(3*day, 9*day))
		s.follows(th)
	}
	s.pause(s.between(day, 8*day))
	s.awake()
	quote.Agent = ""
	if s.chance(s.odds(sent)) {
		said := s.compose(plain, "accept", s.feel("accept", 0.7))
		quote.Text = said.text
		s.put("crm", "quote.accepted", quote, note{touchpoint: "quote", mood: &said, value: d.value})
		s.pause(s.between(20*time.Minute, 3*day))
		return true
	}
	s.refuses(quote, sent)
	return false
}

// odds is the chance that a quote sent at a time is won.
func (s *story) odds(sent time.Time) float64 {
	n := natures[s.person.persona]
	odds := n.winBefore
	if !sent.Before(s.w.turn()) {
		odds = n.winAfter
	}
	if sent.In(s.w.office.zone).Month() == time.August {
		odds *= 0.75
	}
	return odds * (1.15 - 0.6*s.strain)
}

// clarifies lets the person ask about the quote: rarely the one who wrote it.
func (s *story) clarifies(th *thread) {
	switch x := s.r.Float64(); {
	case x < 0.33:
		s.converses(s.mailThread("service-mail", "quote", "quote"), "quote", "quote", s.feel("quote", 1.2), "")
	case x < 0.6:
		s.converses(th, "quote", "quote", s.feel("quote", 1), "")
	case x < 0.7:
		s.awake()
		s.session(1+s.r.IntN(3), "")
	default:
		s.dials(s.line(), "quote", s.feel("quote", 1), "")
	}
}

// follows lets the salesperson ask how things stand.
func (s *story) follows(th *thread) {
	if s.chance(0.5) {
		s.calls("quote", s.feel("quote", 0.8))
		return
	}
	s.replies(th, "followup")
}

// refuses ends the quote: said so, run out, or never heard of again.
func (s *story) refuses(quote source.Quote, sent time.Time) {
	lost := note{touchpoint: "quote", ends: "lost_explicit", value: quote.Value}
	switch x := s.r.Float64(); {
	case x < 0.42:
		said := s.compose(plain, "refusal", s.feel("refusal", 1))
		quote.Text, lost.mood = said.text, &said
		quote.Reason = pick(s.r, []string{"price", "lead-time", "competitor", "postponed", "no-answer"})
		s.put("crm", "quote.rejected", quote, lost)
	case x < 0.6:
		s.now = laterOf(sent.Add(30*day), s.now.Add(day))
		quote.Reason = "expired"
		s.put("crm", "quote.expired", quote, lost)
	}
}

// buy takes the order to the balance.
func (s *story) buy() bool {
	d, n := &s.deal, natures[s.person.persona]
	o := source.Order{Order: d.order, Customer: s.party(byCRM | byEmail), Value: d.value, Currency: "EUR", Activity: "machine"}
	s.put("erp", "order.placed", o, note{touchpoint: "order", stage: purchase, value: d.value})
	s.automatic("order", "order")

	late := s.chance(0.28)
	ready := s.now.Add(s.between(25*day, 55*day))
	if late {
		ready = ready.Add(s.between(8*day, 30*day))
	}
	cancels := s.chance(n.cancel) || late && s.chance(0.08)
	s.awaits(ready, late)
	if cancels || s.strain > 0.9 && s.chance(0.3) {
		s.awake()
		o.Reason = pick(s.r, []string{"late", "financing", "changed-mind"})
		s.put("erp", "order.cancelled", o, note{touchpoint: "order", ends: "lost_explicit", value: d.value})
		return false
	}
	s.now = s.w.office.add("logistics", laterOf(ready, s.now), s.between(10*time.Minute, 6*time.Hour))
	if s.waiting() { // the carrier's office calls the day before, so nobody waits for a call any more
		s.talks("switchboard", journey.Outbound, "delivery", s.feel("delivery", 1), "")
	}
	s.put("erp", "order.delivered", o, note{touchpoint: "delivery", answers: true, value: d.value})
	s.unpacks()
	return s.pays(o)
}

// awaits fills the weeks until delivery.
func (s *story) awaits(ready time.Time, late bool) {
	rounds := 1 + s.r.IntN(3)
	step := ready.Sub(s.now) / time.Duration(rounds+1)
	lean := 0.8
	if late {
		lean = 2.5
		s.suffer(0.2)
	}
	for range rounds {
		s.pause(time.Duration(float64(step) * (0.6 + 0.4*s.r.Float64())))
		switch x := s.r.Float64(); {
		case x < 0.35:
			s.awake()
			s.put("site", "web.visited", source.Web{Page: "/area-clienti/ordini", Customer: s.party(byCookie)}, note{touchpoint: "customer-area"})
		case x < 0.65:
			s.converses(s.mailThread("service-mail", "delivery", "order"), "delivery", "order", s.expects(late, lean), "")
		case x < 0.8:
			s.dials(s.line(), "delivery", s.expects(late, lean), "")
		default:
			s.automatic("order", "order")
		}
	}
}

// expects is how somebody feels who waits for a machine: nobody has unpacked anything yet.
func (s *story) expects(late bool, lean float64) feeling {
	if s.chance(0.35*lean*natures[s.person.persona].temper*0.5) || late && s.chance(0.5) {
		return s.emotion("delivery", "impatience")
	}
	return s.emotion("delivery", "none")
}

// unpacks lets the customer say what arrived: damage goes to the returns, joy to whoever reads it.
func (s *story) unpacks() {
	switch x := s.r.Float64(); {
	case x < 0.16:
		s.pause(s.between(time.Hour, 2*day))
		th := s.newTicket("returns", "delivery", "resi", pick(s.r, []string{"high", "normal", "normal"}))
		if s.chance(0.25) {
			th = s.mailThread("returns", "delivery", "order")
		}
		if s.converses(th, "delivery", "returns", s.emotion("delivery", "frustration", "frustration", "disappointment"), "") {
			s.pause(s.between(day, 9*day))
			s.closes(th, 0.3)
		}
	case x < 0.5:
		s.pause(s.between(6*time.Hour, 6*day))
		th := s.mailThread("service-mail", "delivery", "order")
		happy := []string{"satisfaction", "satisfaction", "joy"}
		if s.chance(0.25 * natures[s.person.persona].temper) {
			happy = []string{"disappointment", "frustration"}
			s.suffer(0.2)
		}
		s.converses(th, "delivery", "order", s.emotion("delivery", happy...), "")
	}
}

// pays takes the case from the delivery to the balance, through reminders where it must.
func (s *story) pays(o source.Order) bool {
	n := natures[s.person.persona]
	paid := note{touchpoint: "payment", stage: use, value: o.Value}
	due := s.now.Add(s.between(20*day, 50*day))
	if s.chance(0.3) {
		s.pause(due.Sub(s.now) / 2)
		s.converses(s.mailThread("administration-mail", "payment", "payment"), "payment", "payment", s.feel("payment", 1), "")
	}
	s.now = laterOf(due, s.now)
	if !s.chance(n.overdue) {
		s.staffed("administration")
		s.put("erp", "order.paid", o, paid)
		return true
	}
	pays := s.chance(remindedPays)
	for reminder := 0; reminder < 3; reminder++ {
		s.pause(s.between(9*day, 18*day))
		th := s.mailThread("administration-mail", "payment", "reminder")
		s.replies(th, "reminder")
		if s.chance(0.45) {
			s.pause(s.between(2*time.Hour, 4*day))
			lean := 1.6
			if pays {
				lean = 0.9
			}
			s.converses(th, "payment", "payment", s.feel("payment", lean), "")
		}
		if pays && (reminder == 2 || s.chance(0.55)) {
			s.pause(s.between(day, 9*day))
			s.staffed("administration")
			s.put("erp", "order.paid", o, paid)
			return true
		}
	}
	return false
}

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
	if s.waiting() || !s.chance(n.loyal*(1.05-0.6*s.strain)) {
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
	bad := 1.3
	stage := journey.StageID("")
	if !s.open {
		stage = use
	}
	asked := s.now
	th := s.newTicket("help-desk", "technical", "assistenza", pick(s.r, []string{"high", "high", "normal", "normal", "low"}))
	helped := false
	switch x := s.r.Float64(); {
	case x < 0.45 || stage != "": // who comes in from nowhere opens a ticket; a call would be an enquiry
		helped = s.converses(th, "technical", "technical", s.feel("technical", bad), stage)
	case x < 0.6:
		th = s.mailThread("service-mail", "technical", "technical")
		helped = s.converses(th, "technical", "technical", s.feel("technical", bad), "")
	default:
		line := s.line()
		if helped = s.dials(line, "technical", s.feel("technical", bad), ""); helped && s.chance(0.5) {
			s.notes(th)
		}
		if !helped && s.chance(0.5) {
			helped = s.converses(th, "chase", "technical", s.emotion("chase", "impatience", "frustration"), "")
		}
	}
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
