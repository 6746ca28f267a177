package discover

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

var update = flag.Bool("update", false, "rewrite golden files")

// step is an interaction of a small world, a number of hours after the first of its case.
type step struct {
	hours     int
	typ       string
	activity  string
	to        string
	direction journey.Direction
}

func (s step) interaction(who, n int) journey.Interaction {
	source, _, _ := strings.Cut(s.typ, ".")
	ix := journey.Interaction{
		Origin: "test", ID: fmt.Sprint(who, "/", n), Source: journey.Source(source), Type: s.typ, Activity: s.activity, To: s.to,
		OccurredAt: time.Date(2026, 1, 5+who, 9+s.hours, 0, 0, 0, time.UTC), Direction: s.direction, Public: true,
		Keys: []journey.ContactKey{journey.ContactKey(fmt.Sprint("email:", who, "@example.com"))},
	}
	if ix.Activity == "" {
		ix.Activity = s.typ
	}
	if s.direction == journey.Outbound {
		ix.Agent = "mario"
	}
	if ix.Source == journey.SourceTicket {
		ix.Thread = fmt.Sprint("ticket:desk/", who)
	}
	return ix
}

// shop sells machines: visits, forms, calls, quotes, orders, tickets.
func shop() []journey.Interaction {
	path := []step{
		{0, "web.visited", "", "/machines", journey.Inbound},
		{1, "form.submitted", "", "quote-request", journey.Inbound},
		{4, "call.held", "", "+39021234567", journey.Outbound},
		{30, "quote.sent", "", "", journey.Outbound},
		{80, "email.received", "", "sales@example.it", journey.Inbound},
		{200, "order.placed", "", "", journey.Inbound},
		{900, "ticket.opened", "", "", journey.Inbound},
		{930, "ticket.solved", "", "", journey.Outbound},
	}
	var out []journey.Interaction
	for who := range 40 {
		last := []int{2, 3, 5, 6, 8}[who%5]
		for n, s := range path[:last] {
			if s.to == "/machines" && who%2 == 0 {
				s.to = "/spare-parts"
			}
			out = append(out, s.interaction(who, n))
		}
		if who%5 == 1 {
			out = append(out, step{60, "quote.sent", "", "", journey.Outbound}.interaction(who, 10), step{90, "quote.rejected", "", "", journey.Inbound}.interaction(who, 11))
		}
	}
	return out
}

// desk is a process log: one type, and the source's own names for what happens.
func desk() []journey.Interaction {
	var out []journey.Interaction
	for who := range 30 {
		names := []string{"Registered", "Classified", "In progress", "Waiting for 'parts'", "Resolved", "Closed"}
		if who%3 == 0 {
			names = []string{"Registered", "Classified", "CANCELLED_BY|USER"}
		}
		for n, name := range names {
			out = append(out, step{n * 20, "ticket.updated", name, "", journey.Internal}.interaction(who, n))
		}
	}
	return out
}

func propose(t *testing.T, list []journey.Interaction) Proposal {
	t.Helper()
	l := New()
	for i := range list {
		l.Add(&list[i])
	}
	l.Unusable("unknown type: \"other.thing\"")
	p, err := l.Propose(Options{ID: "test", Country: "IT"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestProposals holds what is proposed for two small worlds, that it is a journey file without warnings, and that it tags all.
func TestProposals(t *testing.T) {
	for name, list := range map[string][]journey.Interaction{"shop": shop(), "desk": desk()} {
		p := propose(t, list)
		golden := filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(golden, p.YAML, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(p.YAML), string(want)); diff != "" {
			t.Errorf("%s: run with -update if this is better (-got, +want):\n%s", name, diff)
		}
		j, err := journey.Parse(golden, p.YAML)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.Unmapped != 0 || p.Tagged != len(list) {
			t.Errorf("%s: %d tagged, %d not, of %d", name, p.Tagged, p.Unmapped, len(list))
		}
		for i := range list {
			if j.Tag(&list[i]).Rule == "" {
				t.Fatalf("%s: no rule for %+v", name, list[i])
			}
		}
	}
}

// TestOrderDoesNotMatter proposes the same from the same interactions in another order, some of them twice.
func TestOrderDoesNotMatter(t *testing.T) {
	list := shop()
	want := string(propose(t, list).YAML)
	r := rand.New(rand.NewPCG(1, 1))
	list = append(list, list[:20]...)
	r.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	if diff := cmp.Diff(string(propose(t, list).YAML), want); diff != "" {
		t.Errorf("shuffled (-got, +want):\n%s", diff)
	}
}

// TestHostileNames has the source's words be anything at all.
func TestHostileNames(t *testing.T) {
	var list []journey.Interaction
	for who := range 12 {
		for n, name := range []string{`it's "quoted"`, "a: b # c", "{x}", "\u00e8 \u4e16\u754c", "\\n", "- x", "%s", "*", "&a", "\x01"} {
			list = append(list, step{n, "ticket.updated", name, `"; drop`, journey.Internal}.interaction(who, n))
		}
	}
	if p := propose(t, list); p.Unmapped != 0 {
		t.Errorf("%d are not tagged by\n%s", p.Unmapped, p.YAML)
	}
}

func TestNothing(t *testing.T) {
	if _, err := New().Propose(Options{}); !errors.Is(err, ErrNothing) {
		t.Errorf("got %v, want ErrNothing", err)
	}
}

func TestSilence(t *testing.T) {
	for hours, want := range map[int64]string{0: "1d", 24: "1d", 25: "2d", 24 * 8: "14d", 24 * 1000: "365d"} {
		gaps := make([]int64, enough)
		for i := range gaps {
			gaps[i] = hours * time.Hour.Milliseconds()
		}
		if got := silence(gaps); got != want {
			t.Errorf("%d hours: got %s, want %s", hours, got, want)
		}
	}
	if got := silence([]int64{1}); got != "30d" {
		t.Errorf("one gap: got %s", got)
	}
}
