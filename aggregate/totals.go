package aggregate

import (
	"context"
	"fmt"
	"time"
)

// Totals says how much there is.
type Totals struct {
	Interactions int64  // distinct interactions stored
	Unmapped     int64  // of these, the ones no rule of any journey matched
	Revision     uint64 // numbers of the last walks, put together: changes when any result may have changed
}

// Totals counts what is stored now.
func (s *Store) Totals(ctx context.Context) (Totals, error) {
	const query = `
		SELECT
			toInt64(count()), toInt64(countIf(tag IN (SELECT tag FROM tags WHERE journey = '' AND type != 'interaction.retracted'))),
			(SELECT sum(last) FROM (SELECT max(walked) AS last FROM walked GROUP BY part))
		FROM records FINAL`
	var t Totals
	if err := s.conn.QueryRow(ctx, query).Scan(&t.Interactions, &t.Unmapped, &t.Revision); err != nil {
		return Totals{}, fmt.Errorf("count interactions: %w", err)
	}
	return t, nil
}

// NewestWalked is the instant that pages show unless asked otherwise: Newest, of what the walk has reached. What is
// stored and not yet walked would change numbers as of a later instant while somebody looks at them.
func (s *Store) NewestWalked(ctx context.Context) (time.Time, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	var n uint64
	var newest time.Time
	const query = `SELECT count(), max(last_at) FROM cases`
	if err := s.conn.QueryRow(ctx, query).Scan(&n, &newest); err != nil {
		return time.Time{}, fmt.Errorf("find newest walked interaction: %w", err)
	}
	switch {
	case n == 0:
		return s.Newest(ctx)
	case newest.After(now):
		return now, nil
	}
	return newest.UTC(), nil
}

// AnyBy says whether anything that is stored had happened by an instant. It stops at the first that had.
func (s *Store) AnyBy(ctx context.Context, at time.Time) (bool, error) {
	var n uint64
	const query = `SELECT count() FROM (SELECT 1 FROM records WHERE occurred_at <= fromUnixTimestamp64Milli(?, 'UTC') LIMIT 1)`
	if err := s.conn.QueryRow(ctx, query, at.UnixMilli()).Scan(&n); err != nil {
		return false, fmt.Errorf("look for an interaction by %s: %w", at.UTC().Format(time.RFC3339), err)
	}
	return n > 0, nil
}

// Oldest is the instant of the first interaction stored; the zero time where there is none. It reads all of them: see AnyBy.
func (s *Store) Oldest(ctx context.Context) (time.Time, error) {
	var n uint64
	var oldest time.Time
	const query = `SELECT count(), min(occurred_at) FROM records`
	if err := s.conn.QueryRow(ctx, query).Scan(&n, &oldest); err != nil {
		return time.Time{}, fmt.Errorf("find oldest interaction: %w", err)
	}
	if n == 0 {
		return time.Time{}, nil
	}
	return oldest.UTC(), nil
}
