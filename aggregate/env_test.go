package aggregate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tappa/internal/chdb"
)

// One engine serves all tests of the process, each in a database of its own.
var (
	engine    *chdb.Engine
	databases atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "aggregate")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	engine, err = chdb.Open(chdb.Options{Path: dir})
	if err == nil {
		err = engine.Listen("127.0.0.1:0")
	}
	if err != nil && (!errors.Is(err, chdb.ErrNoLibrary) || os.Getenv("TAPPA_REQUIRE_PARTS") != "") {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if engine != nil {
		if err := engine.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// openStore gives a store on a fresh, migrated database.
func openStore(t testing.TB) *Store {
	t.Helper()
	if engine == nil {
		t.Skip("no ClickHouse engine library: run `make engine`")
	}
	s, err := Open(t.Context(), Options{Addr: engine.Addr(), Protocol: "http", Database: fmt.Sprintf("t%d", databases.Add(1))})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.Migrate(t.Context()))
	return s
}

func openDriver(t testing.TB, opts Options) driver.Conn {
	t.Helper()
	config, err := opts.driver("default")
	must(t, err)
	conn, err := clickhouse.Open(config)
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	return conn
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dump gives the answer to a query as tab separated text.
func dump(t testing.TB, s *Store, query string) string {
	t.Helper()
	r, err := s.conn.QueryFormat(t.Context(), "TSV", query)
	must(t, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	must(t, err)
	return strings.ReplaceAll(string(data), `\'`, "'")
}
