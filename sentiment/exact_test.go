package sentiment

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

func TestExpAndTanhAreThoseOfMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		x := r.Float64()*60 - 30
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-15*want {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
		if got, want := tanh(x/6), math.Tanh(x/6); math.Abs(got-want) > 1e-15 {
			t.Fatalf("tanh(%v) = %v, want %v", x/6, got, want)
		}
	}
	if tanh(0) != 0 || tanh(400) != 1 || tanh(-400) != -1 {
		t.Errorf("tanh at 0, 400, -400: %v %v %v", tanh(0), tanh(400), tanh(-400))
	}
}

// TestScoresAreTheSameEverywhere holds the moods of some hundred texts to one digest, bit for bit. It is run on
// amd64 by every test run, and on arm64 by `make test-arm64`.
func TestScoresAreTheSameEverywhere(t *testing.T) {
	f, err := os.Open("testdata/care.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, sum, n := New(), sha256.New(), 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		m := s.Score(lines.Text(), "")
		fmt.Fprintf(sum, "%x %x %s %s %s\n", math.Float64bits(m.Score), math.Float64bits(m.Confidence), m.Label, m.Emotion, m.Lang)
		x := new(scratch)
		if know, _ := s.read(x, Cut(lines.Text()), ""); know != nil {
			g := s.signal(x, know)
			fmt.Fprintf(sum, "%x %x\n", math.Float64bits(g.rules), math.Float64bits(g.model))
		}
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)[:8]); n < 200 || got != scoresDigest {
		t.Errorf("digest of %d moods is %s, want %s: if the scorer was changed, write the new one here and run make test-arm64", n, got, scoresDigest)
	}
}

const scoresDigest = "642a719c8565e854"
