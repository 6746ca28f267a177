package aggregate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tappa/journey"
)

// Snapshot is a journey's numbers as of the end of a month, frozen as a version.
type Snapshot struct {
	Journey      journey.JourneyID `json:"journey"`
	Month        string            `json:"month"` // "2006-01"
	Version      uint32            `json:"version"`
	AsOf         time.Time         `json:"as_of"`
	Definition   string            `json:"definition"`
	Software     string            `json:"software"`
	Interactions uint64            `json:"interactions"` // of the journey, by then
	Reason       string            `json:"reason"`       // why this version: one of the Reasons; "" for the first
	SHA256       string            `json:"sha256"`       // of the content
	TakenAt      time.Time         `json:"taken_at"`

	seen, facts uint64
	content     []byte
}

// Reasons why a month has another version.
const (
	LateData       = "late data"       // interactions of that month or before came after it was frozen
	LaterKnowledge = "later knowledge" // later interactions said who somebody is: a persona, two persons that are one
	Corrected      = "correction"      // somebody said how a text really sounds, or took that back
	Request        = "erasure"         // somebody who was in it was erased on request
	NewDefinition  = "definition"      // the journey file changed
	NewComputation = "computation"     // the same facts give other numbers: another version of the software
)

// ErrNoSnapshot is the answer to a month that nobody has frozen.
var ErrNoSnapshot = errors.New("no such snapshot")

// ErrMonthOpen refuses to freeze a month that is not over.
var ErrMonthOpen = errors.New("the month is not over")

// Restated says whether an earlier version of the month was published.
func (s Snapshot) Restated() bool { return s.Version > 1 }

// Content gives the canonical JSON that SHA256 is the hash of.
func (s Snapshot) Content() []byte { return s.content }

// month is a calendar month in a journey's time zone.
type month struct {
	name       string
	start, end time.Time
}

// parseMonth reads "2006-01".
func parseMonth(name string, zone *time.Location) (month, error) {
	start, err := time.ParseInLocation("2006-01", name, zone)
	if err != nil {
		return month{}, &BadQueryError{text: fmt.Sprintf("%q is no month like 2026-01", name)}
	}
	return month{name, start, start.AddDate(0, 1, 0)}, nil
}

// asOf is the last instant of the month.
func (m month) asOf() time.Time { return m.end.Add(-time.Millisecond).UTC() }

// refreshTries bounds how often a refresh begins anew because what it was reading changed under it.
const refreshTries = 5

// Refresh freezes a journey's numbers as of the end of a month. If the newest version says the same already, it is
// returned and nothing changes; otherwise a version is added. Everything stored must have been walked: see Walker.CatchUp
// and Backlog. A Refresh that is killed leaves nothing that counts, and can be run again. software names the program that
// computes. Two at a time may run; they agree, or one adds a version after the other.
func (s *Store) Refresh(ctx context.Context, id, monthName, software string) (snap Snapshot, added bool, err error) {
	snap, added, err = s.refresh(ctx, id, monthName, software)
	if err != nil {
		return snap, false, fmt.Errorf("refresh %s: %w", monthName, err)
	}
	return snap, added, nil
}

func (s *Store) refresh(ctx context.Context, id, monthName, software string) (snap Snapshot, added bool, err error) {
	j, err := s.definition(ctx, id)
	if err != nil {
		return snap, false, err
	}
	m, err := parseMonth(monthName, j.Location)
	if err != nil {
		return snap, false, err
	}
	if m.end.After(time.Now()) {
		return snap, false, fmt.Errorf("%w: %s ends on %s", ErrMonthOpen, monthName, m.end.Format("2 January 2006 15:04 (MST)"))
	}
	snap, err = s.freeze(ctx, j, m)
	if err != nil {
		return snap, false, err
	}
	snap.Software, snap.TakenAt = software, time.Now().UTC().Truncate(time.Millisecond)
	newest, err := s.Snapshot(ctx, string(j.ID), monthName, 0)
	switch {
	case errors.Is(err, ErrNoSnapshot):
	case err != nil:
		return snap, false, err
	case newest.SHA256 == snap.SHA256:
		return newest, false, nil
	default:
		erased, err := s.erasedSince(ctx, newest.TakenAt)
		if err != nil {
			return snap, false, err
		}
		corrected, err := s.correctedSince(ctx, newest.TakenAt)
		if err != nil {
			return snap, false, err
		}
		snap.Reason = snap.since(newest, erased, corrected)
	}
	snap.Version = newest.Version + 1
	return snap, true, s.putSnapshot(ctx, snap)
}

// since finds why the numbers differ from those of an earlier version, since which somebody was erased, or a mood corrected, or not.
func (s Snapshot) since(before Snapshot, erased, corrected bool) string {
	switch {
	case s.Definition != before.Definition:
		return NewDefinition
	case erased && s.Interactions < before.Interactions:
		return Request
	case s.Interactions != before.Interactions || s.seen != before.seen:
		return LateData
	case corrected && s.facts != before.facts:
		return Corrected
	case s.facts != before.facts:
		return LaterKnowledge
	}
	return NewComputation
}

// freeze computes everything as of one state of the tables: if a walk changed what there was to read, it begins anew.
func (s *Store) freeze(ctx context.Context, j *journey.Journey, m month) (Snapshot, error) {
	snap := Snapshot{Journey: j.ID, Month: m.name, AsOf: m.asOf(), Definition: j.Version}
	for range refreshTries {
		if err := s.fingerprint(ctx, &snap); err != nil {
			return snap, err
		}
		content, err := s.snapshotContent(ctx, j, m)
		if err != nil {
			return snap, err
		}
		after := snap
		if err := s.fingerprint(ctx, &after); err != nil {
			return snap, err
		}
		if after.facts == snap.facts {
			snap.content, snap.SHA256, err = content.canonical()
			return snap, err
		}
	}
	return snap, errors.New("what the numbers are computed from kept changing: try again when less is coming in")
}

// fingerprint hashes what the numbers are computed from, as it was known at the instant.
func (s *Store) fingerprint(ctx context.Context, snap *Snapshot) error {
	const query = `
		WITH fromUnixTimestamp64Milli({ms:Int64}, 'UTC') AS t
		SELECT n, seen, bitXor(bitXor(facts, v), w) FROM
		(
			SELECT
				count() AS n, groupBitXor(cityHash64(origin, id, occurred_at)) AS seen,
				groupBitXor(cityHash64('step', subject, attempt, number, origin, id, persona, stage, is_return, touchpoint, channel,
					department, outcome, activity, mood_eligible, mood_label, mood_emotion, mood_score)) AS facts
			FROM steps WHERE journey = {journey:String} AND occurred_at <= t
		) AS a,
		(
			SELECT groupBitXor(cityHash64('visit', subject, attempt, position, stage, persona, touchpoint, channel, department,
				entered_at, if(left_at <= t, left_at, toDateTime64(0, 3, 'UTC')), if(left_at <= t, toString(exit), ''))) AS v
			FROM visits WHERE journey = {journey:String} AND entered_at <= t
		) AS b,
		(
			SELECT groupBitXor(cityHash64('wait', subject, number, attempt, persona, stage, touchpoint, channel, department, first, missed_call,
				asked_at, ifNull(toInt64(due_at), -1), ifNull(toUnixTimestamp64Milli(if(answered_at <= t, answered_at, NULL)), -1),
				ifNull(if(answered_at <= t, business_ms, NULL), -1))) AS w
			FROM waits WHERE journey = {journey:String} AND asked_at <= t
		) AS c`
	ctx = withParameters(ctx, map[string]string{"journey": string(snap.Journey), "ms": fmt.Sprint(snap.AsOf.UnixMilli())})
	if err := s.conn.QueryRow(ctx, query).Scan(&snap.Interactions, &snap.seen, &snap.facts); err != nil {
		return fmt.Errorf("fingerprint: %w", err)
	}
	return nil
}

// Backlog counts the offsets stored that some part of the walk has not walked for a journey under its current definition.
func (s *Store) Backlog(ctx context.Context, id string) (int64, error) {
	const query = `
		WITH ` + inForce + ` AS force
		SELECT toInt64(sum(greatest(stored.last - if(w.topic = '', -1, w.offset), 0)))
		FROM (SELECT topic, partition, max(offset) AS last FROM records GROUP BY topic, partition) AS stored
		LEFT JOIN
		(
			SELECT topic, partition, if(count() = force.2, min(offset), -1) AS offset FROM walked FINAL
			WHERE journey = {journey:String} AND division = force.1
				AND version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = {journey:String})
			GROUP BY topic, partition
		) AS w ON w.topic = stored.topic AND w.partition = stored.partition`
	var n int64
	if err := s.conn.QueryRow(withParameters(ctx, map[string]string{"journey": id}), query).Scan(&n); err != nil {
		return 0, fmt.Errorf("find backlog of %s: %w", id, err)
	}
	return n, nil
}
