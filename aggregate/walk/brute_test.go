package walk

import (
	"slices"
	"sort"
	"strings"

	"tappa/journey"
)

// brute walks by the letter of the definitions, without state that runs along: whatever it needs to know of a moment it
// works out from the whole list again. It answers as render does.
func brute(j *journey.Journey, in []Interaction) string {
	sort.SliceStable(in, func(a, b int) bool {
		x, y := in[a], in[b]
		return x.At < y.At || x.At == y.At && (x.Origin < y.Origin || x.Origin == y.Origin && x.ID < y.ID)
	})
	var list []Interaction
	for _, x := range in {
		if !slices.ContainsFunc(list, func(y Interaction) bool { return x.Origin == y.Origin && x.ID == y.ID }) {
			list = append(list, x)
		}
	}
	b := &bruteForce{j: j, list: list}
	b.cases()
	b.waits()
	return render(j, &b.out, list)
}

type bruteForce struct {
	j    *journey.Journey
	list []Interaction
	out  Result
	of   map[int]int // interaction to case
	at   map[int]int // interaction to the stage its case is in after it
	ends []int       // by case: the last interaction that it was open for
}

func (b *bruteForce) active(i int) bool {
	x := b.list[i]
	return !x.Foreign && len(x.Stages) > 0 && x.Role&Automatic == 0
}

// reached is the stage that a case opened by interaction from is in after interaction to: each later stage counts, an
// interaction's own being the smallest that is not before the stage reached until then.
func (b *bruteForce) reached(from, to int) int {
	if from == to {
		return int(b.list[from].Stages[0])
	}
	before := b.reached(from, to-1)
	if !b.active(to) {
		return before
	}
	return max(before, b.counts(before, to))
}

// counts is the stage interaction i counts for in a case that has reached a stage.
func (b *bruteForce) counts(reached, i int) int {
	stages := b.list[i].Stages
	later := slices.DeleteFunc(slices.Clone(stages), func(s uint8) bool { return int(s) < reached })
	if len(later) > 0 {
		return int(slices.Min(later))
	}
	return int(slices.Max(stages))
}

func (b *bruteForce) lastActive(from, to int) int64 {
	for ; to > from; to-- {
		if b.active(to) {
			break
		}
	}
	return b.list[to].At
}

// silenceAfter is when a case opened by from is lost by silence if nothing follows interaction to.
func (b *bruteForce) silenceAfter(from, to int) (int64, Exit) {
	s := b.j.Stages[b.reached(from, to)]
	exit := LostSilent
	if s.Terminal {
		exit = Completed
	}
	if s.Silence == journey.Forever {
		if !s.Terminal {
			exit = InProgress
		}
		return Never, exit
	}
	return b.lastActive(from, to) + s.Silence.Milliseconds(), exit
}

// last is the last interaction that a case opened by from is open for, and whether its outcome ended it.
func (b *bruteForce) last(from int) (to int, decided bool) {
	for i := from; i < len(b.list); i++ {
		if i > from {
			if end, _ := b.silenceAfter(from, i-1); b.list[i].At >= end {
				return i - 1, false
			}
		}
		if !b.list[i].Foreign && b.list[i].Outcome != "" {
			return i, true
		}
	}
	return len(b.list) - 1, false
}

func (b *bruteForce) cases() {
	b.of, b.at, b.ends = map[int]int{}, map[int]int{}, nil
	persona := ""
	for from := 0; from < len(b.list); from++ {
		if !b.active(from) {
			continue
		}
		to, decided := b.last(from)
		belongs := to
		if b.j.Case.Attempts == "one" {
			belongs = len(b.list) - 1
		}
		persona = b.add(from, to, belongs, decided, persona)
		from = belongs
	}
}

// existing tells whether a case was completed before interaction i.
func (b *bruteForce) existing(i int) bool {
	for n, c := range b.out.Cases {
		if c.Exit == Completed && b.ends[n] < i && c.Closed <= b.list[i].At {
			return true
		}
	}
	return false
}

func (b *bruteForce) add(from, to, belongs int, decided bool, persona string) string {
	n := len(b.out.Cases)
	c := Case{Attempt: uint32(n + 1), Stage: uint8(b.reached(from, to)), Opened: b.list[from].At, First: b.list[from].At}
	var personas []string
	for i := from; i <= belongs; i++ {
		x := b.list[i]
		if x.Foreign {
			continue
		}
		step := Step{Case: n, Index: i, Stage: None}
		if b.active(i) {
			before := b.reached(from, min(i, to))
			if i <= to && i > from {
				before = b.reached(from, i-1)
			}
			step.Stage = b.counts(before, i)
			step.Return = step.Stage < before
		}
		b.of[i], b.at[i] = n, b.reached(from, min(i, to))
		if step.Stage != None {
			b.at[i] = step.Stage
		}
		c.Interactions++
		step.Number = c.Interactions
		b.out.Steps = append(b.out.Steps, step)
		c.Last, c.Value = x.At, max(c.Value, x.Value)
		b.out.Steps[len(b.out.Steps)-1].Known = c.Value
		personas = append(personas, x.Persona)
	}
	c.Persona = persona
	if found := strings.Fields(strings.Join(personas, " ")); len(found) > 0 {
		c.Persona = found[0]
	}
	c.Existing = b.existing(from)
	b.visits(n, from, to, decided)
	b.ends = append(b.ends, to)
	final := b.out.Visits[len(b.out.Visits)-1]
	c.Closed, c.Exit = final.Left, final.Exit
	b.out.Cases = append(b.out.Cases, c)
	return c.Persona
}

// visits groups a case's interactions by the stage it was in after each.
func (b *bruteForce) visits(n, from, to int, decided bool) {
	for stage := range b.j.Stages {
		v := Visit{Case: n, Stage: uint8(stage), Entry: None}
		for i := from; i <= to; i++ {
			if b.list[i].Foreign || b.reached(from, i) > stage {
				continue
			}
			v.Value = max(v.Value, b.list[i].Value)
			if b.reached(from, i) < stage {
				continue
			}
			if v.Entry == None {
				v.Entry, v.Entered, v.Known = i, b.list[i].At, v.Value
			}
			v.Interactions++
			v.LastActivity = b.lastActive(from, i)
			v.Left, v.Exit = b.silenceAfter(from, i)
			if i == to && decided {
				v.Left, v.Exit = b.list[i].At, map[journey.Outcome]Exit{journey.Won: Completed, journey.Lost: LostExplicit}[b.list[i].Outcome]
			}
		}
		if v.Entry == None {
			continue
		}
		for i := from; i <= to; i++ {
			if b.reached(from, i) > stage {
				v.Left, v.Exit = b.list[i].At, MovedOn
				break
			}
		}
		b.out.Visits = append(b.out.Visits, v)
	}
}

// waits goes through each conversation by itself: a question, its answer, the first question after it, and so on.
func (b *bruteForce) waits() {
	conversations := map[string][]int{}
	for i, x := range b.list {
		if x.Foreign || x.Role&Asks == 0 {
			continue
		}
		name := "thread " + x.Thread
		if x.Thread == "" || x.Role&Missed != 0 {
			name = "person " + x.Person
		}
		conversations[name] = append(conversations[name], i)
	}
	for name, asks := range conversations {
		first, free := true, -1
		for _, i := range asks {
			if i <= free {
				continue
			}
			w := b.wait(name, i)
			w.First = first || strings.HasPrefix(name, "person")
			b.out.Waits = append(b.out.Waits, w)
			first, free = false, w.Answer
			if w.Answer == None {
				break
			}
		}
	}
	sort.Slice(b.out.Waits, func(i, k int) bool { return b.out.Waits[i].Ask < b.out.Waits[k].Ask })
	for i := range b.out.Waits {
		b.out.Waits[i].Number = uint32(i + 1)
	}
}

func (b *bruteForce) wait(name string, i int) Wait {
	w := Wait{Ask: i, Answer: None, Case: None, Stage: None, Waited: Null, Business: Null, Target: Null, Due: Null}
	x := b.list[i]
	w.Missed = x.Role&Missed != 0
	w.Existing = b.existing(i)
	if c, there := b.of[i]; there {
		w.Case, w.Stage, w.Existing = c, b.at[i], b.out.Cases[c].Existing
		for _, s := range b.out.Steps {
			if s.Index == i {
				w.Known = s.Known
			}
		}
	}
	w.Priority = x.Priority
	for k := i; strings.HasPrefix(name, "thread") && k >= 0 && w.Priority == ""; k-- {
		if b.list[k].Thread == x.Thread {
			w.Priority = b.list[k].Priority
		}
	}
	for k := i + 1; k < len(b.list); k++ {
		y := b.list[k]
		inThread := strings.HasPrefix(name, "thread") && y.Thread == x.Thread && y.Role&Answers != 0
		withPerson := strings.HasPrefix(name, "person") && y.Person == x.Person && y.Role&(Answers|Talked) != 0
		if inThread || withPerson {
			w.Answer, w.Waited = k, y.At-x.At
			break
		}
	}
	return w
}
