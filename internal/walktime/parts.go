package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// walker gives a new walker of the journey.
func (b *bench) walker() (*aggregate.Walker, error) {
	part, err := aggregate.ParsePart(b.part)
	if err != nil {
		return nil, err
	}
	return aggregate.NewWalker(b.store, []*journey.Journey{b.journey}, aggregate.WalkerOptions{Chunk: b.chunk, Workers: b.workers, Part: part})
}

// rebuild walks the whole history from nothing.
func rebuild(ctx context.Context, b *bench) (err error) {
	for _, table := range []string{"people", "people_walked", "links", "walks", "walked"} {
		if _, err := b.ask(ctx, "TRUNCATE TABLE "+table); err != nil {
			return err
		}
	}
	for _, table := range []string{"arrivals", "records"} {
		if _, err := b.ask(ctx, "ALTER TABLE "+table+" DELETE WHERE topic != 'history' SETTINGS mutations_sync = 2"); err != nil {
			return err
		}
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	w, err := b.walker()
	if err != nil {
		return err
	}
	if b.profile != "" {
		f, err := os.Create(b.profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var p aggregate.Progress
	c, err := measured(func() error {
		p, err = w.CatchUp(ctx)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("rebuild: %d interactions of %d subjects in %.2f s, %.1f CPU s, Go memory at most %d MiB\n",
		p.Interactions, p.Subjects, c.wall.Seconds(), c.cpu.Seconds(), c.goPeak>>20)
	n, err := b.ask(ctx, "SELECT sum(rows) || ' rows, ' || sum(bytes_on_disk) || ' bytes in ' || count() || ' parts' "+
		"FROM system.parts WHERE active AND database = currentDatabase() AND table = 'walks'")
	if err != nil {
		return err
	}
	fmt.Printf("  walks: %s\n", n)
	events, err := b.ask(ctx, "SELECT event, value FROM system.events WHERE event IN ('MergedRows', 'MergeExecuteMilliseconds', 'MergeTreeDataWriterRows', "+
		"'MergeTreeDataWriterSortingBlocksMicroseconds', 'MergeTreeDataWriterMergingBlocksMicroseconds', 'FileSyncElapsedMicroseconds', 'OSCPUVirtualTimeMicroseconds') FORMAT TSV")
	fmt.Println("  the engine since it started:", strings.ReplaceAll(strings.ReplaceAll(events, "\n", ", "), "\t", " "))
	return err
}

// views asks every view once, over all time, and says how long each took.
func views(ctx context.Context, b *bench) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	for _, info := range aggregate.Reports() {
		var rows int
		c, err := measured(func() error {
			r, err := b.store.Report(ctx, info.Name, aggregate.Query{Journey: "bench", Limit: 1000})
			rows = len(r.Rows)
			return err
		})
		if err != nil {
			fmt.Printf("view %-18s %v\n", info.Name, err)
			continue
		}
		fmt.Printf("view %-18s %6d rows  %6.2f s  %6.2f CPU s\n", info.Name, rows, c.wall.Seconds(), c.cpu.Seconds())
	}
	return b.firstLast(ctx)
}

// settle waits until the engine merges no parts any more.
func (b *bench) settle(ctx context.Context) error {
	begun, quiet := time.Now(), 0
	for quiet < 4 {
		n, err := b.ask(ctx, "SELECT count() FROM system.merges")
		if err != nil {
			return err
		}
		if quiet++; n != "0" {
			quiet = 0
		}
		time.Sleep(500 * time.Millisecond)
	}
	fmt.Printf("merges settled after %.1f s\n", time.Since(begun).Seconds())
	return nil
}

// firstLast asks when each case first and last was in each stage, as deploy/oracle/peers.py asks others.
func (b *bench) firstLast(ctx context.Context) error {
	var n string
	c, err := measured(func() (err error) {
		n, err = b.ask(ctx, `
			SELECT count() FROM (SELECT subject, attempt, stage, entered_at, last_activity_at FROM visits WHERE journey = 'bench')
			WHERE entered_at <= last_activity_at`)
		return err
	})
	if err == nil {
		fmt.Printf("first and last per case and stage: %s rows  %.2f s  %.2f CPU s\n", n, c.wall.Seconds(), c.cpu.Seconds())
	}
	return err
}

// touched stores interactions of some people and says how long until a view shows them.
func touched(ctx context.Context, b *bench) error {
	w, err := b.walker()
	if err != nil {
		return err
	}
	if _, err := w.CatchUp(ctx); err != nil { // who is who is in memory, as in a walker that runs
		return err
	}
	for _, n := range []int{100, 100, 100, b.people / 100, b.people / 100} {
		var p aggregate.Progress
		c, err := measured(func() error {
			at := time.Now().UnixNano()
			if err := b.arrive(ctx, fmt.Sprintf(arrivals, at, at, n, b.people)); err != nil {
				return err
			}
			if p, err = w.CatchUp(ctx); err != nil {
				return err
			}
			_, err := b.ask(ctx, "SELECT * FROM cases WHERE journey = 'bench' AND subject = (SELECT any(contact_key) FROM records WHERE topic = 'arrivals')")
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("touched: %d people (%d interactions read) from arrival to view in %.3f s, %.2f CPU s\n", p.Touched, p.Interactions, c.wall.Seconds(), c.cpu.Seconds())
	}
	return nil
}

const arrivals = `
INSERT INTO arriving (contact_key, occurred_at, origin, id, arrived_at, source, type, activity, direction, contact_keys, public,
	journey, version, rule, touchpoint, channel, department, stages, topic, partition, offset)
SELECT 'email:' || leftPad(toString(cityHash64(number, %d) %% toUInt64(%[4]d) AS p), 7, '0') || '@' || ['example.com', 'example.org', 'example.net'][cityHash64(p, 'person') %% 3 + 1] AS key,
	toDateTime64('2025-12-01 00:00:00', 3, 'UTC'), 'site', toString(%[2]d) || '-' || toString(number), toDateTime64('2026-09-01 00:00:00', 3, 'UTC'),
	'form', 'form.submitted', 'form', 'inbound', [key], true, 'bench', 'v', 'r', 'tp01', 'web', 'sales', ['s01'], 'arrivals', 0,
	(SELECT ifNull(maxOrNull(offset), -1) FROM records WHERE topic = 'arrivals') + 1 + number
FROM numbers(%[3]d)
SETTINGS async_insert = 0`

// export writes the log for others to work on.
func export(ctx context.Context, b *bench) error {
	if b.options.export == "" {
		return nil
	}
	log, err := b.ask(ctx, `
		SELECT case_id, toString(activity) AS activity, toString(stage) AS stage, occurred_at
		FROM steps WHERE journey = 'bench' ORDER BY subject, attempt, number FORMAT CSVWithNames`)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.options.export, "log.csv"), []byte(log), 0o644)
}
