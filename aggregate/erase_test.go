package aggregate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

// without gives a history in which nobody had any of the keys: the interactions of others do not name them.
func without(records []journey.Record, keys []string) []journey.Record {
	erased := func(key journey.ContactKey) bool { return slices.Contains(keys, string(key)) }
	var out []journey.Record
	for _, rec := range records {
		if erased(rec.Interaction.Keys[0]) {
			continue
		}
		rec.Interaction.Keys = slices.DeleteFunc(slices.Clone(rec.Interaction.Keys), erased)
		out = append(out, rec)
	}
	return out
}

// copiesOf gives the interactions of those who have any of the keys, and what takes them back, at other places in Kafka.
func copiesOf(records []journey.Record, keys []string) []journey.Record {
	var out []journey.Record
	for _, rec := range records {
		if !slices.Contains(keys, string(rec.Interaction.Keys[0])) {
			continue
		}
		for _, rec := range []journey.Record{rec, takenBack(rec)} {
			rec.Position = journey.Position{Topic: "copies", Offset: int64(len(out))}
			out = append(out, rec)
		}
	}
	return out
}

// ledgerOf is how far the collectors' ledger says topics are stored.
func ledgerOf(t *testing.T, s *Store) string {
	t.Helper()
	out := ""
	for _, topic := range []string{"t", "u"} {
		stored, err := s.Stored(t.Context(), topic)
		must(t, err)
		out += fmt.Sprintln(topic, stored)
	}
	return out
}

// TestErasedAsIfNeverMet erases persons from a history, killed here and there on the way, with a walker that knew them and with one that did
// not, and has everything arrive once more: all that is derived is what it would be had they never been met, no text names them, and
// the ledger stands where it stood.
func TestErasedAsIfNeverMet(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	whole := s.conn
	journeys := testJourneys(t, "v1")
	seeds(t, 2, func(t *testing.T, r *rand.Rand) {
		defer func() { s.conn = whole }()
		for _, table := range []string{"identity_statements", "corrections", "erased", "erasures"} {
			must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE "+table))
		}
		records := randomRecords(r, 200)
		empty(t, s)
		statements := randomStatements(r)[:2]
		for _, st := range statements {
			st.put(t, s)
		}
		blocks := deliver(r, records)
		for i, b := range blocks {
			b.Token = fmt.Sprint(t.Name(), i)
			must(t, s.Write(t.Context(), b))
		}
		w := newWalker(t, s, journeys, WalkerOptions{})
		catchUp(t, w)
		for _, i := range r.Perm(len(records))[:20] { // some of them have a text that can be corrected
			c := Correction{Origin: records[i].Interaction.Origin, ID: records[i].Interaction.ID, Label: "negative", By: "anna", At: time.Now()}
			if err := s.Correct(t.Context(), c); err != nil && !errors.Is(err, ErrNoText) {
				t.Fatal(err)
			}
		}
		catchUp(t, w)
		ledger := ledgerOf(t, s)

		keys, persons, err := s.PersonKeys(t.Context(), []string{string(records[0].Interaction.Keys[0]), string(records[1].Interaction.Keys[0])})
		must(t, err)
		e, err := s.BeginErasure(t.Context(), Erasure{Reference: "7", By: "anna"}, keys, persons)
		must(t, err)
		for {
			s.conn = &crashing{whole, r.Int64N(20)}
			err := s.Remove(t.Context(), e)
			s.conn = whole
			if err == nil {
				break
			}
			if !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			unfinished, err := s.Erasures(t.Context())
			must(t, err)
			if e = unfinished[0]; e.Finished || !slices.Equal(e.Keys(), keys) {
				t.Fatalf("killed: got %+v, want an erasure of %q to go on with", e, keys)
			}
		}
		if r.IntN(2) == 0 {
			w = newWalker(t, s, journeys, WalkerOptions{})
		}
		catchUp(t, w)
		e, err = s.FinishErasure(t.Context(), e)
		must(t, err)

		if got := ledgerOf(t, s); got != ledger {
			t.Errorf("the ledger: got %s, want %s", got, ledger)
		}
		mentions, err := s.Mentions(t.Context(), keys)
		must(t, err)
		if len(mentions) > 0 {
			t.Errorf("%q are named still: %v", keys, mentions)
		}
		for i, b := range blocks { // again, as from a source that only keeps what was theirs
			others := without(b.Records, keys)
			b.Records = slices.DeleteFunc(b.Records, func(rec journey.Record) bool { return s.Erased(&rec.Interaction) })
			if len(b.Records) != len(others) {
				t.Fatalf("of block %d %d records come in again, want %d", i, len(b.Records), len(others))
			}
			must(t, s.Write(t.Context(), journey.Block{Token: fmt.Sprint(t.Name(), "again", i), ArrivedAt: b.ArrivedAt, Records: others}))
		}
		theirs := copiesOf(records, keys) // from a collector that had them in a block since before
		if slices.ContainsFunc(theirs, func(rec journey.Record) bool { return !s.Erased(&rec.Interaction) }) {
			t.Error("what was erased, or what takes it back, would be stored again")
		}
		must(t, s.Write(t.Context(), journey.Block{Token: fmt.Sprint(t.Name(), "late"), ArrivedAt: blocks[0].ArrivedAt, Records: theirs}))
		s.conn = &crashing{whole, r.Int64N(8)}
		if _, err := w.CatchUp(t.Context()); err != nil && !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		s.conn = whole
		catchUp(t, w)
		if got := dump(t, s, "SELECT uniqExact(offset) FROM erased WHERE topic = 'copies'"); got != fmt.Sprintln(len(theirs)) {
			t.Errorf("copies noted as erased: got %s, want %d", got, len(theirs))
		}
		got := derived(t, s)

		left := without(records, keys)
		must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE identity_statements"))
		for _, st := range statements {
			if !slices.Contains(keys, st.A) && !slices.Contains(keys, st.B) {
				st.put(t, s)
			}
		}
		if diff := cmp.Diff(got, rebuilt(t, s, journeys, left)); diff != "" {
			t.Fatalf("erased %q of %d persons (-got, +had they never been met):\n%s", keys, persons, diff)
		}
		if e.Keys() != nil || strings.Contains(dump(t, s, "SELECT * FROM erasures"), keys[0]) {
			t.Errorf("the keys are kept: %+v", e)
		}
	})
}

// TestErasedIsKnownToAll has another process mark interactions while this one has marks that are due to be read again: of all that ask at
// once, nobody goes by the old ones.
func TestErasedIsKnownToAll(t *testing.T) {
	t.Parallel()
	here := openStore(t)
	there, err := Open(t.Context(), here.opts)
	must(t, err)
	defer func() { must(t, there.Close()) }()
	rec := randomRecords(rand.New(rand.NewPCG(1, 1)), 1)[0]
	if here.Erased(&rec.Interaction) {
		t.Fatal("nobody was erased")
	}
	must(t, there.Write(t.Context(), journey.Block{Token: "1", ArrivedAt: time.Now(), Records: []journey.Record{rec}}))
	_, err = there.BeginErasure(t.Context(), Erasure{Reference: "7", By: "anna"}, []string{string(rec.Interaction.Keys[0])}, 1)
	must(t, err)
	here.erased.known.Store(&knownMarks{})
	var missed atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if !here.Erased(&rec.Interaction) {
				missed.Add(1)
			}
		})
	}
	all.Wait()
	if n := missed.Load(); n > 0 {
		t.Errorf("%d of 16 take an interaction that was erased", n)
	}
}

// TestMentionsAreWhole looks for keys that those of others begin with: a ticket of one digit more, an extension of a number, an address
// of another country. Of what names them themselves, as texts and payloads have it, nothing is missed.
func TestMentionsAreWhole(t *testing.T) {
	t.Parallel()
	keys := []string{"ticket:zendesk/1-5", "phone:+39066982", "email:anna@example.co", "cookie:9f3c00"}
	s := openStore(t)
	before, offset := uint64(0), int64(0)
	for text, want := range map[string]bool{
		"ticket:zendesk/1-50": false, "ticket:zendesk/1-5": true, "[ticket:zendesk/1-5]": true,
		"+390669821": false, "+39066982": true, "0039066982": true, "39066982int. 4": true,
		"anna@example.com": false, "ANNA@example.co": true, `{"text":"Grazie\nanna@example.co\n"}`: true, "anna@example.co.": true,
		"cookie:9f3c001": false, "uid=9f3c00&x": true,
	} {
		offset++
		rec := record(0, offset)
		rec.Interaction.Keys, rec.Interaction.Text = []journey.ContactKey{"email:bruno@example.com"}, text
		must(t, s.Write(t.Context(), block(text, rec)))
		got, err := s.Mentions(t.Context(), keys)
		must(t, err)
		now := got["records.`text`"]
		if (now == before+1) != want || len(got) > 1 || Naming(keys).MatchString(text) != want {
			t.Errorf("%s: got %v after %d, want one more: %v", text, got, before, want)
		}
		before = now
	}
}
