package synth_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"tappa/aggregate/walk"
	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/journey"
)

// through takes a world's events the way tappa takes them, without its machinery: written and decoded, tagged, put
// together by contact key, walked.
func through(t *testing.T, w *synth.World, j *journey.Journey) (cases []synth.Case, waits []synth.Wait) {
	t.Helper()
	people := map[string]int{} // by contact key: index into lives
	parent := []int{}
	var find func(int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	type seen struct {
		in   journey.Interaction
		tag  journey.Tag
		life int
	}
	var all []seen
	decoder := source.NewDecoder(source.Options{DefaultCountry: j.DefaultCountry})
	for e := range w.Events() {
		in, tag := decoded(t, decoder, j, e)
		life := -1
		for _, k := range in.Keys {
			if p, ok := people[string(k)]; ok {
				if life >= 0 {
					parent[find(p)] = find(life)
				}
				life = find(p)
			}
		}
		if life < 0 {
			life = len(parent)
			parent = append(parent, life)
		}
		for _, k := range in.Keys {
			people[string(k)] = life
		}
		all = append(all, seen{in, tag, life})
	}

	def, err := walk.Define(j)
	if err != nil {
		t.Fatal(err)
	}
	walker := walk.New(def)
	lives := map[int][]seen{}
	for _, s := range all {
		life := find(s.life)
		lives[life] = append(lives[life], s)
	}
	for _, life := range lives {
		var in []walk.Interaction
		for i, s := range life {
			x := walk.Interaction{
				At: s.in.OccurredAt.UnixMilli(), Origin: s.in.Origin, ID: s.in.ID, Person: "one", Thread: s.in.Thread, Priority: s.in.Priority,
				Department: string(s.tag.Department), Persona: string(s.tag.Persona), Value: s.in.Value, Outcome: s.tag.Outcome, Row: i,
				Role: walk.RoleOf(s.in.Source, s.in.Type, s.in.Direction, s.tag.Automatic, s.in.Public, s.in.Held),
			}
			for _, stage := range s.tag.Stages {
				at, _ := def.Position(string(stage))
				x.Stages = append(x.Stages, at)
			}
			in = append(in, x)
		}
		out := walker.Walk("one", in)
		base := len(cases)
		for _, c := range out.Cases {
			cases = append(cases, synth.Case{Person: number(life[in[c.Opening].Row].in.ID), Attempt: int(c.Attempt), Persona: journey.PersonaID(c.Persona), Opened: ms(c.Opened), Value: c.Value})
		}
		for _, v := range out.Visits {
			c := &cases[base+v.Case]
			c.Visits = append(c.Visits, synth.Visit{
				Stage: j.Stages[v.Stage].ID, Entered: ms(v.Entered), Last: ms(v.LastActivity), Left: ms(v.Left), Exit: string(v.Exit),
			})
		}
		for _, x := range out.Waits {
			ask := life[in[x.Ask].Row]
			wait := synth.Wait{
				Person: number(ask.in.ID), Stage: j.Stages[x.Stage].ID, Touchpoint: ask.tag.Touchpoint, Thread: ask.in.Thread, AskID: ask.in.ID, Asked: ask.in.OccurredAt,
			}
			if x.Answer != walk.None {
				wait.Answered = life[in[x.Answer].Row].in.OccurredAt
			}
			waits = append(waits, wait)
		}
	}
	return cases, waits
}

// number reads the person's number out of an event's id, which nothing else does.
func number(id string) (n int) {
	_, _ = fmt.Sscanf(id, "p%06d-", &n)
	return n
}

func ms(at int64) time.Time { return time.UnixMilli(at).UTC() }

// decoded writes an event, reads it again and tags it. Every event has to mean something.
func decoded(t *testing.T, d *source.Decoder, j *journey.Journey, e source.Event) (journey.Interaction, journey.Tag) {
	t.Helper()
	value, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	in, err := d.Decode(source.Record{Value: value})
	if err != nil {
		t.Fatalf("%s: %v\n%s", e.ID, err, value)
	}
	tag := j.Tag(&in)
	if tag.Rule == "" {
		t.Errorf("%s is unmapped: %s", e.ID, value)
	}
	return in, tag
}

// TestLedgerIsWhatTheWalkFinds holds the ledger, which the stories write as they go, against what the events mean by
// the rules of the journey file and of the walk: two accounts of the same world by two programs.
func TestLedgerIsWhatTheWalkFinds(t *testing.T) {
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		w := synth.New(synth.Options{Seed: seed, Cases: 1000, Journey: j})
		l := w.Ledger()
		cases, waits := through(t, w, j)
		for i := range l.Cases {
			l.Cases[i].Keys = nil
		}
		for i := range l.Waits {
			l.Waits[i].Attempt, l.Waits[i].Kind, l.Waits[i].Persona = 0, "", ""
		}
		first := func(a, b synth.Case) int { return cmp.Or(a.Opened.Compare(b.Opened), a.Person-b.Person) }
		slices.SortFunc(cases, first)
		slices.SortFunc(l.Cases, first)
		if d := diff.Diff(l.Cases, cases); d != "" {
			t.Errorf("seed %d: cases (-ledger, +walk):\n%.3000s", seed, d)
		}
		asked := func(a, b synth.Wait) int { return cmp.Or(a.Asked.Compare(b.Asked), cmp.Compare(a.AskID, b.AskID)) }
		slices.SortFunc(waits, asked)
		slices.SortFunc(l.Waits, asked)
		if d := diff.Diff(l.Waits, waits); d != "" {
			t.Errorf("seed %d: waits (-ledger, +walk):\n%.3000s", seed, d)
		}
	}
}
