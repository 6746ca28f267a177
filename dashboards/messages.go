package dashboards

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"tappa/aggregate"
)

//go:embed ui/messages.json
var messageFile embed.FS

// languages are the languages of the pages, the default first.
var languages = []string{"it", "en"}

// catalogue holds the pages' texts: key → language → text.
type catalogue map[string]map[string]string

// loadCatalogue reads the embedded texts. Every key has to have every language: a test holds that.
func loadCatalogue() (catalogue, error) {
	data, err := messageFile.ReadFile("ui/messages.json")
	if err != nil {
		return nil, fmt.Errorf("load messages: %w", err)
	}
	c := catalogue{}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("load messages: %w", err)
	}
	return c, nil
}

// text returns the text of a key in a language, or the key itself, so that a missing text shows where it is missing.
func (c catalogue) text(lang, key string) string {
	if s, ok := c[key][lang]; ok {
		return s
	}
	return key
}

// english is a text of the catalogue for programs and logs, whatever language the pages are in.
func english(key string, args []any) string {
	c, err := englishTexts()
	if err != nil {
		return key
	}
	return fmt.Sprintf(c.text("en", key), args...)
}

var englishTexts = sync.OnceValues(loadCatalogue)

// mistake says in the reader's language what was asked for that cannot be; an error that has no words for it is quoted in a sentence.
func (c catalogue) mistake(lang string, err error) string {
	var worded interface{ words() (string, []any) }
	if errors.As(err, &worded) {
		key, args := worded.words()
		return fmt.Sprintf(c.text(lang, key), args...)
	}
	var query *aggregate.BadQueryError
	if errors.As(err, &query) && query.What != "" {
		key := "wrong.unknown." + strings.ReplaceAll(query.What, " ", "_")
		if format := c.text(lang, key); format != key {
			return fmt.Sprintf(format, query.Value, strings.Join(query.Known, ", "))
		}
	}
	return fmt.Sprintf(c.text(lang, "wrong.other"), err)
}

// chooseLanguage picks the page's language: the query, then the cookie, then what the browser prefers, then Italian.
func chooseLanguage(r *http.Request) string {
	wanted := []string{r.URL.Query().Get("lang")}
	if cookie, err := r.Cookie("lang"); err == nil {
		wanted = append(wanted, cookie.Value)
	}
	if tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language")); err == nil {
		for _, tag := range tags {
			base, _ := tag.Base()
			wanted = append(wanted, base.String())
		}
	}
	for _, w := range wanted {
		for _, l := range languages {
			if w == l {
				return l
			}
		}
	}
	return languages[0]
}

// printer writes numbers as the language's readers expect: 1.234,5 in Italian, 1,234.5 in English.
func printer(lang string) *message.Printer {
	return message.NewPrinter(language.Make(lang))
}
