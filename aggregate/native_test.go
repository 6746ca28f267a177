package aggregate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

// TestWriteNumbersWords writes blocks whose words need numbers of one, two and four bytes, with and without arrays, into
// the memory that the block before used.
func TestWriteNumbersWords(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var want strings.Builder
	for i, words := range []int{1, 2, 256, 257, 70_000, 3} {
		records := make([]journey.Record, max(words, 5))
		for k := range records {
			records[k] = record(i, int64(k))
			records[k].Interaction.Activity = fmt.Sprint("activity ", k%words)
			records[k].Tag.Stages = nil
			if i%2 == 1 {
				records[k].Tag.Stages = []journey.StageID{"one", journey.StageID(fmt.Sprint("stage ", k%words))}
			}
		}
		must(t, s.Write(t.Context(), block(fmt.Sprint("block ", i), records...)))
		stages := 0
		if i%2 == 1 {
			stages = words
		}
		fmt.Fprintf(&want, "%d\t%d\t%d\t%d\t%d\n", i, len(records), words, stages, len(records))
	}
	got := dump(t, s, `
		SELECT partition, count(), uniqExact(activity), uniqExactIf(stages[2], notEmpty(stages)),
			countIf(activity = 'activity ' || toString(offset % [1, 2, 256, 257, 70000, 3][partition + 1]))
		FROM interactions GROUP BY partition ORDER BY partition`)
	if diff := cmp.Diff(got, want.String()); diff != "" {
		t.Errorf("partition, rows, activities, stages, rows with their own activity (-got, +want):\n%s", diff)
	}
}

// TestBlockIsUsedAgain writes blocks with one builder, some of them after a write that failed.
func TestBlockIsUsedAgain(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	b := s.NewBlock().(*nativeRows)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var want strings.Builder
	var lent *nativeBlock[row]
	for i, n := range []int{1, 2*cachedRows + 7, 5, cachedRows, 2} {
		b.Begin(time.Date(2026, 9, 1+i, 0, 0, 0, 0, time.UTC))
		if lent != nil && lent == b.records {
			t.Errorf("block %d uses memory that a failed write may still read", i)
		}
		for k := range n {
			b.Append([]journey.Record{record(i, int64(k))})
		}
		token := fmt.Sprint("block ", i)
		if failing := i%2 == 1; failing {
			if err := b.Write(gone, token); err == nil {
				t.Fatal("a write that was given up did not fail")
			}
			lent = b.records
		}
		for range 2 { // the second time the token is known
			must(t, b.Write(t.Context(), token))
		}
		fmt.Fprintf(&want, "%d\t%d\t%d\t2026-09-%02d\n", i, n, n, 1+i)
	}
	got := dump(t, s, "SELECT partition, count(), uniqExact(offset), toDate(any(arrived_at)) FROM records GROUP BY partition ORDER BY partition")
	if diff := cmp.Diff(got, want.String()); diff != "" {
		t.Errorf("partition, rows, offsets, day (-got, +want):\n%s", diff)
	}
	if got := dump(t, s, "SELECT count() FROM records WHERE tag NOT IN (SELECT tag FROM tags)"); got != "0\n" {
		t.Errorf("%s records have no tag", got)
	}
}
