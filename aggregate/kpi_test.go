package aggregate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

const loopYAML = `
journey: loop
labels: {it: Ciclo, en: Loop}
time_zone: UTC
case: {per: person, attempts: many}
stages:
  - {id: quote, labels: {it: Offerta, en: Quote}, silence: 10d}
  - {id: use, labels: {it: Uso, en: Use}, silence: 20d, terminal: true}
  - {id: overdue, labels: {it: Scaduto, en: Overdue}, silence: 10d}
departments:
  - {id: sales, labels: {it: Commerciale, en: Sales}}
touchpoints:
  - {id: quote, labels: {it: Offerta, en: Quote}, channels: [email], department: sales, stages: [quote]}
  - {id: order, labels: {it: Ordine, en: Order}, channels: [email], department: sales, stages: [use]}
  - {id: returns, labels: {it: Resi, en: Returns}, channels: [email], department: sales, stages: [use]}
  - {id: reminder, labels: {it: Sollecito, en: Reminder}, channels: [email], department: sales, stages: [overdue]}
kpis:
  - {id: quotes, labels: {it: Offerte, en: Quotes converted}, view: dropoff, metric: step_conversion, filter: {stage: quote}, target: 0.37, better: up}
  - {id: returns, labels: {it: Resi, en: Return handling time}, view: timing, metric: wait_p50_s, filter: {touchpoint: returns}, better: down}
  - {id: paid, labels: {it: Pagano, en: Overdue customers who pay}, view: dropoff, metric: step_conversion, filter: {stage: overdue}, target: 0.5, better: up}
  - {id: orders, labels: {it: Ordini, en: Orders}, view: touchpoints, metric: cases, filter: {touchpoint: order}, better: up}
`

func loopJourney(t testing.TB) *journey.Journey {
	t.Helper()
	j, err := journey.Parse("loop.yaml", []byte(loopYAML))
	must(t, err)
	return j
}

// loop tells two months: quotes of which some become orders, returns that are answered after a while, and overdue customers
// some of whom pay.
type loop struct{ records []journey.Record }

func (l *loop) add(person string, at time.Time, kind, touchpoint, stage string, change func(*journey.Interaction, *journey.Tag)) {
	rec := journey.Record{Position: journey.Position{Topic: "t", Offset: int64(len(l.records))}}
	source, _, _ := strings.Cut(kind, ".")
	rec.Interaction = journey.Interaction{
		Origin: "shop", ID: fmt.Sprint(len(l.records)), Source: journey.Source(source), Type: kind, Activity: kind, OccurredAt: at,
		Direction: journey.Inbound, Keys: []journey.ContactKey{journey.ContactKey("email:" + person + "@example.com")}, Public: true, Value: 1000,
	}
	rec.Tag = journey.Tag{
		Journey: "loop", Version: "v", Rule: "r", Touchpoint: journey.TouchpointID(touchpoint), Channel: "email", Department: "sales",
		Stages: []journey.StageID{journey.StageID(stage)},
	}
	if change != nil {
		change(&rec.Interaction, &rec.Tag)
	}
	l.records = append(l.records, rec)
}

func (l *loop) month(m time.Month, orders int, answer, spread time.Duration, paid int) {
	start := time.Date(2026, m, 2, 9, 0, 0, 0, time.UTC)
	for i := range 200 {
		at := start.Add(time.Duration(i) * 10 * time.Minute)
		quoted := fmt.Sprint("q", m, i)
		l.add(quoted, at, "quote.sent", "quote", "quote", nil)
		if i < orders {
			l.add(quoted, at.Add(48*time.Hour), "order.placed", "order", "use", nil)
		}
	}
	outbound := func(ix *journey.Interaction, _ *journey.Tag) { ix.Direction = journey.Outbound }
	for i := range 101 {
		at, back := start.Add(time.Duration(i)*time.Hour), fmt.Sprint("r", m, i)
		thread := func(ix *journey.Interaction, _ *journey.Tag) { ix.Thread = "ticket:" + back }
		l.add(back, at, "email.received", "returns", "use", thread)
		l.add(back, at.Add(answer+spread*time.Duration(i-50)/50), "email.sent", "returns", "use", func(ix *journey.Interaction, tag *journey.Tag) {
			thread(ix, tag)
			outbound(ix, tag)
		})
	}
	for i := range 100 {
		at, late := start.Add(time.Duration(i)*time.Hour), fmt.Sprint("o", m, i)
		l.add(late, at, "email.sent", "reminder", "overdue", outbound)
		if i < paid {
			l.add(late, at.Add(72*time.Hour), "order.paid", "reminder", "overdue", func(_ *journey.Interaction, tag *journey.Tag) { tag.Outcome = journey.Won })
		}
	}
}

// theLoop is the story of the three published results, in January and in March.
func theLoop(t testing.TB, s *Store) *journey.Journey {
	t.Helper()
	j := loopJourney(t)
	var l loop
	l.month(time.January, 48, 50*time.Hour, 10*time.Hour, 30)
	l.month(time.March, 74, 33*time.Hour, 10*time.Hour, 56)
	told(t, s, rand.New(rand.NewPCG(1, 1)), []*journey.Journey{j}, l.records)
	return j
}

func monthOf(m time.Month) Query {
	return Query{
		Journey: "loop", From: time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, m+1, 1, 0, 0, 0, 0, time.UTC),
		AsOf: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	}
}

func TestThePublishedResults(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := theLoop(t, s)
	for _, c := range []struct {
		id            string
		before, after float64
		change        float64
		met           any
		verdict       string
	}{
		{"quotes", 0.24, 0.37, 0.37/0.24 - 1, true, Better},
		{"returns", 50 * 3600, 33 * 3600, -0.34, nil, Better},
		{"paid", 0.30, 0.56, 0.56/0.30 - 1, true, Better},
		{"orders", 48, 74, 74./48 - 1, nil, Better},
	} {
		var k journey.KPI
		for _, k = range j.KPIs {
			if k.ID == c.id {
				break
			}
		}
		before := must2(s.KPI(t.Context(), k, monthOf(time.January)))(t)
		after := must2(s.KPI(t.Context(), k, monthOf(time.March)))(t)
		got := Compare(before, after)
		near(t, c.id+" before", *got.Before.Value, c.before, 1e-9)
		near(t, c.id+" after", *got.After.Value, c.after, 1e-9)
		near(t, c.id+" change", *got.Change, c.change, 1e-9)
		if got.Verdict != c.verdict {
			t.Errorf("%s: got verdict %q (p %v), want %q", c.id, got.Verdict, got.P, c.verdict)
		}
		if (after.Met == nil) != (c.met == nil) || (after.Met != nil && *after.Met != c.met) {
			t.Errorf("%s: target met is %v, want %v", c.id, after.Met, c.met)
		}
		if back := Compare(after, before); back.Verdict != Worse {
			t.Errorf("%s the other way: got verdict %q", c.id, back.Verdict)
		}
		if same := Compare(after, after); same.Verdict != NoRealChange || *same.Change != 0 {
			t.Errorf("%s against itself: got verdict %q", c.id, same.Verdict)
		}
		if c.id != "orders" && (after.Low == nil || *after.Low >= *after.Value || *after.High <= *after.Value) {
			t.Errorf("%s: %v is not within its interval", c.id, *after.Value)
		}
		soon := monthOf(time.March)
		soon.AsOf = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
		if early := Compare(before, must2(s.KPI(t.Context(), k, soon))(t)); c.id != "orders" && early.Verdict != TooEarly {
			t.Errorf("%s on 4 March: got verdict %q, want %q", c.id, early.Verdict, TooEarly)
		}
	}
}

// TestEveryTemplateKPI measures the KPIs of all templates on an empty store: each names one row at most.
func TestEveryTemplateKPI(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for _, name := range []string{"machinery", "awareness", "consapevolezza", "helpdesk"} {
		j, err := journey.Parse(name+".yaml", must2(journey.Templates.ReadFile("templates/"+name+".yaml"))(t))
		must(t, err)
		must(t, s.PutJourney(t.Context(), j))
		for _, k := range j.KPIs {
			v, err := s.KPI(t.Context(), k, Query{Journey: string(j.ID)})
			if err != nil || v.Value != nil {
				t.Errorf("%s, %s: got %v, %v, want no value", name, k.ID, v.Value, err)
			}
		}
	}
}

// Of numbers that may be negative a ratio would have the wrong sign.
func TestChangeOfASignedNumber(t *testing.T) {
	value := func(metric string, v float64) KPIValue {
		return KPIValue{Metric: metric, Unit: unitOf(metric), Better: "up", Measured: meanOf(v, 0.02, 200)}
	}
	for _, c := range []struct {
		metric        string
		before, after float64
		change        float64
		is            string
	}{
		{"net", -0.212, -0.339, -0.127, Difference},
		{"curve", -0.1, 0.2, 0.3, Difference},
		{"nps", 0, 0.25, 0.25, Difference},
		{"mean", 4, 3, -0.25, RelativeChange},
	} {
		got := Compare(value(c.metric, c.before), value(c.metric, c.after))
		if got.Change == nil || math.Abs(*got.Change-c.change) > 1e-12 || got.ChangeIs != c.is {
			t.Errorf("%s %g to %g: got %+v, want %g (%s)", c.metric, c.before, c.after, got, c.change, c.is)
		}
		if want := judge(c.after > c.before, "up"); got.Verdict != want {
			t.Errorf("%s %g to %g: got verdict %q, want %q", c.metric, c.before, c.after, got.Verdict, want)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{165912.4, "", "165,912"},
		{-1234567, "", "-1,234,567"},
		{999.96, "", "1,000"},
		{1000, "", "1,000"},
		{12.346, "", "12.35"},
		{0.0043214, "", "0.004321"},
		{250, "", "250"},
		{math.Copysign(0, -1), "", "0"},
		{-1e-20, "", "0"},
		{-0.5, "", "-0.5"},
		{-0.00001, "share", "0.0 %"},
		{-0.127, "share", "-12.7 %"},
		{90, "s", "1m 30s"},
	} {
		if got := FormatNumber(&c.v, c.unit); got != c.want {
			t.Errorf("%g %q: got %q, want %q", c.v, c.unit, got, c.want)
		}
	}
	if got := FormatNumber(nil, ""); got != "–" {
		t.Errorf("nothing: got %q", got)
	}
}

func TestSnapshotsOfTheLoop(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	theLoop(t, s)
	january, _ := refreshed(t, s, "loop", "2026-01")
	march, _ := refreshed(t, s, "loop", "2026-03")
	if none, err := march.Compare(march); err != nil || len(none.Changes) > 0 {
		t.Errorf("a snapshot against itself: got %d changes, %v", len(none.Changes), err)
	}
	d, err := march.Compare(january)
	must(t, err)
	verdicts := map[string]string{}
	for _, c := range d.Changes {
		verdicts[strings.Join([]string{c.Report, c.Window, c.By, c.Persona, c.Key, c.Metric}, "/")] = c.Verdict
		if c.Q != nil && (*c.Q < *c.P || (*c.Q < level) != (c.Verdict == RealChange)) {
			t.Errorf("%+v: q under p, or not what the verdict says", c)
		}
		if math.IsNaN(*orZero(c.P)) {
			t.Errorf("%+v: p is no number", c)
		}
	}
	for what, want := range map[string]string{
		"percentiles/month/touchpoint//returns → wait → 0.5/value_s": RealChange,
		"dropoff/month///overdue/dropoff":                            RealChange,
		"dropoff/all///overdue/dropoff":                              RealChange,
		"kpi/month///returns/value":                                  RealChange,
		"kpi/month///paid/value":                                     RealChange,
	} {
		if verdicts[what] != want {
			t.Errorf("%s: got verdict %q, want %q", what, verdicts[what], want)
		}
	}
	if _, ok := verdicts["dropoff/month///quote/entered"]; ok {
		t.Error("200 quotes in either month are listed as a change")
	}
	if _, err := january.Compare(march); err == nil || !strings.Contains(err.Error(), "ask for 2026-03@1 against 2026-01@1") {
		t.Errorf("the other way round: got error %v", err)
	}
	restated := march
	restated.Version, restated.Definition, restated.content = 2, "edited", january.content
	d, err = restated.Compare(march)
	must(t, err)
	if len(d.Changes) == 0 || d.Tested != 0 {
		t.Errorf("versions as of one instant: got %d changes, %d tested", len(d.Changes), d.Tested)
	}
	for _, c := range d.Changes {
		if c.Verdict != Exact || c.P != nil || c.Q != nil || c.Since != nil {
			t.Fatalf("versions as of one instant: got %+v", c)
		}
	}
	if diff := cmp.Diff(d.Unlike(), []Unlike{{"definition", march.Definition, "edited"}}); diff != "" {
		t.Errorf("not made alike (-got, +want):\n%s", diff)
	}
	if _, err := march.Compare(restated); err == nil || !strings.Contains(err.Error(), "ask for 2026-03@2 against 2026-03@1") {
		t.Errorf("an earlier version against a later: got error %v", err)
	}
}
