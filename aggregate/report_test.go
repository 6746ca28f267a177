package aggregate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shop is a small journey with answers that can be counted by hand.
//
//	p1  evaluation 1–3 Jan, moved on; decision 3–4 Jan, completed
//	p2  evaluation 2 Jan, silent: lost on 12 Jan
//	p3  evaluation 3–4 Jan, moved on, decision passed over, use from 4 Jan, in progress
//	p4  evaluation from 14 Jan, in progress on 15 Jan
func shop(t testing.TB, s *Store) {
	const silence = int64(10 * 86400_000)
	at := func(d int) time.Time { return time.Date(2025, 1, d, 9, 0, 0, 0, time.UTC) }
	ms := silence
	w := &world{journey: "shop"}
	for i, id := range []string{"evaluation", "decision", "use"} {
		w.stages = append(w.stages, worldStage{
			Journey: "shop", Version: "new", Position: uint8(i), Stage: id, Silence: &ms,
			Labels: map[string]string{"it": []string{"Valutazione", "Decisione", "Uso"}[i], "en": strings.ToUpper(id[:1]) + id[1:]},
		})
	}
	visit := func(subject string, position uint8, entered, left time.Time, exit string) {
		w.visits = append(w.visits, worldVisit{
			Journey: "shop", Subject: subject, Attempt: 1, Position: position, CaseID: "case-" + subject, Person: "email:" + subject + "@example.com",
			Stage: w.stages[position].Stage, EnteredAt: entered, LeftAt: left, Exit: exit, Touchpoint: "form", Channel: "web", Department: "sales", Persona: "buyer",
		})
	}
	visit("p1", 0, at(1), at(3), "moved_on")
	visit("p1", 1, at(3), at(4), "completed")
	visit("p2", 0, at(2), at(12), "lost_silent")
	visit("p3", 0, at(3), at(4), "moved_on")
	visit("p3", 2, at(4), at(30), "lost_silent")
	visit("p4", 0, at(14), at(24), "lost_silent")
	answered, waited, business, due := at(2), int64(86400_000), int64(8*3600_000), at(1).Add(4*time.Hour)
	w.waits = []worldWait{
		{Journey: "shop", Subject: "p1", Number: 1, Attempt: 1, CaseID: "case-p1", First: true, Stage: "evaluation", Touchpoint: "form", AskedAt: at(1), AnsweredAt: &answered, WaitedMS: &waited, BusinessMS: &business, DueAt: &due},
		{Journey: "shop", Subject: "p4", Number: 1, Attempt: 1, CaseID: "case-p4", First: true, Stage: "evaluation", Touchpoint: "form", AskedAt: at(14)},
	}
	step := func(subject string, number uint32, when time.Time, activity, stage, mood string) {
		w.steps = append(w.steps, worldStep{
			Journey: "shop", Subject: subject, Attempt: 1, Number: number, CaseID: "case-" + subject, ContactKey: "email:" + subject + "@example.com",
			OccurredAt: when, Origin: "site", ID: fmt.Sprint(subject, number), Activity: activity, Stage: stage, Touchpoint: "form",
			Eligible: mood != "", Mood: mood, Score: 0.5, Emotion: "none",
		})
	}
	step("p1", 1, at(1), "asked", "evaluation", "positive")
	step("p1", 2, at(3).Add(500*time.Millisecond), "called", "decision", "")
	step("p2", 1, at(2), "asked", "evaluation", "negative")
	step("p3", 1, at(3), "asked", "evaluation", "")
	step("p3", 2, at(4), "called", "use", "")
	step("p4", 1, at(14), "asked", "evaluation", "")
	w.store(testerOf(t), s)
}

func testerOf(t testing.TB) tester { return t }

var mid = time.Date(2025, 1, 15, 9, 0, 0, 0, time.UTC)

func jsonOf(t testing.TB, s *Store, name string, q Query) []map[string]any {
	t.Helper()
	r, err := s.Report(t.Context(), name, q)
	must(t, err)
	var b bytes.Buffer
	must(t, r.WriteJSON(&b))
	var out []map[string]any
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v in\n%s", name, err, b.String())
	}
	return out
}

func columnsOf(rows []map[string]any, columns ...string) [][]any {
	var out [][]any
	for _, row := range rows {
		var values []any
		for _, c := range columns {
			values = append(values, row[c])
		}
		out = append(out, values)
	}
	return out
}

func TestReportsOfTheShop(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	for _, c := range []struct {
		report  string
		q       Query
		columns []string
		want    [][]any
	}{
		{"dropoff", Query{AsOf: mid}, []string{"stage", "entered", "moved_on", "completed", "lost_silent", "in_progress", "mature", "dropoff", "median_s", "reached", "skipped"}, [][]any{
			{"evaluation", 4., 2., 0., 1., 1., 3., 1. / 3, 1.5 * 86400, 4., 0.},
			{"decision", 1., 0., 1., 0., 0., 1., 0., 86400., 2., 1.},
			{"use", 1., 0., 0., 0., 1., 1., nil, nil, 1., 0.},
		}},
		// On 3 January at noon nobody was old enough, and what came later is not known.
		{"dropoff", Query{AsOf: mid.AddDate(0, 0, -12).Add(3 * time.Hour)}, []string{"stage", "entered", "moved_on", "in_progress", "mature", "dropoff", "dropoff_low"}, [][]any{
			{"evaluation", 3., 1., 2., 0., nil, nil}, {"decision", 1., 0., 1., 0., nil, nil}, {"use", 0., 0., 0., 0., nil, nil},
		}},
		{"timing", Query{AsOf: mid, By: "touchpoint"}, []string{"key", "stage_n", "wait_n", "wait_p50_s", "wait_business_p50_s", "wait_waiting", "wait_oldest_s", "kept", "broken", "attainment"}, [][]any{
			{"form", 3., 1., 86400., 8. * 3600, 1., 86400., 0., 1., 0.},
		}},
		{"mood", Query{AsOf: mid}, []string{"key", "label_it", "scored", "net", "curve", "mean_score"}, [][]any{
			{"evaluation", "Valutazione", 2., 0., 0., 0.5}, {"decision", "Decisione", 0., nil, nil, nil}, {"use", "Uso", 0., nil, nil, nil},
		}},
		{"activities", Query{}, []string{"activity", "interactions", "cases"}, [][]any{{"asked", 4., 4.}, {"called", 2., 2.}}},
		{"directly-follows", Query{}, []string{"from", "to", "n", "p50", "p90"}, [][]any{{"asked", "called", 2., 1.5*86400 + 0.25, 1.9*86400 + 0.45}}},
		{"durations", Query{}, []string{"n", "p50", "p90", "max"}, [][]any{{4., 43200., 1.7*86400 + 0.35, 2*86400 + 0.5}}},
		{"waiting", Query{AsOf: mid}, []string{"case_id", "waiting_s", "overdue"}, [][]any{{"case-p4", 86400., false}}},
		{"cases", Query{AsOf: mid}, []string{"case_id", "person", "stage", "state", "interactions"}, [][]any{
			{"case-p1", "email:p…@example.com", "decision", "completed", 2.},
			{"case-p2", "email:p…@example.com", "evaluation", "lost_silent", 1.},
			{"case-p3", "email:p…@example.com", "use", "in_progress", 2.},
			{"case-p4", "email:p…@example.com", "evaluation", "in_progress", 1.},
		}},
		{"cases", Query{AsOf: mid, Limit: 1, Whole: true}, []string{"person"}, [][]any{{"email:p1@example.com"}}},
		{"visits", Query{AsOf: mid, Stage: "evaluation", State: "lost"}, []string{"case_id", "left_at", "stay_s"}, [][]any{{"case-p2", "2025-01-12T09:00:00Z", 864000.}}},
	} {
		got := columnsOf(jsonOf(t, s, c.report, c.q), c.columns...)
		if diff := cmp.Diff(got, c.want, cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })); diff != "" {
			t.Errorf("%s as of %s (-got, +want):\n%s", c.report, c.q.AsOf, diff)
		}
	}
}

// TestListsWithALimitBeginTheSame holds lists that know their limit against the beginning of the whole list, and the number of cases that
// a list of them says there are.
func TestListsWithALimitBeginTheSame(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	for _, name := range []string{"cases", "visits", "waits", "steps", "waiting", "verbatims"} {
		whole := jsonOf(t, s, name, Query{AsOf: mid})
		if name != "verbatims" && len(whole) == 0 { // the shop has no texts
			t.Errorf("%s: nothing to cut", name)
		}
		for limit := range len(whole) + 1 {
			got := jsonOf(t, s, name, Query{AsOf: mid, Limit: limit + 1})
			if diff := cmp.Diff(got, whole[:min(limit+1, len(whole))]); diff != "" {
				t.Errorf("%s, limit %d (-got, +want):\n%s", name, limit+1, diff)
			}
		}
	}
	rows, total, err := s.Cases(t.Context(), Query{AsOf: mid, Limit: 1})
	must(t, err)
	if len(rows) != 1 || total != 4 {
		t.Errorf("cases, limit 1: got %d rows of %d, want 1 of 4", len(rows), total)
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	given(t, s, `INSERT INTO given (contact_key, occurred_at, origin, id, source, type, journey, to_address, mood_eligible, mood_label) VALUES
		('a', '2025-01-01', 'o', '1', 'form', 'form.submitted', 'j', 'contact', true, 'positive'),
		('a', '2025-01-02', 'o', '2', 'form', 'form.submitted', '', 'jobs', true, ''),
		('a', '2025-01-02', 'o', '2', 'form', 'form.submitted', '', 'jobs', true, ''),
		('a', '2025-01-03', 'o', '3', 'form', 'form.submitted', '', 'jobs', false, ''),
		('b', '2025-01-03', 'o', '4', 'call', 'call.missed', '', '+39021', false, ''),
		('b', '2025-01-09', 'o', '5', 'call', 'call.held', '', '+39021', false, '')`)
	asOf := time.Date(2025, 1, 5, 0, 0, 0, 0, time.UTC)
	got := columnsOf(jsonOf(t, s, "coverage", Query{AsOf: asOf}), "source", "interactions", "unmapped", "unmapped_share", "eligible", "scored", "unscored", "scored_share")
	want := [][]any{{"all", 4., 3., 0.75, 2., 1., 1., 0.5}, {"form", 3., 2., 2. / 3, 2., 1., 1., 0.5}, {"call", 1., 1., 1., 0., 0., 0., nil}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("coverage (-got, +want):\n%s", diff)
	}
	got = columnsOf(jsonOf(t, s, "unmapped", Query{AsOf: asOf}), "source", "to_address", "interactions", "share", "example_id")
	want = [][]any{{"form", "jobs", 2., 2. / 3, "3"}, {"call", "+39021", 1., 1. / 3, "4"}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("unmapped (-got, +want):\n%s", diff)
	}
}

func TestEveryReportOfNothing(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	if _, err := s.Report(t.Context(), "dropoff", Query{}); err == nil || !strings.Contains(err.Error(), "no journey") {
		t.Errorf("dropoff without a journey: got error %v", err)
	}
	put(testerOf(t), s, "journeys", "journey, version, loaded, labels, time_zone, yaml", []worldJourney{{Journey: "j", Version: "v", Loaded: 1, TimeZone: "UTC"}})
	put(testerOf(t), s, "stages", "journey, version, position, stage, labels, silence_ms, maturity_ms, terminal", []worldStage{{Journey: "j", Version: "v", Stage: "one"}})
	for _, info := range Reports() {
		for _, row := range jsonOf(t, s, info.Name, Query{}) {
			for column, v := range row {
				if n, ok := v.(float64); ok && n != 0 {
					t.Errorf("%s of nothing: %s is %v", info.Name, column, n)
				}
			}
		}
	}
}

func TestReportRefuses(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	put(testerOf(t), s, "journeys", "journey, version, loaded, labels, time_zone, yaml", []worldJourney{{Journey: "other", Version: "v", Loaded: 1, TimeZone: "UTC"}})
	for _, c := range []struct {
		name string
		q    Query
		want string
	}{
		{"dropof", Query{Journey: "shop"}, `there is no report "dropof"; there are: dropoff, timing`},
		{"dropoff", Query{}, "several journeys are stored, name one: other, shop"},
		{"dropoff", Query{Journey: "sho"}, `there is no journey "sho"; there are: other, shop`},
		{"timing", Query{Journey: "shop", By: "moon"}, `there is no grouping "moon"; there are: stage, touchpoint`},
		{"mood", Query{Journey: "shop", Stage: "usage"}, `there is no stage "usage"; there are: evaluation, decision, use`},
		{"visits", Query{Journey: "shop", State: "late"}, `there is no state "late"; there are: moved_on`},
		{"dropoff", Query{Journey: "shop", Persona: "nope"}, `there is no persona "nope"; there are: `},
		{"touchpoints", Query{Journey: "shop", Channel: "pigeon"}, `there is no channel "pigeon"; there are: `},
		{"visits", Query{Journey: "shop", Touchpoint: "moon"}, `there is no touchpoint "moon"; there are: `},
		{"timing", Query{Journey: "shop", Department: "spies"}, `there is no department "spies"; there are: `},
		{"timeline", Query{Journey: "shop", Case: "zz"}, `there is no case "zz" in journey shop`},
		{"dropoff", Query{Journey: "shop", From: latestInstant, To: earliestInstant}, "its end has to be after its beginning"},
		{"dropoff", Query{Journey: "shop", From: earliestInstant, To: earliestInstant}, "its end has to be after its beginning"},
	} {
		if _, err := s.Report(t.Context(), c.name, c.q); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: got error %v, want %q in it", c.name, c.q, err, c.want)
		}
	}
}

// A value is a parameter, never part of a statement.
func TestReportTakesAnyText(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	odd := &world{journey: "shop", visits: []worldVisit{{
		Subject: "x", Attempt: 1, Position: 0, Stage: "use", EnteredAt: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), LeftAt: never, Exit: "in_progress",
		Persona: "o'brien \\\t2",
	}}}
	odd.again(t, s, 1)
	if rows := jsonOf(t, s, "visits", Query{Persona: "o'brien \\\t2"}); len(rows) != 1 {
		t.Errorf("odd persona: got %d rows, want 1", len(rows))
	}
	for _, text := range []string{`o'brien\`, "a\tb\nc", "') OR 1 = 1 --", "è €"} {
		if _, err := s.Report(t.Context(), "visits", Query{Persona: text}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("no persona %q; there are: buyer, o'brien", text)) {
			t.Errorf("persona %q: got error %v, want one that lists the known", text, err)
		}
		if rows := jsonOf(t, s, "visits", Query{Account: text}); len(rows) != 0 {
			t.Errorf("account %q: got %d rows", text, len(rows))
		}
	}
}

func TestReportsSayWhatTheyAre(t *testing.T) {
	for _, info := range reports {
		head, _, _ := strings.Cut(string(must2(migrations.ReadFile("sql/"+info.File))(t)), "CREATE OR REPLACE VIEW "+info.View+" AS")
		for _, p := range info.Parameters() {
			if !regexp.MustCompile(`(?m)^--.*\b` + p[0] + `\b`).MatchString(head) {
				t.Errorf("%s: parameter %s is not in the head comment", info.File, p[0])
			}
		}
		for _, lang := range []string{"it", "en"} {
			if info.Abouts[lang] == "" || info.Hows[lang] == "" {
				t.Errorf("%s: no text in %s", info.Name, lang)
			}
		}
	}
}

// TestHow says in the asker's words and form of dates what was left in, and as of when.
func TestHow(t *testing.T) {
	q := Query{AsOf: mid, From: earliestInstant, To: latestInstant}
	filtered := Query{
		AsOf: mid, From: mid, To: latestInstant, Persona: "buyer", Channel: "phone", Account: "-", Customer: "new", Department: "-", ValueMin: 10,
		Name: func(kind, id string) string { return "«" + kind + "/" + id + "»" },
	}
	for _, c := range []struct {
		q    Query
		lang string
		want string
	}{
		{q, "it", "; tutto il periodo; al 15/01/2025 09:00 (UTC)"},
		{q, "en", "; all time; as of 2025-01-15 09:00 (UTC)"},
		{q, "", "; all time; as of 2025-01-15 09:00 (UTC)"},
		{filtered, "it", "; periodo dal 15/01/2025 09:00 al …; solo persona «persona/buyer», canale «channel/phone», senza reparto, senza azienda, clienti nuovi, valore 10 – …; al 15/01/2025 09:00 (UTC)"},
		{filtered, "en", "; only persona «persona/buyer», channel «channel/phone», without department, without account, new customers, value 10 – …; as of 2025-01-15 09:00 (UTC)"},
		{Query{AsOf: mid, From: earliestInstant, To: latestInstant, Persona: "buyer", Account: "+"}, "it", "; solo persona buyer, con azienda; al 15/01/2025 09:00 (UTC)"},
	} {
		c.q.Lang = c.lang
		if how := reports[0].how(c.q, time.UTC); !strings.HasSuffix(how, c.want) {
			t.Errorf("how: got %q, want it to end in %q", how, c.want)
		}
	}
}

func must2[R any](r R, err error) func(testing.TB) R {
	return func(t testing.TB) R {
		t.Helper()
		must(t, err)
		return r
	}
}

func TestReportWrites(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	shop(t, s)
	r, err := s.Report(t.Context(), "dropoff", Query{AsOf: mid})
	must(t, err)
	var table, csv bytes.Buffer
	must(t, r.WriteTable(&table, "it", false))
	must(t, r.WriteCSV(&csv))
	lines := strings.Split(table.String(), "\n")
	want := []string{
		"stage        entered  moved on  completed  lost explicit  lost silent  in progress  mature open  dropoff  dropoff low  dropoff high  few  median  reached share",
		"Valutazione        4         2          0              0            1            1            0   33.3 %        6.1 %        79.2 %  yes  1d 12h        100.0 %",
	}
	if diff := cmp.Diff(lines[:2], want); diff != "" {
		t.Errorf("table (-got, +want):\n%s", diff)
	}
	if head, _, _ := strings.Cut(csv.String(), "\n"); !strings.HasPrefix(head, "stage,position,label_it,label_en,entered,moved_on") {
		t.Errorf("csv: got head %s", head)
	}
	var names []string
	for _, c := range r.Columns {
		names = append(names, c.Name)
	}
	var out bytes.Buffer
	must(t, r.WriteJSON(&out))
	keys := regexp.MustCompile(`"(\w+)": `).FindAllStringSubmatch(strings.Split(out.String(), "\n")[1], -1)
	if !slices.EqualFunc(names, keys, func(name string, m []string) bool { return name == m[1] }) {
		t.Errorf("json: keys %v are not in the order of the columns %v", keys, names)
	}
}

func TestHumanDuration(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0s", 0.35: "350ms", 0.9996: "1s", 45: "45s", 59.9: "1m 00s", 90: "1m 30s", 3599.9: "1h 00m", 7500: "2h 05m",
		86399.9: "1d 0h", 86400: "1d 0h", 270000: "3d 3h", 2607831: "30d 4h", -90: "-1m 30s",
	} {
		if got := HumanDuration(seconds); got != want {
			t.Errorf("%v s: got %s, want %s", seconds, got, want)
		}
	}
}

// TestDecimals writes what is rounded to nothing without a sign.
func TestDecimals(t *testing.T) {
	for v, want := range map[float64]string{-0.001: "0.00", 0: "0.00", -0.006: "-0.01", 12.5: "12.50"} {
		if got := decimals(v, 2); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}
