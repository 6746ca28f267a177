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

// The tables that others write to: tappa's own, and one with the same columns, order, codecs and care for what is on disk
// that is an ordinary MergeTree without projections and index, which is less work than tappa's.
const (
	sameTable  = "interactions"
	plainTable = "plain"
)

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
	columns, err := p.ask(`SELECT arrayStringConcat(groupArray(format('"{}" {} {}', name, type, compression_codec)), ', ')
		FROM (SELECT * FROM system.columns WHERE database = 'tappa' AND table = 'interactions' ORDER BY position) FORMAT TSVRaw`)
	if err != nil {
		return nil, err
	}
	_, err = p.ask("CREATE TABLE " + plainTable + " (" + columns + `) ENGINE = MergeTree PARTITION BY toYYYYMM(arrived_at)
		ORDER BY (contact_key, occurred_at, origin, id)
		SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456`)
	return p, err
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
