// Package sentiment tells the mood of what a customer wrote, in Italian or English: its label, a score, and the
// emotion it shows. It reads text alone and knows nothing of journeys, stages or people.
//
// A text is cut to what the customer wrote (Cut), its language is found, its words are weighed by a lexicon with
// rules of negation and emphasis, and a small linear model adds what no word says alone. Lexica and weights are
// embedded; lexica/src holds their sources and licences, MODEL.md the figures.
package sentiment

import (
	"sync"

	"tappa/sentiment/internal/linear"
	"tappa/sentiment/internal/token"
)

// Model is the name and version of the scorer without a tuning; it changes whenever a score may.
const Model = "tappa-mood-2"

// Labels of a mood. A text that was not scored has the label "".
const (
	Negative = "negative"
	Neutral  = "neutral"
	Positive = "positive"
	Mixed    = "mixed" // strongly good and bad at once
)

// Languages that a text is found to be in. Only Italian and English are scored.
const (
	Italian = "it"
	English = "en"
	Other   = "other" // another language
	Unknown = ""      // too little to tell
)

// Mood is what a text says of how its writer feels.
type Mood struct {
	Label      string   // Negative, Neutral, Positive, Mixed; "" is not scored
	Score      float64  // -1 … 1
	Emotion    string   // name of an Emotion; "none"
	Lang       string   // Italian, English, Other, Unknown
	Confidence float64  // 0 … 1, that the label is right
	Model      string   // name and version of the scorer
	Cues       []string // only of Explain: the words that spoke for the mood, folded, in the order of the text; at most eight
}

// Scorer scores texts. It is safe for concurrent use and gives the same mood for the same text always.
type Scorer struct {
	italian, english knowledge
	languages        *linear.Columns
	stops            *lexicon  // phrases that say nothing; nil for none
	model            string    // name and version
	scratch          sync.Pool // of *scratch
}

// knowledge is what the scorer knows of one language.
type knowledge struct {
	words    *lexicon
	model    *linear.Model
	blend    Blend
	emotions []Emotion // of the model's outputs, from outFirstEmotion on

	goodFeelings, badFeelings *linear.Columns // the outputs of pleasant emotions and of others
}

// scratch is what scoring one text needs; it is reused.
type scratch struct {
	scan   token.Scanner
	ev     evidence
	rows   []uint32
	logits [16]float32
}

// readLimit is how much of a text is read, in bytes, once it is cut; what comes after adds nothing to its mood.
const readLimit = 1 << 16

// New returns a scorer with the embedded lexica and weights. It takes some milliseconds; one scorer serves a program.
// It panics if the embedded files are broken, which the tests exclude.
func New() *Scorer {
	return newScorer(
		newKnowledge(italianWords, italianWeights, italianBlend, italianOutputs[:]),
		newKnowledge(englishWords, englishWeights, englishBlend, englishOutputs[:]),
		must(linear.Parse(languageWeights)).Columns(0, 1, 2),
	)
}

func newKnowledge(words string, weights []byte, blend Blend, emotions []Emotion) knowledge {
	k := knowledge{words: must(newLexicon(words)), model: must(linear.Parse(weights)), blend: blend, emotions: emotions}
	var good, bad []int
	for i, e := range emotions {
		switch {
		case e.good():
			good = append(good, outFirstEmotion+i)
		case e != None:
			bad = append(bad, outFirstEmotion+i)
		}
	}
	k.goodFeelings, k.badFeelings = k.model.Columns(good...), k.model.Columns(bad...)
	return k
}

func newScorer(italian, english knowledge, languages *linear.Columns) *Scorer {
	s := &Scorer{italian: italian, english: english, languages: languages, model: Model}
	s.scratch.New = func() any { return new(scratch) }
	return s
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Score returns the mood of a text. lang is an ISO 639-1 code that the caller is sure of, or "" to have it found;
// a text in a language other than Italian and English is not scored.
func (s *Scorer) Score(text, lang string) Mood { return s.run(text, lang, false) }

// Explain is Score with the words that spoke for the mood.
func (s *Scorer) Explain(text, lang string) Mood { return s.run(text, lang, true) }

func (s *Scorer) run(text, lang string, explain bool) Mood {
	x := s.scratch.Get().(*scratch)
	text = Cut(text)
	mood := s.score(x, text[:min(len(text), readLimit)], lang)
	if explain && mood.Label != "" {
		mood.Cues = x.cues()
	}
	s.scratch.Put(x)
	return mood
}

func (s *Scorer) score(x *scratch, text, lang string) Mood {
	know, lang := s.read(x, text, lang)
	mood := Mood{Emotion: None.String(), Lang: lang, Model: s.model}
	if know == nil {
		return mood
	}
	mood.Score = know.blend.score(s.signal(x, know))
	mood.Label, mood.Confidence = know.blend.label(mood.Score, &x.ev)
	mood.Emotion = know.emotion(x, &mood).String()
	return mood
}

// read scans a text, finds its language, and returns what is known of it; nil if it is not to be scored.
func (s *Scorer) read(x *scratch, text, lang string) (*knowledge, string) {
	x.scan.Scan(text)
	lang = s.language(x, lang)
	switch {
	case lang == Other || len(x.scan.Words) == 0:
		return nil, lang
	case lang == Italian:
		return &s.italian, lang
	case lang == English:
		return &s.english, lang
	}
	return s.likelier(x.scan.Words), lang
}

// signal weighs the text that was read.
func (s *Scorer) signal(x *scratch, know *knowledge) signal {
	read(&x.scan, know.words, s.stops, know == &s.italian, &x.ev)
	if x.ev.muted >= len(x.scan.Words) { // nothing but courtesy and names: the model reads those then
		x.scan.Unmute()
	}
	x.rows = linear.Features(x.rows[:0], &x.scan)
	good, bad := know.model.Pair(x.rows)
	return newSignal(&x.ev, good, bad)
}

// emotion is what the cues speak for most, else what the model feels. A mixed text has that of its heavier side.
func (k *knowledge) emotion(x *scratch, mood *Mood) Emotion {
	side := mood.Label
	if side == Mixed {
		side = Negative
		if mood.Score > 0 {
			side = Positive
		}
	}
	if e := x.ev.strongest(side); e != None {
		return e
	}
	feelings := k.badFeelings
	if side == Positive {
		feelings = k.goodFeelings
	}
	feelings.Apply(x.rows, x.logits[:]) // those that agree with the side are among them
	return k.felt(x.logits[:], side)
}

// cues returns the words that spoke for the mood. They share one string, as they stand close together.
func (x *scratch) cues() []string {
	n := x.ev.found
	if n == 0 {
		return nil
	}
	from := x.ev.cues[0].start
	all := string(x.scan.Folded[from:x.ev.cues[n-1].end])
	out := make([]string, n)
	for i, c := range x.ev.cues[:n] {
		out[i] = all[c.start-from : c.end-from]
	}
	return out
}

// strongest returns the emotion that the cues speak for most and that agrees with the label.
func (e *evidence) strongest(label string) Emotion {
	best, most := None, 0.0
	for i := Satisfaction; i < emotions; i++ {
		if e.emotion[i] > most && i.agrees(label) {
			best, most = i, e.emotion[i]
		}
	}
	return best
}
