package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"tappa/aggregate"
	"tappa/alert"
	"tappa/dashboards"
)

// Serve runs the configured roles against Kafka and ClickHouse servers until ctx ends, then stops them in order.
func Serve(ctx context.Context, c Config, out io.Writer, logger *slog.Logger) (err error) {
	if c.kafkaOnly() {
		return serveKafkaOnly(ctx, c, out, logger)
	}
	defs, err := loadAlerts(c.Alerts)
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var st stack
	defer func() { err = errors.Join(err, st.Close()) }()

	store, err := aggregate.Open(ctx, c.store)
	if err != nil {
		return err
	}
	st.pushClose("ClickHouse connection", store.Close)
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	journeys, err := LoadJourneys(ctx, store, c.Journeys)
	if err != nil {
		return err
	}
	if len(journeys) == 0 {
		return errors.New("no journey is defined: name journey files in TAPPA_JOURNEYS")
	}
	registry := newRegistry()
	ready := readiness{store: store}
	var watched []troubled
	var alerts *alert.Watcher
	if slices.Contains(c.Roles, "aggregate") {
		walker, err := aggregate.NewWalker(store, journeys, aggregate.WalkerOptions{Logger: logger, Registerer: registry, Part: c.part})
		if err != nil {
			return err
		}
		ready.walk = newWalkWatch(store, journeys, c.part, c.readyAfter)
		st.start("walk", fail, walker.Run)
		if c.verify > 0 && c.part.Number == 1 { // what is accounted for is not divided
			pipeline := c.pipeline(store)
			pipeline.Journeys = journeys
			verify, err := newVerifyWatch(pipeline, c.verify, logger, registry)
			if err != nil {
				return err
			}
			st.start("verify", fail, verify.Run)
		}
		if !c.refresh.Never() {
			schedule, err := newScheduler(store, journeys, c.refresh, c.Software, logger, registry)
			if err != nil {
				return err
			}
			watched = append(watched, schedule)
			st.start("refresh", fail, schedule.Run)
		}
		if alerts, err = watch(defs, store, logger, registry); err != nil {
			return err
		}
		if alerts != nil {
			watched = append(watched, alerts)
			st.start("alerts", fail, alerts.Run)
		}
	}
	if slices.Contains(c.Roles, "collect") {
		pipeline := c.pipeline(store)
		pipeline.Journeys, pipeline.Logger, pipeline.Registerer = journeys, logger, registry
		if pipeline.Scoring, err = openScoring(ctx, store, journeys, registry, logger); err != nil {
			return err
		}
		st.pushClose("scorer", pipeline.Scoring.Close)
		collector, err := NewCollector(pipeline)
		if err != nil {
			return err
		}
		ready.collector = collector
		st.start("collector", fail, collector.Run)
	}
	if slices.Contains(c.Roles, roleSuiteCRM) {
		if ready.relay, err = startRelay(&st, fail, c.relay(), c.readyAfter, logger, registry); err != nil {
			return err
		}
	}
	pages := site{store: store, journeys: journeys, registry: registry, ready: ready, logger: logger, troubles: troublesOf(watched...), alerts: alerts, writer: store, access: dashboards.Access{Token: c.token}}
	pages.hidden = !slices.Contains(c.Roles, "dashboards")
	addr, err := pages.listen(&st, c.Listen, fail)
	if err != nil {
		return err
	}
	if c.gateway != nil {
		at, err := c.gatewayOn(registry, logger).listen(&st, fail)
		if err != nil {
			return err
		}
		tellGateway(out, c.gateway, at)
	}
	fmt.Fprintf(out, "tappa serves %v on http://%s/\n", c.Roles, addr)
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
