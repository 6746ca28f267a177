package sentiment

import "math"

// blend joins what the rules and the model say of a text into one score, and says where the neutral band lies. Its
// few numbers were set on the labelled sets that MODEL.md names, one blend for each language; nothing else was.
type blend struct {
	rules float64 // weight of the rules' balance
	model float64 // weight of the model's chance of good less its chance of bad
	bias  float64
	good  float64 // score from which a text is positive
	bad   float64 // score up to which it is negative
}

var (
	italianBlend = blend{rules: 1.2, model: 0.6, good: 0.23, bad: -0.36}
	englishBlend = blend{rules: 1.2, model: 0.9, bias: -0.08, good: 0.24, bad: -0.31}
)

// sign names a score by the neutral band alone.
func (b blend) sign(score float64) string {
	switch {
	case score >= b.good:
		return Positive
	case score <= b.bad:
		return Negative
	}
	return Neutral
}

// label names a score and says how sure that is: half at an edge of the band, more away from it.
func (b blend) label(score float64, ev *evidence) (string, float64) {
	name := b.sign(score)
	var away float64
	switch {
	case ev.mixed():
		return Mixed, 0.5
	case name == Positive:
		away = (score - b.good) / (1 - b.good)
	case name == Negative:
		away = (b.bad - score) / (1 + b.bad)
	default:
		away = min(b.good-score, score-b.bad) / (b.good - b.bad)
	}
	return name, math.Round(100*(0.5+away/2)) / 100
}

// score is in −1 … 1.
func (b blend) score(ev *evidence, good, bad float32) float64 {
	model := b.model * (chance(good) - chance(bad))
	if ev.good+ev.bad == 0 {
		model *= wordless
	}
	if ev.asks > 0 {
		model *= requested
	}
	score := math.Tanh(b.rules*ev.polarity() + model + b.bias)
	if ev.asks > 0 && score > 0 {
		score *= hoped
	}
	return score
}

// wordless is what the model counts for when no word of mood stands beside it: business as usual has none.
const wordless = 0.7

// requested is what the model counts for in a request, whose words are of what is wanted rather than felt.
const requested = 0.5

// hoped is what is left of a good score of a request.
const hoped = 0.75

// chance is the probability of a logit.
func chance(z float32) float64 { return 1 / (1 + math.Exp(-float64(z))) }
