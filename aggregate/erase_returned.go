package aggregate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tappa/journey"
)

// turnAway removes what was erased and came in again after all, before it is walked.
func (w *Walker) turnAway(ctx context.Context, target map[place]int64) error {
	if len(w.store.erasedMarks()) == 0 {
		return nil
	}
	for some := range slices.Chunk(w.unwalked(target), partitionsAtOnce) {
		n, err := w.store.removeReturned(ctx, some)
		if err != nil {
			return fmt.Errorf("look whether erased interactions came again: %w", err)
		}
		if n > 0 {
			w.opts.Logger.Warn("interactions that were erased had come in again, and were removed", "interactions", n)
		}
	}
	return nil
}

// marksInSQL are the marks by which Erased knows a row: its own and, the prefix of such ids given, that of what it takes back.
const marksInSQL = `arrayMap(i -> lower(hex(substring(SHA256(concat(origin, '\0', i)), 1, 16))),
	arrayDistinct([id, if(startsWith(id, ? AS taking_back), substring(id, length(taking_back) + 1), id)]))`

// removeReturned removes interactions that were erased and came in again, among arrivals that nobody has walked: from a collector that had
// decoded them before it could know, and stored them when nobody looked any more. Their places are noted first, so the ledger stands; it
// may stop anywhere and be done again. It gives how many it found.
func (s *Store) removeReturned(ctx context.Context, some []arrivals) (int, error) {
	from, args := arrivalsOf(some)
	args = append([]any{journey.RetractedID("")}, args...)
	found := map[interactionID]struct{}{}
	var rows []erasedRow
	err := s.each(longQuery(ctx), func(scan func(...any) error) error {
		var n interactionID
		var r erasedRow
		err := scan(&n.origin, &n.id, &r.topic, &r.partition, &r.offset, &r.erasure)
		r.mark = markOf(n.origin, n.id)
		rows, found[n] = append(rows, r), struct{}{}
		return err
	}, `SELECT toString(origin), id, toString(topic), partition, offset, erasure FROM (
			SELECT origin, id, topic, partition, offset, arrayJoin(`+marksInSQL+`) AS mark`+from+`) AS came
		INNER JOIN (SELECT mark, max(erasure) AS erasure FROM erased GROUP BY mark) AS gone USING (mark)`, args...)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := insert(ctx, s.again(), "erased", erasedColumns, rows, ""); err != nil {
		return 0, err
	}
	places := make([]string, 0, len(found))
	args = args[:0]
	for n := range found {
		places, args = append(places, "(?, ?)"), append(args, n.origin, n.id)
	}
	for _, table := range []string{"records", "arrivals"} {
		where := " DELETE WHERE (origin, id) IN (" + strings.Join(places, ", ") + ")"
		if err := s.conn.Exec(mutated(ctx), "ALTER TABLE "+table+where, args...); err != nil {
			return 0, fmt.Errorf("remove from %s what was erased and came again: %w", table, err)
		}
	}
	return len(rows), nil
}
