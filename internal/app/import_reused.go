package app

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// shownReused bounds how many ids are named that several interactions have; all are counted.
const shownReused = 5

// tellReused says which of the ids that were imported since an instant are stored with another time or customer, too.
func tellReused(ctx context.Context, store *aggregate.Store, opts ImportOptions, since time.Time, published int) error {
	n, first, err := store.Reused(ctx, since, published, shownReused)
	if err != nil || n == 0 {
		return err
	}
	printReused(opts.Out, n, first)
	fmt.Fprintf(opts.Out, "          take them back, all that have the id (`tappa retract --data %s --origin %s --id %q`), and import what is right under another id\n",
		opts.Dir, first[0].Origin, first[0].ID)
	return nil
}

func printReused(out io.Writer, n int, first []aggregate.Reused) {
	fmt.Fprintf(out, "ids       %s of several interactions, which differ in customer or time and all count\n", count(n, "id"))
	for _, r := range first {
		fmt.Fprintf(out, "          %q of %s: %s, %s\n", r.ID, r.Origin, occurred(r.First), occurred(r.Last))
	}
	if n > len(first) {
		fmt.Fprintf(out, "          … and %d more\n", n-len(first))
	}
}

func occurred(o aggregate.Occurred) string { return o.Key + " at " + o.At.UTC().Format(time.RFC3339) }

// fileIDs finds ids that several interactions of the files have, without a store.
type fileIDs struct {
	seed   maphash.Seed
	first  map[uint64]aggregate.Occurred // by a hash of origin and id: what was read first
	reused map[uint64]bool
	shown  []aggregate.Reused
}

func newFileIDs() *fileIDs {
	return &fileIDs{seed: maphash.MakeSeed(), first: map[uint64]aggregate.Occurred{}, reused: map[uint64]bool{}}
}

// add looks at the interaction of an event. What a collector cannot use counts for nothing, so its id does not matter.
func (f *fileIDs) add(ix *journey.Interaction) {
	// The collector keeps milliseconds; a key shares memory with its record.
	now := aggregate.Occurred{At: ix.OccurredAt.UTC().Truncate(time.Millisecond), Key: strings.Clone(string(ix.Keys[0]))}
	id := maphash.Comparable(f.seed, [2]string{ix.Origin, ix.ID})
	before, known := f.first[id]
	switch {
	case !known:
		f.first[id] = now
	case before != now && !f.reused[id]:
		f.reused[id] = true
		if len(f.shown) < shownReused {
			f.shown = append(f.shown, aggregate.Reused{Origin: strings.Clone(ix.Origin), ID: strings.Clone(ix.ID), First: before, Last: now})
		}
	}
}

// tell prints what was found.
func (f *fileIDs) tell(out io.Writer) {
	if len(f.reused) == 0 {
		return
	}
	printReused(out, len(f.reused), f.shown)
	fmt.Fprintln(out, "          give each interaction an id of its own before you import")
}
