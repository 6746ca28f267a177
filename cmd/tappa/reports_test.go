package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/aggregate"
	"tappa/internal/app"
)

// citizens is deploy/examples/reports/reference.json: what the file holds, counted without tappa.
type citizens struct {
	Rows        int
	States      map[string]int
	DaysToClose struct {
		N                  int
		P50, P75, P90, Max float64
	} `json:"days_to_close"`
	CreatedPerMonth map[string]int `json:"created_per_month"`
}

// TestCitizensReports imports the example that is in the repository, a real municipality's, as it is, again, and in
// another order, and holds the reports against the reference.
func TestCitizensReports(t *testing.T) {
	var want citizens
	data, err := os.ReadFile(example("reports", "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	log := example("reports", "segnalazioni-municipium.csv")
	dir := t.TempDir()
	for _, file := range []string{log, log, shuffled(t, log, ';')} {
		out := mustTappa(t, "import", "--data", dir, "--journey", example("reports", "journey.yaml"), "--format", "csv",
			"--mapping", example("reports", "mapping.yaml"), file)
		t.Logf("%s\n%s", filepath.Base(file), out)
		equalsCitizens(t, dir, want)
	}
}

func equalsCitizens(t *testing.T, dir string, want citizens) {
	t.Helper()
	a := open(t, dir)
	defer a.close()
	open, closed := want.Rows-want.DaysToClose.N, want.DaysToClose.N
	got := map[string]map[string]int{}
	for _, r := range a.report("dropoff", aggregate.Query{}) {
		n := map[string]int{}
		for _, column := range []string{"entered", "moved_on", "completed", "lost_explicit", "lost_silent", "in_progress"} {
			n[column] = int(r[column].(uint64))
		}
		got[r["stage"].(string)] = n
	}
	if d := cmp.Diff(got, map[string]map[string]int{
		"reported": {"entered": want.Rows, "moved_on": closed, "completed": 0, "lost_explicit": 0, "lost_silent": 0, "in_progress": open},
		"closed": {
			"entered": closed, "moved_on": 0, "completed": want.States["chiusa"], "lost_explicit": want.States["archiviata"],
			"lost_silent": 0, "in_progress": 0,
		},
	}); d != "" {
		t.Errorf("dropoff (-got, +want):\n%s", d)
	}

	activities := map[string]int{}
	for _, r := range a.report("activities", aggregate.Query{}) {
		activities[r["activity"].(string)] = int(r["interactions"].(uint64))
	}
	if d := cmp.Diff(activities, map[string]int{
		"aperta": want.Rows, "chiusa": want.States["chiusa"], "archiviata": want.States["archiviata"],
	}); d != "" {
		t.Errorf("activities (-got, +want):\n%s", d)
	}

	equalsPM4Py(t, a)

	// A report waits from the day it was opened to the day it was closed, and stays as long in its first stage.
	timing := a.report("timing", aggregate.Query{Stage: "reported"})[0]
	for _, kind := range []string{"stage", "wait", "reply"} {
		if n := int(timing[kind+"_n"].(uint64)); n != closed {
			t.Errorf("%s: %d closed, want %d", kind, n, closed)
		}
		for column, days := range map[string]float64{"_p50_s": want.DaysToClose.P50, "_p75_s": want.DaysToClose.P75, "_p90_s": want.DaysToClose.P90} {
			if got := timing[kind+column].(float64) / 86400; math.Abs(got-days) > 1e-9 {
				t.Errorf("%s%s: %v days, want %v", kind, column, got, days)
			}
		}
	}
	if n := int(timing["wait_waiting"].(uint64)); n != open {
		t.Errorf("%d waiting, want %d", n, open)
	}
	longest := 0.0
	for _, r := range a.report("visits", aggregate.Query{Stage: "reported", State: "stayed"}) {
		longest = max(longest, r["stay_s"].(float64)/86400)
	}
	if longest != want.DaysToClose.Max {
		t.Errorf("longest %v days, want %v", longest, want.DaysToClose.Max)
	}
	for month, n := range want.CreatedPerMonth {
		from, err := time.Parse("2006-01", month)
		if err != nil {
			t.Fatal(err)
		}
		r := a.report("dropoff", aggregate.Query{From: from, To: from.AddDate(0, 1, 0)})[0]
		if got := int(r["entered"].(uint64)); got != n {
			t.Errorf("%s: %d opened, want %d", month, got, n)
		}
	}
}

// equalsPM4Py compares the order and duration of activities with what pm4py makes of the same log, exported: `make oracle`.
func equalsPM4Py(t *testing.T, a opened) {
	t.Helper()
	var want struct {
		Follows []struct {
			From, To string
			N        uint64
			P50      float64
		} `json:"directly_follows"`
		Durations map[string]float64
	}
	data, err := os.ReadFile(filepath.Join("testdata", "oracle", "reports.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	got := map[[2]any][2]any{}
	for _, r := range a.report("directly-follows", aggregate.Query{}) {
		got[[2]any{r["from"], r["to"]}] = [2]any{r["n"], r["p50"]}
	}
	told := map[[2]any][2]any{}
	for _, f := range want.Follows {
		told[[2]any{f.From, f.To}] = [2]any{f.N, f.P50}
	}
	if d := cmp.Diff(got, told); d != "" || len(told) == 0 {
		t.Errorf("directly-follows (-got, +pm4py):\n%s", d)
	}
	durations := a.report("durations", aggregate.Query{})[0]
	if n := durations["n"].(uint64); float64(n) != want.Durations["n"] || durations["p50"] != want.Durations["p50"] || durations["max"] != want.Durations["max"] {
		t.Errorf("durations: got %v, pm4py says %v", durations, want.Durations)
	}
}

// opened is a data directory open for reading in the test's own process, which is quicker than a process a report.
type opened struct {
	t     *testing.T
	store *aggregate.Store
	close func()
}

func open(t *testing.T, dir string) opened {
	t.Helper()
	store, closeStore, err := app.OpenForReading(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return opened{t, store, func() {
		if err := closeStore(); err != nil {
			t.Error(err)
		}
	}}
}

// report asks for a report and returns its rows by column.
func (o opened) report(name string, q aggregate.Query) []map[string]any {
	o.t.Helper()
	r, err := o.store.Report(o.t.Context(), name, q)
	if err != nil {
		o.t.Fatal(err)
	}
	rows := make([]map[string]any, len(r.Rows))
	for i, values := range r.Rows {
		rows[i] = map[string]any{}
		for k, c := range r.Columns {
			rows[i][c.Name] = values[k]
		}
	}
	return rows
}
