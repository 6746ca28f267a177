package synth

import (
	"math/rand/v2"
	"testing"
	"time"

	"tappa/journey"
)

// TestOfficeKeepsTheTemplatesHours holds two calculations of business time against each other: ours adds, package
// journey's measures.
func TestOfficeKeepsTheTemplatesHours(t *testing.T) {
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(rome())
	r := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
	for _, d := range j.Departments {
		for range 3000 {
			from := start.Add(time.Duration(r.Int64N(int64(2 * 365 * 24 * time.Hour)))).Truncate(time.Second)
			length := time.Duration(r.Int64N(int64(60 * time.Hour))).Truncate(time.Second)
			to := o.add(d.ID, from, length)
			if got, _ := d.Business(from, to); got != length {
				t.Fatalf("%s: from %v to %v is %v of business time, want %v", d.ID, from, to, got, length)
			}
		}
	}
	for id, want := range silences() {
		if s, _, _ := j.Stage(id); s.Silence != want {
			t.Errorf("%s falls silent after %v, this package believes %v", id, s.Silence, want)
		}
	}
}

// TestLanguagesMatch wants every kind of fragment in both languages.
func TestLanguagesMatch(t *testing.T) {
	it, en := readTexts("it"), readTexts("en")
	for _, pair := range [][2]texts{{it, en}, {en, it}} {
		for key := range pair[0].parts {
			if len(pair[1].parts[key]) == 0 {
				t.Errorf("[%s] is missing in the other language", key)
			}
		}
		for context, feelings := range pair[0].feelings {
			for _, f := range feelings {
				if other := pair[1].find(context, f.emotion); other.label != f.label || len(f.kernels) == 0 {
					t.Errorf("%s %s: %s and %s, %d kernels", context, f.emotion, f.label, other.label, len(f.kernels))
				}
			}
		}
	}
}
