package dashboards

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tappa/aggregate"
)

func TestEveryTextHasEveryLanguage(t *testing.T) {
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for key, texts := range c {
		for _, lang := range languages {
			if texts[lang] == "" {
				t.Errorf("messages.json: %q has no text in %q", key, lang)
			}
		}
		if len(texts) != len(languages) {
			t.Errorf("messages.json: %q has %d languages, want %d", key, len(texts), len(languages))
		}
	}
}

// TestHeadingsFollowEachOther holds pages to leaving no level of headings out.
func TestHeadingsFollowEachOther(t *testing.T) {
	files, err := fs.Glob(assets, "ui/*.html")
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile(`<h([1-6])\b`)
	for _, file := range files {
		data, err := assets.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		level := "1"
		for _, m := range heading.FindAllStringSubmatch(string(data), -1) {
			if m[1] > level && m[1] != string(level[0]+1) {
				t.Errorf("%s: a heading of level %s follows one of level %s", file, m[1], level)
			}
			level = m[1]
		}
	}
}

// TestBadgesAreReadable holds the colours of badges to the contrast that WCAG 2 asks of small text on white, 4.5 to 1.
func TestBadgesAreReadable(t *testing.T) {
	for name, colour := range badgeColours {
		if c := contrastToWhite(t, string(colour)); c < 4.5 {
			t.Errorf("badge %s: %s has a contrast of %.2f to 1", name, colour, c)
		}
	}
}

func contrastToWhite(t *testing.T, colour string) float64 {
	t.Helper()
	light := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		part, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		x := float64(part) / 255
		if x <= 0.03928 {
			light += weight * x / 12.92
		} else {
			light += weight * math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	return 1.05 / (light + 0.05)
}

// TestVerdictsHaveTexts holds what becomes of opportunities, and of changes, to being said in words.
func TestVerdictsHaveTexts(t *testing.T) {
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, verdict := range append([]string{aggregate.Better, aggregate.Worse, aggregate.NoRealChange, aggregate.TooEarly, aggregate.Exact}, verdicts...) {
		if key := "verdict." + word(verdict); c[key] == nil {
			t.Errorf("messages.json: there is no text %q", key)
		}
	}
}

// TestPagesNameTextsThatExist finds keys in templates that the catalogue lacks, which would show as the bare key.
func TestPagesNameTextsThatExist(t *testing.T) {
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(assets, "ui/*.html")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\bt "([^"]+)"`)
	prefix := regexp.MustCompile(`\bt \(print "([^"]+)"`)
	for _, file := range files {
		data, err := assets.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(data), -1) {
			if _, ok := c[m[1]]; !ok {
				t.Errorf("%s: there is no text %q", file, m[1])
			}
		}
		for _, m := range prefix.FindAllStringSubmatch(string(data), -1) {
			if !c.hasPrefix(m[1]) {
				t.Errorf("%s: there is no text that begins with %q", file, m[1])
			}
		}
	}
}

// TestTablesCanBeReached holds every part that scrolls to being reached by keys and named, and every heading to saying what it heads.
func TestTablesCanBeReached(t *testing.T) {
	files, err := fs.Glob(assets, "ui/*.html")
	if err != nil {
		t.Fatal(err)
	}
	scrolls := regexp.MustCompile(`<[^>]*class="[^"]*\bscroll\b[^>]*>`)
	reached := regexp.MustCompile(`tabindex="0" role="region" aria-label="{{[^"]*("[^"]*")?[^"]*}}"`)
	heads := regexp.MustCompile(`(?s)<th\b([^>]*)>(.*?)</th>`)
	n := 0
	for _, file := range files {
		data, err := assets.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range scrolls.FindAllString(string(data), -1) {
			if n++; !reached.MatchString(tag) {
				t.Errorf("%s: keys do not reach %s, or it has no name", file, tag)
			}
		}
		for _, m := range heads.FindAllStringSubmatch(string(data), -1) {
			if !strings.Contains(m[1], `scope="col"`) && !strings.Contains(m[1], `scope="row"`) || strings.TrimSpace(m[2]) == "" {
				t.Errorf("%s: a heading without scope or text: %s", file, m[0])
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d parts that scroll were found", n)
	}
}

func (c catalogue) hasPrefix(prefix string) bool {
	for key := range c {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// TestMistakesAreWorded has a sentence in the reader's language around what only the program's English says.
func TestMistakesAreWorded(t *testing.T) {
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		lang string
		err  error
		want string
	}{
		{"it", errors.New("odd"), "La richiesta non è corretta (in inglese): odd"},
		{"en", errors.New("odd"), "The request is not right: odd"},
		{"it", fmt.Errorf("report mood: %w", &aggregate.BadQueryError{What: "grouping", Value: "moon", Known: []string{"stage", "persona"}}), `non si può suddividere per "moon"; si può per: stage, persona`},
		{"it", badRequest("wrong.date", "abc"), `"abc" non è una data: scrivete 2026-01-31 o 2026-01-31T15:04:05Z`},
	} {
		if got := c.mistake(tt.lang, tt.err); got != tt.want {
			t.Errorf("%v in %s: got %q, want %q", tt.err, tt.lang, got, tt.want)
		}
	}
}

func TestChooseLanguage(t *testing.T) {
	for _, c := range []struct{ name, query, cookie, accept, want string }{
		{"nothing said", "", "", "", "it"},
		{"the browser's first known", "", "", "fr-FR, en-GB;q=0.8, it;q=0.5", "en"},
		{"a region is the language's", "", "", "it-CH", "it"},
		{"the cookie before the browser", "", "it", "en", "it"},
		{"the address before the cookie", "?lang=en", "it", "it", "en"},
		{"an unknown language is passed over", "?lang=xx", "", "en", "en"},
		{"a header that is none", "", "", ";;;", "it"},
	} {
		r := httptest.NewRequest("GET", "/map"+c.query, nil)
		if c.cookie != "" {
			r.Header.Set("Cookie", "lang="+c.cookie)
		}
		r.Header.Set("Accept-Language", c.accept)
		if got := chooseLanguage(r); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
