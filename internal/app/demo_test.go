package app

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/aggregate"
	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/journey"
	"tappa/sentiment"
)

// yearEnd is when the year of these demos ends; fixed, so that every run tells the same year.
var yearEnd = time.Date(2025, 6, 30, 22, 0, 0, 0, time.UTC)

// TestDemoIsItsLedger sends a year through Kafka, collector, engine and walk, and asks the reports for what the year's
// inventor wrote down: who was in which stage at several instants, who waited how long, what was written in which mood.
func TestDemoIsItsLedger(t *testing.T) {
	e, j := parts(t), machinery(t)
	d, err := openDemo(e, j, DemoYear{Cases: 500, End: yearEnd})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.producer.Close() }()
	n, err := d.seed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := d.world.Ledger()
	got := collect(t, e, j)
	if n != l.Interactions || got.Stored != int64(n) || got.Read != int64(n) {
		t.Errorf("%d published, %+v collected, %d in the ledger", n, got, l.Interactions)
	}
	o := oracle{Store: e.Pages, j: j, l: l, end: d.world.End()}
	o.instants = map[string]time.Time{
		"quarter": d.world.Start().AddDate(0, 3, 0), "mid-year": d.world.Start().AddDate(0, 6, 0), "end": o.end,
		"when all is silent": o.end.AddDate(1, 0, 0),
	}
	t.Run("dropoff", o.dropoff)
	t.Run("stays", o.stays)
	t.Run("identity", o.identity)
	t.Run("waits", o.waits)
	t.Run("wait percentiles", o.waitPercentiles)
	t.Run("mood", func(t *testing.T) { o.mood(t, d.world) })
}

// TestDemoMonths chooses the months before and after what the demo's company did, or the last two where it has hardly done it yet.
func TestDemoMonths(t *testing.T) {
	for _, c := range []struct{ end, before, after string }{
		{"2026-11-28T15:00:00Z", "2026-02", "2026-10"},
		{"2026-04-01T09:00:00Z", "2026-02", "2026-03"},
		{"2026-03-31T21:30:00Z", "2026-01", "2026-02"}, // the last minutes of March in Rome
		{"2026-03-31T22:30:00Z", "2026-02", "2026-03"},
		{"2026-01-15T12:00:00Z", "2025-11", "2025-12"},
	} {
		end, err := time.Parse(time.RFC3339, c.end)
		if err != nil {
			t.Fatal(err)
		}
		d := demo{world: synth.New(synth.Options{End: end, Cases: 1})}
		if before, after := d.months(machinery(t).Location); before != c.before || after != c.after {
			t.Errorf("%s: %s and %s, want %s and %s", c.end, before, after, c.before, c.after)
		}
	}
}

// oracle holds the reports of a store against a ledger.
type oracle struct {
	*aggregate.Store
	j        *journey.Journey
	l        *synth.Ledger
	end      time.Time
	instants map[string]time.Time
}

// each runs f for each instant and persona; "" is everybody.
func (o *oracle) each(t *testing.T, f func(t *testing.T, at time.Time, persona journey.PersonaID)) {
	for _, name := range slices.Sorted(maps.Keys(o.instants)) {
		f(t, o.instants[name], "")
		for _, p := range o.j.Personas {
			f(t, o.instants[name], p.ID)
		}
	}
}

func (o *oracle) dropoff(t *testing.T) {
	o.each(t, func(t *testing.T, at time.Time, persona journey.PersonaID) {
		var got []synth.StageCounts
		for _, r := range report(t, o.Store, "dropoff", aggregate.Query{AsOf: at, Persona: string(persona)}) {
			got = append(got, synth.StageCounts{
				Stage: journey.StageID(r["stage"].(string)), Entered: r.count("entered"), MovedOn: r.count("moved_on"),
				Completed: r.count("completed"), LostExplicit: r.count("lost_explicit"), LostSilent: r.count("lost_silent"),
				InProgress: r.count("in_progress"),
			})
		}
		if d := cmp.Diff(got, o.l.Dropoff(at, persona)); d != "" {
			t.Errorf("%s, persona %q (-got, +want):\n%s", at, persona, d)
		}
	})
	if all := o.l.Dropoff(o.end, ""); all[0].Entered < 300 || all[len(all)-1].Entered == 0 {
		t.Errorf("the year is too thin to tell anything: %+v", all)
	}
}

// stays compares time in stage: the stays that moved on or were completed until the instant.
func (o *oracle) stays(t *testing.T) {
	o.each(t, func(t *testing.T, at time.Time, persona journey.PersonaID) {
		want := map[string]synth.WaitTimes{}
		for _, c := range o.l.Cases {
			for _, v := range c.Visits {
				if (persona == "" || c.Persona == persona) && !v.Left.After(at) && (v.Exit == "moved_on" || v.Exit == "completed") {
					s := want[string(v.Stage)]
					s.Answered = append(s.Answered, v.Left.Sub(v.Entered))
					want[string(v.Stage)] = s
				}
			}
		}
		for _, r := range report(t, o.Store, "timing", aggregate.Query{AsOf: at, Persona: string(persona)}) {
			stays := want[r["key"].(string)]
			slices.Sort(stays.Answered)
			checkTimes(t, fmt.Sprintf("%s, persona %q, %s", at, persona, r["key"]), r, "stage", stays)
		}
	})
}

// identity adds up every stage under every filter, and the filters' values to the whole.
func (o *oracle) identity(t *testing.T) {
	filters := map[string][]string{"persona": {"-"}, "channel": {"-"}, "touchpoint": {"-"}, "department": {"-"}}
	for _, p := range o.j.Personas {
		filters["persona"] = append(filters["persona"], string(p.ID))
	}
	for _, d := range o.j.Departments {
		filters["department"] = append(filters["department"], string(d.ID))
	}
	channels := map[string]bool{}
	for _, tp := range o.j.Touchpoints {
		filters["touchpoint"] = append(filters["touchpoint"], string(tp.ID))
		for _, c := range tp.Channels {
			channels[c] = true
		}
	}
	filters["channel"] = append(filters["channel"], slices.Sorted(maps.Keys(channels))...)
	entered := func(q aggregate.Query) (out []int) {
		for _, r := range report(t, o.Store, "dropoff", q) {
			sum := r.count("moved_on") + r.count("completed") + r.count("lost_explicit") + r.count("lost_silent") + r.count("in_progress")
			if sum != r.count("entered") {
				t.Errorf("%+v: %s: entered %d, accounted for %d", q, r["stage"], r.count("entered"), sum)
			}
			out = append(out, r.count("entered"))
		}
		return out
	}
	at := o.instants["mid-year"]
	whole := entered(aggregate.Query{AsOf: at})
	for by, values := range filters {
		sum := make([]int, len(whole))
		for _, v := range values {
			q := aggregate.Query{AsOf: at}
			*map[string]*string{"persona": &q.Persona, "channel": &q.Channel, "touchpoint": &q.Touchpoint, "department": &q.Department}[by] = v
			for i, n := range entered(q) {
				sum[i] += n
			}
		}
		if d := cmp.Diff(sum, whole); d != "" {
			t.Errorf("entered by stage, added up over every %s (-got, +want):\n%s", by, d)
		}
	}
}

// question is a wait as both sides know it.
type question struct {
	Person            int
	Attempt           int
	Stage, Touchpoint string
	Thread            string
	Persona           string
	Asked, Answered   time.Time
}

// waits compares every question with its answer, at every instant.
func (o *oracle) waits(t *testing.T) {
	personas := o.personas()
	for name, at := range o.instants {
		want := map[string]question{}
		for _, w := range o.l.Waits {
			if w.Asked.After(at) {
				continue
			}
			x := question{
				Person: w.Person, Attempt: w.Attempt, Stage: string(w.Stage), Touchpoint: string(w.Touchpoint), Thread: w.Thread,
				Persona: string(personas[attempt{w.Person, w.Attempt}]), Asked: w.Asked,
			}
			if !w.Answered.After(at) {
				x.Answered = w.Answered
			}
			want[w.AskID] = x
		}
		got, subjects := map[string]question{}, map[string]int{}
		for _, r := range report(t, o.Store, "waits", aggregate.Query{AsOf: at, Whole: true}) {
			id, subject := r["ask_id"].(string), r["subject"].(string)
			x := question{
				Person: want[id].Person, Attempt: int(r["attempt"].(uint64)), Stage: r["stage"].(string), Touchpoint: r["touchpoint"].(string),
				Thread: r["thread"].(string), Persona: r["persona"].(string), Asked: r["asked_at"].(time.Time),
			}
			if answer, ok := r["answer_at"].(time.Time); ok {
				x.Answered = answer
			}
			if other, seen := subjects[subject]; seen && other != x.Person {
				t.Errorf("%s is person %d and person %d", subject, other, x.Person)
			}
			subjects[subject], got[id] = x.Person, x
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%s (-got, +want):\n%.4000s", name, d)
		}
	}
}

// attempt names a case of the ledger.
type attempt struct{ person, number int }

// personas gives what is known of the persona of each case.
func (o *oracle) personas() map[attempt]journey.PersonaID {
	out := map[attempt]journey.PersonaID{}
	for _, c := range o.l.Cases {
		out[attempt{c.Person, c.Attempt}] = c.Persona
	}
	return out
}

func (o *oracle) waitPercentiles(t *testing.T) {
	personas := o.personas()
	o.each(t, func(t *testing.T, at time.Time, persona journey.PersonaID) {
		for _, by := range []string{"stage", "touchpoint", "persona"} {
			answered := 0
			for _, r := range report(t, o.Store, "timing", aggregate.Query{AsOf: at, Persona: string(persona), By: by}) {
				key := r["key"].(string)
				want := o.l.WaitTimes(at, func(w synth.Wait) bool {
					known := string(personas[attempt{w.Person, w.Attempt}])
					if known == "" {
						known = "-"
					}
					return (persona == "" || known == string(persona)) &&
						key == map[string]string{"stage": string(w.Stage), "touchpoint": string(w.Touchpoint), "persona": known}[by]
				})
				checkTimes(t, fmt.Sprintf("%s, persona %q, %s %s", at, persona, by, key), r, "wait", want)
				answered += len(want.Answered)
			}
			if persona == "" && answered != len(o.l.WaitTimes(at, nil).Answered) {
				t.Errorf("%s: the rows by %s hold %d answers of %d", at, by, answered, len(o.l.WaitTimes(at, nil).Answered))
			}
		}
	})
}

// checkTimes compares the columns of a row that begin with a prefix with what the ledger has. Durations are whole
// milliseconds; percentiles between two of them are compared to the microsecond.
func checkTimes(t *testing.T, where string, r row, prefix string, want synth.WaitTimes) {
	t.Helper()
	if n := r.count(prefix + "_n"); n != len(want.Answered) {
		t.Errorf("%s: %s_n %d, want %d", where, prefix, n, len(want.Answered))
	}
	if prefix == "wait" {
		if n := r.count("wait_waiting"); n != want.Waiting {
			t.Errorf("%s: wait_waiting %d, want %d", where, n, want.Waiting)
		}
		sameSeconds(t, where+": wait_oldest_s", r["wait_oldest_s"], want.Oldest, want.Waiting)
	}
	for column, q := range map[string]float64{"_p50_s": 0.5, "_p75_s": 0.75, "_p90_s": 0.9} {
		sameSeconds(t, where+": "+prefix+column, r[prefix+column], want.Quantile(q), len(want.Answered))
	}
}

// sameSeconds compares seconds with a duration; over nothing the seconds have to be null.
func sameSeconds(t *testing.T, where string, got any, want time.Duration, of int) {
	t.Helper()
	if of == 0 {
		if got != nil {
			t.Errorf("%s: %v over nothing, want null", where, got)
		}
		return
	}
	seconds, _ := got.(float64)
	if off := time.Duration(seconds*float64(time.Second)) - want; off.Abs() > time.Microsecond {
		t.Errorf("%s: got %v s, want %s", where, got, want)
	}
}

// mood compares, by stage and persona, the texts that count and the labels that the scorer gives them. Whether these
// are the labels that were meant is the scorer's own matter: it is reported, not judged.
func (o *oracle) mood(t *testing.T, world *synth.World) {
	scorer, sent := sentiment.New(), o.sent(t, world)
	agree, confusion := 0, map[string]int{}
	labels := map[string]string{}
	for _, m := range o.l.Moods {
		in := sent[m.ID]
		labels[m.ID] = scorer.Score(in.Text, in.Lang).Label
		confusion[m.Label+" heard as "+labels[m.ID]]++
		if labels[m.ID] == m.Label {
			agree++
		}
	}
	t.Logf("of %d texts, %d (%.1f %%) are heard as they were meant: %v", len(labels), agree, 100*float64(agree)/float64(len(labels)), confusion)

	for name, at := range o.instants {
		want := map[string]map[string]int{}
		for _, s := range o.j.Stages {
			want[string(s.ID)] = map[string]int{"eligible": 0, "scored": 0, "positive": 0, "neutral": 0, "negative": 0, "mixed": 0}
		}
		for _, m := range o.l.Moods {
			if m.At.After(at) {
				continue
			}
			n := want[string(m.Stage)]
			n["eligible"]++
			if label := labels[m.ID]; label != "" {
				n["scored"]++
				n[label]++
			}
		}
		got := map[string]map[string]int{}
		for _, r := range report(t, o.Store, "mood", aggregate.Query{AsOf: at}) {
			n := map[string]int{}
			for column := range want[r["key"].(string)] {
				n[column] = r.count(column)
			}
			got[r["key"].(string)] = n
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%s (-got, +want):\n%s", name, d)
		}
	}
}

// sent gives the world's interactions by id, as they read when they arrive.
func (o *oracle) sent(t *testing.T, world *synth.World) map[string]journey.Interaction {
	t.Helper()
	decoder := source.NewDecoder(source.Options{DefaultCountry: o.j.DefaultCountry})
	out := map[string]journey.Interaction{}
	for event := range world.Events() {
		value, err := event.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		in, err := decoder.Decode(source.Record{Value: value})
		if err != nil {
			t.Fatal(err)
		}
		out[in.ID] = in
	}
	return out
}
