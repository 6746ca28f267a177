package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
	"tappa/journey"
)

// Timetable says on which days of the month, and when on these, the last month is frozen, in each journey's time zone. The
// zero timetable is never.
type Timetable struct {
	days   []int // 1 … 28, ascending
	minute int   // of the day
}

// DefaultTimetable freezes in the night after a month's end, and in the nights after that for what came late.
const DefaultTimetable = "1-7 04:00"

// ParseTimetable reads "1-7 04:00" or "1,5,9 23:30"; "off" and "" are never.
func ParseTimetable(s string) (Timetable, error) {
	var t Timetable
	if s = strings.TrimSpace(s); s == "" || s == "off" {
		return t, nil
	}
	bad := fmt.Errorf("%q is no timetable; write days of the month (1 to 28) and a time, such as %q, or off", s, DefaultTimetable)
	days, clock, ok := strings.Cut(s, " ")
	at, err := time.Parse("15:04", strings.TrimSpace(clock))
	if !ok || err != nil {
		return t, bad
	}
	t.minute = at.Hour()*60 + at.Minute()
	for _, span := range strings.Split(days, ",") {
		first, last, isSpan := strings.Cut(span, "-")
		if !isSpan {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 1 || b > 28 || a > b {
			return Timetable{}, bad
		}
		for d := a; d <= b; d++ {
			t.days = append(t.days, d)
		}
	}
	slices.Sort(t.days)
	t.days = slices.Compact(t.days)
	return t, nil
}

// monthEnd is the first instant after a month.
func monthEnd(month string, zone *time.Location) time.Time {
	start, err := time.ParseInLocation("2006-01", month, zone)
	if err != nil {
		panic("schedule: month " + month) // lastMonth made it
	}
	return start.AddDate(0, 1, 0)
}

// Never says whether nothing is ever due.
func (t Timetable) Never() bool { return len(t.days) == 0 }

// due gives the last instant of the timetable that is not after now, and the month to freeze then.
func (t Timetable) due(now time.Time) (at time.Time, month string) {
	for back := range 2 {
		first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location()).AddDate(0, -back, 0)
		for _, d := range slices.Backward(t.days) {
			// A time that the clock leaves out in spring is taken as the instant it would have been.
			at = time.Date(first.Year(), first.Month(), d, t.minute/60, t.minute%60, 0, 0, now.Location())
			if !at.After(now) {
				return at, lastMonth(at)
			}
		}
	}
	return time.Time{}, ""
}

// refreshLease is for how long a process that was killed while it refreshed keeps the others from it.
const refreshLease = 2 * time.Minute

// Pauses of the scheduler: between two looks, and after failures, doubling.
const (
	scheduleTick     = time.Minute
	scheduleFirstTry = time.Minute
	scheduleLastTry  = time.Hour
)

// scheduler freezes last months by a timetable. What is due and what is done it reads from the store, so a restart forgets
// nothing, and of several processes one does it.
type scheduler struct {
	store     *aggregate.Store
	journeys  []*journey.Journey
	timetable Timetable
	software  string
	logger    *slog.Logger
	tick      time.Duration
	now       func() time.Time
	freeze    func(ctx context.Context, j *journey.Journey, month string) (string, error)

	runs    *prometheus.CounterVec
	overdue *prometheus.GaugeVec
	last    *prometheus.GaugeVec

	mu     sync.Mutex
	failed map[journey.JourneyID]failure
}

// failure is a refresh that failed and is tried again.
type failure struct {
	err   error
	tries int
	next  time.Time
}

func newScheduler(store *aggregate.Store, journeys []*journey.Journey, t Timetable, software string, logger *slog.Logger, reg prometheus.Registerer) (*scheduler, error) {
	s := &scheduler{
		store: store, journeys: journeys, timetable: t, software: software, logger: logger, tick: scheduleTick, now: time.Now,
		failed: map[journey.JourneyID]failure{},
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tappa_refresh_runs_total", Help: "Scheduled refreshes of last month, by how they ended: frozen, restated, unchanged, empty, failed.",
		}, []string{"journey", "result"}),
		overdue: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tappa_refresh_overdue_seconds", Help: "For how long a scheduled refresh has been due and not done; 0 is none.",
		}, []string{"journey"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tappa_refresh_last_success_timestamp_seconds", Help: "When this process last refreshed with success.",
		}, []string{"journey"}),
	}
	s.freeze = func(ctx context.Context, j *journey.Journey, month string) (string, error) {
		if err := walked(ctx, store, []*journey.Journey{j}, logger); err != nil {
			return "", err
		}
		if any, err := store.HasHistory(ctx, j.ID, monthEnd(month, j.Location)); err != nil || !any {
			return "empty", err // a month before the first interaction is no map to compare with
		}
		snap, added, err := freeze(ctx, store, j, month, software)
		if err != nil {
			return "", err
		}
		logger.Info("refreshed", "snapshot", frozenLine(j, snap, added))
		switch {
		case !added:
			return "unchanged", nil
		case snap.Restated():
			return "restated", nil
		}
		return "frozen", nil
	}
	for _, c := range []prometheus.Collector{s.runs, s.overdue, s.last} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("new scheduler: %w", err)
		}
	}
	return s, nil
}

// Run looks every minute until ctx ends. A refresh that fails is logged, counted, and tried again.
func (s *scheduler) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.tick):
		}
		for _, j := range s.journeys {
			if err := s.look(ctx, j); err != nil && ctx.Err() == nil {
				s.logger.Error("look for a refresh that is due", "journey", j.ID, "error", err)
			}
		}
	}
}

// look refreshes a journey where that is due.
func (s *scheduler) look(ctx context.Context, j *journey.Journey) error {
	now := s.now()
	at, month := s.timetable.due(now.In(j.Location))
	if month == "" {
		return nil
	}
	done, err := s.done(ctx, j.ID, month, at)
	if err != nil {
		return err
	}
	if done {
		s.overdue.WithLabelValues(string(j.ID)).Set(0)
		s.note(j.ID, failure{})
		return nil
	}
	s.overdue.WithLabelValues(string(j.ID)).Set(now.Sub(at).Seconds())
	f := s.failure(j.ID)
	if now.Before(f.next) {
		return nil
	}
	lease, err := s.store.Hold(ctx, "refresh", processName(), refreshLease)
	if err != nil || lease == nil {
		return err
	}
	result, err := s.freeze(ctx, j, month)
	if released := lease.Release(context.WithoutCancel(ctx)); released != nil {
		s.logger.Warn("a lease runs out by itself", "error", released)
	}
	if ctx.Err() != nil {
		return nil // stopped, not failed: it is due after the restart
	}
	if err != nil {
		s.runs.WithLabelValues(string(j.ID), "failed").Inc()
		f = failure{err, f.tries + 1, s.now().Add(min(scheduleFirstTry<<min(f.tries, 10), scheduleLastTry))}
		s.note(j.ID, f)
		s.logger.Error("refresh failed, will be tried again", "journey", j.ID, "month", month, "try", f.tries, "next", f.next, "error", err)
		return nil
	}
	s.note(j.ID, failure{})
	s.runs.WithLabelValues(string(j.ID), result).Inc()
	s.overdue.WithLabelValues(string(j.ID)).Set(0)
	s.last.WithLabelValues(string(j.ID)).Set(float64(s.now().Unix()))
	return nil
}

// done says whether the month was refreshed with success since an instant, by whatever process.
func (s *scheduler) done(ctx context.Context, id journey.JourneyID, month string, since time.Time) (bool, error) {
	ended, err := s.store.RefreshedAt(ctx, id, month)
	return !ended.Before(since), err
}

func (s *scheduler) failure(id journey.JourneyID) failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed[id]
}

func (s *scheduler) note(id journey.JourneyID, f failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.err == nil {
		delete(s.failed, id)
		return
	}
	s.failed[id] = f
}

// Troubles says in words which refreshes failed and when they are tried again.
func (s *scheduler) Troubles() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for id, f := range s.failed {
		out = append(out, fmt.Sprintf("refresh of %s failed %d times, next try %s: %v", id, f.tries, f.next.UTC().Format(time.RFC3339), f.err))
	}
	slices.Sort(out)
	return out
}
