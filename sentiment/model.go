package sentiment

import (
	_ "embed"
	"math"

	"tappa/sentiment/internal/linear"
)

//go:embed weights/it.bin
var italianWeights []byte

//go:embed weights/en.bin
var englishWeights []byte

// outFirstEmotion is the first output of the linear models that is an emotion; good and bad stand before it.
const outFirstEmotion = 2

// Plutchik names the emotions of Feelings, in its order.
var Plutchik = [8]string{"anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust"}

// englishOutputs are the emotions that the English model answers for, from outFirstEmotion on.
var englishOutputs = [...]Emotion{Satisfaction, Enthusiasm, Perplexity, Confusion, Disappointment, Joy, Frustration}

// italianOutputs maps Plutchik's emotions, in his order, to those of the journey; None has no counterpart there.
var italianOutputs = [...]Emotion{Frustration, None, Frustration, None, Joy, Disappointment, Perplexity, Satisfaction}

// felt returns the emotion that the model is surest of and that agrees with the label, or None. It speaks only where
// no cue of the lexicon did.
func (k *knowledge) felt(logits []float32, label string) Emotion {
	best, most := None, float32(0)
	for i, e := range k.emotions {
		over := logits[outFirstEmotion+i] - k.model.Bound[outFirstEmotion+i]
		if e != None && over > most && e.agrees(label) {
			best, most = e, over
		}
	}
	return best
}

// Feelings tells which of Plutchik's eight emotions an Italian text shows, by the linear model alone. It serves
// measuring against texts that are labelled so, of which each shows at least one; Score maps what it can to the emotions of the journey.
func (s *Scorer) Feelings(text string) [8]bool {
	x := s.scratch.Get().(*scratch)
	defer s.scratch.Put(x)
	x.scan.Scan(text)
	x.rows = linear.Features(x.rows[:0], &x.scan)
	s.italian.model.Apply(x.rows, x.logits[:])
	var shown [8]bool
	nearest, over := 0, float32(math.Inf(-1))
	for i := range shown {
		k := outFirstEmotion + i
		d := x.logits[k] - s.italian.model.Bound[k]
		shown[i] = d >= 0
		if d > over {
			nearest, over = i, d
		}
	}
	shown[nearest] = true
	return shown
}
