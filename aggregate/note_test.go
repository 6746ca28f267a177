package aggregate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestNotes adds, changes and deletes notes, and sees that no number of any report moves.
func TestNotes(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	theLoop(t, s)
	before := map[string]any{}
	for _, report := range []string{"mood", "ratings", "touchpoints"} {
		before[report] = jsonOf(t, s, report, monthOf(time.March))
	}
	n, err := s.AddNote(t.Context(), Note{Kind: "interview", Stage: "quote", Touchpoint: "quote", Feeling: ptr(-2.), Text: "Mi sentivo abbandonato", By: "Anna", Day: "2026-03-03"})
	must(t, err)
	if n.ID != "1" || n.Journey != "loop" || n.Revision != 1 {
		t.Errorf("added: got %+v", n)
	}
	second := must2(s.AddNote(t.Context(), Note{Kind: "idea", Text: "call back", By: "Bruno"}))(t)
	if second.Day == "" || second.ID != "2" {
		t.Errorf("second: got %+v, want a day and id 2", second)
	}
	changed, err := s.UpdateNote(t.Context(), "", "1", 1, func(n *Note) { n.Text, n.ID = "Mi sentivo solo", "9" })
	must(t, err)
	if _, err := s.UpdateNote(t.Context(), "", "1", 1, func(*Note) {}); !errors.Is(err, ErrChanged) {
		t.Errorf("an old revision: got error %v, want %v", err, ErrChanged)
	}
	must(t, s.DeleteNote(t.Context(), "loop", "2"))
	if diff := cmp.Diff(must2(s.Notes(t.Context(), ""))(t), []Note{changed}); diff != "" || changed.ID != "1" || changed.Revision != 2 {
		t.Errorf("list (-got, +want):\n%s", diff)
	}
	if third := must2(s.AddNote(t.Context(), Note{Kind: "idea", Text: "x", By: "y"}))(t); third.ID != "3" {
		t.Errorf("after a deletion: got id %s, want one that was never given", third.ID)
	}
	_, err = s.AddNote(t.Context(), Note{Kind: "rumour", Stage: "moon", Touchpoint: "sun", Persona: "ghost", Feeling: ptr(3.), Day: "soon"})
	for _, want := range []string{`kind "rumour"`, `no stage "moon"`, `no touchpoint "sun"`, `no persona "ghost"`, "feeling 3", "a text", "who says so", `day "soon"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("bad: got error %v, want %q in it", err, want)
		}
	}
	if _, err := s.UpdateNote(t.Context(), "", "77", 0, func(*Note) {}); !errors.Is(err, ErrNoNote) {
		t.Errorf("unknown: got error %v", err)
	}
	for report, want := range before {
		if diff := cmp.Diff(jsonOf(t, s, report, monthOf(time.March)), want); diff != "" {
			t.Errorf("notes changed %s (-got, +before):\n%s", report, diff)
		}
	}
}

func TestOpportunityIsChanged(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := theLoop(t, s)
	refreshed(t, s, "loop", "2026-01")
	o := must2(s.AddOpportunity(t.Context(), Opportunity{Kind: Fix, Touchpoint: "quote", Department: "sales", Action: "call", Due: "2026-02-28", Target: j.KPIs[0]}))(t)
	got, err := s.UpdateOpportunity(t.Context(), "", o.ID, 1, func(o *Opportunity) { o.Action, o.Baseline, o.Closed = "call sooner", "1999-01", "done" })
	must(t, err)
	if got.Action != "call sooner" || got.Baseline != "2026-01" || got.Revision != 2 {
		t.Errorf("changed: got %+v", got)
	}
	if _, err := s.UpdateOpportunity(t.Context(), "", o.ID, 1, func(*Opportunity) {}); !errors.Is(err, ErrChanged) {
		t.Errorf("an old revision: got error %v", err)
	}
	if _, err := s.UpdateOpportunity(t.Context(), "", o.ID, 0, func(o *Opportunity) { o.Touchpoint = "moon" }); err == nil {
		t.Error("a touchpoint the journey does not have was taken")
	}
	reopened := must2(s.UpdateOpportunity(t.Context(), "", o.ID, 0, func(o *Opportunity) { o.Closed = "" }))(t)
	if one := must2(s.Opportunity(t.Context(), "", o.ID))(t); one.Closed != "" || one.Revision != reopened.Revision || reopened.Revision != 3 {
		t.Errorf("opened again: got %+v", one)
	}
}

func TestLeases(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	take := func(holder string, length time.Duration) bool {
		t.Helper()
		return must2(s.Lease(t.Context(), "refresh", holder, length))(t)
	}
	if !take("a", time.Hour) || take("b", time.Hour) || !take("a", time.Hour) {
		t.Error("a took it first, and is to keep it")
	}
	must(t, s.Release(t.Context(), "refresh", "a"))
	if !take("b", 30*time.Second) || take("c", time.Hour) {
		t.Error("b was not given what a gave back")
	}
	// b asks once more, for so short that it runs out: the longest that was asked for counts.
	if !take("b", time.Millisecond) || take("c", time.Hour) {
		t.Error("b lost its lease by asking for less")
	}
	must(t, s.Release(t.Context(), "refresh", "b"))
	_ = take("d", time.Millisecond) // runs out before anybody looks
	held := must2(s.Hold(t.Context(), "refresh", "c", time.Hour))(t)
	if held == nil {
		t.Fatal("c was not given what has run out")
	}
	if other := must2(s.Hold(t.Context(), "refresh", "e", time.Hour))(t); other != nil {
		t.Error("e was given what c holds")
	}
	if held.renew(t.Context()); held.Lost() {
		t.Error("c lost its lease by renewing it")
	}
	must(t, s.Release(t.Context(), "refresh", "c")) // as if it had run out
	if !take("e", time.Hour) {
		t.Error("e was not given what has run out")
	}
	if held.renew(t.Context()); !held.Lost() {
		t.Error("c does not know that e has its lease")
	}
	must(t, held.Release(t.Context()))
	if take("f", time.Hour) {
		t.Error("c gave back what was e's")
	}
}

func TestRefreshRuns(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	at := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	runs := []RefreshRun{
		{Journey: "loop", Month: "2026-02", BeganAt: at.Add(time.Hour), EndedAt: at.Add(time.Hour + time.Second), Version: 1, Added: true, By: "p"},
		{Journey: "loop", Month: "2026-02", BeganAt: at, EndedAt: at.Add(time.Second), Error: "no disk", By: "p"},
	}
	for _, r := range runs {
		must(t, s.LogRefresh(t.Context(), r))
	}
	if diff := cmp.Diff(must2(s.RefreshRuns(t.Context(), 10))(t), runs); diff != "" {
		t.Errorf("runs (-got, +want):\n%s", diff)
	}
}
