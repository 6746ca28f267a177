package sentiment

import (
	"strings"

	"tappa/sentiment/internal/token"
)

// Function words that one of the two languages has and the other has not.
const (
	italianOnly = "il lo la gli le di che e non un una uno per con del della dei delle nel nella sono ho ha abbiamo avete hanno questo questa molto piu anche ma come mi ti ci vi si da al alla ai dal dalla sul sulla se quando dove perche cosa tutto stato stata essere grazie buongiorno"
	englishOnly = "the of and to is it that was for on with as this but they have from not are you we my your his her our their what which who will would can could should there been has had were be an at by or if when where why how all so about thanks hello"
)

// language returns lang if the caller named it, else what the function words say.
func (s *Scorer) language(x *token.Scanner, lang string) string {
	switch lang {
	case Italian, English, Other:
		return lang
	case "":
	default:
		return Other
	}
	italian, english := 0, 0
	for _, w := range x.Words {
		switch {
		case s.functions.it[w.Hash]:
			italian++
		case s.functions.en[w.Hash]:
			english++
		}
	}
	switch {
	case italian > english:
		return Italian
	case english > italian:
		return English
	}
	return Unknown
}

type functionWords struct{ it, en map[uint64]bool }

func hashes(words string) map[uint64]bool {
	m := map[uint64]bool{}
	for w := range strings.FieldsSeq(words) {
		m[token.Hash(w)] = true
	}
	return m
}
