package synth

import (
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

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
	if s.waiting { // the carrier's office calls the day before, so nobody waits for a call any more
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
