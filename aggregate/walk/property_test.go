package walk

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tappa/journey"
)

// Times are half days and silences whole days, so that exact boundaries and equal instants are common.
const hour = int64(time.Hour / time.Millisecond)

func genJourney(t *rapid.T) *journey.Journey {
	j := &journey.Journey{ID: "j", Location: time.UTC}
	j.Case.Attempts = rapid.SampledFrom([]string{"many", "one"}).Draw(t, "attempts")
	for i := range rapid.IntRange(1, 4).Draw(t, "stages") {
		j.Stages = append(j.Stages, journey.Stage{
			ID:       journey.StageID(fmt.Sprint("s", i)),
			Silence:  rapid.SampledFrom([]time.Duration{24 * time.Hour, 48 * time.Hour, 96 * time.Hour, journey.Forever}).Draw(t, "silence"),
			Terminal: rapid.Bool().Draw(t, "terminal"),
		})
	}
	return j
}

func genInteraction(stages int) *rapid.Generator[Interaction] {
	return rapid.Custom(func(t *rapid.T) Interaction {
		x := Interaction{
			At:      int64(rapid.IntRange(0, 30).Draw(t, "at")) * 12 * hour,
			Origin:  rapid.SampledFrom([]string{"o", "p"}).Draw(t, "origin"),
			ID:      fmt.Sprint(rapid.IntRange(0, 99).Draw(t, "id")),
			Person:  rapid.SampledFrom([]string{"anna", "bruno"}).Draw(t, "person"),
			Thread:  rapid.SampledFrom([]string{"", "t", "u"}).Draw(t, "thread"),
			Persona: rapid.SampledFrom([]string{"", "", "buyer", "owner"}).Draw(t, "persona"),
			Value:   float64(rapid.IntRange(0, 3).Draw(t, "value")),
			Outcome: rapid.SampledFrom([]journey.Outcome{"", "", "", "", "", journey.Won, journey.Lost}).Draw(t, "outcome"),
			Role: rapid.SampledFrom([]Role{0, 0, Automatic, Asks, Asks, Asks | Missed, Answers, Talked, Talked | Answers}).
				Draw(t, "role"),
			Foreign:  rapid.IntRange(0, 9).Draw(t, "foreign") == 0,
			Priority: rapid.SampledFrom([]string{"", "", "high", "low"}).Draw(t, "priority"),
		}
		for s := range stages {
			if rapid.IntRange(0, 2).Draw(t, "stage") == 0 {
				x.Stages = append(x.Stages, uint8(s))
			}
		}
		return x
	})
}

func genSubject(t *rapid.T) (*journey.Journey, []Interaction) {
	j := genJourney(t)
	in := rapid.SliceOfN(genInteraction(len(j.Stages)), 0, 60).Draw(t, "interactions")
	// Where two have one id they are copies at different times; copies at the same time are the same in all else.
	type place struct {
		at         int64
		origin, id string
	}
	first := map[place]Interaction{}
	for i, x := range in {
		p := place{x.At, x.Origin, x.ID}
		if other, there := first[p]; there {
			in[i] = other
		}
		first[p] = in[i]
	}
	return j, in
}

func define(t rapid.TB, j *journey.Journey) *Definition {
	t.Helper()
	def, err := Define(j)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// shuffle gives a copy of in, in another order and with some of it repeated.
func shuffle(t *rapid.T, in []Interaction) []Interaction {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	out := slices.Clone(in)
	for range len(in) / 2 {
		out = append(out, in[r.IntN(len(in))])
	}
	r.Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
	return out
}

func TestAnyOrderAndAnyCopiesGiveTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, in := genSubject(t)
		def := define(t, j)
		other := shuffle(t, in)
		walker := New(def)
		want := render(j, walker.Walk("s", in), in)
		got := render(j, walker.Walk("s", other), other) // the same walker: nothing may be left over from the first
		if diff := cmp.Diff(got, want); diff != "" {
			t.Fatalf("shuffled (-got, +want):\n%s", diff)
		}
	})
}

func TestSameAsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, in := genSubject(t)
		want := brute(j, slices.Clone(in))
		got := render(j, New(define(t, j)).Walk("s", in), in)
		if diff := cmp.Diff(got, want); diff != "" {
			t.Fatalf("walk and brute force (-walk, +brute force):\n%s", diff)
		}
	})
}

// state is what a visit's three columns say at T.
func state(v Visit, at int64) Exit {
	switch {
	case v.Entered > at:
		return ""
	case v.Left > at:
		return InProgress
	}
	return v.Exit
}

// TestStateFollowsFromThreeColumns holds what the whole history says of an instant against what was known at it.
func TestStateFollowsFromThreeColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, in := genSubject(t)
		def := define(t, j)
		at := int64(rapid.IntRange(0, 400).Draw(t, "T")) * hour
		known := slices.DeleteFunc(slices.Clone(in), func(x Interaction) bool { return x.At > at })
		whole, then := New(def).Walk("s", in), New(def).Walk("s", known)
		var got, want []string
		for _, v := range whole.Visits {
			if s := state(v, at); s != "" {
				got = append(got, fmt.Sprint(v.Case, v.Stage, v.Entered, s))
			}
		}
		for _, v := range then.Visits {
			want = append(want, fmt.Sprint(v.Case, v.Stage, v.Entered, state(v, at)))
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Fatalf("state at hour %d (-from the whole, +from what was known):\n%s", at/hour, diff)
		}
	})
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, in := genSubject(t)
		r := New(define(t, j)).Walk("s", in)
		for i, v := range r.Visits {
			if v.Left < v.Entered || v.LastActivity > v.Left || v.LastActivity < v.Entered {
				t.Errorf("visit %d: entered %d, last activity %d, left %d", i, v.Entered, v.LastActivity, v.Left)
			}
			last := i == len(r.Visits)-1 || r.Visits[i+1].Case != v.Case
			if last == (v.Exit == MovedOn) {
				t.Errorf("visit %d: exit %s, last of its case: %t", i, v.Exit, last)
			}
			if !last && (r.Visits[i+1].Entered != v.Left || r.Visits[i+1].Stage <= v.Stage) {
				t.Errorf("visit %d left for %+v at %d", i, r.Visits[i+1], v.Left)
			}
			checkActivity(t, j, in, r, v)
		}
		for i, c := range r.Cases {
			if i > 0 && c.Opened < r.Cases[i-1].Closed {
				t.Errorf("case %d opened before the one before it closed", i)
			}
		}
		checkAccounting(t, r)
	})
}

// checkActivity holds the promise that makes three columns enough: inside a visit, activity is never further apart than
// the silence.
func checkActivity(t *rapid.T, j *journey.Journey, in []Interaction, r *Result, v Visit) {
	silence, last := j.Stages[v.Stage].Silence, v.Entered
	for _, s := range r.Steps {
		at := in[s.Index].At
		if s.Case != v.Case || s.Stage == None || at < v.Entered || at > v.LastActivity {
			continue
		}
		if silence != journey.Forever && at-last >= silence.Milliseconds() && at != last {
			t.Errorf("%s apart in stage %d", time.Duration(at-last)*time.Millisecond, v.Stage)
		}
		last = at
	}
}

// checkAccounting holds, for every instant, that entered is the sum of the states, and that each step is in one case.
func checkAccounting(t *rapid.T, r *Result) {
	for at := int64(0); at < 800*hour; at += 12 * hour {
		entered, states := 0, map[Exit]int{}
		for _, v := range r.Visits {
			if v.Entered <= at {
				entered++
				states[state(v, at)]++
			}
		}
		sum := states[MovedOn] + states[Completed] + states[LostExplicit] + states[LostSilent] + states[InProgress]
		if sum != entered {
			t.Errorf("hour %d: entered %d, states %v", at/hour, entered, states)
		}
	}
	steps := map[int]uint32{}
	for _, s := range r.Steps {
		steps[s.Case]++
		if s.Number != steps[s.Case] {
			t.Errorf("step %+v: want number %d", s, steps[s.Case])
		}
	}
	for i, c := range r.Cases {
		if c.Interactions != steps[i] {
			t.Errorf("case %d: %d interactions, %d steps", i, c.Interactions, steps[i])
		}
	}
}
