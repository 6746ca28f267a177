package synth_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/journey"
	"tappa/sentiment"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func hash(t *testing.T, o synth.Options) string {
	t.Helper()
	h := sha256.New()
	for e := range synth.New(o).Events() {
		b, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		h.Write(append(b, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestSameSeedSameBytes(t *testing.T) {
	o := synth.Options{Seed: 7, Cases: 300}
	got := hash(t, o)
	if again := hash(t, o); again != got {
		t.Errorf("two worlds of one seed differ: %s, %s", got, again)
	}
	if other := hash(t, synth.Options{Seed: 8, Cases: 300}); other == got {
		t.Error("two seeds give one world")
	}
	const golden = "testdata/seed-7-cases-300.sha256"
	if *update {
		if err := os.WriteFile(golden, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	// Exponentials may differ in the last bit from one processor to another, and with them a millisecond here and there.
	if runtime.GOARCH == "amd64" && got != strings.TrimSpace(string(want)) {
		t.Errorf("the world of %s has changed; if it was meant to, run with -update: %s", golden, got)
	}
}

func TestEventsAscend(t *testing.T) {
	w := synth.New(synth.Options{Seed: 3, Cases: 1000})
	ids := map[string]bool{}
	var before source.Event
	for e := range w.Events() {
		if e.Time.Before(before.Time) {
			t.Fatalf("%s at %v after %s at %v", e.ID, e.Time, before.ID, before.Time)
		}
		if e.Time.Before(w.Start()) || !e.Time.Before(w.End()) {
			t.Fatalf("%s at %v, outside %v … %v", e.ID, e.Time, w.Start(), w.End())
		}
		if ids[e.ID] {
			t.Fatalf("%s twice", e.ID)
		}
		ids[e.ID], before = true, e
	}
	if l := w.Ledger(); l.Interactions != len(ids) {
		t.Errorf("the ledger has %d interactions, there are %d events", l.Interactions, len(ids))
	}
}

// TestEventsStop lets the reader stop early.
func TestEventsStop(t *testing.T) {
	n := 0
	for range synth.New(synth.Options{Cases: 50}).Events() {
		if n++; n == 10 {
			break
		}
	}
}

func TestLedgerAddsUp(t *testing.T) {
	w := synth.New(synth.Options{Seed: 5, Cases: 2000})
	l := w.Ledger()
	for at := w.Start(); !at.After(w.End().AddDate(1, 0, 0)); at = at.AddDate(0, 0, 17) {
		for _, persona := range []journey.PersonaID{"", "buyer", "artisan", "production"} {
			for _, c := range l.Dropoff(at, persona) {
				if sum := c.MovedOn + c.Completed + c.LostExplicit + c.LostSilent + c.InProgress; sum != c.Entered {
					t.Errorf("%v %s %s: %d entered, %d accounted for", at, persona, c.Stage, c.Entered, sum)
				}
			}
		}
	}
	attempts := map[int]synth.Case{}
	for _, c := range l.Cases {
		if before, ok := attempts[c.Person]; ok {
			last := before.Visits[len(before.Visits)-1]
			if c.Attempt != before.Attempt+1 || c.Opened.Before(last.Left) {
				t.Errorf("person %d: attempt %d at %v, after attempt %d that ended at %v", c.Person, c.Attempt, c.Opened, before.Attempt, last.Left)
			}
		}
		attempts[c.Person] = c
		for i, v := range c.Visits {
			last := i == len(c.Visits)-1
			if v.Last.Before(v.Entered) || v.Left.Before(v.Last) || (v.Exit == "moved_on") == last || !last && !v.Left.Equal(c.Visits[i+1].Entered) {
				t.Errorf("person %d, attempt %d: visits do not follow each other: %+v", c.Person, c.Attempt, c.Visits)
			}
		}
	}
	for _, x := range l.Waits {
		if !x.Answered.IsZero() && !x.Answered.After(x.Asked) {
			t.Errorf("%s answered before it was asked", x.AskID)
		}
	}
	sum := 0
	for _, labels := range l.MoodCounts("") {
		for _, n := range labels {
			sum += n
		}
	}
	if sum != len(l.Moods) {
		t.Errorf("%d texts by stage, %d in all", sum, len(l.Moods))
	}
}

func TestQuantile(t *testing.T) {
	w := synth.WaitTimes{Answered: []time.Duration{0, 10, 20, 100}}
	for q, want := range map[float64]time.Duration{0: 0, 0.5: 15, 0.75: 40, 1: 100} {
		if got := w.Quantile(q); got != want {
			t.Errorf("%v-quantile is %d, want %d", q, got, want)
		}
	}
	if got := (synth.WaitTimes{}).Quantile(0.5); got != 0 {
		t.Errorf("median of nothing is %v", got)
	}
}

// TestTheYearHasAStory checks what the world is there to show: personas that differ, quotes that convert better from
// March on, a dead August, waits that cost customers.
func TestTheYearHasAStory(t *testing.T) {
	w := synth.New(synth.Options{Seed: 1, Cases: 4000})
	l := w.Ledger()
	lost := map[journey.PersonaID]map[journey.StageID]float64{}
	for _, persona := range []journey.PersonaID{"buyer", "artisan", "production"} {
		lost[persona] = map[journey.StageID]float64{}
		for _, c := range l.Dropoff(w.End(), persona) {
			n := float64(c.LostExplicit + c.LostSilent)
			lost[persona][c.Stage] = n / (n + float64(c.MovedOn+c.Completed))
			if c.Entered < 10 {
				t.Errorf("%s: only %d entered %s", persona, c.Entered, c.Stage)
			}
		}
		t.Logf("%s: %v", persona, lost[persona])
	}
	if lost["artisan"]["awareness"] < lost["buyer"]["awareness"]+0.05 || lost["artisan"]["evaluation"] < lost["buyer"]["evaluation"]+0.05 {
		t.Error("artisans do not drop off sooner than buyers")
	}

	march := time.Date(w.End().Year(), time.March, 1, 0, 0, 0, 0, time.UTC)
	var won, decided [2]float64
	opened := map[time.Month]int{}
	for _, c := range l.Cases {
		opened[c.Opened.Month()]++
		for _, v := range c.Visits {
			if v.Stage != "decision" || v.Left.After(w.End()) {
				continue
			}
			after := 0
			if !v.Entered.Before(march) {
				after = 1
			}
			decided[after]++
			if v.Exit == "moved_on" {
				won[after]++
			}
		}
	}
	before, later := won[0]/decided[0], won[1]/decided[1]
	t.Logf("quotes won: %.3f of %.0f before March, %.3f of %.0f after", before, decided[0], later, decided[1])
	if before > 0.29 || later < 0.33 {
		t.Error("quote conversion did not rise from about 24 to about 37 %")
	}
	whole := 0
	for _, c := range l.Cases {
		if last := c.Visits[len(c.Visits)-1]; c.Visits[0].Stage == "awareness" && last.Stage == "use" && last.Exit == "lost_explicit" {
			whole++
		}
	}
	if t.Logf("%d went all the way from the first page to a bad review or a refused warranty", whole); whole == 0 {
		t.Error("nobody went all the way from the first page to a bad review")
	}
	if opened[time.August]*2 > opened[time.October] {
		t.Errorf("%d began in August, %d in October", opened[time.August], opened[time.October])
	}
	if len(l.Cases) < 4100 || l.Interactions < 10*4000 {
		t.Errorf("%d cases and %d interactions of 4,000 people", len(l.Cases), l.Interactions)
	}
}

// TestEverythingOccurs lets no touchpoint and no rule of the template be unseen in a year.
func TestEverythingOccurs(t *testing.T) {
	j := machinery(t)
	w := synth.New(synth.Options{Seed: 2, Journey: j})
	d := source.NewDecoder(source.Options{DefaultCountry: j.DefaultCountry})
	rules, touchpoints := map[string]int{}, map[journey.TouchpointID]int{}
	domains := map[journey.AccountKey]map[journey.PersonaID]bool{}
	for e := range w.Events() {
		in, tag := decoded(t, d, j, e)
		rules[tag.Rule]++
		touchpoints[tag.Touchpoint]++
		if domains[in.Account] == nil {
			domains[in.Account] = map[journey.PersonaID]bool{}
		}
		domains[in.Account][tag.Persona] = true
	}
	for _, r := range j.Rules {
		if rules[r.Name] == 0 {
			t.Errorf("rule %q never matched", r.Name)
		}
	}
	for _, p := range j.Touchpoints {
		if touchpoints[p.ID] == 0 {
			t.Errorf("touchpoint %s never seen", p.ID)
		}
	}
	if d := diff.Diff(w.Ledger().Touchpoints, touchpoints); d != "" {
		t.Errorf("touchpoints (-ledger, +rules):\n%s", d)
	}
	several := 0
	for account, personas := range domains {
		if account != "" && personas["buyer"] && personas["production"] {
			several++
		}
	}
	if several < 100 {
		t.Errorf("%d companies have several personas", several)
	}
	if errors := j.RuleErrors(); len(errors) > 0 {
		t.Errorf("rules failed: %v", errors)
	}
}

func TestTexts(t *testing.T) {
	l := synth.New(synth.Options{Seed: 1}).Ledger()
	distinct, langs := map[string]bool{}, map[string]int{}
	for _, m := range l.Moods {
		distinct[m.Text] = true
		langs[m.Lang]++
		if strings.ContainsAny(m.Text, "{}[]") || strings.Contains(m.Text, "  ") || strings.TrimSpace(m.Text) == "" {
			t.Errorf("%s: something is left over: %q", m.ID, m.Text)
		}
	}
	n := len(l.Moods)
	t.Logf("%d texts, %d distinct, %v", n, len(distinct), langs)
	if len(distinct) < n*9/10 || n < 8000 {
		t.Errorf("%d distinct texts of %d", len(distinct), n)
	}
	if share := float64(langs["it"]) / float64(n); share < 0.7 || share > 0.8 {
		t.Errorf("%.2f of the texts are Italian", share)
	}
}

// TestScorerHearsWhatWasMeant measures the scorer against texts whose moods are known. The texts are written as people
// write, so the scorer is expected to err; it fails only where it is no better than guessing.
func TestScorerHearsWhatWasMeant(t *testing.T) {
	s := sentiment.New()
	right, all := map[string]int{}, map[string]int{}
	for _, m := range synth.New(synth.Options{Seed: 1}).Ledger().Moods {
		agree := s.Score(m.Text, m.Lang).Label == m.Label
		for _, k := range []string{"all", m.Lang, m.Lang + " " + m.Label, m.Lang + " " + m.Emotion} {
			if all[k]++; agree {
				right[k]++
			}
		}
	}
	for k, n := range all {
		t.Logf("%-20s %5d texts, %.2f agree", k, n, float64(right[k])/float64(n))
	}
	if float64(right["all"]) < 0.4*float64(all["all"]) {
		t.Errorf("%d of %d labels agree", right["all"], all["all"])
	}
}

func TestLive(t *testing.T) {
	j := machinery(t)
	w := synth.New(synth.Options{Seed: 4, Cases: 400})
	ids := map[string]bool{}
	for e := range w.Events() {
		ids[e.ID] = true
	}
	later := func() time.Time { return w.End().AddDate(1, 0, 0) }
	take := func(after uint64, n int) []source.Event {
		var out []source.Event
		for seq, e := range w.Live(t.Context(), synth.LiveOptions{After: after, Every: time.Minute, Now: later}) {
			if want := after + uint64(len(out)) + 1; seq != want {
				t.Fatalf("number %d where %d is due", seq, want)
			}
			if want := w.End().Add(time.Duration(seq) * time.Minute); !e.Time.Equal(want) {
				t.Errorf("number %d at %v, want %v", seq, e.Time, want)
			}
			if out = append(out, e); len(out) == n {
				break
			}
		}
		return out
	}
	all := take(0, 2000)
	if d := diff.Diff(all[700:900], take(700, 200)); d != "" {
		t.Errorf("after a restart (-one run, +two):\n%.2000s", d)
	}
	d := source.NewDecoder(source.Options{DefaultCountry: j.DefaultCountry})
	for _, e := range all {
		if ids[e.ID] {
			t.Fatalf("%s again", e.ID)
		}
		ids[e.ID] = true
		decoded(t, d, j, e)
	}
}

// TestLiveWaits holds Live to its pace, and to its end.
func TestLiveWaits(t *testing.T) {
	w := synth.New(synth.Options{Cases: 20})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := uint64(0)
	for seq := range w.Live(ctx, synth.LiveOptions{Every: time.Hour, Now: func() time.Time { return w.End().Add(150 * time.Minute) }}) {
		seen = seq
		if seq == 2 {
			cancel() // the third is due in half an hour
		}
	}
	if seen != 2 {
		t.Errorf("%d events in two hours and a half, one an hour", seen)
	}
}

func BenchmarkEvents(b *testing.B) {
	for b.Loop() {
		n := 0
		for range synth.New(synth.Options{Seed: 1}).Events() {
			n++
		}
		b.ReportMetric(float64(n), "events")
	}
}
