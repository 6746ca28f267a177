package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/aggregate"
	"tappa/ingest/source"
)

// patience bounds how long a test waits for what has to happen.
const patience = 2 * time.Minute

// instance is a running Up.
type instance struct {
	t     *testing.T
	opts  UpOptions
	url   string
	said  string // all it printed until it was ready
	stop  context.CancelFunc
	ended chan error
	drain chan struct{} // closed when all it printed was read
}

// startUp runs Up until stopUp, and returns when it is ready: with a demo, when the demo is.
func startUp(t *testing.T, opts UpOptions) *instance {
	t.Helper()
	return start(t, opts, false)
}

// machineryFile is the journey that machinery gives, as a file.
const machineryFile = "../../journey/templates/machinery.yaml"

// startMachinery is startUp with that journey alone. It also gives a way to publish events there.
func startMachinery(t *testing.T) (up *instance, publish func(...source.Event)) {
	t.Helper()
	up = startUp(t, UpOptions{Dir: t.TempDir(), Journeys: []string{machineryFile}})
	at, err := readAnnouncement(up.opts.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return up, func(events ...source.Event) {
		t.Helper()
		messages := make([]kafka.Message, len(events))
		for i, e := range events {
			messages[i] = mistake{}.structured(t, e)
		}
		send(t, at.Brokers, messages)
	}
}

// awaitAnswer returns when a query of a tappa that runs is answered so.
func awaitAnswer(t *testing.T, dir, query, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(patience); got != want && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		got = sql(t, dir, query)
	}
	if got != want {
		t.Fatalf("%s: got\n%s, want\n%s", query, got, want)
	}
}

// start is startUp; if early it does not wait for the demo.
func start(t *testing.T, opts UpOptions, early bool) *instance {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, w := io.Pipe()
	opts.Out, opts.Listen = w, "127.0.0.1:0"
	if opts.Logger == nil {
		opts.Logger = quiet(t)
	}
	up := &instance{t: t, opts: opts, stop: stop, ended: make(chan error, 1), drain: make(chan struct{})}
	go func() {
		err := Up(ctx, opts)
		_ = w.Close()
		up.ended <- err
	}()
	lines := bufio.NewScanner(out)
	ready := "the demo is ready"
	if !opts.Demo || early {
		ready = "tappa is up"
	}
	for found := false; !found; {
		if !lines.Scan() {
			stop()
			needEngine(t, <-up.ended)
			t.Fatalf("it ended before it was ready: %s", up.said)
		}
		up.said += lines.Text() + "\n"
		found = strings.Contains(lines.Text(), ready)
	}
	up.url = regexp.MustCompile(`http://[0-9.:]+/`).FindString(up.said)
	go func() {
		defer close(up.drain)
		_, _ = io.Copy(io.Discard, out)
	}()
	t.Cleanup(stop)
	return up
}

// stopUp stops it as Ctrl-C would and expects it to end without complaint.
func (up *instance) stopUp() {
	up.t.Helper()
	up.stop()
	select {
	case err := <-up.ended:
		if err != nil {
			up.t.Error(err)
		}
	case <-time.After(patience):
		up.t.Fatal("it does not stop")
	}
	<-up.drain
}

// totals asks the directory, through whoever holds it.
func totals(t *testing.T, dir string) aggregate.Totals {
	t.Helper()
	store, closeStore, err := OpenForReading(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	n, err := store.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := closeStore(); err != nil {
		t.Fatal(err)
	}
	return n
}

// savedDemo reads where a directory's demo stands.
func savedDemo(t *testing.T, dir string) (s demoState) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// get fetches a page and returns its status and text.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestUpAgain starts the demo twice over one directory: the second time finds everything there and adds nothing.
func TestUpAgain(t *testing.T) {
	dir := t.TempDir()
	opts := UpOptions{Dir: dir, Demo: true, Year: DemoYear{Cases: 60, End: yearEnd}}
	up := startUp(t, opts)
	first, saved := totals(t, dir), savedDemo(t, dir)
	for path, want := range map[string]string{"healthz": "ok", "readyz": "ready", "metrics": "tappa_ingest_", "": "<html"} {
		if status, text := get(t, up.url+path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("/%s: status %d, %q is not in it:\n%.300s", path, status, want, text)
		}
	}
	up.stopUp()
	if first.Interactions == 0 || first.Interactions != int64(saved.Published) || first.Unmapped != 0 {
		t.Errorf("%+v stored, %d published", first, saved.Published)
	}
	if _, err := os.Stat(filepath.Join(dir, runningFile)); err == nil {
		t.Error("it still says that it is running")
	}

	again := startUp(t, opts)
	if !strings.Contains(again.said, ": 0 interactions of a year published now") {
		t.Errorf("the second time it says:\n%s", again.said)
	}
	if second := totals(t, dir); second.Interactions != first.Interactions {
		t.Errorf("%d interactions, after a restart %d", first.Interactions, second.Interactions)
	}
	again.stopUp()
}

// TestUpWithoutCheckpoint starts a demo whose state was not written down before a crash: everything is published once
// more and counts once.
func TestUpWithoutCheckpoint(t *testing.T) {
	dir := t.TempDir()
	opts := UpOptions{Dir: dir, Demo: true, Year: DemoYear{Cases: 30, End: yearEnd}}
	startUp(t, opts).stopUp()
	before := totals(t, dir)
	saved := savedDemo(t, dir)
	saved.Published = 0
	if err := (&demo{path: filepath.Join(dir, "demo.json"), state: saved}).checkpoint(); err != nil {
		t.Fatal(err)
	}
	up := startUp(t, opts)
	if want := fmt.Sprintf(": %d interactions of a year published now", before.Interactions); !strings.Contains(up.said, want) {
		t.Errorf("it says %q, want %q", up.said, want)
	}
	if after := totals(t, dir); after.Interactions != before.Interactions {
		t.Errorf("%d interactions, published again %d", before.Interactions, after.Interactions)
	}
	up.stopUp()
}

// TestUpStoppedEarly stops the demo while it is being seeded, which is no failure, and starts it again.
func TestUpStoppedEarly(t *testing.T) {
	dir := t.TempDir()
	opts := UpOptions{Dir: dir, Demo: true, Year: DemoYear{Cases: 200, End: yearEnd}}
	start(t, opts, true).stopUp()
	up := startUp(t, opts)
	if n, saved := totals(t, dir).Interactions, savedDemo(t, dir); n != int64(saved.Published) {
		t.Errorf("%d interactions, %d published", n, saved.Published)
	}
	up.stopUp()
}

// TestUpLive lets a year end ten minutes ago: what happened since comes in at once, then it goes on at its pace. A
// restart goes on where it was.
func TestUpLive(t *testing.T) {
	dir := t.TempDir()
	opts := UpOptions{Dir: dir, Demo: true, Year: DemoYear{Cases: 30, End: time.Now().UTC().Add(-10 * time.Minute), Live: true}}
	arrived := func(least int) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			if n := totals(t, dir); n.Interactions >= int64(least) {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("%d interactions, want at least %d", n.Interactions, least)
			}
		}
	}
	up := startUp(t, opts)
	year := savedDemo(t, dir).Published
	arrived(year + 60)
	up.stopUp()
	between := savedDemo(t, dir)
	up = startUp(t, opts)
	up.stopUp()

	// What is in Kafka is stored by the time a start without live events is ready. One event may have been published
	// when the stop kept its number from being written down.
	opts.Year.Live = false
	startUp(t, opts).stopUp()
	saved, n := savedDemo(t, dir), totals(t, dir).Interactions
	if known := int64(saved.Published) + int64(saved.Live); saved.Live < between.Live || n != known && n != known+1 {
		t.Errorf("%d interactions, want %d of the year and %d after it; the first stop was after %d", n, saved.Published, saved.Live, between.Live)
	}
}

// TestUpFails expects a start that cannot be done to say why, and to leave a directory that can be opened again.
func TestUpFails(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	dir := t.TempDir()
	for _, test := range []struct {
		opts UpOptions
		says string
	}{
		{UpOptions{Listen: "127.0.0.1:0"}, "--journey"},
		{UpOptions{Listen: "127.0.0.1:0", Journeys: []string{"missing.yaml"}}, "missing.yaml"},
		{UpOptions{Listen: busy.Addr().String(), Demo: true}, "--listen"},
	} {
		test.opts.Dir, test.opts.Out, test.opts.Logger = dir, io.Discard, quiet(t)
		err := Up(t.Context(), test.opts)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			needEngine(t, err)
			t.Errorf("%+v: got error %v, want %q in it", test.opts, err, test.says)
		}
	}
	e, err := OpenEmbedded(t.Context(), EmbeddedOptions{Dir: dir, Kafka: true, Logger: quiet(t)})
	if err != nil {
		t.Fatalf("open what was left: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
