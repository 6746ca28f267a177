package dashboards

import (
	"encoding/json"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
	"tappa/internal/testenv"
	"tappa/journey"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

// newSite serves the pages over a fresh database that holds the given blocks, walked.
func newSite(t *testing.T, blocks ...journey.Block) *httptest.Server {
	t.Helper()
	server, _ := newSiteWith(t, func(*Options) {}, blocks...)
	return server
}

// newSiteWith is newSite with other options; it also gives a store that may write.
func newSiteWith(t *testing.T, change func(*Options), blocks ...journey.Block) (*httptest.Server, *aggregate.Store) {
	t.Helper()
	env := testenv.ClickHouse(t)
	open := func(addr string) *aggregate.Store {
		store, err := aggregate.Open(t.Context(), aggregate.Options{Addr: addr, Protocol: "http", Database: env.Database})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	store := open(env.Addr)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutJourney(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		for i := range b.Records {
			b.Records[i].Tag = j.Tag(&b.Records[i].Interaction)
		}
		if err := store.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	walker, err := aggregate.NewWalker(store, []*journey.Journey{j}, aggregate.WalkerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := walker.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Writer: store, Store: open(env.ReadOnlyAddr), Journeys: []*journey.Journey{j}, Logger: slog.New(slog.DiscardHandler),
		Explain: func(string) (string, []string) { return "negative", []string{"so bad", hostile} },
	}
	change(&opts)
	handler, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server, store
}

// fetch gets a path and returns status and body.
func fetch(t *testing.T, s *httptest.Server, path string) (int, string) {
	t.Helper()
	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestPagesOfAnEmptyStore(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/map", "/funnel", "/waits", "/mood", "/cases", "/people", "/people?q=anna@example.com", "/reports"} {
		for _, lang := range languages {
			code, body := fetch(t, s, path+and(path)+"lang="+lang)
			if code != http.StatusOK || !strings.Contains(body, `<html lang="`+lang+`">`) {
				t.Errorf("%s in %s: status %d", path, lang, code)
			}
		}
	}
	if _, body := fetch(t, s, "/map?lang=en"); !strings.Contains(body, "No data yet") {
		t.Error("an empty map does not say that there is no data yet")
	}
}

// hostile is a customer whose every word is an attack on a page.
const hostile = `</script><script>alert("x")</script><img src=x onerror=alert(1)>`

func hostileBlock() journey.Block {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	form := journey.Interaction{
		Origin: "site", ID: "1", Source: journey.SourceForm, Type: "form.submitted", Activity: hostile, OccurredAt: at,
		Direction: journey.Inbound, Public: true, Keys: []journey.ContactKey{"email:a@example.com"}, To: "contact",
		From: hostile, Subject: hostile, Text: hostile + " pessimo", Payload: json.RawMessage(`{"form":"contact"}`),
	}
	return journey.Block{Token: "t:0:0-0", ArrivedAt: at, Records: []journey.Record{{
		Interaction: form,
		Mood:        journey.Mood{Eligible: true, Label: "negative", Score: -1, Emotion: "frustration", Lang: "it", Model: "test"},
		Position:    journey.Position{Topic: "t"},
	}}}
}

func TestWhatCustomersWriteIsNeverMarkup(t *testing.T) {
	s := newSite(t, hostileBlock())
	code, body := fetch(t, s, "/api/v1/journeys/machinery/reports/cases")
	if code != http.StatusOK {
		t.Fatalf("cases: status %d: %s", code, body)
	}
	var report struct{ Rows []map[string]any }
	if err := json.Unmarshal([]byte(body), &report); err != nil || len(report.Rows) != 1 {
		t.Fatalf("cases: %v: %s", err, body)
	}
	id := report.Rows[0]["case_id"].(string)
	for path, want := range map[string]int{
		"/map": http.StatusOK, "/case/" + id: http.StatusOK, "/cases": http.StatusOK, "/reports/steps": http.StatusOK, "/reports/activities": http.StatusOK,
		"/map?account=" + `"><script>`: http.StatusOK, "/map?persona=" + `"><script>`: http.StatusBadRequest, // nobody is called that, and the page says so
	} {
		code, body := fetch(t, s, path)
		if code != want {
			t.Errorf("%s: status %d, want %d", path, code, want)
		}
		for _, bad := range []string{`<script>alert`, `<img src=x`, `"><script>`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %s as markup", path, bad)
			}
		}
	}
	if _, body := fetch(t, s, "/case/"+id); !strings.Contains(body, "pessimo") || !strings.Contains(body, "“so bad”") {
		t.Error("the case does not show what the customer wrote and the words that spoke for the mood")
	}
}

// TestDatabaseIsAway asks pages and API when the way to ClickHouse ends: they say so in the reader's language, and not where it was.
func TestDatabaseIsAway(t *testing.T) {
	var way *httptest.Server
	site, _ := newSiteWith(t, func(o *Options) {
		env := testenv.ClickHouse(t)
		to, err := url.Parse("http://" + env.Addr)
		if err != nil {
			t.Fatal(err)
		}
		way = httptest.NewServer(httputil.NewSingleHostReverseProxy(to))
		store, err := aggregate.Open(t.Context(), aggregate.Options{Addr: strings.TrimPrefix(way.URL, "http://"), Protocol: "http", Database: env.Database})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.Store, o.Writer = store, store
	})
	if code, body := fetch(t, site, "/map?lang=it"); code != http.StatusOK {
		t.Fatalf("before: status %d, %s", code, body)
	}
	way.CloseClientConnections()
	way.Close()
	for path, want := range map[string]string{
		"/map?lang=it": "Il database non risponde.", "/funnel?lang=en": "The database does not answer.", "/api/v1/status": "the database does not answer",
		"/api/v1/journeys/machinery/notes": "the database does not answer",
	} {
		code, body := fetch(t, site, path)
		if code != http.StatusServiceUnavailable || !strings.Contains(body, want) || strings.Contains(body, "127.0.0.1") {
			t.Errorf("%s: status %d, want 503 and %q:\n%s", path, code, want, body)
		}
		if strings.HasPrefix(path, "/api/") {
			continue
		}
		for _, way := range []string{`href="/funnel`, `href="/reports`, `hreflang="it"`, `hreflang="en"`} {
			if !strings.Contains(body, way) {
				t.Errorf("%s: no %s on the page of the error:\n%s", path, way, body)
			}
		}
	}
}

// TestErrorsLeadOn: the page of a mistake has the ways to other pages without the filter that was wrong, and itself in the other language.
func TestErrorsLeadOn(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string][]string{
		"/nowhere?lang=it": {`<a href="/map">Mappa</a>`, `href="/nowhere?lang=en" hreflang="en"`},
		"/cases?persona=nope&journey=machinery&lang=it": {`<a href="/map?journey=machinery">`, `href="/cases?journey=machinery&amp;lang=en&amp;persona=nope"`},
		"/funnel?journey=nope&lang=it":                  {`<a href="/map">Mappa</a>`, `href="/funnel?journey=nope&amp;lang=en"`},
	} {
		_, body := fetch(t, s, path)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %s in\n%s", path, w, body)
			}
		}
	}
}

// TestBeforeAllData: an instant before the first interaction is no mistake, and zeros are no answer.
func TestBeforeAllData(t *testing.T) {
	s := newSite(t, hostileBlock())
	for _, path := range []string{"/map", "/funnel", "/cases", "/waits", "/mood", "/reports/dropoff"} {
		for lang, want := range map[string]string{
			"it": "Al 01/01/1999 23:59 non era ancora successo nulla: la prima interazione è del ", "en": "By 1999-01-01 23:59 nothing had happened yet: the first interaction is of ",
		} {
			if code, body := fetch(t, s, path+"?as_of=1999-01-01&lang="+lang); code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s: status %d, no %q in\n%s", path, code, want, body)
			}
			if _, body := fetch(t, s, path+"?as_of=2027-01-01&lang="+lang); strings.Contains(body, want[:20]) {
				t.Errorf("%s: after the first interaction, too", path)
			}
		}
	}
}

func TestMistakesInAddressesAreExplained(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		path string
		code int
		says string
	}{
		{"/nowhere", 404, "non esiste"},
		{"/map?as_of=tomorrow", 400, "tomorrow"},
		{"/map?journey=other", 400, "other"},
		{"/cases?persona=nope", 400, "la persona &#34;nope&#34; non esiste; ci sono: "},
		{"/cases?channel=nope&lang=en", 400, "there is no channel &#34;nope&#34;; there are: "},
		{"/cases?from=2026-02-01&to=2026-01-01", 400, "il periodo dal 01/02/2026 00:00 a prima del 01/01/2026 00:00 è vuoto"},
		{"/cases?from=2026-02-01&to=2026-01-01&lang=en", 400, "the period from 2026-02-01 00:00 to before 2026-01-01 00:00 is empty"},
		{"/map?personna=buyer", 400, "il parametro &#34;personna&#34; non esiste; ci sono: account, "},
		{"/map.pdf?personna=buyer&lang=en", 400, "there is no parameter &#34;personna&#34;; there are: "},
		{"/map?persona=buyer&persona=artisan", 400, "il parametro &#34;persona&#34; ha due valori, &#34;buyer&#34; e &#34;artisan&#34;"},
		{"/api/v1/journeys/machinery/reports/dropoff?personna=buyer", 422, "personna"},
		{"/cases?value_min=5000&value_max=100", 400, "nessun valore sta tra 5000 e 100"},
		{"/cases?value_min=-5", 400, "il valore -5 non esiste: quello di un caso è 0 o più"},
		{"/cases?value_max=-5&lang=en", 400, "there is no value -5: that of a case is 0 or more"},
		{"/api/v1/journeys/machinery/reports/cases?value_min=-5", 400, "the value of a case is 0 or more"},
		{"/map?lang=xx", 400, "la lingua &#34;xx&#34; non esiste; ci sono: it, en"},
		{"/map.svg?lang=xx", 400, "la lingua &#34;xx&#34; non esiste; ci sono: it, en"},
		{"/map?period=2m", 400, "il periodo &#34;2m&#34; non esiste; ci sono: all, 12m, 6m, 3m, 1m"},
		{"/map.pdf?period=2m&lang=en", 400, "there is no period &#34;2m&#34;"},
		{"/case/0000", 404, "non esiste"},
		{"/reports/nothing", 404, "non esiste"},
		{"/api/v1/journeys/other/reports/dropoff", 404, "other"},
		{"/api/v1/journeys/machinery/reports/nothing", 404, "nothing"},
		{"/api/v1/journeys/machinery/reports/dropoff?from=x", 400, "x"},
		{"/api/v1/journeys/machinery/reports/timing?by=moon", 422, "by"},
		{"/api/v1/journeys/machinery/cases/0000", 404, "0000"},
		{"/api/v1/journeys/machinery/reports/visits?stage=moon", 400, "moon"},
		{"/cases?stage=moon", 400, "la fase &#34;moon&#34; non esiste; ci sono: awareness, "},
		{"/cases?stage=moon&lang=en", 400, "there is no stage &#34;moon&#34;; there are: awareness, "},
		{"/cases?state=moon", 400, "lo stato &#34;moon&#34; non esiste; ci sono: "},
		{"/map?as_of=abc", 400, "&#34;abc&#34; non è una data: scrivete 2026-01-31"},
		{"/map?as_of=abc&lang=en", 400, "&#34;abc&#34; is no date: write 2026-01-31"},
		{"/map?value_min=abc", 400, "&#34;abc&#34; non è un importo"},
		{"/map.pdf?persona=nobody", 400, "la persona &#34;nobody&#34; non esiste"},
		{"/cases?customer=moon", 400, "i clienti di tipo &#34;moon&#34; non esistono"},
		{"/", 302, ""},
	} {
		code, body := fetch(t, s, c.path)
		if code != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s: status %d, want %d with %q in\n%s", c.path, code, c.code, c.says, body)
		}
	}
}

func TestEveryReportIsServed(t *testing.T) {
	s := newSite(t, hostileBlock())
	for _, info := range aggregate.Reports() {
		if code, body := fetch(t, s, "/api/v1/journeys/machinery/reports/"+info.Name); code != http.StatusOK {
			t.Errorf("%s: status %d: %s", info.Name, code, body)
		}
		if code, body := fetch(t, s, "/api/v1/journeys/machinery/reports/"+info.Name+"/csv"); code != http.StatusOK || !strings.Contains(body, ",") {
			t.Errorf("%s as CSV: status %d: %s", info.Name, code, body)
		}
		if code, _ := fetch(t, s, "/reports/"+info.Name); code != http.StatusOK {
			t.Errorf("page of %s: status %d", info.Name, code)
		}
	}
}

// TestReportsAreListed has each report by its name and in the page's language, and no link that leads nowhere.
func TestReportsAreListed(t *testing.T) {
	s := newSite(t, hostileBlock())
	for _, lang := range languages {
		list := mustFetch(t, s, "/reports?lang="+lang)
		if strings.Contains(list, `href=""`) {
			t.Errorf("%s: a link leads nowhere", lang)
		}
		for _, info := range aggregate.Reports() {
			title, about := html.EscapeString(info.Titles[lang]), html.EscapeString(info.Abouts[lang])
			if title == "" || !strings.Contains(list, ">"+title+"</a>") || !strings.Contains(list, "<td>"+about+"</td>") {
				t.Errorf("%s: %s is not listed as %q, %q", lang, info.Name, title, about)
			}
			if page := mustFetch(t, s, "/reports/"+info.Name+"?lang="+lang); !strings.Contains(page, "<h1>"+title+" · ") {
				t.Errorf("%s: the page of %s is not headed %q", lang, info.Name, title)
			}
		}
	}
}

// TestPagesNameChannels has channels in the reader's words wherever they stand: on the map, in its files, filters, tables, cases.
func TestPagesNameChannels(t *testing.T) {
	s := newSite(t, hostileBlock())
	page := mustFetch(t, s, "/map?lang=it")
	for _, says := range []string{`<option value="phone">telefono</option>`, `<option value="in person">di persona</option>`, `<span class="muted">web</span>`} {
		if !strings.Contains(page, says) {
			t.Errorf("the map does not say %s", says)
		}
	}
	for name, all := range map[string]string{"persona": "tutte", "account": "tutte", "channel": "tutti", "customer": "tutti", "period": "da sempre"} {
		if box := between(t, page, `<select name="`+name+`"`, "</select>"); !strings.Contains(box, " selected>"+all+"</option>") {
			t.Errorf("%s: all are not %q: %s", name, all, box)
		}
	}
	if said := strings.Join(svgLabels(t, mustFetch(t, s, "/map.svg?lang=it&channel=web&persona=-")), " "); !strings.Contains(said, "Canale: web") {
		t.Errorf("the map's file does not name the channel: %.300s", said)
	}
	for _, c := range []struct{ path, says string }{
		{"/cases?channel=in+person", `<option value="in person" selected>di persona</option>`},
		{"/reports/losses?lang=it&channel=phone", "solo canale telefono"},
	} {
		if page := mustFetch(t, s, c.path+"&lang=it"); !strings.Contains(page, c.says) {
			t.Errorf("%s does not say %s", c.path, c.says)
		}
	}
}

// TestTablesNameWhatTheyAreOf has stages, touchpoints, departments, facts and measures in the reader's words.
func TestTablesNameWhatTheyAreOf(t *testing.T) {
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{journeys: []*journey.Journey{j}, texts: texts}
	for _, c := range []struct {
		report, column string
		fact           string // of the row
		value          any
		by, want       string
	}{
		{report: "losses", column: "fact", value: "late_answer", want: "risposta oltre l'obiettivo"},
		{report: "losses", column: "fact", value: "entry_touchpoint", want: "primo punto di contatto"},
		{report: "losses", column: "value", fact: "late_answer", value: "yes", want: "sì"},
		{report: "losses", column: "value", fact: "entry_touchpoint", value: "quote", want: "Offerta"},
		{report: "losses", column: "value", fact: "touchpoint", value: "quote", want: "Offerta"},
		{report: "losses", column: "value", fact: "entry_channel", value: "phone", want: "telefono"},
		{report: "losses", column: "value", fact: "persona", value: "-", want: "–"},
		{report: "losses", column: "p", value: 1e-9, want: "< 0,0001"},
		{report: "losses", column: "q", value: 0.0321, want: "0,0321"},
		{report: "percentiles", column: "key", value: "decision", by: "stage", want: "Offerta e decisione"},
		{report: "percentiles", column: "key", value: "sales", by: "department", want: "Commerciale"},
		{report: "percentiles", column: "measure", value: "reply_business", want: "prima risposta, in orario di apertura"},
		{report: "handoffs", column: "from", value: "sales", want: "Commerciale"},
		{report: "bypasses", column: "to", value: "decision", want: "Offerta e decisione"},
		{report: "bypasses", column: "from", value: "(start)", want: "(inizio)"},
		{report: "bypasses", column: "kind", value: "skip", want: "salto"},
		{report: "paths", column: "to", value: "(lost)", want: "(perso)"},
		{report: "waits", column: "target_state", value: "broken", want: "mancato"},
		{report: "ratings", column: "kind", value: "nps", want: "NPS (raccomandazione)"},
		{report: "ratings", column: "kind", value: "csat", want: "CSAT (soddisfazione)"},
		{report: "ratings", column: "kind", value: "ces", want: "CES (sforzo)"},
		{report: "ratings", column: "kind", value: "stars", want: "stelle"},
		{report: "ratings", column: "kind", value: "", want: "–"},
	} {
		r := &request{server: s, lang: "it", journey: j, query: aggregate.Query{By: c.by}, format: newFormat("it", j.Location, texts)}
		tab := &table{
			report:  aggregate.Report{Name: c.report, Columns: []aggregate.Column{{Name: c.column}, {Name: "fact"}}},
			columns: map[string]int{c.column: 0, "fact": 1},
		}
		values := []any{c.value, c.fact}
		if c.column == "fact" {
			tab.columns["fact"] = 0
		}
		if got := r.cell(named(tab, 0, values), values[0]).Text; got != c.want {
			t.Errorf("%s, %s of %v: got %q, want %q", c.report, c.column, c.value, got, c.want)
		}
	}
	for report, by := range map[string]string{"percentiles": "stage", "service_level": "department", "dropoff": "", "touchpoints": "touchpoint"} {
		if got := defaultBy(report); got != by {
			t.Errorf("%s is split by %q, want %q", report, got, by)
		}
	}
}

// TestALinkPinsTheInstant follows a number to its cases after more has come in: the list is as long as the number said.
func TestALinkPinsTheInstant(t *testing.T) {
	s := newSite(t, hostileBlock())
	_, body := fetch(t, s, "/funnel?lang=en")
	link := regexp.MustCompile(`href="(/cases\?[^"]*stage=evaluation[^"]*)"`).FindStringSubmatch(body)
	if link == nil || !strings.Contains(link[1], "at=2026-03-02T09") {
		t.Fatalf("the number links to %v, which names no instant", link)
	}
	code, body := fetch(t, s, html.UnescapeString(link[1]))
	if code != http.StatusOK || !strings.Contains(body, `<b class="num" id="total">1</b>`) {
		t.Errorf("the list behind the number: status %d:\n%s", code, body)
	}
	if strings.Contains(body, `href="/map?at=`) {
		t.Error("the pin goes on to other pages")
	}
}

// TestANumberOpensItsRows follows the numbers of the funnel, whatever it is filtered by: as many cases are listed as the number says, and
// behind a drop-off those that it is the share of.
func TestANumberOpensItsRows(t *testing.T) {
	s := newSite(t, worldBlock(t))
	total := func(address string) string {
		t.Helper()
		page := mustFetch(t, s, html.UnescapeString(address))
		return between(t, page, `<b class="num" id="total"`, `</b>`)
	}
	link := regexp.MustCompile(`<a href="(/cases\?[^"]*)">([^<]*)</a>`)
	for _, filter := range []string{"", "&department=sales", "&touchpoint=quote", "&persona=-&from=2025-12-01&to=2026-12-01"} {
		table := between(t, mustFetch(t, s, "/funnel?lang=en"+filter), `<table id="funnel-table"`, `</table>`)
		n := 0
		for i, row := range strings.Split(table, "<tr data-stage=")[1:] {
			if filter != "" && i%3 != 1 { // every list is asked for: of filters some stages do
				continue
			}
			decided := regexp.MustCompile(`\n<td class="n">([\d,]+)</td>`).FindStringSubmatch(row)
			for _, l := range link.FindAllStringSubmatch(row, -1) {
				n++
				got, want := total(l[1]), l[2]
				if share, isShare := strings.CutSuffix(want, " %"); isShare {
					lost, err := strconv.ParseFloat(got, 64)
					of, err2 := strconv.ParseFloat(strings.ReplaceAll(decided[1], ",", ""), 64)
					if err := errors.Join(err, err2); err != nil {
						t.Fatal(err)
					}
					got, want = strconv.FormatFloat(100*lost/of, 'f', 1, 64), share
				}
				if got != want {
					t.Errorf("%s: %s opens %s rows: %s", filter, l[2], got, l[1])
				}
			}
		}
		if n == 0 {
			t.Errorf("%s: no number is linked", filter)
		}
	}
	if page := mustFetch(t, s, "/cases?lang=it&stage=decision&state=mature_lost"); !strings.Contains(page, "Offerta e decisione · persi, tra i maturi") {
		t.Error("a list does not say of what it is")
	}
}

// TestFiltersAreSeenAndStay has the form show what an address filters by, and send it again.
func TestFiltersAreSeenAndStay(t *testing.T) {
	s := newSite(t, hostileBlock())
	page := mustFetch(t, s, "/cases?lang=it&from=2026-01-01&to=2026-02-01&department=sales&touchpoint=quote&persona=-&account=account:acme.it")
	form := between(t, page, `<form class="filters"`, `</form>`)
	for _, want := range []string{
		`dal<input type="date" name="from" value="2026-01-01">`, `prima del<input type="date" name="to" value="2026-02-01">`,
		`<option value="sales" selected>Commerciale</option>`, `<option value="quote" selected>Offerta</option>`,
		`<option value="-" selected>senza</option>`, `<option value="account:acme.it" selected>`,
	} {
		if strings.Count(form, want) != 1 {
			t.Errorf("the form has no %s:\n%s", want, form)
		}
	}
	page = mustFetch(t, s, "/reports/visits?lang=en&from=2026-01-01T10:00:00Z&as_of=2026-03-01T10:00:00Z")
	for _, want := range []string{`<input type="text" name="from" value="2026-01-01T10:00:00Z">`, `<input type="text" name="as_of" value="2026-03-01T10:00:00Z">`} {
		if !strings.Contains(page, want) {
			t.Errorf("an instant is lost: no %s", want)
		}
	}
	if code, page := fetch(t, s, "/reports/timeline?lang=it&case_id=0000"); code != http.StatusBadRequest || !strings.Contains(page, "il caso &#34;0000&#34; non esiste; la pagina Casi") {
		t.Errorf("the timeline of no case: status %d: %s", code, page)
	}
	if page := mustFetch(t, s, "/map?department=sales"); !strings.Contains(page, `href="/funnel?department=sales"`) {
		t.Error("a filter does not go on to other pages")
	}
	for path, c := range map[string]struct{ says, lacks string }{
		"/reports/coverage?lang=it":                 {"<td>tutte</td>", `name="persona"`},
		"/reports/coverage?lang=en":                 {"<td>forms</td>", `name="account"`},
		"/reports/unmapped?lang=it":                 {"Nessuna riga", `name="channel"`},
		"/reports/timeline?lang=it":                 {"cronologia di un caso", `name="customer"`},
		"/reports/visits?lang=it&department=sales":  {`name="department"`, `type="hidden" name="department"`},
		"/reports/dropoff?lang=it&department=sales": {`name="persona"`, "Nessuna riga"},
	} {
		page := mustFetch(t, s, path)
		if !strings.Contains(page, c.says) || strings.Contains(page, c.lacks) {
			t.Errorf("%s: it has to say %q, and not %q:\n%s", path, c.says, c.lacks, page)
		}
	}
}

// TestFilesAreInThePagesLanguage follows a page's links to its files: how the numbers came about is said as on the page.
func TestFilesAreInThePagesLanguage(t *testing.T) {
	s := newSite(t, hostileBlock())
	for lang, says := range map[string]string{"it": "solo reparto Commerciale", "en": "only department Sales"} {
		page := mustFetch(t, s, "/reports/visits?department=sales&lang="+lang)
		link := regexp.MustCompile(`<a href="([^"]*)">JSON</a>`).FindStringSubmatch(page)
		if answer := mustFetch(t, s, html.UnescapeString(link[1])); !strings.Contains(page, says) || !strings.Contains(answer, says) {
			t.Errorf("%s: page and file have to say %q: %s", lang, says, answer)
		}
	}
}

// TestTablesOpenTheirRows follows the counts of tables to lists of as many rows, whatever the table is split by.
func TestTablesOpenTheirRows(t *testing.T) {
	s := newSite(t, worldBlock(t))
	link := regexp.MustCompile(`<a href="(/reports/(?:visits|waits|steps)\?[^"]*)">([\d,]+)</a>`)
	for _, path := range []string{"/reports/dropoff?", "/reports/ageing?persona=-&", "/waits?by=stage&", "/waits?by=department&", "/mood?by=channel&", "/mood?by=persona&customer=new&"} {
		found := link.FindAllStringSubmatch(mustFetch(t, s, path+"lang=en"), -1)
		if len(found) == 0 {
			t.Errorf("%s: no count is linked", path)
		}
		for i, l := range found {
			if i%4 > 0 && len(found) > 8 {
				continue // of many, some
			}
			rows := between(t, mustFetch(t, s, html.UnescapeString(l[1])+"&all=1"), "<tbody", "</tbody>")
			if n := strconv.Itoa(strings.Count(rows, "<tr>")); n != strings.ReplaceAll(l[2], ",", "") {
				t.Errorf("%s: %s opens %s rows: %s", path, l[2], n, l[1])
			}
		}
	}
}
