package aggregate

import (
	"context"
	"fmt"

	"tappa/journey"
)

// bucket is how many offsets a bitmap of EachStored spans. Neighbours share a bitmap, so that a bucket of which every
// offset is stored travels as a number.
const bucket = 1 << 16

// EachStored calls f with the offsets of a partition of which at least one row is stored, as ranges from ≤ offset < to in
// ascending order that neither overlap nor touch. Rows that a merge has dropped, since a copy of their interaction is
// stored from elsewhere, are not among them.
func (s *Store) EachStored(ctx context.Context, topic string, partition int, f func(from, to int64)) error {
	const query = `
		SELECT number, n, if(n = ?, [], arraySort(bitmapToArray(bits)))
		FROM
		(
			SELECT intDiv(offset, ?) AS number, groupBitmapState(toUInt64(offset)) AS bits, bitmapCardinality(bits) AS n
			FROM records
			WHERE topic = ? AND partition = ?
			GROUP BY number
		)
		ORDER BY number`
	from, to := int64(0), int64(0)
	extend := func(a, b int64) {
		if a != to {
			if to > from {
				f(from, to)
			}
			from = a
		}
		to = b
	}
	err := s.each(ctx, func(scan func(...any) error) error {
		var number int64
		var n uint64
		var offsets []uint64
		if err := scan(&number, &n, &offsets); err != nil {
			return err
		}
		if n == bucket {
			extend(number*bucket, (number+1)*bucket)
		}
		for _, o := range offsets {
			extend(int64(o), int64(o)+1)
		}
		return nil
	}, query, uint64(bucket), int64(bucket), topic, int32(partition))
	if err != nil {
		return fmt.Errorf("list offsets stored of %s/%d: %w", topic, partition, err)
	}
	if to > from {
		f(from, to)
	}
	return nil
}

// Distinct counts the offsets of a partition, below one, whose rows remain once the copies of each interaction have
// collapsed into one, whether a merge has come by yet or not.
func (s *Store) Distinct(ctx context.Context, topic string, partition int, below int64) (int64, error) {
	const query = `
		SELECT toInt64(groupBitmap(toUInt64(offset)))
		FROM records FINAL
		WHERE topic = ? AND partition = ? AND offset < ?`
	var n int64
	if err := s.conn.QueryRow(ctx, query, topic, int32(partition), below).Scan(&n); err != nil {
		return 0, fmt.Errorf("count interactions of %s/%d: %w", topic, partition, err)
	}
	return n, nil
}

// Holds says of each interaction whether it, as its origin and id name it, is stored. Only Origin, ID and Keys are
// looked at, and Keys only to find it sooner: a row that was stored under another key is found as well.
func (s *Store) Holds(ctx context.Context, interactions []journey.Interaction) ([]bool, error) {
	held := make([]bool, len(interactions))
	for _, byKey := range []bool{true, false} {
		var keys, ids []string
		for i := range interactions {
			if !held[i] {
				ids = append(ids, interactions[i].ID)
				keys = append(keys, contactKey(&interactions[i]))
			}
		}
		if len(ids) == 0 {
			break
		}
		query, args := "SELECT DISTINCT origin, id FROM records WHERE id IN (?)", []any{ids}
		if byKey {
			query, args = query+" AND contact_key IN (?)", append(args, keys)
		}
		found, err := s.interactionIDs(ctx, query, args)
		if err != nil {
			return nil, fmt.Errorf("look for interactions: %w", err)
		}
		for i := range interactions {
			held[i] = held[i] || found[interactionID{interactions[i].Origin, interactions[i].ID}]
		}
	}
	return held, nil
}

func (s *Store) interactionIDs(ctx context.Context, query string, args []any) (map[interactionID]bool, error) {
	found := map[interactionID]bool{}
	err := s.each(longQuery(ctx), func(scan func(...any) error) error {
		var one interactionID
		err := scan(&one.origin, &one.id)
		found[one] = true
		return err
	}, query, args...)
	return found, err
}
