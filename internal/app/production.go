package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
	"tappa/alert"
	"tappa/dashboards"
	"tappa/ingest"
	"tappa/journey"
)

// Serve runs the configured roles against Kafka and ClickHouse servers until ctx ends, then stops them in order.
func Serve(ctx context.Context, c Config, out io.Writer, logger *slog.Logger) (err error) {
	c.warnOfUnknown(logger)
	if c.kafkaOnly() {
		return serveKafkaOnly(ctx, c, out, logger)
	}
	defs, err := loadAlerts(c.Alerts)
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	s := serving{c: c, fail: fail, logger: logger, registry: newRegistry()}
	defer func() { err = errors.Join(err, s.st.Close()) }()

	if err := s.open(ctx); err != nil {
		return err
	}
	if slices.Contains(c.Roles, "aggregate") {
		if err := s.aggregate(defs); err != nil {
			return err
		}
	}
	if slices.Contains(c.Roles, "collect") {
		if err := s.collect(ctx); err != nil {
			return err
		}
	}
	if defs != nil && s.alerts == nil { // another process watches: what fires the pages read from the database
		if s.alerts, err = watch(defs, s.journeys, s.store, logger, prometheus.NewRegistry()); err != nil {
			return err
		}
	}
	if slices.Contains(c.Roles, roleSuiteCRM) {
		if s.ready.relay, err = startRelay(&s.st, fail, c.relay(), c.readyAfter, logger, s.registry); err != nil {
			return err
		}
	}
	if err := s.listen(out); err != nil {
		return err
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// serving is what Serve has started so far.
type serving struct {
	c        Config
	st       stack
	fail     context.CancelCauseFunc
	logger   *slog.Logger
	registry *prometheus.Registry

	store    *aggregate.Store
	journeys []*journey.Journey
	ready    readiness
	watched  []troubled
	alerts   *alert.Watcher
}

// open connects to ClickHouse and loads the journeys.
func (s *serving) open(ctx context.Context) (err error) {
	if s.store, err = aggregate.Open(ctx, s.c.store); err != nil {
		return err
	}
	s.st.pushClose("ClickHouse connection", s.store.Close)
	if err := s.store.Migrate(ctx); err != nil {
		return err
	}
	if s.journeys, err = LoadJourneys(ctx, s.store, s.c.Journeys); err != nil {
		return err
	}
	if len(s.journeys) == 0 {
		return errors.New("no journey is defined: name journey files in TAPPA_JOURNEYS")
	}
	s.ready = readiness{store: s.store}
	if !slices.Contains(s.c.Roles, "aggregate") { // of several processes one says it
		return nil
	}
	return tellOldTags(ctx, s.store, s.journeys, "", s.logger)
}

// aggregate starts the walk, and what looks at the numbers that come of it.
func (s *serving) aggregate(defs *alert.Definitions) error {
	walker, err := aggregate.NewWalker(s.store, s.journeys, aggregate.WalkerOptions{Logger: s.logger, Registerer: s.registry, Part: s.c.part})
	if err != nil {
		return err
	}
	s.ready.walk = newWalkWatch(s.store, s.journeys, s.c.part, s.c.readyAfter)
	s.st.start("walk", s.fail, walker.Run)
	if s.c.verify > 0 && s.c.part.Number == 1 { // what is accounted for is not divided
		pipeline := s.c.pipeline(s.store)
		pipeline.Journeys = s.journeys
		verify, err := newVerifyWatch(pipeline, s.c.verify, s.logger, s.registry)
		if err != nil {
			return err
		}
		s.st.start("verify", s.fail, verify.Run)
	}
	if !s.c.refresh.Never() {
		schedule, err := newScheduler(s.store, s.journeys, s.c.refresh, s.c.Software, s.logger, s.registry)
		if err != nil {
			return err
		}
		s.watched = append(s.watched, schedule)
		s.st.start("refresh", s.fail, schedule.Run)
	}
	if s.alerts, err = watch(defs, s.journeys, s.store, s.logger, s.registry); err != nil {
		return err
	}
	if s.alerts != nil {
		s.watched = append(s.watched, s.alerts)
		s.st.start("alerts", s.fail, s.alerts.Run)
	}
	return nil
}

// collect starts a collector.
func (s *serving) collect(ctx context.Context) (err error) {
	pipeline := s.c.pipeline(s.store)
	pipeline.Journeys, pipeline.Logger, pipeline.Registerer = s.journeys, s.logger, s.registry
	if pipeline.Scoring, err = openScoring(ctx, s.store, s.journeys, s.registry, s.logger); err != nil {
		return err
	}
	s.st.pushClose("scorer", pipeline.Scoring.Close)
	if s.ready.collector, err = NewCollector(pipeline); err != nil {
		return err
	}
	s.st.start("collector", s.fail, func(ctx context.Context) error { return advised(s.ready.collector.Run(ctx)) })
	return nil
}

// advised adds to what only a person can put right which variable says what is to be done.
func advised(err error) error {
	switch {
	case errors.Is(err, ingest.ErrRecreated):
		return fmt.Errorf("%w: it was deleted and made anew, or the addresses point at another Kafka; TAPPA_AT_NEW_TOPIC=restart reads it from its beginning", err)
	case errors.Is(err, ingest.ErrGap):
		return fmt.Errorf("%w: they have to come again from their source; TAPPA_AT_GAP=go-on reads on behind them", err)
	}
	return err
}

// listen opens the pages, or without their role what probes and Prometheus ask for, and the gateway.
func (s *serving) listen(out io.Writer) error {
	addr, err := site{
		store: s.store, journeys: s.journeys, registry: s.registry, ready: s.ready, logger: s.logger, troubles: troublesOf(s.watched...),
		alerts: s.alerts, writer: s.store, access: dashboards.Access{Token: s.c.token}, hidden: !slices.Contains(s.c.Roles, "dashboards"),
	}.listen(&s.st, s.c.Listen, s.fail)
	if err != nil {
		return err
	}
	if s.c.gateway != nil {
		at, err := s.c.gatewayOn(s.registry, s.logger).listen(&s.st, s.fail)
		if err != nil {
			return err
		}
		tellGateway(out, s.c.gateway, at)
	}
	fmt.Fprintf(out, "tappa serves %v on http://%s/\n", s.c.Roles, addr)
	return nil
}
