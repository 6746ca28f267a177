package aggregate

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The views about promises, ages, turns and bypasses once more, by brute force.

// promisedWait is a wait with what was promised.
type promisedWait struct {
	worldWait
	Priority string
	Target   *int64
	Business bool
}

func (w *world) promise(t *rapid.T, s *Store) []promisedWait {
	var out []promisedWait
	for i := range w.waits {
		p := promisedWait{worldWait: w.waits[i], Priority: pick(t, []string{"", "high"}, "priority"), Business: rapid.Bool().Draw(t, "business")}
		if p.DueAt != nil {
			ms := rapid.SampledFrom([]int64{4 * 3600_000, 8 * 3600_000}).Draw(t, "target")
			p.Target = &ms
		}
		w.waits[i].priority, w.waits[i].target, w.waits[i].business = p.Priority, p.Target, p.Business
		out = append(out, p)
	}
	w.again(t, s, 3)
	return out
}

func (w *world) serviceLevel(q Query, waits []promisedWait) map[string]rowMap {
	n, over := map[string]map[string]int{}, map[string][]float64{}
	for _, a := range waits {
		if a.DueAt == nil || !q.choosesWait(a.worldWait) {
			continue
		}
		priority := a.Priority
		if priority == "" {
			priority = noneKey
		}
		key := fmt.Sprint(keyOf(q.By, a.Stage, a.Touchpoint, a.Department, a.Persona, a.Channel), " → ", priority, " → ", float64(*a.Target)/1000, " → ", a.Business)
		if n[key] == nil {
			n[key] = map[string]int{}
		}
		state := q.target(a.worldWait)
		n[key]["asked"]++
		n[key][state]++
		switch state {
		case "broken":
			over[key] = append(over[key], a.AnsweredAt.Sub(*a.DueAt).Seconds())
		case "past_target":
			over[key] = append(over[key], q.AsOf.Sub(*a.DueAt).Seconds())
		}
	}
	out := map[string]rowMap{}
	for key, c := range n {
		due := c["kept"] + c["broken"] + c["past_target"]
		row := rowMap{"asked": c["asked"], "kept": c["kept"], "broken": c["broken"], "past_target": c["past_target"], "open": c["open"], "due": due, "few": due < 30}
		row["attainment"], row["over_p50_s"], row["over_max_s"] = share(c["kept"], due), percentile(over[key], 0.5), percentile(over[key], 1)
		row["attainment_low"], row["attainment_high"] = wilson(c["kept"], due)
		out[key] = row
	}
	return out
}

func TestServiceLevelIsWhatTheWaitsSay(t *testing.T) {
	everyFew(t, func(t *rapid.T, s *Store, w *world, q Query) {
		waits := w.promise(t, s)
		compare(t, "service_level", q, rowsBy(t, ask(t, s, "service_level", q), "key", "priority", "target_s", "target_business"), w.serviceLevel(q, waits))
	})
}

func (w *world) ageing(q Query) map[string]rowMap {
	waiting := map[string]bool{}
	for _, a := range w.waits {
		if !a.AskedAt.After(q.AsOf) && (a.AnsweredAt == nil || a.AnsweredAt.After(q.AsOf)) {
			waiting[a.CaseID] = true
		}
	}
	out := map[string]rowMap{}
	for _, s := range w.stages {
		var usual, ages []float64
		n := map[string]int{}
		for _, v := range w.visits {
			if state := q.state(v); v.Stage == s.Stage && !v.EnteredAt.After(q.AsOf) && (state == "moved_on" || state == "completed") {
				usual = append(usual, v.LeftAt.Sub(v.EnteredAt).Seconds())
			}
		}
		for _, v := range w.visits {
			if v.Stage != s.Stage || !q.choosesVisit(v) || q.state(v) != "in_progress" {
				continue
			}
			age := q.AsOf.Sub(v.EnteredAt).Seconds()
			ages = append(ages, age)
			class := "unknown"
			if len(usual) > 0 {
				class = "past_p90"
				for _, c := range []struct {
					name  string
					level float64
				}{{"to_p90", 0.9}, {"to_p75", 0.75}, {"to_p50", 0.5}} {
					if age <= percentile(usual, c.level).(float64) {
						class = c.name
					}
				}
			}
			n[class]++
			if waiting[v.CaseID] {
				n["company_turn"]++
			}
		}
		classed := len(ages) - n["unknown"]
		row := rowMap{"usual_n": len(usual), "open": len(ages), "classed": classed, "customer_turn": len(ages) - n["company_turn"], "few": classed < 30}
		for _, name := range []string{"to_p50", "to_p75", "to_p90", "past_p90", "unknown", "company_turn"} {
			row[name] = n[name]
		}
		row["usual_p90_s"], row["open_p50_s"], row["oldest_s"] = percentile(usual, 0.9), percentile(ages, 0.5), percentile(ages, 1)
		row["past_p90_share"] = share(n["past_p90"], classed)
		row["past_p90_low"], row["past_p90_high"] = wilson(n["past_p90"], classed)
		out[s.Stage] = row
	}
	return out
}

func TestAgeingIsWhatTheVisitsSay(t *testing.T) {
	everyFew(t, func(t *rapid.T, s *Store, w *world, q Query) {
		compare(t, "ageing", q, rowsBy(t, ask(t, s, "ageing", q), "stage"), w.ageing(q))
	})
}

// turns goes through each stay minute by minute: all instants of the world are whole minutes.
func (w *world) turns(q Query) map[string]rowMap {
	company, customer := map[string][]float64{}, map[string][]float64{}
	for _, v := range w.visits {
		state := q.state(v)
		if !q.choosesVisit(v) || (state != "moved_on" && state != "completed") {
			continue
		}
		open := map[time.Time]bool{}
		for _, a := range w.waits {
			if a.CaseID != v.CaseID || a.AskedAt.After(q.AsOf) {
				continue
			}
			until := q.AsOf
			if a.AnsweredAt != nil && !a.AnsweredAt.After(q.AsOf) {
				until = *a.AnsweredAt
			}
			for at := a.AskedAt; at.Before(until); at = at.Add(time.Minute) {
				if !at.Before(v.EnteredAt) && at.Before(v.LeftAt) {
					open[at] = true
				}
			}
		}
		spent := float64(len(open)) * 60
		company[v.Stage] = append(company[v.Stage], spent)
		customer[v.Stage] = append(customer[v.Stage], v.LeftAt.Sub(v.EnteredAt).Seconds()-spent)
	}
	out := map[string]rowMap{}
	for _, s := range w.stages {
		a, b := company[s.Stage], customer[s.Stage]
		row := rowMap{"n": len(a), "company_share": nil}
		addPercentiles(row, "company", a, 0.5, 0.75, 0.9)
		addPercentiles(row, "customer", b, 0.5, 0.75, 0.9)
		spent, total := 0.0, 0.0
		for i := range a {
			spent, total = spent+a[i], total+a[i]+b[i]
		}
		if total > 0 {
			row["company_share"] = spent / total
		}
		out[s.Stage] = row
	}
	return out
}

func TestTurnsAreWhatVisitsAndWaitsSay(t *testing.T) {
	everyFew(t, func(t *rapid.T, s *Store, w *world, q Query) {
		compare(t, "turns", q, rowsBy(t, ask(t, s, "turns", q), "stage"), w.turns(q))
	})
}

func (w *world) bypasses(q Query) map[string]rowMap {
	chosen, steps := map[string]run{}, map[string][]worldStep{}
	for id, r := range w.runs(q) {
		if q.choosesVisit(r[0]) {
			chosen[id] = r
		}
	}
	for _, s := range w.steps {
		if !s.OccurredAt.After(q.AsOf) {
			steps[s.CaseID] = append(steps[s.CaseID], s)
		}
	}
	n, cases, passed := map[string]int{}, map[string]map[string]bool{}, map[string]int{}
	move := func(id, kind, from, to string, by int) {
		key := kind + " → " + from + " → " + to
		if n[key]++; cases[key] == nil {
			cases[key] = map[string]bool{}
		}
		cases[key][id], passed[key] = true, by
	}
	for id, r := range chosen {
		if r[0].Position > 0 {
			move(id, "start", "(start)", r[0].Stage, int(r[0].Position))
		}
		for i, v := range r[1:] {
			if by := int(v.Position) - int(r[i].Position) - 1; by > 0 {
				move(id, "skip", r[i].Stage, v.Stage, by)
			}
		}
		places := w.place(steps[id])
		for i, s := range steps[id] {
			if s.IsReturn && s.Stage != "" && places[i] >= 0 {
				move(id, "return", w.stages[places[i]].Stage, s.Stage, places[i]-int(s.Stage[0]-'a'))
			}
		}
	}
	out := map[string]rowMap{}
	for key, count := range n {
		ended, lost := 0, 0
		for id := range cases[key] {
			state := q.state(chosen[id][len(chosen[id])-1])
			if isLost(state) {
				lost++
			}
			if isLost(state) || state == "completed" {
				ended++
			}
		}
		row := rowMap{"n": count, "cases": len(cases[key]), "passed": passed[key], "cases_share": share(len(cases[key]), len(chosen)), "ended": ended, "lost": lost, "lost_share": share(lost, ended), "few": ended < 30}
		row["lost_low"], row["lost_high"] = wilson(lost, ended)
		out[key] = row
	}
	return out
}

func TestBypassesAreWhatVisitsAndStepsSay(t *testing.T) {
	everyFew(t, func(t *rapid.T, s *Store, w *world, q Query) {
		compare(t, "bypasses", q, rowsBy(t, ask(t, s, "bypasses", q), "kind", "from", "to"), w.bypasses(q))
	})
}

func TestTimelineIsAllOfOneCase(t *testing.T) {
	everyFew(t, func(t *rapid.T, s *Store, w *world, q Query) {
		if len(w.visits) == 0 {
			return
		}
		q.Case = rapid.SampledFrom(w.visits).Draw(t, "case").CaseID
		want := map[string]int{}
		count := func(what string, at time.Time, of string) {
			if of == q.Case && !at.After(q.AsOf) {
				want[what+" "+at.UTC().String()]++
			}
		}
		for _, v := range w.visits {
			count("entered", v.EnteredAt, v.CaseID)
			count("left", v.LeftAt, v.CaseID)
		}
		for _, step := range w.steps {
			count("interaction", step.OccurredAt, step.CaseID)
		}
		for _, a := range w.waits {
			count("asked", a.AskedAt, a.CaseID)
			if a.AnsweredAt != nil {
				count("answered", *a.AnsweredAt, a.CaseID)
			}
			if a.DueAt != nil && (a.AnsweredAt == nil || a.AnsweredAt.After(*a.DueAt)) {
				count("overdue", *a.DueAt, a.CaseID)
			}
		}
		r := ask(t, s, "timeline", q)
		var last time.Time
		for _, row := range r.Rows {
			at := row[0].(time.Time)
			if at.Before(last) {
				t.Fatalf("timeline of %s: %s comes after %s", q.Case, at, last)
			}
			last = at
			want[fmt.Sprint(row[1], " ", at.UTC())]--
		}
		for what, n := range want {
			if n != 0 {
				t.Fatalf("timeline of %s as of %s: %s is %d times missing", q.Case, q.AsOf, what, n)
			}
		}
	})
}

func TestVerbatimsAreTheTextsOfSteps(t *testing.T) {
	everyFew(t, func(t *rapid.T, s *Store, w *world, q Query) {
		type written struct {
			toldInteraction
			Eligible bool   `ch:"mood_eligible"`
			Text     string `ch:"text"`
		}
		var raw []written
		for i, step := range w.steps {
			of := toldInteraction{ContactKey: step.ContactKey, OccurredAt: step.OccurredAt, Origin: step.Origin, ID: step.ID}
			raw = append(raw, written{of, step.Eligible, fmt.Sprint("scrivetemi a anna.rossi@example.com: n. ", i)})
		}
		putInteractions(t, s, rawFields+", mood_eligible, text", raw)
		q.State = pick(t, []string{"", "scored", "unscored", "negative", "joy"}, "state")
		var want []string
		for i, step := range w.steps {
			state := map[string]bool{"": true, "scored": step.Mood != "", "unscored": step.Mood == "", step.Mood: true}
			if step.Mood != "" {
				state[step.Emotion] = true
			}
			if step.Eligible && q.choosesStep(step) && state[q.State] {
				want = append(want, fmt.Sprint("scrivetemi a [email]: n. ", i))
			}
		}
		var got []string
		r := ask(t, s, "verbatims", q)
		text := slices.IndexFunc(r.Columns, func(c Column) bool { return c.Name == "text" })
		for _, row := range r.Rows {
			got = append(got, row[text].(string))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("verbatims %s: got %d texts, want %d: %q, %q", q.State, len(got), len(want), got, want)
		}
	})
}
