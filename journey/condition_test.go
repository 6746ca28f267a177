package journey

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestConditions holds conditions to what is documented of them, above all where the payload lacks what they ask for.
func TestConditions(t *testing.T) {
	in := Interaction{
		Origin: "web", Source: SourceForm, Type: "form.submitted", Direction: Inbound, Public: true, To: "contact",
		Subject: "Richiesta PREVENTIVO", Text: "Perché non rispondete? E\u0300 urgente.", Value: 1200, Currency: "EUR",
		Keys: []ContactKey{"email:anna@example.com", "phone:+39021234567"}, Account: "account:example.com",
		Payload: []byte(`{"n": 3, "s": "abc", "t": true, "null": null, "list": [{"sku": "A", "qty": 2}, {"sku": "B"}],
			"fields": {"role": "Buyer", "è": "x"}, "a b": 1}`),
	}
	tests := []struct {
		when string
		want bool
	}{
		{`source == "form" && type == "form.submitted" and not automatic`, true},
		{`direction == "inbound" && public && !held`, true},
		{`value > 1000 && currency == "EUR"`, true},
		{`"email:anna@example.com" in keys`, true},
		{`keys[0] startsWith "email:" && len(keys) == 2`, true},
		{`keys[5] == "x"`, false},
		{`account endsWith "example.com"`, true},

		{`data.n == 3`, true},
		{`data.n == 3.0 && data.n < 4 && data.n >= 3`, true},
		{`data.n == "3"`, false},
		{`data.n < "4"`, false},
		{`data.s < "abd"`, true},
		{`data.s > 1`, false},
		{`data.s contains "b" && data.s startsWith "a" && data.s endsWith "c"`, true},
		{`data.n contains "3"`, false},
		{`data.s matches "^a.c$"`, true},
		{`data.n matches "3"`, false},
		{`data.s in ["abc", "d"] && data.n in [1, 2, 3]`, true},
		{`data.s in data.fields || data.s in data.list || data.s in data.s`, false},
		{`"role" in data.fields`, true},
		{`data.t`, true},
		{`data["a b"] == 1`, true},
		{`data.fields["è"] == "x"`, true},
		{`data.list[0].sku == "A"`, true},
		{`data.list[-1].sku == "B"`, true},
		{`any(data.list, .sku == "B")`, true},
		{`any(data.list, .qty > 1)`, true},
		{`all(data.list, .qty > 1)`, false},
		{`data.list[subject].sku == "A"`, false},

		{`data.missing`, false},
		{`data.missing.deeper.still == "x"`, false},
		{`data.missing < 3 || data.missing > 3 || data.missing >= "a"`, false},
		{`data.missing contains "" || data.missing matches "" || data.missing in ["x"]`, false},
		{`data.null == "x" || data.null.x > 1`, false},
		{`data.missing == nil && data.null == nil`, true},
		{`data.missing != "x"`, true},
		{`not (data.missing > 3)`, true},
		{`data?.missing?.x == "y"`, false},
		{`(data.missing ?? "none") == "none"`, true},

		{`has(subject, "preventivo")`, true},
		{`has(text, "perche", "mai")`, true},
		{`has(text, "PERCHÉ")`, true},
		{`has(text, "e urgente")`, true},
		{`has(text, "chiuso")`, false},
		{`has(data.s, "B")`, true},
		{`has(data.n, "3") || has(data.missing, "x")`, false},
		{`word(text, "urgente") && not word(text, "urgent")`, true},
		{`fold(text) startsWith "perche non"`, true},
		{`fold(data.fields.role) == "buyer"`, true},
		{`fold(data.missing) == ""`, false},
		{`phone("+39 02 1234567", "02-1234567", "800")`, true},
		{`phone(data.n, "3") || phone("12345", "12345")`, false},
		{`lower(subject) contains "preventivo"`, true},
	}
	f := new(frame)
	for _, tt := range tests {
		c, err := newCondition(tt.when)
		if err != nil {
			t.Errorf("%s: %v", tt.when, err)
			continue
		}
		var failures atomic.Uint64
		f.load(&in)
		if got := c.holds(f, &failures); got != tt.want || failures.Load() != 0 {
			t.Errorf("%s is %v with %d failures, want %v", tt.when, got, failures.Load(), tt.want)
		}
		f.release()
	}
}

// TestNativeAgreesWithMachine holds the fast way of evaluating a condition to the expression machine's answers.
func TestNativeAgreesWithMachine(t *testing.T) {
	in := Interaction{
		Source: SourceForm, Direction: Inbound, Public: true, To: "reso", Subject: "Un RESO, perché?", From: "a",
		Payload: []byte(`{"a": "reso", "n": 3, "b": true, "o": {"a": "x", "n": -1.5}, "l": ["reso"], "z": null}`),
	}
	texts := rapid.SampledFrom([]string{"to", "from", "subject", "lang", "direction", "data.a", "data.n", "data.b", "data.o", "data.o.a", "data.l", "data.z", "data.no", "data.a.a"})
	words := rapid.SampledFrom([]string{`""`, `"reso"`, `"RESO"`, `"x"`, `"perche"`, `"inbound"`})
	numbers := rapid.SampledFrom([]string{"3", "0", "-1.5", "2.5"})
	paths := rapid.SampledFrom([]string{"data.n", "data.o.n", "data.a", "data.no", "data.b", "data.z"})
	leaf := rapid.OneOf(
		rapid.Custom(func(r *rapid.T) string {
			op := rapid.SampledFrom([]string{"==", "!=", "contains", "startsWith", "endsWith"}).Draw(r, "op")
			return texts.Draw(r, "text") + " " + op + " " + words.Draw(r, "word")
		}),
		rapid.Custom(func(r *rapid.T) string {
			op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(r, "op")
			return paths.Draw(r, "path") + " " + op + " " + numbers.Draw(r, "number")
		}),
		rapid.Custom(func(r *rapid.T) string {
			call := rapid.SampledFrom([]string{"has", "word", "phone"}).Draw(r, "call")
			return call + "(" + texts.Draw(r, "text") + ", " + words.Draw(r, "1") + ", " + words.Draw(r, "2") + ")"
		}),
		rapid.Custom(func(r *rapid.T) string {
			return texts.Draw(r, "text") + " in [" + words.Draw(r, "1") + ", " + words.Draw(r, "2") + "]"
		}),
		rapid.Custom(func(r *rapid.T) string {
			return words.Draw(r, "word") + " in [" + texts.Draw(r, "1") + ", " + texts.Draw(r, "2") + "]"
		}),
		rapid.SampledFrom([]string{"public", "held", "automatic", "solved", "true", "false"}),
	)
	rapid.Check(t, func(r *rapid.T) {
		when := leaf.Draw(r, "leaf")
		for range rapid.IntRange(0, 4).Draw(r, "more") {
			op := rapid.SampledFrom([]string{" && ", " || ", " and not ", " or !"}).Draw(r, "op")
			when = "(" + when + ")" + op + "(" + leaf.Draw(r, "leaf") + ")"
		}
		f := new(frame)
		f.load(&in)
		condition, err := newCondition(when)
		if err != nil {
			r.Fatalf("%s: %v", when, err)
		}
		want, err := evaluate(f, when)
		if err != nil {
			r.Fatalf("%s: %v", when, err)
		}
		if got := condition(f); any(got) != want || f.failed {
			r.Fatalf("%s is %v, by the machine %v", when, got, want)
		}
	})
}

// TestRuleErrors holds a failing condition to count as not matched, and to be counted.
func TestRuleErrors(t *testing.T) {
	text := strings.Replace(readFile(t, "testdata/small.yaml"), `'to == "contact"'`, `'data.n * 2 > 4'`, 1)
	j, err := Parse("small.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for payload, want := range map[string]string{`{"n": 3}`: "contact form", `{"n": "x"}`: "", `{}`: "", `{"n": 1}`: ""} {
		if got := j.Tag(&Interaction{Source: SourceForm, Type: "form.submitted", Payload: []byte(payload)}); got.Rule != want {
			t.Errorf("%s: rule %q, want %q", payload, got.Rule, want)
		}
	}
	if diff := cmp.Diff(j.RuleErrors(), map[string]uint64{"contact form": 2}); diff != "" {
		t.Errorf("RuleErrors (-got, +want):\n%s", diff)
	}
	e := j.Explain(&Interaction{Source: SourceForm, Type: "form.submitted", Payload: []byte(`{"n": "x"}`)})
	if len(e.Rules) == 0 || len(e.Rules[0].Terms) == 0 || e.Rules[0].Terms[0].Error == "" {
		t.Errorf("Explain does not tell the failure: %+v", e)
	}
	if n := j.RuleErrors()["contact form"]; n != 2 {
		t.Errorf("Explain counted: %d failures", n)
	}
}

// TestExplain shows what an explanation holds.
func TestExplain(t *testing.T) {
	j := load(t, "testdata/small.yaml")
	in := Interaction{Source: SourceForm, Type: "form.submitted", To: "other", Subject: "Perché?", Payload: []byte(`{"fields":{"widget":"chat","role":"buyer"}}`)}
	got := j.Explain(&in)
	want := Explanation{
		Tag: j.Tag(&in), Others: 2,
		Rules: []Trial{
			{Name: "contact form", Line: 35, Terms: []Term{{Text: `to == "contact"`, Values: []Operand{{"to", "other"}}}}},
			{Name: "chat", Line: 36, Matched: true, Decides: true, Terms: []Term{
				{Text: `data.fields.widget == "chat"`, Holds: true, Values: []Operand{{"data.fields.widget", "chat"}}},
				{Text: `has(subject, "perché", "preventivo")`, Holds: true, Values: []Operand{{"subject", "Perché?"}}},
			}},
		},
		Personas: []Trial{
			{Name: "buyer", Line: 32, Matched: true, Decides: true, Terms: []Term{
				{Text: `data.fields.role == "buyer"`, Holds: true, Values: []Operand{{"data.fields.role", "buyer"}}},
			}},
			{Name: "owner", Line: 33, Terms: []Term{{Text: `data.employees < 10`, Values: []Operand{{"data.employees", nil}}}}},
		},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Explain (-got, +want):\n%s", diff)
	}
}

// TestExplainAgreesWithTag holds the slow way to the fast one, on random interactions of every template.
func TestExplainAgreesWithTag(t *testing.T) {
	var journeys []*Journey
	for _, name := range []string{"machinery", "consapevolezza", "awareness", "helpdesk"} {
		journeys = append(journeys, load(t, "templates/"+name+".yaml"))
	}
	rapid.Check(t, func(r *rapid.T) {
		in := randomInteraction(r)
		for _, j := range journeys {
			if diff := cmp.Diff(j.Explain(&in).Tag, j.Tag(&in)); diff != "" {
				r.Fatalf("%s: Explain and Tag disagree (-explain, +tag):\n%s", j.ID, diff)
			}
		}
	})
}

func randomInteraction(r *rapid.T) Interaction {
	kind := rapid.SampledFrom(append([]string{"crm.other"}, typeNames...)).Draw(r, "type")
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(r, label) }
	in, err := GivenForm{
		Type: kind, To: pick("to", "", "contact", "reso", "resi", "card", "second-line", "info@tramoggia.example", "/blog/x"),
		From: pick("from", "", "noreply@tramoggia.example", "newsletter@azienda.example"), Automatic: rapid.Bool().Draw(r, "automatic"),
		Subject: pick("subject", "", "Reso", "Fattura 3", "Sollecito"), Text: pick("text", "", "Ufficio Acquisti", "un regalo"),
		Activity: pick("activity", "", "store", "maintenance"), Direction: pick("direction", "", "inbound", "outbound"),
		Thread: pick("thread", "", "ticket:a/1"),
		Data: map[string]any{
			"number": pick("number", "", "+39800000000", "+390521940130"), "status": pick("status", "", "Open", "Duplicato"),
			"fields": map[string]any{"ruolo": pick("ruolo", "", "acquisti", "titolare"), "card": "1"},
			"rating": map[string]any{"score": rapid.IntRange(1, 5).Draw(r, "score")}, "customer_age_days": 4,
		},
	}.Interaction()
	if err != nil {
		r.Fatal(err)
	}
	if rapid.Bool().Draw(r, "bare") {
		in.Payload = nil
	}
	return in
}

// TestTagConcurrently holds Tag to the same answers from many goroutines at once; the race detector looks on.
func TestTagConcurrently(t *testing.T) {
	j := load(t, "templates/machinery.yaml")
	examples, err := LoadExamples("templates/machinery.tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				for i := range examples {
					if diff := examples[i].Diff(j); diff != "" {
						t.Errorf("%s:\n%s", examples[i].Name, diff)
					}
				}
			}
		})
	}
	wg.Wait()
}

// FuzzTag holds Tag to an answer on hostile payloads and texts, and two journeys' worth of rules never to panic.
func FuzzTag(f *testing.F) {
	journeys := []*Journey{load(f, "testdata/small.yaml"), load(f, "templates/machinery.yaml"), load(f, "templates/helpdesk.yaml")}
	for _, payload := range []string{
		`{"fields":{"role":"buyer"},"employees":3}`, `[]`, `null`, `{"fields":[]}`, `{"fields":{"role":{"a":[1,2]}}}`,
		`{"employees":1e400}`, `{"employees":"x","fields":{"widget":"chat"}}`, `{"a":"\ud800"}`, `{"rating":{"score":-0}}`,
		strings.Repeat(`{"fields":`, 500) + "1" + strings.Repeat("}", 500), `{"data":` + strings.Repeat("[", 10000),
	} {
		f.Add(payload, "form.submitted", "Perché \xff?")
		f.Add(payload, "review.posted", "e\u0301\u0301")
		f.Add(payload, "ticket.updated", "")
	}
	f.Fuzz(func(t *testing.T, payload, kind, text string) {
		source, _, _ := strings.Cut(kind, ".")
		in := Interaction{Source: Source(source), Type: kind, Subject: text, Text: text, Payload: json.RawMessage(payload)}
		for _, j := range journeys {
			if got, again := j.Tag(&in), j.Tag(&in); !cmp.Equal(got, again) {
				t.Errorf("%v, then %v", got, again)
			}
		}
	})
}

// FuzzFold holds the search without copies to the search in the folded text.
func FuzzFold(f *testing.F) {
	f.Add("Perché non rispondete?", "perche")
	f.Add("E\u0300 urgente", "È")
	f.Add("\xff\xc3", "\xc3")
	f.Fuzz(func(t *testing.T, text, word string) {
		folded := fold(word)
		if got, want := containsFold(text, folded), strings.Contains(fold(text), folded); got != want {
			t.Errorf("containsFold(%q, %q) = %v, want %v", text, folded, got, want)
		}
		if again := fold(folded); again != folded {
			t.Errorf("fold(%q) = %q, and folded again %q", word, folded, again)
		}
		containsWordFold(text, folded)
	})
}

func BenchmarkTag(b *testing.B) {
	j := load(b, "templates/machinery.yaml")
	examples, err := LoadExamples("templates/machinery.tests.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for i := range examples {
		e := &examples[i]
		b.Run(fmt.Sprintf("%s#%d", e.Given.Type, i), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				j.Tag(&e.Given)
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			j.Tag(&examples[i%len(examples)].Given)
		}
	})
}
