package aggregate

import "tappa/aggregate/walk"

// foundRun is a case, or with attempt 0 what was asked outside any.
type foundRun struct {
	walk.Case
	person, account, customer, stage string
}

// contact adds one of the subject's contact keys; runs name them by their numbers, from 0.
func (b *walksBlock) contact(key, person string) {
	f := b.contacts.fields
	b.contacts.records++
	f[0].text(key)
	f[1].text(person)
}

// run begins a run. Fields are filled in the order in which newWalksBlock names them.
func (b *walksBlock) run(r *foundRun) {
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
}

func (b *walksBlock) visit(v *walk.Visit, stage string, entry *interaction) {
	f := b.visits.fields
	b.visits.records++
	f[0].uint8(v.Stage)
	f[1].text(stage)
	f[2].int64(v.Entered)
	f[3].int64(v.Left)
	f[4].text(string(v.Exit))
	f[5].int64(v.LastActivity)
	f[6].text(entry.touchpoint)
	f[7].text(entry.channel)
	f[8].text(entry.department)
	f[9].uint32(v.Interactions)
	f[10].float64(v.Value)
	f[11].float64(v.Known)
}

// wait adds a question, and its answer unless that is nil.
func (b *walksBlock) wait(w *walk.Wait, stage string, contact uint32, ask, answer *interaction) {
	f := b.waits.fields
	b.waits.records++
	f[0].uint32(w.Number)
	f[1].uint32(contact)
	f[2].text(customer(w.Existing))
	f[3].float64(w.Known)
	f[4].text(ask.thread)
	f[5].bool(w.First)
	f[6].bool(w.Missed)
	f[7].text(ask.source)
	f[8].text(stage)
	f[9].text(ask.touchpoint)
	f[10].text(ask.channel)
	f[11].text(w.Department)
	f[12].text(w.Priority)
	f[13].int64(ask.at)
	f[14].text(ask.origin)
	f[15].text(ask.id)
	answered := answer != nil
	if !answered {
		answer = &noInteraction
	}
	f[16].maybe(answer.at, answered)
	f[17].text(answer.origin)
	f[18].text(answer.id)
	f[19].maybe(w.Waited, w.Waited != walk.Null)
	f[20].maybe(w.Business, w.Business != walk.Null)
	f[21].maybe(w.Target, w.Target != walk.Null)
	f[22].bool(w.TargetBusiness)
	f[23].maybe(w.Due, w.Due != walk.Null)
}

// noInteraction stands for an answer that has not come.
var noInteraction = interaction{tag: &tag{}}

// stepWords is the first of the fields of steps that an interaction's tag fills.
const stepWords = 10

func (b *walksBlock) step(s *walk.Step, stage string, contact uint32, x *interaction) {
	f := b.steps.fields
	b.steps.records++
	f[0].int64(x.at)
	f[1].uint32(contact)
	f[2].text(x.id)
	f[3].text(stage)
	f[4].uint8(s.Reached)
	f[5].bool(s.Return)
	f[6].float64(s.Known)
	f[7].float32(x.moodScore)
	f[8].bool(x.automatic)
	f[9].bool(x.moodEligible)
	for i, code := range b.codesOf(x.tag) {
		words := &f[stepWords+i].words
		words.rows = append(words.rows, code)
	}
}

// codesOf gives the numbers that a tag's words have in this block: they are looked up once for each tag, not for each step.
func (b *walksBlock) codesOf(t *tag) []uint32 {
	for t.number >= len(b.codes) {
		b.codes = append(b.codes, nil)
	}
	if codes := b.codes[t.number]; codes != nil && t.number != unnumbered {
		return codes
	}
	words := [...]string{
		t.origin, t.source, t.kind, t.activity, t.direction, t.touchpoint, t.channel, t.department, t.outcome,
		t.moodLabel, t.moodEmotion, t.moodLang,
	}
	codes := make([]uint32, len(words))
	for i, word := range words {
		codes[i] = b.steps.fields[stepWords+i].words.numberOf(word)
	}
	b.codes[t.number] = codes
	return codes
}
