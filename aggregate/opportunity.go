package aggregate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tappa/journey"
)

// Kinds of opportunities.
const (
	Fix    = "fix"    // a gap to close
	Upsell = "upsell" // something more to sell
)

// Opportunity is a gap to close or an upsell at a touchpoint: who does what by when, and the number it is to move.
type Opportunity struct {
	ID         string            `json:"id"` // "" until stored: the next number
	Journey    journey.JourneyID `json:"journey"`
	Kind       string            `json:"kind"` // Fix or Upsell
	Touchpoint string            `json:"touchpoint"`
	Department string            `json:"department"` // who owns it
	Action     string            `json:"action"`
	Due        string            `json:"due"` // "2006-01-02"
	// Target is the number to move, with the value to reach: a KPI of the journey file, or one of its own.
	Target journey.KPI `json:"target"`
	// Baseline is the month whose snapshot it is measured against, and its version.
	Baseline        string    `json:"baseline"`
	BaselineVersion uint32    `json:"baseline_version"`
	Closed          string    `json:"closed,omitempty"` // why; "" is open
	Revision        uint32    `json:"revision"`         // 1 is as first stored
	ChangedAt       time.Time `json:"changed_at"`
}

// ErrNoOpportunity is the answer to an id that no opportunity has.
var ErrNoOpportunity = errors.New("no such opportunity")

// AddOpportunity checks and stores a new opportunity, and gives it back with its id. Where Baseline is empty, it is the
// newest snapshot.
func (s *Store) AddOpportunity(ctx context.Context, o Opportunity) (Opportunity, error) {
	j, stored, err := s.opportunities(ctx, string(o.Journey))
	if err == nil {
		o.Journey = j.ID
		err = s.baseline(ctx, &o)
	}
	if err == nil {
		err = o.check(j)
	}
	if err == nil {
		err = o.checkTarget()
	}
	if err == nil {
		err = s.checkMeasured(ctx, o)
	}
	if err != nil {
		return o, fmt.Errorf("add opportunity: %w", err)
	}
	if o.ID == "" {
		o.ID = fmt.Sprint(len(stored) + 1)
	}
	if slices.ContainsFunc(stored, func(other Opportunity) bool { return other.ID == o.ID }) {
		return o, fmt.Errorf("add opportunity: %w", &BadQueryError{text: fmt.Sprintf("there is an opportunity %q already", o.ID)})
	}
	return s.putOpportunity(ctx, o)
}

// CloseOpportunity closes an opportunity and keeps why. It stays in the list.
func (s *Store) CloseOpportunity(ctx context.Context, id, opportunity, why string) (Opportunity, error) {
	if why == "" {
		why = "closed"
	}
	return s.UpdateOpportunity(ctx, id, opportunity, 0, func(o *Opportunity) { o.Closed = why })
}

// UpdateOpportunity changes an opportunity; what it is measured against stays as it was. Where revision is not 0, the
// opportunity must still be of that revision, else ErrChanged. An empty Closed opens it again.
func (s *Store) UpdateOpportunity(ctx context.Context, id, opportunity string, revision uint32, change func(*Opportunity)) (Opportunity, error) {
	fail := func(err error) (Opportunity, error) {
		return Opportunity{}, fmt.Errorf("update opportunity %s: %w", opportunity, err)
	}
	j, stored, err := s.opportunities(ctx, id)
	if err != nil {
		return fail(err)
	}
	i := slices.IndexFunc(stored, func(o Opportunity) bool { return o.ID == opportunity })
	switch {
	case i < 0:
		return fail(ErrNoOpportunity)
	case revision != 0 && stored[i].Revision != revision:
		return fail(ErrChanged)
	}
	kept, o := stored[i], stored[i]
	change(&o)
	o.ID, o.Journey, o.Revision, o.Baseline, o.BaselineVersion = kept.ID, kept.Journey, kept.Revision, kept.Baseline, kept.BaselineVersion
	if err := o.check(j); err != nil {
		return fail(err)
	}
	if target := o.Target.Target; target != nil && (kept.Target.Target == nil || *target != *kept.Target.Target) {
		if err := o.checkTarget(); err != nil { // one that was kept may be of an earlier tappa, and is closed all the same
			return fail(err)
		}
	}
	return s.putOpportunity(ctx, o)
}

// Opportunity gives one of a journey's opportunities.
func (s *Store) Opportunity(ctx context.Context, id, opportunity string) (Opportunity, error) {
	_, stored, err := s.opportunities(ctx, id)
	if err != nil {
		return Opportunity{}, fmt.Errorf("opportunity %s: %w", opportunity, err)
	}
	for _, o := range stored {
		if o.ID == opportunity {
			return o, nil
		}
	}
	return Opportunity{}, fmt.Errorf("opportunity %s: %w", opportunity, ErrNoOpportunity)
}

// Opportunities lists a journey's opportunities in the order they were added, closed ones too.
func (s *Store) Opportunities(ctx context.Context, id string) ([]Opportunity, error) {
	_, out, err := s.opportunities(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list opportunities: %w", err)
	}
	return out, nil
}

// definition is the journey as it is stored; "" is the only one there is.
func (s *Store) definition(ctx context.Context, id string) (*journey.Journey, error) {
	stored, err := s.chooseJourney(ctx, id)
	if err != nil {
		return nil, err
	}
	return journey.Parse(string(stored.Journey), []byte(stored.YAML))
}

func (s *Store) opportunities(ctx context.Context, id string) (*journey.Journey, []Opportunity, error) {
	j, err := s.definition(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	const query = `
		SELECT argMax(content, revision) FROM opportunities FINAL
		WHERE journey = {journey:String} GROUP BY id ORDER BY min(changed_at), length(id), id`
	var out []Opportunity
	err = s.each(withParameters(ctx, map[string]string{"journey": string(j.ID)}), func(scan func(...any) error) error {
		var content string
		if err := scan(&content); err != nil {
			return err
		}
		var o Opportunity
		err := json.Unmarshal([]byte(content), &o)
		out = append(out, o)
		return err
	}, query)
	return j, out, err
}

func (s *Store) putOpportunity(ctx context.Context, o Opportunity) (Opportunity, error) {
	o.Revision++
	o.ChangedAt = time.Now().UTC().Truncate(time.Millisecond)
	content, err := json.Marshal(o)
	if err != nil {
		return o, fmt.Errorf("put opportunity %s: %w", o.ID, err)
	}
	columns := []column[Opportunity]{
		fill("journey", typeWord, func(o *Opportunity) string { return string(o.Journey) }),
		fill("id", typeString, func(o *Opportunity) string { return o.ID }),
		fill("revision", "UInt32", func(o *Opportunity) uint32 { return o.Revision }),
		fill("content", typeString, func(*Opportunity) string { return string(content) }),
		fill("changed_at", typeTime, func(o *Opportunity) time.Time { return o.ChangedAt }),
	}
	if err := insert(ctx, s, "opportunities", columns, []Opportunity{o}, ""); err != nil {
		return o, fmt.Errorf("put opportunity %s: %w", o.ID, err)
	}
	return o, nil
}

// baseline finds the snapshot that an opportunity is measured against.
func (s *Store) baseline(ctx context.Context, o *Opportunity) error {
	if o.Baseline == "" {
		list, err := s.Snapshots(ctx, string(o.Journey))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("%w to measure against: make one with `tappa refresh`", ErrNoSnapshot)
		}
		o.Baseline, o.BaselineVersion = list[0].Month, list[0].Version
		return nil
	}
	snap, err := s.Snapshot(ctx, string(o.Journey), o.Baseline, o.BaselineVersion)
	o.BaselineVersion = snap.Version
	return err
}

// check refuses what the journey does not know, all of it at once.
func (o *Opportunity) check(j *journey.Journey) error {
	var errs []error
	refuse := func(format string, args ...any) {
		errs = append(errs, &BadQueryError{text: fmt.Sprintf(format, args...)})
	}
	if o.Kind != Fix && o.Kind != Upsell {
		refuse("kind %q: there are fix and upsell", o.Kind)
	}
	if _, ok := j.Touchpoint(journey.TouchpointID(o.Touchpoint)); !ok {
		refuse("the journey has no touchpoint %q; there are: %s", o.Touchpoint, strings.Join(j.Names("touchpoint"), ", "))
	}
	if _, ok := j.Department(journey.DepartmentID(o.Department)); !ok {
		refuse("the journey has no department %q; there are: %s", o.Department, strings.Join(j.Names("department"), ", "))
	}
	if strings.TrimSpace(o.Action) == "" {
		refuse("say what is to be done")
	}
	if _, err := time.Parse(time.DateOnly, o.Due); err != nil {
		refuse("due %q: a day is written like 2026-01-31", o.Due)
	}
	if view, ok := journey.Views[o.Target.View]; !ok || !slices.Contains(view.Metrics, o.Target.Metric) {
		refuse("there is no number %q of a report %q to follow", o.Target.Metric, o.Target.View)
	}
	if o.Target.Target == nil {
		refuse("name the value to reach")
	}
	if o.Target.Better != "up" && o.Target.Better != "down" {
		refuse("better is up or down, not %q", o.Target.Better)
	}
	return errors.Join(errs...)
}

// targetBounds are what a number can be, by its unit; a share that may be negative is a difference of two.
func targetBounds(metric string) (low, high float64, about string) {
	switch unit := unitOf(metric); {
	case unit == "share" && signed(metric):
		return -1, 1, "is from -1 to 1, that is from -100 % to 100 %"
	case unit == "share":
		return 0, 1, "is a share, from 0 to 1, that is from 0 % to 100 %"
	case signed(metric):
		return -2, 2, "is a mood, from -2 to 2"
	}
	return 0, math.Inf(1), "cannot be negative"
}

// checkTarget refuses a value that the number cannot reach.
func (o *Opportunity) checkTarget() error {
	low, high, about := targetBounds(o.Target.Metric)
	if target := *o.Target.Target; target < low || target > high || math.IsNaN(target) {
		return &BadQueryError{text: fmt.Sprintf("target %s: %s %s", number(target), o.Target.Metric, about)}
	}
	return nil
}

// checkMeasured measures the number once: what its filter names must exist, and leave one number.
func (s *Store) checkMeasured(ctx context.Context, o Opportunity) error {
	keys := journey.Views[o.Target.View].Keys
	for _, key := range slices.Sorted(maps.Keys(o.Target.Filter)) {
		if err := oneOf("filter of report "+o.Target.View, key, keys); err != nil {
			return err
		}
	}
	_, err := s.KPI(ctx, o.Target, Query{Journey: string(o.Journey)})
	return err
}

// ParseTarget reads the value to reach: "0.3", "30 %", "30%".
func ParseTarget(text string) (float64, error) {
	plain, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(plain), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, &BadQueryError{text: fmt.Sprintf("%q is no value to reach: write 0.3 or 30 %% of a share, seconds of a duration, or a number", text)}
	}
	if percent {
		v /= 100
	}
	return v, nil
}
