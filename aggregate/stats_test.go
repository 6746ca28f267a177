package aggregate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.Abs(got-want) > by {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestFisher(t *testing.T) {
	// Fisher's own: a lady tells which of eight cups had the milk in first.
	near(t, "three of four cups", fisher(3, 4, 1, 4), 34./70, 1e-9)
	near(t, "all cups", fisher(4, 4, 0, 4), 2./70, 1e-9)
	near(t, "R's documentation: convictions", fisher(2, 17, 10, 13), 0.0005367241, 1e-9)
	rapid.Check(t, func(t *rapid.T) {
		n1, n2 := rapid.IntRange(1, 12).Draw(t, "n1"), rapid.IntRange(1, 12).Draw(t, "n2")
		k1, k2 := rapid.IntRange(0, n1).Draw(t, "k1"), rapid.IntRange(0, n2).Draw(t, "k2")
		if got, want := fisher(k1, n1, k2, n2), bruteFisher(k1, n1, k2, n2); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%d of %d, %d of %d: got %v, want %v", k1, n1, k2, n2, got, want)
		}
	})
}

// bruteFisher deals all subsets of as many hits over the two groups, and counts how many are as lopsided.
func bruteFisher(k1, n1, k2, n2 int) float64 {
	ways := make([]int, n1+1) // by hits in the first group
	for set := range 1 << (n1 + n2) {
		first, all := 0, 0
		for i := range n1 + n2 {
			if set>>i&1 == 1 {
				if all++; i < n1 {
					first++
				}
			}
		}
		if all == k1+k2 {
			ways[first]++
		}
		if n1+n2 > 16 {
			break // too many to deal: trust the others
		}
	}
	if n1+n2 > 16 {
		return fisher(k1, n1, k2, n2)
	}
	sum, hit := 0, 0
	for _, n := range ways {
		sum += n
		if n <= ways[k1] {
			hit += n
		}
	}
	return float64(hit) / float64(sum)
}

func TestProportionsDiffer(t *testing.T) {
	// The score test's z² is Pearson's chi-squared of the two by two table.
	chi := 0.
	for _, c := range [][2]float64{{24, 30.5}, {76, 69.5}, {37, 30.5}, {63, 69.5}} {
		chi += (c[0] - c[1]) * (c[0] - c[1]) / c[1]
	}
	near(t, "24 and 37 of 100", proportionsDiffer(24, 100, 37, 100), distuv.ChiSquared{K: 1}.Survival(chi), 1e-12)
	near(t, "nothing in either", proportionsDiffer(0, 10, 0, 20), 1, 0)
	near(t, "few: Fisher", proportionsDiffer(3, 4, 1, 4), 34./70, 1e-9)
}

// signsOf is the mean of so many +1, -1 and 0.
func signsOf(plus, minus, zero int) Measured {
	n := plus + minus + zero
	row := tableRow{"positive": float64(plus), "negative": float64(minus), "scored": float64(n)}
	se, _ := row.standardError("mood", "net")
	return meanOf(float64(plus-minus)/float64(n), se, int64(n))
}

func TestMeansDiffer(t *testing.T) {
	for _, c := range []struct {
		what string
		a, b Measured
		p    float64
		ok   bool
	}{
		// Of values 0 and 1 the test is the one of proportions.
		{"24 and 37 of 100", signsOf(24, 0, 76), signsOf(37, 0, 63), proportionsDiffer(24, 100, 37, 100), true},
		{"all the same", signsOf(0, 40, 0), signsOf(0, 9, 0), 1, true},
		{"one text", signsOf(0, 3, 1), signsOf(0, 0, 1), 0, false},
		{"four", signsOf(20, 30, 50), signsOf(4, 0, 0), 0, false},
	} {
		p, ok := differ(c.a, c.b)
		if near(t, c.what, p, c.p, 1e-12); ok != c.ok {
			t.Errorf("%s: tested %v, want %v", c.what, ok, c.ok)
		}
		if _, known := apart(c.a, c.b); known != c.ok {
			t.Errorf("%s: intervals decide: %v, want %v", c.what, known, c.ok)
		}
	}
	// Where nothing differs, chance seems to be real about as often as it says.
	r := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) Measured {
		counts := [3]int{}
		for range n {
			switch x := r.Float64(); {
			case x < 0.1:
				counts[0]++
			case x < 0.45:
				counts[1]++
			default:
				counts[2]++
			}
		}
		return signsOf(counts[0], counts[1], counts[2])
	}
	const draws = 4000
	for _, n := range [][2]int{{5, 5}, {5, 100}, {30, 40}, {500, 600}} {
		found := 0
		for range draws {
			if p, _ := differ(draw(n[0]), draw(n[1])); p < 0.05 {
				found++
			}
		}
		if share := float64(found) / draws; share > 0.07 {
			t.Errorf("%d values and %d of one source: told apart %.1f %% of the time, want about 5 %%", n[0], n[1], 100*share)
		}
	}
}

func TestAdjust(t *testing.T) {
	// The example of Benjamini and Hochberg's paper of 1995.
	ps := []float64{0.0459, 0.0001, 0.3240, 0.0004, 0.0095, 0.0019, 0.0201, 0.0278, 0.0298, 0.0344, 0.4262, 0.5719, 0.6528, 0.7590, 1.0}
	got := adjust(ps)
	rejected := 0
	for _, q := range got {
		if q <= 0.05 {
			rejected++
		}
	}
	if rejected != 4 {
		t.Errorf("the paper rejects four hypotheses at 5 %%, this %d: %v", rejected, got)
	}
	rapid.Check(t, func(t *rapid.T) {
		ps := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 30).Draw(t, "ps")
		qs := adjust(ps)
		for i := range ps {
			want := 1.
			for _, cut := range ps {
				if cut < ps[i] {
					continue
				}
				below := 0.
				for _, p := range ps {
					if p <= cut {
						below++
					}
				}
				want = math.Min(want, cut*float64(len(ps))/below)
			}
			if math.Abs(qs[i]-want) > 1e-12 {
				t.Fatalf("%v: q of %v is %v, want %v", ps, ps[i], qs[i], want)
			}
		}
	})
}

func TestIntervalsApart(t *testing.T) {
	at := func(low, high float64) Measured { return Measured{Low: &low, High: &high} }
	type answer struct{ Yes, Known bool }
	var got []answer
	for _, pair := range [][2]Measured{{at(1, 2), at(3, 4)}, {at(3, 4), at(1, 2)}, {at(1, 3), at(2, 4)}, {at(1, 2), {}}} {
		yes, known := apart(pair[0], pair[1])
		got = append(got, answer{yes, known})
	}
	if diff := cmp.Diff(got, []answer{{true, true}, {true, true}, {false, true}, {false, false}}); diff != "" {
		t.Errorf("apart (-got, +want):\n%s", diff)
	}
	low, high := wilsonOf(24, 100)
	near(t, "Wilson, low", low, 0.16690, 1e-4)
	near(t, "Wilson, high", high, 0.33230, 1e-4)
	near(t, "as many events a day", countsDiffer(31, 31, 28, 28), 1, 1e-12)
}

// TestKindsAreJudgedApart has hundreds of counts that differ beside shares of which none does, as of two months of which one was busier: in
// hardly more than one of twenty such pairs any share is called real.
func TestKindsAreJudgedApart(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 0))
	const rounds = 400
	wrong := 0
	for range rounds {
		var changes []Change
		add := func(of kind, p float64) {
			changes = append(changes, Change{Before: Measured{Value: ptr(0.), kind: of}, After: Measured{Value: ptr(1.), kind: of}, P: &p})
		}
		for range 300 {
			add(isCount, 1e-6*r.Float64())
			add(isShare, r.Float64())
		}
		var d Diff
		d.judge(changes)
		if d.Tested != 600 || len(d.Changes) != 600 {
			t.Fatalf("%d tested, %d changed; want 600", d.Tested, len(d.Changes))
		}
		shares := 0
		for _, c := range d.Changes {
			if c.Before.kind == isShare && c.Verdict == RealChange {
				shares++
			} else if c.Before.kind == isCount && c.Verdict != RealChange {
				t.Fatalf("a count with p %g is called %s", *c.P, c.Verdict)
			}
		}
		if shares > 0 {
			wrong++
		}
	}
	if wrong > rounds/10 { // 20 are expected; 40 are five standard deviations more
		t.Errorf("in %d of %d pairs of months shares that chance moved are called real", wrong, rounds)
	}
}
