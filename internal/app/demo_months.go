package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// What the demo's company did at the turn of its story, and the number that was to move.
const (
	demoOpportunity = "quotes"
	demoKPI         = "quote-conversion"
	demoAction      = "Richiamare entro un giorno chi ha ricevuto un'offerta"
)

// tellMonths freezes two months of the demo's year, before and after what its company did, and enters what it did as an
// opportunity, so that there is something to compare. What is there already is left as it is. The demo goes on without it where that fails.
func (d *demo) tellMonths(ctx context.Context, store *aggregate.Store, j *journey.Journey, opts UpOptions) error {
	before, after := d.months(j.Location)
	err := d.freezeMonths(ctx, store, j, opts.Software, before, after)
	if err == nil {
		err = d.enterOpportunity(ctx, store, j, before)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		opts.Logger.Warn("the demo's months cannot be compared", "error", err)
	default:
		fmt.Fprintf(opts.Out, "its months %s and %s are frozen: what has changed is on the page Months\n", before, after)
	}
	return nil
}

// months are the last before the turn and the last that is over. Of a year that has not come to its turn, or only just, they are its last two.
func (d *demo) months(zone *time.Location) (before, after string) {
	end := d.world.End().In(zone)
	after = lastMonth(end)
	if turn := d.world.Turn().In(zone); lastMonth(turn) < after {
		return lastMonth(turn), after
	}
	return lastMonth(monthEnd(after, zone).AddDate(0, -1, 0)), after
}

func (d *demo) freezeMonths(ctx context.Context, store *aggregate.Store, j *journey.Journey, software string, months ...string) error {
	for _, month := range months {
		_, err := store.Snapshot(ctx, string(j.ID), month, 0)
		if errors.Is(err, aggregate.ErrNoSnapshot) {
			_, _, err = freeze(ctx, store, j, month, software)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enterOpportunity enters what the company did, if the year has come to it, and if this is the journey that it did it in.
func (d *demo) enterOpportunity(ctx context.Context, store *aggregate.Store, j *journey.Journey, baseline string) error {
	i := slices.IndexFunc(j.KPIs, func(k journey.KPI) bool { return k.ID == demoKPI })
	if i < 0 || lastMonth(d.world.Turn().In(j.Location)) != baseline {
		return nil
	}
	_, err := store.Opportunity(ctx, string(j.ID), demoOpportunity)
	if !errors.Is(err, aggregate.ErrNoOpportunity) {
		return err
	}
	_, err = store.AddOpportunity(ctx, aggregate.Opportunity{
		ID: demoOpportunity, Journey: j.ID, Kind: aggregate.Fix, Touchpoint: "quote", Department: "sales", Action: demoAction,
		Due: d.world.Turn().AddDate(0, 4, 0).Format(time.DateOnly), Target: j.KPIs[i], Baseline: baseline,
	})
	return err
}
