package sentiment

import "testing"

// Messages of about forty words, as customers write them.
const (
	italianMessage = "Buongiorno, vi scrivo perché la pressa consegnata a marzo si è fermata di nuovo e il tecnico, pur molto " +
		"gentile, non ha ancora trovato il guasto. Aspettiamo il preventivo da due settimane e nessuno risponde: siamo " +
		"piuttosto delusi dal servizio."
	englishMessage = "Hello, I am writing because the press delivered in March stopped again and the engineer, although very kind, " +
		"has not found the fault yet. We have been waiting for the quotation for two weeks and nobody answers: we are " +
		"rather disappointed."
)

func BenchmarkScore(b *testing.B) {
	s := New()
	for _, c := range []struct{ name, text, lang string }{
		{"it", italianMessage, ""},
		{"en", englishMessage, ""},
		{"it-known", italianMessage, "it"},
		{"short", "Tutto ok, grazie", ""},
		{"other", "Die Maschine läuft seit gestern nicht mehr, bitte helfen Sie uns", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				s.Score(c.text, c.lang)
			}
		})
	}
}

func BenchmarkCut(b *testing.B) {
	mail := italianMessage + "\n\nCordiali saluti\nMario Rossi\n\nIl giorno 3 mar 2026 alle 10:12 Service <s@example.it> ha scritto:\n\n> " +
		englishMessage + "\n> \n> Service\n"
	b.ReportAllocs()
	b.SetBytes(int64(len(mail)))
	for b.Loop() {
		Cut(mail)
	}
}
