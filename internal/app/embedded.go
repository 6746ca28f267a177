package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"tappa/aggregate"
	"tappa/internal/broker"
	"tappa/internal/chdb"
)

// database is the name of the embedded database.
const database = "tappa"

// Embedded is ClickHouse, and where asked for Kafka, in this process, over one data directory.
type Embedded struct {
	Dir     string
	Store   *aggregate.Store // may do everything
	Pages   *aggregate.Store // may only read: what pages and the API use
	Brokers []string         // empty without Kafka

	stack stack
}

// EmbeddedOptions says what OpenEmbedded opens.
type EmbeddedOptions struct {
	Dir    string // created if missing
	Kafka  bool   // start the broker as well
	Logger *slog.Logger
}

// running is what a running process leaves in its data directory, so that other commands can reach it.
type running struct {
	PID        int      `json:"pid"`
	ClickHouse string   `json:"clickhouse"` // read-only HTTP address
	Writing    string   `json:"writing"`    // HTTP address that may do everything
	Brokers    []string `json:"brokers,omitempty"`
}

const runningFile = "running.json"

// OpenEmbedded opens the parts over opts.Dir and brings the schema up to date. The caller closes the result.
func OpenEmbedded(ctx context.Context, opts EmbeddedOptions) (_ *Embedded, err error) {
	e := &Embedded{Dir: opts.Dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	if err := os.MkdirAll(opts.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	engine, err := chdb.Open(chdb.Options{Path: filepath.Join(opts.Dir, "clickhouse"), Logger: opts.Logger})
	if err != nil {
		return nil, fmt.Errorf("open embedded ClickHouse: %w", err)
	}
	e.stack.pushClose("embedded ClickHouse", engine.Close)
	if err := errors.Join(engine.Listen("127.0.0.1:0"), engine.ListenReadOnly("127.0.0.1:0")); err != nil {
		return nil, fmt.Errorf("open embedded ClickHouse: %w", err)
	}
	if opts.Kafka {
		b, err := broker.Start(broker.Options{Dir: filepath.Join(opts.Dir, "kafka"), Partitions: 4, Logger: opts.Logger})
		if err != nil {
			return nil, fmt.Errorf("start embedded Kafka: %w", err)
		}
		e.stack.pushClose("embedded Kafka", b.Close)
		e.Brokers = []string{b.Addr()}
	}
	if e.Store, err = e.openStore(ctx, engine.Addr()); err != nil {
		return nil, err
	}
	if err := e.Store.Migrate(ctx); err != nil {
		return nil, err
	}
	if e.Pages, err = e.openStore(ctx, engine.ReadOnlyAddr()); err != nil {
		return nil, err
	}
	return e, e.announce(engine.Addr(), engine.ReadOnlyAddr())
}

func (e *Embedded) openStore(ctx context.Context, addr string) (*aggregate.Store, error) {
	store, err := aggregate.Open(ctx, aggregate.Options{Addr: addr, Protocol: "http", Database: database})
	if err != nil {
		return nil, err
	}
	e.stack.pushClose("ClickHouse connection", store.Close)
	return store, nil
}

// announce leaves the addresses in the data directory, for its owner alone, and takes them away again on Close.
func (e *Embedded) announce(writing, reading string) error {
	path := filepath.Join(e.Dir, runningFile)
	data, err := json.Marshal(running{PID: os.Getpid(), ClickHouse: reading, Writing: writing, Brokers: e.Brokers})
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	e.stack.pushClose("announcement", func() error { return os.Remove(path) })
	return nil
}

// Close stops everything in reverse order. A second Close does nothing.
func (e *Embedded) Close() error { return e.stack.Close() }

// OpenServers gives a store over the servers that a configuration names, for reports.
func OpenServers(ctx context.Context, c Config) (*aggregate.Store, func() error, error) {
	store, err := aggregate.Open(ctx, c.store)
	if err != nil {
		return nil, nil, err
	}
	return store, store.Close, nil
}

// OpenForReading gives a store over dir for reports: its own, or, where another process holds the directory, through
// that process. A directory that does not exist is an error, since there is nothing to report on.
func OpenForReading(ctx context.Context, dir string) (*aggregate.Store, func() error, error) {
	if _, err := os.Stat(filepath.Join(dir, "clickhouse")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("no tappa data in %q: import something there first (`tappa import --data %s …`), or name another directory with --data", dir, dir)
	}
	e, err := OpenEmbedded(ctx, EmbeddedOptions{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		return e.Pages, e.Close, nil
	}
	if !errors.Is(err, chdb.ErrHeld) {
		return nil, nil, err
	}
	holder, announced := readAnnouncement(dir)
	if announced != nil {
		return nil, nil, errors.Join(err, announced)
	}
	store, err := aggregate.Open(ctx, aggregate.Options{Addr: holder.ClickHouse, Protocol: "http", Database: database})
	if err != nil {
		return nil, nil, fmt.Errorf("reach the tappa that holds %q (process %d): %w", dir, holder.PID, err)
	}
	return store, store.Close, nil
}

func readAnnouncement(dir string) (running, error) {
	data, err := os.ReadFile(filepath.Join(dir, runningFile))
	if err != nil {
		return running{}, fmt.Errorf("find the tappa that holds the directory: %w", err)
	}
	var r running
	if err := json.Unmarshal(data, &r); err != nil {
		return running{}, fmt.Errorf("find the tappa that holds the directory: %s: %w", runningFile, err)
	}
	return r, nil
}
