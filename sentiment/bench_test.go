package sentiment

import (
	"fmt"
	"strings"
	"testing"
)

// Messages of about forty words, as customers write them.
const (
	italianMessage = "Buongiorno, vi scrivo perché la pressa consegnata a marzo si è fermata di nuovo e il tecnico, pur molto " +
		"gentile, non ha ancora trovato il guasto. Aspettiamo il preventivo da due settimane e nessuno risponde: siamo " +
		"piuttosto delusi dal servizio."
	englishMessage = "Hello, I am writing because the press delivered in March stopped again and the engineer, although very kind, " +
		"has not found the fault yet. We have been waiting for the quotation for two weeks and nobody answers: we are " +
		"rather disappointed."
)

// mail150 is a message of 150 bytes as a mail brings it, with a signature and the mail it answers.
const mail150 = "Buongiorno,\nvi ho già scritto due volte e nessuno mi ha risposto: la macchina è ferma da lunedì e stiamo perdendo " +
	"ordini. Quando arriva il tecnico?\n\nCordiali saluti\nMario Rossi\nTel. 02 1234567\n\nIl giorno 3 mar 2026 alle 10:12 Service " +
	"<s@example.it> ha scritto:\n\n> Gentile cliente,\n> abbiamo preso in carico la richiesta.\n"

// TestScoreAllocatesNothing holds scoring, cutting and finding the language included, to take no memory.
func TestScoreAllocatesNothing(t *testing.T) {
	s, x := New(), new(scratch)
	for _, text := range []string{mail150, italianMessage, englishMessage, "Tutto ok, grazie"} {
		if n := testing.AllocsPerRun(100, func() { s.score(x, Cut(text), "") }); n > 0 {
			t.Errorf("%.0f allocations for %.40q", n, text)
		}
	}
}

// BenchmarkScoreSizes scores texts that double in size; the time for a byte must stay the same.
func BenchmarkScoreSizes(b *testing.B) {
	s := New()
	for size := 1 << 10; size <= 1<<20; size *= 4 {
		text := strings.Repeat(mail150[:160], size/160)
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Score(text, "")
			}
		})
	}
}

func BenchmarkScore(b *testing.B) {
	s := New()
	for _, c := range []struct{ name, text, lang string }{
		{"mail", mail150, ""},
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
