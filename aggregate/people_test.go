package aggregate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sighting is what one interaction tells of keys.
type sighting struct {
	account string
	keys    []string
}

var genSighting = rapid.Custom(func(t *rapid.T) sighting {
	key := rapid.Map(rapid.IntRange(0, 30), func(i int) string {
		return fmt.Sprint([]string{"email:", "phone:", "crm:", "cookie:", "ticket:", "badge:"}[i%6], i)
	})
	return sighting{
		account: rapid.SampledFrom([]string{"", "", "account:a", "account:b", "account:c"}).Draw(t, "account"),
		keys:    rapid.SliceOfN(key, 1, 3).Draw(t, "keys"),
	}
})

// know gives all that is known of every key, as text.
func know(seen []sighting) map[string]string {
	p := newPeople(true)
	for _, s := range seen {
		p.learn(s.account, s.keys...)
	}
	out := map[string]string{}
	for id, key := range p.persons.keys {
		var members []string
		for m := range p.persons.members(int32(id)) {
			members = append(members, p.persons.keys[m])
		}
		slices.Sort(members)
		out[key] = fmt.Sprint(p.person(int32(id)), p.accountOf(int32(id)), p.company(key), members)
	}
	return out
}

// bruteKnow finds components by following every sighting until nothing is new.
func bruteKnow(seen []sighting) map[string]string {
	reach := func(start string, accounts bool) map[string]bool {
		found := map[string]bool{start: true}
		for grown := true; grown; {
			grown = false
			for _, s := range seen {
				nodes := slices.Clone(s.keys)
				if accounts && s.account != "" {
					nodes = append(nodes, s.account)
				}
				if slices.ContainsFunc(nodes, func(n string) bool { return found[n] }) {
					for _, n := range nodes {
						grown = grown || !found[n]
						found[n] = true
					}
				}
			}
		}
		return found
	}
	out := map[string]string{}
	for _, s := range seen {
		for _, key := range s.keys {
			members := slices.Sorted(maps.Keys(reach(key, false)))
			person := slices.MinFunc(members, compareKeys)
			account := ""
			for _, o := range seen {
				if o.account != "" && slices.Contains(members, o.keys[0]) && (account == "" || o.account < account) {
					account = o.account
				}
			}
			all := slices.Sorted(maps.Keys(reach(key, true)))
			company := slices.MinFunc(all, compareKeys)
			if i := slices.IndexFunc(all, func(k string) bool { return strings.HasPrefix(k, "account:") }); i >= 0 {
				company = all[i]
			}
			out[key] = fmt.Sprint(person, account, company, members)
		}
	}
	return out
}

func TestPeopleDoNotDependOnTheOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seen := rapid.SliceOfN(genSighting, 0, 40).Draw(t, "seen")
		again := rapid.Permutation(append(slices.Clone(seen), seen[:len(seen)/2]...)).Draw(t, "again")
		want := bruteKnow(seen)
		for name, list := range map[string][]sighting{"in order": seen, "shuffled": again} {
			if diff := cmp.Diff(know(list), want); diff != "" {
				t.Fatalf("%s (-got, +want):\n%s", name, diff)
			}
		}
	})
}

func TestCompareKeys(t *testing.T) {
	want := []string{
		accountNode("account:z"), "crm:suite/9", "email:a@example.com", "email:b@example.com", "phone:+39021234567", "ticket:desk/1",
		"account:a", "badge:7", "session:1", "cookie:0", "cookie:1",
	}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, compareKeys)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("order (-got, +want):\n%s", diff)
	}
}
