// Package walk turns one subject's interactions into cases, visits, waits and steps. A subject is a person, an account or
// a thread, as the journey says. The rules stand one by one in testdata; nothing here reads a clock, a
// database or anything random, so the same interactions give the same result in whatever order and however often they
// arrive.
//
// It does not know where interactions come from nor where results go; package aggregate reads and writes them.
//
// # What is an activity
//
// An interaction moves a case only if it belongs to a stage and a human did it. Automatic interactions, and those of
// touchpoints without stages, are steps of the case open at their time and move nothing; but an outcome decides its
// case whoever reports it.
//
// # Interactions of other journeys
//
// A subject's interactions that carry another journey's tag, or none, are no part of its cases. They still answer waits:
// a customer who got an answer has been answered, whether or not a rule knows the answer.
package walk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"tappa/journey"
)

// Interaction is what the walk must know of one interaction. Strings are compared, never changed.
type Interaction struct {
	At         int64  // when it happened, milliseconds since 1970 UTC
	Origin, ID string // together the interaction's identity
	Key        string // contact key it is stored under
	Person     string // who that is
	Thread     string // conversation; "" is none
	Priority   string
	Department string
	Persona    string
	Value      float64
	Stages     []uint8 // positions of the stages it may belong to, ascending; empty is none
	Outcome    journey.Outcome
	Role       Role
	Foreign    bool // tagged with another journey, or with none
	Row        int  // for the caller: where the rest of it is
}

// Exit says how a visit ended, or will end if nothing happens any more.
type Exit string

// The exits of a visit. InProgress is stored only where silence never ends a visit; everywhere else an open visit holds
// the exit that its silence will bring.
const (
	MovedOn      Exit = "moved_on"
	Completed    Exit = "completed"
	LostExplicit Exit = "lost_explicit"
	LostSilent   Exit = "lost_silent"
	InProgress   Exit = "in_progress"
)

// Never is the end of a visit that silence does not end: 2200-01-01 00:00:00 UTC. The driver counts nanoseconds in an
// int64, which ends in 2262.
const Never int64 = 7258118400000

// None stands for no stage, no case and no interaction.
const None = -1

// Null stands for a duration or a time that there is none of.
const Null int64 = -1 << 63

// Case is one run of the subject through the journey.
type Case struct {
	ID           string
	Attempt      uint32 // 1 is the first
	Existing     bool   // an earlier case of the subject was completed
	Persona      string
	Opening      int   // index of the interaction that opened it
	Opened       int64 // when the first visit began
	Closed       int64 // when the last visit was or will be left
	Exit         Exit  // of the last visit
	Stage        uint8 // position of the last visit
	First, Last  int64 // times of its first and last step
	Interactions uint32
	Value        float64 // the largest seen
}

// Visit is a case's stay in a stage.
type Visit struct {
	Case         int // index into Result.Cases
	Stage        uint8
	Entry        int // index of the interaction that entered the stage
	Entered      int64
	Left         int64
	Exit         Exit
	LastActivity int64
	Interactions uint32  // steps while the visit lasted, the moving ones and the others
	Value        float64 // the largest seen in the case until the visit's end
	Known        float64 // the largest seen in the case until the visit was entered, its first interaction among them
}

// Step is an interaction of a case.
type Step struct {
	Case    int
	Number  uint32  // within the case, from 1
	Index   int     // of the interaction
	Stage   int     // the position it counted for, or None
	Reached uint8   // one more than the furthest position that a step of the case up to it counted for, returns left out; 0: none yet
	Return  bool    // it counted for a stage before the case's current one
	Known   float64 // the largest value seen in the case until then
}

// Result is what a walk found. Its slices, and the interactions they point into, are valid until the next walk.
type Result struct {
	Cases  []Case
	Visits []Visit
	Waits  []Wait
	Steps  []Step
}

// Walker walks subjects, one after the other. It is not safe for concurrent use; walkers of one Definition may run side by
// side.
type Walker struct {
	def   *Definition
	out   Result
	seen  map[identity]struct{}
	waits conversations

	in      []Interaction
	subject string
	current int // index of the visit under way, None after an end
	number  uint32
	reached uint8 // by the last step
	bought  bool  // a case was completed
}

type identity struct{ origin, id string }

// New returns a walker of the definition.
func New(def *Definition) *Walker {
	return &Walker{def: def, seen: map[identity]struct{}{}, waits: newConversations()}
}

// Walk walks the interactions of one subject. It sorts in into the total order (time, origin, id) first; copies of an
// interaction count once, the earliest of them.
func (w *Walker) Walk(subject string, in []Interaction) *Result {
	w.reset(subject, in)
	for i := range in {
		if w.duplicate(&in[i]) {
			continue
		}
		w.waits.observe(w, i)
		if in[i].Foreign {
			continue
		}
		stage := w.step(i)
		w.waits.ask(w, i, stage)
	}
	w.finish()
	return &w.out
}

func (w *Walker) reset(subject string, in []Interaction) {
	if !sorted(in) {
		slices.SortFunc(in, func(a, b Interaction) int { return order(&a, &b) })
	}
	w.out.Cases, w.out.Visits = w.out.Cases[:0], w.out.Visits[:0]
	w.out.Waits, w.out.Steps = w.out.Waits[:0], w.out.Steps[:0]
	w.in, w.subject, w.current, w.number, w.bought = in, subject, None, 0, false
	w.seen = cleared(w.seen)
	w.waits.reset()
}

// order is the total order of a subject's interactions. The contact key only decides which of two copies goes first.
func order(a, b *Interaction) int {
	if a.At != b.At {
		return cmp.Compare(a.At, b.At)
	}
	return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key))
}

// sorted looks before sorting, at places rather than at copies: interactions mostly come in order.
func sorted(in []Interaction) bool {
	for i := 1; i < len(in); i++ {
		if order(&in[i-1], &in[i]) > 0 {
			return false
		}
	}
	return true
}

// cleared empties a map for reuse, unless one huge subject made it so large that emptying it for every small one would
// cost more than a new map.
func cleared[K comparable, V any](m map[K]V) map[K]V {
	const large = 1 << 12
	if len(m) > large {
		return map[K]V{}
	}
	clear(m)
	return m
}

func (w *Walker) duplicate(x *Interaction) bool {
	id := identity{x.Origin, x.ID}
	if _, there := w.seen[id]; there {
		return true
	}
	w.seen[id] = struct{}{}
	return false
}

// step gives the interaction its place in a case and returns the stage that a question asked with it belongs to.
func (w *Walker) step(i int) int {
	x := &w.in[i]
	if w.current != None && x.At >= w.out.Visits[w.current].Left {
		w.close() // silence ended the visit, as its row says already
	}
	active := len(x.Stages) > 0 && x.Role&Automatic == 0
	if w.current == None && (len(w.out.Cases) == 0 || !w.def.one) {
		if !active {
			return None
		}
		w.open(i)
	}
	stage, back := None, false
	if active {
		stage, back = w.place(x)
	}
	if active && w.current != None {
		w.act(i, stage)
	}
	w.record(i, stage, back)
	if x.Outcome != journey.NoOutcome && w.current != None {
		w.end(x)
	}
	if stage == None {
		stage = int(w.lastCase().Stage)
	}
	return stage
}

// place chooses among the stages an interaction may belong to: the first that is not before the case's, or else the last,
// as a return.
func (w *Walker) place(x *Interaction) (stage int, back bool) {
	at := w.lastCase().Stage
	for _, s := range x.Stages {
		if s >= at {
			return int(s), false
		}
	}
	return int(x.Stages[len(x.Stages)-1]), true
}

func (w *Walker) lastCase() *Case { return &w.out.Cases[len(w.out.Cases)-1] }

// open begins another attempt with the interaction's first stage.
func (w *Walker) open(i int) {
	x := &w.in[i]
	attempt := uint32(len(w.out.Cases) + 1)
	w.out.Cases = append(w.out.Cases, Case{
		ID: CaseID(w.def.id, w.subject, attempt), Attempt: attempt, Existing: w.bought, Opening: i,
		Opened: x.At, First: x.At, Stage: x.Stages[0],
	})
	w.number, w.reached = 0, 0
	w.enter(i, x.Stages[0])
}

func (w *Walker) enter(i int, stage uint8) {
	w.out.Visits = append(w.out.Visits, Visit{
		Case: len(w.out.Cases) - 1, Stage: stage, Entry: i, Entered: w.in[i].At, Value: w.lastCase().Value, Known: w.known(i),
	})
	w.current = len(w.out.Visits) - 1
	w.lastCase().Stage = stage
}

// act moves the case on, if the stage is a later one, and starts the silence anew. A return is an activity of the stage
// that the case is in.
func (w *Walker) act(i, stage int) {
	at := w.in[i].At
	if visit := &w.out.Visits[w.current]; stage > int(visit.Stage) {
		visit.Left, visit.Exit = at, MovedOn
		w.enter(i, uint8(stage))
	}
	visit := &w.out.Visits[w.current]
	visit.LastActivity = at
	visit.Left, visit.Exit = w.def.stages[visit.Stage].silent(at)
}

// end closes the visit under way as the outcome says.
func (w *Walker) end(x *Interaction) {
	visit := &w.out.Visits[w.current]
	visit.Left, visit.Exit = x.At, LostExplicit
	if x.Outcome == journey.Won {
		visit.Exit = Completed
	}
	w.close()
}

// close leaves the visit under way, which ended.
func (w *Walker) close() {
	w.bought = w.bought || w.out.Visits[w.current].Exit == Completed
	w.current = None
}

// known gives the largest value that the case under way shows with an interaction.
func (w *Walker) known(i int) float64 {
	if c := w.lastCase(); !(w.in[i].Value > c.Value) { // not max, which NaN would spoil
		return c.Value
	}
	return w.in[i].Value
}

// record adds the interaction to its case, and to the visit under way.
func (w *Walker) record(i, stage int, back bool) {
	x, c := &w.in[i], w.lastCase()
	w.number++
	if stage != None && !back {
		w.reached = max(w.reached, uint8(stage)+1)
	}
	w.out.Steps = append(w.out.Steps, Step{
		Case: len(w.out.Cases) - 1, Number: w.number, Index: i, Stage: stage, Reached: w.reached, Return: back, Known: w.known(i),
	})
	c.Last = x.At
	c.Interactions++
	if x.Value > c.Value { // not max, which NaN would spoil
		c.Value = x.Value
	}
	if c.Persona == "" {
		c.Persona = x.Persona
	}
	if w.current != None {
		visit := &w.out.Visits[w.current]
		visit.Interactions++
		visit.Value = c.Value
	}
}

// finish fills in what is known only at the end: how each case ended, and what earlier attempts say of the persona.
func (w *Walker) finish() {
	for i := range w.out.Visits {
		v := &w.out.Visits[i]
		c := &w.out.Cases[v.Case]
		c.Closed, c.Exit = v.Left, v.Exit
	}
	persona := ""
	for i := range w.out.Cases {
		c := &w.out.Cases[i]
		if c.Persona == "" {
			c.Persona = persona
		}
		persona = c.Persona
	}
}

// CaseID names a case: the first 16 hex digits of the SHA-256 of journey, subject and attempt, with NULs between.
func CaseID(id journey.JourneyID, subject string, attempt uint32) string {
	var buf [256]byte
	b := append(buf[:0], id...)
	b = append(b, 0)
	b = append(b, subject...)
	b = append(b, 0)
	b = strconv.AppendUint(b, uint64(attempt), 10)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
