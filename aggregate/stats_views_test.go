package aggregate

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"sync/atomic"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// toldStep is a step with what only the views of ratings, calls and tickets look at.
type toldStep struct {
	worldStep
	Source    string
	Type      string
	Direction string
	Automatic bool

	thread         string
	solved, public bool
	rating         string
	score          float64
	low, high      float64
}

type toldInteraction struct {
	ContactKey string    `ch:"contact_key"`
	OccurredAt time.Time `ch:"occurred_at"`
	Origin     string    `ch:"origin"`
	ID         string    `ch:"id"`
	Source     string    `ch:"source"`
	Thread     string    `ch:"thread"`
	Solved     bool      `ch:"solved"`
	Public     bool      `ch:"public"`
	Kind       string    `ch:"rating_kind"`
	Score      *float64  `ch:"rating_score"`
	Min        *float64  `ch:"rating_min"`
	Max        *float64  `ch:"rating_max"`
}

const rawFields = "contact_key, occurred_at, origin, id, source, thread, solved, public, rating_kind, rating_score, rating_min, rating_max"

// tell draws what else the world's steps were, and stores them over the plain ones, with the interactions they came
// from, each twice.
func (w *world) tell(t *rapid.T, s *Store) []toldStep {
	var out []toldStep
	var raw []toldInteraction
	for i, step := range w.steps {
		d := toldStep{worldStep: step, Direction: pick(t, []string{"inbound", "outbound"}, "direction"), Automatic: rapid.IntRange(0, 4).Draw(t, "automatic") == 0}
		switch d.Source = pick(t, []string{"call", "ticket", "ticket", "review"}, "source"); d.Source {
		case "call":
			d.Type = pick(t, []string{"call.held", "call.missed"}, "call")
		case "ticket":
			d.Type, d.public = "ticket.commented", rapid.Bool().Draw(t, "public")
			d.thread = fmt.Sprint("ticket:", step.CaseID, "/", rapid.IntRange(0, 1).Draw(t, "thread"))
			if rapid.Bool().Draw(t, "solved") {
				d.Type, d.solved = "ticket.solved", true
			}
		case "review":
			d.Type, d.rating = "review.posted", pick(t, []string{"csat", "nps", "ces", "stars"}, "kind")
			d.low, d.high = 1, float64(rapid.SampledFrom([]int{5, 7}).Draw(t, "scale"))
			if d.rating == "nps" {
				d.low, d.high = 0, 10
			}
			d.score = float64(rapid.IntRange(int(d.low), int(d.high)).Draw(t, "score"))
		}
		w.steps[i].source, w.steps[i].kind, w.steps[i].direction, w.steps[i].automatic = d.Source, d.Type, d.Direction, d.Automatic
		w.steps[i].thread, w.steps[i].public, w.steps[i].solved = d.thread, d.public, d.solved
		out = append(out, d)
		one := toldInteraction{ContactKey: d.ContactKey, OccurredAt: d.OccurredAt, Origin: d.Origin, ID: d.ID, Source: d.Source, Thread: d.thread, Solved: d.solved, Public: d.public, Kind: d.rating}
		if d.rating != "" {
			one.Score, one.Min, one.Max = &d.score, &d.low, &d.high
		}
		raw = append(raw, one, one)
	}
	w.again(t, s, 3)
	putInteractions(t, s, rawFields, raw)
	return out
}

func (q Query) keyOfStep(s worldStep) string {
	return keyOf(q.By, s.Stage, s.Touchpoint, s.Department, s.Persona, s.Channel)
}

// ratings is the view of that name, by key, kind and scale.
func (w *world) ratings(q Query, steps []toldStep) map[string]rowMap {
	scores := map[string][]float64{}
	of := map[string]toldStep{}
	answered := map[string]bool{}
	for _, s := range steps {
		if s.rating != "" && q.choosesStep(s.worldStep) {
			key := fmt.Sprint(q.keyOfStep(s.worldStep), " → ", s.rating, " → ", s.high)
			scores[key], of[key] = append(scores[key], s.score), s
			answered[q.keyOfStep(s.worldStep)] = true
		}
	}
	out := map[string]rowMap{}
	for key, xs := range scores {
		row := rowMap{"n": len(xs), "mean": stat.Mean(xs, nil), "few": len(xs) < 30, "top_two_share": nil, "nps": nil, "mean_low": nil, "nps_high": nil, "top_two_low": nil}
		if len(xs) > 1 {
			row["mean_low"] = stat.Mean(xs, nil) - z95*stat.StdDev(xs, nil)/math.Sqrt(float64(len(xs)))
		}
		above := func(from float64) (n int) {
			for _, x := range xs {
				if x >= from {
					n++
				}
			}
			return n
		}
		switch of[key].rating {
		case "csat", "stars":
			row["top_two_share"] = share(above(of[key].high-1), len(xs))
			row["top_two_low"], _ = wilson(above(of[key].high-1), len(xs))
		case "nps":
			signs := make([]float64, len(xs))
			for i, x := range xs {
				if x >= 9 {
					signs[i] = 1
				} else if x <= 6 {
					signs[i] = -1
				}
			}
			mean, variance := stat.PopMeanVariance(signs, nil)
			row["nps"], row["nps_high"] = mean, math.Min(1, mean+z95*math.Sqrt(variance/float64(len(xs))))
		}
		out[key] = row
	}
	if q.By == "stage" {
		for _, s := range w.stages {
			if passes(q.Stage, s.Stage) && !answered[s.Stage] {
				out[s.Stage+" →  → <nil>"] = rowMap{"n": 0, "mean": nil, "scale_min": nil, "top_two_share": nil, "nps": nil}
			}
		}
	}
	return out
}

func TestRatingsAreWhatCustomersStated(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		steps := w.tell(t, s)
		compare(t, "ratings", q, rowsBy(t, ask(t, s, "ratings", q), "key", "kind", "scale_max"), w.ratings(q, steps))
	})
}

type toldWait struct {
	worldWait
	Missed bool `ch:"missed_call"`
}

// calls is the view of that name, by key.
func (w *world) calls(q Query, steps []toldStep, waits []toldWait) map[string]rowMap {
	n := map[string]map[string]int{}
	spans := map[string][]float64{}
	at := func(key string) map[string]int {
		if n[key] == nil {
			n[key] = map[string]int{}
		}
		return n[key]
	}
	for _, s := range steps {
		if s.Source == "call" && s.Direction == "inbound" && q.choosesStep(s.worldStep) {
			at(q.keyOfStep(s.worldStep))[s.Type]++
		}
	}
	for _, a := range waits {
		if !a.Missed || !q.choosesWait(a.worldWait) {
			continue
		}
		key := keyOf(q.By, a.Stage, a.Touchpoint, a.Department, a.Persona, a.Channel)
		at(key)["asked"]++
		if a.AnsweredAt != nil && !a.AnsweredAt.After(q.AsOf) {
			spans[key] = append(spans[key], a.AnsweredAt.Sub(a.AskedAt).Seconds())
		}
	}
	out := map[string]rowMap{}
	for key, c := range n {
		calls := c["call.held"] + c["call.missed"]
		row := rowMap{
			"calls": calls, "held": c["call.held"], "missed": c["call.missed"], "missed_share": share(c["call.missed"], calls), "few": calls < 30,
			"asked": c["asked"], "answered": len(spans[key]), "waiting": c["asked"] - len(spans[key]),
			"answer_p50_s": percentile(spans[key], 0.5), "answer_p90_s": percentile(spans[key], 0.9),
		}
		row["missed_low"], row["missed_high"] = wilson(c["call.missed"], calls)
		out[key] = row
	}
	return out
}

func TestCallsAreWhatStepsAndWaitsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		steps := w.tell(t, s)
		var waits []toldWait
		for i := range w.waits {
			w.waits[i].missed = rapid.Bool().Draw(t, "missed")
			waits = append(waits, toldWait{w.waits[i], w.waits[i].missed})
		}
		w.again(t, s, 4)
		compare(t, "calls", q, rowsBy(t, ask(t, s, "calls", q), "key"), w.calls(q, steps, waits))
	})
}

// tickets is the view of that name, by key.
func (w *world) tickets(q Query, steps []toldStep) map[string]rowMap {
	threads := map[string][]toldStep{}
	for _, s := range steps {
		if s.Source == "ticket" && !s.OccurredAt.After(q.AsOf) {
			threads[s.thread] = append(threads[s.thread], s)
		}
	}
	n := map[string]map[string]int{}
	spans := map[string][]float64{}
	oldest := map[string]any{}
	for _, list := range threads {
		sort.Slice(list, func(i, j int) bool {
			if !list[i].OccurredAt.Equal(list[j].OccurredAt) {
				return list[i].OccurredAt.Before(list[j].OccurredAt)
			}
			return list[i].ID < list[j].ID
		})
		first := list[0]
		if !q.choosesStep(first.worldStep) {
			continue
		}
		key := q.keyOfStep(first.worldStep)
		if n[key] == nil {
			n[key] = map[string]int{}
		}
		c := n[key]
		c["opened"]++
		solves, answers, answeredAtSolve := 0, 0, 0
		var solvedAt time.Time
		for _, s := range list {
			if s.public && s.Direction == "outbound" && !s.Automatic {
				answers++
			}
			if s.solved {
				solves, solvedAt, answeredAtSolve = solves+1, s.OccurredAt, answers
			}
		}
		if solves == 0 {
			if age := q.AsOf.Sub(first.OccurredAt).Seconds(); oldest[key] == nil || age > oldest[key].(float64) {
				oldest[key] = age
			}
			continue
		}
		c["solved"]++
		c["reopens"] += solves - 1
		if solves > 1 {
			c["reopened"]++
		}
		if solves == 1 && answers == 1 && answeredAtSolve == 1 {
			c["one_touch"]++
		}
		spans[key] = append(spans[key], solvedAt.Sub(first.OccurredAt).Seconds())
	}
	out := map[string]rowMap{}
	for key, c := range n {
		row := rowMap{
			"unsolved": c["opened"] - c["solved"], "oldest_s": oldest[key], "few": c["solved"] < 30,
			"reopened_share": share(c["reopened"], c["solved"]), "one_touch_share": share(c["one_touch"], c["solved"]),
			"resolution_p50_s": percentile(spans[key], 0.5), "resolution_p90_s": percentile(spans[key], 0.9),
		}
		for _, name := range []string{"opened", "solved", "reopens", "reopened", "one_touch"} {
			row[name] = c[name]
		}
		row["one_touch_low"], row["one_touch_high"] = wilson(c["one_touch"], c["solved"])
		out[key] = row
	}
	return out
}

func TestTicketsAreWhatTheirThreadsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		steps := w.tell(t, s)
		compare(t, "tickets", q, rowsBy(t, ask(t, s, "tickets", q), "key"), w.tickets(q, steps))
	})
}

// handoffs is the view of that name, by the two departments.
func (w *world) handoffs(q Query, told []toldStep) map[string]rowMap {
	automatic := map[string]bool{}
	for _, s := range told {
		automatic[s.ID] = s.Automatic
	}
	ends := map[string]string{}
	for id, r := range w.runs(q) {
		ends[id] = q.state(r[len(r)-1])
	}
	n, back, returns, leaving := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	gaps, cases, any := map[string][]float64{}, map[string]map[string]bool{}, map[string]bool{}
	for id, steps := range w.caseSteps(q) {
		had := map[string]bool{}
		var last worldStep
		for _, s := range steps {
			if s.Department == "" || automatic[s.ID] {
				continue
			}
			any[id] = true
			if last.Department != "" && last.Department != s.Department {
				key := last.Department + " → " + s.Department
				n[key]++
				leaving[last.Department]++
				gaps[key] = append(gaps[key], s.OccurredAt.Sub(last.OccurredAt).Seconds())
				if cases[key] == nil {
					cases[key] = map[string]bool{}
				}
				cases[key][id] = true
				if had[s.Department] {
					back[key]++
				}
				if s.IsReturn {
					returns[key]++
				}
			}
			had[s.Department], last = true, s
		}
	}
	out := map[string]rowMap{}
	for key, count := range n {
		ended, lost := 0, 0
		for id := range cases[key] {
			if isLost(ends[id]) {
				lost++
			}
			if isLost(ends[id]) || ends[id] == "completed" {
				ended++
			}
		}
		var from, to string
		fmt.Sscanf(key, "%s → %s", &from, &to)
		row := rowMap{
			"n": count, "cases": len(cases[key]), "back": back[key], "returns": returns[key], "share": share(count, leaving[from]),
			"cases_share": share(len(cases[key]), len(any)), "p50_s": percentile(gaps[key], 0.5), "p90_s": percentile(gaps[key], 0.9),
			"ended": ended, "lost": lost, "lost_share": share(lost, ended), "few": ended < 30,
		}
		row["lost_low"], row["lost_high"] = wilson(lost, ended)
		out[key] = row
	}
	return out
}

func TestHandoffsAreWhatTheStepsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		steps := w.tell(t, s)
		compare(t, "handoffs", q, rowsBy(t, ask(t, s, "handoffs", q), "from", "to"), w.handoffs(q, steps))
	})
}

// TestPercentilesAreThoseOfTiming holds the values against timing, which its own brute force checks, and the intervals
// against the sorted list.
func TestPercentilesAreThoseOfTiming(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		timing := rowsBy(t, ask(t, s, "timing", q), "key")
		answered := map[string][]float64{}
		for _, a := range w.waits {
			if q.choosesWait(a) && a.AnsweredAt != nil && !a.AnsweredAt.After(q.AsOf) {
				key := keyOf(q.By, a.Stage, a.Touchpoint, a.Department, a.Persona, a.Channel)
				answered[key] = append(answered[key], a.AnsweredAt.Sub(a.AskedAt).Seconds())
			}
		}
		got := rowsBy(t, ask(t, s, "percentiles", q), "key", "measure", "level")
		want, rows := map[string]rowMap{}, 0
		for key, row := range timing {
			for _, measure := range []string{"stage", "wait", "reply", "wait_business", "reply_business"} {
				if row[measure+"_n"].(uint64) == 0 {
					continue
				}
				for level, column := range map[float64]string{0.5: "_p50_s", 0.75: "_p75_s", 0.9: "_p90_s"} {
					rows++
					want[fmt.Sprint(key, " → ", measure, " → ", level)] = rowMap{"n": row[measure+"_n"], "value_s": row[measure+column]}
				}
			}
		}
		if len(got) != rows {
			t.Fatalf("percentiles as of %s: %d rows, timing has %d", q.AsOf, len(got), rows)
		}
		compare(t, "percentiles", q, got, want)
		for key, xs := range answered {
			sort.Float64s(xs)
			n := float64(len(xs))
			half := z95 * math.Sqrt(n/4)
			row := got[key+" → wait → 0.5"]
			var low, high any
			if i := int(math.Floor(n/2 - half)); i >= 1 {
				low = xs[i-1]
			}
			if i := int(math.Ceil(n/2+half)) + 1; i <= len(xs) {
				high = xs[i-1]
			}
			if row["value_low_s"] != low || row["value_high_s"] != high {
				t.Fatalf("interval of %v: got %v to %v, want %v to %v", xs, row["value_low_s"], row["value_high_s"], low, high)
			}
		}
	})
}

// crowd is a world of many cases in two stages, where the phone and late answers go with loss.
func crowd(r *rand.Rand, journey string, cases int) *world {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	week := int64(7 * 86400_000)
	w := &world{journey: journey}
	for i, id := range []string{"a", "b"} {
		w.stages = append(w.stages, worldStage{Journey: journey, Version: "new", Position: uint8(i), Stage: id, Labels: map[string]string{"it": "fase"}, Silence: &week})
	}
	for c := range cases {
		subject, id := fmt.Sprint("email:", c), fmt.Sprint(journey, "/", c)
		at, persona, channel := r.IntN(60*1440), pick(somePersonas), pick(someChannels)
		for position := range uint8(2) {
			stay := 1 + r.IntN(12*1440)
			v := worldVisit{
				Journey: journey, Subject: subject, Attempt: 1, Position: position, CaseID: id, Person: subject, Persona: persona, Stage: w.stages[position].Stage,
				EnteredAt: minute(at), LeftAt: minute(at + stay), Touchpoint: pick(someTouchpoints), Channel: channel, Department: pick(someDepartments),
			}
			odds := 4
			if channel == "phone" {
				odds = 2
			}
			if v.Exit = "moved_on"; r.IntN(odds) == 0 {
				v.Exit = pick([]string{"lost_silent", "lost_explicit"})
			} else if position == 1 {
				v.Exit = "completed"
			}
			for n := range r.IntN(3) {
				w.steps = append(w.steps, worldStep{
					Journey: journey, Subject: subject, Attempt: 1, Number: uint32(10*int(position) + n + 1), CaseID: id, Persona: persona, ContactKey: subject,
					OccurredAt: minute(at + []int{0, r.IntN(stay), stay}[r.IntN(3)]), Origin: "o", ID: fmt.Sprint(id, position, n),
					Stage: v.Stage, Touchpoint: pick(someTouchpoints), Eligible: true, Mood: pick(someMoods),
				})
			}
			if r.IntN(2) == 0 {
				q := worldWait{Journey: journey, Subject: subject, Number: uint32(position), Attempt: 1, CaseID: id, AskedAt: minute(at + r.IntN(stay)), Touchpoint: "mail"}
				due, answered := q.AskedAt.Add(24*time.Hour), q.AskedAt.Add(time.Duration(r.IntN(72))*time.Hour)
				if q.DueAt = &due; r.IntN(4) > 0 {
					ms := answered.Sub(q.AskedAt).Milliseconds()
					q.AnsweredAt, q.WaitedMS = &answered, &ms
				}
				w.waits = append(w.waits, q)
			}
			w.visits = append(w.visits, v)
			if v.Exit != "moved_on" {
				break
			}
			at += stay
		}
	}
	return w
}

// factsBefore are what was known of a visit's case before its outcome, as "fact → value".
func (w *world) factsBefore(v worldVisit) map[string]bool {
	dash := func(s string) string {
		if s == "" {
			return noneKey
		}
		return s
	}
	facts := map[string]bool{"persona → " + dash(v.Persona): true}
	for _, first := range w.visits {
		if first.CaseID == v.CaseID {
			facts["entry_channel → "+dash(first.Channel)], facts["entry_touchpoint → "+dash(first.Touchpoint)] = true, true
			break
		}
	}
	for _, s := range w.steps {
		if s.CaseID != v.CaseID || !s.OccurredAt.Before(v.LeftAt) {
			continue
		}
		if s.Touchpoint != "" {
			facts["touchpoint → "+s.Touchpoint] = true
		}
		if s.Mood == "negative" {
			facts["negative_mood → yes"] = true
		}
	}
	for _, a := range w.waits {
		late := a.DueAt != nil && (a.AnsweredAt == nil || a.AnsweredAt.After(*a.DueAt))
		if a.CaseID == v.CaseID && late && a.DueAt.Before(v.LeftAt) {
			facts["late_answer → yes"] = true
		}
	}
	return facts
}

// losses is the view of that name, by stage, fact and value.
func (w *world) losses(q Query) map[string]rowMap {
	type tally struct{ n, lost int }
	all, held := map[string]tally{}, map[string]tally{}
	for _, v := range w.visits {
		state := q.state(v)
		if !q.choosesVisit(v) || !passes(q.Stage, v.Stage) || state == "in_progress" || !w.isMature(q, v) {
			continue
		}
		lost := 0
		if isLost(state) {
			lost = 1
		}
		all[v.Stage] = tally{all[v.Stage].n + 1, all[v.Stage].lost + lost}
		for fact := range w.factsBefore(v) {
			key := v.Stage + " → " + fact
			held[key] = tally{held[key].n + 1, held[key].lost + lost}
		}
	}
	out := map[string]rowMap{}
	var ps []float64
	for key, h := range held {
		stage := all[key[:1]]
		if float64(h.n) < math.Max(25, 0.02*float64(stage.n)) || h.n == stage.n {
			continue
		}
		a, b := float64(h.lost)+0.5, float64(h.n-h.lost)+0.5
		c, d := float64(stage.lost-h.lost)+0.5, float64(stage.n-h.n-stage.lost+h.lost)+0.5
		ratio, se := a*d/(b*c), math.Sqrt(1/a+1/b+1/c+1/d)
		p := 2 * distuv.UnitNormal.Survival(math.Abs(math.Log(ratio)/se))
		ps = append(ps, p)
		out[key] = rowMap{
			"n": h.n, "lost": h.lost, "others": stage.n - h.n, "others_lost": stage.lost - h.lost, "loss": share(h.lost, h.n),
			"odds_ratio": ratio, "odds_low": ratio / math.Exp(z95*se), "odds_high": ratio * math.Exp(z95*se), "p": p,
		}
	}
	for _, row := range out {
		// The smallest share of false findings at which Benjamini and Hochberg would call this row one.
		q := 1.0
		for _, cut := range ps {
			if cut < row["p"].(float64) {
				continue
			}
			below := 0
			for _, p := range ps {
				if p <= cut {
					below++
				}
			}
			q = math.Min(q, cut*float64(len(ps))/float64(below))
		}
		row["q"], row["real"] = q, q < 0.05
	}
	return out
}

func TestLossesAreWhatWasKnownBefore(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	checks := flag.Lookup("rapid.checks")
	must(t, checks.Value.Set("4"))
	t.Cleanup(func() { must(t, checks.Value.Set(checks.DefValue)) })
	var worlds, rows atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		w := crowd(r, fmt.Sprint("j", worlds.Add(1)), 500)
		w.store(t, s)
		for range 3 {
			q := Query{Journey: w.journey, AsOf: minute(r.IntN(90 * 1440)), Stage: []string{"", "a", "b"}[r.IntN(3)], Channel: []string{"", "", "phone"}[r.IntN(3)]}
			want := w.losses(q)
			rows.Add(int64(len(want)))
			compare(t, "losses", q, rowsBy(t, ask(t, s, "losses", q), "stage", "fact", "value"), want)
		}
	})
	if rows.Load() < 50 {
		t.Errorf("only %d rows were compared: the test tests little", rows.Load())
	}
}
