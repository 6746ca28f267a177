package main

import (
	"bufio"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/internal/app"
	"tappa/internal/synth"
	"tappa/journey"
)

// demoEnd is when the year of these demos ends; fixed, so that two of them are the same year.
var demoEnd = time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)

const (
	demoCases = 250
	kills     = 20
)

// TestUpSurvivesKills kills `tappa up` at random moments while it produces, collects and walks, and starts it again. In
// the end everything produced is stored once, and every report equals that of a run nobody disturbed.
func TestUpSurvivesKills(t *testing.T) {
	disturbed, calm := filepath.Join(t.TempDir(), "disturbed"), filepath.Join(t.TempDir(), "calm")
	began := time.Now()
	untilReady(t, calm)
	whole := time.Since(began)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d; an undisturbed start takes %s", seed, whole.Round(time.Millisecond))
	random := rand.New(rand.NewPCG(seed, 0))
	for range kills {
		cmd := startDemo(t, disturbed)
		// The moments spread over a start's whole length, from opening the files to walking the last person.
		time.Sleep(time.Duration(random.Int64N(int64(whole))))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
	}
	untilReady(t, disturbed)

	stored := 0
	for _, r := range rows(t, disturbed, "coverage") {
		stored += int(r["interactions"].(float64))
	}
	if produced := countEvents(t); stored != produced {
		t.Errorf("stored %d interactions, produced %d", stored, produced)
	}
	for _, name := range []string{"dropoff", "timing", "mood", "touchpoints", "paths", "activities", "directly-follows", "durations", "cases", "coverage"} {
		if d := cmp.Diff(rows(t, disturbed, name), rows(t, calm, name)); d != "" {
			t.Errorf("report %s (-disturbed, +calm):\n%s", name, d)
		}
	}
}

func demoCommand(dir string) *exec.Cmd {
	return exec.Command(binary, "up", "--demo", "--demo-cases", strconv.Itoa(demoCases), "--demo-end", demoEnd.Format(time.RFC3339),
		"--demo-live=false", "--data", dir, "--listen", "127.0.0.1:0")
}

func startDemo(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := demoCommand(dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// untilReady runs the demo until it says that it is ready, then stops it as a user would.
func untilReady(t *testing.T, dir string) {
	t.Helper()
	cmd := demoCommand(dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut strings.Builder
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "ready") {
			ready = true
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !ready {
		t.Fatalf("demo: ready %v, %v\n%s", ready, err, errOut.String())
	}
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
