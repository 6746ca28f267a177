package ingest

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestModel tries interleavings of producers, collectors, crashes, lost answers, stalls and rebalances.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
		if err := newMachine(rules{}).run(rapid.IntRange(1, 60).Draw(t, "steps"), choose); err != nil {
			t.Fatal(err)
		}
	})
}

// TestModelManyTimes tries many more, without remembering what was chosen.
func TestModelManyTimes(t *testing.T) {
	seed := rand.Uint64()
	runs := 3000
	if testing.Short() {
		runs = 1000
	}
	for i := range runs {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		if err := newMachine(rules{}).run(80, rng.IntN); err != nil {
			t.Fatalf("seed %d, run %d: %v", seed, i, err)
		}
	}
}

// TestModelCatchesMutants breaks one rule at a time: the invariant that stands against it has to notice.
func TestModelCatchesMutants(t *testing.T) {
	for name, test := range map[string]struct {
		rules rules
		want  string
	}{
		"commit before insert":                     {rules{commitFirst: true}, "lost"},
		"dead letters last":                        {rules{lettersLast: true}, "lost"},
		"a fresh token for a retry":                {rules{freshTokens: true}, "twice"},
		"one token for several blocks":             {rules{sharedTokens: true}, "lost"},
		"the group's offset alone decides":         {rules{onlyGroup: true}, "twice"},
		"the next block after a failed one":        {rules{skipFailed: true}, "lost"},
		"a deduplication window that is too short": {rules{shortWindow: true}, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			for i := range uint64(50_000) {
				rng := rand.New(rand.NewPCG(seed, i))
				if err := newMachine(test.rules).run(80, rng.IntN); err != nil && strings.HasPrefix(err.Error(), test.want) {
					t.Logf("noticed in run %d: %v", i, err)
					return
				}
			}
			t.Errorf("seed %d: nobody noticed", seed)
		})
	}
}
