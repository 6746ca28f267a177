package linear

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"tappa/sentiment/internal/token"
)

func hashes(text string) []uint32 {
	var s token.Scanner
	s.Scan(text)
	return Features(nil, &s)
}

// lessons are texts whose first output is told by a word, the second by its denial, the third by a question mark.
func lessons() []Example {
	var out []Example
	for i := range 200 {
		for k, text := range []string{"pezzo %d buono", "pezzo %d non buono", "pezzo %d?"} {
			e := Example{Hashes: hashes(fmt.Sprintf(text, i)), Want: make([]float32, 3), Known: 7, Weight: 1}
			e.Want[k] = 1
			out = append(out, e)
		}
	}
	return out
}

var plan = Plan{Bits: 12, Outputs: 3, Epochs: 4, Rate: 0.1, Decay: 1e-6, Ratio: 0.5, Seed: 1}

// TestLearn holds the trainer to learn what the texts tell, and to give the same bytes twice.
func TestLearn(t *testing.T) {
	m := Learn(plan, lessons())
	for want, text := range []string{"pezzo 900 buono", "pezzo 901 non buono", "pezzo 902?"} {
		var z [maxOutputs]float32
		m.Apply(hashes(text), z[:])
		for k := range 3 {
			if (z[k] > 0) != (k == want) {
				t.Errorf("%q: logits %v, want only output %d", text, z[:3], want)
			}
		}
	}
	if !bytes.Equal(m.Append(nil), Learn(plan, lessons()).Append(nil)) {
		t.Error("two trainings differ")
	}
}

// TestApply holds the sums, plain and packed, to what they stand for, for texts of any length.
func TestApply(t *testing.T) {
	m, err := Parse(Learn(plan, lessons()).Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 255, 256, 257, 100_000} {
		rows := make([]uint32, n)
		for i := range rows {
			rows[i] = uint32(i) * 2654435761
		}
		var got, packed [maxOutputs]float32
		m.Apply(rows, got[:])
		m.Columns(1, 2).Apply(rows, packed[:])
		first, second := m.Pair(rows)
		if packed[0] != 0 || packed[1] != got[1] || packed[2] != got[2] || first != got[0] || second != got[1] {
			t.Errorf("%d features: %v and %v, %v, want %v", n, packed, first, second, got)
		}
		for k := range m.Outputs {
			sum := 0
			for _, r := range rows {
				sum += int(m.Weights[int(r>>(32-m.Bits))*m.Outputs+k])
			}
			want := float64(sum)*float64(m.Scale[k])/math.Sqrt(float64(max(1, n))) + float64(m.Bias[k])
			if math.Abs(want-float64(got[k])) > 1e-3*max(1, math.Abs(want)) {
				t.Errorf("%d features, output %d: %v, want %v", n, k, got[k], want)
			}
		}
	}
}

// FuzzParse holds the reader to refuse broken files, and to write back what it took.
func FuzzParse(f *testing.F) {
	f.Add(Learn(Plan{Bits: 3, Outputs: 2, Epochs: 1, Rate: 0.1}, nil).Append(nil))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		m.Apply([]uint32{0, 1 << 31, math.MaxUint32}, make([]float32, maxOutputs))
		if again, err := Parse(m.Append(nil)); err != nil || again.Outputs != m.Outputs {
			t.Fatalf("written and read again: %v", err)
		}
	})
}
