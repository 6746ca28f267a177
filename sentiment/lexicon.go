package sentiment

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"tappa/sentiment/internal/token"
)

//go:embed lexica/it.tsv
var italianWords string

//go:embed lexica/en.tsv
var englishWords string

// kind is what an entry of a lexicon does.
type kind uint8

const (
	kindNone   kind = iota
	kindWord        // has a polarity, or marks an emotion
	kindFix         // a word that also tells that trouble is over
	kindNot         // turns what follows
	kindOnly        // looks like a negation and is none: "non solo"
	kindBut         // what follows counts more than what came before
	kindAmp         // strengthens what follows
	kindDim         // weakens what follows
	kindPolite      // courtesy: says little, and nothing in a request or complaint
	kindHail        // courtesy at the head of a text, a word elsewhere: "gentile cliente"
	kindAsk         // a request or plain business, whose good words are of no experience
	kindDue         // nothing by itself, bad when denied: "non ricevuto"
	kindAck         // courtesy when it stands alone between marks, a word elsewhere: "ok, a domani"
	kindWait        // what is waited for or was asked; weighs the spans of its sentence
	kindSpan        // a length of time, bad when something is waited for: "da tre settimane"
	kindNum         // a number; phrases know any number as #
	kindStop        // of a stop phrase, which says nothing
	kindStart       // no entry itself, but the beginning of a phrase
)

var kinds = map[string]kind{
	"word": kindWord, "fix": kindFix, "not": kindNot, "only": kindOnly, "but": kindBut, "amp": kindAmp, "dim": kindDim,
	"polite": kindPolite, "hail": kindHail, "ask": kindAsk, "due": kindDue, "num": kindNum,
	"ack": kindAck, "wait": kindWait, "span": kindSpan,
}

// entry is what a lexicon knows of a word or phrase.
type entry struct {
	kind    kind
	longer  bool  // a phrase begins so
	value   int16 // hundredths: polarity −100 … 100, or a factor
	emotion Emotion
}

// slot is one place of a lexicon's open-addressed table, in eight bytes. tag 0 is an empty place.
type slot struct {
	tag   uint32
	value int16
	kind  kind
	more  uint8 // the emotion, and longerBit
}

const longerBit = 1 << 7

func (s *slot) set(e entry) {
	s.value, s.kind, s.more = e.value, e.kind, uint8(e.emotion)
	if e.longer {
		s.more |= longerBit
	}
}

func (s *slot) entry() entry {
	return entry{kind: s.kind, longer: s.more&longerBit != 0, value: s.value, emotion: Emotion(s.more &^ longerBit)}
}

// lexicon maps the hash of a folded word or phrase to its entry.
type lexicon struct {
	slots []slot
	mask  uint64
	maybe [1 << (maybeBits - 6)]uint64 // a bit for each hash that may have an entry: most words have none, and this stays in the cache
}

// maybeBits is how many bits of a hash tell whether it may have an entry.
const maybeBits = 18

// longestPhrase is the number of words of the longest phrase that is looked up.
const longestPhrase = 8

// newLexicon reads the lines of a built lexicon: form, kind, value, letter of the emotion.
func newLexicon(data string) (*lexicon, error) {
	l := emptyLexicon(strings.Count(data, "\n"))
	for line := range strings.Lines(data) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 4 {
			return nil, fmt.Errorf("read lexicon: want 4 columns: %q", line)
		}
		value, err := strconv.ParseInt(cells[2], 10, 16)
		if err != nil || kinds[cells[1]] == kindNone {
			return nil, fmt.Errorf("read lexicon: bad kind or value: %q", line)
		}
		l.add(strings.Fields(cells[0]), entry{kind: kinds[cells[1]], value: int16(value), emotion: emotionByLetter[cells[3][0]]})
	}
	return l, nil
}

// emptyLexicon returns a lexicon with room for so many entries.
func emptyLexicon(entries int) *lexicon {
	size := uint64(1)
	for size < uint64(entries)*2 {
		size *= 2
	}
	return &lexicon{slots: make([]slot, size), mask: size - 1}
}

// add stores an entry and marks the beginnings of its phrase.
func (l *lexicon) add(words []string, e entry) {
	var h uint64
	for i, w := range words {
		if i == 0 {
			h = token.Hash(w)
		} else {
			h = token.Join(h, token.Hash(w))
		}
		s := l.place(h)
		there := s.entry()
		if i < len(words)-1 {
			if there.kind == kindNone {
				there.kind = kindStart
			}
			there.longer = true
			s.set(there)
			continue
		}
		e.longer = there.longer
		s.set(e)
	}
}

// place returns the slot of a hash, taking an empty one if there is none yet.
func (l *lexicon) place(h uint64) *slot {
	tag := tagOf(h)
	l.maybe[h>>(64-maybeBits)/64] |= 1 << (h >> (64 - maybeBits) % 64)
	for i := h & l.mask; ; i = (i + 1) & l.mask {
		s := &l.slots[i]
		if s.tag == 0 {
			s.tag = tag
		}
		if s.tag == tag {
			return s
		}
	}
}

// find returns the entry of a hash; its kind is kindNone when there is none.
func (l *lexicon) find(h uint64) entry {
	if l.maybe[h>>(64-maybeBits)/64]>>(h>>(64-maybeBits)%64)&1 == 0 {
		return entry{}
	}
	tag := tagOf(h)
	for i := h & l.mask; ; i = (i + 1) & l.mask {
		s := &l.slots[i]
		if s.tag == tag {
			return s.entry()
		}
		if s.tag == 0 {
			return entry{}
		}
	}
}

func tagOf(h uint64) uint32 { return uint32(h>>32) | 1 }

// anyNumber is the hash of what stands for any number in a phrase.
var anyNumber = token.Hash("#")

// match returns the entry of the longest phrase that begins at word i of s and how many words it has, at least 1.
// A phrase never runs over a full stop.
func (l *lexicon) match(s *token.Scanner, i int) (entry, int) {
	words := s.Words
	h := words[i].Hash
	e := l.find(h)
	if e.kind == kindNum || e.kind == kindNone && digits(s, &words[i]) {
		h = anyNumber
		e = l.find(h)
	}
	best, n := e, 1
	if best.kind == kindStart {
		best = entry{}
	}
	for k := 1; e.longer && k < longestPhrase && i+k < len(words) && words[i+k].Before&token.Stop == 0; k++ {
		next := token.Join(h, words[i+k].Hash)
		e = l.find(next)
		if e.kind == kindNone && l.number(s, i+k) {
			next = token.Join(h, anyNumber)
			e = l.find(next)
		}
		if e.kind == kindNone {
			break
		}
		if e.kind != kindStart {
			best, n = e, k+1
		}
		h = next
	}
	return best, n
}

// number tells whether word i of s is a number in digits or letters.
func (l *lexicon) number(s *token.Scanner, i int) bool {
	return digits(s, &s.Words[i]) || l.find(s.Words[i].Hash).kind == kindNum
}

// digits tells whether a word begins with a digit.
func digits(s *token.Scanner, w *token.Word) bool {
	c := s.Folded[w.Start]
	return c >= '0' && c <= '9'
}
