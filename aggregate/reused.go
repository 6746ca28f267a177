package aggregate

import (
	"context"
	"fmt"
	"time"

	"tappa/journey"
)

// Reused is an id that several interactions of a system have: each of them counts. First and Last are two of them.
type Reused struct {
	Origin, ID  string
	First, Last Occurred
}

// Occurred says whose an interaction is, by the strongest contact key, and when it occurred.
type Occurred struct {
	At  time.Time
	Key string
}

// reusedAtOnce bounds the ids that a statement compares, and so the memory that it takes.
const reusedAtOnce = 1_000_000

// Reused gives, of the ids that arrived since an instant, those under which interactions are stored that differ in time or
// contact key: how many, and the first of them. About is how many arrived, for memory's sake. What was taken back is left out.
func (s *Store) Reused(ctx context.Context, since time.Time, about, most int) (n int, first []Reused, err error) {
	const query = `
		SELECT origin, id, a.1, a.2, b.1, b.2 FROM (
			SELECT origin, id, min((occurred_at, contact_keys[1])) AS a, max((occurred_at, contact_keys[1])) AS b FROM arrivals
			WHERE (origin, id) IN (SELECT origin, id FROM arrivals WHERE arrived_at >= ? AND cityHash64(id) % ? = ? AND type != ?)
				AND (origin, id) NOT IN (SELECT origin, substring(id, ?) FROM arrivals WHERE type = ?)
			GROUP BY origin, id HAVING a != b)
		ORDER BY origin, id`
	pieces := 1 + about/reusedAtOnce
	for piece := range pieces {
		err := s.each(ctx, func(scan func(...any) error) error {
			if n++; len(first) == most {
				return nil
			}
			var r Reused
			err := scan(&r.Origin, &r.ID, &r.First.At, &r.First.Key, &r.Last.At, &r.Last.Key)
			first = append(first, r)
			return err
		}, query, since, pieces, piece, journey.Retracted, len(journey.RetractedID(""))+1, journey.Retracted)
		if err != nil {
			return 0, nil, fmt.Errorf("look for ids that several interactions have: %w", err)
		}
	}
	return n, first, nil
}
