package journey

import (
	"io/fs"
	"strings"
	"testing"
)

// TestTemplates loads every template and runs its tagging tests; every rule must decide at least one of them.
func TestTemplates(t *testing.T) {
	files, err := fs.Glob(Templates, "templates/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("templates: %v, %v", files, err)
	}
	for _, file := range files {
		name, isJourney := strings.CutSuffix(file, ".yaml")
		if strings.HasSuffix(file, ".tests.yaml") || !isJourney {
			continue
		}
		t.Run(strings.TrimPrefix(name, "templates/"), func(t *testing.T) { checkTemplate(t, name) })
	}
}

func checkTemplate(t *testing.T, name string) {
	data, err := fs.ReadFile(Templates, name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	j, err := Parse(name+".yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range j.Warnings() {
		t.Error(w)
	}
	if want := strings.TrimPrefix(name, "templates/"); string(j.ID) != want {
		t.Errorf("journey id %q, want the file's name %q", j.ID, want)
	}
	tests, err := fs.ReadFile(Templates, name+".tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := ParseExamples(name+".tests.yaml", tests)
	if err != nil {
		t.Fatal(err)
	}
	decided := map[string]bool{}
	for _, e := range examples {
		if diff := e.Diff(j); diff != "" {
			t.Errorf("%s:%d: %s (-got, +want)\n%s", e.File, e.Line, e.Name, diff)
		}
		decided[j.Tag(&e.Given).Rule] = true
	}
	for _, r := range j.Rules {
		if !decided[r.Name] {
			t.Errorf("rule %q decides none of the tests", r.Name)
		}
	}
	if n := j.RuleErrors(); len(n) > 0 {
		t.Errorf("conditions failed: %v", n)
	}
}
