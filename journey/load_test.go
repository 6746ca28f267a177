package journey

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBadFiles holds the loader to what it says about files with one mistake each: testdata/bad/NAME.yaml and NAME.want.
// A file whose name begins with warn loads, and only warns.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, err := Parse(name+".yaml", data)
		warns := strings.HasPrefix(name, "warn-")
		var problems Problems
		switch {
		case err == nil && !warns, err == nil && len(j.Warnings()) == 0:
			t.Errorf("%s: no mistake found", file)
			continue
		case err == nil:
			problems = j.Warnings()
		case warns || !errors.As(err, &problems):
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden(t, strings.TrimSuffix(file, ".yaml")+".want", problems.Error()+"\n")
	}
}

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	if diff := cmp.Diff(got, string(want)); diff != "" {
		t.Errorf("%s (-got, +want):\n%s", file, diff)
	}
}

// TestVersion holds the version to what the file says, and not to how it is laid out.
func TestVersion(t *testing.T) {
	data, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	of := func(text string) string {
		t.Helper()
		j, err := Parse("small.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return j.Version
	}
	text := string(data)
	version := of(text)
	if len(version) != 12 {
		t.Errorf("version %q has not 12 digits", version)
	}
	same := map[string]string{
		"comments":      "# a comment\n" + strings.ReplaceAll(text, "\nrules:", "\n\n# rules\nrules:"),
		"quotes":        strings.ReplaceAll(text, "silence: 30d", `silence: "30d"`),
		"order of keys": strings.ReplaceAll(text, "labels: {it: Piccolo, en: Small}\ntime_zone: Europe/Rome", "time_zone: Europe/Rome\nlabels: {en: Small, it: Piccolo}"),
		"line ends":     strings.ReplaceAll(text, "\n", "\r\n"),
		"a list of one": strings.ReplaceAll(text, "source: form,", "source: [form],"),
		"no alias":      strings.ReplaceAll(text, "hours: *office", `hours: {mon-fri: ["08:30-12:30", "14:00-18:00"], sat: ["09:00-12:00"]}`),
	}
	for name, other := range same {
		if other == text {
			t.Errorf("%s: nothing was changed", name)
		} else if got := of(other); got != version {
			t.Errorf("%s changed the version from %s to %s", name, version, got)
		}
	}
	for name, other := range map[string]string{
		"silence": strings.ReplaceAll(text, "silence: 30d", "silence: 31d"),
		"label":   strings.ReplaceAll(text, "Piccolo", "Piccola"),
		"rules":   strings.ReplaceAll(text, `to == "contact"`, `to == "contatto"`),
	} {
		if of(other) == version {
			t.Errorf("another %s is the same version", name)
		}
	}
}

func TestLoadMissingFile(t *testing.T) {
	if _, err := Load("testdata/none.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of a missing file: %v", err)
	}
}

func TestLabelsIn(t *testing.T) {
	tests := []struct {
		labels Labels
		lang   string
		want   string
	}{
		{Labels{"it": "Acquisto", "en": "Purchase"}, "it", "Acquisto"},
		{Labels{"it": "Acquisto", "en": "Purchase"}, "it-CH", "Acquisto"},
		{Labels{"it": "Acquisto", "en": "Purchase"}, "de", "Purchase"},
		{Labels{"it": "Acquisto", "fr": "Achat"}, "de", "Achat"},
		{Labels{"it": "Acquisto", "en": ""}, "en", "Acquisto"},
		{nil, "it", ""},
	}
	for _, tt := range tests {
		if got := tt.labels.In(tt.lang); got != tt.want {
			t.Errorf("%v.In(%q) = %q, want %q", tt.labels, tt.lang, got, tt.want)
		}
	}
}

// TestChannelLabel gives channels the names a file has for them, and the others their word.
func TestChannelLabel(t *testing.T) {
	data, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	named := strings.Replace(string(data), "\ntouchpoints:", "\nchannels:\n  - {id: web, labels: {it: Sito, en: Website}}\ntouchpoints:", 1)
	j, err := Parse("small.yaml", []byte(named))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ id, lang, want string }{{"web", "it", "Sito"}, {"web", "en", "Website"}, {"phone", "it", "phone"}} {
		if got := j.ChannelLabel(c.id, c.lang); got != c.want {
			t.Errorf("%s in %s: got %q, want %q", c.id, c.lang, got, c.want)
		}
	}
}

// FuzzParse holds the loader to an answer, whatever it is given: a usable journey or problems with places.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/*.yaml", "templates/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte("a: &a [*a, *a]\nb: *a"))
	f.Add([]byte("<<: &x {<<: *x}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := Parse("fuzz.yaml", data)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || !problems.Fatal() {
				t.Errorf("error %v is not one of the file", err)
			}
			return
		}
		in := Interaction{Source: SourceForm, Type: "form.submitted", To: "contact", Payload: []byte(`{"fields":{"role":"buyer"}}`)}
		if got := j.Explain(&in).Tag; !cmp.Equal(got, j.Tag(&in)) {
			t.Errorf("Explain and Tag disagree: %v", got)
		}
	})
}

// TestWarnsOfPausesThatEndCases: with one attempt a stage that falls silent ends its case for good.
func TestWarnsOfPausesThatEndCases(t *testing.T) {
	const file = `journey: shop
time_zone: Europe/Rome
labels: {it: Negozio, en: Shop}
case: {per: person, attempts: one}
stages: [{id: decision, labels: {it: Decisione, en: Decision}, silence: 30d}]
touchpoints: [{id: mail, labels: {it: Posta, en: Mail}, channels: [email], stages: [decision]}]
rules: [{name: mail, source: email, touchpoint: mail}]
`
	for silence, warned := range map[string]bool{"30d": true, "never": false} {
		j, err := Parse("shop.yaml", []byte(strings.Replace(file, "30d", silence, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(j.Warnings().Error(), "write silence: never"); got != warned {
			t.Errorf("silence %s: warnings %v", silence, j.Warnings())
		}
	}
}
