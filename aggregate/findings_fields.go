package aggregate

import (
	"tappa/aggregate/walk"
	"tappa/journey"
)

// foundRun is a case, or with attempt 0 what was asked outside any.
type foundRun struct {
	walk.Case
	person, account, customer, stage string
}

// contact adds one of the subject's contact keys. Waits and steps name them by their numbers, from 1.
func (b *findingsBlock) contact(key, person string) {
	f := b.contacts.fields
	b.contacts.records++
	f[0].text(key)
	f[1].text(person)
}

// run begins a run. Fields are filled in the order in which newFindingsBlock names them.
func (b *findingsBlock) run(r *foundRun) {
	f := b.runs.fields
	b.runs.records++
	f[0].uint32(r.Attempt)
	f[1].text(r.ID)
	f[2].text(r.person)
	f[3].text(r.account)
	f[4].text(r.Persona)
	f[5].text(r.customer)
	f[6].int64(r.Opened)
	f[7].int64(r.Closed)
	f[8].text(string(r.Exit))
	f[9].text(r.stage)
	f[10].uint8(r.Stage)
	f[11].int64(r.First)
	f[12].int64(r.Last)
	f[13].uint32(r.Interactions)
	f[14].float64(r.Value)
	f[15].uint32(b.visits.count() + 1)
	f[17].uint32(b.waits.count() + 1)
	f[19].uint32(b.steps.count() + 1)
	b.begun = [...]uint32{b.visits.count(), b.waits.count(), b.steps.count()}
	b.facts.begin()
}

// endRun ends a run's visits, waits and steps.
func (b *findingsBlock) endRun() {
	f := b.runs.fields
	f[21].uint8(b.facts.negative)
	f[22].uint8(b.facts.before(b.facts.late))
	for _, v := range b.facts.visits {
		b.visits.fields[13].int64(b.facts.asked(v))
	}
	f[16].uint32(b.visits.count() - b.begun[0])
	f[18].uint32(b.waits.count() - b.begun[1])
	f[20].uint32(b.steps.count() - b.begun[2])
}

func (b *findingsBlock) visit(v *walk.Visit, stage string, entry *interaction) {
	f := b.visits.fields
	b.visits.records++
	b.facts.visits = append(b.facts.visits, visitSpan{b.visits.count(), v.Stage, v.Entered, v.Left})
	f[0].uint32(b.runs.count())
	f[1].uint8(v.Stage)
	f[2].text(stage)
	f[3].int64(v.Entered)
	f[4].int64(v.Left)
	f[5].text(string(v.Exit))
	f[6].int64(v.LastActivity)
	f[7].text(entry.touchpoint)
	f[8].text(entry.channel)
	f[9].text(entry.department)
	f[10].uint32(v.Interactions)
	f[11].float64(v.Value)
	f[12].float64(v.Known)
}

// wait adds a question, and its answer unless that is nil.
func (b *findingsBlock) wait(w *walk.Wait, stage string, contact uint32, ask, answer *interaction) {
	f := b.waits.fields
	b.waits.records++
	f[0].uint32(b.runs.count())
	f[1].uint32(w.Number)
	f[2].uint32(contact)
	f[3].text(customer(w.Existing))
	f[4].float64(w.Known)
	f[5].text(ask.thread)
	f[6].bool(w.First)
	f[7].bool(w.Missed)
	f[8].text(ask.source)
	f[9].text(stage)
	f[10].text(ask.touchpoint)
	f[11].text(ask.channel)
	f[12].text(w.Department)
	f[13].text(w.Priority)
	f[14].int64(ask.at)
	f[15].text(ask.origin)
	f[16].text(ask.id)
	answered := answer != nil
	if !answered {
		answer = &noInteraction
	}
	f[17].maybe(answer.at, answered)
	f[18].text(answer.origin)
	f[19].text(answer.id)
	f[20].maybe(w.Waited, w.Waited != walk.Null)
	f[21].maybe(w.Business, w.Business != walk.Null)
	f[22].maybe(w.Target, w.Target != walk.Null)
	f[23].bool(w.TargetBusiness)
	f[24].maybe(w.Due, w.Due != walk.Null)
	b.facts.wait(ask.at, answer.at, answered)
	if w.Due != walk.Null && (!answered || answer.at > w.Due) {
		b.facts.late = min(b.facts.late, w.Due)
	}
}

// noInteraction stands for an answer that has not come.
var noInteraction = interaction{tag: &tag{}}

// stepWords is the first of the fields of steps that an interaction's tag fills.
const stepWords = 17

func (b *findingsBlock) step(s *walk.Step, stage string, contact uint32, x *interaction) {
	f := b.steps.fields
	b.steps.records++
	visit, toward := b.facts.toward(s.Reached, x)
	f[0].uint32(b.runs.count())
	f[1].uint32(visit)
	f[2].int64(x.at)
	f[3].uint32(contact)
	f[4].text(x.id)
	f[5].text(stage)
	f[6].uint8(s.Reached)
	f[7].uint8(toward)
	f[9].bool(s.Return)
	f[10].float64(s.Known)
	f[11].float32(x.moodScore)
	f[12].bool(x.automatic)
	f[13].bool(x.moodEligible)
	f[14].bool(x.public)
	f[15].bool(x.solved)
	f[16].text(ticketOf(x))
	codes := b.codesOf(x.tag)
	f[8].uint8(b.facts.step(x, codes[1]))
	for i, code := range codes {
		words := &f[stepWords+i].words
		words.rows = append(words.rows, code)
	}
}

// ticketOf gives the ticket that a step belongs to. Threads of other kinds are not kept with the steps: nobody asks for them.
func ticketOf(x *interaction) string {
	if x.source != string(journey.SourceTicket) {
		return ""
	}
	return x.thread
}

// codesOf gives the numbers that a tag's words have in this block: they are looked up once for each tag, not for each step.
func (b *findingsBlock) codesOf(t *tag) []uint32 {
	for t.number >= len(b.codes) {
		b.codes = append(b.codes, nil)
	}
	if codes := b.codes[t.number]; codes != nil && t.number != unnumbered {
		return codes
	}
	words := [...]string{
		t.source, t.touchpoint, t.channel, t.department, t.direction, t.outcome, t.moodLabel, t.moodEmotion,
		t.origin, t.kind, t.activity, t.moodLang,
	}
	codes := make([]uint32, len(words))
	for i, word := range words {
		codes[i] = b.steps.fields[stepWords+i].words.numberOf(word)
	}
	b.codes[t.number] = codes
	return codes
}
