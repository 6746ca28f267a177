package aggregate

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tappa/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

// openStore gives a store on a fresh, migrated database.
func openStore(t testing.TB) *Store {
	t.Helper()
	env := testenv.ClickHouse(t)
	s, err := Open(t.Context(), Options{Addr: env.Addr, Protocol: "http", Database: env.Database})
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
