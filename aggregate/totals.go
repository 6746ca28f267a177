package aggregate

import (
	"context"
	"fmt"
)

// Totals says how much there is.
type Totals struct {
	Interactions int64  // distinct interactions stored
	Unmapped     int64  // of these, the ones no rule of any journey matched
	Revision     uint64 // number of the last walk: changes when any result may have changed
}

// Totals counts what is stored now.
func (s *Store) Totals(ctx context.Context) (Totals, error) {
	const query = `
		SELECT
			toInt64(count()), toInt64(countIf(journey = '')),
			(SELECT max(walked) FROM walked)
		FROM interactions FINAL`
	var t Totals
	if err := s.conn.QueryRow(ctx, query).Scan(&t.Interactions, &t.Unmapped, &t.Revision); err != nil {
		return Totals{}, fmt.Errorf("count interactions: %w", err)
	}
	return t, nil
}
