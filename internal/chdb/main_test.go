package chdb_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tappa/internal/testenv"
)

// childEnv names the scenario that a child process of a test plays. An engine is one per process, so whatever opens,
// holds, closes or loses an engine of its own does it in a child.
const childEnv = "TAPPA_CHDB_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if err := scenarios[name](os.Args[1:]); err != nil {
			fmt.Println("child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(testenv.Main(m))
}

// deadline ends a test's queries long before go test would end the test.
func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// dialDB opens a connection to a test's database.
func dialDB(t testing.TB, db testenv.Engine) driver.Conn {
	t.Helper()
	return connect(t, db, func(*clickhouse.Options) {})
}

// connect opens a connection with options that change tells.
func connect(t testing.TB, db testenv.Engine, change func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	opt := &clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{db.Addr}, Auth: clickhouse.Auth{Database: db.Database}}
	change(opt)
	conn, err := clickhouse.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func run(t testing.TB, conn driver.Conn, sqls ...string) {
	t.Helper()
	for _, sql := range sqls {
		if err := conn.Exec(deadline(t), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// one returns the only value of the only row of a query.
func one[T any](t testing.TB, conn driver.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(deadline(t), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}
