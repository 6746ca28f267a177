package aggregate

import (
	"context"
	"fmt"

	"tappa/journey"
)

// WalkState says how many Kafka offsets are stored and not yet walked for some of the journeys, and how far the walk has
// come in all: a number that grows whenever it moves.
func (s *Store) WalkState(ctx context.Context, journeys []journey.JourneyID) (behind, walked int64, err error) {
	stored := map[place]int64{}
	err = s.each(ctx, func(scan func(...any) error) error {
		var p place
		var offset int64
		err := scan(&p.topic, &p.partition, &offset)
		stored[p] = offset
		return err
	}, "SELECT topic, partition, max(offset) FROM records GROUP BY topic, partition")
	if err != nil {
		return 0, 0, fmt.Errorf("ask how far is stored: %w", err)
	}
	type run struct {
		journey journey.JourneyID
		place
	}
	at := map[run]int64{}
	err = s.each(ctx, func(scan func(...any) error) error {
		var r run
		var id string
		var offset int64
		err := scan(&id, &r.topic, &r.partition, &offset)
		r.journey = journey.JourneyID(id)
		at[r] = offset
		return err
	}, "SELECT journey, topic, partition, offset FROM walked FINAL")
	if err != nil {
		return 0, 0, fmt.Errorf("ask how far is walked: %w", err)
	}
	for p, to := range stored {
		least := to
		for _, j := range journeys {
			offset, known := at[run{j, p}]
			if !known {
				offset = -1
			}
			walked += offset
			least = min(least, offset)
		}
		behind += to - least
	}
	return behind, walked, nil
}
