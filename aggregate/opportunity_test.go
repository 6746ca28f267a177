package aggregate

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tappa/journey"
)

func TestOpportunities(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := theLoop(t, s)
	quotes := j.KPIs[0]
	o := Opportunity{Kind: Fix, Touchpoint: "quote", Department: "sales", Action: "call back within a day", Due: "2026-02-28", Target: quotes}
	if _, err := s.AddOpportunity(t.Context(), o); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("without a snapshot: got error %v", err)
	}
	refreshed(t, s, "loop", "2026-01")
	o, err := s.AddOpportunity(t.Context(), o)
	must(t, err)
	if o.ID != "1" || o.Baseline != "2026-01" || o.BaselineVersion != 1 || o.Revision != 1 {
		t.Errorf("added: got %+v", o)
	}
	bad := o
	bad.ID, bad.Kind, bad.Touchpoint, bad.Due = "", "gift", "moon", "soon"
	_, err = s.AddOpportunity(t.Context(), bad)
	for _, want := range []string{`kind "gift"`, `no touchpoint "moon"`, `due "soon"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("bad: got error %v, want %q in it", err, want)
		}
	}
	if _, err := s.AddOpportunity(t.Context(), o); err == nil {
		t.Error("the same id twice was taken")
	}
	of := func(metric string, target float64, filter map[string]string) journey.KPI {
		return journey.KPI{View: "dropoff", Metric: metric, Filter: filter, Target: &target, Better: "up"}
	}
	for want, kpi := range map[string]journey.KPI{
		"target 30: step_conversion is a share, from 0 to 1":                  of("step_conversion", 30, map[string]string{"stage": "quote"}),
		"target -5: median_s cannot be negative":                              of("median_s", -5, map[string]string{"stage": "quote"}),
		`there is no stage "moon"; there are: quote, use, overdue`:            of("dropoff", 0.3, map[string]string{"stage": "moon"}),
		`there is no channel "pigeon"; there are: email`:                      of("dropoff", 0.3, map[string]string{"stage": "quote", "channel": "pigeon"}),
		`there is no filter of report dropoff "colour"; there are: stage, to`: of("dropoff", 0.3, map[string]string{"stage": "quote", "colour": "red"}),
		"its filter leaves 3 rows":                                            of("dropoff", 0.3, nil),
	} {
		bad := o
		bad.ID, bad.Target = "", kpi
		if _, err := s.AddOpportunity(t.Context(), bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got error %v, want %q in it", kpi, err, want)
		}
	}
	for text, want := range map[string]float64{"0.3": 0.3, "30 %": 0.3, "30%": 0.3, " 172800 ": 172800} {
		if got, err := ParseTarget(text); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("%q: got %g, %v, want %g", text, got, err, want)
		}
	}

	before := must2(s.Outlook(t.Context(), o))(t)
	// 200 cases in three months, 24 % to 37 %, nobody lost downstream but in a stage after an end: 30 of 100 overdue paid.
	near(t, "cases a month", *before.CasesAMonth.Value, 200./3, 1e-9)
	near(t, "downstream", *before.Downstream.Value, 0.30, 1e-9)
	near(t, "mean value", *before.MeanValue.Value, 1000, 1e-9)
	want := 200. / 3 * 0.13 * 0.30 * 1000
	near(t, "expected", *before.Expected.Value, want, 1e-6)
	relative := math.Sqrt(1./200 + 0.24*0.76/200/0.13/0.13 + 0.7/0.3/100)
	near(t, "expected, high", *before.Expected.High, want*(1+normal95*relative), 1e-6)
	if len(before.Progress) != 0 {
		t.Errorf("progress before any later month: got %+v", before.Progress)
	}

	january := must2(s.Snapshot(t.Context(), "loop", "2026-01", 1))(t)
	for _, k := range j.KPIs {
		was, err := s.frozenKPI(t.Context(), k, january)
		must(t, err)
		live := must2(s.KPI(t.Context(), k, Query{AsOf: january.AsOf}))(t)
		was.From, was.To, live.From, live.To = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		rough := cmpopts.EquateApprox(0, 1e-9)
		if diff := cmp.Diff(was, live, rough, cmp.AllowUnexported(Measured{})); diff != "" {
			t.Errorf("%s (-frozen, +computed as of then):\n%s", k.ID, diff)
		}
	}
	narrow := quotes
	narrow.Filter = map[string]string{"stage": "quote", "channel": "email"}
	if _, err := s.frozenKPI(t.Context(), narrow, january); !errors.Is(err, errNotFrozen) {
		t.Errorf("by channel, too: got error %v, want %v", err, errNotFrozen)
	}

	// Late quotes of January, and another journey file: what was frozen stays.
	edited, err := journey.Parse("loop.yaml", []byte(strings.Replace(loopYAML, "silence: 10d", "silence: 11d", 1)))
	must(t, err)
	must(t, s.PutJourney(t.Context(), edited))
	var late loop
	for i := range 50 {
		late.add(fmt.Sprint("late", i), time.Date(2026, 1, 3, 9, 0, 0, 0, time.UTC), "quote.sent", "quote", "quote", nil)
		late.records[i].Position.Offset += 100_000
		late.records[i].Interaction.ID = fmt.Sprint("late", i)
	}
	must(t, s.Write(t.Context(), block("late", late.records...)))
	catchUp(t, newWalker(t, s, []*journey.Journey{edited}, WalkerOptions{}))

	refreshed(t, s, "loop", "2026-03")
	after := must2(s.Outlook(t.Context(), o))(t)
	if len(after.Progress) != 1 || after.Progress[0].Month != "2026-03" || after.Progress[0].Change.Verdict != Better {
		t.Fatalf("progress: got %+v", after.Progress)
	}
	near(t, "after", *after.Progress[0].Change.After.Value, 0.37, 1e-9)
	near(t, "before", *after.Progress[0].Change.Before.Value, 0.24, 1e-9)
	if step, frozen := after.Progress[0], (Basis{"2026-01@1", j.Version, "test"}); after.CurrentBasis != frozen || step.BeforeBasis != frozen || step.AfterBasis.Definition != edited.Version {
		t.Errorf("computed from: got %+v, %+v", after.CurrentBasis, step)
	}
	if diff := cmp.Diff(after.Remarks(), []Remark{{RemarkDefinitions, []any{j.Version, edited.Version}}}); diff != "" {
		t.Errorf("remarks (-got, +want):\n%s", diff)
	}
	refreshed(t, s, "loop", "2026-05")
	whole, standing := must2(s.Outlook(t.Context(), o))(t), must2(s.Standing(t.Context(), o))(t)
	if diff := cmp.Diff(standing.Progress, whole.Progress[1:], cmp.AllowUnexported(Measured{})); len(whole.Progress) != 2 || diff != "" {
		t.Errorf("standing, of %d months (-got, +the outlook's newest):\n%s", len(whole.Progress), diff)
	}
	if diff := cmp.Diff(standing.Remarks(), whole.Remarks()); diff != "" {
		t.Errorf("standing, remarks (-got, +the outlook's):\n%s", diff)
	}
	elsewhere := o
	elsewhere.Target = narrow
	now := must2(s.Outlook(t.Context(), elsewhere))(t)
	if diff := cmp.Diff(now.Remarks(), []Remark{{RemarkNotHeld, []any{edited.Version, "2026-01@1"}}}); diff != "" || now.CurrentBasis != (Basis{Definition: edited.Version}) {
		t.Errorf("a filter that snapshots do not hold: got %+v, remarks (-got, +want):\n%s", now.CurrentBasis, diff)
	}
	gone := o
	gone.Target.Filter = map[string]string{"stage": "quote", "channel": "pigeon"}
	if lost := must2(s.Outlook(t.Context(), gone))(t); !strings.Contains(lost.Problem, `there is no channel "pigeon"; there are: email`) {
		t.Errorf("what the journey does not know: got %+v", lost)
	}

	closed, err := s.CloseOpportunity(t.Context(), "", "1", "target reached")
	must(t, err)
	list := must2(s.Opportunities(t.Context(), ""))(t)
	if diff := cmp.Diff(list, []Opportunity{closed}); diff != "" || closed.Closed != "target reached" || closed.Revision != 2 {
		t.Errorf("list (-got, +closed):\n%s", diff)
	}
	if _, err := s.CloseOpportunity(t.Context(), "", "7", ""); !errors.Is(err, ErrNoOpportunity) {
		t.Errorf("unknown: got error %v", err)
	}
}

// TestProductOverNothing: where no stage comes after a touchpoint nobody is lost downstream, and nobody was counted for that.
func TestProductOverNothing(t *testing.T) {
	none := product()
	if none.Value == nil || *none.Value != 1 || none.N != 0 {
		t.Errorf("nothing multiplied is %+v", none)
	}
	if both := product(meanOf(3, 0.1, 40), none, meanOf(2, 0.1, 50)); *both.Value != 6 || both.N != 40 {
		t.Errorf("3 × 1 × 2 is %+v", both)
	}
}
