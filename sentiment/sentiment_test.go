package sentiment

import (
	"bufio"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rows reads a file of cases, cells apart by tabs, without its comments.
func rows(t *testing.T, path string, cells int) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out [][]string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		row := strings.SplitN(sc.Text(), "\t", cells)
		if len(row) != cells {
			t.Fatalf("%s: want %d cells: %q", path, cells, sc.Text())
		}
		out = append(out, row)
	}
	return out
}

// TestScore holds typical messages of a machinery maker's and a help desk's customers to their mood.
func TestScore(t *testing.T) {
	s := New()
	for _, c := range rows(t, "testdata/mood/cases.tsv", 3) {
		m := s.Score(c[2], "")
		if c[0] != "any" && m.Label != c[0] || c[1] != "any" && m.Emotion != c[1] {
			t.Errorf("Score(%q) = %+v, want %s, %s", c[2], m, c[0], c[1])
		}
	}
}

// TestLanguage holds the scorer to the language of short messages, and to score only those in its languages.
func TestLanguage(t *testing.T) {
	s := New()
	for _, c := range rows(t, "testdata/mood/languages.tsv", 2) {
		want := c[0]
		if want == "unknown" {
			want = Unknown
		}
		m := s.Score(c[1], "")
		if m.Lang != want || m.Lang == Other && m.Label != "" {
			t.Errorf("Score(%q) = %+v, want language %q", c[1], m, want)
		}
	}
}

// TestOtherLanguages holds the scorer to leave German, French and Spanish messages unscored, all but one in twenty.
func TestOtherLanguages(t *testing.T) {
	s := New()
	messages := rows(t, "testdata/mood/other.tsv", 2)
	found := 0
	for _, c := range messages {
		if m := s.Score(c[1], ""); m.Lang == Other {
			found++
		} else {
			t.Logf("%s taken for %q: %s", c[0], m.Lang, c[1])
		}
	}
	if found*20 < len(messages)*19 {
		t.Errorf("%d of %d found to be in another language", found, len(messages))
	}
}

// TestLanguageGiven holds the scorer to the language that the caller names, however it is written.
func TestLanguageGiven(t *testing.T) {
	s := New()
	for given, want := range map[string]string{"it": "it", "IT": "it", "it-IT": "it", "en_GB": "en", "de": Other, "italiano": Other} {
		if m := s.Score("ok", given); m.Lang != want {
			t.Errorf("given %q: language %q, want %q", given, m.Lang, want)
		}
	}
}

// TestCues holds a mood to tell the words that spoke for it.
func TestCues(t *testing.T) {
	got := New().Explain("Il tecnico è stato GENTILISSIMO, ma la macchina non funziona!", "it").Cues
	if diff := cmp.Diff(got, []string{"gentilissimo", "non funziona"}); diff != "" {
		t.Errorf("cues (-got, +want):\n%s", diff)
	}
}

// TestQuotesDoNotCount holds a reply to its own mood, whatever it quotes.
func TestQuotesDoNotCount(t *testing.T) {
	s := New()
	reply := "Tutto risolto, grazie mille.\n"
	quoted := reply + "\nIl giorno 3 mar 2026 alle 10:12 Rossi <r@example.it> ha scritto:\n\n> Pessimo servizio, una vergogna, la macchina è rotta!\n"
	if got, want := s.Score(quoted, ""), s.Score(reply, ""); got.Score != want.Score || got.Label != Positive {
		t.Errorf("with quote %+v, without %+v", got, want)
	}
}

// TestNegationTurns holds a denied word to less than half of what it says undenied, or the contrary.
func TestNegationTurns(t *testing.T) {
	s := New()
	for _, c := range []struct{ lang, plain, denied, words string }{
		{"it", "Il servizio è %", "Il servizio non è %", "ottimo buono efficiente puntuale perfetto eccellente affidabile veloce impeccabile pessimo scadente orribile inaccettabile"},
		{"it", "Siamo %", "Non siamo %", "soddisfatti contenti felici delusi arrabbiati preoccupati"},
		{"en", "The service is %", "The service is not %", "great good reliable excellent helpful fast terrible horrible bad slow useless"},
		{"en", "We are %", "We are not %", "happy satisfied pleased angry disappointed worried"},
	} {
		for w := range strings.FieldsSeq(c.words) {
			plain := s.Score(strings.ReplaceAll(c.plain, "%", w), c.lang).Score
			denied := s.Score(strings.ReplaceAll(c.denied, "%", w), c.lang).Score
			if math.Abs(plain) < 0.2 || denied*plain > plain*plain/2 {
				t.Errorf("%s: %.2f, denied %.2f", w, plain, denied)
			}
		}
	}
}

// TestEmphasisStrengthens holds intensifiers, capitals and exclamation marks to never weaken.
func TestEmphasisStrengthens(t *testing.T) {
	s := New()
	for _, c := range [][2]string{
		{"Sono soddisfatto del lavoro", "Sono molto soddisfatto del lavoro"},
		{"Il servizio è buono.", "Il servizio è buono!"},
		{"The support is good.", "The support is very good."},
		{"This is bad.", "This is BAD."},
	} {
		plain, strong := s.Score(c[0], "").Score, s.Score(c[1], "").Score
		if math.Abs(strong) < math.Abs(plain) || strong*plain < 0 {
			t.Errorf("%q %.3f, %q %.3f", c[0], plain, c[1], strong)
		}
	}
}

// sane reports what is wrong with a mood, whatever the text was.
func sane(m Mood) string {
	names := emotionNames[:]
	switch {
	case math.IsNaN(m.Score) || m.Score < -1 || m.Score > 1:
		return "score out of range"
	case m.Confidence < 0 || m.Confidence > 1 || math.IsNaN(m.Confidence):
		return "confidence out of range"
	case !slices.Contains([]string{"", Negative, Neutral, Positive, Mixed}, m.Label):
		return "unknown label"
	case !slices.Contains(names, m.Emotion):
		return "unknown emotion"
	case !slices.Contains([]string{Italian, English, Other, Unknown}, m.Lang):
		return "unknown language"
	case m.Model != Model:
		return "no model"
	case m.Label == "" && (m.Score != 0 || m.Emotion != None.String() || len(m.Cues) > 0):
		return "not scored, but has a mood"
	case len(m.Cues) > cueLimit:
		return "too many cues"
	}
	return ""
}

// TestScoreProperties holds any text, in any language given, to a sane mood, and the same text to the same mood.
func TestScoreProperties(t *testing.T) {
	s, other := New(), New()
	words := strings.Fields(italianMessage + " " + englishMessage + " non mai senza ma però but not never !!! ??? ... :) 😡 👍 \n > -- ottimo pessimo ÀÈÌ ß")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(words)).Draw(t, "words"), " ")
		if rapid.Bool().Draw(t, "noise") {
			text += rapid.String().Draw(t, "text")
		}
		lang := rapid.SampledFrom([]string{"", "it", "en", "de", "other"}).Draw(t, "lang")
		m := s.Explain(text, lang)
		if wrong := sane(m); wrong != "" {
			t.Fatalf("%s: %+v", wrong, m)
		}
		if diff := cmp.Diff(m, other.Explain(text, lang)); diff != "" {
			t.Fatalf("two scorers differ:\n%s", diff)
		}
	})
}

// TestScoreConcurrently holds one scorer to give many callers at once what it gives one.
func TestScoreConcurrently(t *testing.T) {
	s := New()
	cases := rows(t, "testdata/mood/cases.tsv", 3)
	var want []Mood
	for _, c := range cases {
		want = append(want, s.Score(c[2], ""))
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i, c := range cases {
				if diff := cmp.Diff(s.Score(c[2], ""), want[i]); diff != "" {
					t.Errorf("%q (-got, +want):\n%s", c[2], diff)
				}
			}
		})
	}
	group.Wait()
}

// TestLongText holds a megabyte of text to be scored as its sentence is.
func TestLongText(t *testing.T) {
	m := New().Score(strings.Repeat("Servizio pessimo e lento. ", 1<<20/26), "")
	if m.Label != Negative || m.Lang != Italian {
		t.Errorf("mood %+v", m)
	}
}

// FuzzScore holds any bytes to a sane mood.
func FuzzScore(f *testing.F) {
	s := New()
	for _, text := range []string{italianMessage, englishMessage, "", "\xff\xfe", "nnnnooooo!!!!", "> x\n-- \n", ":):):(", "İı̇", "á̃"} {
		f.Add(text, "")
	}
	f.Fuzz(func(t *testing.T, text, lang string) {
		m := s.Explain(text, lang)
		if wrong := sane(m); wrong != "" {
			t.Fatalf("%s: %+v", wrong, m)
		}
		for _, c := range m.Cues {
			if !utf8.ValidString(c) {
				t.Fatalf("cue %q is not UTF-8", c)
			}
		}
	})
}
