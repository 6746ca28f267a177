package aggregate

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The views about the order of things once more, by brute force.

// caseSteps gives the steps of the cases that q chooses, whole and in order: opened in the window, and with a step that
// passes each filter.
func (w *world) caseSteps(q Query) map[string][]worldStep {
	out := map[string][]worldStep{}
	for _, s := range w.steps {
		if !s.OccurredAt.After(q.AsOf) {
			out[s.CaseID] = append(out[s.CaseID], s)
		}
	}
	for id, steps := range out {
		first := steps[0].OccurredAt
		some := func(filter string, of func(worldStep) string) bool {
			return slices.ContainsFunc(steps, func(s worldStep) bool { return passes(filter, of(s)) })
		}
		known := 0.0
		for _, s := range steps {
			known = max(known, s.Known)
		}
		of := worldSegment{steps[0].Account, steps[0].Customer, known}
		if !q.choosesSegment(of) || !q.within(first) || !some(q.Persona, func(s worldStep) string { return s.Persona }) ||
			!some(q.Touchpoint, func(s worldStep) string { return s.Touchpoint }) ||
			!some(q.Channel, func(s worldStep) string { return s.Channel }) ||
			!some(q.Department, func(s worldStep) string { return s.Department }) {
			delete(out, id)
		}
	}
	return out
}

func (w *world) directlyFollows(q Query) (pairs map[string]rowMap, durations []float64) {
	gaps := map[string][]float64{}
	for _, steps := range w.caseSteps(q) {
		durations = append(durations, steps[len(steps)-1].OccurredAt.Sub(steps[0].OccurredAt).Seconds())
		for i, b := range steps[1:] {
			key := steps[i].Activity + " → " + b.Activity
			gaps[key] = append(gaps[key], b.OccurredAt.Sub(steps[i].OccurredAt).Seconds())
		}
	}
	pairs = map[string]rowMap{}
	for key, xs := range gaps {
		pairs[key] = rowMap{"n": len(xs), "p50": percentile(xs, 0.5), "p90": percentile(xs, 0.9)}
	}
	return pairs, durations
}

func TestProcessViewsAreWhatTheStepsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		pairs, durations := w.directlyFollows(q)
		compare(t, "directly-follows", q, rowsBy(t, ask(t, s, "directly-follows", q), "from", "to"), pairs)
		compare(t, "durations", q, rowsBy(t, ask(t, s, "durations", q)), map[string]rowMap{"": {
			"n": len(durations), "p50": percentile(durations, 0.5), "p90": percentile(durations, 0.9), "max": percentile(durations, 1),
		}})
		counts, cases := map[string]int{}, map[string]map[string]bool{}
		for _, step := range w.steps {
			if q.choosesStep(step) {
				counts[step.Activity]++
				if cases[step.Activity] == nil {
					cases[step.Activity] = map[string]bool{}
				}
				cases[step.Activity][step.CaseID] = true
			}
		}
		want := map[string]rowMap{}
		for a, n := range counts {
			want[a] = rowMap{"interactions": n, "cases": len(cases[a])}
			q := q
			q.Activity = a
			if list := ask(t, s, "steps", q); len(list.Rows) != n {
				t.Fatalf("activity %s: %d interactions, the list has %d", a, n, len(list.Rows))
			}
		}
		compare(t, "activities", q, rowsBy(t, ask(t, s, "activities", q), "activity"), want)
	})
}

// place gives, for each step of a case, the position of the furthest stage that steps up to it entered; −1 for none.
func (w *world) place(steps []worldStep) []int {
	out, furthest := make([]int, len(steps)), -1
	for i, s := range steps {
		if !s.IsReturn && s.Stage != "" {
			furthest = max(furthest, int(s.Stage[0]-'a'))
		}
		out[i] = furthest
	}
	return out
}

func (w *world) touchpoints(q Query) map[string]rowMap {
	usual := map[string][2]int{} // lost and decided of each stage, by visits of the window
	for _, v := range w.visits {
		if state := q.state(v); q.within(v.EnteredAt) && passes(q.Persona, v.Persona) && q.choosesSegment(v.worldSegment) && state != "in_progress" && w.isMature(q, v) {
			n := usual[v.Stage]
			if isLost(state) {
				n[0]++
			}
			n[1]++
			usual[v.Stage] = n
		}
	}
	all := map[string][]worldStep{}
	for _, s := range w.steps {
		if !s.OccurredAt.After(q.AsOf) {
			all[s.CaseID] = append(all[s.CaseID], s)
		}
	}
	type touch struct{ tp, id, stage string }
	met := map[touch]bool{} // before the visit's outcome
	for id, steps := range all {
		places := w.place(steps)
		for i, s := range steps {
			if places[i] < 0 || s.Touchpoint == "" || s.Outcome != "" || !passes(q.Channel, s.Channel) || !passes(q.Department, s.Department) || !passes(q.Touchpoint, s.Touchpoint) || !q.choosesSegment(s.worldSegment) {
				continue
			}
			for _, v := range w.visits {
				if v.CaseID == id && int(v.Position) == places[i] && !s.OccurredAt.After(v.LeftAt) {
					met[touch{s.Touchpoint, id, v.Stage}] = true
				}
			}
		}
	}
	out := map[string]rowMap{}
	for _, tp := range someTouchpoints[1:] {
		row := w.meetings(q, tp)
		if row["interactions"] == 0 {
			continue
		}
		lost, decided, expected := 0, 0, 0.0
		for _, v := range w.visits {
			state := q.state(v)
			if !met[touch{tp, v.CaseID, v.Stage}] || !q.within(v.EnteredAt) || !passes(q.Persona, v.Persona) || !q.choosesSegment(v.worldSegment) || state == "in_progress" || !w.isMature(q, v) {
				continue
			}
			decided++
			if isLost(state) {
				lost++
			}
			expected += float64(usual[v.Stage][0]) / float64(usual[v.Stage][1])
		}
		row["lost"], row["decided"], row["loss"], row["few"] = lost, decided, share(lost, decided), decided < 30
		row["loss_low"], row["loss_high"] = wilson(lost, decided)
		row["stage_loss"], row["loss_term"] = nil, 0.0
		if decided > 0 {
			row["stage_loss"] = expected / float64(decided)
			row["loss_term"] = float64(row["cases"].(int)) * (float64(lost) - expected) / float64(decided)
		}
		row["friction"] = row["loss_term"].(float64) + float64(row["late"].(int)+row["negative"].(int))
		out[tp] = row
	}
	return out
}

// meetings counts what happened at a touchpoint: interactions, moods and waits.
func (w *world) meetings(q Query, tp string) rowMap {
	n, cases := map[string]int{}, map[string]bool{}
	for _, s := range w.steps {
		if s.Touchpoint == tp && q.choosesStep(s) {
			n["interactions"]++
			cases[s.CaseID] = true
			if s.Mood != "" {
				n["scored"]++
				n[s.Mood]++
			}
		}
	}
	var answered []float64
	for _, a := range w.waits {
		if a.Touchpoint != tp || !q.choosesWait(a) {
			continue
		}
		if a.AnsweredAt == nil || a.AnsweredAt.After(q.AsOf) {
			n["wait_waiting"]++
		} else {
			answered = append(answered, a.AnsweredAt.Sub(a.AskedAt).Seconds())
		}
		if target := q.target(a); target == "broken" || target == "past_target" {
			n["late"]++
		}
	}
	return rowMap{
		"interactions": n["interactions"], "cases": len(cases), "scored": n["scored"], "positive": n["positive"], "negative": n["negative"],
		"late": n["late"], "wait_n": len(answered), "wait_waiting": n["wait_waiting"], "wait_p75_s": percentile(answered, 0.75),
		"net": share(n["positive"]-n["negative"], n["scored"]),
	}
}

func TestTouchpointsAreWhatTheStepsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		whole := q
		whole.By = "touchpoint"
		compare(t, "touchpoints", whole, rowsBy(t, ask(t, s, "touchpoints", whole), "touchpoint"), w.touchpoints(whole))
	})
}

func (w *world) paths(q Query) map[string]rowMap {
	ends := map[string]string{}
	for id, r := range w.runs(q) {
		ends[id] = q.state(r[len(r)-1])
	}
	n, skips, returns, leaving := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	cases := map[string]map[string]bool{}
	for id, steps := range w.caseSteps(q) {
		places := w.place(steps)
		last := -1
		move := func(to string) string {
			from := steps[last].Touchpoint
			key := from + " → " + to
			n[key]++
			leaving[from]++
			if cases[key] == nil {
				cases[key] = map[string]bool{}
			}
			cases[key][id] = true
			return key
		}
		for i, s := range steps {
			if s.Touchpoint == "" {
				continue
			}
			if last >= 0 {
				key := move(s.Touchpoint)
				if places[last] >= 0 && places[i] > places[last]+1 {
					skips[key]++
				}
				if s.IsReturn {
					returns[key]++
				}
			}
			last = i
		}
		if last < 0 {
			continue
		}
		switch end := ends[id]; {
		case isLost(end):
			move("(lost)")
		case end == "completed":
			move("(completed)")
		default:
			move("(open)")
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
			"n": count, "cases": len(cases[key]), "skips": skips[key], "returns": returns[key], "share": share(count, leaving[from]),
			"ended": ended, "lost": lost, "lost_share": share(lost, ended), "few": ended < 30,
		}
		row["lost_low"], row["lost_high"] = wilson(lost, ended)
		out[key] = row
	}
	return out
}

func TestPathsAreWhatTheStepsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		compare(t, "paths", q, rowsBy(t, ask(t, s, "paths", q), "from", "to"), w.paths(q))
	})
}

// survival of one stage, event by event: what is still there is multiplied down, what left is added up.
func (w *world) survival(q Query, stage string) map[string]rowMap {
	type stay struct {
		length float64
		state  string
	}
	var stays []stay
	for _, v := range w.visits {
		if v.Stage == stage && q.choosesVisit(v) {
			s := stay{v.LeftAt.Sub(v.EnteredAt).Seconds(), q.state(v)}
			if s.state == "in_progress" {
				s.length = q.AsOf.Sub(v.EnteredAt).Seconds()
			}
			stays = append(stays, s)
		}
	}
	sort.Slice(stays, func(i, j int) bool { return stays[i].length < stays[j].length })
	out := map[string]rowMap{}
	there := 1.0
	gone := map[string]float64{}
	for i := 0; i < len(stays); {
		risk, left, by := len(stays)-i, 0, map[string]int{}
		t := stays[i].length
		for ; i < len(stays) && stays[i].length == t; i++ {
			if stays[i].state == "in_progress" {
				continue
			}
			left++
			if isLost(stays[i].state) {
				by["lost"]++
			} else {
				by[stays[i].state]++
			}
		}
		if left == 0 {
			continue
		}
		for exit, n := range by {
			gone[exit] += there * float64(n) / float64(risk)
		}
		there *= 1 - float64(left)/float64(risk)
		out[fmt.Sprint(t)] = rowMap{
			"at_risk": risk, "left": left, "survival": there,
			"moved_on_share": gone["moved_on"], "completed_share": gone["completed"], "lost_share": gone["lost"],
		}
	}
	return out
}

func TestSurvivalIsWhatTheVisitsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		q.Stage = w.stages[0].Stage
		got := rowsBy(t, ask(t, s, "survival", q), "stay_s")
		compare(t, "survival", q, got, w.survival(q, q.Stage))
		for at, row := range got {
			sum := 0.0
			for _, column := range []string{"survival", "moved_on_share", "completed_share", "lost_share"} {
				sum += row[column].(float64)
			}
			if sum < 1-1e-9 || sum > 1+1e-9 {
				t.Fatalf("stage %s at %s s: shares add up to %v", q.Stage, at, sum)
			}
		}
	})
}

// TestTouchpointsByStage holds the split by stage against asking for one stage at a time.
func TestTouchpointsByStage(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	var split [][]any
	for _, stage := range []string{"evaluation", "decision", "use"} {
		one, err := s.Report(t.Context(), "touchpoints", Query{Journey: "shop", Stage: stage})
		must(t, err)
		for _, row := range one.Rows {
			row[0] = stage
			split = append(split, row)
		}
	}
	all, err := s.Report(t.Context(), "touchpoints", Query{Journey: "shop", By: "stage"})
	must(t, err)
	order := func(a, b []any) int { return strings.Compare(fmt.Sprint(a[:2]), fmt.Sprint(b[:2])) }
	slices.SortFunc(split, order)
	slices.SortFunc(all.Rows, order)
	if d := cmp.Diff(all.Rows, split); d != "" || len(split) == 0 {
		t.Errorf("by stage (-got, +one stage at a time), %d rows:\n%s", len(split), d)
	}
}
