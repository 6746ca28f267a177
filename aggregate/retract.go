package aggregate

import (
	"context"
	"fmt"
	"time"
)

// Arrival is one way in which an interaction arrived.
type Arrival struct {
	Keys   []string // contact keys, strongest first
	Thread string
	At     time.Time // when it occurred
}

// Arrivals gives the ways in which an interaction arrived: several where its source sent it under other keys. None means that it is not
// stored.
func (s *Store) Arrivals(ctx context.Context, origin, id string) ([]Arrival, error) {
	const query = `
		SELECT contact_keys, thread, min(occurred_at) FROM arrivals WHERE origin = ? AND id = ? AND notEmpty(contact_keys)
		GROUP BY contact_keys, thread ORDER BY contact_keys, thread`
	var out []Arrival
	err := s.each(ctx, func(scan func(...any) error) error {
		var a Arrival
		err := scan(&a.Keys, &a.Thread, &a.At)
		out = append(out, a)
		return err
	}, query, origin, id)
	if err != nil {
		return nil, fmt.Errorf("look for interaction %s of %s: %w", id, origin, err)
	}
	return out, nil
}
