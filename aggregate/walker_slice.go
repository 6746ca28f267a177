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

	"golang.org/x/sync/errgroup"

	"tappa/aggregate/people"
)

// arrivals are offsets of a partition: after From, up to To.
type arrivals struct {
	place
	from, to int64
}

// arrivalsQuery asks who came in some arrivals: those of a FROM clause with a condition.
const arrivalsQuery = "SELECT contact_keys, account, thread"

// arrivalsOf is the FROM clause of ranges of arrivals, in the order in which the table is sorted.
func arrivalsOf(some []arrivals) (from string, args []any) {
	var ranges []string
	for _, a := range some {
		ranges = append(ranges, "topic = ? AND partition = ? AND offset > ? AND offset <= ?")
		args = append(args, a.topic, a.partition, a.from, a.to)
	}
	return " FROM arrivals WHERE (" + strings.Join(ranges, " OR ") + ")", args
}

// partitionsAtOnce bounds the condition on arrivals of many partitions.
const partitionsAtOnce = 64

// nextSlice takes up the next arrivals of every partition, up to what is stored and as many as may be walked at once.
func (w *Walker) nextSlice(target map[place]int64) []arrivals {
	if len(w.journeys) == 0 {
		return nil
	}
	out := w.unwalked(target)
	slices.SortFunc(out, func(a, b arrivals) int {
		return cmp.Or(strings.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
	for i := range out {
		out[i].to = min(out[i].to, out[i].from+max(1, w.opts.Slice/int64(len(out))))
	}
	return out
}

// unwalked is what not all journeys have walked, up to what is stored.
func (w *Walker) unwalked(target map[place]int64) (out []arrivals) {
	for p, to := range target {
		if from := w.walkedUpTo(p); from < to {
			out = append(out, arrivals{p, from, to})
		}
	}
	return out
}

// touched is who has something new.
type touched struct {
	keys    map[people.ID]struct{}
	beside  map[people.ID]people.ID // keys seen with a stronger one, by key: the stronger one
	nodes   map[people.ID]struct{}  // of companies that may have lost somebody
	threads map[string]struct{}
}

func newTouched() touched {
	return touched{map[people.ID]struct{}{}, map[people.ID]people.ID{}, map[people.ID]struct{}{}, map[string]struct{}{}}
}

// walkSlice walks everybody touched by a slice of arrivals, through all journeys, and then says that it did.
func (w *Walker) walkSlice(ctx context.Context, slice []arrivals) error {
	w.number++
	t := newTouched()
	linked, err := w.meetAll(ctx, slice, t)
	if err != nil {
		return err
	}
	w.settle(t)
	w.progress.Walks++
	w.progress.Touched += len(t.keys)
	ctx, cancel := context.WithCancel(ctx)
	links, linking := errgroup.WithContext(ctx)
	links.SetLimit(2)
	defer func() { // a walk that fails does not leave them behind
		cancel()
		_ = links.Wait()
	}()
	for _, some := range linked {
		from, args := arrivalsOf(some)
		links.Go(func() error { return w.store.writeLinks(linking, from, args...) })
	}
	if err := w.walkTouched(ctx, t, w.journeys, links.Wait); err != nil {
		return err
	}
	return w.advance(ctx, w.journeys, slice)
}

// meetAll learns who came, and together with whom. Of linked arrivals the links are still to be stored.
func (w *Walker) meetAll(ctx context.Context, slice []arrivals, t touched) (linked [][]arrivals, err error) {
	var came []arrivals
	for _, a := range slice {
		var err error
		switch a.place {
		case correctionsPlace:
			err = w.meetCorrected(ctx, a, t)
		case statementsPlace:
			err = w.meetStated(ctx, a, t)
		default:
			came = append(came, a)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", a.topic, err)
		}
	}
	for some := range slices.Chunk(came, partitionsAtOnce) {
		links, err := w.meet(ctx, some, t)
		if err != nil {
			return nil, fmt.Errorf("read arrivals of %s/%d and %d other partitions: %w", some[0].topic, some[0].partition, len(some)-1, err)
		}
		if links {
			linked = append(linked, some)
		}
	}
	for _, a := range slice {
		w.progress.Arrivals += a.to - a.from
	}
	return linked, nil
}

// meet learns who came in some arrivals, and says whether any show a link.
func (w *Walker) meet(ctx context.Context, some []arrivals, t touched) (linked bool, err error) {
	from, args := arrivalsOf(some)
	threads := len(w.journeysPer(perThread)) > 0
	err = w.store.each(ctx, func(scan func(...any) error) error {
		var account, thread string
		var keys []string
		if err := scan(&keys, &account, &thread); err != nil {
			return err
		}
		if threads && thread != "" {
			t.threads[thread] = struct{}{}
		}
		linked = linked || len(keys) > 1 || account != ""
		if len(keys) > 0 {
			first := w.people.See(account, keys...)
			t.keys[first] = struct{}{}
			for _, key := range keys[1:] {
				t.beside[w.people.Add(key)] = first
			}
		}
		return nil
	}, arrivalsQuery+from, args...)
	return linked, err
}

// settled makes an INSERT SELECT as definite as an insert of ours.
func settled(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
}

// journeysPer gives the journeys whose cases are per that.
func (w *Walker) journeysPer(per string) []*walked { return only(per, w.journeys) }

func only(per string, journeys []*walked) []*walked {
	return slices.DeleteFunc(slices.Clone(journeys), func(j *walked) bool { return j.per() != per })
}

// per is what the journey's subjects are.
func (j *walked) per() string { return cmp.Or(j.journey.Case.Per, perPerson) }

// walkTouched walks the touched persons, accounts and threads through some journeys, and stores what is known of them once linked says that
// all is stored that it is known by.
func (w *Walker) walkTouched(ctx context.Context, t touched, all []*walked, linked func() error) error {
	persons := w.personsOf(maps.Keys(t.keys), true)
	var keys []people.ID
	for _, s := range persons {
		keys = append(keys, s.keys...)
	}
	for _, per := range []string{perPerson, perAccount, perThread} {
		journeys := only(per, all)
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
	if err := linked(); err != nil {
		return err
	}
	// Not before: what a walk that was killed had not yet stored of people tells the next one who has to be walked.
	return w.writePeople(ctx, keys)
}

// alreadyLinked is for walks of people who were met before.
func alreadyLinked() error { return nil }

func (w *Walker) touchedChunks(ctx context.Context, per string, persons []subject, keys []people.ID, t touched) (iter.Seq[chunk], error) {
	switch per {
	case perPerson:
		return w.lists(persons), nil
	case perAccount:
		for _, id := range keys {
			t.nodes[id] = struct{}{}
		}
		return w.lists(w.companiesOf(maps.Keys(t.nodes), true)), nil
	}
	// A thread's rows also name the persons in it. Who they are may have changed by what arrived elsewhere.
	if err := w.threadsOf(ctx, keys, t.threads); err != nil {
		return nil, err
	}
	return threadLists(w.ownThreads(slices.Sorted(maps.Keys(t.threads)))), nil
}

// threadsOf adds the threads that any of the keys took part in.
func (w *Walker) threadsOf(ctx context.Context, keys []people.ID, threads map[string]struct{}) error {
	for part := range slices.Chunk(keys, chunkKeys) {
		names := make([]string, len(part))
		for i, id := range part {
			names[i] = w.people.Key(id)
		}
		const query = "SELECT DISTINCT thread FROM records WHERE contact_key IN (?) AND thread != ''"
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

// advance says that everything up to the end of the slice was walked through some journeys, and that the others were not left out. It is
// the last thing a walk writes.
func (w *Walker) advance(ctx context.Context, journeys []*walked, slice []arrivals) error {
	var rows []walkedRow
	for _, j := range w.journeys {
		of := slice
		if !slices.Contains(journeys, j) {
			of = j.reached()
		}
		for _, a := range of {
			if before, known := j.upTo[a.place]; known && before > a.to {
				a.to = before
			}
			rows = append(rows, walkedRow{j: j, arrivals: a, walker: w})
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
	walker *Walker
}

var walkedColumns = []column[walkedRow]{
	fill("journey", typeWord, func(r *walkedRow) string { return string(r.j.journey.ID) }),
	fill("topic", typeWord, func(r *walkedRow) string { return r.topic }),
	fill("partition", "Int32", func(r *walkedRow) int32 { return r.partition }),
	fill("part", "UInt32", func(r *walkedRow) uint32 { return uint32(r.walker.opts.Part.number()) }), //nolint:gosec // at most MostParts
	fill("division", "UInt64", func(r *walkedRow) uint64 { return r.walker.division.revision }),
	fill("version", typeWord, func(r *walkedRow) string { return r.j.journey.Version }),
	fill("rules", typeString, func(r *walkedRow) string { return r.walker.ruled() }),
	fill("offset", "Int64", func(r *walkedRow) int64 { return r.to }),
	fill("walked", "UInt64", func(r *walkedRow) uint64 { return r.walker.number }),
}
