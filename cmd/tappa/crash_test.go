package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/aggregate"
	"tappa/internal/app"
	"tappa/internal/synth"
	"tappa/journey"
)

// demoEnd is when the year of these demos ends; fixed, so that two of them are the same year.
var demoEnd = time.Date(2025, 6, 30, 12, 0, 0, 0, time.UTC)

const (
	demoCases = 900
	kills     = 12
)

// TestUpSurvivesKills kills `tappa up` at random moments while it produces, collects and walks, and starts it again. In
// the end everything produced is stored once, and every report and list equals that of a run nobody disturbed.
func TestUpSurvivesKills(t *testing.T) {
	disturbed, calm := filepath.Join(t.TempDir(), "disturbed"), filepath.Join(t.TempDir(), "calm")
	up, ready := untilReady(t, calm)
	produced := countEvents(t)

	seed := uint64(time.Now().UnixNano())
	window := killWindow(up, ready-up)
	t.Logf("seed %d; undisturbed: up after %s, ready after %s; killed within %s", seed,
		up.Round(time.Millisecond), ready.Round(time.Millisecond), window.Round(time.Millisecond))
	random := rand.New(rand.NewPCG(seed, 0))
	var published []int
	for range kills {
		killed(t, disturbed, time.Duration(random.Int64N(int64(window))))
		published = append(published, publishedOf(t, disturbed))
	}
	t.Logf("of %d events, published at each kill: %v", produced, published)
	untilReady(t, disturbed)

	got, want := everything(t, disturbed), everything(t, calm)
	if got.totals.Interactions != int64(produced) || want.totals.Interactions != int64(produced) {
		t.Errorf("%d interactions after the kills and %d without, %d produced", got.totals.Interactions, want.totals.Interactions, produced)
	}
	for name, rows := range want.reports {
		if d := cmp.Diff(got.reports[name], rows); d != "" {
			t.Errorf("report %s (-disturbed, +calm):\n%.2000s", name, d)
		}
	}
}

// killed starts the demo and kills it after a while, unless it has failed by itself.
func killed(t *testing.T, dir string, after time.Duration) {
	t.Helper()
	cmd := demoCommand(dir)
	var errOut strings.Builder
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after) // any moment is what is tested
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || errOut.Len() > 0 {
		t.Fatalf("within %s it ended by itself, or complained: %v\n%s", after, cmd.ProcessState, errOut.String())
	}
}

// killWindow says within which time of a start kills have to fall so that all of them together leave most of the work
// done: a start takes up some of it, some is begun again, and what was finished before a kill is not done again.
func killWindow(up, work time.Duration) time.Duration {
	share := 2 * 2 * work.Seconds() / kills
	beyond := (share + math.Sqrt(share*share+4*share*up.Seconds())) / 2
	return up + time.Duration(beyond*float64(time.Second))
}

func demoCommand(dir string, args ...string) *exec.Cmd {
	return exec.Command(binary, append([]string{
		"up", "--demo", "--demo-cases", strconv.Itoa(demoCases), "--demo-end", demoEnd.Format(time.RFC3339),
		"--demo-live=false", "--data", dir, "--listen", "127.0.0.1:0",
	}, args...)...)
}

// publishedOf reads how far a killed demo had come: 0 where it had not begun.
func publishedOf(t *testing.T, dir string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	var state struct{ Published int }
	if err := errors.Join(err, json.Unmarshal(data, &state)); err != nil {
		t.Fatal(err)
	}
	return state.Published
}

// untilReady runs the demo until it says that it is ready, stops it as a user would, and returns after what time it
// was up and ready.
func untilReady(t *testing.T, dir string, args ...string) (up, ready time.Duration) {
	t.Helper()
	cmd := demoCommand(dir, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut strings.Builder
	cmd.Stderr = &errOut
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch {
		case strings.Contains(lines.Text(), "tappa is up"):
			up = time.Since(began)
		case strings.Contains(lines.Text(), "ready"):
			ready = time.Since(began)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || ready == 0 || errOut.Len() > 0 {
		t.Fatalf("demo: ready after %s, %v\n%s", ready, err, errOut.String())
	}
	return up, ready
}

// answers is all that a data directory answers.
type answers struct {
	totals  aggregate.Totals
	reports map[string][]map[string]any
}

// everything asks a data directory for every report there is.
func everything(t *testing.T, dir string) answers {
	t.Helper()
	o := open(t, dir)
	defer o.close()
	totals, err := o.store.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := answers{totals, map[string][]map[string]any{}}
	for _, info := range aggregate.Reports() {
		a.reports[info.Name] = o.report(info.Name, aggregate.Query{Whole: true})
	}
	return a
}

// countEvents asks the generator, not tappa, how many events it makes.
func countEvents(t *testing.T) int {
	t.Helper()
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	world := synth.New(synth.Options{Seed: app.DemoSeed, Start: demoEnd.AddDate(-1, 0, 0), End: demoEnd, Cases: demoCases, Journey: j})
	n := 0
	for range world.Events() {
		n++
	}
	return n
}
