package source

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tappa/journey"
)

// What an event says is what its record decodes to, in both content modes.
func TestEventsAreRecovered(t *testing.T) {
	d := NewDecoder(Options{DefaultCountry: "IT"})
	text := rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r != 0 && r != '\ufffd' }), 0, 40, -1)
	rapid.Check(t, func(t *rapid.T) {
		form := Form{
			Form: "f" + text.Draw(t, "form"), Subject: text.Draw(t, "subject"), Message: text.Draw(t, "message"),
			Customer: Party{Email: rapid.StringMatching(`[a-z]{1,8}@[a-z]{1,8}\.it`).Draw(t, "email"), Name: text.Draw(t, "name")},
			Fields:   rapid.MapOfN(text, text, 0, 4).Draw(t, "fields"), Thread: text.Draw(t, "thread"), Activity: text.Draw(t, "activity"),
		}
		at := time.Unix(rapid.Int64Range(earliest.Unix(), 4e9).Draw(t, "time"), rapid.Int64Range(0, 999).Draw(t, "ms")*1e6)
		e := Event{ID: rapid.StringMatching(`[!-~]{1,30}`).Draw(t, "id"), Origin: "suite", Type: "tappa.form.submitted", Time: at, Data: form}
		want := journey.Interaction{
			Origin: e.Origin, ID: e.ID, Source: journey.SourceForm, Type: "form.submitted", Activity: first(form.Activity, "form.submitted"),
			OccurredAt: at.UTC(), Direction: journey.Inbound, Thread: form.Thread, Keys: []journey.ContactKey{journey.ContactKey("email:" + form.Customer.Email)},
			Public: true, From: form.Customer.Email, To: form.Form, Subject: form.Subject, Text: form.Message,
		}
		value, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		hs, binary, err := e.Binary()
		if err != nil {
			t.Fatal(err)
		}
		for mode, rec := range map[string]Record{"structured": {Value: value}, "binary": {Headers: hs, Value: binary}} {
			got, err := d.Decode(rec)
			if err != nil {
				t.Fatalf("%s: %v", mode, err)
			}
			want.Payload, want.Account = got.Payload, got.Account
			if string(got.Payload) != string(binary) {
				t.Fatalf("%s: payload %s, want %s", mode, got.Payload, binary)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s (-want, +got):\n%s", mode, diff)
			}
		}
	})
}

func TestEventKey(t *testing.T) {
	for want, e := range map[string]Event{
		"crm:suite/7":           {Type: "form.submitted", Data: Form{Customer: Party{Email: "a@b.it", CRM: "7"}}},
		"email:anna@acme.it":    {Type: "tappa.email.received", Data: Email{From: "Anna <Anna@acme.it>", To: []string{"vendite@example.com"}}},
		"email:anna@acme.com":   {Type: "tappa.email.sent", Data: &Email{From: "vendite@example.com", To: []string{"anna@acme.com"}}},
		"phone:+393331234567":   {Type: "call.held", Data: Call{Customer: Party{Phone: "+39 333 1234567"}}},
		"ticket:suite/12":       {Type: "ticket.noted", Data: map[string]any{"ticket": "12"}},
		"suite/e1":              {Type: "form.submitted", Data: Form{}},
		"email:carlo@gmail.com": {Type: "web.visited", Data: Web{Customer: Party{Email: "carlo@gmail.com", Cookie: "x"}}},
	} {
		e.ID, e.Origin = "e1", "suite"
		if got := string(e.Key()); got != want {
			t.Errorf("key of %+v is %q, want %q", e, got, want)
		}
	}
}

// A payload that cannot be JSON is the caller's mistake, and told.
func TestMarshalFails(t *testing.T) {
	e := Event{ID: "e1", Data: func() {}}
	if _, err := e.Marshal(); err == nil || !strings.Contains(err.Error(), "e1") {
		t.Errorf("error %v, want one that names the event", err)
	}
	if _, _, err := e.Binary(); err == nil {
		t.Error("no error")
	}
}

func BenchmarkDecode(b *testing.B) {
	email := Email{
		MessageID: "<1@acme.it>", References: []string{"<0@acme.it>"}, From: "Anna Rossi <anna.rossi@acme.it>",
		To: []string{"vendite@example.com"}, Subject: "Preventivo impastatrice", Lang: "it",
		Text: strings.Repeat("Buongiorno, attendo ancora il preventivo per l'impastatrice. È \"urgente\".\n", 8),
	}
	form := Form{
		Form: "contact", Page: "/it/contatti", Customer: Party{Email: "anna@acme.it", Phone: "333 1234567", Name: "Anna"},
		Subject: "Preventivo", Message: strings.Repeat("Vorrei un preventivo per una macchina nuova. ", 12), Fields: map[string]string{"role": "buyer"},
	}
	for _, e := range []Event{{Type: "email.received", Data: email}, {Type: "form.submitted", Data: form}} {
		e.ID, e.Origin, e.Time = "0123456789", "suite", time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)
		structured, err := e.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		hs, binary, err := e.Binary()
		if err != nil {
			b.Fatal(err)
		}
		d := NewDecoder(Options{DefaultCountry: "IT"})
		for mode, rec := range map[string]Record{"structured": {Value: structured}, "binary": {Headers: hs, Value: binary}} {
			b.Run(e.Type+"/"+mode, func(b *testing.B) {
				b.SetBytes(int64(len(rec.Value)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := d.Decode(rec); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
