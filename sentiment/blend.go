package sentiment

import "math"

// Blend joins what the rules and the model say of a text into one score, and says where the neutral band lies. Its
// few numbers were set on the labelled sets that MODEL.md names, one blend for each language; Train fits others.
type Blend struct {
	Rules float64 `json:"rules"` // weight of the rules' balance
	Model float64 `json:"model"` // weight of the model's chance of good less its chance of bad
	Bias  float64 `json:"bias"`
	Good  float64 `json:"good"` // score from which a text is positive, above 0
	Bad   float64 `json:"bad"`  // score up to which it is negative, below 0
}

var (
	italianBlend = Blend{Rules: 1.2, Model: 0.6, Good: 0.23, Bad: -0.36}
	englishBlend = Blend{Rules: 1.2, Model: 0.9, Bias: -0.08, Good: 0.24, Bad: -0.31}
)

// signal is what a text gives a blend to join.
type signal struct {
	rules float64 // balance of the rules, −1 … 1
	model float64 // the model's chance of good less its chance of bad, less where it is to count for less
	asks  bool    // a request stands in the text
}

// wordless is what the model counts for when no word of mood stands beside it: business as usual has none.
const wordless = 0.7

// requested is what the model counts for in a request, whose words are of what is wanted rather than felt.
const requested = 0.5

// hoped is what is left of a good score of a request.
const hoped = 0.75

// newSignal gathers a signal; good and bad are logits of the model.
func newSignal(ev *evidence, good, bad float32) signal {
	g := signal{rules: ev.polarity(), model: chance(good) - chance(bad), asks: ev.asks > 0}
	if ev.good+ev.bad == 0 {
		g.model = mul(g.model, wordless)
	}
	if g.asks {
		g.model = mul(g.model, requested)
	}
	return g
}

// chance is the probability of a logit.
func chance(z float32) float64 { return 1 / (1 + exp(-float64(z))) }

// score is in −1 … 1, to three places.
func (b Blend) score(g signal) float64 {
	score := tanh(mul(b.Rules, g.rules) + mul(b.Model, g.model) + b.Bias)
	if g.asks && score > 0 {
		score = mul(score, hoped)
	}
	return math.Round(1000*max(-1, min(1, score))) / 1000
}

// sign names a score by the neutral band alone.
func (b Blend) sign(score float64) string {
	switch {
	case score >= b.Good:
		return Positive
	case score <= b.Bad:
		return Negative
	}
	return Neutral
}

// label names a score and says how sure that is: half at an edge of the band, more away from it.
func (b Blend) label(score float64, ev *evidence) (string, float64) {
	name := b.sign(score)
	var away float64
	switch {
	case ev.mixed():
		return Mixed, 0.5
	case name == Positive:
		away = (score - b.Good) / (1 - b.Good)
	case name == Negative:
		away = (b.Bad - score) / (1 + b.Bad)
	default:
		away = min(b.Good-score, score-b.Bad) / (b.Good - b.Bad)
	}
	return name, math.Round(100*(0.5+away/2)) / 100
}
