package dashboards

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
	"tappa/dashboards/draw"
	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/journey"
	"tappa/sentiment"
)

// worldBlock is a year of the demo's customers, as they are stored.
func worldBlock(t *testing.T) journey.Block {
	t.Helper()
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	decoder, scorer := source.NewDecoder(source.Options{DefaultCountry: j.DefaultCountry}), sentiment.New()
	block := journey.Block{Token: "t:0:0-9", ArrivedAt: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}
	for event := range synth.New(synth.Options{Seed: 20, Cases: 150, Journey: j}).Events() {
		value, err := event.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		rec := journey.Record{Position: journey.Position{Topic: "t", Offset: int64(len(block.Records))}}
		if rec.Interaction, err = decoder.Decode(source.Record{Value: value}); err != nil {
			t.Fatal(err)
		}
		rec.Interaction.OccurredAt = rec.Interaction.OccurredAt.UTC().Truncate(time.Millisecond)
		rec.Tag = j.Tag(&rec.Interaction)
		if ingest.Scorable(&rec) {
			m := scorer.Score(rec.Interaction.Text, rec.Interaction.Lang)
			rec.Mood = journey.Mood{
				Eligible: true, Label: m.Label, Score: m.Score, Emotion: m.Emotion, Lang: m.Lang, Confidence: m.Confidence, Model: m.Model,
			}
		}
		block.Records = append(block.Records, rec)
	}
	return block
}

// TestNumbersOpenTheirRows: each number on the map and in tables that links a list opens as many rows as it says.
func TestNumbersOpenTheirRows(t *testing.T) {
	s, _ := newSiteWith(t, func(*Options) {}, worldBlock(t))
	link := regexp.MustCompile(`<a href="/reports/((?:waits|verbatims|steps|visits)\?[^"]*)">([\d.,]+)</a>`)
	for path, least := range map[string]int{"/map?lang=en": 20, "/map?lang=en&persona=buyer": 10, "/reports/touchpoints?lang=en": 20, "/reports/touchpoints?lang=en&by=stage": 20, "/reports/timing?lang=en&wide=1": 10} {
		links := link.FindAllStringSubmatch(mustFetch(t, s, path), -1)
		if len(links) < least {
			t.Errorf("%s: %d links to lists, want %d at least", path, len(links), least)
		}
		kinds := map[string]int{}
		for _, m := range links {
			name, query, _ := strings.Cut(html.UnescapeString(m[1]), "?")
			kind := name + regexp.MustCompile(`state=\w+`).FindString(query)
			if kinds[kind]++; kinds[kind] > 2 { // every list is asked for: two of a kind will do
				continue
			}
			var list struct{ Rows []json.RawMessage }
			text := mustFetch(t, s, apiBase+"/journeys/machinery/reports/"+name+"?"+strings.Replace(query, "at=", "as_of=", 1))
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				t.Fatal(err)
			}
			if want := strings.ReplaceAll(m[2], ",", ""); fmt.Sprint(len(list.Rows)) != want {
				t.Errorf("%s: %s opens %d rows of %s?%s", path, want, len(list.Rows), name, query)
			}
		}
	}
}

// TestMapFiles has the map of the demo's customers in every format and language, by the web and without it: the bytes
// are the same, the files are sound and whole, and the numbers are the page's.
func TestMapFiles(t *testing.T) {
	s, store := newSiteWith(t, func(*Options) {}, worldBlock(t))
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range languages {
		_, page := fetch(t, s, "/map?lang="+lang)
		want := numbers(between(t, page, `<div class="map"`, `<div class="legend">`))
		if len(want) < 200 {
			t.Fatalf("%s: only %d numbers on the page", lang, len(want))
		}
		testRatesHaveTheirBase(t, store, page, lang)
		for _, format := range MapFormats {
			link := regexp.MustCompile(`href="(/map\.` + format + `\?[^"]*)"`).FindStringSubmatch(page)
			if link == nil {
				t.Fatalf("the page in %s does not link its %s", lang, format)
			}
			body := mustFetch(t, s, html.UnescapeString(link[1]))
			var again bytes.Buffer
			m := MapFile{Store: store, Journey: j, Lang: lang, Format: format, Page: "a3"}
			if err := m.Write(t.Context(), &again); err != nil || again.String() != body {
				t.Errorf("%s in %s: not the same bytes again (%d and %d), %v", format, lang, again.Len(), len(body), err)
			}
			mapChecks[format](t, body, lang, want)
		}
	}
}

// testRatesHaveTheirBase holds the n beside each drop-off to the number that the rate is a share of.
func testRatesHaveTheirBase(t *testing.T, store *aggregate.Store, page, lang string) {
	t.Helper()
	dropoff, err := store.Report(t.Context(), "dropoff", aggregate.Query{Journey: "machinery"})
	if err != nil {
		t.Fatal(err)
	}
	decided, err := dropoff.Numbers("decided")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	areOpen := false
	for _, n := range decided {
		areOpen = areOpen || n.Row["mature_open"] != "0"
		if *n.Value > 0 {
			want = append(want, printer(lang).Sprintf("%d", int64(*n.Value)))
		}
	}
	for _, m := range regexp.MustCompile(`%</span> · <span class="nowrap">n ([0-9.,]+)<`).FindAllStringSubmatch(page, -1) {
		got = append(got, m[1])
	}
	if !areOpen || !slices.Equal(got, want) {
		t.Errorf("%s: rates of %v (mature ones still open: %v), want %v", lang, got, areOpen, want)
	}
}

var mapChecks = map[string]func(t *testing.T, body, lang string, want []string){
	"pdf": func(t *testing.T, body, lang string, _ []string) {
		if pages := regexp.MustCompile(`/Type\s*/Page\b`).FindAllString(body, -1); !strings.HasPrefix(body, "%PDF") || len(pages) != 1 {
			t.Errorf("pdf in %s: %d pages", lang, len(pages))
		}
	},
	"png": func(t *testing.T, body, lang string, _ []string) {
		img, err := png.Decode(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Bounds().Size(); got.X != draw.PixelsWide || got.Y != 2481 {
			t.Errorf("png in %s: %v pixels", lang, got)
		}
	},
	"svg": func(t *testing.T, body, lang string, want []string) {
		got := map[string]int{}
		for _, n := range numbers(strings.Join(svgLabels(t, body), " ")) {
			got[n]++
		}
		for _, n := range want {
			if got[n]--; got[n] < 0 {
				t.Errorf("svg in %s: the page's number %s is not there as often", lang, n)
			}
		}
	},
	"html": func(t *testing.T, body, lang string, want []string) {
		if !strings.Contains(body, `<html lang="`+lang+`">`) {
			t.Errorf("html is not in %s", lang)
		}
		if bad := regexp.MustCompile(`(?i)<script|<link|<iframe|<img|\b(src|href)=|@import|url\((?:[^d]|d[^a])`).FindString(body); bad != "" {
			t.Errorf("html in %s holds %s, which may need the network", lang, bad)
		}
		table := between(t, body, `<div class="table"`, `<div class="legend">`)
		table = regexp.MustCompile(`(?s)<div class="curve".*?</svg></div>`).ReplaceAllString(table, "")
		table = regexp.MustCompile(`<div><dt>[^<]*95 %[^<]*</dt>.*?</dd></div>`).ReplaceAllString(table, "") // on the page it is in the curve
		if got := numbers(table); !slices.Equal(got, want) {
			t.Errorf("html in %s: the numbers are not the page's:\n%v\n%v", lang, got, want)
		}
	},
}

func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, s, begins := strings.Cut(s, from)
	_, s, _ = strings.Cut(s, ">") // the tag's end
	s, _, ends := strings.Cut(s, to)
	if !begins || !ends {
		t.Fatalf("nothing between %s and %s", from, to)
	}
	return s
}

// numbers are the numbers in a text's order, markup left out.
func numbers(markup string) []string {
	text := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(markup, " "))
	return regexp.MustCompile(`[+−]?[0-9][0-9.,:]*`).FindAllString(text, -1)
}

// svgLabels reads what a drawing says, and finds fault with anything that lies outside of it.
func svgLabels(t *testing.T, body string) []string {
	t.Helper()
	var labels []string
	for d := xml.NewDecoder(strings.NewReader(body)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return labels
		}
		if err != nil {
			t.Fatalf("svg: %v", err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains([]string{"svg", "title", "g", "path", "use", "defs"}, element.Name.Local) {
			t.Errorf("svg: an element %s", element.Name.Local)
		}
		for _, a := range element.Attr {
			if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") || strings.Contains(a.Value, "url(") {
				t.Errorf("svg: %s=%q", a.Name.Local, a.Value)
			}
			if a.Name.Local == "aria-label" {
				labels = append(labels, a.Value)
			}
		}
	}
}

// TestMapFilesOfAttackers writes what customers wrote as words, whatever it is.
func TestMapFilesOfAttackers(t *testing.T) {
	s := newSite(t, hostileBlock())
	_, body := fetch(t, s, "/map.html?lang=en")
	mapChecks["html"](t, body, "en", numbers(between(t, mustFetch(t, s, "/map?lang=en"), `<div class="map"`, `<div class="legend">`)))
	said := strings.Join(svgLabels(t, mustFetch(t, s, "/map.svg")), " ")
	if !strings.Contains(said, "pessimo") || !strings.Contains(body, "pessimo") {
		t.Error("the quote is not there")
	}
	for _, format := range []string{"pdf", "png"} {
		mustFetch(t, s, "/map."+format)
	}
}

// TestMapHeading says on paper what an address says on the screen.
func TestMapHeading(t *testing.T) {
	s := newSite(t, hostileBlock())
	for _, c := range []struct{ query, says string }{
		{"lang=it", "Persona: tutte le persone Entrati: da sempre · dati al: 02/03/2026 10:00 · 1 interazioni"},
		{"lang=en&persona=-&from=2026-03-01", "Persona: no persona Entered: from 2026-03-01 ·"},
		{"lang=it&from=2026-03-01&to=2026-04-01", "Entrati: dal 01/03/2026 al 31/03/2026 ·"},
		{"lang=en&to=2026-03-31T12:00:00Z&channel=web", "to 2026-03-31 14:00 · data as of: 2026-03-02 10:00 · 1 interactions, 0 unmapped · Channel: web"},
		{"lang=en&customer=new&account=-&department=sales", "· Department: Sales · Customer: new · Account: without one"},
	} {
		if said := strings.Join(svgLabels(t, mustFetch(t, s, "/map.svg?"+c.query)), " "); !strings.Contains(said, c.says) {
			t.Errorf("%s: no %q in\n%.400s", c.query, c.says, said)
		}
	}
}

func mustFetch(t *testing.T, s *httptest.Server, path string) string {
	t.Helper()
	code, body := fetch(t, s, path)
	if code != http.StatusOK {
		t.Fatalf("%s: status %d: %s", path, code, body)
	}
	return body
}

// TestMapFilesThatCannotBe says why there is none.
func TestMapFilesThatCannotBe(t *testing.T) {
	s := newSite(t, hostileBlock())
	for _, c := range []struct {
		path string
		code int
		says string
	}{
		{"/map.pdf?persona=nobody&lang=en", 400, `there is no persona &#34;nobody&#34; in journey &#34;machinery&#34;; there are: `},
		{"/map.svg?page=a9&lang=en", 400, "there are: a3, a4"},
		{"/map.png?journey=other&lang=en", 400, "other"},
		{"/map.png?from=2030-01-01&lang=en", 404, "Nobody entered a stage"},
		{"/map.html?from=2030-01-01&lang=it", 404, "Nessuno è entrato"},
		{"/map.gif", 404, "non esiste"},
	} {
		if code, body := fetch(t, s, c.path); code != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s: status %d, want %d with %q in\n%s", c.path, code, c.code, c.says, body)
		}
	}
	if code, body := fetch(t, newSite(t), "/map.pdf?lang=en"); code != http.StatusNotFound || !strings.Contains(body, "tappa import") {
		t.Errorf("an empty store: status %d:\n%s", code, body)
	}
}

// TestFilesHaveThePagesColours holds the colours of files against the style sheet of pages.
func TestFilesHaveThePagesColours(t *testing.T) {
	data, err := os.ReadFile("ui/style.css")
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(string(data), -1) {
		variables[m[1]] = m[2]
	}
	for name, colour := range map[string]draw.Colour{
		"ink": draw.Ink, "soft": draw.Soft, "line": draw.Line, "paper": draw.Paper, "accent": draw.Accent, "accent-soft": phaseColour,
		"moved": stateColours["moved_on"], "completed": stateColours["completed"], "explicit": stateColours["lost_explicit"],
		"silent": stateColours["lost_silent"], "open": stateColours["in_progress"],
		"positive": moodColours["positive"], "negative": moodColours["negative"],
	} {
		if variables[name] != string(colour) {
			t.Errorf("--%s is %s on the pages, %s in files", name, variables[name], colour)
		}
	}
	for _, colour := range []draw.Colour{draw.Head, draw.HeadOn, opportunityColour, badgeColours["few"]} {
		if !strings.Contains(string(data), string(colour)) {
			t.Errorf("%s is no colour of the pages", colour)
		}
	}
}

// TestMapFileRefuses covers what only callers without a browser can ask for.
func TestMapFileRefuses(t *testing.T) {
	var wrong *MapError
	if err := (MapFile{Journey: &journey.Journey{}, Lang: "fr", Format: "pdf", Page: "a3", Query: aggregate.Query{}}).Write(t.Context(), io.Discard); !errors.As(err, &wrong) {
		t.Errorf("French: %v", err)
	}
}
