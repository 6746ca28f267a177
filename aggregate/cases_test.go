package aggregate

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMask(t *testing.T) {
	for _, c := range [][2]string{
		{"scrivetemi a anna.rossi@example.com, grazie", "scrivetemi a [email], grazie"},
		{"tel. +39 02 1234567 oppure 333-1234567", "tel. [phone] oppure [phone]"},
		{"chiamare (02) 123 45 67", "chiamare [phone]"},
		{"IBAN IT60 X054 2811 1010 0000 0123 456.", "IBAN [iban]."},
		{"iban it60x0542811101000000123456", "iban [iban]"},
		{"codice fiscale RSSNNA80A41H501X", "codice fiscale [tax code]"},
		{"carta 4111 1111 1111 1111", "carta [card]"},
		{"consegna il 2026-03-01 o il 01/03/2026, ordine 12345", "consegna il 2026-03-01 o il 01/03/2026, ordine 12345"},
		{"prezzo 1.250.000 euro", "prezzo 1.250.000 euro"},
		{"Chiarimento P-20260412, ordine M-0012345", "Chiarimento P-20260412, ordine M-0012345"},
		{"ORD/1234567 e rif. DDT-2026/001234", "ORD/1234567 e rif. DDT-2026/001234"},
		{"P20260412, M0012345/1, P20260412-0012345", "P20260412, M0012345/1, P20260412-0012345"},
		{"P-20260412 02 1234567", "P-20260412 [phone]"},
		{"P-20260412/0212345678", "P-20260412/[phone]"},
		{"tel-0312345678 Tel:0312345678 TEL/031 2345678", "tel-[phone] Tel:[phone] TEL/[phone]"},
		{"cell-3331234567, M-3331234567, M-031 2345678", "cell-[phone], M-[phone], M-[phone]"},
		{"A-+39-0312345678 o B-0039 031 2345678", "A-[phone] o B-[phone]"},
		{"numero-12345678, ufficio/12345678", "numero-[phone], ufficio/[phone]"},
		{"chiamate Anna-4915112345678", "chiamate Anna-[card]"},
		{"", ""},
	} {
		if got := Mask(c[0]); got != c[1] {
			t.Errorf("%q: got %q, want %q", c[0], got, c[1])
		}
	}
}

// Whatever stands before it, a phone number on a line of its own is masked.
func FuzzMask(f *testing.F) {
	f.Add("P-20260412/0212345678 M-")
	f.Add("Anna-12345 \xff+39")
	f.Fuzz(func(t *testing.T, before string) {
		for _, phone := range []string{"tel-0312345678", "tel: 031 2345678", "cell/+393331234567", "M-3331234567"} {
			if got := Mask(before + "\n" + phone); !strings.HasSuffix(got, "[phone]") {
				t.Errorf("%q before %s: got %q", before, phone, got)
			}
		}
	})
}

func TestMaskKey(t *testing.T) {
	for key, want := range map[string]string{
		"email:anna@example.com": "email:a…@example.com", "phone:+39021234567": "phone:+39…567", "phone:112": "phone:…",
		"crm:suite/1a2b": "crm:suite/1a2b", "email:thread-17": "email:thread-17", "anna@example.com": "[email]", "": "",
	} {
		if got := MaskKey(key); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}

func TestMaskNames(t *testing.T) {
	names := nameSet{words: map[string]struct{}{}}
	names.addPerson(`"Anna D'Amico" <anna.damico@example.com>`)
	names.addPerson("email:info@example.com")
	names.addPayload(`{"fields": {"Cognome": "Però", "city": "Roma"}, "list": [{"name": "Luca"}]}`)
	got := names.mask("Sono ANNA d'amico di Roma, collega di Luca Però. Annamaria no. Info: info@example.com")
	if want := "Sono [name] [name] di Roma, collega di [name] [name]. Annamaria no. Info: [email]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMaskWhomALetterNames(t *testing.T) {
	names := nameSet{words: map[string]struct{}{}}
	names.addPerson("email:doe@example.com")
	for _, c := range [][2]string{
		{"Ciao Davide Pini, La macchina è ferma", "Ciao [name], La macchina è ferma"},
		{"Buongiorno Omar Bassi,\nl'ordine manca", "Buongiorno [name],\nl'ordine manca"},
		{"Gentile sig.ra Neri\nle scrivo", "Gentile sig.ra [name]\nle scrivo"},
		{"Dear Mr Smith: no reply yet", "Dear Mr [name]: no reply yet"},
		{"Dear Sirs, no reply yet", "Dear Sirs, no reply yet"},
		{"Hello Tramoggia team, it is here", "Hello Tramoggia team, it is here"},
		{"Gentile Assistenza, la pompa perde", "Gentile Assistenza, la pompa perde"},
		{"Ciao Davide non risponde nessuno", "Ciao Davide non risponde nessuno"}, // no salutation
		{"Thanks a lot.\nJane Doe", "Thanks a lot.\n[name]"},
		{"Thanks a lot, Jane Doe is right", "Thanks a lot, Jane [name] is right"},
	} {
		if got := names.mask(c[0]); got != c[1] {
			t.Errorf("%q:\ngot  %q\nwant %q", c[0], got, c[1])
		}
	}
}

// TestTextsOfMany reads what many wrote, more than the names of which fit into a statement that is only read.
func TestTextsOfMany(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	const many = 4000
	given(t, s, fmt.Sprintf(`INSERT INTO given (contact_key, occurred_at, origin, id, source, type, text, from_address)
		SELECT concat('email:customer-', toString(number), '@a-company-with-a-long-name.example.com'), '2025-01-01', 'o', concat('message-', toString(number), '@mail.example.com'),
			'email', 'email.received', 'Greetings from Bianca', if(number = 0, 'Bianca <b@example.com>', '') FROM numbers(%d)`, many))
	var keys []string
	var ids []interactionID
	for i := range many {
		keys = append(keys, fmt.Sprintf("email:customer-%d@a-company-with-a-long-name.example.com", i))
		ids = append(ids, interactionID{"o", fmt.Sprintf("message-%d@mail.example.com", i)})
	}
	texts, err := s.texts(t.Context(), keys, ids)
	must(t, err)
	for _, id := range ids {
		if got := texts[id].text; got != "Greetings from [name]" { // a name is taken out wherever it was learnt
			t.Fatalf("%s: got %q", id.id, got)
		}
	}
}

func TestOwnWords(t *testing.T) {
	got := ownWords("Grazie, ma non funziona.\n\nAncora.\nIl giorno lun 3 mar 2026 Mario Rossi ha scritto:\n> Buongiorno\n")
	if want := "Grazie, ma non funziona.\n\nAncora."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCase(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	given(t, s, `INSERT INTO given (contact_key, occurred_at, origin, id, from_address, subject, text) VALUES
		('email:p1@example.com', '2025-01-01 09:00:00', 'site', 'p11', 'Anna Rossi <p1@example.com>', 'Da Anna', 'Ottimo! Sono Anna, +39 333 1234567')`)
	got, err := s.Case(t.Context(), "shop", "case-p1", time.Date(2025, 1, 3, 12, 0, 0, 0, time.UTC))
	must(t, err)
	at := func(d int) time.Time { return time.Date(2025, 1, d, 9, 0, 0, 0, time.UTC) }
	answered, due, business := at(2), at(1).Add(4*time.Hour), 8*3600.0
	want := CaseDetail{
		CaseID: "case-p1", Journey: "shop", Person: "email:p…@example.com", Persona: "buyer", Attempt: 1,
		Stage: "decision", State: "in_progress", OpenedAt: at(1),
		Visits: []CaseVisit{
			{Stage: "evaluation", EnteredAt: at(1), LeftAt: at(3), State: "moved_on", Touchpoint: "form"},
			{Stage: "decision", EnteredAt: at(3), LeftAt: at(4), State: "in_progress", Touchpoint: "form"},
		},
		Waits: []CaseWait{{Stage: "evaluation", Touchpoint: "form", AskedAt: at(1), AnsweredAt: &answered, DueAt: &due, Business: &business}},
		Steps: []CaseStep{
			{
				OccurredAt: at(1), Origin: "site", ID: "p11", Activity: "asked", Stage: "evaluation", Touchpoint: "form",
				MoodLabel: "positive", Emotion: "none", MoodScore: 0.5, Subject: "Da [name]", Text: "Ottimo! Sono [name], [phone]",
			},
			{OccurredAt: at(3).Add(500 * time.Millisecond), Origin: "site", ID: "p12", Activity: "called", Stage: "decision", Touchpoint: "form", Emotion: "none", MoodScore: 0.5},
		},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("case (-got, +want):\n%s", diff)
	}
	for _, id := range []string{"case-p4", "nobody"} {
		if _, err := s.Case(t.Context(), "shop", id, at(1)); !errors.Is(err, ErrNoCase) {
			t.Errorf("%s on 1 January: got error %v, want ErrNoCase", id, err)
		}
	}
	quotes, err := s.Quotes(t.Context(), Query{Stage: "evaluation", State: "positive"})
	must(t, err)
	if len(quotes) != 1 || quotes[0].CaseID != "case-p1" || quotes[0].Text != "Ottimo! Sono [name], [phone]" {
		t.Errorf("quotes: got %+v", quotes)
	}
}

func TestCasesRefuses(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	if _, _, err := s.Cases(t.Context(), Query{State: "gone"}); err == nil || !strings.Contains(err.Error(), `there is no state "gone"`) {
		t.Errorf("got error %v", err)
	}
}
