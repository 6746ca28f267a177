package aggregate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tappa/journey"
)

// chunkColumns is what a walk reads of interactions.
type chunkColumns struct {
	contact, id, thread textColumn
	at                  *numberColumn[int64]
	value               *numberColumn[float64]
	moodScore           *numberColumn[float32]
	tag, row            *numberColumn[uint64]
	part                partColumn
}

// all gives the columns in the order in which readChunk asks for them.
func (c *chunkColumns) all() []scanned {
	if c.at == nil {
		c.at, c.value, c.moodScore, c.tag, c.row = newInt64s(), newFloat64s(), newFloat32s(), newUint64s(), newUint64s()
	}
	return []scanned{&c.contact, c.at, &c.id, &c.thread, c.value, c.moodScore, c.tag, &c.part, c.row}
}

// readChunk reads all interactions of a chunk's subjects, each once, those of a subject together.
//
// Copies of a row are of one contact key, so where all rows of a key are read, copies are told here: FINAL makes reading many parts
// that overlap three times as dear. Of a thread FINAL has to look for them, since copies may be of different threads.
func (w *worker) readChunk(ctx context.Context, c chunk) ([]interaction, error) {
	final, condition, stored := "", " PREWHERE ", "_part, _part_offset"
	if c.byThread {
		final, condition, stored = " FINAL", " WHERE ", "toLowCardinality('0_0'), toUInt64(0)"
	}
	query := `SELECT contact_key, toUnixTimestamp64Milli(occurred_at), id, thread, value, mood_score, tag, ` + stored + `
		FROM records` + final + condition + c.where
	r := &w.columns
	out, hashes := w.interactions[0][:0], w.hashes[:0]
	read := func(rows int) error {
		last, x := "", interaction{subject: -1}
		for i := range rows {
			if key := r.contact.values[i]; i == 0 || key != last || c.byThread { // rows of a key mostly stand together
				last = key
				if x.subject = c.subject(key, r.thread.values[i]); x.subject >= 0 {
					x.contact, x.person, x.account = w.whose(key)
				}
			}
			if x.subject < 0 {
				continue
			}
			x.at, x.id, x.thread = r.at.values[i], r.id.values[i], r.thread.values[i]
			x.value, x.moodScore, x.stored = r.value.values[i], r.moodScore.values[i], storedAt{r.part.values[i], r.row.values[i]}
			out, hashes = append(out, x), append(hashes, r.tag.values[i])
		}
		return nil
	}
	var settings clickhouse.Settings
	if !c.whole && w.store.opts.Protocol == protocolHTTP { // a few rows from each of many places are sooner handed out together than piece by piece
		settings = clickhouse.Settings{"wait_end_of_query": 1}
	}
	if err := w.store.scanBlocks(longQuery(ctx, settings), r.all(), read, query, c.args...); err != nil {
		return nil, fmt.Errorf("read interactions: %w", err)
	}
	w.interactions[0], w.hashes = out, hashes
	if err := w.tag(ctx, out); err != nil {
		return nil, err
	}
	w.interactions[1] = standing(newest(bySubject(out, w.interactions[1], len(c.subjects))))
	return w.interactions[1], nil
}

// whose gives a contact key as it is held in memory, with its person and the person's account. A key never seen is its own.
func (w *worker) whose(key string) (held, person, account string) {
	id, known := w.people.Find(key)
	if !known {
		return key, key, ""
	}
	return w.people.Key(id), w.people.Name(w.people.Person(id)), w.people.Name(w.people.Account(id))
}

// tag gives interactions, whose tags' hashes are in w.hashes, their tags, and the moods that somebody corrected.
func (w *worker) tag(ctx context.Context, rows []interaction) error {
	unknown := map[uint64]bool{}
	for i := range rows {
		if rows[i].tag = w.tags.find(w.hashes[i]); rows[i].tag == nil {
			unknown[w.hashes[i]] = true
		}
	}
	if len(unknown) > 0 {
		if err := w.tags.learn(ctx, w.store, slices.Collect(maps.Keys(unknown))); err != nil {
			return err
		}
	}
	for i := range rows {
		if rows[i].tag == nil || len(unknown) > 0 {
			rows[i].tag = w.tags.find(w.hashes[i])
		}
		if rows[i].tag == nil {
			return fmt.Errorf("interaction %s has tag %x, which is not stored", rows[i].id, w.hashes[i])
		}
		w.correct(&rows[i])
	}
	return nil
}

// bySubject copies rows to a buffer, those of a subject side by side.
func bySubject(rows, buffer []interaction, subjects int) []interaction {
	next := make([]int, subjects+1)
	for i := range rows {
		next[rows[i].subject+1]++
	}
	for i := range subjects {
		next[i+1] += next[i]
	}
	buffer = slices.Grow(buffer[:0], len(rows))[:len(rows)]
	for i := range rows {
		s := rows[i].subject
		buffer[next[s]] = rows[i]
		next[s]++
	}
	return buffer
}

// newest puts the interactions of each subject in their order and keeps the newest row of each: the one that FINAL keeps, which is that of
// the last partition, and there of the last insert.
func newest(rows []interaction) []interaction {
	kept := 0
	for from := 0; from < len(rows); {
		to := from + 1
		inOrder := true
		for to < len(rows) && rows[to].subject == rows[from].subject {
			inOrder = inOrder && byPlace(&rows[to-1], &rows[to]) <= 0
			to++
		}
		if !inOrder {
			slices.SortFunc(rows[from:to], func(a, b interaction) int { return byPlace(&a, &b) })
		}
		for ; from < to; from++ {
			if from+1 < to && copies(&rows[from], &rows[from+1]) {
				continue
			}
			if kept != from {
				rows[kept] = rows[from]
			}
			kept++
		}
	}
	return rows[:kept]
}

// byPlace is the order in which a subject's interactions are walked, and of copies that in which they were stored.
func byPlace(a, b *interaction) int {
	if a.at != b.at {
		return cmp.Compare(a.at, b.at)
	}
	return cmp.Or(cmp.Compare(a.origin, b.origin), cmp.Compare(a.id, b.id), cmp.Compare(a.contact, b.contact),
		cmp.Compare(a.stored.part, b.stored.part), cmp.Compare(a.stored.row, b.stored.row))
}

// copies tells rows with the same sorting key.
func copies(a, b *interaction) bool {
	return a.at == b.at && a.id == b.id && a.origin == b.origin && a.contact == b.contact
}

// standing leaves out what was taken back, and what takes it back: of each subject, so it does not matter which of the two came first.
func standing(rows []interaction) []interaction {
	type of struct {
		subject int
		interactionID
	}
	gone := map[of]struct{}{}
	for i := range rows {
		if x := &rows[i]; x.kind == journey.Retracted {
			taken, _ := journey.RetractedOf(x.id)
			gone[of{x.subject, interactionID{x.origin, taken}}] = struct{}{}
		}
	}
	if len(gone) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(x interaction) bool {
		_, taken := gone[of{x.subject, interactionID{x.origin, x.id}}]
		return taken || x.kind == journey.Retracted
	})
}

// longQuery allows for the lists of keys that a statement's condition holds, under some settings besides.
func longQuery(ctx context.Context, besides ...clickhouse.Settings) context.Context {
	settings := clickhouse.Settings{"max_query_size": 256 << 20}
	for _, some := range besides {
		maps.Copy(settings, some)
	}
	return clickhouse.Context(ctx, clickhouse.WithSettings(settings))
}
