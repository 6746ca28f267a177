// Package chdb runs a real ClickHouse inside this process. It loads the engine's shared library (libchdb) without
// cgo and serves it on loopback over ClickHouse's own HTTP protocol, so that the rest of the program dials it with
// clickhouse-go as it would dial a server, and knows an address and nothing else.
//
// It is not a ClickHouse client, and it knows no table of ours. It is the only package that imports purego.
//
// # How a query runs
//
// A request becomes one [statement]: text, settings, parameters, and the data of an insert. Each statement gets an
// engine session of its own, which costs some 70 µs and is the reason why no setting, parameter or current database
// can leak from one query into the next: there is no next query in a session. One more session is held for as long
// as the [Engine] lives, because the engine shuts down with its last session.
//
// # One engine per process
//
// The engine keeps its state in process-wide variables: a process has at most one, on one directory. A second [Open]
// fails until the first is closed. Several processes on one directory would destroy it, so the directory is locked.
package chdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrNoLibrary says that the engine's library was not found, or is not one.
	ErrNoLibrary = errors.New("no ClickHouse engine library")
	// ErrHeld says that the data directory is in use by another process, or that this process already runs an engine.
	ErrHeld = errors.New("data directory is held")
	// ErrClosed says that the engine was closed before or during the call.
	ErrClosed = errors.New("engine is closed")
)

// Options say where the engine keeps its data and how much it may do at a time.
type Options struct {
	// Path is the directory of the engine's data. It is created if missing.
	Path string
	// Library is the file of libchdb. Empty means: $TAPPA_LIBCHDB, else beside the executable, else the package that
	// `make engine` installs under deploy/engine.
	Library string
	// Logger receives a debug line per query and what goes wrong while closing. Nil means silence.
	Logger *slog.Logger
	// Queries is how many statements may run side by side; more wait for their turn. Half as many may run beside them
	// for the read-only listener, so that pages never keep the writers waiting. Zero means 64.
	Queries int
	// Pages bounds what is asked over the read-only listener.
	Pages Limits
	// Patience is how long Close waits for running statements before it kills them. Zero means 30 seconds.
	Patience time.Duration
}

// Limits bound one statement of the read-only listener. A request may ask for less, never for more.
type Limits struct {
	// Time is how long it may run. Zero means one minute.
	Time time.Duration
	// Rows and Bytes are how large its result may be. Zero means 10 million rows and 2 GiB.
	Rows, Bytes uint64
	// Memory is how many bytes it may use. Zero means 4 GiB.
	Memory uint64
}

// Engine is a running ClickHouse. All its methods are safe for concurrent use.
type Engine struct {
	path     string
	lib      *library
	log      *slog.Logger
	limits   Limits
	patience time.Duration

	version  string              // of ClickHouse
	anchor   *session            // keeps the engine alive
	settings map[string]struct{} // names of the settings that the engine knows
	sources  map[string]struct{} // table functions that reach outside the database, lower case
	slots    chan struct{}       // one held per running statement
	pages    chan struct{}       // the same, of the read-only listener
	marks    atomic.Uint64       // numbers statements, so that one can be found and killed
	unlock   func()

	force  context.Context // done when Close has lost patience
	expire context.CancelFunc

	mu       sync.Mutex
	closed   bool
	rw, ro   *listener
	running  sync.WaitGroup
	closeErr error
	closing  sync.Once
}

// process is the one engine of this process: libchdb keeps its state in global variables, so this must be one too.
var process struct {
	sync.Mutex
	path string // of the open engine, "" if none
}

// Open loads the library, locks the data directory and starts the engine. It listens nowhere yet. The error wraps
// ErrNoLibrary or ErrHeld where that is the reason, and its text says what to do.
func Open(opt Options) (*Engine, error) {
	path, err := filepath.Abs(opt.Path)
	if err != nil || opt.Path == "" {
		return nil, fmt.Errorf("chdb: open %q: a data directory is needed", opt.Path)
	}
	lib, err := loadLibrary(opt.Library)
	if err != nil {
		return nil, fmt.Errorf("chdb: %w", err)
	}
	if err := claimProcess(path); err != nil {
		return nil, fmt.Errorf("chdb: open %s: %w", path, err)
	}
	e, err := open(path, lib, opt)
	if err != nil {
		releaseProcess()
		return nil, fmt.Errorf("chdb: open %s: %w", path, err)
	}
	return e, nil
}

func open(path string, lib *library, opt Options) (*Engine, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, err
	}
	unlock, err := lock(path)
	if err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	e := &Engine{
		path: path, lib: lib, log: opt.Logger, limits: opt.Pages, patience: opt.Patience,
		slots: make(chan struct{}, opt.Queries), pages: make(chan struct{}, max(1, opt.Queries/2)), unlock: unlock,
	}
	e.force, e.expire = context.WithCancel(context.Background())
	// Go runs the process's signal handlers; the engine's would end the program in its own way.
	lib.setSignalHandlers(0)
	if e.anchor = lib.connect(path); e.anchor == nil {
		unlock()
		return nil, errors.New("the engine refused the directory: was it written by a newer version?")
	}
	if err := e.learn(); err != nil {
		e.anchor.close()
		unlock()
		return nil, err
	}
	return e, nil
}

func (opt Options) withDefaults() Options {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Queries <= 0 {
		opt.Queries = 64
	}
	if opt.Patience <= 0 {
		opt.Patience = 30 * time.Second
	}
	if opt.Pages.Time <= 0 {
		opt.Pages.Time = time.Minute
	}
	if opt.Pages.Rows == 0 {
		opt.Pages.Rows = 10_000_000
	}
	if opt.Pages.Bytes == 0 {
		opt.Pages.Bytes = 2 << 30
	}
	if opt.Pages.Memory == 0 {
		opt.Pages.Memory = 4 << 30
	}
	return opt
}

// learn asks the engine which settings it has, and which of its table functions could read files or the network.
func (e *Engine) learn() error {
	versions, err := e.anchor.column("SELECT version()")
	if err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	for e.version = range versions { // the one there is
	}
	names, err := e.anchor.column("SELECT name FROM system.settings")
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	e.settings = names
	functions, err := e.anchor.column("SELECT lower(name) FROM system.table_functions")
	if err != nil {
		return fmt.Errorf("read table functions: %w", err)
	}
	for name := range harmless {
		delete(functions, name)
	}
	functions["file"], functions["catboostevaluate"] = struct{}{}, struct{}{} // scalar functions that read files
	e.sources = functions
	return nil
}

// Path returns the directory of the engine's data.
func (e *Engine) Path() string { return e.path }

// Listen serves the engine on addr (host:port, port 0 for any free one). Whoever reaches that address may do
// anything, so it must be a loopback address.
func (e *Engine) Listen(addr string) error { return e.listen(addr, false) }

// ListenReadOnly serves, on another address, statements that only read: no insert, no change of schema or settings,
// no files, no network, and within the limits of Options.Pages.
func (e *Engine) ListenReadOnly(addr string) error { return e.listen(addr, true) }

// Addr returns the host:port of Listen, or "" before it.
func (e *Engine) Addr() string { return e.addr(false) }

// ReadOnlyAddr returns the host:port of ListenReadOnly, or "" before it.
func (e *Engine) ReadOnlyAddr() string { return e.addr(true) }

// Close stops listening, waits for running statements, kills those that outlast Options.Patience, and shuts the
// engine down. Every later call returns what the first returned.
func (e *Engine) Close() error {
	e.closing.Do(func() { e.closeErr = e.close() })
	return e.closeErr
}

func (e *Engine) close() error {
	e.mu.Lock()
	e.closed = true
	listeners := []*listener{e.ro, e.rw} // pages first: they only look
	e.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), e.patience)
	defer cancel()
	var errs []error
	for _, l := range listeners {
		if l != nil {
			errs = append(errs, l.stop(ctx, e.expire))
		}
	}
	e.mu.Lock() // no statement may begin between this and the wait
	e.expire()
	e.mu.Unlock()
	if !waitFor(&e.running, 10*time.Second) {
		// Shutting the engine down under a running statement would crash the process; the lock goes with the process.
		return errors.Join(append(errs, errors.New("chdb: close: a statement would not be killed; engine left running"))...)
	}
	e.anchor.close()
	e.unlock()
	releaseProcess()
	return errors.Join(errs...)
}

func waitFor(wg *sync.WaitGroup, limit time.Duration) bool {
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

func claimProcess(path string) error {
	process.Lock()
	defer process.Unlock()
	if process.path != "" {
		return fmt.Errorf("%w: this process already runs an engine on %s, and can run only one: close it first",
			ErrHeld, process.path)
	}
	process.path = path
	return nil
}

func releaseProcess() {
	process.Lock()
	defer process.Unlock()
	process.path = ""
}

// begin counts a statement as running, and waits for a slot. The caller calls the function it returns at the end.
func (e *Engine) begin(ctx context.Context, readOnly bool) (func(), error) {
	slots := e.slots
	if readOnly {
		slots = e.pages
	}
	e.mu.Lock()
	if e.force.Err() != nil {
		e.mu.Unlock()
		return nil, ErrClosed
	}
	e.running.Add(1)
	e.mu.Unlock()
	select {
	case slots <- struct{}{}:
		return func() { <-slots; e.running.Done() }, nil
	case <-ctx.Done():
		e.running.Done()
		return nil, ctx.Err()
	case <-e.force.Done():
		e.running.Done()
		return nil, ErrClosed
	}
}

func (e *Engine) addr(readOnly bool) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.rw
	if readOnly {
		l = e.ro
	}
	if l == nil {
		return ""
	}
	return l.addr
}

func (e *Engine) listen(addr string, readOnly bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return fmt.Errorf("chdb: listen %s: %w", addr, ErrClosed)
	}
	slot := &e.rw
	if readOnly {
		slot = &e.ro
	}
	if *slot != nil {
		return fmt.Errorf("chdb: listen %s: already listening on %s", addr, (*slot).addr)
	}
	l, err := newListener(addr, &handler{engine: e, readOnly: readOnly}, e.log)
	if err != nil {
		return fmt.Errorf("chdb: listen %s: %w", addr, err)
	}
	*slot = l
	return nil
}
