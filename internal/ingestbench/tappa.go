package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/internal/app"
	"tappa/journey"
)

// tuning is what differs between the runs of tappa.
type tuning struct {
	block int  // rows
	walk  bool // the walk runs beside, and the run ends when it has reached the end as well
}

// runTappa runs the pipeline of `tappa serve` and `tappa up`, with the sample journey, into an engine in this process.
func runTappa(ctx context.Context, j job, t tuning) (r result, err error) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, err := app.OpenEmbedded(ctx, app.EmbeddedOptions{Dir: j.Dir, Logger: logger})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	machinery, err := journey.Template("machinery")
	if err != nil {
		return r, err
	}
	if err := e.Store.PutJourney(ctx, machinery); err != nil {
		return r, err
	}
	journeys := []*journey.Journey{machinery}
	collector, err := app.NewCollector(app.PipelineOptions{
		Brokers: []string{j.Brokers}, Topics: []string{topic}, Group: j.Group, Store: e.Store, Journeys: journeys,
		Tuning: ingest.Options{FlushRows: t.block, FlushBytes: t.block * 2048}, Logger: logger,
	})
	if err != nil {
		return r, err
	}
	walker, err := aggregate.NewWalker(e.Store, journeys, aggregate.WalkerOptions{Logger: logger})
	if err != nil {
		return r, err
	}
	stopProfile, err := profile(j)
	if err != nil {
		return r, err
	}
	goPeak := watchGo()
	began, cpu, engine := time.Now(), ownCPU(), engineCPU()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan error, 2)
	go func() { ran <- collector.Run(ctx) }()
	if t.walk {
		go func() { ran <- walker.Run(ctx) }()
	} else {
		ran <- nil
	}
	if err := collector.CaughtUp(ctx); err != nil {
		return r, err
	}
	r.Seconds, r.CPU, r.EngineCPU = time.Since(began).Seconds(), ownCPU()-cpu, engineCPU()-engine
	r.Peak, r.GoPeak = peakResident(), goPeak()
	stopProfile()
	stop()
	if err := errors.Join(<-ran, <-ran); err != nil && !errors.Is(err, context.Canceled) {
		return r, err
	}
	r.Rows, err = counted(e.Store)
	return r, err
}

// counted is how many interactions the store holds, each once.
func counted(s *aggregate.Store) (int64, error) {
	totals, err := s.Totals(context.Background())
	return totals.Interactions, err
}

// profile starts a processor profile, if one is wanted, and returns what ends it.
func profile(j job) (stop func(), err error) {
	if j.Profile == "" {
		return func() {}, nil
	}
	file, err := os.Create(filepath.Join(j.Profile, j.System+".pprof"))
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return func() { pprof.StopCPUProfile(); _ = file.Close() }, nil
}
