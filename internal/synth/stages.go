package synth

import (
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
		if !s.phones("enquiry", 1, evaluation) {
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

// phones lets the customer call the number they have at hand, in the mood in which people call that one.
func (s *story) phones(context string, lean float64, stage journey.StageID) bool {
	t := s.line()
	return s.dials(t, context, s.feel(context, lean*leans[t]), stage)
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

	s.formAnswered(t)
}

// formAnswered lets sales get back to whoever sent a form, or not. Who waits too long writes to the enquiries mailbox, or gives up.
func (s *story) formAnswered(t journey.TouchpointID) {
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
	if !s.waiting {
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
	if s.waiting {
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
			s.phones("enquiry", 1, "")
		case x < 0.8:
			s.awake()
			s.session(2+s.r.IntN(4), "")
		default:
			s.calls("enquiry", s.feel("enquiry", 0.7))
		}
	}
	if s.waiting {
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
		if s.clarifies(th); s.waiting {
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
	if !sent.Before(s.w.Turn()) {
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
		s.phones("quote", 1, "")
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
