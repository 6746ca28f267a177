package aggregate

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// arrivals are offsets of a partition: after From, up to To.
type arrivals struct {
	place
	from, to int64
}

// arrivalsOf is the condition for a range of arrivals. With what arrivalsQuery and linksQuery select, it is answered by
// the projection of that name, whose parts are sorted by offset, without looking at the table.
const (
	arrivalsOf    = " FROM interactions WHERE topic = ? AND partition = ? AND offset > ? AND offset <= ?"
	arrivalsQuery = "SELECT contact_key, contact_keys, account, thread" + arrivalsOf
	linksQuery    = linksFrom + arrivalsOf + linksTo
	linksFrom     = `
		INSERT INTO links (key_a, key_b, origin, id, occurred_at)
		SELECT least(contact_key, other), greatest(contact_key, other), origin, id, occurred_at
		FROM (SELECT contact_key, contact_keys, origin, id, occurred_at`
	linksTo = `) AS arrived
		ARRAY JOIN arrayDistinct(contact_keys) AS other
		WHERE other != contact_key`
)

// nextSlice takes up the next arrivals of every partition, up to what is stored and as many as may be walked at once.
func (w *Walker) nextSlice(target map[place]int64) []arrivals {
	if len(w.journeys) == 0 {
		return nil
	}
	var out []arrivals
	for p, to := range target {
		if from := w.walkedUpTo(p); from < to {
			out = append(out, arrivals{p, from, to})
		}
	}
	slices.SortFunc(out, func(a, b arrivals) int {
		return cmp.Or(strings.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	for i := range out {
		out[i].to = min(out[i].to, out[i].from+max(1, w.opts.Slice/int64(len(out))))
	}
	return out
}

// touched is who has something new.
type touched struct {
	keys    map[int32]struct{}
	threads map[string]struct{}
}

// walkSlice walks everybody touched by a slice of arrivals, through all journeys, and then says that it did.
func (w *Walker) walkSlice(ctx context.Context, slice []arrivals) error {
	w.number++
	t := touched{keys: map[int32]struct{}{}, threads: map[string]struct{}{}}
	for _, a := range slice {
		if err := w.meet(ctx, a, t); err != nil {
			return fmt.Errorf("read arrivals of %s/%d: %w", a.topic, a.partition, err)
		}
		w.progress.Arrivals += a.to - a.from
	}
	w.progress.Walks++
	w.progress.Touched += len(t.keys)
	if err := w.walkTouched(ctx, t); err != nil {
		return err
	}
	return w.advance(ctx, w.journeys, slice)
}

// meet learns who came, and together with whom.
func (w *Walker) meet(ctx context.Context, a arrivals, t touched) error {
	if a.place == correctionsPlace {
		return w.meetCorrected(ctx, a, t)
	}
	args := []any{a.topic, a.partition, a.from, a.to}
	if err := w.store.conn.Exec(settled(ctx), linksQuery, args...); err != nil {
		return err
	}
	threads := len(w.journeysPer(perThread)) > 0
	return w.store.each(ctx, func(scan func(...any) error) error {
		var key, account, thread string
		var keys []string
		if err := scan(&key, &keys, &account, &thread); err != nil {
			return err
		}
		if threads && thread != "" {
			t.threads[thread] = struct{}{}
		}
		if key != "" {
			t.keys[w.people.learn(account, append([]string{key}, keys...)...)] = struct{}{}
		}
		return nil
	}, arrivalsQuery, args...)
}

// settled makes an INSERT SELECT as definite as an insert of ours.
func settled(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
}

// journeysPer gives the journeys whose cases are per that.
func (w *Walker) journeysPer(per string) []*walked { return only(per, w.journeys) }

func only(per string, journeys []*walked) []*walked {
	return slices.DeleteFunc(slices.Clone(journeys), func(j *walked) bool { return cmp.Or(j.journey.Case.Per, perPerson) != per })
}

// walkTouched walks the touched persons, accounts and threads.
func (w *Walker) walkTouched(ctx context.Context, t touched) error {
	persons := w.subjectsOf(&w.people.persons, slices.Collect(maps.Keys(t.keys)))
	var keys []int32
	for _, s := range persons {
		keys = append(keys, s.keys...)
	}
	if err := w.writePeople(ctx, keys); err != nil {
		return err
	}
	for _, per := range []string{perPerson, perAccount, perThread} {
		journeys := w.journeysPer(per)
		if len(journeys) == 0 {
			continue
		}
		chunks, err := w.touchedChunks(ctx, per, persons, keys, t)
		if err != nil {
			return err
		}
		if err := w.walkChunks(ctx, chunks, journeys); err != nil {
			return err
		}
	}
	return nil
}

func (w *Walker) touchedChunks(ctx context.Context, per string, persons []subject, keys []int32, t touched) (iter.Seq[chunk], error) {
	switch per {
	case perPerson:
		return w.lists(persons), nil
	case perAccount:
		nodes := make([]int32, len(keys))
		for i, id := range keys {
			nodes[i] = w.people.accounts.id(w.people.persons.keys[id])
		}
		return w.lists(w.subjectsOf(&w.people.accounts, nodes)), nil
	}
	// A thread's rows also name the persons in it. Who they are may have changed by what arrived elsewhere.
	if err := w.threadsOf(ctx, keys, t.threads); err != nil {
		return nil, err
	}
	return threadLists(slices.Sorted(maps.Keys(t.threads))), nil
}

// threadsOf adds the threads that any of the keys took part in.
func (w *Walker) threadsOf(ctx context.Context, keys []int32, threads map[string]struct{}) error {
	for part := range slices.Chunk(keys, chunkKeys) {
		names := make([]string, len(part))
		for i, id := range part {
			names[i] = w.people.persons.keys[id]
		}
		const query = "SELECT DISTINCT thread FROM interactions WHERE contact_key IN (?) AND thread != ''"
		err := w.store.each(longQuery(ctx), func(scan func(...any) error) error {
			var thread string
			err := scan(&thread)
			threads[thread] = struct{}{}
			return err
		}, query, names)
		if err != nil {
			return fmt.Errorf("read threads: %w", err)
		}
	}
	return nil
}

// advance says that everything up to the end of the slice was walked. It is the last thing a walk writes.
func (w *Walker) advance(ctx context.Context, journeys []*walked, slice []arrivals) error {
	var rows []walkedRow
	for _, j := range journeys {
		for _, a := range slice {
			if before, known := j.upTo[a.place]; known && before > a.to {
				a.to = before
			}
			rows = append(rows, walkedRow{j: j, arrivals: a, walked: w.number})
		}
	}
	if err := insert(ctx, w.store, "walked", walkedColumns, rows, ""); err != nil {
		return err
	}
	for _, r := range rows {
		r.j.upTo[r.place] = r.to
	}
	for _, j := range journeys {
		j.version = j.journey.Version
	}
	return nil
}

type walkedRow struct {
	j *walked
	arrivals
	walked uint64
}

var walkedColumns = []column[walkedRow]{
	fill("journey", typeWord, func(r *walkedRow) string { return string(r.j.journey.ID) }),
	fill("topic", typeWord, func(r *walkedRow) string { return r.topic }),
	fill("partition", "Int32", func(r *walkedRow) int32 { return r.partition }),
	fill("version", typeWord, func(r *walkedRow) string { return r.j.journey.Version }),
	fill("offset", "Int64", func(r *walkedRow) int64 { return r.to }),
	fill("walked", "UInt64", func(r *walkedRow) uint64 { return r.walked }),
}
