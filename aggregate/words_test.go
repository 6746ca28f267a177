package aggregate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"tappa/aggregate/walk"
	"tappa/internal/testenv"
	"tappa/journey"
)

// TestWordsHaveOneNumberEach has several processes number words at once, some of them the same.
func TestWordsHaveOneNumberEach(t *testing.T) {
	t.Parallel()
	env := testenv.ClickHouse(t)
	stores := make([]*Store, 4)
	for i := range stores {
		var err error
		stores[i], err = Open(t.Context(), Options{Addr: env.Addr, Protocol: "http", Database: env.Database})
		must(t, err)
		t.Cleanup(func() { must(t, stores[i].Close()) })
	}
	must(t, stores[0].Migrate(t.Context()))
	words := func(who int) []string { // every other word is somebody's own
		out := []string{""}
		for i := range 40 {
			out = append(out, fmt.Sprint("word", i), fmt.Sprint("of", who, "-", i))
		}
		return out
	}
	numbers := make([][]uint16, len(stores))
	var group errgroup.Group
	for who, s := range stores {
		group.Go(func() error {
			for part := range slices.Chunk(words(who), 7) {
				given, err := s.numberWords(t.Context(), part)
				if err != nil {
					return err
				}
				numbers[who] = append(numbers[who], given...)
			}
			return nil
		})
	}
	must(t, group.Wait())
	of := map[string]uint16{}
	for who := range stores {
		for i, word := range words(who) {
			n := numbers[who][i]
			if before, known := of[word]; known && before != n {
				t.Errorf("%q is %d and %d", word, before, n)
			}
			if of[word] = n; (n == 0) != (word == "") {
				t.Errorf("%q is %d", word, n)
			}
		}
	}
	const want = "200\t200\t200\t200\n" // 40 common, and 40 of each of four
	if got := dump(t, stores[0], "SELECT count(), uniqExact(word), uniqExact(number), max(number) FROM words"); got != want {
		t.Errorf("words hold %q, want %q", got, want)
	}
}

func TestWordsSayWhenTheyAreBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, statement string }{
		{"a gap", "ALTER TABLE words DELETE WHERE number = 1 SETTINGS mutations_sync = 2"},
		{"a number twice", "INSERT INTO words SELECT 1, 'other'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t)
			_, err := s.numberWords(t.Context(), []string{"a", "b"})
			must(t, err)
			must(t, s.conn.Exec(t.Context(), c.statement))
			if _, err = s.numberWords(t.Context(), []string{"c"}); err == nil || !strings.Contains(err.Error(), "restore the table") {
				t.Errorf("got %v, want an error that says what to do", err)
			}
			must(t, s.conn.Exec(t.Context(), "OPTIMIZE TABLE words FINAL"))
			must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE words"))
			s.words = &wordsStored{} // as after a start
			if given, err := s.numberWords(t.Context(), []string{"c"}); err != nil || given[0] != 1 {
				t.Errorf("after doing so: got %v and %v, want 1", given, err)
			}
		})
	}
}

func TestWordsAreNotEndless(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.conn.Exec(t.Context(), "INSERT INTO words SELECT number + 1, 'w' || toString(number) FROM numbers(65530)"))
	given, err := s.numberWords(t.Context(), []string{"x0", "x1", "x2", "x3"})
	if must(t, err); !slices.Equal(given, []uint16{65531, 65532, 65533, 65534}) {
		t.Errorf("the last words are %v", given)
	}
	if _, err := s.numberWords(t.Context(), []string{"one too many"}); err == nil || !strings.Contains(err.Error(), "65535") {
		t.Errorf("got %v, want an error with the numbers", err)
	}
}

// TestFindingsBlockIsShapedLikeItsTable holds the types of a block against those of the table: of words and their numbers, too.
func TestFindingsBlockIsShapedLikeItsTable(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for _, c := range newFindingsBlock().columns() {
		var got string
		must(t, s.conn.QueryRow(t.Context(), "SELECT type FROM system.columns WHERE database = currentDatabase() AND table = 'findings' AND name = ?", c.name).Scan(&got))
		if want := c.kind(); got != want {
			t.Errorf("%s is\n%s\nbut the block has\n%s", c.name, got, want)
		}
	}
}

// TestEnumerationsHoldEveryWord: a word that is none of its enumeration's would be stored as none.
func TestEnumerationsHoldEveryWord(t *testing.T) {
	t.Parallel()
	for kind, words := range map[string][]string{
		typeExit:      {string(walk.MovedOn), string(walk.Completed), string(walk.LostExplicit), string(walk.LostSilent), string(walk.InProgress)},
		typeCustomer:  {customer(false), customer(true)},
		typeDirection: {string(journey.Inbound), string(journey.Outbound), string(journey.Internal)},
		typeOutcome:   {string(journey.NoOutcome), string(journey.Won), string(journey.Lost)},
		typeMood:      {"positive", "neutral", "negative", "mixed"},
		typeEmotion:   emotions,
	} {
		for _, word := range append(words, "") {
			if _, known := enumerations[kind][word]; !known {
				t.Errorf("%s does not know %q", kind, word)
			}
		}
	}
}

// TestFactsAreWhatEachVisitSays checks what is kept of a run against what each of its visits would say by itself.
func TestFactsAreWhatEachVisitSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r runFacts
		for range 2 { // memory is used again
			r.begin()
			at := int64(0)
			for position := range rapid.IntRange(0, 5).Draw(t, "visits") {
				v := visitSpan{uint32(position + 1), uint8(2 * position), at, at + rapid.Int64Range(0, 9).Draw(t, "stay")}
				at = v.left
				r.visits = append(r.visits, v)
			}
			waits := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) openWait {
				asked := rapid.Int64Range(0, 40).Draw(t, "asked")
				return openWait{asked, asked + rapid.Int64Range(0, 20).Draw(t, "waited")}
			}), 0, 5).Draw(t, "waits")
			for _, q := range waits {
				r.wait(q.asked, q.answered, rapid.IntRange(0, 3).Draw(t, "answered") > 0)
			}
			for _, v := range r.visits {
				want := int64(0)
				for ms := v.entered; ms < v.left; ms++ {
					if slices.ContainsFunc(r.waits, func(q openWait) bool { return q.asked <= ms && ms < q.answered }) {
						want++
					}
				}
				if got := r.asked(v); got != want {
					t.Fatalf("of visit %v a question was open for %d, want %d: %v", v, got, want, r.waits)
				}
			}
			for instant := range int64(45) {
				from := r.before(instant)
				for _, v := range r.visits {
					if known := from > 0 && v.position >= from-1; known != (instant < v.left) {
						t.Fatalf("at %d known from %d: wrong for visit %v", instant, from, v)
					}
				}
			}
		}
	})
}
