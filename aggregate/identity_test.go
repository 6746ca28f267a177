package aggregate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

// meeting is a walker and a store that interactions of some keys arrive at.
type meeting struct {
	t       *testing.T
	store   *Store
	walker  *Walker
	arrived int64
}

func meet(t *testing.T, journeys ...*journey.Journey) *meeting {
	s := openStore(t)
	return &meeting{t: t, store: s, walker: newWalker(t, s, journeys, WalkerOptions{})}
}

// see lets an interaction arrive, an hour after the last one.
func (m *meeting) see(kind, account string, keys ...journey.ContactKey) {
	m.t.Helper()
	rec := record(0, m.arrived)
	ix := &rec.Interaction
	ix.Type, ix.ID, ix.Keys, ix.Account = kind, fmt.Sprint(m.arrived), keys, journey.AccountKey(account)
	ix.OccurredAt = time.Date(2026, 3, 1, int(m.arrived), 0, 0, 0, time.UTC)
	rec.Tag.Automatic = false
	rec.Tag.Journey = journey.JourneyID(m.walker.journeys[0].journey.ID)
	rec.Tag.Stages = []journey.StageID{"one"}
	must(m.t, m.store.Write(m.t.Context(), block(fmt.Sprint("see", m.arrived), rec)))
	m.arrived++
}

// cases gives subject and number of interactions of every case, after a walk.
func (m *meeting) cases() string {
	m.t.Helper()
	catchUp(m.t, m.walker)
	return strings.ReplaceAll(dump(m.t, m.store, "SELECT subject, sum(interactions) FROM cases GROUP BY subject ORDER BY subject"), "\t", " ")
}

// TestOldVisitJoinsTheCase lets a form tell who a browser's cookie was.
func TestOldVisitJoinsTheCase(t *testing.T) {
	m := meet(t, testJourneys(t, "v1")[0])
	m.see("web.visited", "", "cookie:1")
	m.see("web.visited", "", "cookie:1")
	if got, want := m.cases(), "cookie:1 2\n"; got != want {
		t.Fatalf("anonymous: got %q, want %q", got, want)
	}
	m.see("form.submitted", "", "email:anna@example.com", "cookie:1")
	if got, want := m.cases(), "email:anna@example.com 3\n"; got != want {
		t.Errorf("after the form: got %q, want %q", got, want)
	}
}

// TestSharedKeyComesApart lets a number connect two people until a third one calls from it.
func TestSharedKeyComesApart(t *testing.T) {
	m := meet(t, testJourneys(t, "v1")[0]) // a number is shared once it was seen with more than two addresses
	m.see("call.held", "", "email:a@x.it", "phone:+3902")
	m.see("call.held", "", "email:b@x.it", "phone:+3902")
	m.see("call.held", "", "phone:+3902")
	if got, want := m.cases(), "email:a@x.it 3\n"; got != want {
		t.Fatalf("two on a number: got %q, want %q", got, want)
	}
	m.see("call.held", "", "email:c@x.it", "phone:+3902")
	apart := "email:a@x.it 1\nemail:b@x.it 1\nemail:c@x.it 1\nphone:+3902 1\n"
	if got := m.cases(); got != apart {
		t.Fatalf("three on a number: got %q, want %q", got, apart)
	}
	shared, err := m.store.SharedKeys(t.Context(), 0)
	must(t, err)
	want := []SharedKey{{
		Key: "phone:+3902", Reason: "limit", Email: 3,
		FirstAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), LastAt: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC),
	}}
	if diff := cmp.Diff(shared, want); diff != "" {
		t.Errorf("shared keys (-got, +want):\n%s", diff)
	}
	// Another walker, that knows only what is stored.
	m.walker = newWalker(t, m.store, testJourneys(t, "v1")[:1], WalkerOptions{})
	m.see("call.held", "", "phone:+3902")
	if got, want := m.cases(), strings.Replace(apart, "+3902 1", "+3902 2", 1); got != want {
		t.Errorf("one more call: got %q, want %q", got, want)
	}
	// The owner knows better.
	personal := testJourneys(t, "v1")[0]
	personal.Identity.Personal = []string{"phone:+3902"}
	m.walker = newWalker(t, m.store, []*journey.Journey{personal}, WalkerOptions{})
	if got, want := m.cases(), "email:a@x.it 5\n"; got != want {
		t.Errorf("a number of one person, says the journey file: got %q, want %q", got, want)
	}
}

// TestStatementsPartAndJoin states things of keys, takes them back, and looks at cases and at what is told of the keys.
func TestStatementsPartAndJoin(t *testing.T) {
	m := meet(t, testJourneys(t, "v1")[0])
	m.see("form.submitted", "", "email:a@x.it", "phone:+3902")
	m.see("form.submitted", "", "email:b@x.it", "phone:+3902")
	m.see("form.submitted", "", "email:c@x.it")
	m.cases()
	state := func(a, b, verdict string) {
		t.Helper()
		must(t, m.store.State(t.Context(), Statement{A: a, B: b, Verdict: verdict, By: "Anna", Why: "asked them", At: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}))
	}
	for _, c := range []struct{ a, b, verdict, want string }{
		{"email:b@x.it", "email:a@x.it", "different", "email:a@x.it 1\nemail:b@x.it 1\nemail:c@x.it 1\n"},
		{"email:c@x.it", "email:b@x.it", "same", "email:a@x.it 1\nemail:b@x.it 2\n"},
		{"email:a@x.it", "email:b@x.it", "", "email:a@x.it 3\n"},
		{"email:c@x.it", "email:b@x.it", "", "email:a@x.it 2\nemail:c@x.it 1\n"},
		{"email:a@x.it", "email:b@x.it", "different", "email:a@x.it 1\nemail:b@x.it 1\nemail:c@x.it 1\n"},
	} {
		state(c.a, c.b, c.verdict)
		if got := m.cases(); got != c.want {
			t.Fatalf("%s and %s stated to be %q: got %q, want %q", c.a, c.b, c.verdict, got, c.want)
		}
	}
	got, err := m.store.Identity(t.Context(), "email:b@x.it")
	must(t, err)
	at := func(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }
	wantLinks := []IdentityLink{
		{A: "email:b@x.it", B: "phone:+3902", Reason: "form.submitted", Counts: "elsewhere", Origin: record(0, 0).Interaction.Origin, ID: "1", At: at(1), LastAt: at(1)},
		{A: "email:a@x.it", B: "email:b@x.it", Reason: "stated", Counts: "different", At: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), By: "Anna", Why: "asked them"},
	}
	if diff := cmp.Diff(got.Links, wantLinks); diff != "" {
		t.Errorf("links (-got, +want):\n%s", diff)
	}
	if len(got.Cases) != 1 || got.Cases[0].Subject != "email:b@x.it" || len(got.Keys) != 1 || got.Keys[0].Interactions != 1 {
		t.Errorf("email:b@x.it: got %+v", got)
	}
	for _, c := range []struct {
		statement Statement
		says      string
	}{
		{Statement{A: "email:a@x.it", B: "email:zz@x.it", Verdict: "same", By: "Anna"}, ErrNoKey.Error()},
		{Statement{A: "email:a@x.it", B: "email:a@x.it", Verdict: "same", By: "Anna"}, "one key"},
		{Statement{A: "email:a@x.it", B: "email:b@x.it", Verdict: "same"}, "nobody is named"},
		{Statement{A: "email:a@x.it", B: "email:b@x.it", Verdict: "perhaps", By: "Anna"}, "perhaps"},
		{Statement{A: "email:a@x.it", B: "email:c@x.it", By: "Anna"}, ErrNothingStated.Error()},
	} {
		if err := m.store.State(t.Context(), c.statement); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: got %v, want an error with %q", c.statement, err, c.says)
		}
	}
}

// TestCompanyWithSeveralPersonas has a technician and a buyer go through one case of their company, and the switchboard as long
// as it is one company's.
func TestCompanyWithSeveralPersonas(t *testing.T) {
	m := meet(t, testJourneys(t, "v1")[1])
	acme := "account:acme.it"
	m.see("form.submitted", acme, "email:tech@acme.it", "phone:+3902")
	m.see("email.received", acme, "email:buyer@acme.it", "phone:+3902")
	m.see("email.received", acme, "email:owner@acme.it", "phone:+3902")
	m.see("call.held", "", "phone:+3902")
	if got, want := m.cases(), "account:acme.it 4\n"; got != want {
		t.Fatalf("one company: got %q, want %q", got, want)
	}
	m.see("email.received", "account:other.it", "email:d@other.it", "phone:+3902") // two companies in one building
	if got, want := m.cases(), "account:acme.it 3\naccount:other.it 1\nphone:+3902 1\n"; got != want {
		t.Fatalf("two companies: got %q, want %q", got, want)
	}
	phone, err := m.store.Identity(t.Context(), "phone:+3902")
	must(t, err)
	for _, l := range phone.Links {
		if l.Counts != "shared" {
			t.Errorf("a number of two companies: got %+v, want no link that counts", l)
		}
	}
	company, err := m.store.Account(t.Context(), acme)
	must(t, err)
	if diff := cmp.Diff(company.Persons, []string{"email:buyer@acme.it", "email:owner@acme.it", "email:tech@acme.it"}); diff != "" {
		t.Errorf("persons of %s (-got, +want):\n%s", acme, diff)
	}
	if len(company.Cases) != 1 || company.Cases[0].Subject != acme {
		t.Errorf("cases of %s: got %+v", acme, company.Cases)
	}
}

func TestFindKeys(t *testing.T) {
	m := meet(t, testJourneys(t, "v1")[0])
	m.see("form.submitted", "account:acme.it", "crm:suite/7", "email:anna@acme.it", "phone:+393331234567")
	m.see("form.submitted", "", "email:annalisa@example.com")
	m.cases()
	for text, want := range map[string][]string{
		"email:anna@acme.it": {"email:anna@acme.it"},
		"Anna@Acme.it":       {"email:anna@acme.it"},
		"+39 333 1234567":    {"phone:+393331234567"},
		"333 1234567":        {"phone:+393331234567"},
		"7":                  {"crm:suite/7"},
		"acme.it":            {"account:acme.it"},
		"anna":               {"email:anna@acme.it", "email:annalisa@example.com"},
		"nobody":             nil,
		"":                   nil,
	} {
		got, err := m.store.FindKeys(t.Context(), text, 10)
		must(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("find %q: got %q, want %q", text, got, want)
		}
	}
	if _, err := m.store.Identity(t.Context(), "email:nobody@example.com"); !errors.Is(err, ErrNoKey) {
		t.Errorf("nobody: got %v, want ErrNoKey", err)
	}
}
