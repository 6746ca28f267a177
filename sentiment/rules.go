package sentiment

import "tappa/sentiment/internal/token"

// How the rules weigh what they find. The factors follow the usual shape of such rules: a negated word turns and
// weakens, what stands after "but" counts more than what stood before it.
const (
	notReach     = 5    // words that a negation reaches, unless a comma or stop comes first
	turnGood     = -0.7 // "non buono"
	turnBad      = -0.5 // "non male"
	beforeBut    = 0.5
	afterBut     = 1.4
	mended       = 0.25 // what is left of the trouble told before "resolved"
	shouted      = 1.25 // a word in capitals among others that are not
	drawn        = 1.2  // "beneee"
	perExclaim   = 0.12 // for each of at most three exclamation marks
	asked        = 0.55 // a sentence that asks says less than one that states
	wished       = 0.35 // and what is good in a request is only wished for
	waited       = 2    // times that a span counts more when something is waited for
	courtesy     = 0.1  // what thanks count for in a request or complaint,
	aside        = 0.3  // and beside a statement that is neither good nor bad
	fewWords     = 6    // words beside which thanks are all that a text says
	superlative  = 1.35 // an Italian word in -issimo
	cueLimit     = 8    // cues kept of a text
	damping      = 1.0  // added to the evidence, so that one weak word is no certainty
	mixedLeast   = 0.5  // evidence on both sides that makes a text mixed
	mixedBalance = 0.35 // and how even it must be
)

// cue is a place in the folded text that spoke for a mood.
type cue struct{ start, end int32 }

// evidence is what the rules found in a text.
type evidence struct {
	good, bad float64 // sums of polarity, both ≥ 0
	pro, con  float64 // the same, before what stands after a "but" weighs more than what stood before
	emotion   [emotions]float64
	polite    float64 // sum of the polarity of thanks
	asks      int     // requests found
	muted     int     // words of courtesy, which the model does not read
	cues      [cueLimit]cue
	found     int // cues in use
}

// polarity is the balance of the evidence in −1 … 1.
func (e *evidence) polarity() float64 { return (e.good - e.bad) / (e.good + e.bad + damping) }

// mixed tells that both sides are strong.
func (e *evidence) mixed() bool {
	if e.pro < mixedLeast || e.con < mixedLeast {
		return false
	}
	d := (e.pro - e.con) / (e.pro + e.con)
	return d < mixedBalance && d > -mixedBalance
}

// reader is the state of the rules between two words.
type reader struct {
	ev        *evidence
	good, bad float64 // of the sentence being read
	pro, con  float64
	not       int     // words that the negation still reaches
	factor    float64 // of the strengthening or weakening word before
	after     float64 // afterBut once a "but" has come
	loud      bool    // capitals mean shouting here
	asking    bool    // a request stands in the sentence
	head      bool    // nothing but courtesy was read so far
	names     bool    // capitals at the head of words mean names here; many Italian names are words of mood
	waiting   bool    // something is waited for in the sentence
	span      float64 // of the lengths of time in it
}

// read walks the words once and gathers the evidence of a lexicon. It marks stop phrases, words of courtesy and names as
// muted.
func read(s *token.Scanner, l, stops *lexicon, italian bool, ev *evidence) {
	*ev = evidence{}
	r := reader{ev: ev, factor: 1, after: 1, loud: s.Capital*2 < s.Letters, head: true, names: italian && s.Titles*3 < len(s.Words)+6}
	for i := 0; i < len(s.Words); {
		w := &s.Words[i]
		if w.Before != 0 {
			r.pause(w.Before)
		}
		if n := stops.stop(s, i); n > 0 {
			ev.muted += n
			r.take(entry{}, s.Words[i:i+n])
			i += n
			continue
		}
		e, n := l.match(s, i)
		if e.kind == kindNone && italian {
			e = r.superlative(s, l, w)
		}
		switch {
		case n == 1 && r.names && w.Shape&token.Title != 0 && named(s.Words, i):
			e, w.Shape = entry{}, w.Shape|token.Muted
			ev.muted++
		case e.kind == kindAck && alone(s, i, n):
			e.kind = kindPolite
		case e.kind == kindAck:
			e.kind = kindWord
		}
		r.take(e, s.Words[i:i+n])
		i += n
	}
	r.pause(s.After | token.Stop)
	ev.thank(len(s.Words))
}

// named tells that word i, which begins with a capital, is a name: it stands within a sentence or beside another
// such word.
func named(words []token.Word, i int) bool {
	title := func(k int) bool { return k >= 0 && k < len(words) && words[k].Shape&token.Title != 0 }
	within := i > 0 && words[i].Before&token.Stop == 0
	follows := i+1 < len(words) && words[i+1].Before == 0 && title(i+1)
	return within || follows
}

// alone tells that n words from i on stand between marks.
func alone(s *token.Scanner, i, n int) bool {
	after := s.After | token.Stop
	if i+n < len(s.Words) {
		after = s.Words[i+n].Before
	}
	return (i == 0 || s.Words[i].Before != 0) && after != 0
}

// thank adds what thanks are worth: all of it where a text says little else, next to nothing in a request or complaint.
func (e *evidence) thank(words int) {
	k := 1.0
	switch {
	case e.asks > 0 || e.bad > e.good:
		k = courtesy
	case e.good == 0 && words-e.muted > fewWords:
		k = aside
	}
	e.good += mul(k, e.polite)
	e.pro += mul(k, e.polite)
	if k == 1 && e.polite > 0 {
		e.emotion[Satisfaction] += max(0.3, e.polite)
	}
}

// pause ends what a comma or a stop ends.
func (r *reader) pause(m token.Mark) {
	if m&(token.Comma|token.Stop) == 0 {
		return
	}
	r.not, r.factor = 0, 1
	if m&token.Stop == 0 {
		return
	}
	r.bad += r.span
	r.con += r.span
	if r.waiting {
		r.bad += mul(r.span, waited)
		r.con += mul(r.span, waited)
	}
	k := 1.0
	if m&token.Question != 0 {
		r.ev.asks++
		k = asked
	} else if m&token.Exclaim != 0 {
		k += perExclaim
	}
	kg := k
	if r.asking {
		kg = min(k, wished)
	}
	r.ev.good += mul(r.good, kg)
	r.ev.bad += mul(r.bad, k)
	r.ev.pro += mul(r.pro, kg)
	r.ev.con += mul(r.con, k)
	r.good, r.bad, r.pro, r.con, r.after = 0, 0, 0, 0, 1
	r.asking, r.waiting, r.span = false, false, 0
}

// take applies an entry that stands on words.
func (r *reader) take(e entry, words []token.Word) {
	if e.kind == kindHail {
		e.kind = kindWord
		if r.head {
			e = entry{kind: kindPolite}
		}
	}
	r.head = r.head && e.kind == kindPolite
	switch e.kind {
	case kindPolite:
		r.court(e, words)
		return
	case kindAsk:
		r.asking = true
		r.ev.asks++
		r.factor = 1
	case kindWait:
		r.asking, r.waiting, r.factor = true, true, 1
		r.ev.asks++
	case kindSpan:
		r.span -= float64(e.value) / 100
		r.feel(e.emotion, 0.3, false)
		r.found(words)
	case kindDue:
		r.waiting = true
		if r.not > 0 {
			r.not = 0
			r.word(e, words)
		}
		r.factor = 1
	case kindWord, kindFix:
		if e.kind == kindFix && r.not == 0 {
			r.bad, r.con = mul(r.bad, mended), mul(r.con, mended)
		}
		r.word(e, words)
	case kindNot:
		r.not, r.factor = notReach, 1
		return
	case kindOnly:
		r.not = 0
		return
	case kindBut:
		r.good, r.bad = mul(r.good, beforeBut), mul(r.bad, beforeBut)
		r.after, r.not, r.factor = afterBut, 0, 1
		return
	case kindAmp, kindDim:
		r.factor = min(mul(r.factor, float64(e.value)/100), 2)
		if r.not > 0 {
			r.not++
		}
	default:
		r.factor = 1
	}
	if r.not > 0 {
		r.not--
	}
}

// court takes words of courtesy.
func (r *reader) court(e entry, words []token.Word) {
	r.ev.polite += float64(e.value) / 100
	r.ev.muted += len(words)
	for i := range words {
		words[i].Shape |= token.Muted
	}
	r.factor = 1
}

func (r *reader) word(e entry, words []token.Word) {
	v := mul(float64(e.value)/100, r.factor)
	r.factor = 1
	if words[0].Shape&token.Upper != 0 && r.loud {
		v = mul(v, shouted)
	}
	if words[0].Shape&token.Drawn != 0 {
		v = mul(v, drawn)
	}
	turned := r.not > 0
	if turned {
		r.not = 1
		if v > 0 {
			v = mul(v, turnGood)
		} else {
			v = mul(v, turnBad)
		}
	}
	if v > 0 {
		r.good += mul(v, r.after)
		r.pro += v
	} else {
		r.bad -= mul(v, r.after)
		r.con -= v
	}
	if e.emotion != None {
		r.feel(e.emotion, max(0.3, abs(v)), turned)
	}
	if v != 0 || e.emotion != None {
		r.found(words)
	}
}

// found keeps words as a cue.
func (r *reader) found(words []token.Word) {
	if r.ev.found < cueLimit {
		r.ev.cues[r.ev.found] = cue{words[0].Start, words[len(words)-1].End}
		r.ev.found++
	}
}

// feel adds to an emotion; a good feeling denied is disappointment, a bad one denied is nothing.
func (r *reader) feel(e Emotion, strength float64, turned bool) {
	if turned {
		if e != Satisfaction && e != Enthusiasm && e != Joy {
			return
		}
		e = Disappointment
	}
	r.ev.emotion[e] += strength
}

// superlative finds the adjective under an Italian word in -issimo.
func (r *reader) superlative(s *token.Scanner, l *lexicon, w *token.Word) entry {
	f := s.Folded[w.Start:w.End]
	n := len(f)
	if n < 9 || string(f[n-6:n-1]) != "issim" {
		return entry{}
	}
	var form [48]byte
	if n > len(form) {
		return entry{}
	}
	stem := copy(form[:], f[:n-6])
	for _, vowel := range [...]byte{'o', 'e', 'a'} {
		form[stem] = vowel
		if e := l.find(token.Hash(string(form[:stem+1]))); e.kind == kindWord {
			e.value = int16(max(-110, min(110, float64(e.value)*superlative)))
			return e
		}
	}
	return entry{}
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}
