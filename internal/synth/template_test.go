package synth_test

import (
	"testing"

	"tappa/journey"
)

// TestTemplate runs the machinery template's tagging tests, and lets none of its rules go without one.
func TestTemplate(t *testing.T) {
	j := machinery(t)
	for _, w := range j.Warnings() {
		t.Errorf("warning: %v", w)
	}
	data, err := journey.Templates.ReadFile("templates/machinery.tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := journey.ParseExamples("machinery.tests.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, e := range examples {
		shown[j.Tag(&e.Given).Rule] = true
		if difference := e.Diff(j); difference != "" {
			t.Errorf("machinery.tests.yaml:%d: %s: %s", e.Line, e.Name, difference)
		}
	}
	for _, r := range j.Rules {
		if !shown[r.Name] {
			t.Errorf("no example shows rule %q", r.Name)
		}
	}
}

func machinery(t testing.TB) *journey.Journey {
	t.Helper()
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	return j
}
