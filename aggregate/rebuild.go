package aggregate

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"tappa/aggregate/people"
)

// rebuild walks everybody through some journeys. People are learnt from the interactions themselves, not from what earlier
// walks made of them.
func (w *Walker) rebuild(ctx context.Context, journeys []*walked, target map[place]int64) error {
	w.number++
	w.progress.Walks++
	counts, err := w.meetEverybody(ctx)
	if err != nil {
		return fmt.Errorf("learn who is who: %w", err)
	}
	stale := w.stale()
	for _, j := range journeys {
		j.stored = nil // whoever is not found is swept
	}
	if err := w.findBlank(ctx, journeys); err != nil {
		return err
	}
	defer func() {
		for _, j := range journeys {
			j.blank = false
		}
	}()
	if err := w.rebuildAll(ctx, journeys, counts); err != nil {
		return err
	}
	for _, j := range journeys {
		if j.blank {
			continue
		}
		if err := w.sweep(ctx, j, w.number); err != nil {
			return err
		}
	}
	if err := w.walkTouched(ctx, stale, others(journeys, w.journeys), alreadyLinked); err != nil {
		return fmt.Errorf("walk whom others no longer are: %w", err)
	}
	if err := w.writeAllPeople(ctx); err != nil {
		return fmt.Errorf("write people: %w", err)
	}
	slice := make([]arrivals, 0, len(target))
	for p, to := range target {
		slice = append(slice, arrivals{place: p, to: to})
	}
	return w.advance(ctx, journeys, slice)
}

// rebuildAll walks everybody through the journeys. The engine merges nothing of the table meanwhile: parts that come in their order, and
// share no subject, are as well merged when nobody waits for it.
func (w *Walker) rebuildAll(ctx context.Context, journeys []*walked, counts []uint32) error {
	if w.opts.Part.whole() { // another part may be alive when this one is killed, and must not write to a table that is never merged
		w.store.holdMerges(ctx)
		defer func() {
			w.store.letMerge(context.WithoutCancel(ctx))
			w.store.mergeFew(ctx, leastMerged)
		}()
	}
	for _, per := range []string{perPerson, perAccount, perThread} {
		mine := only(per, journeys)
		if len(mine) == 0 {
			continue
		}
		if err := w.rebuildPer(ctx, per, mine, counts); err != nil {
			return err
		}
	}
	return nil
}

// mostParts is how many parts a rebuild may write without a merge. A table of many more refuses inserts.
const mostParts = 200

// holdMerges asks for no merges of table findings, if there will not be too many parts for it. A user who may not ask does without.
func (s *Store) holdMerges(ctx context.Context) {
	var rows uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM records").Scan(&rows); err == nil && rows < mostParts*spanRows {
		_ = s.conn.Exec(ctx, "SYSTEM STOP MERGES findings")
	}
}

// letMerge takes back holdMerges, which a walker that was killed may have left behind.
func (s *Store) letMerge(ctx context.Context) { _ = s.conn.Exec(ctx, "SYSTEM START MERGES findings") }

// Of so many bytes what a rebuild left in few parts is merged: of less views are quick as it is, and more is not rewritten in passing.
const leastMerged, mostMerged = 16 << 20, 512 << 20

// mergeFew merges what a rebuild wrote, where it is too little for the engine to merge it by itself (see tuning) and enough for views to be
// slow: of a part that nobody merged they read every column. A user who may not ask does without.
func (s *Store) mergeFew(ctx context.Context, least uint64) {
	const query = "SELECT count(), sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND table = 'findings' AND active"
	var parts, bytes uint64
	err := s.conn.QueryRow(ctx, query).Scan(&parts, &bytes)
	if few, _ := strconv.ParseUint(tuning["findings"]["min_parts_to_merge_at_once"], 10, 64); err == nil && parts > 1 && parts < few && bytes >= least && bytes < mostMerged {
		_ = s.conn.Exec(ctx, "OPTIMIZE TABLE findings FINAL")
	}
}

// findBlank marks the journeys that nothing is stored of: there is nothing to be swept.
func (w *Walker) findBlank(ctx context.Context, journeys []*walked) error {
	const query = "SELECT count() FROM (SELECT 1 FROM findings WHERE journey = ? LIMIT 1)"
	for _, j := range journeys {
		var n uint64
		id := string(j.journey.ID)
		if err := w.store.conn.QueryRow(ctx, query, id).Scan(&n); err != nil {
			return fmt.Errorf("look for what is stored of %s: %w", id, err)
		}
		j.blank = n == 0
	}
	return nil
}

// meetEverybody learns who is who from all interactions, and how many there are of every contact key, by its number.
func (w *Walker) meetEverybody(ctx context.Context) ([]uint32, error) {
	var counts []uint32
	both, each := errgroup.WithContext(ctx)
	both.Go(func() error { return w.store.writeLinks(each, " FROM arrivals WHERE true") })
	both.Go(func() (err error) {
		counts, err = w.countByKey(each)
		return err
	})
	if err := both.Wait(); err != nil {
		return nil, err
	}
	if err := w.learnLinks(ctx); err != nil {
		return nil, err
	}
	w.people.Settle()
	return append(counts, make([]uint32, w.people.Len()-len(counts))...), nil
}

// countByKey makes all contact keys known, and counts the interactions of each.
func (w *Walker) countByKey(ctx context.Context) (counts []uint32, err error) {
	err = w.store.each(ctx, func(scan func(...any) error) error {
		var key string
		var n uint32
		err := scan(&key, &n)
		if key == "" {
			return err
		}
		id := w.people.Add(key)
		counts = append(counts, make([]uint32, max(0, int(id)+1-len(counts)))...)
		counts[id] = n
		return err
	}, "SELECT contact_key, toUInt32(count()) FROM records GROUP BY contact_key SETTINGS optimize_aggregation_in_order = 1")
	if err != nil {
		return nil, fmt.Errorf("count interactions: %w", err)
	}
	return counts, nil
}

// others gives the journeys of all that are not among some.
func others(some, all []*walked) []*walked {
	return slices.DeleteFunc(slices.Clone(all), func(j *walked) bool { return slices.Contains(some, j) })
}

// writeAllPeople stores whoever has changed.
func (w *Walker) writeAllPeople(ctx context.Context) error {
	for from := 0; from < w.people.Len(); from += w.opts.Chunk {
		var part []people.ID
		for id := from; id < min(from+w.opts.Chunk, w.people.Len()); id++ {
			part = append(part, people.ID(id))
		}
		if err := w.writePeople(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (w *Walker) rebuildPer(ctx context.Context, per string, journeys []*walked, counts []uint32) error {
	if per == perThread {
		return w.rebuildThreads(ctx, journeys)
	}
	everybody := func(yield func(people.ID) bool) {
		for id := range people.ID(w.people.Len()) {
			if w.people.IsKey(id) && !yield(id) {
				return
			}
		}
	}
	subjects := w.personsOf(everybody, false)
	if per == perAccount {
		subjects = w.companiesOf(everybody, false)
	}
	subjects = slices.DeleteFunc(subjects, func(s subject) bool { return !w.opts.Part.owns(s.name) })
	for i := range subjects {
		for _, key := range subjects[i].keys {
			subjects[i].rows += int(counts[key])
		}
	}
	return w.walkChunks(ctx, w.ranges(subjects), journeys)
}

// ranges makes chunks of subjects whose interactions are read as a range of the table, which is sorted by contact key, and
// by a list of those keys of the same subjects that lie elsewhere. Where other parts' subjects lie in between, all keys are listed.
func (w *Walker) ranges(subjects []subject) iter.Seq[chunk] {
	least := func(s subject) string {
		id := slices.MinFunc(s.keys, func(a, b people.ID) int { return strings.Compare(w.people.Key(a), w.people.Key(b)) })
		return w.people.Key(id)
	}
	subjects = slices.DeleteFunc(subjects, func(s subject) bool { return len(s.keys) == 0 })
	slices.SortFunc(subjects, func(a, b subject) int { return strings.Compare(least(a), least(b)) })
	return func(yield func(chunk) bool) {
		for part := range w.parts(subjects, w.opts.Chunk) {
			c := w.chunk(part)
			c.whole = true
			for _, one := range part {
				c.rows += one.rows
			}
			if !w.opts.Part.whole() {
				if !yield(c) {
					return
				}
				continue
			}
			first, last := least(part[0]), least(part[len(part)-1])
			elsewhere := slices.DeleteFunc(c.args[0].([]string), func(key string) bool { return key >= first && key <= last })
			c.where, c.args = "contact_key BETWEEN ? AND ?", []any{first, last}
			if len(elsewhere) > 0 {
				c.where = "(contact_key BETWEEN ? AND ? OR contact_key IN (?))"
				c.args = append(c.args, elsewhere)
			}
			if !yield(c) {
				return
			}
		}
	}
}

// rebuildThreads walks all threads, in ranges of their names.
func (w *Walker) rebuildThreads(ctx context.Context, journeys []*walked) error {
	ids := make([]string, len(journeys))
	for i, j := range journeys {
		ids[i] = string(j.journey.ID)
	}
	const query = `
		SELECT thread, count() FROM records
		WHERE thread != '' AND thread IN (SELECT thread FROM records WHERE tag IN (SELECT tag FROM tags WHERE journey IN (?))) GROUP BY thread ORDER BY thread`
	var threads []string
	var counts []uint64
	err := w.store.each(ctx, func(scan func(...any) error) error {
		var thread string
		var n uint64
		err := scan(&thread, &n)
		if w.opts.Part.owns(thread) {
			threads, counts = append(threads, thread), append(counts, n)
		}
		return err
	}, query, ids)
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	return w.walkChunks(ctx, w.threadRanges(threads, counts), journeys)
}

// threadRanges makes chunks of threads whose interactions are read as a range of threads.
func (w *Walker) threadRanges(threads []string, counts []uint64) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for from := 0; from < len(threads); {
			to, rows := from, uint64(0)
			for to < len(threads) && to-from < chunkKeys && (to == from || rows+counts[to] <= uint64(w.opts.Chunk)) {
				rows += counts[to]
				to++
			}
			c := threadChunk(threads[from:to])
			c.whole, c.rows = true, int(rows) //nolint:gosec // a number of rows
			c.where, c.args = "thread BETWEEN ? AND ?", []any{threads[from], threads[to-1]}
			if !w.opts.Part.whole() {
				c.where, c.args = c.where+" AND thread IN (?)", append(c.args, c.subjects)
			}
			if !yield(c) {
				return
			}
			from = to
		}
	}
}

// sweep buries what the journey holds, under names that this part owns, of walks before a number. After a rebuild that is of subjects
// that no longer exist: each that does was written by it.
func (w *Walker) sweep(ctx context.Context, j *walked, before uint64) error {
	query := `
		INSERT INTO findings (journey, subject, walked, deleted)
		SELECT journey, subject, ?, 1 FROM findings FINAL WHERE journey = ? AND walked < ? AND ` + w.opts.Part.owned("subject")
	if err := w.store.conn.Exec(settled(ctx), query, w.number, string(j.journey.ID), before); err != nil {
		return fmt.Errorf("sweep walks of %s: %w", j.journey.ID, err)
	}
	return nil
}

// sweepFormer buries what a walker of a former division stored after this part's rebuild had looked.
func (w *Walker) sweepFormer(ctx context.Context) error {
	for _, j := range w.journeys {
		if j.version == "" || w.division.first() == 0 { // it will be rebuilt, or there was no other division
			continue
		}
		if err := w.sweep(ctx, j, w.division.first()); err != nil {
			return err
		}
	}
	return nil
}
