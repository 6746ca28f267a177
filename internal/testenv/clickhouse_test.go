package testenv

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestClickHouse(t *testing.T) {
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := ClickHouse(t)
			// The same table in each: they do not see one another.
			table := db.Database + ".t"
			for _, sql := range []string{
				"CREATE TABLE " + table + " (a String) ENGINE = MergeTree ORDER BY a",
				"INSERT INTO " + table + " VALUES ('" + name + "')",
				"SELECT throwIf(count() != 1 OR any(a) != '" + name + "') FROM " + table,
			} {
				if err := ask(db.Addr, sql); err != nil {
					t.Errorf("%s: %v", sql, err)
				}
			}
			if err := ask(db.ReadOnlyAddr, "DROP TABLE "+table); err == nil {
				t.Error("the read-only address dropped a table")
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
