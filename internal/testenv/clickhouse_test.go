package testenv

import (
	"context"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestClickHouse(t *testing.T) {
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := ClickHouse(t)
			conn := db.Conn(t)
			ctx := context.Background()
			// The same table in each: they do not see one another.
			if err := conn.Exec(ctx, "CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a"); err != nil {
				t.Fatal(err)
			}
			if err := conn.Exec(ctx, "INSERT INTO t VALUES (?)", name); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := conn.QueryRow(ctx, "SELECT a FROM t").Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != name {
				t.Errorf("got %q, want %q", got, name)
			}
		})
	}
}

func TestRequireParts(t *testing.T) {
	for value, want := range map[string]bool{"": false, "0": false, "false": false, "1": true, "true": true} {
		t.Setenv("CI", "")
		t.Setenv("TAPPA_REQUIRE_PARTS", value)
		if got := RequireParts(); got != want {
			t.Errorf("TAPPA_REQUIRE_PARTS=%q: got %v, want %v", value, got, want)
		}
	}
}
