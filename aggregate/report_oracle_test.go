package aggregate

import (
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// The numbers of metrics.md once more, by brute force over the rows, one visit, wait or text at a time.

var z95 = distuv.UnitNormal.Quantile(0.975)

// wilson finds the two shares p that n trials with k hits do not contradict: |k/n − p| = z √(p(1−p)/n).
func wilson(k, n int) (low, high any) {
	if n == 0 {
		return nil, nil
	}
	hat := float64(k) / float64(n)
	outside := func(p float64) bool { return math.Abs(hat-p) > z95*math.Sqrt(p*(1-p)/float64(n)) }
	bisect := func(in, out float64) float64 {
		if !outside(out) {
			return out
		}
		for range 200 {
			if mid := (in + out) / 2; outside(mid) {
				out = mid
			} else {
				in = mid
			}
		}
		return in
	}
	return bisect(hat, 0), bisect(hat, 1)
}

// percentile interpolates linearly between closest ranks.
func percentile(xs []float64, q float64) any {
	if len(xs) == 0 {
		return nil
	}
	xs = slices.Clone(xs)
	sort.Float64s(xs)
	k := float64(len(xs)-1) * q
	lo := int(k)
	return xs[lo] + (xs[min(lo+1, len(xs)-1)]-xs[lo])*(k-float64(lo))
}

func share(k, n int) any {
	if n == 0 {
		return nil
	}
	return float64(k) / float64(n)
}

func passes(filter, value string) bool {
	return filter == "" || filter == value || (filter == noneKey && value == "")
}

func (q Query) choosesSegment(s worldSegment) bool {
	account := passes(q.Account, s.Account) || q.Account == "+" && s.Account != ""
	return account && q.choosesCustomer(s) && q.choosesValue(s.Known)
}

func (q Query) choosesCustomer(s worldSegment) bool {
	return q.Customer == "" || q.Customer == s.Customer
}

func (q Query) choosesValue(v float64) bool {
	return v >= q.ValueMin && (q.ValueMax == 0 || v <= q.ValueMax)
}

func (q Query) within(t time.Time) bool {
	return !t.After(q.AsOf) && (q.From.IsZero() || (!t.Before(q.From) && t.Before(q.To)))
}

func (q Query) choosesVisit(v worldVisit) bool {
	return q.choosesSegment(v.worldSegment) && q.within(v.EnteredAt) && passes(q.Persona, v.Persona) && passes(q.Touchpoint, v.Touchpoint) &&
		passes(q.Channel, v.Channel) && passes(q.Department, v.Department)
}

func (q Query) choosesStep(s worldStep) bool {
	return q.choosesSegment(s.worldSegment) && q.within(s.OccurredAt) && passes(q.Persona, s.Persona) && passes(q.Touchpoint, s.Touchpoint) &&
		passes(q.Channel, s.Channel) && passes(q.Department, s.Department) && passes(q.Stage, s.Stage)
}

func (q Query) choosesWait(w worldWait) bool {
	return q.choosesSegment(w.worldSegment) && q.within(w.AskedAt) && passes(q.Persona, w.Persona) && passes(q.Touchpoint, w.Touchpoint) &&
		passes(q.Channel, w.Channel) && passes(q.Department, w.Department) && passes(q.Stage, w.Stage)
}

func (q Query) state(v worldVisit) string {
	if v.LeftAt.After(q.AsOf) {
		return "in_progress"
	}
	return v.Exit
}

func isLost(state string) bool { return strings.HasPrefix(state, "lost") }

// maturity of a stage in seconds, as of the query's instant; nil while it is unknown.
func (w *world) maturity(q Query, s worldStage) any {
	var moved, ended []float64
	for _, v := range w.visits {
		if v.Stage != s.Stage || v.EnteredAt.After(q.AsOf) {
			continue
		}
		switch q.state(v) {
		case "moved_on":
			moved = append(moved, v.LeftAt.Sub(v.EnteredAt).Seconds())
			ended = append(ended, v.LeftAt.Sub(v.EnteredAt).Seconds())
		case "completed":
			ended = append(ended, v.LeftAt.Sub(v.EnteredAt).Seconds())
		}
	}
	switch {
	case s.Maturity != nil:
		return float64(*s.Maturity) / 1000
	case s.Silence == nil:
		return percentile(ended, 0.95)
	}
	silence := float64(*s.Silence) / 1000
	if p95, ok := percentile(moved, 0.95).(float64); ok {
		return math.Max(silence, p95)
	}
	return silence
}

func (w *world) isMature(q Query, v worldVisit) bool {
	m, ok := w.maturity(q, w.stages[v.Position]).(float64)
	return ok && q.AsOf.Sub(v.EnteredAt).Seconds() >= m
}

type rowMap = map[string]any

// dropoff is the view of that name, by stage.
func (w *world) dropoff(q Query) map[string]rowMap {
	out := map[string]rowMap{}
	before := 0.0
	for _, s := range w.stages {
		n := map[string]int{}
		var stays []float64
		for _, v := range w.visits {
			if v.Stage != s.Stage || !q.choosesVisit(v) {
				continue
			}
			state := q.state(v)
			n["entered"]++
			n[state]++
			if state == "moved_on" || state == "completed" {
				stays = append(stays, v.LeftAt.Sub(v.EnteredAt).Seconds())
			}
			if !w.isMature(q, v) {
				continue
			}
			n["mature"]++
			if isLost(state) {
				n["mature_lost"]++
			}
			if state == "in_progress" {
				n["mature_open"]++
			}
		}
		row := rowMap{"position": int(s.Position), "label_it": "fase", "maturity_s": w.maturity(q, s), "median_s": percentile(stays, 0.5)}
		for _, name := range []string{"entered", "moved_on", "completed", "lost_explicit", "lost_silent", "in_progress", "mature", "mature_lost", "mature_open"} {
			row[name] = n[name]
		}
		decided := n["mature"] - n["mature_open"]
		row["decided"], row["few"], row["dropoff"] = decided, decided < 30, share(n["mature_lost"], decided)
		row["step_conversion"] = share(decided-n["mature_lost"], decided)
		row["dropoff_low"], row["dropoff_high"] = wilson(n["mature_lost"], decided)
		w.addReached(q, s, before, row)
		if m, ok := row["maturity_s"].(float64); ok {
			before += m
		}
		out[s.Stage] = row
	}
	return out
}

// run is a case: its visits by the query's instant, in order.
type run []worldVisit

// runs gives the cases that had opened by the query's instant.
func (w *world) runs(q Query) map[string]run {
	out := map[string]run{}
	for _, v := range w.visits {
		if !v.EnteredAt.After(q.AsOf) {
			out[v.CaseID] = append(out[v.CaseID], v)
		}
	}
	return out
}

func (w *world) addReached(q Query, s worldStage, before float64, row rowMap) {
	reached, skipped, of, reachedOf := 0, 0, 0, 0
	for _, r := range w.runs(q) {
		if !q.choosesVisit(r[0]) {
			continue
		}
		reaches := r[len(r)-1].Position >= s.Position
		if reaches {
			reached++
			if !slices.ContainsFunc(r, func(v worldVisit) bool { return v.Position == s.Position }) {
				skipped++
			}
		}
		if q.AsOf.Sub(r[0].EnteredAt).Seconds() >= before {
			of++
			if reaches {
				reachedOf++
			}
		}
	}
	row["reached"], row["skipped"], row["reached_of"], row["reached_share"] = reached, skipped, of, share(reachedOf, of)
}

func keyOf(by, stage, touchpoint, department, persona, channel string) string {
	key := map[string]string{"stage": stage, "touchpoint": touchpoint, "department": department, "persona": persona, "channel": channel}[by]
	if key == "" {
		return noneKey
	}
	return key
}

// timing is the view of that name, by key.
func (w *world) timing(q Query) map[string]rowMap {
	stays, ages := map[string][]float64{}, map[string][]float64{}
	waits := map[string][]worldWait{}
	keys := map[string]bool{}
	if q.By == "stage" {
		for _, s := range w.stages {
			keys[s.Stage] = passes(q.Stage, s.Stage)
		}
	}
	for _, v := range w.visits {
		if !q.choosesVisit(v) || !passes(q.Stage, v.Stage) {
			continue
		}
		key := keyOf(q.By, v.Stage, v.Touchpoint, v.Department, v.Persona, v.Channel)
		keys[key] = true
		switch q.state(v) {
		case "moved_on", "completed":
			stays[key] = append(stays[key], v.LeftAt.Sub(v.EnteredAt).Seconds())
		case "in_progress":
			ages[key] = append(ages[key], q.AsOf.Sub(v.EnteredAt).Seconds())
		}
	}
	for _, a := range w.waits {
		if q.choosesWait(a) {
			key := keyOf(q.By, a.Stage, a.Touchpoint, a.Department, a.Persona, a.Channel)
			keys[key] = true
			waits[key] = append(waits[key], a)
		}
	}
	out := map[string]rowMap{}
	for key, there := range keys {
		if !there {
			continue
		}
		row := rowMap{"stage_n": len(stays[key]), "open": len(ages[key]), "open_past_p90": nil}
		addPercentiles(row, "stage", stays[key], 0.5, 0.75, 0.9)
		if p90, ok := row["stage_p90_s"].(float64); ok {
			past := 0
			for _, a := range ages[key] {
				if a > p90 {
					past++
				}
			}
			row["open_past_p90"] = past
		}
		q.addWaits(row, "wait", waits[key], func(worldWait) bool { return true })
		q.addWaits(row, "reply", waits[key], func(a worldWait) bool { return a.First })
		q.addTargets(row, waits[key])
		out[key] = row
	}
	return out
}

func addPercentiles(row rowMap, prefix string, xs []float64, levels ...float64) {
	for _, l := range levels {
		row[prefix+map[float64]string{0.5: "_p50_s", 0.75: "_p75_s", 0.9: "_p90_s"}[l]] = percentile(xs, l)
	}
}

func (q Query) addWaits(row rowMap, prefix string, waits []worldWait, want func(worldWait) bool) {
	var answered, business []float64
	waiting := 0
	var oldest any
	for _, a := range waits {
		switch {
		case !want(a):
		case a.AnsweredAt == nil || a.AnsweredAt.After(q.AsOf):
			waiting++
			if age := q.AsOf.Sub(a.AskedAt).Seconds(); oldest == nil || age > oldest.(float64) {
				oldest = age
			}
		default:
			answered = append(answered, a.AnsweredAt.Sub(a.AskedAt).Seconds())
			if a.BusinessMS != nil {
				business = append(business, float64(*a.BusinessMS)/1000)
			}
		}
	}
	row[prefix+"_n"], row[prefix+"_waiting"], row[prefix+"_oldest_s"], row[prefix+"_business_n"] = len(answered), waiting, oldest, len(business)
	addPercentiles(row, prefix, answered, 0.5, 0.75, 0.9)
	addPercentiles(row, prefix+"_business", business, 0.5, 0.75, 0.9)
}

// target is what became of a wait's target by the query's instant.
func (q Query) target(a worldWait) string {
	switch answered := a.AnsweredAt != nil && !a.AnsweredAt.After(q.AsOf); {
	case a.DueAt == nil:
		return ""
	case answered && !a.AnsweredAt.After(*a.DueAt):
		return "kept"
	case answered:
		return "broken"
	case a.DueAt.Before(q.AsOf):
		return "past_target"
	}
	return "open"
}

func (q Query) addTargets(row rowMap, waits []worldWait) {
	n := map[string]int{}
	for _, a := range waits {
		n[q.target(a)]++
	}
	due := n["kept"] + n["broken"] + n["past_target"]
	row["kept"], row["broken"], row["past_target"], row["due"] = n["kept"], n["broken"], n["past_target"], due
	row["attainment"], row["few"] = share(n["kept"], due), due < 30
	row["attainment_low"], row["attainment_high"] = wilson(n["kept"], due)
}

// mood is the view of that name, by key.
func (w *world) mood(q Query) map[string]rowMap {
	n := map[string]map[string]int{}
	sums := map[string]float64{}
	at := func(key string) map[string]int {
		if n[key] == nil {
			n[key] = map[string]int{}
		}
		return n[key]
	}
	if q.By == "stage" {
		for _, s := range w.stages {
			if passes(q.Stage, s.Stage) {
				at(s.Stage)
			}
		}
	}
	for _, s := range w.steps {
		if !q.choosesStep(s) || !s.Eligible {
			continue
		}
		key := keyOf(q.By, s.Stage, s.Touchpoint, s.Department, s.Persona, s.Channel)
		at(key)["eligible"]++
		if s.Mood != "" {
			at(key)["scored"]++
			at(key)[s.Mood]++
			at(key)[s.Emotion]++
			sums[key] += float64(s.Score)
		}
	}
	out := map[string]rowMap{}
	for key, c := range n {
		row := rowMap{"coverage": share(c["scored"], c["eligible"]), "net": share(c["positive"]-c["negative"], c["scored"]), "few": c["scored"] < 30}
		for _, name := range []string{"eligible", "scored", "positive", "neutral", "negative", "mixed", "joy", "frustration", "none", "satisfaction"} {
			row[name] = c[name]
		}
		row["curve"], row["curve_low"], row["curve_high"], row["mean_score"] = nil, nil, nil, nil
		if scored := float64(c["scored"]); scored > 0 {
			net := row["net"].(float64)
			// The variance of a text's +1, 0 or −1 around their mean, term by term.
			plus, minus := float64(c["positive"]), float64(c["negative"])
			variance := (plus*math.Pow(1-net, 2) + minus*math.Pow(-1-net, 2) + (scored-plus-minus)*net*net) / scored
			half := 2 * z95 * math.Sqrt(variance/scored)
			row["curve"], row["mean_score"] = 2*net, sums[key]/scored
			row["curve_low"], row["curve_high"] = math.Max(-2, 2*net-half), math.Min(2, 2*net+half)
		}
		out[key] = row
	}
	return out
}
