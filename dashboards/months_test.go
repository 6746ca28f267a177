package dashboards

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// TestMonths freezes two months of the demo's customers and decides on an opportunity between them: the page counts and lists what the API
// says, in both languages, and says what to do where there is nothing to compare.
func TestMonths(t *testing.T) {
	block := worldBlock(t)
	s, store := newSiteWith(t, func(*Options) {}, block)
	if code, page := fetch(t, s, "/months?lang=it"); code != http.StatusOK || !strings.Contains(page, "tappa refresh --month") || !strings.Contains(page, "Nessun mese è congelato") {
		t.Errorf("nothing frozen: status %d, %s", code, page)
	}
	last := block.Records[0].Interaction.OccurredAt
	for _, rec := range block.Records {
		if at := rec.Interaction.OccurredAt; at.After(last) {
			last = at
		}
	}
	month := func(back int) string {
		return time.Date(last.Year(), last.Month()-time.Month(back), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
	}
	freeze := func(name string) {
		t.Helper()
		if _, _, err := store.Refresh(t.Context(), "machinery", name, "test"); err != nil {
			t.Fatal(err)
		}
	}
	freeze(month(6))
	target := 0.9
	if _, err := store.AddOpportunity(t.Context(), aggregate.Opportunity{
		Kind: aggregate.Fix, Touchpoint: "quote", Department: "sales", Action: "call <b>back</b>", Due: "2020-01-01",
		Target: journey.KPI{View: "dropoff", Metric: "step_conversion", Filter: map[string]string{"stage": "decision"}, Better: "up", Target: &target},
	}); err != nil {
		t.Fatal(err)
	}
	freeze(month(1))
	testClosed(t, s, store)
	var answer aggregate.Diff
	if code, body := fetch(t, s, "/api/v1/journeys/machinery/snapshots/"+month(1)+"/diff?against="+month(6)); code != http.StatusOK || json.Unmarshal([]byte(body), &answer) != nil {
		t.Fatalf("the API: status %d, %s", code, body)
	}
	if texts, err := loadCatalogue(); err != nil || texts.text("en", "months.how") != answer.How {
		t.Errorf("the page says that changes are told apart by %q, the API by %q: %v", texts.text("en", "months.how"), answer.How, err)
	}
	isReal, ofUnit := 0, map[string]int{}
	for _, c := range answer.Changes {
		ofUnit[c.Unit]++
		if c.Verdict == aggregate.RealChange {
			isReal++
		}
	}
	for lang, says := range map[string][]string{
		"it": {"reale: ", "in ritardo", "<td>Offerta</td><td>Commerciale</td>", "call &lt;b&gt;back&lt;/b&gt;", "da correggere", "test bilaterale", "01/01/2020", "Abbandono, conversione alla fase successiva (Offerta e decisione)"},
		"en": {"real: ", "late", "<td>Quote</td><td>Sales</td>", month(6), month(1)},
	} {
		code, page := fetch(t, s, "/months?lang="+lang)
		if code != http.StatusOK {
			t.Fatalf("%s: status %d", lang, code)
		}
		rows := strings.Count(between(t, page, `<table id="changes"`, `</table>`), "<tr>") - 1
		if rows != isReal || rows == 0 {
			t.Errorf("%s: %d changes listed, the API has %d real ones", lang, rows, isReal)
		}
		for _, text := range says {
			if !strings.Contains(page, text) {
				t.Errorf("%s: no %q on the page", lang, text)
			}
		}
		if bare := regexp.MustCompile(`>[a-z_]+\.[a-z_ ]+<`).FindString(page); bare != "" {
			t.Errorf("%s: the key of a text in place of the text: %s", lang, bare)
		}
		if opened := regexp.MustCompile(`<a href="(/reports/[^"]*from=[^"]*)">[^<]*</a></td><td>[^<]*</td><td>([^<]*)</td>`).FindStringSubmatch(page); opened != nil {
			if table := mustFetch(t, s, html.UnescapeString(opened[1])+"&lang="+lang); !strings.Contains(opened[1], "as_of="+month(1)+"-") || !strings.Contains(table, opened[2]) {
				t.Errorf("%s: the change of %s leads to %s", lang, opened[2], opened[1])
			}
		} else if !strings.Contains(page, "as_of="+month(1)+"-") {
			t.Errorf("%s: no change leads to its table as of the month's end", lang)
		}
		all := regexp.MustCompile(`href="(/months\?[^"]*all=1[^"]*)"`).FindStringSubmatch(page)
		if all == nil {
			t.Fatalf("%s: all changes are not linked", lang)
		}
		page = mustFetch(t, s, html.UnescapeString(all[1])+"&rows=all")
		if rows := strings.Count(between(t, page, `<table id="changes"`, `</table>`), "<tr>") - 1; rows != len(answer.Changes) {
			t.Errorf("%s: all are %d, the API has %d", lang, rows, len(answer.Changes))
		}
		for kind, unit := range map[string]string{"share": "share", "time": "s", "mood": "mood", "count": ""} {
			page = mustFetch(t, s, "/months?all=1&rows=all&kind="+kind+"&lang="+lang)
			if rows := strings.Count(between(t, page, `<table id="changes"`, `</table>`), "<tr>") - 1; rows != ofUnit[unit] || rows == 0 {
				t.Errorf("%s: %d changes of kind %s, the API has %d", lang, rows, kind, ofUnit[unit])
			}
		}
	}
	stored, err := store.Journeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	edited, err := journey.Parse("machinery.yaml", []byte(strings.Replace(stored[0].YAML, "    touchpoint: website\n", "    touchpoint: article\n", 1)))
	if err != nil || edited.Version == stored[0].Version {
		t.Fatal(err)
	}
	if err := store.PutJourney(t.Context(), edited); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Refresh(t.Context(), "machinery", month(1), "later"); err != nil {
		t.Fatal(err)
	}
	for lang, says := range map[string][]string{
		"it": {"Il file del viaggio non è lo stesso: " + stored[0].Version + " prima, " + edited.Version + " dopo.", "La versione del programma non è la stessa: test prima, later dopo.", "le differenze sono esatte"},
		"en": {"The journey file is not the same: " + stored[0].Version + " before, " + edited.Version + " after.", "The program&#39;s version is not the same: test before, later after.", "the differences are exact"},
	} {
		page := mustFetch(t, s, "/months?after="+month(1)+"@2&before="+month(1)+"@1&lang="+lang)
		for _, text := range says {
			if !strings.Contains(page, text) {
				t.Errorf("%s, two versions: no %q on the page", lang, text)
			}
		}
	}
	for path, want := range map[string]int{
		"/months?after=" + month(6) + "&before=" + month(1): http.StatusBadRequest,
		"/months?kind=colour":                               http.StatusBadRequest, "/months?after=2001-01": http.StatusNotFound, "/months?after=" + month(1) + "@x": http.StatusBadRequest,
		"/months?after=" + month(1) + "@1&before=" + month(6) + "@1": http.StatusOK,
	} {
		if code, body := fetch(t, s, path); code != want {
			t.Errorf("%s: status %d, want %d: %s", path, code, want, body)
		}
	}
}

// testClosed closes the only opportunity: the page goes on to show its numbers, with their unit, and how it went. Then it is opened again.
func testClosed(t *testing.T, s *httptest.Server, store *aggregate.Store) {
	t.Helper()
	row := func() string {
		page := between(t, mustFetch(t, s, "/months?lang=it"), `<table id="opportunities"`, `</table>`)
		return page[strings.Index(page, `<td class="n">`):]
	}
	open := row()
	if !strings.Contains(open, "90,0 %") || !strings.Contains(open, `class="badge `) {
		t.Errorf("an open opportunity has no target or no verdict: %s", open)
	}
	if _, err := store.CloseOpportunity(t.Context(), "machinery", "1", "done"); err != nil {
		t.Fatal(err)
	}
	if closed := row(); closed != open {
		t.Errorf("closed, an opportunity shows\n%s\nopen, it was\n%s", closed, open)
	}
	if _, err := store.UpdateOpportunity(t.Context(), "machinery", "1", 0, func(o *aggregate.Opportunity) { o.Closed = "" }); err != nil {
		t.Fatal(err)
	}
}
