package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// copies are how many times as long as the sample the larger logs are.
var copies = []int{10, 25}

// TestLargerLogs imports the helpdesk log ten and twenty-five times as long, every copy with events and tickets of its
// own, and holds the reports against figures counted from the file itself. The counting is held against the reference of
// the log as it is.
func TestLargerLogs(t *testing.T) {
	logs := os.Getenv("TAPPA_LOGS")
	if logs == "" {
		t.Skip("TAPPA_LOGS is not set")
	}
	sample := filepath.Join(logs, "helpdesk_sample", "log.csv")
	var want reference
	data, err := os.ReadFile(filepath.Join(logs, "helpdesk_sample", "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(counted(t, sample), want); d != "" {
		t.Fatalf("counted here (-), the reference (+):\n%s", d)
	}
	for _, n := range copies {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			log, dir := multiplied(t, sample, n), t.TempDir()
			cmd := exec.Command(binary, "import", "--data", dir, "--journey", example("helpdesk", "journey.yaml"), "--format", "csv",
				"--mapping", example("helpdesk", "mapping.yaml"), log)
			began := time.Now()
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			memory := int64(0)
			if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				memory = usage.Maxrss >> 10
			}
			t.Logf("%s, %s of processors, %d MB at most\n%s", time.Since(began).Round(time.Millisecond),
				(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(time.Millisecond), memory, out)
			got := counted(t, log)
			if got.Cases != n*want.Cases || got.Interactions != n*want.Interactions {
				t.Errorf("%d cases and %d interactions in the larger log", got.Cases, got.Interactions)
			}
			equalsReference(t, dir, got)
		})
	}
}

// multiplied writes a log that holds another n times, each time with other events and cases.
func multiplied(t *testing.T, path string, n int) string {
	t.Helper()
	lines := readCSV(t, path)
	id, ticket := slices.Index(lines[0], "event_id"), slices.Index(lines[0], "case:concept:name")
	out := filepath.Join(t.TempDir(), "log.csv")
	file, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(file)
	write := func(line []string) {
		if err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	write(lines[0])
	for i := range n {
		for _, line := range lines[1:] {
			line = slices.Clone(line)
			line[id], line[ticket] = fmt.Sprintf("%s-%d", line[id], i), fmt.Sprintf("%s, copy %d", line[ticket], i)
			write(line)
		}
	}
	w.Flush()
	if err := cmp.Or(w.Error(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var lines [][]string
	for r := csv.NewReader(file); ; {
		line, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
}

// happened is a row of a log.
type happened struct {
	id, activity string
	at           time.Time
}

// counted computes from a log what the reference tells.
func counted(t *testing.T, path string) reference {
	t.Helper()
	lines := readCSV(t, path)
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	cases := map[string][]happened{}
	for _, line := range lines[1:] {
		at, err := time.Parse(time.RFC3339, line[column["time:timestamp"]])
		if err != nil {
			t.Fatal(err)
		}
		ticket := line[column["case:concept:name"]]
		cases[ticket] = append(cases[ticket], happened{line[column["event_id"]], line[column["concept:name"]], at})
	}
	out := reference{Cases: len(cases), Interactions: len(lines) - 1, PerActivity: map[string]int{}, CasesWithActivity: map[string]int{}}
	var durations []float64
	gaps := map[[2]string][]float64{}
	for _, events := range cases {
		slices.SortFunc(events, func(a, b happened) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
		durations = append(durations, events[len(events)-1].at.Sub(events[0].at).Seconds())
		seen := map[string]bool{}
		for i, e := range events {
			out.PerActivity[e.activity]++
			if !seen[e.activity] {
				seen[e.activity] = true
				out.CasesWithActivity[e.activity]++
			}
			if i > 0 {
				pair := [2]string{events[i-1].activity, e.activity}
				gaps[pair] = append(gaps[pair], e.at.Sub(events[i-1].at).Seconds())
			}
		}
	}
	out.DurationSeconds.P50, out.DurationSeconds.P90, out.DurationSeconds.Max = percentile(durations, 0.5), percentile(durations, 0.9), percentile(durations, 1)
	for pair, seconds := range gaps {
		out.DirectlyFollows = append(out.DirectlyFollows, follows{pair[0], pair[1], len(seconds), percentile(seconds, 0.5), percentile(seconds, 0.9)})
	}
	slices.SortFunc(out.DirectlyFollows, func(a, b follows) int {
		return cmp.Or(b.N-a.N, strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return out
}

// percentile interpolates linearly between neighbours, and rounds to thousandths as the references do.
func percentile(xs []float64, q float64) float64 {
	slices.Sort(xs)
	at := q * float64(len(xs)-1)
	low := int(at)
	x := xs[low]
	if low+1 < len(xs) {
		x += (at - float64(low)) * (xs[low+1] - x)
	}
	return thousandth(x)
}
