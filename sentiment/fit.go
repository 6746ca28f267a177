package sentiment

import "math"

// What fit tries: factors of the built-in weights, biases beside the built-in one, and edges of the neutral band.
var (
	tryRules = [...]float64{1, 0.6, 0.8, 1.3, 1.7}
	tryModel = [...]float64{1, 0.4, 0.7, 1.5, 2.2, 3}
	tryBias  = [...]float64{0, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3}
)

const (
	bandSteps = 30   // edges tried on each side
	bandStep  = 0.03 // apart by
	buckets   = 2001 // of scores, which have three places
)

// fitBoth fits the blend of each language that has enough samples, where least is of a language and a sixth of it of a
// label. fitted has a bit for each language: 1 Italian, 2 English.
func fitBoth(all []sample, base blends, least int) (b blends, fitted int) {
	b = base
	for lang := range b {
		var own []sample
		for i := range all {
			if all[i].english == (lang == 1) {
				own = append(own, all[i])
			}
		}
		if enough(own, least) {
			b[lang] = fit(own, base[lang])
			fitted |= 1 << lang
		}
	}
	return b, fitted
}

// enough tells that samples suffice to fit a blend: least in all, and a sixth of that of each of two labels.
func enough(own []sample, least int) bool {
	var was [3]int
	for i := range own {
		was[own[i].class]++
	}
	labels := 0
	for _, n := range was {
		if n*6 >= least {
			labels++
		}
	}
	return len(own) >= least && labels > 1
}

// fit returns the blend with the best macro-F1 over samples, less a little for every step away from base.
func fit(own []sample, base Blend) Blend {
	best, most := base, -1.0
	for _, rules := range tryRules {
		for _, model := range tryModel {
			for _, bias := range tryBias {
				b := base
				b.Rules, b.Model, b.Bias = base.Rules*rules, base.Model*model, base.Bias+bias
				cost := staying * (math.Abs(math.Log2(rules)) + math.Abs(math.Log2(model)) + 5*math.Abs(bias))
				if f := b.band(own, base) - cost; f > most+1e-9 {
					best, most = b, f
				}
			}
		}
	}
	return best
}

// band sets the edges of the neutral band that give samples the best macro-F1, less a little for the way from those of
// base, and returns that.
func (b *Blend) band(own []sample, base Blend) float64 {
	// upTo[c][k] counts the samples of class c whose score is below that of bucket k.
	var upTo [3][buckets + 1]int
	var was [3]int
	for i := range own {
		k := int(math.Round(1000*b.score(own[i].signal))) + 1000
		upTo[own[i].class][k+1]++
		was[own[i].class]++
	}
	for c := range upTo {
		for k := 1; k <= buckets; k++ {
			upTo[c][k] += upTo[c][k-1]
		}
	}
	most := -1.0
	try := func(bad, good float64) {
		atBad, atGood := int(math.Round(1000*bad))+1001, int(math.Round(1000*good))+1000
		var hit, said [3]int
		for c := range upTo {
			negative, positive := upTo[c][atBad], was[c]-upTo[c][atGood]
			given := [3]int{negative, was[c] - negative - positive, positive}
			hit[c] = given[c]
			for k, n := range given {
				said[k] += n
			}
		}
		f := meanF1(hit, said, was) - staying*(math.Abs(bad-base.Bad)+math.Abs(good-base.Good))
		if f > most+1e-9 {
			most, b.Bad, b.Good = f, bad, good
		}
	}
	try(base.Bad, base.Good)
	for i := 1; i <= bandSteps; i++ {
		for k := 1; k <= bandSteps; k++ {
			try(-bandStep*float64(i), bandStep*float64(k))
		}
	}
	return most
}
