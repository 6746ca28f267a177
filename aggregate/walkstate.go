package aggregate

import (
	"context"
	"fmt"

	"tappa/journey"
)

// WalkState says how many Kafka offsets are stored and not yet walked for some of the journeys, and how far the walk has
// come in all: a number that grows whenever it moves. It is of one part, or, for the zero Part, of the part of the division in force that
// is farthest behind: one that never started has walked nothing.
func (s *Store) WalkState(ctx context.Context, journeys []journey.JourneyID, part Part) (behind, walked int64, err error) {
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
	division, err := s.division(ctx)
	if err != nil {
		return 0, 0, err
	}
	at := map[walkRun]int64{}
	err = s.each(ctx, func(scan func(...any) error) error {
		var r walkRun
		var id string
		var offset int64
		err := scan(&id, &r.topic, &r.partition, &r.part, &offset)
		r.journey = journey.JourneyID(id)
		at[r] = offset
		return err
	}, "SELECT journey, topic, partition, part, offset FROM walked FINAL WHERE division = ?", division.revision)
	if err != nil {
		return 0, 0, fmt.Errorf("ask how far is walked: %w", err)
	}
	for p, to := range stored {
		least := to
		for _, j := range journeys {
			for _, k := range part.among(division) {
				offset, known := at[walkRun{j, p, k}]
				if !known {
					offset = -1
				}
				walked += offset
				least = min(least, offset)
			}
		}
		behind += to - least
	}
	return behind, walked, nil
}

// walkRun is a part's way through a partition, for a journey.
type walkRun struct {
	journey journey.JourneyID
	place
	part uint32
}

// among gives the numbers of the parts of a division that are asked about.
func (p Part) among(d division) []uint32 {
	if p.Of > 0 {
		if int(d.parts) != p.Of {
			return []uint32{0} // there is no such part
		}
		return []uint32{uint32(p.Number)} //nolint:gosec // at most MostParts
	}
	out := make([]uint32, max(d.parts, 1))
	for i := range out {
		out[i] = uint32(i) + 1 //nolint:gosec // at most MostParts
	}
	return out
}
