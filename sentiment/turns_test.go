package sentiment

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCutTellsWhoSpeaks(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			"call", "Operatore: Buongiorno, sono Marco, che meraviglia sentirla.\nCliente: La macchina è ferma da ieri.\nOperatore: Mi dispiace moltissimo.\nCliente: Sono furioso.",
			"Cliente: La macchina è ferma da ieri.\nCliente: Sono furioso.",
		},
		{
			"chat with times", "[10:32] Agent 2: Hello, how may I help you today?\n[10:33] Customer (Anna): My order never arrived.\nIt was due on Monday.\n[10:35:01] Agent 2: Sorry to hear that.",
			"[10:33] Customer (Anna): My order never arrived.\nIt was due on Monday.",
		},
		{
			"names are customers beside a company", "Servizio clienti: Buongiorno, come posso aiutarla?\nAnna Neri: Il pezzo è rotto di nuovo.\nServizio clienti: Glielo cambiamo subito, mi scusi.\nAnna Neri: Grazie, perfetto!",
			"Anna Neri: Il pezzo è rotto di nuovo.\nAnna Neri: Grazie, perfetto!",
		},
		{
			"names are the company beside a customer", "Marco: Buongiorno, come posso aiutarla oggi?\nCliente: Il pezzo è rotto di nuovo.\nMarco: Glielo cambiamo subito, mi scusi.",
			"Cliente: Il pezzo è rotto di nuovo.",
		},
		{
			"two turns that say something", "Caller: I have been waiting for two weeks now.\nOperator: I will have somebody call you back.",
			"Caller: I have been waiting for two weeks now.",
		},
		{"fields of a form", "Cliente: Rossi srl\nTecnico: Bianchi\nNote: la pompa perde olio da ieri sera", ""},
		{"signature", "La pompa perde olio.\nAssistenza: 800 123456\nCliente: 4711", ""},
		{"no labels", "Buongiorno, una domanda:\nla pompa è disponibile?", ""},
		{"one speaker", "Cliente: la pompa perde olio da ieri sera.\nCliente: nessuno mi richiama.", ""},
		{"monologue of names", "Anna: ciao a tutti quanti voi.\nLuca: ciao anche a te, Anna cara.", ""},
	} {
		want := c.want
		if want == "" {
			want = c.text
		}
		if diff := cmp.Diff(Cut(c.text), want); diff != "" {
			t.Errorf("%s (-got, +want):\n%s", c.name, diff)
		}
	}
}

// TestMoodOfACallIsTheCustomers holds the company's kind words out of the mood of a call.
func TestMoodOfACallIsTheCustomers(t *testing.T) {
	call := "Operatore: Benvenuto, felicissimi di averla con noi, un servizio eccellente e perfetto.\n" +
		"Cliente: È uno schifo, la macchina è rotta di nuovo.\n" + strings.Repeat("Operatore: Ottimo, splendido, grazie mille.\n", 5)
	if m := New().Score(call, ""); m.Label != Negative {
		t.Errorf("mood of the call: %+v, want negative", m)
	}
}
