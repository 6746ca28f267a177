package sentiment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestCutMails holds Cut to mails of common programs and what a reply parser's authors say was written; see
// testdata/cut/SOURCE.txt.
func TestCutMails(t *testing.T) {
	files, err := filepath.Glob("testdata/cut/*.want")
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	for _, want := range files {
		mail, err := os.ReadFile(strings.TrimSuffix(want, ".want") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(want)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(strings.Fields(Cut(string(mail))), " ")
		if diff := cmp.Diff(got, strings.Join(strings.Fields(string(written)), " ")); diff != "" {
			t.Errorf("%s (-got, +want):\n%s", want, diff)
		}
	}
}

// TestCut holds Cut to the marks of Italian and English mail, one case for each.
func TestCut(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "Buongiorno,\nla pompa perde olio.", "Buongiorno,\nla pompa perde olio."},
		{"quote", "Va bene, grazie.\n> Possiamo passare martedì?\n> Mario", "Va bene, grazie."},
		{"inline", "Il giorno 3 mar 2026 alle ore 10:12 Service <s@example.it> ha scritto:\n\n> Passiamo martedì?\nSì, va bene.\n> Alle 9?\nMeglio alle 10.", "Sì, va bene.\nMeglio alle 10."},
		{"folded header", "Ancora nessuna risposta!\n\nIl giorno mar 3 mar 2026 alle ore 10:12 Servizio Clienti\n<service@example.it> ha scritto:\n\nGentile cliente, ci scusiamo", "Ancora nessuna risposta!"},
		{"apple", "Perfetto.\n\nInviato da iPhone\n\nIl giorno 3 mar 2026, alle ore 10:12, Rossi <r@example.it> ha scritto:\n\nproblema risolto?", "Perfetto."},
		{"original", "Non funziona ancora.\n\n-----Messaggio originale-----\nDa: Service\nInviato: lunedì\nA: Rossi\nOggetto: guasto", "Non funziona ancora."},
		{"outlook", "Attendo il preventivo.\n\nDa: Service <s@example.it>\nInviato: lunedì 2 marzo 2026 09:15\nA: Rossi <r@example.it>\nOggetto: R: preventivo\n\nBuongiorno, siamo in ritardo", "Attendo il preventivo."},
		{"outlook bold rule", "Thanks, it works.\n\n________________________________\n*From:* Support\n*Sent:* Monday\n*To:* Me\n*Subject:* RE: fault\n\nterrible news", "Thanks, it works."},
		{"closing", "La macchina è ferma.\n\nCordiali saluti,\nMario Rossi\nResponsabile produzione\nTel. 02 123456", "La macchina è ferma."},
		{"closing en", "The line is down.\nKind regards,\nJane Doe\nPlant manager", "The line is down."},
		{"signature", "Ottimo lavoro\n-- \nMario Rossi", "Ottimo lavoro"},
		{"notice", "Tutto ok.\n\nAVVISO DI RISERVATEZZA\nLe informazioni contenute in questo messaggio sono riservate ai destinatari indicati.", "Tutto ok."},
		{"no notice", "Questo messaggio per dirvi che siamo delusi.\nMolto.", "Questo messaggio per dirvi che siamo delusi.\nMolto."},
		{"forward", "Vi giro quanto ricevuto.\n\nInizio messaggio inoltrato:\n\nDa: X\nA: Y", "Vi giro quanto ricevuto."},
		{"form fields", "Da: sito web\nrichiesta di preventivo per la pressa", "Da: sito web\nrichiesta di preventivo per la pressa"},
		{"greeting is no closing", "Saluti a tutti, vi scrivo perché da due settimane non risponde nessuno\nalle mie mail", "Saluti a tutti, vi scrivo perché da due settimane non risponde nessuno\nalle mie mail"},
		{"windows lines", "Grazie.\r\n\r\nOn 3 Mar 2026, at 10:12, Bob <b@example.com> wrote:\r\n\r\n> bad\r\n", "Grazie."},
		{"dashed name", "Perde olio di nuovo.\n\n-Mario Rossi\n", "Perde olio di nuovo."},
		{"list", "Mi servono:\n-Pompa Olio\n-Filtro Aria", "Mi servono:\n-Pompa Olio\n-Filtro Aria"},
		{"bare signature", "Il pezzo non arriva.\n\nMario Rossi\nOfficine Rossi srl\nTel. 02 1234567", "Il pezzo non arriva."},
		{"bare name", "Il pezzo non arriva.\n\nMario Rossi", "Il pezzo non arriva."},
		{"last paragraph", "Il pezzo non arriva.\n\nChiamatemi al 348 1234567", "Il pezzo non arriva.\n\nChiamatemi al 348 1234567"},
		{"day first", "Ancora niente.\n\n2026-03-03 17:21 GMT+01:00 Service <s@example.it>:\n\n> Arriva domani.", "Ancora niente."},
		{"waiting", "Ho aperto un ticket.\nResto in attesa da tre settimane!\nMario", "Ho aperto un ticket.\nResto in attesa da tre settimane!\nMario"},
		{"waiting and name", "Ho aperto un ticket.\nResto in attesa di notizie.\nMario", "Ho aperto un ticket."},
		{"attribution first", "Il giorno 3 mar 2026 Service <s@example.it> ha scritto:\n\nLa macchina perde ancora.", "La macchina perde ancora."},
		{"only a quote", "> pessimo\n> servizio", ""},
	} {
		if diff := cmp.Diff(Cut(c.text), c.want); diff != "" {
			t.Errorf("%s (-got, +want):\n%s", c.name, diff)
		}
	}
}

// TestCutLooksLittle holds Cut to look at no byte of a text more than some dozens of times, whatever lines it has, so that
// its time is linear in the length.
func TestCutLooksLittle(t *testing.T) {
	lines := []string{
		"", " ", "grazie,", "cordiali saluti", "Mario Rossi", "> quoted", "-- ", "_______", "------", "Da: x@y.it", "A: z", "Oggetto: w",
		"il 3 marzo 2026", "On 3 Mar 2026", "ha scritto:", "x@y.it", "questo messaggio", "-Mario Rossi", "Tel. 02 1234567", "2026-03-03 17:21 GMT <",
		"La macchina è ferma da due giorni.",
	}
	rapid.Check(t, func(t *rapid.T) {
		part := strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 1, 12).Draw(t, "lines"), "\n") + "\n"
		c := cutter{text: strings.Repeat(part, 1+20000/len(part))}
		c.run()
		if c.looked > 40*len(c.text) {
			t.Fatalf("looked at %d bytes of a text of %d", c.looked, len(c.text))
		}
	})
}

// FuzzCut holds Cut to end, to give lines of the text and nothing else, and to find nothing more to cut in a text
// of one line.
func FuzzCut(f *testing.F) {
	f.Add("a\n\nOn 1 Jan, x@y wrote:\n> b\n-- \nc")
	f.Add("Da: \nA: \nOggetto: \n")
	f.Fuzz(func(t *testing.T, text string) {
		cut := Cut(text)
		if len(cut) > len(text) {
			t.Fatalf("%d bytes of %d", len(cut), len(text))
		}
		for line := range strings.Lines(cut) {
			if !strings.Contains(text, strings.TrimSpace(line)) {
				t.Fatalf("line %q is not of the text", line)
			}
		}
	})
}
