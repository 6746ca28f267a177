package aggregate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

var correctedAt = time.Date(2026, 9, 2, 10, 0, 0, 0, time.UTC)

// moods lists the steps that are not what the scorer of randomRecords would say.
func moods(t *testing.T, s *Store) string {
	return dump(t, s, `SELECT DISTINCT id, mood_label, mood_emotion, mood_score FROM steps
		WHERE mood_label NOT IN ('', 'positive') OR mood_score NOT IN (0, 0.25) ORDER BY id`)
}

// TestCorrectionsOverrideTheScorer corrects texts, rescores and retags them, takes corrections back.
func TestCorrectionsOverrideTheScorer(t *testing.T) {
	t.Parallel()
	s, ctx := openStore(t), t.Context()
	j := testJourneys(t, "v1")[:1]
	text := func(offset int64, key string) journey.Record {
		rec := record(0, offset)
		rec.Interaction.Keys, rec.Interaction.Account, rec.Tag.Journey, rec.Tag.Automatic = []journey.ContactKey{journey.ContactKey(key)}, "", "by-person", false
		rec.Mood = journey.Mood{Eligible: true, Label: "positive", Score: 0.25, Emotion: "joy", Lang: "it", Model: "m/1"}
		return rec
	}
	silent := text(3, "email:c")
	silent.Mood = journey.Mood{}
	must(t, s.Write(ctx, block("1", text(0, "email:a"), text(1, "email:a"), text(2, "email:b"), silent)))
	w := newWalker(t, s, j, WalkerOptions{})
	catchUp(t, w)
	before := derived(t, s)

	for _, c := range []struct {
		correction Correction
		want       string
	}{
		{Correction{Origin: "site", ID: "0-3", Label: "negative", By: "anna"}, ErrNoText.Error()},
		{Correction{Origin: "site", ID: "none", Label: "negative", By: "anna"}, ErrNoText.Error()},
		{Correction{Origin: "site", ID: "0-1", Label: "bad", By: "anna"}, `label "bad"`},
		{Correction{Origin: "site", ID: "0-1", Label: "negative"}, "nobody"},
	} {
		if err := s.Correct(ctx, c.correction); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want an error that says %q", c.correction, err, c.want)
		}
	}
	if p := catchUp(t, w); p.Walks != 0 {
		t.Errorf("nothing was corrected, and it was walked: %+v", p)
	}

	must(t, s.Correct(ctx, Correction{Origin: "site", ID: "0-1", Label: "negative", Emotion: "frustration", By: "anna", At: correctedAt}))
	must(t, s.Correct(ctx, Correction{Origin: "site", ID: "0-1", Label: "neutral", By: "bruno", At: correctedAt, Note: "a question"}))
	if p := catchUp(t, w); p.Subjects != 1 || p.Touched != 1 || p.Interactions != 2 || p.Backlog != 0 {
		t.Errorf("one text corrected twice: %+v, want one subject of two interactions", p)
	}
	const neutral = "0-1\tneutral\tnone\t0\n"
	if got := moods(t, s); got != neutral {
		t.Errorf("corrected: %q, want %q", got, neutral)
	}
	list, err := s.Corrections(ctx)
	must(t, err)
	want := []Correction{{Origin: "site", ID: "0-1", Label: "neutral", By: "bruno", At: correctedAt, Note: "a question"}}
	if diff := cmp.Diff(list, want); diff != "" {
		t.Errorf("corrections (-got, +want):\n%s", diff)
	}

	_, err = s.Reprocess(ctx, Reprocessing{Kind: "rescore", Version: "m/2", NotScoredBy: "m/2", Change: func(_ context.Context, records []journey.Record) error {
		for i := range records {
			records[i].Mood.Label, records[i].Mood.Score, records[i].Mood.Model = "negative", -0.5, "m/2"
		}
		return nil
	}})
	must(t, err)
	catchUp(t, w)
	if got, want := moods(t, s), "0-0\tnegative\tjoy\t-0.5\n"+neutral+"0-2\tnegative\tjoy\t-0.5\n"; got != want {
		t.Errorf("rescored: %q, want %q", got, want)
	}
	_, err = s.Reprocess(ctx, Reprocessing{Kind: "rescore", Version: "m/1", Change: func(_ context.Context, records []journey.Record) error {
		for i := range records {
			if records[i].Mood.Eligible {
				records[i].Mood.Label, records[i].Mood.Score, records[i].Mood.Model = "positive", 0.25, "m/1"
			}
		}
		return nil
	}})
	must(t, err)
	if found, err := s.Uncorrect(ctx, "site", "0-1", "anna", correctedAt); err != nil || !found {
		t.Errorf("taken back: %v, %v", found, err)
	}
	if found, err := s.Uncorrect(ctx, "site", "0-1", "anna", correctedAt); err != nil || found {
		t.Errorf("taken back twice: %v, %v", found, err)
	}
	catchUp(t, newWalker(t, s, j, WalkerOptions{}))
	if diff := cmp.Diff(derived(t, s), before); diff != "" {
		t.Errorf("as it was (-got, +want):\n%s", diff)
	}
}

// TestCorrectionsInAnyOrderEndTheSame corrects at random while a history arrives and walks crash.
func TestCorrectionsInAnyOrderEndTheSame(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	whole := s.conn
	seeds(t, 2, func(t *testing.T, r *rand.Rand) {
		defer func() { s.conn = whole }()
		must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE corrections"))
		journeys := testJourneys(t, "v1")
		records := randomRecords(r, 150)
		empty(t, s)
		var seen []journey.Record
		corrected := 0
		for i, b := range deliver(r, records) {
			b.Token = fmt.Sprint(t.Name(), i)
			must(t, s.Write(t.Context(), b))
			seen = append(seen, b.Records...)
			for range 3 {
				ix := seen[r.IntN(len(seen))].Interaction
				err := s.Correct(t.Context(), Correction{Origin: ix.Origin, ID: ix.ID, Label: MoodLabels()[r.IntN(4)], By: "anna", At: correctedAt})
				if err != nil && !errors.Is(err, ErrNoText) {
					t.Fatal(err)
				}
				if err == nil {
					corrected++
				}
				if r.IntN(3) == 0 {
					_, err := s.Uncorrect(t.Context(), ix.Origin, ix.ID, "anna", correctedAt)
					must(t, err)
				}
			}
			s.conn = &crashing{whole, r.Int64N(60)}
			if _, err := newWalker(t, s, journeys, WalkerOptions{Slice: 50, Chunk: 60}).CatchUp(t.Context()); err != nil && !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			s.conn = whole
		}
		catchUp(t, newWalker(t, s, journeys, WalkerOptions{}))
		got := derived(t, s)
		if corrected == 0 || moods(t, s) == "" {
			t.Error("nothing was corrected: the test tests nothing")
		}
		if diff := cmp.Diff(got, rebuilt(t, s, journeys, records)); diff != "" {
			t.Fatalf("one by one (-got, +all at once):\n%s", diff)
		}
	})
}

// TestCorrectionsAtTheSameTime lets several people correct at once: each gets a revision of its own.
func TestCorrectionsAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var records []journey.Record
	for i := range int64(8) {
		records = append(records, record(0, i))
	}
	must(t, s.Write(t.Context(), block("1", records...)))
	var group sync.WaitGroup
	errs := make([]error, len(records))
	for i := range records {
		group.Go(func() {
			errs[i] = s.Correct(t.Context(), Correction{Origin: "site", ID: records[i].Interaction.ID, Label: "mixed", By: "anna", At: correctedAt})
		})
	}
	group.Wait()
	must(t, errors.Join(errs...))
	list, err := s.Corrections(t.Context())
	must(t, err)
	if len(list) != len(records) {
		t.Errorf("%d corrections of %d", len(list), len(records))
	}
	numbers := strings.Fields(dump(t, s, "SELECT revision FROM corrections FINAL ORDER BY revision"))
	if unique := slices.Compact(slices.Clone(numbers)); len(unique) != len(records) {
		t.Errorf("revisions %v: some are the same", numbers)
	}
}
