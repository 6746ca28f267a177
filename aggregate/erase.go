package aggregate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Erasure is the removal of persons from everything that is stored.
type Erasure struct {
	Number    uint64            `json:"number"`
	Reference string            `json:"reference"` // of the request, as whoever asked for it calls it
	By        string            `json:"by"`
	At        time.Time         `json:"at"`
	Persons   int               `json:"persons"`
	Removed   map[string]uint64 `json:"removed"` // rows, by table
	Finished  bool              `json:"finished"`

	keys, beside []string // while it is not finished: what is removed, and others' keys that were seen with these
}

// Keys are the contact keys that an unfinished erasure removes.
func (e *Erasure) Keys() []string { return e.keys }

// Interactions is how many were removed.
func (e *Erasure) Interactions() uint64 { return e.Removed["records"] }

// removal is what is removed of a table: the rows that a condition on the keys finds, in which each ? is the list of keys.
type removal struct {
	table, where string
	update       string // instead of deleting the rows; its ? are the keys, too
	learnt       bool   // rows of keys seen beside go, too: what is known of them may be known from the erased alone, and the walk learns the rest again
}

// removals are in this order, so that what is derived goes after what it is derived from. An interaction is of whoever its first key is;
// one that is of somebody else, and names a key of the erased beside, loses that key. What was found of subjects that met the erased goes
// whole: the walk finds the others' part again.
var removals = []removal{
	{table: "records", where: "contact_key IN (?)"},
	{table: "arrivals", where: "contact_keys[1] IN (?)"},
	{table: "arrivals", where: "NOT contact_keys[1] IN (?) AND hasAny(contact_keys, ?)", update: "contact_keys = arrayFilter(key -> NOT has(?, key), contact_keys)"},
	{table: "links", where: "key_a IN (?) OR key_b IN (?)", learnt: true},
	{table: "account_links", where: "contact_key IN (?)", learnt: true},
	{table: "corrections", where: "hasAny(contact_keys, ?)"},
	{table: "identity_statements", where: "key_a IN (?) OR key_b IN (?)"},
	{table: "people", where: "contact_key IN (?)", learnt: true},
	{table: "people_walked", where: "contact_key IN (?)", learnt: true},
	{table: "findings", where: "subject IN (?) OR hasAny(contacts.contact_key, ?) OR hasAny(contacts.person, ?)"},
}

// name is what the rows are called where they are counted.
func (r removal) name() string {
	if r.update != "" {
		return r.table + " of others"
	}
	return r.table
}

// on is a condition or an update with the keys for each ?.
func on(text string, keys []string) (string, []any) {
	args := make([]any, strings.Count(text, "?"))
	for i := range args {
		args[i] = keys
	}
	return text, args
}

// mutated has a statement that changes rows return when every replica has.
func mutated(ctx context.Context) context.Context {
	return longQuery(ctx, clickhouse.Settings{"mutations_sync": 2})
}

// PersonKeys gives all contact keys of the persons that some keys belong to, and how many persons those are. Each key is to be one that was
// seen: see FindKeys.
func (s *Store) PersonKeys(ctx context.Context, keys []string) (all []string, persons int, err error) {
	const query = `
		SELECT contact_key, person FROM people FINAL
		WHERE person IN (SELECT person FROM people FINAL WHERE contact_key IN (?)) OR contact_key IN (?) ORDER BY contact_key`
	found := map[string]bool{}
	err = s.each(ctx, func(scan func(...any) error) error {
		var key, person string
		err := scan(&key, &person)
		all, found[person] = append(all, key), true
		return err
	}, query, keys, keys)
	if err != nil {
		return nil, 0, fmt.Errorf("find keys of persons: %w", err)
	}
	return all, len(found), nil
}

// Stocktake counts the rows that an erasure of keys removes, by table, without those of which there are none.
func (s *Store) Stocktake(ctx context.Context, keys []string) (map[string]uint64, error) {
	counts := map[string]uint64{}
	for _, r := range removals {
		n, err := s.rowsOf(ctx, r, keys)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			counts[r.name()] = n
		}
	}
	return counts, nil
}

// rowsOf counts the rows of keys that are removed of one table.
func (s *Store) rowsOf(ctx context.Context, r removal, keys []string) (n uint64, err error) {
	where, args := on(r.where, keys)
	if err := s.conn.QueryRow(longQuery(ctx), "SELECT count() FROM "+r.table+" WHERE "+where, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count rows of %s: %w", r.table, err)
	}
	return n, nil
}

// BeginErasure notes that keys are to be erased, and marks their interactions so that no copy of one is stored from now on. Other
// processes know of the marks after ErasedRefresh. Remove does the rest.
func (s *Store) BeginErasure(ctx context.Context, e Erasure, keys []string, persons int) (Erasure, error) {
	if len(keys) == 0 {
		return e, fmt.Errorf("erase: %w", ErrNoKey)
	}
	e.keys, e.Persons = slices.Clone(keys), persons
	err := s.forgetKeys(ctx) // of one that was killed when it had finished
	if err == nil {
		err = s.conn.QueryRow(ctx, "SELECT max(number) + 1 FROM erasures").Scan(&e.Number)
	}
	if err == nil {
		e.Removed, err = s.Stocktake(ctx, keys)
	}
	if err == nil {
		e.beside, err = s.strings(longQuery(ctx), `
			SELECT DISTINCT arrayJoin(contact_keys) AS key FROM arrivals WHERE contact_keys[1] IN (?) HAVING key NOT IN (?) ORDER BY key`, keys, keys)
	}
	if err == nil {
		err = s.putErasure(ctx, e)
	}
	if err != nil {
		return e, fmt.Errorf("begin to erase: %w", err)
	}
	return e, s.mark(ctx, e)
}

// Remove removes everything that is stored of an erasure's keys, and has everybody walked. It may be stopped anywhere and called again.
func (s *Store) Remove(ctx context.Context, e Erasure) error {
	if err := s.mark(ctx, e); err != nil { // what has come since it was begun
		return err
	}
	for _, r := range removals {
		if err := s.remove(ctx, r, e); err != nil {
			return fmt.Errorf("erase from %s: %w", r.table, err)
		}
	}
	run := reprocessedRow{kind: "erase", finished: 1}
	if _, err := s.nextReprocessed(ctx, &run); err != nil {
		return fmt.Errorf("have everybody walked: %w", err)
	}
	run.Changed, run.Walk = int(e.Interactions()), true //nolint:gosec // a number of rows
	return insert(ctx, s, "reprocessed", reprocessedColumns, []reprocessedRow{run}, "")
}

// remove removes what an erasure removes of one table. A table that has nothing of it is left alone: changing any part of one takes its time.
func (s *Store) remove(ctx context.Context, r removal, e Erasure) error {
	keys := e.keys
	if r.learnt {
		keys = slices.Concat(e.keys, e.beside)
	}
	if n, err := s.rowsOf(ctx, r, keys); err != nil || n == 0 {
		return err
	}
	if err := s.keepRevision(ctx, r.table); err != nil {
		return err
	}
	where, args := on(r.where, keys)
	statement := "DELETE WHERE " + where
	if r.update != "" {
		update, first := on(r.update, e.keys)
		statement, args = "UPDATE "+update+" WHERE "+where, append(first, args...)
	}
	return s.conn.Exec(mutated(ctx), "ALTER TABLE "+r.table+" "+statement, args...)
}

// keepRevision sees to it that the highest revision of corrections, or of statements, is not one of those that go: who counts on from it
// would give a number once more that walks have passed.
func (s *Store) keepRevision(ctx context.Context, table string) error {
	switch table {
	case "corrections":
		return s.putCorrection(ctx, correctionRow{deleted: 1})
	case "identity_statements":
		return s.putStatement(ctx, statementRow{deleted: 1})
	}
	return nil
}

// FinishErasure forgets which keys were erased. It refuses while anything is stored of them.
func (s *Store) FinishErasure(ctx context.Context, e Erasure) (Erasure, error) {
	left, err := s.Stocktake(ctx, e.keys)
	if err != nil {
		return e, err
	}
	if len(left) > 0 {
		return e, &LeftoverError{left}
	}
	done := e
	done.keys, done.beside, done.Finished = nil, nil, true
	if err := s.putErasure(ctx, done); err != nil {
		return e, fmt.Errorf("finish erasing: %w", err)
	}
	return done, s.forgetKeys(ctx)
}

// forgetKeys removes the rows that finished erasures were begun with.
func (s *Store) forgetKeys(ctx context.Context) error {
	const begun = "finished = 0 AND number IN (SELECT number FROM erasures WHERE finished = 1)"
	var rows uint64
	err := s.conn.QueryRow(ctx, "SELECT count() FROM erasures WHERE "+begun).Scan(&rows)
	if err == nil && rows > 0 {
		err = s.conn.Exec(mutated(ctx), "ALTER TABLE erasures DELETE WHERE "+begun)
	}
	if err != nil {
		return fmt.Errorf("forget which keys were erased: %w", err)
	}
	return nil
}

// LeftoverError says that rows of erased keys are stored still, or again, by table.
type LeftoverError struct{ Rows map[string]uint64 }

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("rows of erased keys are stored, since they came, or were walked, meanwhile: %v", e.Rows)
}

// Erasures lists all erasures, the newest first.
func (s *Store) Erasures(ctx context.Context) ([]Erasure, error) {
	const query = "SELECT number, reference, by, at, persons, keys, beside, removed, finished = 1 FROM erasures FINAL ORDER BY number DESC"
	var out []Erasure
	err := s.each(ctx, func(scan func(...any) error) error {
		var e Erasure
		var persons uint32
		err := scan(&e.Number, &e.Reference, &e.By, &e.At, &persons, &e.keys, &e.beside, &e.Removed, &e.Finished)
		e.Persons = int(persons)
		out = append(out, e)
		return err
	}, query)
	if err != nil {
		return nil, fmt.Errorf("list erasures: %w", err)
	}
	return out, nil
}

// erasedSince says whether anybody was erased after an instant.
func (s *Store) erasedSince(ctx context.Context, at time.Time) (bool, error) {
	var n uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM erasures WHERE at > fromUnixTimestamp64Milli(?, 'UTC')", at.UnixMilli()).Scan(&n); err != nil {
		return false, fmt.Errorf("look for erasures: %w", err)
	}
	return n > 0, nil
}

func (s *Store) putErasure(ctx context.Context, e Erasure) error {
	return insert(ctx, s.again(), "erasures", erasureColumns, []Erasure{e}, "")
}

var erasureColumns = []column[Erasure]{
	fill("number", "UInt64", func(e *Erasure) uint64 { return e.Number }),
	fill("reference", typeString, func(e *Erasure) string { return e.Reference }),
	fill("by", typeString, func(e *Erasure) string { return e.By }),
	fill("at", typeTime, func(e *Erasure) int64 { return stamp(e.At) }),
	fill("persons", "UInt32", func(e *Erasure) uint32 { return uint32(e.Persons) }), //nolint:gosec // a number of persons
	fillRows("keys", typeStrings, func(e *Erasure) []string { return e.keys }),
	fillRows("beside", typeStrings, func(e *Erasure) []string { return e.beside }),
	fillRows("removed", "Map(String, UInt64)", func(e *Erasure) map[string]uint64 { return e.Removed }),
	fill("finished", "UInt8", func(e *Erasure) uint8 {
		if e.Finished {
			return 1
		}
		return 0
	}),
}
