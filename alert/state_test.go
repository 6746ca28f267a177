package alert

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// story runs the machine over instants of one day and writes down what is told.
type story struct {
	defs   *Definitions
	states map[string]*State
	told   []string
	broken map[string]bool // notifiers that cannot be reached
}

func (s *story) at(clock string, holding ...string) {
	now, err := time.Parse("2006-01-02 15:04", clock)
	if err != nil {
		panic(err)
	}
	var findings []Finding
	asked := map[string]bool{}
	for _, a := range s.defs.Alerts {
		asked[a.ID] = !slices.Contains(holding, a.ID+"?")
		for _, h := range holding {
			id, per, _ := strings.Cut(h, "/")
			if id == a.ID {
				cause := a.Cause
				if per != "" {
					cause += "/" + per
				}
				findings = append(findings, Finding{Alert: a.ID, Cause: cause, Holds: true, AsOf: now})
			}
		}
	}
	s.states = s.defs.Advance(s.states, findings, asked, now)
	for _, m := range s.defs.Due(s.states, now) {
		if s.broken[m.Notifier] {
			continue
		}
		m.tell(now)
		s.told = append(s.told, fmt.Sprintf("%s %s %s %s", now.Format("02T15:04"), m.Notifier, m.Status, m.State.Cause))
	}
}

func (s *story) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.told, want) {
		t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(s.told, "\n  "), strings.Join(want, "\n  "))
	}
	s.told = nil
}

func newStory(alerts ...Definition) *story {
	night := Quiet{days: [7]bool{true, true, true, true, true, true, true}, from: 20 * 60, to: 32 * 60}
	for i := range alerts {
		alerts[i].Labels = journey.Labels{"en": alerts[i].ID}
		if alerts[i].Cause == "" {
			alerts[i].Cause = alerts[i].ID
		}
		if alerts[i].Notify == nil {
			alerts[i].Notify = []string{"desk"}
		}
	}
	return &story{defs: &Definitions{Zone: time.UTC, Quiet: []Quiet{night}, Lang: "en", Alerts: alerts}, broken: map[string]bool{}}
}

func TestOneMessageForEachCause(t *testing.T) {
	s := newStory(Definition{ID: "a", For: 10 * time.Minute, Repeat: 4 * time.Hour})
	s.at("2026-03-02 09:00", "a/x")
	s.at("2026-03-02 09:05", "a/x", "a/y")
	s.expect(t) // it has not held for long enough
	s.at("2026-03-02 09:10", "a/x", "a/y")
	s.at("2026-03-02 09:15", "a/x", "a/y")
	s.at("2026-03-02 09:20", "a/x", "a/y")
	s.expect(t, "02T09:10 desk firing a/x", "02T09:15 desk firing a/y")
	s.at("2026-03-02 09:25", "a/y", "a?") // the number could not be had: what held holds
	s.at("2026-03-02 09:30", "a/y")
	s.expect(t, "02T09:30 desk resolved a/x")
	s.at("2026-03-02 13:15", "a/y")
	s.at("2026-03-02 13:20", "a/y")
	s.expect(t, "02T13:15 desk still firing a/y")
	s.at("2026-03-02 13:25")
	s.at("2026-03-02 13:30")
	s.expect(t, "02T13:25 desk resolved a/y")
	s.at("2026-03-02 13:35", "a/x")
	s.at("2026-03-02 13:40")
	s.at("2026-03-02 13:45", "a/x")
	s.expect(t) // never for ten minutes
	if len(s.states) != 2 || !s.states["a/y"].Ended() {
		t.Errorf("states: got %v, want both, ended, to be listed for a while", s.states)
	}
	s.at("2026-03-10 13:45")
	if len(s.states) != 0 {
		t.Errorf("a week later: got %v", s.states)
	}
}

func TestQuietHoursHoldMessagesBack(t *testing.T) {
	s := newStory(Definition{ID: "a"}, Definition{ID: "b"}, Definition{ID: "c", Urgent: true}, Definition{ID: "d"})
	s.at("2026-03-02 19:00", "d")
	s.at("2026-03-02 21:00", "a", "b", "c", "d")
	s.expect(t, "02T19:00 desk firing d", "02T21:00 desk firing c")
	s.at("2026-03-02 23:00", "a")
	s.at("2026-03-03 02:00", "a", "d") // d ended and began again while nobody was told
	s.expect(t, "02T23:00 desk resolved c")
	s.at("2026-03-03 08:00", "a", "d")
	s.expect(t, "03T08:00 desk firing a") // of b nobody needs to know, and of d they know
	s.at("2026-03-03 09:00")
	s.expect(t, "03T09:00 desk resolved a", "03T09:00 desk resolved d")
}

func TestAlertsOfOneCauseAreOne(t *testing.T) {
	s := newStory(Definition{ID: "a", Cause: "office"}, Definition{ID: "b", Cause: "office", Notify: []string{"desk", "boss"}})
	s.at("2026-03-02 09:00", "a")
	s.at("2026-03-02 10:00", "a", "b")
	s.at("2026-03-02 11:00", "b")
	s.expect(t, "02T09:00 desk firing office", "02T10:00 boss firing office")
	s.at("2026-03-02 12:00")
	s.expect(t, "02T12:00 desk resolved office", "02T12:00 boss resolved office")
}

func TestWhoCouldNotBeToldIsToldLater(t *testing.T) {
	s := newStory(Definition{ID: "a", Notify: []string{"desk", "boss"}})
	s.broken["boss"] = true
	s.at("2026-03-02 09:00", "a")
	s.at("2026-03-02 09:05", "a")
	s.expect(t, "02T09:00 desk firing a")
	s.broken["boss"] = false
	s.at("2026-03-02 09:10", "a")
	s.expect(t, "02T09:10 boss firing a")
}

func TestAnAlertThatIsGoneEnds(t *testing.T) {
	s := newStory(Definition{ID: "a"})
	s.at("2026-03-02 09:00", "a")
	s.defs.Alerts = nil
	s.at("2026-03-02 09:05")
	if st := s.states["a"]; st == nil || st.Firing {
		t.Errorf("got %+v, want it ended", st)
	}
}

// TestChangeOfANumberBelowZero tells a fall from a rise also where both numbers are negative.
func TestChangeOfANumberBelowZero(t *testing.T) {
	for _, c := range []struct {
		before, after, change float64
		holds                 bool
	}{
		{-0.2, -0.3, -0.5, true},
		{-0.3, -0.2, 1. / 3, false},
		{0.4, 0.2, -0.5, true},
	} {
		number := func(v float64) measured {
			return measured{Number: aggregate.Number{Measured: aggregate.Measured{Value: &v}}}
		}
		below := 0.2
		var f Finding
		f.compare(&Change{Below: &below, Noise: true}, number(c.before), number(c.after), [2]time.Duration{})
		if f.Change == nil || math.Abs(*f.Change-c.change) > 1e-9 || f.Holds != c.holds {
			t.Errorf("%v to %v: got %+v, want a change of %v", c.before, c.after, f, c.change)
		}
	}
}
