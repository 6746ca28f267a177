package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tappa/aggregate"
	"tappa/journey"
)

func TestTimetables(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ table, now, at, month string }{
		{"1-7 04:00", "2026-03-01T03:59:00", "2026-02-07T04:00:00", "2026-01"},
		{"1-7 04:00", "2026-03-01T04:00:00", "2026-03-01T04:00:00", "2026-02"},
		{"1-7 04:00", "2026-03-05T12:00:00", "2026-03-05T04:00:00", "2026-02"},
		{"1-7 04:00", "2026-01-31T12:00:00", "2026-01-07T04:00:00", "2025-12"},
		{"9,2 23:30", "2026-03-02T23:29:00", "2026-02-09T23:30:00", "2026-01"},
		{"28 02:30", "2027-03-28T12:00:00", "2027-03-28T03:30:00", "2027-02"}, // no 02:30 that night
	} {
		table, err := ParseTimetable(c.table)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.ParseInLocation("2006-01-02T15:04:05", c.now, rome)
		if err != nil {
			t.Fatal(err)
		}
		at, month := table.due(now)
		if got := at.Format("2006-01-02T15:04:05"); got != c.at || month != c.month {
			t.Errorf("%s at %s: got %s, %s; want %s, %s", c.table, c.now, got, month, c.at, c.month)
		}
	}
	for _, bad := range []string{"1-7", "0 04:00", "29 04:00", "7-1 04:00", "1 25:00", "x 04:00", "1-7 4am"} {
		if _, err := ParseTimetable(bad); err == nil || !strings.Contains(err.Error(), "no timetable") {
			t.Errorf("%q: got error %v", bad, err)
		}
	}
	for _, off := range []string{"", "off"} {
		if table, err := ParseTimetable(off); err != nil || !table.Never() {
			t.Errorf("%q: got %v, %v; want never", off, table, err)
		}
	}
}

// TestScheduledRefresh lets one process fail and go on, and another one see that it is done.
func TestScheduledRefresh(t *testing.T) {
	e, err := OpenEmbedded(t.Context(), EmbeddedOptions{Dir: t.TempDir(), Logger: quiet(t)})
	needEngine(t, err)
	defer func() { _ = e.Close() }()
	store := e.Store
	j, err := journey.Template("machinery")
	if err == nil {
		err = store.PutJourney(t.Context(), j)
	}
	if err != nil {
		t.Fatal(err)
	}
	table, err := ParseTimetable("1-7 04:00")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, j.Location)
	var frozen []string
	broken := errors.New("no disk")
	process := func() *scheduler {
		s, err := newScheduler(store, []*journey.Journey{j}, table, "test", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		s.now = func() time.Time { return now }
		real := s.freeze
		s.freeze = func(ctx context.Context, j *journey.Journey, month string) (string, error) {
			if broken != nil {
				return "", broken
			}
			frozen = append(frozen, month)
			if _, err := real(ctx, j, month); err != nil {
				return "", err
			}
			// The real one finds no history; what it would have noted is noted here, at the test's own time.
			return "frozen", store.LogRefresh(ctx, aggregate.RefreshRun{Journey: j.ID, Month: month, BeganAt: now, EndedAt: now, Version: 1, By: "test"})
		}
		return s
	}
	look := func(s *scheduler) {
		t.Helper()
		if err := s.look(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	a := process()
	look(a)
	look(a) // too soon for another try
	if got := a.Troubles(); len(got) != 1 || !strings.Contains(got[0], "failed 1 times") || !strings.Contains(got[0], "no disk") {
		t.Errorf("troubles: got %q", got)
	}
	if got := testutil.ToFloat64(a.overdue.WithLabelValues("machinery")); got != 8*3600 {
		t.Errorf("overdue: got %v s, want 8 h", got)
	}
	now, broken = now.Add(2*time.Minute), nil
	b := process() // a restart knows nothing of a's pause
	look(b)
	look(b)
	look(a)
	if len(frozen) != 1 || frozen[0] != "2026-02" || len(a.Troubles()) != 0 {
		t.Errorf("frozen %v, troubles %q; want February once and none", frozen, a.Troubles())
	}
	now = now.AddDate(0, 0, 1)
	look(a)
	if len(frozen) != 2 {
		t.Errorf("the next day: frozen %v, want February again", frozen)
	}
	// Another process holds the lease: nothing is done.
	now = now.AddDate(0, 0, 1)
	if mine, err := store.Lease(t.Context(), "refresh", "another", time.Hour); err != nil || !mine {
		t.Fatal(mine, err)
	}
	look(a)
	if len(frozen) != 2 {
		t.Errorf("while another refreshes: frozen %v", frozen)
	}
}
