package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/internal/chdb"
)

// peer is another system's run: the engine in this process, with the table it writes to.
type peer struct {
	engine *chdb.Engine
	job    job
	table  string
}

// The tables that others write to. Both hold all columns of view interactions and of table arrivals, in the order, with the codecs and the
// care for what is on disk of tappa's records. keptTable answers what tappa's two do: copies of an interaction collapse, projections tell how far a
// topic is stored and who arrived, an index finds threads. plainTable is an ordinary MergeTree with nothing beside.
const (
	keptTable  = "kept"
	plainTable = "plain"
)

// tables are the definitions of the tables, without their columns.
var tables = map[string]struct{ beside, engine, settings string }{
	keptTable: {
		beside: `, PROJECTION ledger (SELECT topic, partition, max(offset), count() GROUP BY topic, partition),
			PROJECTION sightings
			(
				SELECT topic, partition, offset, contact_key, contact_keys, account, thread, occurred_at, origin, id, type
				ORDER BY topic, partition, offset
			),
			INDEX by_thread thread TYPE bloom_filter(0.01) GRANULARITY 1`,
		engine: "ReplacingMergeTree", settings: ", deduplicate_merge_projection_mode = 'rebuild'",
	},
	plainTable: {engine: "MergeTree"},
}

// openPeer starts an engine and makes the table.
func openPeer(ctx context.Context, j job, table string) (_ *peer, err error) {
	engine, err := chdb.Open(chdb.Options{Path: j.Dir})
	if err != nil {
		return nil, err
	}
	p := &peer{engine, j, table}
	defer func() {
		if err != nil {
			err = errors.Join(err, engine.Close())
		}
	}()
	if err := engine.Listen("127.0.0.1:0"); err != nil {
		return nil, err
	}
	store, err := aggregate.Open(ctx, aggregate.Options{Addr: engine.Addr(), Protocol: "http"})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	return p, p.create(table)
}

// create makes a table for others to write to. Words that tappa has in table tags are plain texts, but for the three that are asked for most:
// as LowCardinality they would make merges dearer.
func (p *peer) create(table string) error {
	columns, err := p.ask(`SELECT arrayStringConcat(groupArray(format('"{}" {} {}', name, if(name IN ('source', 'journey', 'topic'), type,
			replaceAll(type, 'LowCardinality(String)', 'String')), if(name IN ('text', 'payload'), 'CODEC(ZSTD(1))', ''))), ', ')
		FROM
		(
			SELECT * FROM system.columns WHERE database = 'tappa' AND table IN ('interactions', 'arrivals')
			ORDER BY table DESC, position LIMIT 1 BY name
		) FORMAT TSVRaw`)
	if err != nil {
		return err
	}
	t := tables[table]
	_, err = p.ask("CREATE TABLE " + table + " (" + columns + t.beside + ") ENGINE = " + t.engine + ` PARTITION BY toYYYYMM(arrived_at)
		ORDER BY (contact_key, occurred_at, origin, id)
		SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456` + t.settings)
	return err
}

// ask runs a statement and returns its answer.
func (p *peer) ask(sql string) (string, error) {
	res, err := http.Post("http://"+p.engine.Addr()+"/?database=tappa", "text/plain", strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", shorten(sql), text)
	}
	return strings.TrimSpace(string(text)), err
}

func shorten(s string) string { return s[:min(len(s), 60)] }

// count is how many rows are visible.
func (p *peer) count() (int64, error) {
	text, err := p.ask("SELECT count() FROM " + p.table)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// follow starts a system and waits until all is visible. The clock runs from the first rows that are, and those do not
// count, so that a system's own start is not held against it; its processor time counts whole.
func (p *peer) follow(ctx context.Context, start func() (*exec.Cmd, error)) (r result, err error) {
	cpu := ownCPU()
	cmd, err := start()
	if err != nil {
		return r, err
	}
	other := func() float64 { return 0 }
	if cmd != nil {
		other = func() float64 { return processCPU(cmd.Process.Pid) }
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	}
	var began time.Time
	for last := time.Now(); r.Rows < int64(p.job.Events); {
		n, err := p.count()
		switch {
		case err != nil:
			return r, err
		case n > r.Rows:
			last = time.Now()
		case time.Since(last) > time.Minute:
			return r, fmt.Errorf("stopped at %d rows of %d", n, p.job.Events)
		}
		if r.Rows = n; n > 0 && began.IsZero() {
			began, r.Before = time.Now(), n
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	r.Seconds = time.Since(began).Seconds()
	engine := ownCPU() - cpu
	r.CPU, r.EngineCPU, r.Peak = engine+other(), engine, peakResident()
	if cmd != nil {
		r.Peak += residentOf(cmd.Process.Pid)
	}
	return r, nil
}
