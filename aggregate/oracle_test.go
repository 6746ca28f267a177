package aggregate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// oracleWorld is a fixed world of a few hundred cases, half of them open at its end. No two stays are equally long: the library that
// the golden files are from moves what is tied a little.
func oracleWorld(t *testing.T, s *Store) (*world, Query) {
	t.Helper()
	w := crowd(rand.New(rand.NewPCG(2026, 11)), "oracle", 300)
	for i := range w.visits {
		w.visits[i].LeftAt = w.visits[i].LeftAt.Add(time.Duration(i) * 7 * time.Millisecond)
	}
	r := rand.New(rand.NewPCG(2026, 12))
	for i := range w.steps {
		w.steps[i].Activity = someActivities[r.IntN(len(someActivities))]
	}
	slices.SortFunc(w.steps, func(a, b worldStep) int {
		return cmp.Or(strings.Compare(a.CaseID, b.CaseID), a.OccurredAt.Compare(b.OccurredAt), strings.Compare(a.ID, b.ID))
	})
	for i := range w.steps {
		w.steps[i].Number = 1
		if i > 0 && w.steps[i-1].CaseID == w.steps[i].CaseID {
			w.steps[i].Number = w.steps[i-1].Number + 1
		}
	}
	w.store(t, s)
	return w, Query{Journey: w.journey, AsOf: minute(50 * 1440)}
}

// TestLibrariesAgree compares views with what lifelines and pm4py make of the same data. `make oracle` exports the data here, has
// the libraries compute, and keeps their answers in testdata/oracle with their versions.
func TestLibrariesAgree(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	_, q := oracleWorld(t, s)
	if dir := os.Getenv("TAPPA_ORACLE_OUT"); dir != "" {
		exportForOracle(t, s, q, dir)
		return
	}
	t.Run("survival", func(t *testing.T) { equalsLifelines(t, s, q) })
	t.Run("process", func(t *testing.T) { equalsPM4Py(t, s, q) })
}

func exportForOracle(t *testing.T, s *Store, q Query, dir string) {
	t.Helper()
	write := func(name, report string, how func(Report, *os.File) error) {
		r, err := s.Report(t.Context(), report, q)
		must(t, err)
		f, err := os.Create(filepath.Join(dir, name))
		must(t, err)
		must(t, how(r, f))
		must(t, f.Close())
	}
	write("visits.csv", "visits", func(r Report, f *os.File) error { return r.WriteCSV(f) })
	write("log.xes", "steps", func(r Report, f *os.File) error { return r.WriteXES(f) })
}

func golden(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "oracle", name))
	must(t, err)
	must(t, json.Unmarshal(data, into))
}

func agree(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

func equalsLifelines(t *testing.T, s *Store, q Query) {
	var want struct {
		Stages map[string]struct {
			Points []map[string]float64
		}
	}
	golden(t, "survival.json", &want)
	got := map[string][]rowMap{}
	r, err := s.Report(t.Context(), "survival", q)
	must(t, err)
	for _, values := range r.Rows {
		row := rowMap{}
		for i, c := range r.Columns {
			row[c.Name] = asFloat(values[i])
		}
		got[row["stage"].(string)] = append(got[row["stage"].(string)], row)
	}
	n := 0
	for stage, curve := range want.Stages {
		if len(got[stage]) != len(curve.Points) {
			t.Fatalf("stage %s: %d points, lifelines has %d", stage, len(got[stage]), len(curve.Points))
		}
		for i, point := range curve.Points {
			n++
			row := got[stage][i]
			point["survival_low"] = math.Max(0, point["survival"]-z95*point["se"])
			point["survival_high"] = math.Min(1, point["survival"]+z95*point["se"])
			for column, x := range point {
				if column == "se" || row["survival"] == 0.0 && strings.HasPrefix(column, "survival_") {
					continue // where nobody is left Greenwood's formula divides by zero
				}
				if v := row[column].(float64); !agree(v, x) {
					t.Errorf("stage %s, point %d: %s is %v, lifelines says %v", stage, i, column, v, x)
				}
			}
		}
	}
	if n < 100 || len(got) != len(want.Stages) {
		t.Errorf("%d points of %d stages compared, %d stages here", n, len(want.Stages), len(got))
	}
}

func equalsPM4Py(t *testing.T, s *Store, q Query) {
	var want struct {
		Follows []struct {
			From, To string
			N        float64
			P50      float64
		} `json:"directly_follows"`
		Durations map[string]float64
	}
	golden(t, "process.json", &want)
	r, err := s.Report(t.Context(), "directly-follows", q)
	must(t, err)
	got := map[string][2]float64{}
	for _, row := range r.Rows {
		got[fmt.Sprint(row[0], " → ", row[1])] = [2]float64{asFloat(row[2]).(float64), row[3].(float64)}
	}
	for _, w := range want.Follows {
		pair := w.From + " → " + w.To
		if g := got[pair]; g[0] != w.N || !agree(g[1], w.P50) {
			t.Errorf("%s: got n, p50 %v, pm4py says %v, %v", pair, g, w.N, w.P50)
		}
	}
	if len(got) != len(want.Follows) || len(got) == 0 {
		t.Errorf("%d pairs, pm4py has %d", len(got), len(want.Follows))
	}
	r, err = s.Report(t.Context(), "durations", q)
	must(t, err)
	for i, c := range r.Columns {
		if x, told := want.Durations[c.Name]; told && !agree(asFloat(r.Rows[0][i]).(float64), x) {
			t.Errorf("durations: %s is %v, pm4py says %v", c.Name, r.Rows[0][i], x)
		}
	}
}

// TestFunnelIsWindowFunnel compares with ClickHouse's windowFunnel in its default mode, where the two mean the same: cases that go
// forward, stage after stage, and have no limit of time. Of those the funnel of k stages counts who visited all of the first k.
func TestFunnelIsWindowFunnel(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	r := rand.New(rand.NewPCG(7, 7))
	w := &world{journey: "funnel"}
	for i := range 4 {
		w.stages = append(w.stages, worldStage{Journey: w.journey, Version: "new", Position: uint8(i), Stage: string(rune('a' + i)), Labels: map[string]string{"it": "fase"}})
	}
	for c := range 400 {
		subject, id, at := fmt.Sprint("email:", c), fmt.Sprint("funnel/", c), r.IntN(1000)
		number := uint32(0)
		for position := r.IntN(2); position < 4; position += 1 + r.IntN(5)/4 {
			v := worldVisit{
				Journey: w.journey, Subject: subject, Attempt: 1, Position: uint8(position), CaseID: id, Stage: w.stages[position].Stage,
				EnteredAt: minute(at), LeftAt: never, Exit: "in_progress",
			}
			w.visits = append(w.visits, v)
			for range 1 + r.IntN(2) { // the stage's own interactions, again and again
				number++
				w.steps = append(w.steps, worldStep{
					Journey: w.journey, Subject: subject, Attempt: 1, Number: number, CaseID: id, ContactKey: subject,
					OccurredAt: minute(at), Origin: "o", ID: fmt.Sprint(id, number), Stage: v.Stage,
				})
				at += r.IntN(3)
			}
			if at++; r.IntN(4) == 0 {
				break
			}
		}
	}
	w.store(t, s)
	const ours = `
		SELECT k, countIf(length(arrayFilter(p -> p < k, visited)) = k)
		FROM (SELECT groupUniqArray(position) AS visited FROM visits WHERE journey = 'funnel' GROUP BY subject) ARRAY JOIN [1, 2, 3, 4] AS k
		GROUP BY k ORDER BY k`
	const theirs = `
		SELECT k, countIf(level >= k)
		FROM
		(
			SELECT windowFunnel(1000000000000)(toUInt64(toUnixTimestamp64Milli(occurred_at)), stage = 'a', stage = 'b', stage = 'c', stage = 'd') AS level
			FROM steps WHERE journey = 'funnel' GROUP BY subject
		) ARRAY JOIN [1, 2, 3, 4] AS k
		GROUP BY k ORDER BY k`
	got, want := dump(t, s, ours), dump(t, s, theirs)
	if got != want || len(got) < 12 {
		t.Errorf("visited all of the first k stages:\n%swindowFunnel says:\n%s", got, want)
	}
}
