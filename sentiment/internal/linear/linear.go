// Package linear is the small model of the mood scorer: hashed word and letter n-grams of a text, one row of int8
// weights for each hash, one output for each question asked. The scorer sums rows; the trainer makes them.
package linear

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"tappa/sentiment/internal/token"
)

// Model holds the weights of one language. It is read-only once made, and safe for concurrent use.
type Model struct {
	Bits    int       // 1<<Bits rows
	Outputs int       // columns of a row
	Scale   []float32 // what one unit of weight is worth, by output
	Bias    []float32 // by output
	Bound   []float32 // from which logit on an output counts as yes
	Weights []int8    // rows one after the other

	pairs []uint16 // of the first two outputs, packed
}

const (
	prime   = 0x9E3779B97F4A7C15
	letters = 0xA24BAED4963EE407 // seed of letter n-grams
	marks   = 0x9FB21C651E98DF25 // seed of marks
	denied  = 0x2545F4914F6CDD1D // turns the seeds of what a negation reaches
)

// reach is how many words a negation reaches, unless a comma or stop comes first.
const reach = 4

// negations of both languages, as a small open-addressed table of hashes.
var negations = func() (t [128]uint64) {
	for w := range strings.FieldsSeq("non mai senza nessuno nessun nessuna niente nulla neanche nemmeno neppure mica ne " +
		"not no never without nothing nobody none nor cannot cant dont doesnt didnt isnt wasnt arent werent wont " +
		"wouldnt shouldnt couldnt hasnt havent hadnt aint hardly") {
		h := token.Hash(w)
		i := h >> 57
		for t[i] != 0 {
			i = (i + 1) % 128
		}
		t[i] = h
	}
	return t
}()

func negates(h uint64) bool {
	for i := h >> 57; negations[i] != 0; i = (i + 1) % 128 {
		if negations[i] == h {
			return true
		}
	}
	return false
}

// Marks that are features of their own.
const (
	markExclaim = iota + 1
	markQuestion
	markDots
	markUpper
	markDrawn
	markShort
	markLong
)

// grams is the number of letters of the longest letter n-gram.
const grams = 5

// Features appends the hash of every feature of a scanned text to dst: words, pairs of words that no stop parts,
// n-grams of 3 to 5 letters within a word and its bounds, and marks. What a negation reaches counts apart. Models of any size read the same hashes.
func Features(dst []uint32, s *token.Scanner) []uint32 { return Lead(dst, s, math.MaxInt32) }

// Lead appends the first of Features, at most so many.
func Lead(dst []uint32, s *token.Scanner, most int) []uint32 {
	begin := len(dst)
	previous, not := uint64(0), 0
	var seen token.Mark
	var shapes token.Shape
	for i := range s.Words {
		w := &s.Words[i]
		seen |= w.Before
		shapes |= w.Shape
		if w.Before&token.Stop != 0 {
			previous = 0
		}
		if w.Before&(token.Stop|token.Comma) != 0 {
			not = 0
		}
		if w.Shape&token.Muted != 0 {
			previous = 0
			continue
		}
		seed := uint64(0)
		if not > 0 {
			seed = denied
			not--
		}
		dst = append(dst, uint32((w.Hash^seed)*prime>>32), uint32(token.Join(previous, w.Hash)*prime>>32))
		previous = w.Hash
		if w.Shape&token.Symbol == 0 {
			dst = spell(dst, s.Folded[w.Start-1:w.End+1], letters^seed)
		}
		if len(dst)-begin >= most {
			return dst[:begin+most]
		}
		if negates(w.Hash) {
			not = reach
		}
	}
	seen |= s.After
	mark := func(on bool, k uint64) {
		if on {
			dst = append(dst, uint32((marks^k*prime)*prime>>32))
		}
	}
	mark(seen&token.Exclaim != 0, markExclaim)
	mark(seen&token.Question != 0, markQuestion)
	mark(seen&token.Dots != 0, markDots)
	mark(shapes&token.Upper != 0, markUpper)
	mark(shapes&token.Drawn != 0, markDrawn)
	mark(len(s.Words) <= 3, markShort)
	mark(len(s.Words) > 25, markLong)
	return dst[:min(len(dst), begin+most)]
}

// spell appends the letter n-grams of a word that stands between two spaces.
func spell(dst []uint32, word []byte, seed uint64) []uint32 {
	for ; len(word) >= grams; word = word[1:] {
		h := (((seed^uint64(word[0]))*prime^uint64(word[1]))*prime ^ uint64(word[2])) * prime
		h4 := (h ^ uint64(word[3])) * prime
		h5 := (h4 ^ uint64(word[4])) * prime
		dst = append(dst, hashed(h), hashed(h4), hashed(h5))
	}
	if len(word) == grams-1 { // the two last places of a word have no room for the longer ones
		h := (((seed^uint64(word[0]))*prime^uint64(word[1]))*prime ^ uint64(word[2])) * prime
		dst = append(dst, hashed(h), hashed((h^uint64(word[3]))*prime))
		word = word[1:]
	}
	if len(word) == grams-2 {
		dst = append(dst, hashed((((seed^uint64(word[0]))*prime^uint64(word[1]))*prime^uint64(word[2]))*prime))
	}
	return dst
}

// hashed makes the hash of letters one of a feature.
func hashed(h uint64) uint32 { return uint32((h ^ h>>31) * prime >> 32) }

// The first two outputs are asked of every text, at most eight others of few.
const (
	pairOutputs = 2
	maxOutputs  = pairOutputs + 8
)

// Pair returns the logits of the first two outputs, given the hashes of a text's features.
func (m *Model) Pair(hashes []uint32) (first, second float32) {
	var a, b uint32
	shift := uint(32 - m.Bits)
	for _, h := range hashes {
		w := uint32(m.pairs[h>>shift])
		a += w & 0xff
		b += w >> 8
	}
	norm, zero := scaling(len(hashes))
	return m.logit(0, int32(a)-zero, norm), m.logit(1, int32(b)-zero, norm)
}

// columnsOutputs is how many outputs Columns hold at most.
const columnsOutputs = 4

// Columns are a few outputs of a model that are asked together, packed: of a row of weights they read four bytes.
type Columns struct {
	model   *Model
	outputs []int
	rows    []uint32 // 128 added to each weight
}

// Columns returns some of the model's outputs, at most four.
func (m *Model) Columns(outputs ...int) *Columns {
	c := &Columns{model: m, outputs: outputs, rows: make([]uint32, 1<<m.Bits)}
	for r := range c.rows {
		for at, k := range outputs {
			c.rows[r] |= uint32(int(m.Weights[r*m.Outputs+k])+128) << (8 * at)
		}
	}
	return c
}

// Apply writes the logits of these outputs to out, by the numbers that they have in the model.
func (c *Columns) Apply(hashes []uint32, out []float32) {
	const lanes, flush = 0x00ff00ff, 256
	var sums [columnsOutputs]uint32
	shift := uint(32 - c.model.Bits)
	norm, zero := scaling(len(hashes))
	for len(hashes) > 0 {
		part := hashes[:min(flush, len(hashes))]
		hashes = hashes[len(part):]
		var even, odd uint32 // two sums of 16 bits each
		for _, h := range part {
			w := c.rows[h>>shift]
			even += w & lanes
			odd += w >> 8 & lanes
		}
		sums[0] += even & 0xffff
		sums[1] += odd & 0xffff
		sums[2] += even >> 16
		sums[3] += odd >> 16
	}
	for at, k := range c.outputs {
		out[k] = c.model.logit(k, int32(sums[at])-zero, norm)
	}
}

// logit makes a sum of weights a logit. The conversion keeps the product from being fused with the addition, which
// would give another last bit on processors that can.
func (m *Model) logit(k int, sum int32, norm float32) float32 {
	return float32(float32(sum)*m.Scale[k]*norm) + m.Bias[k]
}

// Apply writes the logit of every output to out.
func (m *Model) Apply(hashes []uint32, out []float32) {
	var sums [maxOutputs]int32
	for _, h := range hashes {
		for k, w := range m.Weights[int(h>>(32-m.Bits))*m.Outputs:][:m.Outputs] {
			sums[k] += int32(w)
		}
	}
	norm, _ := scaling(len(hashes))
	for k := range m.Outputs {
		out[k] = m.logit(k, sums[k], norm)
	}
}

// scaling returns what a sum over n features is multiplied with, and what the n packed weights have in excess.
func scaling(n int) (norm float32, zero int32) {
	return float32(1 / math.Sqrt(float64(max(1, n)))), int32(n) * 128
}

// pack lays the weights out for Pair, 128 added to each.
func (m *Model) pack() {
	m.pairs = make([]uint16, 1<<m.Bits)
	for r := range m.pairs {
		for k := range pairOutputs {
			m.pairs[r] |= uint16(int(m.Weights[r*m.Outputs+k])+128) << (8 * k)
		}
	}
}

const magic = "tappaLM2"

var errFormat = errors.New("read model: not a model file")

// Append writes the model's file form behind b.
func (m *Model) Append(b []byte) []byte {
	b = append(b, magic...)
	b = append(b, byte(m.Bits), byte(m.Outputs), 0, 0)
	for _, list := range [][]float32{m.Scale, m.Bias, m.Bound} {
		for _, v := range list {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	for _, w := range m.Weights {
		b = append(b, byte(w))
	}
	return b
}

// Parse reads the file form.
func Parse(b []byte) (*Model, error) {
	if len(b) < len(magic)+4 || string(b[:len(magic)]) != magic {
		return nil, errFormat
	}
	h := b[len(magic):]
	m := &Model{Bits: int(h[0]), Outputs: int(h[1])}
	b = h[4:]
	if m.Outputs < pairOutputs || m.Outputs > maxOutputs || m.Bits > 24 || len(b) != 12*m.Outputs+m.Outputs<<m.Bits {
		return nil, fmt.Errorf("%w: %d bits, %d outputs, %d bytes", errFormat, m.Bits, m.Outputs, len(b))
	}
	for _, list := range []*[]float32{&m.Scale, &m.Bias, &m.Bound} {
		for range m.Outputs {
			*list = append(*list, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			b = b[4:]
		}
	}
	m.Weights = make([]int8, len(b))
	for i, w := range b {
		m.Weights[i] = int8(w)
	}
	m.pack()
	return m, nil
}
