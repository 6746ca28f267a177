// Command walktime measures the walk and the views on a history of a size that we name: how long a full rebuild takes and
// how much Go memory, each view's first answer, how soon arrivals are seen, and how all that grows. `make bench-walk`
// runs it. Everything runs in this process: the engine, the walker, the views.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"tappa/aggregate"
	"tappa/internal/chdb"
	"tappa/journey"
)

// options are the command line.
type options struct {
	data    string // the engine's directory; kept, so that a history is made once
	people  int
	each    int // interactions of a person
	stages  int
	chunk   int
	workers int
	only    string // parts to run, comma separated; empty: all
	export  string // directory for the log as Parquet, for others to work on
	part    string // which part of the walk is measured
	profile string // file for a CPU profile of the rebuild
}

// bench is what the parts share.
type bench struct {
	options
	engine  *chdb.Engine
	store   *aggregate.Store
	journey *journey.Journey
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "walktime:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	var o options
	flag.StringVar(&o.data, "data", "data/walktime", "directory of the engine's data; a history in it is used again")
	flag.IntVar(&o.people, "people", 1_000_000, "how many people")
	flag.IntVar(&o.each, "each", 20, "interactions of a person")
	flag.IntVar(&o.stages, "stages", 6, "stages of the journey")
	flag.IntVar(&o.chunk, "chunk", 0, "interactions in a chunk of the walk; 0 is tappa's own choice")
	flag.IntVar(&o.workers, "workers", 0, "chunks walked side by side; 0 is tappa's own choice")
	flag.StringVar(&o.only, "only", "", "parts to run, comma separated: "+strings.Join(partNames(), ", ")+"; empty is all")
	flag.StringVar(&o.export, "export", "", "directory to write the log to as CSV, for pm4py and DuckDB")
	flag.StringVar(&o.part, "part", "1/1", "which part of the walk to measure: 1/2 is the first of two")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of the rebuild")
	flag.Parse()
	var wanted []string
	if o.only != "" {
		wanted = strings.Split(o.only, ",")
	}
	for _, name := range wanted {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("there is no part %q; there are: %s", name, strings.Join(partNames(), ", "))
		}
	}
	b := &bench{options: o}
	closeAll, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := closeAll(); err == nil {
			err = e
		}
	}()
	for _, p := range parts {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// part is one thing to measure. Later parts need what earlier ones left in the data directory.
type part struct {
	name string
	run  func(context.Context, *bench) error
}

var parts = []part{
	{"rebuild", rebuild},
	{"views", views},
	{"peers", peers},
	{"touched", touched},
	{"export", export},
}

func partNames() []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return names
}
