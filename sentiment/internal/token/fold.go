package token

import "unicode"

// latin holds the base letters of U+00C0 … U+017F, in lower case; a blank is no letter.
const latin = "" +
	"aaaaaaaceeeeiiiidnooooo ouuuuyts" + // U+00C0
	"aaaaaaaceeeeiiiidnooooo ouuuuyty" + // U+00E0
	"aaaaaaccccccccddddeeeeeeeeeegggg" + // U+0100
	"gggghhhhiiiiiiiiiiiijjkkklllllll" + // U+0120
	"lllnnnnnnnnnoooooooorrrrrrssssss" + // U+0140
	"ssttttttuuuuuuuuuuuuwwyyyzzzzzzs" // U+0160

// fold returns the base letter of r in lower case (several bytes outside the Latin script), whether r is a
// capital, and whether r is part of a word at all.
func fold(r rune) (base string, isUpper, ok bool) {
	switch {
	case r >= 0xC0 && r <= 0x17F:
		b := latin[r-0xC0 : r-0xC0+1]
		if b == " " {
			return "", false, false
		}
		return b, r < 0xE0 && r != 0xDF || r >= 0x100 && r&1 == 0, true
	case r == 0xFFFD:
		return "", false, false
	case unicode.IsLetter(r):
		return string(unicode.ToLower(r)), unicode.IsUpper(r), true
	case unicode.IsMark(r) && r != 0xFE0F && r != 0x20E3:
		// a combining accent: the letter before it already stands for the folded word
		return "", false, false
	}
	return "", false, false
}

// symbolic tells that r is an emoji that means something by itself: no skin tone, joiner or variation selector.
func symbolic(r rune) bool {
	switch {
	case r >= 0x1F3FB && r <= 0x1F3FF:
		return false
	case r >= 0x1F300 && r <= 0x1FAFF, r >= 0x2600 && r <= 0x27BF, r >= 0x2B00 && r <= 0x2BFF, r >= 0x2190 && r <= 0x21FF,
		r == 0x203C, r == 0x2049, r >= 0x2300 && r <= 0x23FF:
		return true
	}
	return false
}

// Fold returns text as the scanner's words, joined by single spaces.
func Fold(text string) string {
	var s Scanner
	s.Scan(text)
	if len(s.Folded) < 2 {
		return ""
	}
	return string(s.Folded[1 : len(s.Folded)-1])
}

// emoticon returns the length of the emoticon that text starts with and the sign it stands for: ":)" for a smile,
// ":(" for a frown, ":d" for a laugh, ";)" for a wink, ":/" for doubt, "<3" for a heart.
func emoticon(text string) (n int, sign string) {
	switch text[0] {
	case '<':
		if len(text) > 1 && text[1] == '3' {
			return 2, "<3"
		}
		return 0, ""
	case ':', ';', '=':
	default:
		return 0, ""
	}
	i := 1
	if i < len(text) && (text[i] == '-' || text[i] == '\'' || text[i] == 'o') {
		i++
	}
	if i >= len(text) {
		return 0, ""
	}
	switch c := text[i]; {
	case c == ')' || c == ']':
		sign = ":)"
		if text[0] == ';' {
			sign = ";)"
		}
	case c == '(' || c == '[':
		sign = ":("
	case c == 'D' || c == 'P' || c == 'p':
		if i+1 < len(text) && text[i+1] < 128 && classes[text[i+1]] != other {
			return 0, ""
		}
		sign = ":d"
	case (c == '/' || c == '\\' || c == '|') && (i+1 >= len(text) || text[i+1] <= ' '):
		sign = ":/"
	default:
		return 0, ""
	}
	i++
	for i < len(text) && text[i] == text[i-1] {
		i++
	}
	return i, sign
}

// address returns the length of the web address that text starts with, or 0.
func address(text string) int {
	switch {
	case hasPrefixFold(text, "http://"), hasPrefixFold(text, "https://"), hasPrefixFold(text, "www."):
	default:
		return 0
	}
	n := 0
	for n < len(text) && text[n] > ' ' {
		n++
	}
	return n
}

func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := 0; i < len(prefix); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}
