package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"tappa/aggregate"
	"tappa/dashboards"
	"tappa/ingest"
	"tappa/journey"
)

// UpOptions says how everything runs in one process.
type UpOptions struct {
	Dir      string
	Journeys []string // journey files; none: what the directory holds already
	Demo     bool     // seed a year of the sample journey
	Year     DemoYear // of which year, and how large
	Listen   string   // address of the pages
	SuiteCRM bool     // relay changes of a SuiteCRM's tables, as TAPPA_SUITECRM_* say
	Refresh  Timetable
	Alerts   string // alerts file; "" is none
	Gateway  string // the gateway's configuration file; none: no gateway
	Token    string // who sends it may change something by the API; "": who is on this machine
	Software string // the program's version
	Out      io.Writer
	Logger   *slog.Logger
}

// upVerifyEvery is how often Up accounts for every record.
const upVerifyEvery = 15 * time.Minute

// Up runs collectors, walk and pages on embedded parts until ctx ends, then stops them in order.
//
// It is deliberately one straight line: what is started later is stopped earlier.
func Up(ctx context.Context, opts UpOptions) (err error) {
	began := time.Now()
	hooks, err := opts.loadGateway()
	if err != nil {
		return err
	}
	defs, err := loadAlerts(opts.Alerts)
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var st stack
	defer func() { err = errors.Join(err, st.Close()) }()

	e, err := OpenEmbedded(ctx, EmbeddedOptions{Dir: opts.Dir, Kafka: true, Logger: opts.Logger})
	if err != nil {
		return err
	}
	st.pushClose("embedded parts", e.Close)

	journeys, err := upJourneys(ctx, e.Store, opts)
	if err != nil {
		return err
	}
	if err := tellOldTags(ctx, e.Store, journeys, opts.Dir, opts.Logger); err != nil {
		return err
	}
	registry := newRegistry()
	scorer, err := openScoring(ctx, e.Store, journeys, registry, opts.Logger)
	if err != nil {
		return err
	}
	st.pushClose("scorer", scorer.Close)
	collector, err := NewCollector(PipelineOptions{
		Brokers: e.Brokers, Store: e.Store, Journeys: journeys, Scoring: scorer, Logger: opts.Logger, Registerer: registry,
	})
	if err != nil {
		return err
	}
	walker, err := aggregate.NewWalker(e.Store, journeys, aggregate.WalkerOptions{Logger: opts.Logger, Registerer: registry})
	if err != nil {
		return err
	}
	st.start("walk", fail, walker.Run)
	st.start("collector", fail, collector.Run)
	ready := readiness{store: e.Store, collector: collector, walk: newWalkWatch(e.Store, journeys, aggregate.Part{}, defaultReadyAfter)}
	if opts.SuiteCRM {
		relay, err := readSuiteCRM()
		if err != nil {
			return err
		}
		relay.Brokers = e.Brokers
		if ready.relay, err = startRelay(&st, fail, relay, defaultReadyAfter, opts.Logger, registry); err != nil {
			return err
		}
	}

	schedule, err := newScheduler(e.Store, journeys, opts.Refresh, opts.Software, opts.Logger, registry)
	if err != nil {
		return err
	}
	alerts, err := watch(defs, journeys, e.Store, opts.Logger, registry)
	if err != nil {
		return err
	}
	addr, err := site{
		store: e.Pages, journeys: journeys, registry: registry, logger: opts.Logger, troubles: troublesOf(schedule, alerts), alerts: alerts,
		ready:  ready,
		writer: e.Store, access: dashboards.Access{Token: opts.Token, Local: true},
	}.listen(&st, opts.Listen, fail)
	if err != nil {
		return err
	}
	if hooks != nil {
		hooks.Topic = ingest.DefaultTopic
		at, err := gatewayParts{hooks, ingest.NewProducer(e.Brokers, hooks.Topic), registry, opts.Logger}.listen(&st, fail)
		if err != nil {
			return err
		}
		tellGateway(opts.Out, hooks, at)
	}
	fmt.Fprintf(opts.Out, "tappa is up: http://%s/ (data in %s, stop with Ctrl-C)\n", addr, opts.Dir)
	if opts.Demo {
		if err := startDemo(ctx, &st, fail, e, journeys[0], opts, collector, walker, began); err != nil && ctx.Err() == nil {
			return err // otherwise it was stopped while it seeded, which is no failure
		}
	}
	verify, err := newVerifyWatch(PipelineOptions{Brokers: e.Brokers, Store: e.Store, Journeys: journeys}, upVerifyEvery, opts.Logger, registry)
	if err != nil {
		return err
	}
	st.start("verify", fail, verify.Run)
	if !opts.Refresh.Never() {
		st.start("refresh", fail, schedule.Run)
	}
	if alerts != nil {
		st.start("alerts", fail, alerts.Run)
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	fmt.Fprintln(opts.Out, "stopping …")
	return nil
}

// upJourneys loads the journey files; the demo brings its own.
func upJourneys(ctx context.Context, store *aggregate.Store, opts UpOptions) ([]*journey.Journey, error) {
	if opts.Demo && len(opts.Journeys) == 0 {
		j, err := journey.Template("machinery")
		if err != nil {
			return nil, err
		}
		journeys := []*journey.Journey{j}
		return journeys, putJourneys(ctx, store, journeys)
	}
	journeys, err := LoadJourneys(ctx, store, opts.Journeys)
	if err != nil {
		return nil, err
	}
	if len(journeys) == 0 {
		return nil, errors.New("no journey is defined: name a journey file with --journey (`tappa template` prints one to start from), or try --demo")
	}
	return journeys, nil
}

// settle waits until everything now in Kafka is stored and walked.
func settle(ctx context.Context, collector *ingest.Collector, walker *aggregate.Walker) error {
	if err := collector.CaughtUp(ctx); err != nil {
		return err
	}
	_, err := walker.CatchUp(ctx)
	return err
}
