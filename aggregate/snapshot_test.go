package aggregate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

// told stores a history in blocks of some size, and walks it.
func told(t testing.TB, s *Store, r *rand.Rand, journeys []*journey.Journey, records []journey.Record) {
	t.Helper()
	for _, j := range journeys {
		must(t, s.PutJourney(t.Context(), j))
	}
	w := newWalker(t, s, journeys, WalkerOptions{Slice: int64(20 + r.IntN(300)), Chunk: 20 + r.IntN(300)})
	for i, b := range deliver(r, records) {
		b.Token = fmt.Sprint(t.Name(), r.Uint64(), i)
		must(t, s.Write(t.Context(), b))
		if r.IntN(3) == 0 {
			catchUp(t, w)
		}
	}
	catchUp(t, w)
}

func refreshed(t testing.TB, s *Store, id, month string) (Snapshot, bool) {
	t.Helper()
	snap, added, err := s.Refresh(t.Context(), id, month, "test")
	must(t, err)
	return snap, added
}

// TestSnapshotIsTheSameHoweverItWasFed feeds one history in other orders, with other duplicates, in other blocks and
// slices, into databases of their own, and expects the same bytes.
func TestSnapshotIsTheSameHoweverItWasFed(t *testing.T) {
	t.Parallel()
	records := randomRecords(rand.New(rand.NewPCG(11, 0)), 400)
	for i := range records { // ratings, so that no view is empty
		if i%7 == 0 {
			records[i].Interaction.Rating = &journey.Rating{Kind: []string{"csat", "nps", "ces"}[i%3], Score: float64(i % 6), Max: 10}
		}
	}
	want := map[string]string{}
	for feed := range uint64(3) {
		s := openStore(t)
		journeys := testJourneys(t, "v1")
		told(t, s, rand.New(rand.NewPCG(feed, 1)), journeys, records)
		for i, j := range journeys {
			if i > 0 && feed == 2 {
				continue // the first has the most
			}
			snap, added := refreshed(t, s, string(j.ID), "2026-03")
			if !added || snap.Version != 1 || snap.Reason != "" {
				t.Errorf("%s: got %+v, want version 1", j.ID, snap)
			}
			if before, ok := want[string(j.ID)]; ok && before != string(snap.Content()) {
				t.Errorf("%s, feed %d (-got, +first feed):\n%s", j.ID, feed, cmp.Diff(strings.Split(string(snap.Content()), "\n"), strings.Split(before, "\n")))
			}
			want[string(j.ID)] = string(snap.Content())
			if !json.Valid(snap.Content()) {
				t.Errorf("%s: content is no JSON", j.ID)
			}
			if i > 0 || feed > 0 {
				continue
			}
			again, added := refreshed(t, s, string(j.ID), "2026-03")
			if added || again.Version != 1 || again.SHA256 != snap.SHA256 {
				t.Errorf("%s again: got version %d, added %t; want nothing new", j.ID, again.Version, added)
			}
		}
	}
}

// TestSnapshotHoldsWhatReportsSay reads numbers back through SQL and compares them with the reports they were.
func TestSnapshotHoldsWhatReportsSay(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	journeys := testJourneys(t, "v1")
	told(t, s, rand.New(rand.NewPCG(5, 1)), journeys, randomRecords(rand.New(rand.NewPCG(5, 0)), 300))
	snap, _ := refreshed(t, s, "by-person", "2026-03")
	q := Query{Journey: "by-person", AsOf: snap.AsOf, From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	numbers := map[string]float64{}
	must(t, s.each(t.Context(), func(scan func(...any) error) error {
		var key, metric string
		var value *float64
		if err := scan(&key, &metric, &value); err != nil {
			return err
		}
		numbers[key+" "+metric] = *value
		return nil
	}, "SELECT key, toString(metric), value FROM snapshot_numbers(journey = 'by-person') WHERE latest AND report = 'dropoff' AND window = 'month' AND persona = ''"))
	for _, row := range jsonOf(t, s, "dropoff", q) {
		for _, column := range []string{"entered", "lost_silent", "mature", "dropoff"} {
			want, ok := row[column].(float64)
			got, there := numbers[fmt.Sprint(row["stage"], " ", column)]
			if ok != there || (got-want > 1e-9 || want-got > 1e-9) {
				t.Errorf("%s %s: got %v (%t), want %v", row["stage"], column, got, there, row[column])
			}
		}
	}
	if len(numbers) < 20 {
		t.Errorf("only %d numbers of drop-off were stored", len(numbers))
	}
}

// TestLateDataRestates adds an interaction of a closed month: another version beside the old one.
func TestLateDataRestates(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := testJourneys(t, "v1")[:1]
	at := func(offset int64, day int, key string, tag journey.Tag) journey.Record {
		rec := record(0, offset)
		rec.Interaction.ID, rec.Interaction.Keys = fmt.Sprint(offset), []journey.ContactKey{journey.ContactKey(key)}
		rec.Interaction.OccurredAt = time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC)
		rec.Tag = tag
		rec.Tag.Journey, rec.Tag.Stages, rec.Tag.Touchpoint = "by-person", []journey.StageID{"one"}, "any"
		return rec
	}
	told(t, s, rand.New(rand.NewPCG(0, 0)), j, []journey.Record{at(0, 1, "email:a", journey.Tag{}), at(1, 2, "email:b", journey.Tag{})})
	first, _ := refreshed(t, s, "", "2026-03")

	write := func(name string, rec journey.Record) {
		must(t, s.Write(t.Context(), block(name, rec)))
		if n := must2(s.Backlog(t.Context(), "by-person"))(t); n == 0 {
			t.Error("backlog before the walk: got 0")
		}
		catchUp(t, newWalker(t, s, j, WalkerOptions{}))
		if n := must2(s.Backlog(t.Context(), "by-person"))(t); n != 0 {
			t.Errorf("backlog after the walk: got %d", n)
		}
	}
	later := at(100, 31, "email:c", journey.Tag{})
	later.Interaction.OccurredAt = time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)
	write("april", later)
	if _, added := refreshed(t, s, "", "2026-03"); added {
		t.Error("an interaction of April made another March")
	}
	write("late", at(101, 3, "email:d", journey.Tag{}))
	second, added := refreshed(t, s, "", "2026-03")
	if !added || second.Version != 2 || second.Reason != LateData || !second.Restated() {
		t.Errorf("late data: got version %d, reason %q", second.Version, second.Reason)
	}
	persona := at(102, 1, "email:a", journey.Tag{Persona: "buyer"})
	persona.Interaction.OccurredAt = time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)
	persona.Tag.Stages = nil
	write("persona", persona)
	old := must2(s.Snapshot(t.Context(), "", "2026-03", 1))(t)
	if old.SHA256 != first.SHA256 || !bytes.Equal(old.Content(), first.Content()) {
		t.Error("the published version changed")
	}
	list := must2(s.Snapshots(t.Context(), ""))(t)
	if len(list) != 2 || list[0].Version != 2 || list[1].Version != 1 {
		t.Errorf("list: got %+v", list)
	}
	e := must2(s.BeginErasure(t.Context(), Erasure{By: "anna", At: time.Now()}, []string{"email:d"}, 1))(t)
	must(t, s.Remove(t.Context(), e))
	catchUp(t, newWalker(t, s, j, WalkerOptions{}))
	must2(s.FinishErasure(t.Context(), e))(t)
	if third, added := refreshed(t, s, "", "2026-03"); !added || third.Version != 3 || third.Reason != Request {
		t.Errorf("after an erasure: got version %d, reason %q", third.Version, third.Reason)
	}
	if _, err := s.Snapshot(t.Context(), "", "2026-02", 0); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("unknown month: got error %v", err)
	}
}

// TestKilledRefreshLeavesNothing lets refreshes die before any of their writes.
func TestKilledRefreshLeavesNothing(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	journeys := testJourneys(t, "v1")
	told(t, s, rand.New(rand.NewPCG(2, 1)), journeys, randomRecords(rand.New(rand.NewPCG(2, 0)), 100))
	whole := s.conn
	for writes := range int64(2) {
		s.conn = &crashing{whole, writes}
		_, _, err := s.Refresh(t.Context(), "by-person", "2026-03", "test")
		s.conn = whole
		if !errors.Is(err, errCrash) {
			t.Fatalf("after %d writes: got error %v, want a crash", writes, err)
		}
		if list := must2(s.Snapshots(t.Context(), "by-person"))(t); len(list) != 0 {
			t.Errorf("after %d writes: %d snapshots", writes, len(list))
		}
		if got := dump(t, s, "SELECT count() FROM snapshot_numbers(journey = 'by-person')"); got != "0\n" {
			t.Errorf("after %d writes: %s numbers", writes, got)
		}
	}
	snap, added := refreshed(t, s, "by-person", "2026-03")
	cells, err := snap.cells()
	must(t, err)
	if got := dump(t, s, "SELECT count() FROM snapshot_numbers(journey = 'by-person')"); !added || got != fmt.Sprintln(len(cells)) {
		t.Errorf("once more: got %s numbers, want %d", got, len(cells))
	}
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.PutJourney(t.Context(), testJourneys(t, "v1")[0]))
	for month, want := range map[string]string{"2026-13": "no month like 2026-01", "2299-01": "the month is not over"} {
		if _, _, err := s.Refresh(t.Context(), "", month, "test"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q in it", month, err, want)
		}
	}
	snap, _ := refreshed(t, s, "", "2026-02") // a month of nothing
	if len(snap.Content()) == 0 || snap.Interactions != 0 {
		t.Errorf("empty month: got %+v", snap)
	}
}

// Months are cut in the journey's time zone, summer time included.
func TestMonths(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	must(t, err)
	for name, want := range map[string][2]string{
		"2026-03": {"2026-02-28T23:00:00Z", "2026-03-31T21:59:59.999Z"},
		"2026-12": {"2026-11-30T23:00:00Z", "2026-12-31T22:59:59.999Z"},
	} {
		m, err := parseMonth(name, rome)
		must(t, err)
		got := [2]string{m.start.UTC().Format(time.RFC3339Nano), m.asOf().Format(time.RFC3339Nano)}
		if got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestSnapshotAfterCorrection: a month that is other because somebody corrected a mood says so, and when that is taken back, too.
func TestSnapshotAfterCorrection(t *testing.T) {
	t.Parallel()
	s, ctx := openStore(t), t.Context()
	j := testJourneys(t, "v1")[:1]
	rec := record(0, 0)
	rec.Interaction.Keys, rec.Interaction.Account, rec.Tag.Journey, rec.Tag.Automatic = []journey.ContactKey{"email:a"}, "", "by-person", false
	rec.Mood = journey.Mood{Eligible: true, Label: "positive", Score: 0.25, Emotion: "joy", Lang: "it", Model: "m/1"}
	must(t, s.PutJourney(ctx, j[0]))
	must(t, s.Write(ctx, block("1", rec)))
	w := newWalker(t, s, j, WalkerOptions{})
	catchUp(t, w)
	month := rec.Interaction.OccurredAt.Format("2006-01")
	if first, added := refreshed(t, s, "by-person", month); !added || first.Reason != "" {
		t.Fatalf("first: %+v", first)
	}
	soon := time.Now().Add(time.Minute)
	must(t, s.Correct(ctx, Correction{Origin: rec.Interaction.Origin, ID: rec.Interaction.ID, Label: "negative", By: "anna", At: soon}))
	catchUp(t, w)
	if second, added := refreshed(t, s, "by-person", month); !added || second.Reason != Corrected {
		t.Errorf("corrected: version %d, reason %q", second.Version, second.Reason)
	}
	must2(s.Uncorrect(ctx, rec.Interaction.Origin, rec.Interaction.ID, "anna", soon.Add(time.Minute)))(t)
	catchUp(t, w)
	if third, added := refreshed(t, s, "by-person", month); !added || third.Reason != Corrected {
		t.Errorf("taken back: version %d, reason %q", third.Version, third.Reason)
	}
}
