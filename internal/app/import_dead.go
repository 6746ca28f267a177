package app

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/journey"
)

// shownDead bounds how many events that are of no use to a collector are named; all are counted.
const shownDead = 20

// reader reads events as a collector will, to name those that become dead letters while their ids are at hand.
type reader struct {
	decoder *source.Decoder
	now     time.Time // Kafka's, as far as anybody can tell
	local   bool      // numbers without a prefix are somewhere's
	dead    map[string]int
}

func newReader(journeys []*journey.Journey) *reader {
	return &reader{decoder: NewDecoder(journeys), now: time.Now(), local: defaultCountry(journeys) != "", dead: map[string]int{}}
}

// read returns the interaction that an event becomes, and false if it becomes none. It says why the first ones cannot be used.
func (r *reader) read(out io.Writer, event source.Event, m ingest.Message) (journey.Interaction, bool) {
	ix, err := r.decoder.Decode(source.Record{Key: m.Key, Value: m.Value, Time: r.now})
	bad, unusable := errors.AsType[*source.Error](err)
	if !unusable {
		return ix, err == nil
	}
	r.dead[string(bad.Reason)]++
	switch n := r.total(); {
	case n <= shownDead:
		fmt.Fprintf(out, "event %q of %s becomes a dead letter: %v\n", event.ID, event.Origin, bad)
	case n == shownDead+1:
		fmt.Fprintln(out, "… further dead letters are only counted")
	}
	return ix, false
}

func (r *reader) total() (n int) {
	for _, of := range r.dead {
		n += of
	}
	return n
}

// tell prints how many events would become dead letters, by reason.
func (r *reader) tell(out io.Writer) {
	n := r.total()
	if n == 0 {
		return
	}
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(r.dead)) {
		reasons = append(reasons, fmt.Sprintf("%s %d", reason, r.dead[reason]))
	}
	letters := "dead letters"
	if n == 1 {
		letters = "a dead letter"
	}
	fmt.Fprintf(out, "          %d of them would become %s: %s\n", n, letters, strings.Join(reasons, ", "))
	if r.dead[string(source.ReasonMissingKey)] > 0 && !r.local {
		fmt.Fprintln(out, "          numbers without a prefix are the journey's default_country's: name it with --journey")
	}
}
