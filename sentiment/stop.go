package sentiment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tappa/sentiment/internal/token"
)

// ErrStopPhrase says that a phrase cannot be a stop phrase: it has no word, or more than eight.
var ErrStopPhrase = errors.New("a stop phrase has one to eight words")

// Without returns a scorer to which phrases say nothing: the name of a product ("Buona Tavola"), a slogan, a formula of a
// company's own forms. Capitals and accents do not matter; a phrase within a longer word is not meant. The model's name
// gets a hash of the phrases, so that texts scored with others are known. The scorer that it is called on stays as it is.
func (s *Scorer) Without(phrases ...string) (*Scorer, error) {
	folded := map[string]bool{}
	for _, p := range phrases {
		words := strings.Fields(token.Fold(p))
		if len(words) == 0 || len(words) > longestPhrase {
			return nil, fmt.Errorf("stop phrase %q: %w", p, ErrStopPhrase)
		}
		folded[strings.Join(words, " ")] = true
	}
	if len(folded) == 0 {
		return s, nil
	}
	without := newScorer(s.italian, s.english, s.languages)
	sum := sha256.New()
	without.stops = emptyLexicon(len(folded) * longestPhrase)
	for _, p := range slices.Sorted(maps.Keys(folded)) {
		without.stops.add(strings.Fields(p), entry{kind: kindStop})
		fmt.Fprintln(sum, p)
	}
	without.model = s.model + "-" + hex.EncodeToString(sum.Sum(nil)[:4])
	return without, nil
}

// stop mutes the stop phrase that begins at word i, and returns how many words it has, 0 for none.
func (l *lexicon) stop(s *token.Scanner, i int) int {
	if l == nil {
		return 0
	}
	e, n := l.match(s, i)
	if e.kind != kindStop {
		return 0
	}
	for k := range n {
		s.Words[i+k].Shape |= token.Muted
	}
	return n
}
