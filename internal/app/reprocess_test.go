package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/aggregate"
)

// changedMachinery writes the demo's journey with other rules, and returns the file: what only its rule called automatic
// no longer is, and pages are of another touchpoint.
func changedMachinery(t *testing.T) string {
	t.Helper()
	j := machinery(t)
	text := strings.NewReplacer("    touchpoint: newsletter\n    automatic: true\n", "    touchpoint: newsletter\n",
		"    type: web.visited\n    touchpoint: website\n", "    type: web.visited\n    touchpoint: article\n").Replace(string(j.Raw))
	if text == string(j.Raw) {
		t.Fatal("the journey is not changed")
	}
	file := filepath.Join(t.TempDir(), "machinery.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// mapped is what the reports say of all, to compare installations by.
func mapped(t *testing.T, s *aggregate.Store) map[string][]row {
	t.Helper()
	out := map[string][]row{}
	for _, name := range []string{"dropoff", "touchpoints", "mood", "coverage", "activities"} {
		out[name] = report(t, s, name, aggregate.Query{Journey: "machinery", AsOf: yearEnd})
	}
	return out
}

// TestRetag changes the journey file of a demo: stored interactions then give the same map as if they had come in under it.
func TestRetag(t *testing.T) {
	file := changedMachinery(t)
	dir, fresh := t.TempDir(), t.TempDir()
	year := DemoYear{Cases: 60, End: yearEnd}
	startUp(t, UpOptions{Dir: fresh, Demo: true, Year: year, Journeys: []string{file}}).stopUp()
	want := look(t, fresh, mapped)
	startUp(t, UpOptions{Dir: dir, Demo: true, Year: year}).stopUp()
	if cmp.Equal(look(t, dir, mapped), want) {
		t.Fatal("the changed journey changes nothing")
	}

	var log, said bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	opts := ReprocessOptions{Target: Target{Dir: dir}, Journeys: []string{file}, Out: &said, Logger: quiet(t)}
	up := startUp(t, UpOptions{Dir: dir, Journeys: []string{file}, Logger: logger})
	if err := Retag(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "without --journey") {
		t.Errorf("another file beside a tappa that runs: %v", err)
	}
	up.stopUp()
	if !strings.Contains(log.String(), "tappa retag --data "+dir) {
		t.Errorf("started with a changed file it says %q", log.String())
	}
	if err := Retag(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`\d+ interactions read, [1-9]\d* tagged otherwise; \d+ now under version [0-9a-f]{12}`).MatchString(said.String()) || !strings.Contains(said.String(), "walked") {
		t.Errorf("it says %q", said.String())
	}
	if diff := cmp.Diff(look(t, dir, mapped), want); diff != "" {
		t.Errorf("retagged (-got, +tagged so at first):\n%s", diff)
	}
	log.Reset()
	said.Reset()
	up = startUp(t, UpOptions{Dir: dir, Journeys: []string{file}, Logger: logger})
	opts.Journeys = nil
	if err := Retag(t.Context(), opts); err != nil || !strings.Contains(said.String(), ", 0 tagged otherwise") {
		t.Errorf("again, beside a tappa that runs: %v, %q", err, said.String())
	}
	up.stopUp()
	if strings.Contains(log.String(), "retag") {
		t.Errorf("all is retagged, and it says %s", log.String())
	}
}

// look asks a directory.
func look[V any](t *testing.T, dir string, ask func(*testing.T, *aggregate.Store) V) V {
	t.Helper()
	store, closeStore, err := OpenForReading(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := closeStore(); err != nil {
			t.Error(err)
		}
	}()
	return ask(t, store)
}

// TestCorrect corrects a text beside a tappa that runs, whose walk takes it up, and takes it back when none does.
func TestCorrect(t *testing.T) {
	dir := t.TempDir()
	up := startUp(t, UpOptions{Dir: dir, Demo: true, Year: DemoYear{Cases: 40, End: yearEnd}})
	text := look(t, dir, func(t *testing.T, s *aggregate.Store) row {
		rows := report(t, s, "steps", aggregate.Query{Journey: "machinery", State: "positive", AsOf: yearEnd, Limit: 1})
		if len(rows) == 0 {
			t.Fatal("nobody is pleased")
		}
		return rows[0]
	})
	origin, id := text["origin"].(string), text["id"].(string)
	label := func(t *testing.T, s *aggregate.Store) string {
		for _, r := range report(t, s, "steps", aggregate.Query{Journey: "machinery", AsOf: yearEnd}) {
			if r["origin"] == origin && r["id"] == id {
				return r["mood_label"].(string) + " " + r["mood_emotion"].(string)
			}
		}
		return "gone"
	}
	before := look(t, dir, label)
	var said bytes.Buffer
	opts := CorrectOptions{Target: Target{Dir: dir}, Out: &said, Logger: quiet(t)}
	opts.Correction = aggregate.Correction{Origin: origin, ID: id, Label: "negative", Emotion: "impatience", By: "Anna", At: yearEnd}
	if err := Correct(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); look(t, dir, label) != "negative impatience"; {
		if time.Now().After(end) {
			t.Fatalf("the walk does not take it up: %s", look(t, dir, label))
		}
	}
	up.stopUp()
	if err := Corrections(t.Context(), opts, false); err != nil || !strings.Contains(said.String(), "Anna") {
		t.Errorf("list: %v, %s", err, said.String())
	}
	opts.Remove = true
	if err := Correct(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	if got := look(t, dir, label); got != before {
		t.Errorf("taken back: %s, want %s", got, before)
	}
	if err := Correct(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "is not corrected") {
		t.Errorf("taken back twice: %v", err)
	}
}
