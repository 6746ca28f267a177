package sentiment

import "testing"

// TestScore holds typical messages of a machinery maker's and a help desk's customers to their labels.
func TestScore(t *testing.T) {
	s := New()
	for _, c := range []struct{ text, label string }{
		{"Ottimo servizio, tecnici cortesi e puntuali.", Positive},
		{"La macchina non funziona e nessuno risponde da due settimane.", Negative},
		{"Non siamo soddisfatti dell'assistenza.", Negative},
		{"Nessun problema, tutto ok.", Positive},
		{"Vi inviamo in allegato l'ordine numero 4512.", Neutral},
		{"The support team was very helpful, thank you!", Positive},
		{"I'm not happy with the delay.", Negative},
		{"Please find attached our purchase order.", Neutral},
		{"VERGOGNA! Preventivo in ritardo e nessuna risposta.", Negative},
		{"Non male, il tecnico è stato gentile.", Positive},
		{"😡", Negative},
		{"👍", Positive},
	} {
		if m := s.Score(c.text, ""); m.Label != c.label {
			t.Errorf("Score(%q) = %+v, want %s", c.text, m, c.label)
		}
	}
}
