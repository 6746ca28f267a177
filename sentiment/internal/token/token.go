// Package token cuts a text into folded words for the mood scorer: lower case, without accents, with what stood
// between them. It knows no language and no meaning; the scorer and the trainer share it so that both see the
// same words.
package token

import "unicode/utf8"

// Mark says what stands between two words, as bits.
type Mark uint8

// Marks seen before a word, or at the end of the text.
const (
	Comma    Mark = 1 << iota // comma, dash between words, bracket
	Stop                      // full stop, semicolon, colon, new line
	Exclaim                   // at least one exclamation mark
	Question                  // at least one question mark
	Dots                      // an ellipsis
)

// Shape says how a word was written, as bits.
type Shape uint8

// Shapes of a word.
const (
	Upper   Shape = 1 << iota // two letters or more, all of them capitals
	Drawn                     // a letter three times or more: "beneee"
	Symbol                    // emoji or emoticon, not a word
	Foreign                   // has letters outside the Latin script
	Title                     // begins with a capital that no other follows
	Muted                     // set by who reads the words: courtesy, no feature of the model
)

// Word is one folded word of a scanned text.
type Word struct {
	Hash       uint64 // of the folded bytes, see Hash
	Start, End int32  // in Scanner.Folded
	Before     Mark   // what stands between the word before and this one
	Shape      Shape
}

// Scanner holds the words of one text. It is meant to be reused; it is not safe for concurrent use.
type Scanner struct {
	Words   []Word
	Folded  []byte // folded words, each after one space; ends with a space
	After   Mark   // what stands after the last word
	Exclaim int    // exclamation marks in the text
	Letters int    // letters in the text
	Capital int    // capital letters among them
	Strange int    // letters outside the Latin script
	Titles  int    // words that begin with a capital
}

const (
	offset64 = 14695981039346656037
	prime64  = 1099511628211
)

// Hash is FNV-1a of an already folded word.
func Hash(word string) uint64 {
	h := uint64(offset64)
	for i := 0; i < len(word); i++ {
		h = (h ^ uint64(word[i])) * prime64
	}
	return h
}

// Join is the hash of a phrase whose first words hash to h and whose next word hashes to next.
func Join(h, next uint64) uint64 {
	h = (h ^ next) * 0x9E3779B97F4A7C15
	return h ^ h>>29
}

// class of a byte; those outside ASCII are other.
const (
	other = iota
	lower
	upper
	digit
)

var classes = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] = lower
		t[c-32] = upper
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	return t
}()

// Scan replaces what the scanner holds with the words of text. Invalid UTF-8 separates words.
func (s *Scanner) Scan(text string) {
	s.Words, s.Folded = s.Words[:0], append(s.Folded[:0], ' ')
	s.Exclaim, s.Letters, s.Capital, s.Strange, s.Titles = 0, 0, 0, 0, 0
	var mark Mark
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf && classes[c] == other {
			if n, sym := emoticon(text[i:]); n > 0 && (i == 0 || !glued(text[i-1])) {
				s.symbol(sym, mark)
				mark, i = 0, i+n
				continue
			}
			mark |= s.mark(text, i)
			i++
			continue
		}
		if c == 'h' || c == 'w' || c == 'H' || c == 'W' {
			if n := address(text[i:]); n > 0 {
				i += n
				continue
			}
		}
		next, took := s.word(text, i, mark)
		if took {
			mark = 0
		} else {
			mark |= wide(text[i:next])
		}
		i = next
	}
	s.After = mark
}

// Unmute takes Muted from all words.
func (s *Scanner) Unmute() {
	for i := range s.Words {
		s.Words[i].Shape &^= Muted
	}
}

// glued tells that a punctuation after this byte is no emoticon's eyes: "note:(see" reads on.
func glued(c byte) bool { return c >= '0' && c <= '9' }

// mark classifies the ASCII punctuation at text[i].
func (s *Scanner) mark(text string, i int) Mark {
	switch text[i] {
	case '.':
		if i+2 < len(text) && text[i+1] == '.' && text[i+2] == '.' {
			return Stop | Dots
		}
		return Stop
	case ';', ':', '\n':
		return Stop
	case ',', '(', ')', '[', ']', '"', '/':
		return Comma
	case '-':
		if i > 0 && i+1 < len(text) && text[i-1] == ' ' && text[i+1] == ' ' {
			return Comma
		}
	case '!':
		s.Exclaim++
		return Stop | Exclaim
	case '?':
		return Stop | Question
	}
	return 0
}

// wide classifies punctuation outside ASCII.
func wide(p string) Mark {
	switch p {
	case "…":
		return Stop | Dots
	case "。", "！", "？":
		return Stop
	case "“", "”", "«", "»", "–", "—":
		return Comma
	}
	return 0
}

// speller gathers the letters of one word.
type speller struct {
	Word
	letters, capitals int
	run               int  // how often the last letter stands in a row
	last              byte // the last letter
}

// word reads a word, an emoji or one rune that is neither at text[i], and returns where it ends and whether a
// word was stored.
func (s *Scanner) word(text string, i int, mark Mark) (next int, stored bool) {
	w := speller{Word: Word{Hash: offset64, Start: int32(len(s.Folded)), Before: mark}}
	for i < len(text) {
		begun := len(s.Folded) > int(w.Start)
		if c := text[i]; c < utf8.RuneSelf {
			if classes[c] == other {
				if c == '\'' && begun && contraction(text[i+1:]) {
					i++
					continue
				}
				break
			}
			i = s.ascii(&w, text, i)
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == '’' && begun && contraction(text[i+n:]) {
			i += n
			continue
		}
		if !begun && symbolic(r) {
			s.symbol(text[i:i+n], mark)
			return i + n, true
		}
		base, capital, ok := fold(r)
		if !ok {
			if !begun {
				return i + n, false
			}
			break
		}
		s.wideLetter(&w, base, capital)
		i += n
	}
	s.finish(&w)
	return i, true
}

// ascii adds the ASCII letters and digits that stand at text[i] to a word, and returns where they end. Nearly all of a text
// comes through here, so that what repeat counts of other letters is counted in variables.
func (s *Scanner) ascii(w *speller, text string, i int) int {
	folded, hash, last, run := s.Folded, w.Hash, w.last, w.run
	for ; i < len(text) && classes[text[i]] != other; i++ {
		c := text[i]
		k := classes[c]
		if k == upper {
			c |= 0x20
			w.capital(len(folded))
		}
		if k != digit {
			w.letters++
		}
		if c != last || k == digit {
			last, run = c, 1
		} else if run++; run >= 3 {
			w.Shape |= Drawn
		}
		folded = append(folded, c)
		hash = (hash ^ uint64(c)) * prime64
	}
	s.Folded, w.Hash, w.last, w.run = folded, hash, last, run
	return i
}

// wideLetter adds a letter outside ASCII, folded to base.
func (s *Scanner) wideLetter(w *speller, base string, capital bool) {
	w.letters++
	if capital {
		w.capital(len(s.Folded))
	}
	w.repeat(base[0], len(base) == 1)
	if base[0] >= utf8.RuneSelf {
		w.Shape |= Foreign
		s.Strange++
	}
	for k := 0; k < len(base); k++ {
		s.Folded = append(s.Folded, base[k])
		w.Hash = (w.Hash ^ uint64(base[k])) * prime64
	}
}

// capital counts a capital letter that is to stand at an offset of the folded text.
func (w *speller) capital(at int) {
	w.capitals++
	if at == int(w.Start) {
		w.Shape |= Title
	}
}

// repeat counts how often a letter stands in a row.
func (w *speller) repeat(c byte, counts bool) {
	if c != w.last || !counts {
		w.last, w.run = c, 1
		return
	}
	if w.run++; w.run >= 3 {
		w.Shape |= Drawn
	}
}

// finish stores a word.
func (s *Scanner) finish(w *speller) {
	if w.Shape&Drawn != 0 {
		s.shorten(&w.Word)
	}
	s.Letters += w.letters
	s.Capital += w.capitals
	if w.letters > 1 && w.capitals == w.letters {
		w.Shape |= Upper
	}
	if w.letters < 2 || w.capitals > 1 {
		w.Shape &^= Title
	}
	if w.Shape&Title != 0 {
		s.Titles++
	}
	w.End = int32(len(s.Folded))
	s.Folded = append(s.Folded, ' ')
	s.Words = append(s.Words, w.Word)
}

// shorten writes a drawn-out word as it is spelt: runs of three or more become one letter, or two in the English
// words that have them ("goood", "feeel").
func (s *Scanner) shorten(w *Word) {
	src := s.Folded[w.Start:]
	out := int(w.Start)
	for i := 0; i < len(src); {
		j := i
		for j < len(src) && src[j] == src[i] {
			j++
		}
		keep := j - i
		if keep >= 3 {
			keep = 1
			if (src[i] == 'o' || src[i] == 'e') && i > 0 && j < len(src) && contains("dlkpt", src[j]) {
				keep = 2
			}
		}
		c := src[i]
		for range keep {
			s.Folded[out] = c
			out++
		}
		i = j
	}
	s.Folded = s.Folded[:out]
	w.Hash = Hash(string(s.Folded[w.Start:]))
}

func (s *Scanner) symbol(sym string, mark Mark) {
	w := Word{Hash: Hash(sym), Start: int32(len(s.Folded)), Before: mark, Shape: Symbol}
	s.Folded = append(s.Folded, sym...)
	w.End = int32(len(s.Folded))
	s.Folded = append(s.Folded, ' ')
	s.Words = append(s.Words, w)
}

// contraction tells whether what follows an apostrophe belongs to the word before it, as in English "don't".
// Italian elisions ("un'ottima") do not.
func contraction(rest string) bool {
	n := 0
	for n < len(rest) && n < 3 && rest[n] < utf8.RuneSelf && (classes[rest[n]] == lower || classes[rest[n]] == upper) {
		n++
	}
	switch n {
	case 1:
		return contains("tsdm", rest[0]|0x20)
	case 2:
		a, b := rest[0]|0x20, rest[1]|0x20
		return a == 'r' && b == 'e' || a == 'v' && b == 'e' || a == 'l' && b == 'l'
	}
	return false
}

func contains(set string, c byte) bool {
	for i := 0; i < len(set); i++ {
		if set[i] == c {
			return true
		}
	}
	return false
}
