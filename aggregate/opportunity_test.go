package aggregate

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

	refreshed(t, s, "loop", "2026-03")
	after := must2(s.Outlook(t.Context(), o))(t)
	if len(after.Progress) != 1 || after.Progress[0].Month != "2026-03" || after.Progress[0].Change.Verdict != Better {
		t.Fatalf("progress: got %+v", after.Progress)
	}
	near(t, "after", *after.Progress[0].Change.After.Value, 0.37, 1e-9)

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
