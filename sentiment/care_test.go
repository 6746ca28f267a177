package sentiment

import (
	"strings"
	"testing"
)

// careFloor is the share of the messages of customers whose label and emotion must be right, by language. The scorer
// is to err at most so; a change that errs more is a step back.
var careFloor = map[string]float64{"it": 0.9, "en": 0.94}

// TestCare measures the scorer on messages of customers that were labelled before it was tuned for them.
func TestCare(t *testing.T) {
	s := New()
	right, all := map[string]int{}, map[string]int{}
	for _, c := range rows(t, "testdata/care.tsv", 4) {
		lang, label, emotion, text := c[0], c[1], c[2], strings.ReplaceAll(c[3], `\n`, "\n")
		m := s.Explain(text, "")
		agree := m.Label == label
		for _, k := range []string{lang, lang + " " + label} {
			if all[k]++; agree {
				right[k]++
			}
		}
		if !agree || emotion != "any" && m.Emotion != emotion {
			t.Logf("%s, want %s %s: %s %.2f %s %q: %s", lang, label, emotion, m.Label, m.Score, m.Emotion, m.Cues, c[3])
		}
	}
	for k, n := range all {
		t.Logf("%-12s %4d messages, %.2f right", k, n, float64(right[k])/float64(n))
	}
	for lang, floor := range careFloor {
		if float64(right[lang]) < floor*float64(all[lang]) {
			t.Errorf("%s: %d of %d right, want %.2f", lang, right[lang], all[lang], floor)
		}
	}
}
