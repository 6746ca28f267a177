package sentiment

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Example is a text whose label somebody told: by a rating beside it, or by correcting a score.
type Example struct {
	Text  string
	Lang  string // ISO 639-1; "" to have it found
	Label string // Negative, Neutral or Positive
}

// TrainOptions are the options of Train; the zero value serves.
type TrainOptions struct {
	Folds int    // of the cross-validation, 5 unless told
	Seed  uint64 // of the shuffling; the same examples and seed give the same tuning
}

// Errors of Train.
var (
	// ErrTooFew says that no language has 60 labelled texts, 10 of each of two labels among them.
	ErrTooFew = errors.New("too few labelled texts to fit and check a tuning")
	// ErrNotBetter says that the tuning gains no more than chance alone may.
	ErrNotBetter = errors.New("tuning is no better than the scorer without it")
)

// Bounds of training.
const (
	leastExamples = 60    // labelled texts of a language
	resamples     = 300   // of the bootstrap that tells what chance gives
	noiseErrors   = 1.96  // standard errors that a gain must pass
	staying       = 0.004 // macro-F1 that a step away from the built-in blend must gain
)

// sample is an example as a blend sees it.
type sample struct {
	signal
	english bool
	class   int // index into classNames
}

var classNames = [3]string{Negative, Neutral, Positive}

// Train fits the blend of each language on labelled texts: the weights of rules and model, and the neutral band, which
// is what weighs the classes. What the lexica and models know stays as it is, so a few hundred texts do. The figures in
// the Report are of texts that were held back in turn. With ErrNotBetter the tuning is returned too, for its report to
// be shown; it is not to be used. Texts that are not scored, or whose label is none of the three, are left out.
func Train(labelled []Example, opts TrainOptions) (Tuning, error) {
	if opts.Folds < 2 {
		opts.Folds = 5
	}
	s := New()
	all := s.samples(labelled)
	r := rand.New(rand.NewPCG(opts.Seed, uint64(len(all))))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	base := blends{italianBlend, englishBlend}
	final, fitted := fitBoth(all, base, leastExamples)
	if fitted == 0 {
		return Tuning{}, fmt.Errorf("train on %d texts: %w", len(all), ErrTooFew)
	}
	before, after := predict(all, base), crossPredict(all, base, opts.Folds)
	t := Tuning{Base: Model, Report: Report{
		Examples: len(all), Folds: opts.Folds, Before: places(macro(all, before, nil)), After: places(macro(all, after, nil)),
		Noise: places(noise(all, before, after, r)),
	}}
	if fitted&1 != 0 {
		t.Italian = &final[0]
	}
	if fitted&2 != 0 {
		t.English = &final[1]
	}
	if gain := t.Report.After - t.Report.Before; gain <= t.Report.Noise {
		return t, fmt.Errorf("train on %d texts: %w: macro-F1 %.3f before, %.3f after, chance gives %.3f", len(all), ErrNotBetter,
			t.Report.Before, t.Report.After, t.Report.Noise)
	}
	return t, nil
}

// places rounds to four places.
func places(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// samples reads the examples that can be scored.
func (s *Scorer) samples(labelled []Example) []sample {
	var all []sample
	x := new(scratch)
	for _, e := range labelled {
		class := -1
		for i, name := range classNames {
			if e.Label == name {
				class = i
			}
		}
		if class < 0 {
			continue
		}
		text := Cut(e.Text)
		know, _ := s.read(x, text[:min(len(text), readLimit)], e.Lang)
		if know == nil {
			continue
		}
		all = append(all, sample{s.signal(x, know), know == &s.english, class})
	}
	return all
}

// blends are those of Italian and English.
type blends [2]Blend

func (b *blends) of(x *sample) *Blend {
	if x.english {
		return &b[1]
	}
	return &b[0]
}

// class is the index of a label.
func (b Blend) class(score float64) int {
	switch {
	case score >= b.Good:
		return 2
	case score <= b.Bad:
		return 0
	}
	return 1
}

// predict returns the class of every sample.
func predict(all []sample, b blends) []int {
	out := make([]int, len(all))
	for i := range all {
		bl := b.of(&all[i])
		out[i] = bl.class(bl.score(all[i].signal))
	}
	return out
}

// crossPredict returns the class that every sample is given by blends fitted without its fold.
func crossPredict(all []sample, base blends, folds int) []int {
	out := make([]int, len(all))
	for f := range folds {
		var rest []sample
		for i := range all {
			if i%folds != f {
				rest = append(rest, all[i])
			}
		}
		fold, _ := fitBoth(rest, base, leastExamples*(folds-1)/folds)
		for i := f; i < len(all); i += folds {
			bl := fold.of(&all[i])
			out[i] = bl.class(bl.score(all[i].signal))
		}
	}
	return out
}

// macro is the mean F1 of the classes that occur among the samples, those at pick alone unless pick is nil.
func macro(all []sample, given []int, pick []int) float64 {
	var hit, said, was [3]int
	n := len(all)
	if pick != nil {
		n = len(pick)
	}
	for k := range n {
		i := k
		if pick != nil {
			i = pick[k]
		}
		was[all[i].class]++
		said[given[i]]++
		if given[i] == all[i].class {
			hit[given[i]]++
		}
	}
	return meanF1(hit, said, was)
}

func meanF1(hit, said, was [3]int) float64 {
	sum, classes := 0.0, 0
	for c := range was {
		if was[c] > 0 {
			sum += 2 * float64(hit[c]) / float64(said[c]+was[c])
			classes++
		}
	}
	return sum / float64(max(1, classes))
}

// noise is the gain in macro-F1 that chance alone may give: some standard errors of the gain, over samples drawn again.
func noise(all []sample, before, after []int, r *rand.Rand) float64 {
	pick := make([]int, len(all))
	sum, squares := 0.0, 0.0
	for range resamples {
		for i := range pick {
			pick[i] = r.IntN(len(all))
		}
		gain := macro(all, after, pick) - macro(all, before, pick)
		sum += gain
		squares += gain * gain
	}
	mean := sum / resamples
	return noiseErrors * math.Sqrt(max(0, squares/resamples-mean*mean))
}
