package journey

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold lowers case and drops accents, so that "Perché", "perche" and "PERCHE'" differ in the apostrophe alone. Text
// that is folded already is returned as it is.
func fold(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for i < len(s) {
		r, size := foldRune(s[i:])
		i += size
		if r >= 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// foldRune returns the folded first character of s and how many bytes it took; -1 for a combining accent.
func foldRune(s string) (rune, int) {
	c := s[0]
	if c < utf8.RuneSelf {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		return rune(c), 1
	}
	r, size := utf8.DecodeRuneInString(s)
	if unicode.Is(unicode.Mn, r) {
		return -1, size
	}
	if base := norm.NFD.PropertiesString(s).Decomposition(); len(base) > 0 {
		r, _ = utf8.DecodeRune(base)
	}
	return unicode.ToLower(r), size
}

// containsFold reports whether text, folded, contains the folded word. It makes no copy of text.
func containsFold(text, word string) bool {
	found, _ := indexFold(text, word)
	return found >= 0
}

// containsWordFold is containsFold for whole words: neither letter nor digit may stand on either side.
func containsWordFold(text, word string) bool {
	for offset := 0; ; {
		from, to := indexFold(text[offset:], word)
		if from < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:offset+from])
		after, _ := utf8.DecodeRuneInString(text[offset+to:])
		if !wordRune(before) && !wordRune(after) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[offset+from:])
		if offset += from + size; size == 0 {
			return false
		}
	}
}

func wordRune(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// indexFold finds the folded word in text and returns where it begins and ends, or -1.
func indexFold(text, word string) (from, to int) {
	if word == "" {
		return 0, 0
	}
	for i := 0; i < len(text); {
		r, size := foldRune(text[i:])
		if r >= 0 {
			if end := matchFold(text[i:], word); end >= 0 {
				return i, i + end
			}
		}
		i += size
	}
	return -1, -1
}

// matchFold returns how many bytes of text the folded word takes at its beginning, or -1.
func matchFold(text, word string) int {
	i := 0
	for _, want := range word {
		for {
			if i == len(text) {
				return -1
			}
			r, size := foldRune(text[i:])
			i += size
			if r == want {
				break
			}
			if r >= 0 {
				return -1
			}
		}
	}
	return i
}
