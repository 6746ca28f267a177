package aggregate

import (
	"context"
	"fmt"
	"maps"

	"tappa/journey"
)

// Reprocessing says what to do with interactions that are stored.
type Reprocessing struct {
	Kind    string // what it is, as table reprocessed tells it: "retag", "rescore"
	Version string // of the definition or the scorer that is applied
	// NotScoredBy, where set, leaves out everything but texts of customers that another scorer scored.
	NotScoredBy string
	// Change gives records a new Tag or Mood, or leaves them. It must not change anything else, nor keep the records.
	Change func(ctx context.Context, records []journey.Record) error
	// Progress, if not nil, is told how far it is: rows read, of at most so many.
	Progress func(read, most int)
	Batch    int // how many records are held and written at once; default 20,000
}

// Reprocessed says what a reprocessing did.
type Reprocessed struct {
	Read      int  // interactions looked at
	Changed   int  // of these, the ones that were stored anew
	Otherwise int  // of these, the ones that differ in more than the version of the definition
	Walk      bool // everybody has to be walked again, which a Walker will do by itself
}

// Reprocess looks at every stored interaction once more and stores those that change anew: under the same key, time of
// arrival and place in Kafka, so that the ledger stays as it is and the new row takes the place of the old one. It goes
// through ranges of offsets, in bounded memory, beside collectors; what they store meanwhile may or may not be looked
// at. A Reprocess that was stopped anywhere is completed by the next: what it changed is found changed.
//
// # Which row is the newest
//
// Of the rows of one key, merges and FINAL keep the last: of the last partition, and there of the last insert. The row that
// is read is therefore of the last partition that holds the key, and its successor, inserted into that partition after it,
// wins over both it and all others.
func (s *Store) Reprocess(ctx context.Context, r Reprocessing) (done Reprocessed, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", r.Kind, err)
		}
	}()
	if r.Batch <= 0 {
		r.Batch = 20_000
	}
	run := reprocessedRow{kind: r.Kind, version: r.Version}
	interrupted, err := s.nextReprocessed(ctx, &run)
	if err != nil {
		return done, err
	}
	if err := insert(ctx, s, "reprocessed", reprocessedColumns, []reprocessedRow{run}, ""); err != nil {
		return done, err
	}
	p := &reprocessor{Reprocessing: r, store: s, again: s.again()}
	if err := p.all(ctx); err != nil {
		return p.done, err
	}
	p.done.Walk = p.done.Changed > 0 || interrupted
	run.Reprocessed, run.finished = p.done, 1
	return p.done, insert(ctx, s, "reprocessed", reprocessedColumns, []reprocessedRow{run}, "")
}

// again is the store without deduplication of inserts. Rows that go from one tag to another and back are no retry of
// what they were at first, and many blocks would push those of collectors out of the window.
func (s *Store) again() *Store {
	settings := maps.Clone(s.settings)
	settings["insert_deduplicate"] = 0
	settings["max_partitions_per_insert_block"] = 0 // a range of offsets may hold rows of several months
	if _, known := settings["deduplicate_insert"]; known {
		settings["deduplicate_insert"] = "disable"
	}
	return &Store{conn: s.conn, opts: s.opts, settings: settings, tags: s.tags, words: s.words, erased: s.erased}
}

// nextReprocessed numbers a run, and tells whether the one before it was broken off.
func (s *Store) nextReprocessed(ctx context.Context, run *reprocessedRow) (interrupted bool, err error) {
	const query = "SELECT max(number), max(number) > maxIf(number, finished = 1) FROM reprocessed FINAL"
	err = s.conn.QueryRow(ctx, query).Scan(&run.number, &interrupted)
	run.number++
	return interrupted, err
}

// reprocessedPlace stands for table reprocessed beside the partitions of topics: a walker that has not taken up the last run
// that changed anything walks everybody. No topic can have its name.
var reprocessedPlace = place{topic: "(reprocessed)"}

type reprocessedRow struct {
	number        uint64
	kind, version string
	Reprocessed
	finished uint8
}

var reprocessedColumns = []column[reprocessedRow]{
	fill("number", "UInt64", func(r *reprocessedRow) uint64 { return r.number }),
	fill("kind", typeWord, func(r *reprocessedRow) string { return r.kind }),
	fill("version", typeString, func(r *reprocessedRow) string { return r.version }),
	fill("read", "UInt64", func(r *reprocessedRow) uint64 { return uint64(r.Read) }),
	fill("changed", "UInt64", func(r *reprocessedRow) uint64 { return uint64(r.Changed) }),
	fill("walk", typeBool, func(r *reprocessedRow) bool { return r.Walk }),
	fill("finished", "UInt8", func(r *reprocessedRow) uint8 { return r.finished }),
}

// TaggedOtherwise counts the interactions that a definition of none of these versions tagged.
func (s *Store) TaggedOtherwise(ctx context.Context, versions []string) (n int64, err error) {
	const query = "SELECT toInt64(count()) FROM records %s WHERE tag IN (SELECT tag FROM tags WHERE journey != '' AND version NOT IN (?))"
	for _, final := range []string{"", "FINAL"} { // the first looks at replaced rows too, and is quicker
		if err := s.conn.QueryRow(ctx, fmt.Sprintf(query, final), versions).Scan(&n); err != nil {
			return 0, fmt.Errorf("count old tags: %w", err)
		}
		if n == 0 {
			break
		}
	}
	return n, nil
}
