// Package testenv gives tests the real parts that the program needs, started once per test process and clean for every
// test: a ClickHouse database, a Kafka broker, golden files. Only tests import it.
package testenv

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tappa/internal/chdb"
)

// Engine tells a test where its database is.
type Engine struct {
	// Addr is host:port of ClickHouse's HTTP interface; ReadOnlyAddr that of the read-only listener.
	Addr, ReadOnlyAddr string
	// Database is the test's own, empty at the start and dropped at the end.
	Database string
}

// engine is the one that this test process may have. It is started by the first test that asks for it and lives
// until the process ends, or until Main closes it.
var engine struct {
	sync.Mutex
	open      *chdb.Engine
	dir       string
	databases atomic.Uint64
}

// ClickHouse returns a fresh database on a real engine, which all tests of the process share; tests may be parallel.
// Where the engine's library is missing the test is skipped, or fails if the environment says that all parts must be
// there (see RequireParts). A package that calls it needs TestMain to call Main.
func ClickHouse(t testing.TB) Engine {
	t.Helper()
	e, err := started()
	if errors.Is(err, chdb.ErrNoLibrary) && !RequireParts() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	info := Engine{
		Addr:         e.Addr(),
		ReadOnlyAddr: e.ReadOnlyAddr(),
		Database:     fmt.Sprintf("test_%d_%s", engine.databases.Add(1), nameOf(t)),
	}
	run := func(sql string) {
		if err := ask(info.Addr, sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	run("CREATE DATABASE " + info.Database)
	t.Cleanup(func() { run("DROP DATABASE " + info.Database + " SYNC") })
	return info
}

// ask sends a statement as curl would: which client a test uses is its own choice.
func ask(addr, sql string) error {
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Post("http://"+addr, "text/plain", strings.NewReader(sql))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, err := io.ReadAll(res.Body)
		return errors.Join(err, errors.New(string(text)))
	}
	return nil
}

// started returns the process's engine, and starts it if need be.
func started() (*chdb.Engine, error) {
	engine.Lock()
	defer engine.Unlock()
	if engine.open != nil {
		return engine.open, nil
	}
	dir, err := os.MkdirTemp(scratch(), "tappa-test-")
	if err != nil {
		return nil, err
	}
	e, err := chdb.Open(chdb.Options{Path: dir})
	if err == nil {
		if err = errors.Join(e.Listen("127.0.0.1:0"), e.ListenReadOnly("127.0.0.1:0")); err != nil {
			err = errors.Join(err, e.Close())
		}
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	engine.open, engine.dir = e, dir
	return e, nil
}

// stop closes the process's engine, if there is one, and removes its data.
func stop() error {
	engine.Lock()
	defer engine.Unlock()
	if engine.open == nil {
		return nil
	}
	err := errors.Join(engine.open.Close(), os.RemoveAll(engine.dir))
	engine.open = nil
	return err
}

// Main runs the tests of a package and returns the process's exit code: `os.Exit(testenv.Main(m))`. Afterwards it
// closes what the tests shared and, if the tests passed, fails for goroutines that they left running.
func Main(m *testing.M, leaks ...goleak.Option) int {
	code := m.Run()
	if err := errors.Join(stop(), stopApacheKafka()); err != nil {
		fmt.Fprintln(os.Stderr, "testenv: stop:", err)
		code = max(code, 1)
	}
	if code != 0 {
		return code
	}
	if err := goleak.Find(leaks...); err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		return 1
	}
	return 0
}

// RequireParts tells whether a test must fail, not skip, where an external part is missing: CI sets CI, and anyone
// may set TAPPA_REQUIRE_PARTS.
func RequireParts() bool {
	for _, name := range []string{"CI", "TAPPA_REQUIRE_PARTS"} {
		if v := os.Getenv(name); v != "" && v != "0" && v != "false" {
			return true
		}
	}
	return false
}

// nameOf makes a test's name fit into a database's.
func nameOf(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, t.Name())
	return name[:min(len(name), 60)]
}
