package alert

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tappa/journey"
)

const good = `
every: 1m
lang: it
link: https://tappa.example.com/
time_zone: Europe/Rome
quiet:
  - {days: mon-fri, from: "19:00", to: "08:00"}
  - {days: "sat,sun"}
notify:
  desk: {webhook: {url: "https://chat.example.com/hooks/1", secret_file: secret}}
  boss: {mail: {server: "smtp.example.com:587", from: tappa@example.com, to: [boss@example.com]}}
alerts:
  - id: waiting-long
    labels: {it: "Clienti in attesa", en: Customers waiting}
    report: waiting
    column: waiting_s
    above: 8h
    per: [department]
    for: 15m
    repeat: 1d
    notify: [desk]
  - id: lost
    labels: {en: Loss in decision}
    report: dropoff
    column: dropoff
    filter: {stage: decision}
    window: 90d
    above: 30 %
    change: {against: previous, above: 20 %}
    at_least: 30
    notify: [desk, boss]
`

// parse reads a file that stands in a folder of its own, beside a secret.
func parse(t *testing.T, text string) (*Definitions, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("whsec_c2VjcmV0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Parse(filepath.Join(dir, "alerts.yaml"), []byte(text))
}

func TestParse(t *testing.T) {
	d, err := parse(t, good)
	if err != nil {
		t.Fatal(err)
	}
	first, second := d.Alerts[0], d.Alerts[1]
	if *first.Above != 8*3600 || first.For != 15*time.Minute || first.Repeat != 24*time.Hour || first.Take != "max" || first.Cause != "waiting-long" {
		t.Errorf("first: got %+v", first)
	}
	if *second.Above != 0.3 || *second.Change.Above != 0.2 || second.Rows["stage"] != "decision" || second.AtLeast != 30 {
		t.Errorf("second: got %+v", second)
	}
	if got := first.Condition(); got != "above 8h 00m" {
		t.Errorf("condition: got %q", got)
	}
	if w := d.Notifiers["desk"].(*webhook); string(w.key) != "secret" {
		t.Errorf("secret: got %q", w.key)
	}
	if d.Link != "https://tappa.example.com" || d.Every != time.Minute {
		t.Errorf("got %+v", d)
	}
}

// TestParseRefuses expects every problem of a file at its place, all at once.
func TestParseRefuses(t *testing.T) {
	for old, c := range map[string]struct{ instead, want string }{
		`every: 1m`:            {"every: soon", `alerts.yaml:2:8: "soon" is not a duration`},
		`lang: it`:             {"lang: de", `alerts.yaml:3:7: unknown "de"`},
		`Europe/Rome`:          {"Mars", `alerts.yaml:5:12: "Mars" is no time zone`},
		`days: mon-fri`:        {"days: mon-fry", `alerts.yaml:7:12: "mon-fry" is no day`},
		`"19:00"`:              {`"25:00"`, `alerts.yaml:7:27: "25:00" is no time of day`},
		`report: waiting`:      {"report: waitin", `alerts.yaml:15:13: unknown "waitin"; did you mean "waiting"?`},
		`above: 8h`:            {"above: much", `alerts.yaml:17:12: "much" is not a duration`},
		`notify: [desk]`:       {"notify: [desc]", `alerts.yaml:21:14: nobody is called "desc" under notify; did you mean "desk"?`},
		`stage: decision`:      {"phase: decision", `alerts.yaml:26:14: unknown filter "phase"`},
		`{stage: decision}`:    {"{state: lost_silent}", `alerts.yaml:26:14: report dropoff takes no filter "state"; did you mean "stage"?`},
		`window: 90d`:          {"", `the previous window is as long as this one: set the alert's window`},
		`above: 30 %`:          {"abowe: 30 %", `alerts.yaml:28:5: unknown field "abowe"; did you mean "above"?`},
		`id: lost`:             {"id: waiting-long", `alerts.yaml:22:9: there is an alert "waiting-long" already`},
		`smtp.example.com:587`: {"smtp.example.com", `"smtp.example.com" is no server`},
		`to: [boss@`:           {"to: [boss at ", `is no mail address`},
		`secret_file: secret`:  {"secret_file: nowhere", "nowhere"},
		`against: previous, `:  {"", `alerts.yaml:29:5: unknown ""`},
		`column: dropoff`:      {"", "name the number"},
		`column: waiting_s`:    {"column: waiting", `alerts.yaml:16:13: report waiting has no number "waiting"; did you mean "waiting_s"?`},
		`per: [department]`:    {"per: [departement]", `alerts.yaml:18:11: report waiting has no column "departement"; did you mean "department"?`},
		`at_least: 30`:         {"rows: {stagee: decision}", `alerts.yaml:30:12: report dropoff has no column "stagee"; did you mean "stage"?`},
	} {
		text := strings.Replace(good, old, c.instead, 1)
		_, err := parse(t, text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s → %s: got error %v, want %q in it", old, c.instead, err, c.want)
		}
	}
	// Of an unknown column nobody can say what its threshold should be.
	_, err := parse(t, strings.Replace(good, "column: waiting_s", "column: waiting", 1))
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("an unknown column: got %v, want that alone", err)
	}
	_, err = parse(t, strings.NewReplacer("every: 1m", "every: soon", "above: 8h", "above: much").Replace(good))
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two problems: got %v, want both", err)
	}
}

func TestQuietHours(t *testing.T) {
	d, err := parse(t, good)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"2026-03-02T07:59": false, // Monday: no weekday's night begins on a Sunday
		"2026-03-03T07:59": true,  // Tuesday morning belongs to Monday's night
		"2026-03-03T08:00": false, // and ends at eight
		"2026-03-03T18:59": false,
		"2026-03-03T19:00": true,
		"2026-03-07T07:00": true, // Saturday morning belongs to Friday's night
		"2026-03-07T12:00": true, // and the whole day is quiet
		"2026-03-08T23:59": true,
	} {
		instant, err := time.ParseInLocation("2006-01-02T15:04", at, d.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.QuietAt(instant.UTC()); got != want {
			t.Errorf("%s: quiet %t, want %t", at, got, want)
		}
	}
}

// TestCheckNames: what an alert is asked for is looked for in its journey.
func TestCheckNames(t *testing.T) {
	shop, err := journey.Parse("shop.yaml", []byte(`journey: shop
time_zone: Europe/Rome
labels: {it: Negozio, en: Shop}
departments: [{id: sales, labels: {it: Sales, en: Sales}}]
stages: [{id: decision, labels: {it: Decision, en: Decision}, silence: 30d}]
touchpoints: [{id: mail, labels: {it: Mail, en: Mail}, channels: [email], stages: [decision]}]
rules: [{name: mail, source: email, touchpoint: mail}]
`))
	if err != nil {
		t.Fatal(err)
	}
	other := *shop
	other.ID = "other"
	one, two := []*journey.Journey{shop}, []*journey.Journey{shop, &other}
	for filter, c := range map[string]struct {
		of   []*journey.Journey
		want string
	}{
		"{stage: decision}":                       {one, ""},
		"{stage: decision, department: '-'}":      {one, ""},
		"{stage: decisione}":                      {one, `alerts.yaml:26:14: journey shop has no stage "decisione"; did you mean "decision"?`},
		"{touchpoint: male}":                      {one, `journey shop has no touchpoint "male"; did you mean "mail"?`},
		"{department: sale}":                      {one, `journey shop has no department "sale"; did you mean "sales"?`},
		"{persona: boss}":                         {one, `journey shop has no persona "boss"; none is declared`},
		"{stage: decisio}\n    journey: other":    {two, `journey other has no stage "decisio"; did you mean "decision"?`},
		"{stage: decision}\n    journey: othello": {two, `unknown journey "othello"`},
		"{stage: decision}\n":                     {two, `alert lost has no journey, and there are several; known are shop, other`},
		"{stage: anything}":                       {nil, ""},
	} {
		d, err := parse(t, strings.Replace(good, "{stage: decision}", filter, 1))
		if err != nil {
			t.Fatal(err)
		}
		got := d.CheckNames("alerts.yaml", c.of)
		if c.want == "" && len(got) > 0 || !strings.Contains(got.Error(), c.want) {
			t.Errorf("%s: got %q, want %q", filter, got, c.want)
		}
	}
}

// TestItalianMessage: everything in a message is in its language: conditions, numbers, names of dimensions and of what the
// journey has labels for; and so are the formula, which the report is asked for, and the page that it leads to.
func TestItalianMessage(t *testing.T) {
	shop, err := journey.Parse("shop.yaml", []byte(`journey: shop
time_zone: Europe/Rome
labels: {it: Negozio, en: Shop}
departments: [{id: service, labels: {it: Assistenza, en: Service}}]
stages: [{id: decision, labels: {it: Decisione, en: Decision}, silence: 30d}]
touchpoints: [{id: mail, labels: {it: Posta, en: Mail}, channels: [email], stages: [decision]}]
rules: [{name: mail, source: email, touchpoint: mail}]
`))
	if err != nil {
		t.Fatal(err)
	}
	d, err := parse(t, good)
	if err != nil {
		t.Fatal(err)
	}
	d.Journeys = []*journey.Journey{shop}
	if d.Alerts[0].query.Lang != "it" {
		t.Errorf("reports are asked in %q", d.Alerts[0].query.Lang)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	seconds, share, change := 183600., 0.66, 0.25
	waiting := Finding{Value: &seconds, Unit: "s", Rows: 3, Row: map[string]string{"stage": "decision", "touchpoint": "mail"}, Per: map[string]string{"department": "service"}, How: "x", AsOf: at}
	lost := Finding{Value: &share, Unit: "share", N: 50, Baseline: &share, Change: &change, How: "x", AsOf: at}
	s := &State{Cause: "c", Per: waiting.Per, Since: at, FiredAt: at, Holding: map[string]Holding{"waiting-long": {at, waiting}, "lost": {at, lost}}}
	want := `[tappa] ALLARME: Clienti in attesa · Loss in decision (reparto Assistenza)
dal 2026-03-02 10:00 CET
Clienti in attesa: 2g 3h (allarme: sopra 8h 00m); di 3 righe: fase Decisione, punto di contatto Posta
Come si calcola: x
Loss in decision: 66,0 % (allarme: sopra 30,0 % o oltre 20,0 % in più del periodo precedente); su n = 50, prima: 66,0 %, variazione 25,0 %
Come si calcola: x
https://tappa.example.com/reports/waiting?as_of=2026-03-02T09%3A00%3A00Z&department=service&lang=it`
	if got := d.notice(Fires, s, at).Text; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
