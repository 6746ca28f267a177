package aggregate

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

// as gives a change that tags and scores by generation: the same record the same way always, most records another way in
// another generation.
func as(generation string) func(context.Context, []journey.Record) error {
	return func(_ context.Context, records []journey.Record) error {
		for i := range records {
			rec := &records[i]
			h := fnv.New64a()
			fmt.Fprint(h, generation, rec.Interaction.Origin, rec.Interaction.ID)
			r := rand.New(rand.NewPCG(h.Sum64(), 0))
			rec.Tag = journey.Tag{Automatic: rec.Interaction.Automatic}
			if r.IntN(5) > 0 {
				id := []journey.JourneyID{"by-person", "by-account", "by-thread"}[r.IntN(3)]
				rec.Tag = journey.Tag{Journey: id, Version: generation, Rule: "r", Touchpoint: "any", Automatic: rec.Interaction.Automatic || r.IntN(5) == 0}
				rec.Tag.Stages = [][]journey.StageID{nil, {"one"}, {"one", "three"}, {"two"}}[r.IntN(4)]
			}
			rec.Mood = journey.Mood{}
			if !rec.Tag.Automatic {
				rec.Mood = journey.Mood{Eligible: true, Label: []string{"positive", "negative"}[r.IntN(2)], Score: 0.3, Model: generation}
			}
		}
		return nil
	}
}

// TestReprocessingEndsAsIfStoredSo stores a history, with copies of interactions in several months, some parts merged, and
// tags it again and again, killed in between: all that is derived is what it would be had it been stored like that.
func TestReprocessingEndsAsIfStoredSo(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	whole := s.conn
	journeys := testJourneys(t, "v1")
	seeds(t, 2, func(t *testing.T, r *rand.Rand) {
		defer func() { s.conn = whole }()
		records := randomRecords(r, 200)
		want := map[string]map[string][]string{}
		for _, generation := range []string{"a", "b"} {
			tagged := slices.Clone(records)
			must(t, as(generation)(t.Context(), tagged))
			want[generation] = rebuilt(t, s, journeys, tagged)
		}
		empty(t, s)
		for i, b := range deliver(r, records) {
			b.Token = fmt.Sprint(t.Name(), i)
			must(t, s.Write(t.Context(), b))
		}
		before := kept(t, s)
		w := newWalker(t, s, journeys, WalkerOptions{Slice: 100})
		for _, generation := range []string{"a", "b", "a"} {
			if r.IntN(2) == 0 {
				catchUp(t, w)
			}
			change := Reprocessing{Kind: "test", Version: generation, Change: as(generation), Batch: 1 + r.IntN(30)}
			for {
				s.conn = &crashing{whole, r.Int64N(12)}
				_, err := s.Reprocess(t.Context(), change)
				s.conn = whole
				if err == nil {
					break
				}
				if !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
			}
			if r.IntN(2) == 0 {
				must(t, s.conn.Exec(t.Context(), "OPTIMIZE TABLE records FINAL"))
			}
			catchUp(t, w)
			if diff := cmp.Diff(derived(t, s), want[generation]); diff != "" {
				t.Fatalf("changed to %s (-got, +stored so):\n%s", generation, diff)
			}
			if diff := cmp.Diff(kept(t, s), before); diff != "" {
				t.Fatalf("what must not change, changed to %s (-got, +before):\n%s", generation, diff)
			}
			done, err := s.Reprocess(t.Context(), change)
			must(t, err)
			if done.Changed != 0 || done.Otherwise != 0 || done.Walk || done.Read == 0 {
				t.Errorf("once more: %+v, want everything read and nothing changed", done)
			}
			if p := catchUp(t, w); p.Walks != 0 {
				t.Errorf("nothing changed, and it was walked: %+v", p)
			}
		}
	})
}

// kept is what no reprocessing changes: the ledger, and every row but for tag and mood.
func kept(t *testing.T, s *Store) map[string]string {
	out := map[string]string{
		"ledger": dump(t, s, "SELECT topic, partition, max(offset) FROM records GROUP BY ALL ORDER BY ALL"),
		"rows": dump(t, s, `SELECT * EXCEPT (automatic, journey, version, rule, touchpoint, channel, department, persona, stages, outcome)
			EXCEPT (mood_eligible, mood_label, mood_score, mood_emotion, mood_lang, mood_confidence, mood_model) FROM interactions ORDER BY ALL`),
	}
	for _, topic := range []string{"t", "u"} {
		for partition := range 2 {
			n, err := s.Distinct(t.Context(), topic, partition, 1<<40)
			must(t, err)
			out["distinct"] += fmt.Sprintln(topic, partition, n)
		}
	}
	return out
}

// TestTheLastInsertOfTheLastPartitionWins is what Reprocess stands on.
func TestTheLastInsertOfTheLastPartitionWins(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	seeds(t, 2, func(t *testing.T, r *rand.Rand) {
		empty(t, s)
		want := map[string]string{} // rule that wins, by id
		latest := map[string]int{}  // month it came with
		again := s.again()
		w := newWalker(t, s, nil, WalkerOptions{})
		must(t, w.loadPeople(t.Context()))
		reader := w.workers[0]
		for insertion := range 40 {
			month := r.IntN(4)
			var rows []row
			tags := map[uint64]*journey.Record{}
			for range 1 + r.IntN(60) {
				rec := record(0, int64(r.IntN(80)))
				rec.Tag.Rule = fmt.Sprint(insertion)
				rec.Tag.Touchpoint = journey.TouchpointID(rec.Tag.Rule)
				rows = append(rows, newRow(&rec, time.Date(2026, time.Month(1+month), 3, 0, 0, 0, 0, time.UTC)))
				tags[tagOf(&rec)] = &rec
				if id := rec.Interaction.ID; month >= latest[id] {
					latest[id], want[id] = month, rec.Tag.Rule
				}
			}
			must(t, again.writeTags(t.Context(), tags))
			must(t, insert(t.Context(), again, "records", recordColumns, rows, ""))
			switch r.IntN(6) {
			case 0:
				must(t, s.conn.Exec(t.Context(), "OPTIMIZE TABLE records"))
			case 1:
				must(t, s.conn.Exec(t.Context(), "OPTIMIZE TABLE records FINAL"))
			}
			got := map[string]string{}
			must(t, s.each(t.Context(), func(scan func(...any) error) error {
				var id, rule string
				err := scan(&id, &rule)
				got[id] = rule
				return err
			}, "SELECT id, toString(rule) FROM interactions"))
			if !maps.Equal(got, want) {
				t.Fatalf("after insert %d (-got, +want):\n%s", insertion, cmp.Diff(got, want))
			}
			walked := map[string]string{}
			read, err := reader.readChunk(t.Context(), chunk{where: "contact_key != ?", args: []any{""}, subjects: []string{"all"}, subject: func(string, string) int { return 0 }})
			must(t, err)
			for i := range read {
				if _, twice := walked[read[i].id]; twice {
					t.Fatalf("after insert %d %s is walked twice", insertion, read[i].id)
				}
				walked[read[i].id] = read[i].touchpoint
			}
			if !maps.Equal(walked, want) {
				t.Fatalf("what is walked after insert %d (-got, +want):\n%s", insertion, cmp.Diff(walked, want))
			}
		}
	})
}

// TestReprocessingSeesWhatWasWritten compares records as they come to Change with those that were stored.
func TestReprocessingSeesWhatWasWritten(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	full, plain := record(2, 7), record(2, 8)
	full.Mood.Score, full.Mood.Confidence = 0.5, 0.25
	plain.Interaction.Rating, plain.Interaction.Keys, plain.Interaction.Payload = nil, plain.Interaction.Keys[:1], nil
	plain.Tag, plain.Mood = journey.Tag{}, journey.Mood{}
	want := []journey.Record{full, plain}
	must(t, s.Write(t.Context(), block("1", want...)))
	var got []journey.Record
	look := func(_ context.Context, records []journey.Record) error {
		got = append(got, records...)
		return nil
	}
	_, err := s.Reprocess(t.Context(), Reprocessing{Kind: "look", Change: look})
	must(t, err)
	slices.SortFunc(got, func(a, b journey.Record) int { return int(a.Position.Offset - b.Position.Offset) })
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("records (-got, +written):\n%s", diff)
	}
	got = nil
	_, err = s.Reprocess(t.Context(), Reprocessing{Kind: "look", Change: look, NotScoredBy: "m/2"})
	must(t, err)
	if len(got) != 1 || got[0].Position.Offset != 7 {
		t.Errorf("scored by another: got %d records, want the first alone", len(got))
	}
	for _, c := range []struct {
		what               string
		change             func(tag *journey.Tag)
		changed, otherwise int
	}{
		{"another version alone", func(tag *journey.Tag) { tag.Version = "another" }, 1, 0},
		{"another touchpoint", func(tag *journey.Tag) { tag.Version, tag.Touchpoint = "third", "elsewhere" }, 1, 1},
	} {
		done, err := s.Reprocess(t.Context(), Reprocessing{Kind: "retag", Change: func(_ context.Context, records []journey.Record) error {
			for i := range records {
				if records[i].Position.Offset == 7 {
					c.change(&records[i].Tag)
				}
			}
			return nil
		}})
		must(t, err)
		if done.Read != 2 || done.Changed != c.changed || done.Otherwise != c.otherwise {
			t.Errorf("%s: got %+v, want %d changed, %d otherwise", c.what, done, c.changed, c.otherwise)
		}
	}
}
