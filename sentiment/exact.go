package sentiment

import "math"

// The same text has the same score on every processor. Two things would break that: the compiler may fuse a product
// and a sum into one instruction, where the processor has it, and package math has assembly of its own for some. So
// products that are added up go through mul, and exp and tanh are made of exactly rounded operations.

// mul is a product that is rounded before anything is done with it.
func mul(a, b float64) float64 { return float64(a * b) }

// expTerms is how many terms of the series exp adds: the first one left out is below 1e-17 of the result.
const expTerms = 14

// exp is e to the x, for any finite x of less than 700, to a few parts in 1e16. It halves x down by powers of two and
// adds the Taylor series of what is left.
func exp(x float64) float64 {
	k := math.Floor(mul(x, math.Log2E) + 0.5)
	r := x - mul(k, ln2High) - mul(k, ln2Low)
	sum := 1.0
	for n := expTerms; n > 0; n-- {
		sum = 1 + mul(sum, r)/float64(n)
	}
	return math.Ldexp(sum, int(k))
}

// ln2 in two parts: a whole number of at most eleven bits times the first is exact.
const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// tanh is the hyperbolic tangent of any finite x, to within 1e-15.
func tanh(x float64) float64 {
	if math.Abs(x) > 20 {
		return math.Copysign(1, x)
	}
	return 1 - 2/(exp(mul(2, x))+1)
}
