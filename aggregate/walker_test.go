package aggregate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate/people"
	"tappa/journey"
)

// seeds gives every seed a source of randomness, and its name to whatever fails.
func seeds(t *testing.T, n uint64, test func(t *testing.T, r *rand.Rand)) {
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { test(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

// rebuilt is what walking all the records at once gives.
func rebuilt(t *testing.T, s *Store, journeys []*journey.Journey, records []journey.Record) map[string][]string {
	t.Helper()
	empty(t, s)
	blocks := deliver(rand.New(rand.NewPCG(0, 0)), records)
	for _, b := range blocks {
		must(t, s.Write(t.Context(), b))
	}
	catchUp(t, newWalker(t, s, journeys, WalkerOptions{}))
	return derived(t, s)
}

// takenBack is what takes a record's interaction back.
func takenBack(rec journey.Record) journey.Record {
	of := rec.Interaction
	rec.Tag, rec.Mood = journey.Tag{}, journey.Mood{}
	rec.Interaction = journey.Interaction{
		Origin: of.Origin, ID: journey.RetractedID(of.ID), Source: journey.SourceRetraction, Type: journey.Retracted, Activity: journey.Retracted,
		OccurredAt: of.OccurredAt, Direction: journey.Internal, Thread: of.Thread, Keys: of.Keys, Account: of.Account,
	}
	return rec
}

// TestTakenBackAsIfItHadNotBeen takes some interactions of a history back, in any order with the rest and more than once: what is found is
// what would be had others of the same keys, which say nothing, been in their places.
func TestTakenBackAsIfItHadNotBeen(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	seeds(t, 3, func(t *testing.T, r *rand.Rand) {
		journeys := testJourneys(t, "v1")
		records := randomRecords(r, 200)
		silent := slices.Clone(records)
		for _, i := range r.Perm(len(records))[:40] {
			back := takenBack(records[i])
			records, silent = append(records, back), append(silent, back)
			silent[i] = takenBack(silent[i])
			silent[i].Interaction.ID = "retracted/what nobody sent " + fmt.Sprint(i)
		}
		found := func(all map[string][]string) map[string][]string {
			delete(all, "links FINAL") // they name what shows them
			delete(all, "account_links FINAL")
			return all
		}
		want := found(rebuilt(t, s, journeys, silent))
		empty(t, s)
		w := newWalker(t, s, journeys, WalkerOptions{Slice: int64(10 + r.IntN(200)), Chunk: 20 + r.IntN(300)})
		for i, b := range deliver(r, records) {
			b.Token = fmt.Sprint(t.Name(), i)
			must(t, s.Write(t.Context(), b))
			if r.IntN(2) == 0 {
				catchUp(t, w)
			}
		}
		catchUp(t, w)
		if diff := cmp.Diff(found(derived(t, s)), want); diff != "" {
			t.Errorf("walked bit by bit (-got, +had it not been):\n%s", diff)
		}
		if diff := cmp.Diff(found(rebuilt(t, s, journeys, records)), want); diff != "" {
			t.Errorf("walked at once (-got, +had it not been):\n%s", diff)
		}
	})
}

// TestAnyArrivalEndsTheSame delivers one history in random order, with duplicates, in random blocks, and what people state of
// keys in between, walked now and then by walkers that are replaced now and then, and expects what a single walk over everything
// finds.
func TestAnyArrivalEndsTheSame(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	seeds(t, 4, func(t *testing.T, r *rand.Rand) {
		journeys := testJourneys(t, "v1")
		records := randomRecords(r, 200)
		statements := randomStatements(r)
		must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE identity_statements"))
		for _, st := range statements {
			st.put(t, s)
		}
		want := rebuilt(t, s, journeys, records)
		empty(t, s)
		must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE identity_statements"))
		opts := WalkerOptions{Slice: int64(10 + r.IntN(200)), Chunk: 20 + r.IntN(300)}
		w := newWalker(t, s, journeys, opts)
		for i, b := range deliver(r, records) {
			b.Token = fmt.Sprint(t.Name(), i)
			must(t, s.Write(t.Context(), b))
			if len(statements) > 0 && r.IntN(2) == 0 {
				next := r.IntN(len(statements))
				statements[next].put(t, s)
				statements = slices.Delete(statements, next, next+1)
			}
			if r.IntN(2) == 0 {
				catchUp(t, w)
			}
			if r.IntN(4) == 0 {
				w = newWalker(t, s, journeys, opts)
			}
		}
		for _, st := range statements {
			st.put(t, s)
		}
		if p := catchUp(t, w); p.Backlog != 0 {
			t.Errorf("backlog after catching up: %d", p.Backlog)
		}
		if diff := cmp.Diff(derived(t, s), want); diff != "" {
			t.Fatalf("arrivals one by one (-got, +all at once):\n%s", diff)
		}
		if p := catchUp(t, w); p.Walks != 0 {
			t.Errorf("nothing new: got %+v, want no walk", p)
		}
		for _, j := range journeys {
			_, err := w.Rebuild(t.Context(), j.ID)
			must(t, err)
		}
		if diff := cmp.Diff(derived(t, s), want); diff != "" {
			t.Fatalf("rebuilt over what was there (-got, +all at once):\n%s", diff)
		}
	})
}

var errCrash = errors.New("crash")

// crashing is a connection that fails for good after some statements that write.
type crashing struct {
	driver.Conn
	left int64
}

func (c *crashing) crash() error {
	if atomic.AddInt64(&c.left, -1) < 0 {
		return errCrash
	}
	return nil
}

func (c *crashing) Exec(ctx context.Context, query string, args ...any) error {
	if err := c.crash(); err != nil {
		return err
	}
	return c.Conn.Exec(ctx, query, args...)
}

func (c *crashing) PrepareBatch(ctx context.Context, query string, opts ...driver.PrepareBatchOption) (driver.Batch, error) {
	if err := c.crash(); err != nil {
		return nil, err
	}
	return c.Conn.PrepareBatch(ctx, query, opts...)
}

func (c *crashing) InsertFormat(ctx context.Context, format, query string, data io.Reader) error {
	if err := c.crash(); err != nil {
		return err
	}
	return c.Conn.InsertFormat(ctx, format, query, data)
}

// TestCrashesAreRepairedByTheNextWalk lets walks die before any of their writes.
func TestCrashesAreRepairedByTheNextWalk(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	whole := s.conn
	seeds(t, 3, func(t *testing.T, r *rand.Rand) {
		defer func() { s.conn = whole }()
		journeys := testJourneys(t, "v1")
		records := randomRecords(r, 200)
		want := rebuilt(t, s, journeys, records)
		empty(t, s)
		crashes := 0
		for i, b := range deliver(r, records) {
			b.Token = fmt.Sprint(t.Name(), i)
			must(t, s.Write(t.Context(), b))
			s.conn = &crashing{whole, r.Int64N(40)}
			_, err := newWalker(t, s, journeys, WalkerOptions{Slice: 50, Chunk: 60}).CatchUp(t.Context())
			s.conn = whole
			if errors.Is(err, errCrash) {
				crashes++
				continue
			}
			must(t, err)
		}
		if crashes == 0 {
			t.Error("no walk crashed: the test tests nothing")
		}
		catchUp(t, newWalker(t, s, journeys, WalkerOptions{}))
		if diff := cmp.Diff(derived(t, s), want); diff != "" {
			t.Fatalf("after %d crashes (-got, +undisturbed):\n%s", crashes, diff)
		}
	})
}

// TestFailedWalkerGoesOn lets one walker fail and try again, as Run does.
func TestFailedWalkerGoesOn(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	whole := s.conn
	journeys := testJourneys(t, "v1")
	records := randomRecords(rand.New(rand.NewPCG(7, 7)), 200)
	want := rebuilt(t, s, journeys, records)
	empty(t, s)
	registry := prometheus.NewRegistry()
	w := newWalker(t, s, journeys, WalkerOptions{Slice: 40, Registerer: registry})
	for i, b := range deliver(rand.New(rand.NewPCG(8, 8)), records) {
		b.Token = fmt.Sprint("failed", i)
		must(t, s.Write(t.Context(), b))
		s.conn = &crashing{whole, int64(i)}
		_, _ = w.CatchUp(t.Context()) // fails or not: the next one counts
		s.conn = whole
	}
	catchUp(t, w)
	if diff := cmp.Diff(derived(t, s), want); diff != "" {
		t.Fatalf("after failures (-got, +undisturbed):\n%s", diff)
	}
	if families, err := registry.Gather(); err != nil || len(families) != 10 {
		t.Errorf("metrics: got %d (%v), want 10", len(families), err)
	}
}

func TestNewDefinitionIsWalkedAnew(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	records := randomRecords(rand.New(rand.NewPCG(3, 3)), 200)
	old := testJourneys(t, "v1")
	rebuilt(t, s, old, records)
	changed := testJourneys(t, "v2")
	for _, j := range changed {
		j.Stages = j.Stages[:2] // what was stage three is no stage any more
		if j.Case.Per == "account" {
			j.Case.Per = "person" // and its subjects are others
		}
	}
	w := newWalker(t, s, changed, WalkerOptions{})
	if p := catchUp(t, w); p.Walks != 1 || p.Backlog != 0 {
		t.Errorf("changed definition: got %+v, want one walk and no backlog", p)
	}
	got := derived(t, s)
	want := rebuilt(t, s, changed, records)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Fatalf("changed over what was there (-got, +from nothing):\n%s", diff)
	}
	if p := catchUp(t, newWalker(t, s, changed, WalkerOptions{})); p.Walks != 0 {
		t.Errorf("same definition: got %+v, want no walk", p)
	}
}

// seenUnder is a record of a person under some keys, an hour later with each offset.
func seenUnder(offset int64, keys ...journey.ContactKey) journey.Record {
	rec := record(0, offset)
	rec.Interaction.Keys, rec.Tag.Journey, rec.Tag.Automatic = keys, "by-person", false
	rec.Interaction.OccurredAt = time.Date(2026, 3, 1, int(offset), 0, 0, 0, time.UTC)
	return rec
}

// TestMergedPersonLeavesNothingBehind joins two persons that had cases of their own.
func TestMergedPersonLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := testJourneys(t, "v1")[:1]
	w := newWalker(t, s, j, WalkerOptions{})
	must(t, s.Write(t.Context(), block("1", seenUnder(0, "phone:1"), seenUnder(1, "email:b"))))
	catchUp(t, w)
	const cases = "SELECT subject, interactions FROM cases ORDER BY subject"
	if got := dump(t, s, cases); got != "email:b\t1\nphone:1\t1\n" {
		t.Fatalf("apart: got\n%s", got)
	}
	must(t, s.Write(t.Context(), block("2", seenUnder(2, "phone:1", "email:b"))))
	if p := catchUp(t, w); p.Subjects != 1 || p.Touched != 1 || p.Interactions != 3 {
		t.Errorf("joined: got %+v, want one subject of three interactions", p)
	}
	if got := dump(t, s, cases); got != "email:b\t3\n" {
		t.Fatalf("joined: got\n%s", got)
	}
	must(t, s.Write(t.Context(), block("3", seenUnder(3, "email:a", "phone:1"))))
	catchUp(t, w)
	if got := dump(t, s, cases); got != "email:a\t4\n" {
		t.Fatalf("renamed: got\n%s", got)
	}
	people := "email:a\temail:a\nemail:b\temail:a\nphone:1\temail:a\n"
	if got := dump(t, s, "SELECT contact_key, person FROM people FINAL ORDER BY ALL"); got != people {
		t.Errorf("people: got\n%s", got)
	}
}

// TestCutOffWalkLeavesNobodyBehind has a walk die after it stored a person's case and before it stored who is who, and the person
// become another one before the next walk.
func TestCutOffWalkLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	whole := s.conn
	j := testJourneys(t, "v1")[:1]
	const (
		cases = "SELECT subject FROM cases WHERE subject != 'email:z' ORDER BY ALL"
		who   = "SELECT contact_key, person FROM people FINAL WHERE person != 'email:z' ORDER BY ALL"
	)
	must(t, s.Write(t.Context(), block("0", seenUnder(0, "email:z"))))
	catchUp(t, newWalker(t, s, j, WalkerOptions{})) // what was never walked is rebuilt
	must(t, s.Write(t.Context(), block("1", seenUnder(1, "phone:1"))))
	for left := int64(0); dump(t, s, cases) == ""; left++ {
		s.conn = &crashing{whole, left}
		_, err := newWalker(t, s, j, WalkerOptions{}).CatchUp(t.Context())
		s.conn = whole
		if !errors.Is(err, errCrash) {
			t.Fatalf("walk that may write %d times: got %v, want it to die before people are stored", left, err)
		}
	}
	if got := dump(t, s, who); got != "" {
		t.Fatalf("people: got\n%s, want none yet", got)
	}
	must(t, s.Write(t.Context(), block("2", seenUnder(2, "phone:1", "email:b"))))
	catchUp(t, newWalker(t, s, j, WalkerOptions{}))
	if got := dump(t, s, cases); got != "email:b\n" {
		t.Errorf("cases after the next walk: got\n%s", got)
	}
	if got := dump(t, s, who); got != "email:b\temail:b\nphone:1\temail:b\n" {
		t.Errorf("people after the next walk: got\n%s", got)
	}
}

func TestWalkReadsOnlyTheTouched(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := testJourneys(t, "v1")[:1]
	records := randomRecords(rand.New(rand.NewPCG(5, 5)), 300)
	rebuilt(t, s, j, records)
	w := newWalker(t, s, j, WalkerOptions{})
	next := record(7, 0)
	next.Interaction.Keys, next.Tag.Journey = []journey.ContactKey{"email:new"}, "by-person"
	next.Tag.Automatic = false
	must(t, s.Write(t.Context(), block("new", next)))
	p := catchUp(t, w)
	p.Duration = 0
	if diff := cmp.Diff(p, Progress{Walks: 1, Arrivals: 1, Touched: 1, Subjects: 1, Interactions: 1}); diff != "" {
		t.Errorf("one newcomer (-got, +want):\n%s", diff)
	}
}

// TestListsHoldWhatAWorkerCan cuts people by how many interactions a key had in the walk before.
func TestListsHoldWhatAWorkerCan(t *testing.T) {
	t.Parallel()
	w := &Walker{opts: WalkerOptions{Chunk: 100}, perKey: 20, people: people.New(people.Rules{}, false)}
	var ids []people.ID
	for i := range 50 {
		ids = append(ids, w.people.Add(fmt.Sprint("email:", i)))
	}
	var sizes []int
	listed := map[string]bool{}
	for c := range w.lists(w.personsOf(slices.Values(ids), true)) {
		sizes = append(sizes, c.keys)
		for _, subject := range c.subjects {
			listed[subject] = true
		}
	}
	if want := []int{15, 15, 15, 5}; !slices.Equal(sizes, want) || len(listed) != len(ids) {
		t.Errorf("lists of %v keys, %d people in all: want %v, of 300 interactions at most each, and %d", sizes, len(listed), want, len(ids))
	}
}

// TestNeverIsStored takes the end of time, and clocks that are past it, through the driver and back.
func TestNeverIsStored(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := testJourneys(t, "v1")[:1]
	j[0].Stages[0].Silence = journey.Forever
	var records []journey.Record
	for i, year := range []int{1, 2026, 9999} {
		rec := record(0, int64(i))
		rec.Interaction.OccurredAt = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		rec.Tag.Journey, rec.Tag.Automatic = "by-person", false
		rec.Tag.Stages = []journey.StageID{"one"}
		records = append(records, rec)
	}
	must(t, s.Write(t.Context(), block("1", records...)))
	catchUp(t, newWalker(t, s, j, WalkerOptions{}))
	got := dump(t, s, "SELECT entered_at, last_activity_at, left_at, exit, interactions FROM visits")
	want := "1900-01-01 00:00:00.000\t2199-12-31 23:59:59.999\t2200-01-01 00:00:00.000\tin_progress\t3\n"
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("visit (-got, +want):\n%s", diff)
	}
}

func TestNumbersOnlyGrow(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := testJourneys(t, "v1")[:1]
	for i, b := range deliver(rand.New(rand.NewPCG(9, 9)), randomRecords(rand.New(rand.NewPCG(9, 9)), 100)) {
		b.Token = fmt.Sprint(i)
		must(t, s.Write(t.Context(), b))
		w := newWalker(t, s, j, WalkerOptions{})
		catchUp(t, w)
		if w.number != uint64(i+1) {
			t.Errorf("walk %d has number %d", i+1, w.number)
		}
	}
}

func TestRunWalksWhatArrives(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := testJourneys(t, "v1")[:1]
	w := newWalker(t, s, j, WalkerOptions{Poll: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	rec := record(0, 0)
	rec.Tag.Journey, rec.Tag.Automatic = "by-person", false
	must(t, s.Write(t.Context(), block("1", rec)))
	for dump(t, s, "SELECT count() FROM cases") != "1\n" {
		if t.Context().Err() != nil {
			t.Fatal("never walked")
		}
	}
	cancel()
	must(t, <-done)
}

// TestAllTablesAreSynced keeps walked from being ahead of the rows it vouches for, even after a power cut.
func TestAllTablesAreSynced(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	text := dump(t, s, `SELECT name, engine_full LIKE '%fsync_after_insert = 1%fsync_part_directory = 1%'
		FROM system.tables WHERE database = currentDatabase() AND name IN
		('records', 'arrivals', 'tags', 'people', 'links', 'findings', 'words', 'walked', 'journeys', 'stages', 'reprocessed', 'corrections', 'tunings',
		'account_links', 'identity_statements', 'divisions', 'people_walked')`)
	got := map[string]string{}
	for line := range strings.Lines(text) {
		name, synced, _ := strings.Cut(strings.TrimSpace(line), "\t")
		got[name] = synced
	}
	if len(got) != 17 {
		t.Errorf("tables: got %v", slices.Collect(maps.Keys(got)))
	}
	for name, synced := range got {
		if synced != "1" {
			t.Errorf("table %s is not synced on insert", name)
		}
	}
}

// TestFewPartsAreMerged merges what a rebuild may have left, unless it is little.
func TestFewPartsAreMerged(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for i := range 3 {
		b := newFindingsBlock()
		b.grave("shop", fmt.Sprint("email:", i), 1)
		must(t, s.writeFindings(t.Context(), b))
	}
	parts := func() string {
		return dump(t, s, "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'findings' AND active")
	}
	s.mergeFew(t.Context(), leastMerged)
	if got := parts(); got != "3\n" {
		t.Errorf("three small parts: got %s", got)
	}
	s.mergeFew(t.Context(), 0)
	if got := parts(); got != "1\n" {
		t.Errorf("merged: got %s parts", got)
	}
}
