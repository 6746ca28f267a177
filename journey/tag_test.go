package journey

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, path string) *Journey {
	t.Helper()
	j, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestTag(t *testing.T) {
	j := load(t, "testdata/small.yaml")
	evaluation := []StageID{"evaluation"}
	tests := []struct {
		name string
		in   Interaction
		want Tag
	}{
		{
			"first match decides",
			Interaction{Source: SourceForm, Type: "form.submitted", To: "contact", Payload: []byte(`{"fields":{"role":"buyer"}}`)},
			Tag{Rule: "contact form", Touchpoint: "contact-form", Channel: "web", Department: "sales", Persona: "buyer", Stages: evaluation},
		},
		{
			"second persona, by a number",
			Interaction{Source: SourceForm, Type: "form.submitted", To: "contact", Payload: []byte(`{"employees":4}`)},
			Tag{Rule: "contact form", Touchpoint: "contact-form", Channel: "web", Department: "sales", Persona: "owner", Stages: evaluation},
		},
		{
			"fixed stage and channel, accents folded",
			Interaction{Source: SourceWeb, Subject: "PERCHE NON RISPONDETE", Payload: []byte(`{"fields":{"widget":"chat"}}`)},
			Tag{Rule: "chat", Touchpoint: "contact-form", Channel: "chat", Department: "sales", Stages: []StageID{"purchase"}, Outcome: Won},
		},
		{"missing field does not match", Interaction{Source: SourceWeb, Subject: "perché"}, Tag{}},
		{"payload is not an object", Interaction{Source: SourceWeb, Subject: "perché", Payload: []byte(`[1]`)}, Tag{}},
		{"any source", Interaction{Source: SourceCRM, Type: "call.held", Automatic: true}, Tag{
			Rule: "phone", Touchpoint: "phone", Channel: "phone", Stages: []StageID{"evaluation", "purchase"}, Automatic: true,
		}},
		{"the rule says automatic", Interaction{Type: "email.bounced"}, Tag{
			Rule: "bounce", Touchpoint: "mail", Channel: "email", Stages: []StageID{}, Automatic: true,
		}},
		{"nothing matches", Interaction{Source: SourceReview}, Tag{}},
	}
	for _, tt := range tests {
		if tt.want.Rule != "" {
			tt.want.Journey, tt.want.Version = j.ID, j.Version
		}
		if diff := cmp.Diff(tt.want, j.Tag(&tt.in)); diff != "" {
			t.Errorf("%s: (-want, +got)\n%s", tt.name, diff)
		}
	}
	if got := j.RuleErrors(); len(got) != 0 {
		t.Errorf("RuleErrors = %v, want none", got)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
