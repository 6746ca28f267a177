package people

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// fact is a sighting or, with a verdict, a statement of two keys.
type fact struct {
	account string
	keys    []string
	verdict Verdict
	stated  bool
}

func (f fact) tell(g *Graph) {
	if f.stated {
		g.State(f.keys[0], f.keys[1], f.verdict)
		return
	}
	g.See(f.account, f.keys...)
}

var testRules = Rules{
	Limits:   map[string]int{"phone": 2, "email": 3, "cookie": 2, "crm": 3, "ticket": 3, "other": 3},
	Shared:   []string{"email:1"},
	Personal: []string{"phone:2"},
	Desk:     func(key string) bool { return key == "email:7" },
}

var genKey = rapid.Map(rapid.IntRange(0, 23), func(i int) string {
	return fmt.Sprint([]string{"email:", "phone:", "crm:", "cookie:", "ticket:", "badge:"}[i%6], i)
})

var genSighting = rapid.Custom(func(t *rapid.T) fact {
	return fact{
		account: rapid.SampledFrom([]string{"", "", "", "account:a", "account:b", "account:c"}).Draw(t, "account"),
		keys:    rapid.SliceOfN(genKey, 1, 3).Draw(t, "keys"),
	}
})

var genStatement = rapid.Custom(func(t *rapid.T) fact {
	keys := rapid.SliceOfNDistinct(genKey, 2, 2, rapid.ID).Draw(t, "pair")
	return fact{keys: keys, stated: true, verdict: rapid.SampledFrom([]Verdict{Unstated, Same, Different, Different}).Draw(t, "verdict")}
})

// asText gives all that a graph knows of every key.
func asText(g *Graph) map[string]string {
	g.Settle()
	out := map[string]string{}
	for id := range ID(g.Len()) {
		if !g.IsKey(id) {
			continue
		}
		members := map[string]bool{}
		g.EachOfPerson(id, func(m ID) { members[g.Key(m)] = true })
		out[g.Key(id)] = fmt.Sprint(g.Name(g.Person(id)), " of ", g.Name(g.Account(id)), " in ", g.Name(g.Company(id)), " shared ", g.Shared(id), slices.Sorted(maps.Keys(members)))
	}
	return out
}

// world is all facts, looked at in the slowest way.
type world struct {
	keys     map[string]bool
	edges    map[[2]string]bool         // both directions
	accounts map[string]map[string]bool // by key
	verdicts map[[2]string]Verdict      // both directions
	shared   map[string]Reason
}

func look(facts []fact) *world {
	w := &world{map[string]bool{}, map[[2]string]bool{}, map[string]map[string]bool{}, map[[2]string]Verdict{}, map[string]Reason{}}
	for _, f := range facts {
		for i, a := range f.keys {
			w.keys[a] = true
			if f.account != "" {
				if w.accounts[a] == nil {
					w.accounts[a] = map[string]bool{}
				}
				w.accounts[a][f.account] = true
			}
			for _, b := range f.keys[:i] {
				switch {
				case a == b:
				case f.stated:
					w.verdicts[[2]string{a, b}], w.verdicts[[2]string{b, a}] = f.verdict, f.verdict
				default:
					w.edges[[2]string{a, b}], w.edges[[2]string{b, a}] = true, true
				}
			}
		}
	}
	for key := range w.keys {
		w.shared[key] = w.reason(key)
	}
	return w
}

func (w *world) reason(key string) Reason {
	kind, _, _ := strings.Cut(key, ":")
	limit, set := testRules.Limits[kind]
	if !set {
		limit = testRules.Limits["other"]
	}
	switch {
	case slices.Contains(testRules.Shared, key):
		return SharedList
	case slices.Contains(testRules.Personal, key):
		return NotShared
	case testRules.Desk(key):
		return SharedDesk
	}
	count := map[string]int{}
	for edge := range w.edges {
		if other, _, _ := strings.Cut(edge[1], ":"); edge[0] == key && (other == "crm" || other == "email" || other == "phone") {
			count[other]++
		}
	}
	for kind, n := range count {
		if n > limit*map[string]int{"crm": 5, "email": 1, "phone": 1}[kind] {
			return SharedLimit
		}
	}
	return NotShared
}

// group is what can be reached from start over edges.
func group(start string, edges map[[2]string]bool) map[string]bool {
	found := map[string]bool{start: true}
	for grown := true; grown; {
		grown = false
		for e := range edges {
			if found[e[0]] && !found[e[1]] {
				found[e[1]], grown = true, true
			}
		}
	}
	return found
}

// kept are the edges that count: links of keys that are not shared and stated pairs, taken in their order, but for those that
// would bring together what differs.
func (w *world) kept() map[[2]string]bool {
	var all [][2]string
	for e := range w.edges {
		if w.shared[e[0]] == NotShared && w.shared[e[1]] == NotShared && CompareKeys(e[0], e[1]) < 0 {
			all = append(all, e)
		}
	}
	for e, v := range w.verdicts {
		if v == Same && CompareKeys(e[0], e[1]) < 0 && !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(x, y [2]string) int {
		if sx, sy := w.verdicts[x] == Same, w.verdicts[y] == Same; sx != sy {
			if sx {
				return -1
			}
			return 1
		}
		if c := CompareKeys(x[0], y[0]); c != 0 {
			return c
		}
		return CompareKeys(x[1], y[1])
	})
	out := map[[2]string]bool{}
	for _, e := range all {
		a, b := group(e[0], out), group(e[1], out)
		apart := false
		for pair, v := range w.verdicts {
			apart = apart || v == Different && a[pair[0]] && b[pair[1]]
		}
		if !apart {
			out[e], out[[2]string{e[1], e[0]}] = true, true
		}
	}
	return out
}

func (w *world) asText() map[string]string {
	edges := w.kept()
	companies := maps.Clone(edges)
	employers := func(key string) []string {
		if w.shared[key] != NotShared && len(w.accounts[key]) > 1 {
			return nil
		}
		return slices.Sorted(maps.Keys(w.accounts[key]))
	}
	for key := range w.keys {
		for _, account := range employers(key) {
			companies[[2]string{key, accountMark + account}], companies[[2]string{accountMark + account, key}] = true, true
		}
	}
	out := map[string]string{}
	for key := range w.keys {
		members := slices.Sorted(maps.Keys(group(key, edges)))
		var accounts []string
		for _, m := range members {
			accounts = append(accounts, employers(m)...)
		}
		account := ""
		if len(accounts) > 0 {
			account = slices.Min(accounts)
		}
		company := slices.MinFunc(slices.Collect(maps.Keys(group(key, companies))), CompareKeys)
		out[key] = fmt.Sprint(slices.MinFunc(members, CompareKeys), " of ", account, " in ", strings.TrimPrefix(company, accountMark),
			" shared ", w.shared[key], members)
	}
	return out
}

// TestOnlyTheFactsMatter tells the same facts in any order, some of them twice, with looks in between, and holds what is
// known in the end against the slow way.
func TestOnlyTheFactsMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sightings := rapid.SliceOfN(genSighting, 0, 50).Draw(t, "sightings")
		stated := rapid.SliceOfNDistinct(genStatement, 0, 6, func(f fact) string { return fmt.Sprint(slices.Sorted(slices.Values(f.keys))) }).Draw(t, "stated")
		facts := append(slices.Clone(sightings), stated...)
		want := look(facts).asText()
		again := rapid.Permutation(append(facts, sightings[:len(sightings)/2]...)).Draw(t, "again")
		for name, list := range map[string][]fact{"in order": facts, "shuffled": again} {
			g := New(testRules, true)
			for i, f := range list {
				if f.stated && i%2 == 0 { // what was stated before and no longer counts
					g.State(f.keys[0], f.keys[1], Same+Verdict(i/2%2))
				}
				if i%7 == 0 {
					g.Settle()
				}
				f.tell(g)
			}
			if diff := cmp.Diff(asText(g), want); diff != "" {
				t.Fatalf("%s (-got, +want):\n%s", name, diff)
			}
		}
	})
}

// TestSettleGivesWhoChanged expects every key whose person, account, company or sharing is another than before to be given by
// Settle, or to be in a component with a key of the sighting.
func TestSettleGivesWhoChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := New(testRules, true)
		for _, f := range rapid.SliceOfN(rapid.OneOf(genSighting, genSighting, genStatement), 0, 50).Draw(t, "facts") {
			before := asText(g)
			f.tell(g)
			walked := map[ID]bool{}
			for _, id := range g.Settle() {
				walked[id] = true
			}
			if !f.stated {
				for _, key := range f.keys {
					id, _ := g.Find(key)
					g.EachOfPerson(id, func(m ID) { walked[m] = true })
					g.EachOfCompany(id, func(m ID) { walked[m] = true })
				}
			}
			for key, after := range asText(g) {
				if id, _ := g.Find(key); before[key] != after && before[key] != "" && !walked[id] {
					t.Fatalf("%s was %s, is %s, and nobody says so", key, before[key], after)
				}
			}
		}
	})
}

func TestCompareKeys(t *testing.T) {
	want := []string{
		accountMark + "account:z", "crm:suite/9", "email:a@example.com", "email:b@example.com", "phone:+39021234567", "ticket:desk/1",
		"account:a", "badge:7", "session:1", "cookie:0", "cookie:1",
	}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, CompareKeys)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("order (-got, +want):\n%s", diff)
	}
}

// TestBothEndsOfALinkCount has one link make both of its keys shared.
func TestBothEndsOfALinkCount(t *testing.T) {
	g := New(Rules{Limits: map[string]int{"phone": 1, "email": 1}}, false)
	g.See("", "email:a", "phone:1")
	g.See("", "email:b", "phone:2")
	g.See("", "email:a", "phone:2")
	g.Settle()
	for _, key := range []string{"email:a", "phone:2"} {
		if id, _ := g.Find(key); g.Shared(id) != SharedLimit {
			t.Errorf("%s was seen with two and is not shared", key)
		}
	}
}

// TestSwitchboardDoesNotGlueStrangers reads the rules on an example: a number that three people call from.
func TestSwitchboardDoesNotGlueStrangers(t *testing.T) {
	g := New(Rules{Limits: map[string]int{"phone": 2}}, true)
	g.See("account:acme.it", "email:a@acme.it", "phone:+3902")
	g.See("account:acme.it", "email:b@acme.it", "phone:+3902")
	a, _ := g.Find("email:a@acme.it")
	b, _ := g.Find("email:b@acme.it")
	if g.Settle(); g.Person(a) != g.Person(b) {
		t.Error("two on one number: want one person")
	}
	g.See("account:acme.it", "email:c@acme.it", "phone:+3902")
	g.Settle()
	phone, _ := g.Find("phone:+3902")
	if g.Person(a) == g.Person(b) || g.Person(phone) != phone || g.Shared(phone) != SharedLimit {
		t.Error("three on one number: want strangers, and the number shared")
	}
	if g.Name(g.Company(phone)) != "account:acme.it" {
		t.Errorf("a number of one company: in %q", g.Name(g.Company(phone)))
	}
	g.See("account:other.it", "email:d@other.it", "phone:+3902")
	g.Settle()
	if g.Company(phone) != phone {
		t.Errorf("a number of two companies: in %q", g.Name(g.Company(phone)))
	}
	g.State("phone:+3902", "email:d@other.it", Same)
	g.Settle()
	if d, _ := g.Find("email:d@other.it"); g.Person(phone) != d {
		t.Error("stated to be somebody's: it is not")
	}
}

func TestFingerprint(t *testing.T) {
	same := Rules{Limits: map[string]int{"phone": 2}}
	if same.Fingerprint() != (Rules{}).Fingerprint() {
		t.Error("the defaults said aloud are other rules")
	}
	for _, other := range []Rules{{Limits: map[string]int{"phone": 6}}, {Shared: []string{"a"}}, {Personal: []string{"a"}}, {DeskVersion: "2"}} {
		if other.Fingerprint() == (Rules{}).Fingerprint() {
			t.Errorf("%+v: the fingerprint of the defaults", other)
		}
	}
}
