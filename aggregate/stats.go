package aggregate

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distuv"
)

// level is how unlikely a difference must be, were it chance alone, to be called real.
const level = 0.05

// normal95 is what a normal variable exceeds, in size, once in twenty times.
var normal95 = distuv.UnitNormal.Quantile(1 - level/2)

// Measured is a number and what chance leaves open about it. Value is nil where there was nothing to measure, Low and
// High where no interval is known.
type Measured struct {
	Value *float64 `json:"value"`
	N     int64    `json:"n"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`

	kind kind
	se   float64 // of a mean
}

// kind says how a number comes about, and with it how two of them are told apart.
type kind int

// The kinds of numbers.
const (
	isBare       kind = iota // no interval and no test
	isCount                  // how often something happened
	isShare                  // a share of N
	isMean                   // of N values, with a standard error
	isPercentile             // of N durations, with an interval
)

// twoSided is how likely a normal variable is at least as far from zero as z.
func twoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// wilsonOf gives the Wilson 95 % interval of k in n.
func wilsonOf(k, n float64) (low, high float64) {
	p, z := k/n, normal95
	middle := p + z*z/2/n
	half := z * math.Sqrt(p*(1-p)/n+z*z/4/n/n)
	scale := 1 + z*z/n
	return max(0, (middle-half)/scale), min(1, (middle+half)/scale)
}

// shareOf is k of n, with its Wilson interval.
func shareOf(k, n int64) Measured {
	m := Measured{N: n, kind: isShare}
	if n > 0 {
		low, high := wilsonOf(float64(k), float64(n))
		m.Value, m.Low, m.High = ptr(float64(k)/float64(n)), &low, &high
	}
	return m
}

// meanOf is a mean of n values with its standard error, and the interval that follows.
func meanOf(value, se float64, n int64) Measured {
	return Measured{Value: &value, N: n, Low: ptr(value - normal95*se), High: ptr(value + normal95*se), kind: isMean, se: se}
}

// hits is how many of a proportion's N there were.
func (m Measured) hits() float64 { return math.Round(*m.Value * float64(m.N)) }

// differ tests whether two independent numbers could come from the same source: p is how likely chance alone would set
// them so far apart. ok is false where no test applies; see apart for these.
func differ(a, b Measured) (p float64, ok bool) {
	if a.Value == nil || b.Value == nil || a.kind != b.kind {
		return 0, false
	}
	switch a.kind {
	case isShare:
		return proportionsDiffer(a.hits(), float64(a.N), b.hits(), float64(b.N)), true
	case isMean:
		if min(a.N, b.N) < leastOfMean {
			return 0, false
		}
		return meansDiffer(a, b), true
	}
	return 0, false
}

// leastOfMean is how many values a mean has to be of to be told from another. Of fewer the spread is hardly known: of one, or of some that
// happen to be the same, it seems to be none.
const leastOfMean = 5

// meansDiffer is the two-sided p of two means: the score test, as of proportions. What chance does is judged by the spread of all values
// together, since one side's own may be none by chance.
func meansDiffer(a, b Measured) float64 {
	m, n := float64(a.N), float64(b.N)
	all := (m**a.Value + n**b.Value) / (m + n)
	of := func(x Measured) float64 { // the sum of squares about the mean of all
		n, away := float64(x.N), *x.Value-all
		return n * (n*x.se*x.se + away*away)
	}
	spread := (of(a) + of(b)) / (m + n)
	if spread == 0 {
		return 1
	}
	return twoSided((*a.Value - *b.Value) / math.Sqrt(spread*(1/m+1/n)))
}

// apart says whether two intervals have no point in common; known is false where either is open, or is that of a mean of too few values.
func apart(a, b Measured) (yes, known bool) {
	if a.Low == nil || a.High == nil || b.Low == nil || b.High == nil {
		return false, false
	}
	if a.kind == isMean && min(a.N, b.N) < leastOfMean {
		return false, false
	}
	return *a.High < *b.Low || *b.High < *a.Low, true
}

// proportionsDiffer is the two-sided p of k1 in n1 against k2 in n2: the score test, or Fisher's where a cell's expected
// count is under 5.
func proportionsDiffer(k1, n1, k2, n2 float64) float64 {
	n, k := n1+n2, k1+k2
	if k == 0 || k == n {
		return 1
	}
	if min(n1, n2)*min(k, n-k)/n < 5 {
		return fisher(int(k1), int(n1), int(k2), int(n2))
	}
	p := k / n
	return twoSided((k1/n1 - k2/n2) / math.Sqrt(p*(1-p)*(1/n1+1/n2)))
}

// fisher adds up all tables with the same margins that are no likelier than the one seen.
func fisher(k1, n1, k2, n2 int) float64 {
	k := k1 + k2
	likelihood := func(x int) float64 {
		return combin.LogGeneralizedBinomial(float64(n1), float64(x)) + combin.LogGeneralizedBinomial(float64(n2), float64(k-x)) -
			combin.LogGeneralizedBinomial(float64(n1+n2), float64(k))
	}
	const slack = 1e-7 // tables that are equally likely differ by rounding
	seen, p := likelihood(k1), 0.
	for x := max(0, k-n2); x <= min(k, n1); x++ {
		if l := likelihood(x); l <= seen+slack {
			p += math.Exp(l)
		}
	}
	return min(1, p)
}

// countsDiffer is the two-sided p of k1 events in t1 against k2 in t2, which of k1 + k2 events is a share that t1 / (t1 +
// t2) is expected of.
func countsDiffer(k1, t1, k2, t2 float64) float64 {
	n, p := k1+k2, t1/(t1+t2)
	if n == 0 {
		return 1
	}
	return twoSided((k1 - n*p) / math.Sqrt(n*p*(1-p)))
}

// adjust gives each p its q after Benjamini and Hochberg: the share of chance finds to be expected among all whose p is
// no larger.
func adjust(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ps[a], ps[b]) })
	qs, least := make([]float64, len(ps)), 1.
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, ps[i]*float64(len(ps))/float64(rank))
		qs[i] = least
	}
	return qs
}

func ptr[V any](v V) *V { return &v }
