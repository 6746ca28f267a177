package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// job is what a child process is to do.
type job struct {
	System     string
	Brokers    string
	Group      string
	Events     int
	Partitions int
	Dir        string // the run's own
	Profile    string // folder for processor profiles
	Sinker     string // the program clickhouse_sinker
	Connect    string // folder with clickhouse-kafka-connect and its worker
}

// result is what a run came to.
type result struct {
	Rows      int64
	Before    int64   // of these, the rows that were visible when the clock began
	Seconds   float64 // until all was stored and visible: of tappa from its start, of others from their first rows
	CPU       float64 // processor seconds of the system with the engine in it
	EngineCPU float64 // of these, of the engine's own threads
	BrokerCPU float64 // of Kafka meanwhile
	Peak      uint64  // bytes resident at most, engine included
	GoPeak    uint64  // bytes of Go's memory at most, 0 for systems without
}

func (r result) rate() float64 { return float64(r.Rows-r.Before) / r.Seconds }

// perMillion is CPU seconds for a million interactions.
func (r result) perMillion(cpu float64) float64 { return cpu / float64(r.Rows) * 1e6 }

func (r result) String() string {
	return fmt.Sprintf("%d rows in %.1f s: %.0f/s, %.2f CPU s per million (engine %.2f) and %.2f of Kafka, %.0f MiB resident, %.0f MiB Go",
		r.Rows, r.Seconds, r.rate(), r.perMillion(r.CPU), r.perMillion(r.EngineCPU), r.perMillion(r.BrokerCPU),
		float64(r.Peak)/(1<<20), float64(r.GoPeak)/(1<<20))
}

// systems are what can be measured: each runs in a process of its own, together with the engine.
var systems = map[string]func(context.Context, job) (result, error){
	"tappa":     func(ctx context.Context, j job) (result, error) { return runTappa(ctx, j, tuning{block: 50_000}) },
	"tappa-20k": func(ctx context.Context, j job) (result, error) { return runTappa(ctx, j, tuning{block: 20_000}) },
	"tappa-walk": func(ctx context.Context, j job) (result, error) {
		return runTappa(ctx, j, tuning{block: 50_000, walk: true})
	},
	"kafka-engine": func(ctx context.Context, j job) (result, error) {
		return runKafkaEngine(ctx, j, kafkaEngineSQL, keptTable)
	},
	"kafka-engine-raw": func(ctx context.Context, j job) (result, error) {
		return runKafkaEngine(ctx, j, kafkaEngineRawSQL, keptTable)
	},
	"kafka-engine-plain": func(ctx context.Context, j job) (result, error) {
		return runKafkaEngine(ctx, j, kafkaEngineRawSQL, plainTable)
	},
	"sinker":       runSinker,
	"connect":      func(ctx context.Context, j job) (result, error) { return runConnect(ctx, j, connectText) },
	"connect-json": func(ctx context.Context, j job) (result, error) { return runConnect(ctx, j, connectJSON) },
}

func systemNames() []string {
	names := make([]string, 0, len(systems))
	for name := range systems {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// turn runs a system once, in a new process and a new folder.
func turn(ctx context.Context, dir string, b *broker, j job) (result, error) {
	j.Dir = filepath.Join(dir, j.Group)
	if err := os.MkdirAll(j.Dir, 0o750); err != nil {
		return result{}, err
	}
	defer os.RemoveAll(j.Dir)
	asked, err := json.Marshal(j)
	if err != nil {
		return result{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	before := processCPU(b.pid)
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "child", string(asked))
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return result{}, err
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return result{}, fmt.Errorf("read result %q: %w", out.String(), err)
	}
	r.BrokerCPU = processCPU(b.pid) - before
	if r.Rows != int64(j.Events) {
		return r, fmt.Errorf("%d interactions produced, %d stored", j.Events, r.Rows)
	}
	return r, nil
}

// child runs one system in this process and prints its result.
func child(ctx context.Context, args []string) error {
	var j job
	if err := json.Unmarshal([]byte(args[0]), &j); err != nil {
		return err
	}
	r, err := systems[j.System](ctx, j)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
