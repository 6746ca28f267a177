package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLexicaAreBuilt holds the committed lexica to be what their sources give.
func TestLexicaAreBuilt(t *testing.T) {
	t.Chdir("../../..")
	built, err := lexica()
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range built {
		path := filepath.Join(root, "lexica", lang+".tsv")
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is not what its sources give: run go run ./sentiment/internal/build lexica", path)
		}
	}
}

// TestInflect holds the inflector to the forms of Italian words, one conjugation or ending for each case.
func TestInflect(t *testing.T) {
	t.Chdir("../../..")
	in, err := newInflector()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ pattern, form string }{
		{"v:accogliere", "accolto"},
		{"v:accogliere", "accolte"},
		{"v:consigliare", "consiglierei"},
		{"v:sollecitare", "sollecitiamo"},
		{"v:bloccare", "blocchiamo"},
		{"ottim{o,a,i,e}", "ottime"},
		{"non_funziona", "non funziona"},
		{"l_h{o,a}_detto", "l ha detto"},
	} {
		found := false
		for _, f := range expand(c.pattern, in) {
			found = found || f == c.form
		}
		if !found {
			t.Errorf("%s lacks %q: %v", c.pattern, c.form, expand(c.pattern, in))
		}
	}
}
