package aggregate

import (
	"fmt"
	"strings"
)

// The types of fields of findings that hold one of a few words: a byte each, compared and counted as such, and still words to whoever asks.
var (
	typeCustomer  = enumeration("new", "existing")
	typeExit      = enumeration("moved_on", "completed", "lost_explicit", "lost_silent", "in_progress")
	typeDirection = enumeration("inbound", "outbound", "internal")
	typeOutcome   = enumeration("won", "lost")
	typeMood      = enumeration("positive", "neutral", "negative", "mixed")
	typeEmotion   = enumeration("satisfaction", "impatience", "enthusiasm", "perplexity", "confusion", "disappointment", "joy", "frustration", "none")
)

// enumerations are the numbers of words, by type. A word that is none of them is 0, as no word is: decoders, rules and scorers know no other.
var enumerations = map[string]map[string]uint16{}

// enumeration gives the type of some words, numbered from 1.
func enumeration(words ...string) string {
	var kind strings.Builder
	kind.WriteString("Enum8('' = 0")
	numbers := map[string]uint16{"": 0}
	for i, word := range words {
		fmt.Fprintf(&kind, ", '%s' = %d", word, i+1)
		numbers[word] = uint16(i + 1) //nolint:gosec // few words
	}
	kind.WriteString(")")
	enumerations[kind.String()] = numbers
	return kind.String()
}
