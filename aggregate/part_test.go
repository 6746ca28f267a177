package aggregate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"tappa/journey"
)

func TestParsePart(t *testing.T) {
	for text, want := range map[string]Part{"1/1": {1, 1}, "2/4": {2, 4}, "64/64": {64, 64}} {
		if got, err := ParsePart(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "0/1", "2/1", "1/65", "-1/2", "a/b", "1/2/3", "1/", "/2"} {
		if got, err := ParsePart(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
	if got := (Part{}).String(); got != "1/1" {
		t.Errorf("the zero part: got %s", got)
	}
}

// TestEveryNameHasOneOwner has the engine and the walker agree on it.
func TestEveryNameHasOneOwner(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for i := range 200 {
		name, owners := strings.Repeat("é", i%40)+fmt.Sprint("email:", i), 0
		for k := 1; k <= 3; k++ {
			p := Part{k, 3}
			var there bool
			must(t, s.conn.QueryRow(t.Context(), "SELECT "+p.owned("n")+" FROM (SELECT ? AS n)", name).Scan(&there))
			if there != p.owns(name) {
				t.Fatalf("%s, part %s: the engine says %v", name, p, there)
			}
			if there {
				owners++
			}
		}
		if owners != 1 {
			t.Errorf("%s has %d owners", name, owners)
		}
	}
}

// team is several walkers that share the walk of one database.
type team struct {
	t        *testing.T
	r        *rand.Rand
	store    *Store
	journeys []*journey.Journey
	opts     WalkerOptions
	walkers  []*Walker
	crashes  int
}

func newTeam(t *testing.T, r *rand.Rand, s *Store, journeys []*journey.Journey, n int) *team {
	out := &team{t: t, r: r, store: s, journeys: journeys, walkers: make([]*Walker, n)}
	out.opts = WalkerOptions{Slice: int64(40 + r.IntN(200)), Chunk: 20 + r.IntN(300)}
	for k := range n {
		out.restart(k)
	}
	return out
}

// restart puts a new walker in a part's place.
func (w *team) restart(k int) {
	w.opts.Part = Part{k + 1, len(w.walkers)}
	w.walkers[k] = newWalker(w.t, w.store, w.journeys, w.opts)
}

// some lets some of the parts walk, in any order, replaces some before and kills some at it.
func (w *team) some() {
	for range w.r.IntN(2 * len(w.walkers)) {
		k := w.r.IntN(len(w.walkers))
		if w.r.IntN(3) == 0 {
			w.restart(k)
		}
		if w.r.IntN(4) > 0 {
			catchUp(w.t, w.walkers[k])
			continue
		}
		whole := w.store.conn
		w.store.conn = &crashing{whole, w.r.Int64N(30)}
		_, err := w.walkers[k].CatchUp(w.t.Context())
		w.store.conn = whole
		if errors.Is(err, errCrash) {
			w.crashes++
			w.restart(k)
			continue
		}
		must(w.t, err)
	}
}

// finish has all parts catch up at the same time, and expects nothing to be left.
func (w *team) finish() {
	w.t.Helper()
	var group errgroup.Group
	for k := range w.walkers {
		group.Go(func() error {
			p, err := w.walkers[k].CatchUp(w.t.Context())
			if err == nil && p.Backlog != 0 {
				err = fmt.Errorf("part %d: backlog after catching up: %d", k+1, p.Backlog)
			}
			return err
		})
	}
	must(w.t, group.Wait())
	if behind, _, err := w.store.WalkState(w.t.Context(), ids(w.journeys), Part{}); err != nil || behind != 0 {
		w.t.Errorf("all parts caught up: %d behind, error %v", behind, err)
	}
	for k := range w.walkers {
		w.restart(k)
		if p := catchUp(w.t, w.walkers[k]); p.Walks != 0 {
			w.t.Errorf("part %d begins again, and nothing is new: %+v", k+1, p)
		}
	}
}

func ids(journeys []*journey.Journey) []journey.JourneyID {
	out := make([]journey.JourneyID, len(journeys))
	for i, j := range journeys {
		out[i] = j.ID
	}
	return out
}

// replacedBy expects the walkers of a division to end when those of another have begun, and what one of them still writes to go.
func (w *team) replacedBy(next *team) {
	if w == nil {
		return
	}
	w.t.Helper()
	former := w.walkers[0]
	if _, err := former.CatchUp(w.t.Context()); !errors.Is(err, ErrOtherDivision) {
		w.t.Errorf("a walker of the former division: got error %v", err)
	}
	if err := former.Run(w.t.Context()); !errors.Is(err, ErrOtherDivision) {
		w.t.Errorf("a walker of the former division runs on: %v", err)
	}
	if first := next.walkers[0].number; first <= former.number {
		w.t.Errorf("walk %d after walk %d of the former division", first, former.number)
	}
	late := fmt.Sprintf("INSERT INTO findings (journey, subject, walked) VALUES ('by-person', 'email:nobody', %d)", former.number+1)
	must(w.t, w.store.conn.Exec(w.t.Context(), late))
}

// byOne is what one walker makes of all that is stored.
func byOne(t *testing.T, s *Store, journeys []*journey.Journey) map[string][]string {
	t.Helper()
	for _, table := range []string{"people", "links", "account_links", "findings", "walked", "people_walked"} {
		must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE "+table))
	}
	catchUp(t, newWalker(t, s, journeys, WalkerOptions{}))
	return derived(t, s)
}

// narrower are journeys under which keys are shared sooner.
func narrower(t *testing.T) []*journey.Journey {
	journeys := testJourneys(t, "v2")
	for _, j := range journeys {
		j.Identity.Limits = map[string]int{"phone": 1, "email": 2, "cookie": 2}
	}
	return journeys
}

// TestPartsTogetherDoAsOneWalker delivers histories to two or three parts that walk in any order, are replaced and killed, while
// people state things and correct moods; and expects what one walker finds. In every other world interactions are scored anew and the
// definition changes on the way, after which everything is rebuilt.
func TestPartsTogetherDoAsOneWalker(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	for world := range uint64(4) {
		t.Run(fmt.Sprint("world ", world), func(t *testing.T) {
			r := rand.New(rand.NewPCG(world, 1))
			empty(t, s)
			for _, table := range []string{"identity_statements", "corrections", "reprocessed"} {
				must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE "+table))
			}
			statements := randomStatements(r)
			blocks := deliver(r, randomRecords(r, 160))
			w := newTeam(t, r, s, testJourneys(t, "v1"), 2+r.IntN(2))
			for i, b := range blocks {
				b.Token = fmt.Sprint(t.Name(), i)
				must(t, s.Write(t.Context(), b))
				if len(statements) > 0 && i > 0 {
					statements[0].put(t, s)
					statements = statements[1:]
				}
				must(t, correctOne(t, s, &b.Records[0].Interaction))
				if world%2 == 1 && i == len(blocks)/3 {
					w.journeys = narrower(t) // from the next start of each part
				}
				if world%2 == 1 && i == len(blocks)/2 {
					_, err := s.Reprocess(t.Context(), Reprocessing{Kind: "rescore", Version: "sadder", Change: sadder})
					must(t, err)
				}
				w.some()
			}
			for k := range w.walkers {
				w.restart(k)
			}
			w.finish()
			got := derived(t, s)
			if diff := cmp.Diff(got, byOne(t, s, w.journeys)); diff != "" {
				t.Fatalf("%d parts, %d crashes (-got, +one walker):\n%s", len(w.walkers), w.crashes, diff)
			}
		})
	}
}

// TestPartThatIsBehindFindsWhoCameApart has one part walk, and the other begin again, when links of a number that turns out to be shared
// are stored already: who was joined by it comes apart, and what arrives names only one of them.
func TestPartThatIsBehindFindsWhoCameApart(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	journeys := testJourneys(t, "v1")
	w := newTeam(t, rand.New(rand.NewPCG(0, 0)), s, journeys, 2)
	offset := int64(0)
	met := func(number int) (out []journey.Record) {
		for family := range 12 {
			rec := record(0, offset)
			rec.Interaction.Keys = []journey.ContactKey{journey.ContactKey(fmt.Sprintf("email:%d-%d", family, number)), journey.ContactKey(fmt.Sprint("phone:", family))}
			rec.Tag.Journey, rec.Tag.Automatic = "by-person", false
			out, offset = append(out, rec), offset+1
		}
		return out
	}
	for number := range 3 { // two addresses are one person's; three show that the number is shared
		must(t, s.Write(t.Context(), block(fmt.Sprint(number), met(number)...)))
		catchUp(t, w.walkers[number%2])
		w.restart(1 - number%2)
		catchUp(t, w.walkers[1-number%2])
	}
	w.finish()
	if got := dump(t, s, "SELECT uniqExact(subject), uniqExact(person) FROM cases"); got != "36\t36\n" {
		t.Errorf("families of three who share a number: got %s", got)
	}
	got := derived(t, s)
	if diff := cmp.Diff(got, byOne(t, s, journeys)); diff != "" {
		t.Fatalf("two parts (-got, +one walker):\n%s", diff)
	}
}

// correctOne corrects the mood of a text, if it is one.
func correctOne(t *testing.T, s *Store, x *journey.Interaction) error {
	err := s.Correct(t.Context(), Correction{Origin: x.Origin, ID: x.ID, Label: "negative", By: "anna", At: correctedAt})
	if errors.Is(err, ErrNoText) {
		return nil
	}
	return err
}

// sadder gives texts another mood.
func sadder(_ context.Context, records []journey.Record) error {
	for i := range records {
		if records[i].Mood.Eligible && records[i].Mood.Label == "positive" {
			records[i].Mood.Label = "neutral"
		}
	}
	return nil
}

// TestDivisionChanges goes from one walker to two, three and back, while data come in. A division of which not all parts have begun
// says that it is behind, and a walker of a former one gives up.
func TestDivisionChanges(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := rand.New(rand.NewPCG(4, 4))
	journeys := testJourneys(t, "v1")
	for _, j := range journeys {
		must(t, s.PutJourney(t.Context(), j))
	}
	backlog := func() (n int64) {
		behind, _, err := s.WalkState(t.Context(), ids(journeys), Part{})
		must(t, err)
		for _, j := range journeys {
			one := must2(s.Backlog(t.Context(), string(j.ID)))(t)
			n = max(n, one)
		}
		if n != behind {
			t.Errorf("backlog %d, walk state %d", n, behind)
		}
		return n
	}
	blocks := deliver(r, randomRecords(r, 300))
	var before *team
	for i, n := range []int{1, 2, 3, 2, 1} {
		for k := i * len(blocks) / 5; k < (i+1)*len(blocks)/5; k++ {
			must(t, s.Write(t.Context(), blocks[k]))
		}
		w := newTeam(t, r, s, journeys, n)
		for k := range w.walkers {
			if backlog() == 0 {
				t.Errorf("%d of %d parts have walked, and it is said to be complete", k, n)
			}
			catchUp(t, w.walkers[k])
			if own, _, err := s.WalkState(t.Context(), ids(journeys), w.walkers[k].opts.Part); err != nil || own != 0 {
				t.Errorf("part %d of %d, which caught up, is %d behind, error %v", k+1, n, own, err)
			}
		}
		if left := backlog(); left != 0 {
			t.Errorf("%d parts have walked, and %d offsets are left", n, left)
		}
		before.replacedBy(w)
		w.finish()
		if got := dump(t, s, "SELECT count() FROM findings FINAL WHERE subject = 'email:nobody'"); got != "0\n" {
			t.Errorf("%d parts began again, and what one of the former division wrote late is still there: %s", n, got)
		}
		before = w
	}
	if got := dump(t, s, "SELECT count() FROM people_walked"); got != "0\n" {
		t.Errorf("one walker is left, and people_walked still holds %s", got)
	}
	got := derived(t, s)
	if diff := cmp.Diff(got, byOne(t, s, journeys)); diff != "" {
		t.Fatalf("after all divisions (-got, +one walker):\n%s", diff)
	}
}

// TestJourneyLeftOutIsWalkedAnew has a walker that holds one journey of three part a person whom the others know as one.
func TestJourneyLeftOutIsWalkedAnew(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	seeds(t, 2, func(t *testing.T, r *rand.Rand) {
		empty(t, s)
		must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE identity_statements"))
		journeys := testJourneys(t, "v1")
		for i, b := range deliver(r, randomRecords(r, 150)) {
			b.Token = fmt.Sprint(t.Name(), i)
			must(t, s.Write(t.Context(), b))
		}
		catchUp(t, newWalker(t, s, journeys, WalkerOptions{}))
		for _, st := range randomStatements(r) {
			st.put(t, s)
		}
		catchUp(t, newWalker(t, s, journeys[:1], WalkerOptions{}))
		catchUp(t, newWalker(t, s, journeys, WalkerOptions{}))
		got := derived(t, s)
		if diff := cmp.Diff(got, byOne(t, s, journeys)); diff != "" {
			t.Fatalf("left out for a while (-got, +one walker):\n%s", diff)
		}
	})
}
