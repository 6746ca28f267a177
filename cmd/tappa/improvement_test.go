package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
)

var update = flag.Bool("update", false, "rewrite deploy/examples/improvement/register.csv")

// register tells two months before and two after three improvements, so that what three companies published comes out:
// 24 % of quotes became orders, then 37 %; the median return took 50 hours, then a third less; of customers in arrears 30 %
// paid, then 56 %.
func register() string {
	type line struct {
		at                     time.Time
		what, number, customer string
		value                  int
	}
	var lines []line
	tell := func(start time.Time, orders, hours, paid int) {
		tag := start.Format("0601")
		for i := range 200 { // a quote every seven hours
			at, who := start.Add(time.Duration(i)*7*time.Hour), fmt.Sprintf("q%s%03d@example.com", tag, i)
			value := 500 + 37*(i%60)
			lines = append(lines, line{at, "quote", fmt.Sprintf("Q%s-%03d", tag, i), who, value})
			if (i*orders)%200 < orders { // spread evenly
				lines = append(lines, line{at.Add(time.Duration(1+i%20) * 24 * time.Hour), "order", fmt.Sprintf("O%s-%03d", tag, i), who, value})
			}
		}
		for i := range 101 { // a return every thirteen hours; handled in a fifth less to a fifth more than the median
			at, who, number := start.Add(time.Duration(i)*13*time.Hour), fmt.Sprintf("r%s%03d@example.com", tag, i), fmt.Sprintf("R%s-%03d", tag, i)
			wait := time.Duration(hours*60+hours*12*((i*37)%101-50)/50) * time.Minute
			lines = append(lines, line{at, "return", number, who, 0}, line{at.Add(wait), "answer", number, who, 0})
		}
		for i := range 100 {
			at, who := start.Add(time.Duration(i)*14*time.Hour), fmt.Sprintf("o%s%03d@example.com", tag, i)
			lines = append(lines, line{at, "reminder", "", who, 0})
			if (i*paid)%100 < paid {
				lines = append(lines, line{at.Add(time.Duration(2+i%25) * 24 * time.Hour), "payment", fmt.Sprintf("P%s-%03d", tag, i), who, 900})
			}
		}
	}
	tell(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), 48, 50, 30)
	tell(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), 74, 33, 56)
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var b strings.Builder
	b.WriteString("id;time;what;number;customer;value\n")
	for i, l := range lines {
		value := ""
		if l.value > 0 {
			value = fmt.Sprint(l.value)
		}
		fmt.Fprintf(&b, "%05d;%s;%s;%s;%s;%s\n", i+1, l.at.Format("2006-01-02 15:04"), l.what, l.number, l.customer, value)
	}
	return b.String()
}

// TestPublishedResults runs deploy/examples/improvement as its README says, from the file to the verdicts: the published
// results come out, each with an interval, and an opportunity measured against February is seen to have worked.
func TestPublishedResults(t *testing.T) {
	file := example("improvement", "register.csv")
	if *update {
		if err := os.WriteFile(file, []byte(register()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != register() {
		t.Fatalf("%s is not what the test tells (%v): run it with -update", file, err)
	}
	dir := t.TempDir()
	out := mustTappa(t, "import", "--data", dir, "--journey", example("improvement", "journey.yaml"), "--format", "csv",
		"--mapping", example("improvement", "mapping.yaml"), file)
	if !strings.Contains(out, "0 of them unmapped") {
		t.Errorf("import: got %s", out)
	}
	var changes []aggregate.KPIChange
	text := mustTappa(t, "kpi", "--data", dir, "--before", "2026-01-01..2026-03-01", "--after", "2026-03-01..2026-05-01", "--as-of", "2026-06-30", "--format", "json")
	if err := json.Unmarshal([]byte(text), &changes); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		id                    string
		before, after, change float64
	}{
		{"quotes-converted", 0.24, 0.37, 0.37/0.24 - 1},
		{"returns-handling", 50 * 3600, 33 * 3600, -0.34},
		{"overdue-paid", 0.30, 0.56, 0.56/0.30 - 1},
	} {
		c := changes[i]
		near := func(what string, got *float64, want float64) {
			t.Helper()
			if got == nil || math.Abs(*got-want) > 1e-9*max(1, math.Abs(want)) {
				t.Errorf("%s, %s: got %v, want %v", c.Before.ID, what, deref(got), want)
			}
		}
		near("before", c.Before.Value, want.before)
		near("after", c.After.Value, want.after)
		near("change", c.Change, want.change)
		if c.Before.ID != want.id || c.Verdict != aggregate.Better {
			t.Errorf("%s: got verdict %q of %s", want.id, c.Verdict, c.Before.ID)
		}
		if c.After.Low == nil || c.After.High == nil || *c.After.Low >= *c.After.Value || *c.After.High <= *c.After.Value {
			t.Errorf("%s: %v is not within its interval", want.id, deref(c.After.Value))
		}
	}
	improvedSince(t, dir)
}

// improvedSince sets an opportunity against February and looks at it a month and three months later.
func improvedSince(t *testing.T, dir string) {
	t.Helper()
	mustTappa(t, "refresh", "--month", "2026-02", "--data", dir)
	mustTappa(t, "opportunity", "add", "--data", dir, "--touchpoint", "quote", "--department", "sales", "--action", "call within a day",
		"--due", "2026-05-31", "--kpi", "quotes-converted", "--baseline", "2026-02")
	mustTappa(t, "refresh", "--month", "2026-03", "--data", dir)
	mustTappa(t, "refresh", "--month", "2026-05", "--data", dir)
	mustTappa(t, "note", "add", "--data", dir, "--stage", "quote", "--feeling", "-2", "--by", "Anna", "--day", "2026-02-10", "--text", "Nessuno mi ha più chiamato")
	var list []aggregate.Outlook
	if err := json.Unmarshal([]byte(mustTappa(t, "opportunity", "list", "--data", dir, "--format", "json")), &list); err != nil || len(list) != 1 {
		t.Fatalf("opportunities: got %+v, %v", list, err)
	}
	o := list[0]
	if o.Expected.Value == nil || o.Expected.Low == nil || *o.Expected.Low >= *o.Expected.Value {
		t.Errorf("expected value: got %+v, want one with an interval", o.Expected)
	}
	table := mustTappa(t, "opportunity", "list", "--data", dir)
	for _, text := range []string{"low (95 %)", "high (95 %)", aggregate.FormatNumber(o.Expected.Value, "")} {
		if !strings.Contains(table, text) || strings.Contains(table, "e+0") {
			t.Errorf("opportunity list: no %q, or no plain numbers, in\n%s", text, table)
		}
	}
	if want := "opportunity 1: before is computed now"; !strings.Contains(table, want) {
		t.Errorf("opportunity list: no %q in\n%s", want, table)
	}
	easy := mustTappa(t, "opportunity", "add", "--data", dir, "--id", "easy", "--touchpoint", "quote", "--department", "sales", "--action", "nothing new",
		"--due", "2026-05-31", "--kpi", "quotes-converted", "--target", "20 %", "--baseline", "2026-02")
	for what, text := range map[string]string{"add": easy, "list": mustTappa(t, "opportunity", "list", "--data", dir)} {
		if want := "opportunity easy: its number meets the target already"; !strings.Contains(text, want) || strings.Contains(text, "opportunity 1: its number meets") {
			t.Errorf("opportunity %s, a target that was met: no %q, or of others, too, in\n%s", what, want, text)
		}
	}
	if want := "before 24.5 %, target 20.0 %"; !strings.Contains(easy, want) {
		t.Errorf("opportunity add: no %q in\n%s", want, easy)
	}
	var verdicts []string
	for _, step := range o.Progress {
		verdicts = append(verdicts, step.Month+" "+step.Change.Verdict)
	}
	if want := []string{"2026-03 " + aggregate.TooEarly, "2026-05 " + aggregate.Better}; !slices.Equal(verdicts, want) {
		t.Errorf("progress: got %q, want %q", verdicts, want)
	}
	if got := mustTappa(t, "export", "snapshot", "--month", "2026-05", "--format", "json", "--data", dir); got != mustTappa(t, "snapshot", "show", "--month", "2026-05", "--data", dir) {
		t.Error("export and show do not give the same bytes")
	}
	file := filepath.Join(dir, "may.parquet")
	mustTappa(t, "export", "snapshot", "--month", "2026-05", "--format", "parquet", "--data", dir, "--out", file)
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "PAR1") {
		t.Errorf("parquet: got %d bytes, %v", len(data), err)
	}
	alerts := filepath.Join(dir, "alerts.yaml")
	if err := os.WriteFile(alerts, []byte(`
notify: {desk: {webhook: {url: "http://127.0.0.1:1/"}}}
alerts:
  - {id: late, labels: {en: Slow returns}, report: timing, column: wait_p50_s, filter: {touchpoint: returns}, window: 60d, below: 2d,
     change: {against: snapshot, below: 20 %}, notify: [desk]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := mustTappa(t, "alert", "list", "--alerts", alerts, "--data", dir, "--at", "2026-04-30T00:00:00Z"); !strings.Contains(got, "1d 9h") || !strings.Contains(got, "YES") {
		t.Errorf("alert list: got %s", got)
	}
	if notes := mustTappa(t, "note", "list", "--data", dir); !strings.Contains(notes, "Nessuno mi ha più chiamato") {
		t.Errorf("notes: got %s", notes)
	}
}

func deref(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}
