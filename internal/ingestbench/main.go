// Command ingestbench measures how fast interactions get from Apache Kafka into ClickHouse, and what that costs: tappa's
// own pipeline, and others on the same topic, the same machine and the same engine.
//
//	make bench-ingest
//	go run ./internal/ingestbench -events 2000000 -rounds 3 -systems tappa,kafka-engine
//
// One Apache Kafka holds one topic that all systems read from its start. The systems take turns, round after round; each
// run has processes and an empty database of its own, so that what the broker, the engine and the system use can be told
// apart. A run counts only if exactly what was produced is stored in the end. Printed are the medians, as Markdown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what is measured.
type options struct {
	events     int
	partitions int
	rounds     int
	systems    []string
	sinker     string // the program clickhouse_sinker
	connect    string // folder with clickhouse-kafka-connect and its worker
	profile    string // directory for processor profiles, "" for none
	dir        string // of all data; "" is a new one that is removed
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ingestbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "child" {
		return child(ctx, args[1:])
	}
	var opts options
	var names string
	set := flag.NewFlagSet("ingestbench", flag.ExitOnError)
	set.IntVar(&opts.events, "events", 2_000_000, "how many interactions the topic holds")
	set.IntVar(&opts.partitions, "partitions", 4, "of the topic")
	set.IntVar(&opts.rounds, "rounds", 3, "how often each system runs")
	set.StringVar(&names, "systems", "tappa,tappa-20k,kafka-engine,kafka-engine-raw,kafka-engine-plain", "what is measured: "+strings.Join(systemNames(), ", "))
	set.StringVar(&opts.profile, "profile", "", "folder for processor profiles of tappa's runs, of which a table by stage is made")
	set.StringVar(&opts.sinker, "sinker", "", "the program clickhouse_sinker, for the system sinker")
	set.StringVar(&opts.connect, "connect", "", "folder with clickhouse-kafka-connect and its worker, for the systems connect and connect-json")
	set.StringVar(&opts.dir, "dir", "", "folder for all data, kept; default: a new one, removed in the end")
	if err := set.Parse(args); err != nil {
		return err
	}
	for name := range strings.SplitSeq(names, ",") {
		if !slices.Contains(systemNames(), name) {
			return fmt.Errorf("-systems: no system %q, there are %s", name, strings.Join(systemNames(), ", "))
		}
		opts.systems = append(opts.systems, name)
	}
	return measure(ctx, opts)
}

// measure fills a topic and lets the systems take turns at it.
func measure(ctx context.Context, opts options) (err error) {
	if opts.profile != "" {
		if err := os.MkdirAll(opts.profile, 0o750); err != nil {
			return err
		}
	}
	dir, remove, err := folder(opts.dir)
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, remove()) }()
	broker, err := startKafka(dir, opts.partitions)
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, broker.stop()) }()
	w, err := produce(ctx, broker.addr, opts.events)
	if err != nil {
		return err
	}
	say("%d interactions of %.0f bytes in %s, %.0f %% of them with a customer's text, of %.0f bytes; %d processors",
		w.events, w.meanBytes(), w.took.Round(100*time.Millisecond), 100*w.scoredShare(), w.meanText(), runtime.NumCPU())
	results := map[string][]result{}
	for round := range opts.rounds {
		for _, name := range opts.systems {
			r, err := turn(ctx, dir, broker, job{
				System: name, Brokers: broker.addr, Group: fmt.Sprintf("%s-%d", name, round), Events: opts.events,
				Partitions: opts.partitions, Profile: opts.profile, Sinker: opts.sinker, Connect: opts.connect,
			})
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", round+1, name, err)
			}
			say("round %d, %s", round+1, r)
			results[name] = append(results[name], r)
		}
	}
	printTable(os.Stdout, opts.systems, results)
	if opts.profile == "" {
		return nil
	}
	return printStages(ctx, os.Stdout, opts)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// folder returns a folder for data and what removes it again.
func folder(named string) (dir string, remove func() error, err error) {
	if named != "" {
		return named, func() error { return nil }, os.MkdirAll(named, 0o750)
	}
	if dir, err = os.MkdirTemp("", "tappa-bench-"); err != nil {
		return "", nil, err
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// say tells how far the work is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
