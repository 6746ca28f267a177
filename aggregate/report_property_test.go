package aggregate

import (
	std "cmp"
	"flag"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rowsBy gives a report's rows by a key column.
func rowsBy(t *rapid.T, r Report, key ...string) map[string]rowMap {
	out := map[string]rowMap{}
	for _, values := range r.Rows {
		row, name := rowMap{}, ""
		for i, c := range r.Columns {
			row[c.Name] = values[i]
		}
		for i, k := range key {
			if i > 0 {
				name += " → "
			}
			name += fmt.Sprint(row[k])
		}
		if out[name] != nil {
			t.Fatalf("%s: two rows %s", r.Name, name)
		}
		out[name] = row
	}
	return out
}

// compare checks the columns that want has, numbers to a billionth.
func compare(t *rapid.T, name string, q Query, got, want map[string]rowMap) {
	reduced := map[string]rowMap{}
	for key, row := range got {
		reduced[key] = rowMap{}
		for column := range row {
			if _, wanted := want[key][column]; wanted || want[key] == nil {
				reduced[key][column] = asFloat(row[column])
			}
		}
	}
	expected := map[string]rowMap{}
	for key, row := range want {
		expected[key] = rowMap{}
		for column, v := range row {
			expected[key][column] = asFloat(v)
		}
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(a)) })
	if diff := cmp.Diff(reduced, expected, near); diff != "" {
		t.Fatalf("%s as of %s, %+v (-got, +want):\n%s", name, q.AsOf, q, diff)
	}
}

func asFloat(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	}
	return v
}

func ask(t *rapid.T, s *Store, name string, q Query) Report {
	r, err := s.Report(t.Context(), name, q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// every runs a property over random worlds, each a journey of its own in one database, with three queries each: 5
// worlds, of other seeds each time, unless -rapid.checks asks for more, since every one costs dozens of statements.
func every(t *testing.T, property func(t *rapid.T, s *Store, w *world, q Query)) {
	everyOf(t, "5", property)
}

// everyFew is every with 3 worlds, for views of one query over what others check as well.
func everyFew(t *testing.T, property func(t *rapid.T, s *Store, w *world, q Query)) {
	everyOf(t, "3", property)
}

func everyOf(t *testing.T, worldsAtLeast string, property func(t *rapid.T, s *Store, w *world, q Query)) {
	s := openStore(t)
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		must(t, checks.Value.Set(worldsAtLeast))
		t.Cleanup(func() { must(t, checks.Value.Set(checks.DefValue)) })
	}
	var worlds atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, fmt.Sprint("j", worlds.Add(1)))
		w.store(t, s)
		for range 3 {
			property(t, s, w, w.drawQuery(t))
		}
	})
}

func TestDropoffIsWhatTheVisitsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		got := rowsBy(t, ask(t, s, "dropoff", q), "stage")
		compare(t, "dropoff", q, got, w.dropoff(q))
		listed := rapid.SampledFrom(w.stages).Draw(t, "listed").Stage
		for stage, row := range got {
			sum := row["moved_on"].(uint64) + row["completed"].(uint64) + row["lost_explicit"].(uint64) + row["lost_silent"].(uint64) + row["in_progress"].(uint64)
			if row["entered"] != sum {
				t.Fatalf("stage %s: entered %v, states add up to %v", stage, row["entered"], sum)
			}
			if stage != listed {
				continue
			}
			wantLists(t, s, q, stage, row, map[string]string{
				"entered": "", "moved_on": "moved_on", "completed": "completed", "lost_explicit": "lost_explicit", "lost_silent": "lost_silent",
				"in_progress": "in_progress", "mature": "mature", "mature_lost": "mature_lost", "mature_open": "mature_open",
				"reached": "reached", "skipped": "skipped",
			})
		}
	})
}

// wantLists checks, for three of the numbers, that each's list is as long as the number says.
func wantLists(t *rapid.T, s *Store, q Query, stage string, row rowMap, states map[string]string) {
	q.Stage = stage
	columns := slices.Sorted(maps.Keys(states))
	for _, column := range rapid.Permutation(columns).Draw(t, "lists")[:min(3, len(columns))] {
		state := states[column]
		q.State = state
		rows, total, err := s.Cases(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if want := row[column]; len(rows) != total || uint64(total) != want {
			t.Fatalf("%s %s as of %s, %+v: %v, but its list (state %q) has %d of %d rows", stage, column, q.AsOf, q, want, state, len(rows), total)
		}
	}
}

func TestTimingIsWhatVisitsAndWaitsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		got := rowsBy(t, ask(t, s, "timing", q), "key")
		compare(t, "timing", q, got, w.timing(q))
		if q.By != "stage" {
			return
		}
		stage := rapid.SampledFrom(slices.Sorted(maps.Keys(got))).Draw(t, "listed")
		wantLists(t, s, q, stage, got[stage], map[string]string{
			"wait_n": "answered", "wait_waiting": "waiting", "reply_n": "first_answered", "reply_waiting": "first_waiting",
			"kept": "kept", "broken": "broken", "past_target": "past_target",
		})
		if stage != noneKey {
			wantLists(t, s, q, stage, got[stage], map[string]string{"stage_n": "stayed", "open": "in_progress"})
		}
		waiting := ask(t, s, "waiting", q)
		n := 0
		for _, a := range w.waits {
			if q.choosesWait(a) && (a.AnsweredAt == nil || a.AnsweredAt.After(q.AsOf)) {
				n++
			}
		}
		if len(waiting.Rows) != n {
			t.Fatalf("waiting: got %d rows, want %d", len(waiting.Rows), n)
		}
	})
}

func TestMoodIsWhatTheTextsSay(t *testing.T) {
	every(t, func(t *rapid.T, s *Store, w *world, q Query) {
		got := rowsBy(t, ask(t, s, "mood", q), "key")
		compare(t, "mood", q, got, w.mood(q))
		if q.By != "stage" {
			return
		}
		stage := rapid.SampledFrom(slices.Sorted(maps.Keys(got))).Draw(t, "listed")
		states := map[string]string{}
		for _, state := range []string{"eligible", "scored", "positive", "neutral", "negative", "mixed", "joy", "frustration", "none"} {
			states[state] = state
		}
		wantLists(t, s, q, stage, got[stage], states)
	})
}

// TestListsGoByEveryFilter asks for the list of each stage's visits by every value of every filter, where the test above draws some.
func TestListsGoByEveryFilter(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	worlds := rapid.Custom(func(t *rapid.T) *world { return drawWorld(t, "filtered") })
	w := worlds.Example(0)
	for seed := 1; len(w.visits) < 25; seed++ { // fewer would show little
		w = worlds.Example(seed)
	}
	w.store(t, s)
	for name, f := range map[string]struct {
		set    func(*Query, string)
		values []string
	}{
		"persona":    {func(q *Query, v string) { q.Persona = v }, somePersonas},
		"channel":    {func(q *Query, v string) { q.Channel = v }, someChannels},
		"touchpoint": {func(q *Query, v string) { q.Touchpoint = v }, someTouchpoints},
		"department": {func(q *Query, v string) { q.Department = v }, someDepartments},
		"customer":   {func(q *Query, v string) { q.Customer = v }, someCustomers},
	} {
		for _, value := range f.values {
			q := Query{Journey: w.journey, AsOf: minute(100 * 1440)}
			f.set(&q, std.Or(value, noneKey))
			report, err := s.Report(t.Context(), "dropoff", q)
			must(t, err)
			entered := slices.IndexFunc(report.Columns, func(c Column) bool { return c.Name == "entered" })
			for _, row := range report.Rows {
				q.Stage = fmt.Sprint(row[0])
				if _, total, err := s.Cases(t.Context(), q); err != nil || uint64(total) != row[entered] { //nolint:gosec // a number of rows
					t.Errorf("%s %q, stage %s: %v entered, the list has %d (%v)", name, value, q.Stage, row[entered], total, err)
				}
			}
		}
	}
}
