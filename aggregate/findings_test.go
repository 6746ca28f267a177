package aggregate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestDriverWritesWhatBlocksWrite stores rows in both ways: as a block of ours, and value by value through the driver, as over the
// native protocol.
func TestDriverWritesWhatBlocksWrite(t *testing.T) {
	t.Parallel()
	s, other := openStore(t), openStore(t)
	w := rapid.Custom(func(t *rapid.T) *world { return drawWorld(t, "both") }).Example(7)
	gather := func() *findingsBlock {
		b := newFindingsBlock()
		for _, subject := range w.subjects() {
			w.walked(b, subject, subject, 1, func(*world) {})
		}
		b.grave(w.journey, "nobody", 1)
		return b
	}
	must(t, s.writeFindings(t.Context(), gather()))
	sent := gather()
	must(t, sent.number(t.Context(), other))
	must(t, other.sendFindings(t.Context(), sent))
	for _, query := range []string{"SELECT * FROM findings ORDER BY ALL", "SELECT * FROM steps ORDER BY ALL", "SELECT * FROM waits ORDER BY ALL"} {
		got, want := dump(t, other, query), dump(t, s, query)
		if diff := cmp.Diff(got, want); diff != "" || len(got) < 100 {
			t.Errorf("%s: by the driver (-got, +as a block):\n%s", query, diff)
		}
	}
}
