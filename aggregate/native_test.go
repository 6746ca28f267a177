package aggregate

import (
	"fmt"
	"strings"
	"testing"

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
