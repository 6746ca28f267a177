package sentiment

import (
	"errors"
	"strings"
	"testing"
)

func TestStopPhrasesSayNothing(t *testing.T) {
	plain := New()
	s, err := plain.Without("Buona Tavola", "L'Eccellenza è Servita")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, want string
	}{
		{"Vi scrivo per la linea Buona Tavola", Neutral},
		{"Vi scrivo per la linea BUONA  TAVOLA, modello 3", Neutral},
		{"La Buona Tavola è rotta e nessuno risponde", Negative},
		{"Che buona tavola! Ottima davvero", Positive},
		{"Ho una buona tavolata stasera, bellissimo", Positive}, // a longer word is another
	} {
		if got := s.Score(c.text, Italian).Label; got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	before, after := plain.Score("Catalogo L'eccellenza e' servita 2026", Italian), s.Score("Catalogo l'eccellenza è servita 2026", Italian)
	if before.Score <= after.Score {
		t.Errorf("score %.3f without, %.3f with the stop phrase, want less", before.Score, after.Score)
	}
	if after.Model == Model || !strings.HasPrefix(after.Model, Model) {
		t.Errorf("model %q does not tell the stop phrases", after.Model)
	}
	again, _ := plain.Without("l'eccellenza è servita", "buona tavola", "Buona tavola")
	if again.Model() != s.Model() {
		t.Errorf("the same phrases in another order give %s and %s", again.Model(), s.Model())
	}
	tuned, err := s.With(Tuning{Base: Model, Italian: &italianBlend})
	if err != nil || tuned.Score("Vi scrivo per la linea Buona Tavola", Italian).Label != Neutral {
		t.Errorf("a tuning forgets the stop phrases: %v", err)
	}
}

func TestStopPhrasesAreWords(t *testing.T) {
	for _, p := range []string{"", " . ", "uno due tre quattro cinque sei sette otto nove"} {
		if _, err := New().Without(p); !errors.Is(err, ErrStopPhrase) {
			t.Errorf("stop phrase %q: %v, want %v", p, err, ErrStopPhrase)
		}
	}
	if s := New(); s != must(s.Without()) {
		t.Error("no phrases give another scorer")
	}
}
