package sentiment

import (
	_ "embed"
	"strings"

	"tappa/sentiment/internal/linear"
	"tappa/sentiment/internal/token"
)

//go:embed weights/language.bin
var languageWeights []byte

// Bounds of telling languages apart.
const (
	languageHashes = 144  // features looked at; the first sentences of a text tell its language
	languageLead   = 0.15 // by which the best logit must lead the next
	otherLead      = 1.0  // the same, before a text is left unscored
)

// language returns the caller's lang if it names one, with or without a region ("it-IT"), else what the words of x.scan
// look like.
func (s *Scorer) language(x *scratch, lang string) string {
	if lang != Unknown {
		code, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
		for _, scored := range [...]string{Italian, English} {
			if strings.EqualFold(code, scored) {
				return scored
			}
		}
		return Other
	}
	if x.scan.Letters == 0 {
		return Unknown
	}
	if x.scan.Strange*2 > x.scan.Letters {
		return Other
	}
	var z [3]float32
	x.rows = linear.Lead(x.rows[:0], &x.scan, languageHashes)
	s.languages.Apply(x.rows, z[:])
	switch it, en, other := z[0], z[1], z[2]; {
	case other > max(it, en)+otherLead:
		return Other
	case it > max(en, other)+languageLead:
		return Italian
	case en > max(it, other)+languageLead:
		return English
	}
	return Unknown
}

// likelier returns the scored language whose lexicon knows more of a text of unknown language.
func (s *Scorer) likelier(words []token.Word) *knowledge {
	italian, english := 0, 0
	for i := range words {
		if s.italian.words.find(words[i].Hash).kind != kindNone {
			italian++
		}
		if s.english.words.find(words[i].Hash).kind != kindNone {
			english++
		}
	}
	if english > italian {
		return &s.english
	}
	return &s.italian
}
