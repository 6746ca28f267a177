package sentiment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// Tuning is the blend that suits one company's customers, fitted by Train on labels of their own. It is kept as a
// few lines of JSON; texts are not in it.
type Tuning struct {
	Base    string `json:"base"` // the Model that it was fitted on, and serves alone
	Italian *Blend `json:"it,omitempty"`
	English *Blend `json:"en,omitempty"`
	Report  Report `json:"report"`
}

// Report tells how well a tuning does on labelled texts that it was not fitted on, by cross-validation.
type Report struct {
	Examples int     `json:"examples"` // texts that were scored, of those given
	Folds    int     `json:"folds"`
	Before   float64 `json:"before"` // macro-F1 without the tuning
	After    float64 `json:"after"`  // macro-F1 with it
	Noise    float64 `json:"noise"`  // gain that chance alone may give; a tuning must gain more
}

// Errors of With.
var (
	ErrOtherModel = errors.New("tuning was fitted on another model")
	ErrBadTuning  = errors.New("tuning has impossible numbers")
)

// Name is the name of the model with this tuning: that of the base, and a hash of what the tuning changes.
func (t Tuning) Name() string {
	h := sha256.New()
	for _, b := range [...]*Blend{t.Italian, t.English} {
		if b == nil {
			fmt.Fprintln(h, "-")
			continue
		}
		fmt.Fprintf(h, "%x %x %x %x %x\n", math.Float64bits(b.Rules), math.Float64bits(b.Model), math.Float64bits(b.Bias),
			math.Float64bits(b.Good), math.Float64bits(b.Bad))
	}
	return t.Base + "+" + hex.EncodeToString(h.Sum(nil)[:4])
}

// With returns a scorer that blends as the tuning says, and gives the tuning's Name as its model. The scorer that it
// is called on stays as it is. The error is ErrOtherModel for a tuning of another version of the scorer, which is
// to be trained again, and ErrBadTuning for numbers that Train never gives.
func (s *Scorer) With(t Tuning) (*Scorer, error) {
	if t.Base != Model {
		return nil, fmt.Errorf("tune scorer %s: %w: %q", Model, ErrOtherModel, t.Base)
	}
	tuned := newScorer(s.italian, s.english, s.languages)
	tuned.stops = s.stops
	tuned.model = t.Name()
	for _, k := range [...]struct {
		to   *knowledge
		from *Blend
	}{{&tuned.italian, t.Italian}, {&tuned.english, t.English}} {
		if k.from == nil {
			continue
		}
		if !k.from.possible() {
			return nil, fmt.Errorf("tune scorer %s: %w: %+v", Model, ErrBadTuning, *k.from)
		}
		k.to.blend = *k.from
	}
	return tuned, nil
}

// possible tells that a blend keeps the order of the labels and weighs nothing beyond reason.
func (b Blend) possible() bool {
	within := func(v, least, most float64) bool { return v >= least && v <= most } // false for NaN
	return within(b.Rules, 0, 10) && within(b.Model, 0, 10) && within(b.Bias, -2, 2) && within(b.Good, 0.001, 0.999) && within(b.Bad, -0.999, -0.001)
}

// Model returns the name and version of the scorer, which every mood carries: Model, or the Name of its tuning.
func (s *Scorer) Model() string { return s.model }

// Sign returns what a score says by itself, whatever else the text showed: the label that a Mixed text would have.
func (s *Scorer) Sign(score float64, lang string) string {
	if lang == English {
		return s.english.blend.sign(score)
	}
	return s.italian.blend.sign(score)
}
