package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stage is a part of the work and the functions that do it. What a function calls belongs to it; without names parts that
// have a line of their own.
type stage struct {
	name          string
	with, without []string
}

// stages are in the order of the work.
var stages = []stage{
	{name: "fetch, decompress", with: []string{"tappa/ingest.(*generation).fetch", "github.com/segmentio/kafka-go.(*conn).run"}},
	{name: "decode", with: []string{"tappa/ingest/source.(*Decoder).Decode"}, without: []string{"tappa/ingest/identity.(*Normaliser).Keys"}},
	{name: "key", with: []string{"tappa/ingest/identity.(*Normaliser).Keys"}},
	{name: "tag", with: []string{"tappa/journey.(*Journey).Tag"}},
	{name: "mood", with: []string{"tappa/sentiment.(*Scorer).Score"}},
	{name: "build block", with: []string{"tappa/aggregate.(*nativeRows).Append"}},
	{name: "send block", with: []string{"net/http.(*persistConn).writeLoop", "tappa/internal/chdb.(*handler).ServeHTTP"}},
	{name: "collect garbage", with: []string{"runtime.gcBgMarkWorker", "runtime.bgsweep"}},
	{name: "engine", with: []string{"runtime._ExternalCode"}},
}

// printStages prints where the last profiled run of tappa spent its processor time, in seconds per million.
func printStages(ctx context.Context, w io.Writer, opts options) error {
	for _, name := range opts.systems {
		file := filepath.Join(opts.profile, name+".pprof")
		if _, err := os.Stat(file); err != nil {
			continue // not a run of tappa's
		}
		self, err := os.Executable()
		if err != nil {
			return err
		}
		out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-cum", "-nodecount=100000", "-nodefraction=0", self, file).Output()
		if err != nil {
			return fmt.Errorf("read profile %s: %w", file, err)
		}
		total, of := readTop(out)
		fmt.Fprintf(w, "\n| stage of %s | CPU s per million | share |\n|---|---|---|\n", name)
		rest := total
		for _, s := range stages {
			used := of.sum(s.with) - of.sum(s.without)
			rest -= used
			fmt.Fprintf(w, "| %s | %.2f | %.0f %% |\n", s.name, used.Seconds()/float64(opts.events)*1e6, 100*float64(used)/float64(total))
		}
		fmt.Fprintf(w, "| rest | %.2f | %.0f %% |\n", rest.Seconds()/float64(opts.events)*1e6, 100*float64(rest)/float64(total))
	}
	return nil
}

// functions is the time of each function with what it calls.
type functions map[string]time.Duration

// sum adds up functions by the beginnings of their names.
func (f functions) sum(names []string) (sum time.Duration) {
	for name, t := range f {
		for _, wanted := range names {
			rest, ok := strings.CutPrefix(name, wanted)
			if ok && (rest == "" || rest[0] == ' ' || rest[0] == '[' && strings.HasSuffix(rest, "]")) { // generic, but no closure of it
				sum += t
			}
		}
	}
	return sum
}

// readTop reads what `go tool pprof -top -cum` prints: flat, share, sum, cumulated, share, name.
func readTop(out []byte) (total time.Duration, of functions) {
	of = functions{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		line := lines.Text()
		if _, rest, ok := strings.Cut(line, "Total samples = "); ok {
			number, _, _ := strings.Cut(rest, " ")
			total, _ = time.ParseDuration(number)
		}
		if fields := strings.Fields(line); len(fields) >= 6 && strings.HasSuffix(fields[1], "%") {
			t, _ := time.ParseDuration(fields[3])
			of[strings.Join(fields[5:], " ")] = t
		}
	}
	return total, of
}
