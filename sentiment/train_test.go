package sentiment

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// company returns messages of one company's customers, one or two sentences each, labelled by judge.
func company(t *testing.T, n int, judge func(r *rand.Rand, m Mood) string) []Example {
	s, r := New(), rand.New(rand.NewPCG(7, 7))
	messages := rows(t, "testdata/care.tsv", 4)
	var out []Example
	for len(out) < n {
		a, b := messages[r.IntN(len(messages))], messages[r.IntN(len(messages))]
		if a[0] != b[0] {
			continue
		}
		text := a[3]
		if r.IntN(2) == 0 {
			text += " " + b[3]
		}
		text = strings.ReplaceAll(text, `\n`, " ")
		out = append(out, Example{Text: text, Lang: a[0], Label: judge(r, s.Score(text, a[0]))})
	}
	return out
}

// reserved are customers who call nothing good unless it is excellent, and are quick to call it bad.
func reserved(r *rand.Rand, m Mood) string {
	switch score := m.Score + 0.1*r.NormFloat64(); {
	case score > 0.7:
		return Positive
	case score < -0.05:
		return Negative
	}
	return Neutral
}

// TestTrain holds training to gain where a company's customers label otherwise than the scorer does, to tell the same
// tuning twice, and to give a scorer that labels as they do.
func TestTrain(t *testing.T) {
	labelled := company(t, 600, reserved)
	tuning, err := Train(labelled, TrainOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", tuning.Report)
	if r := tuning.Report; r.After < r.Before+0.1 || r.Noise <= 0 || r.Examples != 600 || r.Folds != 5 {
		t.Errorf("report %+v", r)
	}
	again, err := Train(labelled, TrainOptions{Seed: 1})
	if diff := cmp.Diff(again, tuning); diff != "" || err != nil {
		t.Errorf("trained twice: %v (-second, +first):\n%s", err, diff)
	}
	data, err := json.Marshal(tuning)
	if err != nil || len(data) > 500 {
		t.Errorf("%d bytes of JSON: %v", len(data), err)
	}
	var kept Tuning
	if err := json.Unmarshal(data, &kept); err != nil || kept.Name() != tuning.Name() {
		t.Errorf("kept as %s: %v, was %s", kept.Name(), err, tuning.Name())
	}
	s := New()
	tuned, err := s.With(kept)
	if err != nil {
		t.Fatal(err)
	}
	right := func(s *Scorer) (n int) {
		for _, e := range company(t, 200, reserved) {
			if s.Score(e.Text, e.Lang).Label == e.Label {
				n++
			}
		}
		return n
	}
	if before, after := right(s), right(tuned); after <= before {
		t.Errorf("%d of 200 right with the tuning, %d without", after, before)
	}
	if m := tuned.Score("ottimo", "it"); m.Model != kept.Name() || tuned.Model() != m.Model || !strings.HasPrefix(m.Model, Model+"+") {
		t.Errorf("model %q of tuning %q", m.Model, kept.Name())
	}
	if m := s.Score("ottimo", "it"); m.Model != Model {
		t.Errorf("the scorer without the tuning became %q", m.Model)
	}
}

// TestTrainRefuses holds training to refuse what gains nothing: labels that are the scorer's own, some of them mistaken.
func TestTrainRefuses(t *testing.T) {
	same := func(r *rand.Rand, m Mood) string {
		if r.IntN(5) == 0 || m.Label == Mixed {
			return classNames[r.IntN(3)]
		}
		return m.Label
	}
	tuning, err := Train(company(t, 300, same), TrainOptions{})
	if !errors.Is(err, ErrNotBetter) || tuning.Report.Examples != 300 {
		t.Errorf("error %v, report %+v", err, tuning.Report)
	}
}

// TestTrainTooFew holds training to refuse what is too little to check, and to leave a language with too little alone.
func TestTrainTooFew(t *testing.T) {
	for name, labelled := range map[string][]Example{
		"none":          nil,
		"thirty":        company(t, 30, reserved),
		"one label":     company(t, 200, func(*rand.Rand, Mood) string { return Positive }),
		"unknown label": company(t, 200, func(*rand.Rand, Mood) string { return "angry" }),
	} {
		if _, err := Train(labelled, TrainOptions{}); !errors.Is(err, ErrTooFew) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var italian []Example
	for _, e := range company(t, 600, reserved) {
		if e.Lang == Italian {
			italian = append(italian, e)
		}
	}
	tuning, err := Train(italian, TrainOptions{})
	if err != nil || tuning.Italian == nil || tuning.English != nil {
		t.Errorf("%v: %+v", err, tuning)
	}
}

// TestWith holds a scorer to refuse tunings that are not for it.
func TestWith(t *testing.T) {
	s := New()
	fine := italianBlend
	for _, c := range []struct {
		tuning Tuning
		want   error
	}{
		{Tuning{Base: Model, Italian: &fine}, nil},
		{Tuning{Base: "tappa-mood-0"}, ErrOtherModel},
		{Tuning{Base: Model, English: &Blend{Rules: 1, Model: 1}}, ErrBadTuning},
		{Tuning{Base: Model, Italian: &Blend{Rules: 1, Model: 1, Good: -0.1, Bad: -0.2}}, ErrBadTuning},
	} {
		if _, err := s.With(c.tuning); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.tuning, err, c.want)
		}
	}
}

// TestTunedMoodsAreSane holds a scorer with any possible tuning to sane moods, and tunings that differ to other names.
func TestTunedMoodsAreSane(t *testing.T) {
	s := New()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, least, most float64) float64 { return rapid.Float64Range(least, most).Draw(t, name) }
		b := Blend{draw("rules", 0, 10), draw("model", 0, 10), draw("bias", -2, 2), draw("good", 0.001, 0.999), draw("bad", -0.999, -0.001)}
		tuning := Tuning{Base: Model, Italian: &b}
		tuned, err := s.With(tuning)
		if err != nil {
			t.Fatal(err)
		}
		m := tuned.Score(italianMessage, "it")
		if m.Model != tuning.Name() {
			t.Fatalf("model %q", m.Model)
		}
		m.Model = Model
		if wrong := sane(m); wrong != "" {
			t.Fatalf("%s: %+v", wrong, m)
		}
		other := b
		other.Bias += 0.01
		if (Tuning{Base: Model, Italian: &other}).Name() == tuning.Name() || (Tuning{Base: Model, English: &b}).Name() == tuning.Name() {
			t.Fatalf("two tunings are named %q", tuning.Name())
		}
	})
}
