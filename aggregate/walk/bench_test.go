package walk

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tappa/journey"
)

// BenchmarkWalk walks people of twenty interactions each through five stages.
func BenchmarkWalk(b *testing.B) {
	const people, each = 1000, 20
	r := rand.New(rand.NewPCG(1, 1))
	j := &journey.Journey{ID: "bench", Location: time.UTC}
	for i := range 5 {
		j.Stages = append(j.Stages, journey.Stage{ID: journey.StageID(fmt.Sprint(i)), Silence: 30 * 24 * time.Hour})
	}
	def, err := Define(j)
	if err != nil {
		b.Fatal(err)
	}
	subjects := make([][]Interaction, people)
	roles := []Role{0, Automatic, Asks, Asks, Asks | Missed, Answers, Answers, Talked}
	for p := range subjects {
		at := int64(1_700_000_000_000)
		for i := range each {
			at += r.Int64N(20 * 24 * hour)
			x := Interaction{
				At: at, Origin: "site", ID: fmt.Sprintf("%08x-%d", r.Uint32(), i), Key: "k", Person: fmt.Sprint("email:", p, "@example.com"),
				Role: roles[r.IntN(len(roles))], Stages: []uint8{uint8(r.IntN(5))},
			}
			if r.IntN(2) == 0 {
				x.Thread = fmt.Sprint("ticket:desk/", p, "-", r.IntN(3))
			}
			subjects[p] = append(subjects[p], x)
		}
	}
	w := New(def)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for p, in := range subjects {
			n += len(w.Walk(subjects[p][0].Person, in).Steps)
		}
	}
	if n == 0 {
		b.Fatal("no steps")
	}
	perSecond := float64(b.N) * people * each / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "interactions/s")
	b.ReportMetric(1e9/perSecond, "ns/interaction")
}
