package aggregate

import "math"

// runFacts finds what was known of a run before its visits ended: at which touchpoints it had been, whether something negative had been
// written, and whether a question's target had passed. Visits of a run end in the order of their positions, so what was known before one
// ended was known before all later ones did: a fact is known from a visit on, named by one more than its position, 0 for none.
type runFacts struct {
	run      uint32
	visits   []visitSpan
	waits    []openWait
	met      []uint32 // by number of a touchpoint in the block: the last run that met it
	negative uint8
	late     int64 // when the first target passed unanswered
}

type visitSpan struct {
	number        uint32 // among the subject's, from 1
	position      uint8
	entered, left int64
}

// openWait is when something was asked, and answered: never is math.MaxInt64.
type openWait struct{ asked, answered int64 }

func (r *runFacts) begin() {
	r.run++
	r.visits, r.waits, r.negative, r.late = r.visits[:0], r.waits[:0], 0, math.MaxInt64
}

func (r *runFacts) wait(asked, answered int64, isAnswered bool) {
	if !isAnswered {
		answered = math.MaxInt64
	}
	r.waits = append(r.waits, openWait{asked, answered})
	for i := len(r.waits) - 1; i > 0 && r.waits[i].asked < r.waits[i-1].asked; i-- { // they mostly come in order
		r.waits[i], r.waits[i-1] = r.waits[i-1], r.waits[i]
	}
}

// asked gives for how long of a visit a question was open, in milliseconds; of two at a time it counts once.
func (r *runFacts) asked(in visitSpan) (total int64) {
	from := in.entered
	for _, q := range r.waits {
		begin, end := max(from, q.asked), min(q.answered, in.left)
		if end > begin {
			total += end - begin
			from = end
		}
	}
	return total
}

// toward gives the number of the visit to the furthest stage that the run had come to at a step, 0 for none, and one more than its position if the
// step was at a touchpoint, before the visit's end, and did not decide how that went; else 0.
func (r *runFacts) toward(reached uint8, x *interaction) (number uint32, toward uint8) {
	for i := len(r.visits) - 1; i >= 0 && reached > 0; i-- {
		v := &r.visits[i]
		if v.position != reached-1 {
			continue
		}
		if x.touchpoint != "" && x.outcome == "" && x.at <= v.left {
			toward = reached
		}
		return v.number, toward
	}
	return 0, 0
}

// before gives the first visit that ended after an instant.
func (r *runFacts) before(at int64) uint8 {
	for _, v := range r.visits {
		if v.left > at {
			return v.position + 1
		}
	}
	return 0
}

// step gives from which visit on it was known that the run had been at the step's touchpoint; 0 where it had been there before.
func (r *runFacts) step(x *interaction, touchpoint uint32) uint8 {
	if x.moodEligible && x.moodLabel == negativeMood && r.negative == 0 {
		r.negative = r.before(x.at)
	}
	if x.touchpoint == "" {
		return 0
	}
	if missing := int(touchpoint) + 1 - len(r.met); missing > 0 {
		r.met = append(r.met, make([]uint32, missing)...)
	}
	if r.met[touchpoint] == r.run {
		return 0
	}
	r.met[touchpoint] = r.run
	return r.before(x.at)
}

const negativeMood = "negative"
