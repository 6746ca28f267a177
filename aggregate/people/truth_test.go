package people

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// truth is an invented town: who owns which key, and what was seen of them. Keys that several people use have no owner.
type truth struct {
	owner     map[string]int
	sightings [][]string
	random    *rand.Rand
	persons   int
}

func (w *truth) own(person int, key string) string {
	w.owner[key] = person
	return key
}

func (w *truth) see(keys ...string) { w.sightings = append(w.sightings, keys) }

func (w *truth) chance(percent int) bool { return w.random.IntN(100) < percent }

// town invents people with the habits that make it hard to tell who is who: a third has a second address, one in ten mistypes an
// address once, one in ten changed the number, which somebody else has now in a third of cases; families share a landline and a
// computer, offices a switchboard and a mailbox, shops a tablet on the counter, and a call centre writes 0000000 where it has no number.
func town(seed uint64, persons int) *truth {
	w := &truth{owner: map[string]int{}, random: rand.New(rand.NewPCG(seed, 0)), persons: persons}
	freed := []string{} // numbers that their owners gave up
	for p := range persons {
		mail, phone := w.own(p, fmt.Sprintf("email:p%d@example.com", p)), w.own(p, fmt.Sprintf("phone:+39333%07d", p))
		if len(freed) > 0 && w.chance(3) {
			phone = freed[len(freed)-1] // nobody's for good: it was another's before
			delete(w.owner, phone)
			freed = freed[:len(freed)-1]
		}
		w.see(mail, phone)
		if w.chance(60) {
			w.see(w.own(p, fmt.Sprintf("crm:suite/%d", p)), mail, phone)
		}
		for c := range 1 + w.random.IntN(3) {
			cookie := w.own(p, fmt.Sprintf("cookie:%d-%d", p, c))
			w.see(cookie)
			if w.chance(70) {
				w.see(mail, cookie)
			}
		}
		if w.chance(33) {
			second := w.own(p, fmt.Sprintf("email:p%d@work.example", p))
			w.see(second, phone)
		}
		if w.chance(10) {
			w.see(w.own(p, fmt.Sprintf("email:p%d@exmaple.com", p)), phone)
		}
		if w.chance(10) {
			w.see(mail, w.own(p, fmt.Sprintf("phone:+39347%07d", p)))
			if w.chance(33) {
				freed = append(freed, phone)
			}
		}
		w.share(p, mail, phone)
	}
	return w
}

// share has a person use what others use too.
func (w *truth) share(p int, mail, phone string) {
	// A quarter of people, in families of two, three and four.
	if family := 4*(p/12) + []int{0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3}[p%12]; p/12%4 == 0 {
		w.see(mail, fmt.Sprintf("phone:+3902%07d", family))
		if w.chance(50) {
			w.see(mail, fmt.Sprintf("cookie:family-%d", family))
		}
	}
	if office := p / 40; office%5 == 1 { // a fifth, in offices of forty
		w.see(mail, fmt.Sprintf("phone:+3906%07d", office))
		if w.chance(40) {
			w.see(phone, fmt.Sprintf("email:studio%d@example.org", office))
		}
		if w.chance(20) {
			w.see(fmt.Sprintf("email:info@office%d.example", office), phone)
		}
	}
	if w.chance(4) {
		w.see(mail, fmt.Sprintf("cookie:tablet-%d", w.random.IntN(1+w.persons/500)))
	}
	if w.chance(2) {
		w.see(mail, "phone:+390000000000")
	}
}

// score compares what a graph makes of the town with what is true, pair of keys by pair of keys: of those it takes for one
// person how many are (precision), and of those that are how many it takes for one (recall).
func (w *truth) score(g *Graph) (precision, recall float64) {
	type both struct{ person, owner int }
	together, found, owned := map[both]int{}, map[int]int{}, map[int]int{}
	for key, owner := range w.owner {
		id, known := g.Find(key)
		if !known {
			continue
		}
		person := int(g.Person(id))
		together[both{person, owner}]++
		found[person]++
		owned[owner]++
	}
	pairs := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	var right, said, is float64
	for _, n := range together {
		right += pairs(n)
	}
	for _, n := range found {
		said += pairs(n)
	}
	for _, n := range owned {
		is += pairs(n)
	}
	return right / said, right / is
}

func (w *truth) graph(rules Rules) *Graph {
	g := New(rules, false)
	for _, keys := range w.sightings {
		g.See("", keys...)
	}
	g.Settle()
	return g
}

// TestPrecisionAndRecall measures the rules on an invented town of 20,000 people, beside rules that know nothing of shared
// keys. With -v it prints the table that docs/identity.md shows.
func TestPrecisionAndRecall(t *testing.T) {
	w := town(1, 20_000)
	desk := func(key string) bool { return len(key) > 10 && key[:11] == "email:info@" }
	none := map[string]int{}
	for kind := range DefaultLimits() {
		none[kind] = MaxLimit
	}
	wide := map[string]int{"phone": 5, "cookie": 5, "email": 10, "ticket": 10, "other": 10}
	type result struct{ precision, recall float64 }
	got := map[string]result{}
	for _, c := range []struct {
		name  string
		rules Rules
	}{
		{"no rules (limits of 250)", Rules{Limits: none}},
		{"wide: phone 5, cookie 5, email 10", Rules{Limits: wide, Desk: desk}},
		{"defaults", Rules{Desk: desk}},
		{"narrow: phone 1, cookie 1, email 3", Rules{Desk: desk, Limits: map[string]int{"phone": 1, "cookie": 1, "email": 3}}},
	} {
		var r result
		r.precision, r.recall = w.score(w.graph(c.rules))
		got[c.name] = r
		t.Logf("%-36s precision %.3f  recall %.3f", c.name, r.precision, r.recall)
	}
	t.Logf("%d people, %d keys with one owner, %d sightings", w.persons, len(w.owner), len(w.sightings))
	if d := got["defaults"]; d.precision < 0.85 || d.recall < 0.65 {
		t.Errorf("defaults: got %+v", d)
	}
	if d := got["no rules (limits of 250)"]; d.precision > 0.05 {
		t.Errorf("without limits the town should be glued together: got %+v", d)
	}
}
