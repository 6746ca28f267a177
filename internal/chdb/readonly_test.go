package chdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tappa/internal/testenv"
)

// pages connects to the read-only listener of a database with a table t of ten rows.
func pages(t *testing.T) (db testenv.Engine, all, readOnly clickhouse.Conn) {
	t.Helper()
	db = testenv.ClickHouse(t)
	all = dialDB(t, db)
	run(t, all, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n", "INSERT INTO t SELECT number FROM numbers(10)")
	return db, all, connect(t, db, func(o *clickhouse.Options) { o.Addr = []string{db.ReadOnlyAddr} })
}

func TestReadOnlyAllows(t *testing.T) {
	_, _, conn := pages(t)
	for _, sql := range []string{
		"SELECT count() FROM t",
		"WITH 3 AS three SELECT n FROM t WHERE n > three FORMAT Native",
		"(SELECT n FROM t) UNION ALL (SELECT n FROM t)",
		"SELECT n FROM t INNER JOIN (SELECT number AS n FROM numbers(3)) AS x USING n",
		"SELECT 'file(''x'')', `n` AS `url`, n AS settings FROM t WHERE settings = 3 -- s3()",
		"SELECT * FROM values('file String', 'a')",
		"SHOW TABLES", "SHOW CREATE TABLE t", "DESCRIBE t", "DESC TABLE t", "EXPLAIN SELECT n FROM t", "EXISTS TABLE t",
		"DESCRIBE (SELECT n FROM t)",
	} {
		rows, err := conn.Query(deadline(t), sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestReadOnlyRefuses(t *testing.T) {
	db, all, conn := pages(t)
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.csv")
	for _, sql := range []string{
		// changes
		"INSERT INTO t VALUES (11)", "INSERT INTO t SELECT 11", "INSERT INTO FUNCTION file('OUT', 'CSV', 'a UInt8') SELECT 1",
		"CREATE TABLE u (n UInt8) ENGINE = Memory", "CREATE TEMPORARY TABLE u (n UInt8)", "DROP TABLE t", "TRUNCATE TABLE t",
		"ALTER TABLE t DELETE WHERE 1", "DELETE FROM t WHERE 1", "UPDATE t SET n = 1 WHERE 1", "RENAME TABLE t TO u", "OPTIMIZE TABLE t",
		"EXCHANGE TABLES t AND t", "DETACH TABLE t", "ATTACH TABLE t", "UNDROP TABLE t", "BACKUP TABLE t TO File('OUT')",
		"EXPLAIN ALTER TABLE t DELETE WHERE 1", "CHECK TABLE t", "MOVE x", "GRANT ALL ON *.* TO default", "CREATE USER x", "CREATE FUNCTION f AS x -> x",
		// the engine and its sessions
		"SET readonly = 0", "SET max_threads = 1", "SET max_result_rows = 0", "USE system", "KILL QUERY WHERE 1", "SYSTEM STOP MERGES", "SYSTEM SHUTDOWN",
		"BEGIN TRANSACTION", "EXECUTE AS default SELECT 1",
		"SELECT 1 SETTINGS readonly = 0", "SELECT 1 SETTINGS max_execution_time = 0", "SELECT (SELECT 1 SETTINGS readonly = 0)",
		"SELECT * FROM (SELECT 1 SETTINGS `max_execution_time` = 0, readonly = 0)",
		"SELECT 1; DROP TABLE t", "SELECT 1;;DROP TABLE t", "SELECT 1 PARALLEL WITH DROP TABLE t", "",
		// files
		"SELECT * FROM file('SECRET', 'CSV', 'a UInt8, b UInt8')", "SELECT file('SECRET')", "SELECT FILE ( 'SECRET')", "SELECT `file`('SECRET')",
		"SELECT \"file\"/**/('SECRET')", "DESCRIBE TABLE file('SECRET')", "DESCRIBE file('SECRET', 'CSV')", "SELECT 1 INTO OUTFILE 'OUT'",
		"SELECT * FROM filesystem('/')", "SELECT catboostEvaluate('SECRET', 1)", "SELECT * FROM sqlite('SECRET', 't')", "SELECT * FROM icebergLocal('/')",
		"EXPLAIN SELECT * FROM file('SECRET', 'CSV', 'a UInt8')", "SELECT (SELECT count() FROM file('SECRET', 'CSV', 'a UInt8, b UInt8'))",
		"WITH x AS (SELECT * FROM file('SECRET')) SELECT * FROM x", "SELECT * FROM view(SELECT * FROM file('SECRET'))", "SELECT * FROM loop(t)",
		"SELECT * FROM fileCluster('c', 'SECRET')", "SELECT * FROM `SECRET`",
		// network and programs
		"SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a UInt8')", "SELECT * FROM remote('127.0.0.1:1', system.one)", "DESCRIBE remote('127.0.0.1:1', system.one)",
		"SELECT * FROM s3('http://127.0.0.1:1/bucket/a.csv')", "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
		"SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')", "SELECT * FROM executable('x.sh', 'TSV', 'a UInt8')", "SELECT * FROM python('x')",
		"SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')", "SELECT * FROM hdfs('hdfs://127.0.0.1:1/a')", "SELECT * FROM cluster('default', system.one)",
	} {
		sql = strings.NewReplacer("SECRET", secret, "OUT", out).Replace(sql)
		rows, err := conn.Query(deadline(t), sql)
		if err == nil {
			for rows.Next() {
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		if err == nil {
			t.Errorf("%s: was not refused", sql)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
	if got := one[uint64](t, all, "SELECT sum(n) FROM t"); got != 45 {
		t.Errorf("the table was changed: sum is %d", got)
	}
	if got := one[uint64](t, all, "SELECT count() FROM system.tables WHERE database = ?", db.Database); got != 1 {
		t.Errorf("%d tables", got)
	}
}

// A request may lower the limits, never lift them or leave read-only.
func TestReadOnlySettings(t *testing.T) {
	_, _, conn := pages(t)
	for _, c := range []struct {
		settings clickhouse.Settings
		sql      string
		code     int32 // 0 for no error
	}{
		{clickhouse.Settings{"max_threads": 1, "optimize_aggregation_in_order": 1}, "SELECT count() FROM t", 0},
		{clickhouse.Settings{"max_result_rows": 5}, "SELECT n FROM t", 396},
		{clickhouse.Settings{"max_result_rows": 0}, "SELECT throwIf(toUInt64(getSetting('max_result_rows')) = 0)", 0},
		{clickhouse.Settings{"max_execution_time": 0}, "SELECT throwIf(toFloat64(getSetting('max_execution_time')) NOT BETWEEN 1 AND 60)", 0},
		{clickhouse.Settings{"max_execution_time": 1000000}, "SELECT throwIf(toFloat64(getSetting('max_execution_time')) NOT BETWEEN 1 AND 60)", 0},
		{clickhouse.Settings{"max_execution_time": 1}, "SELECT sum(sipHash64(number)) FROM system.numbers", 159},
		{clickhouse.Settings{"readonly": 0}, "SELECT 1", 164},
		{clickhouse.Settings{"readonly": 2}, "SELECT 1", 164},
		{clickhouse.Settings{"allow_ddl": 1}, "SELECT 1", 164},
		{clickhouse.Settings{"result_overflow_mode": "break"}, "SELECT 1", 164},
	} {
		// Without a deadline, which clickhouse-go would turn into a max_execution_time of its own.
		rows, err := conn.Query(clickhouse.Context(context.Background(), clickhouse.WithSettings(c.settings)), c.sql)
		if err == nil {
			for rows.Next() {
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		var ex *clickhouse.Exception
		switch {
		case c.code == 0 && err != nil:
			t.Errorf("%v %s: %v", c.settings, c.sql, err)
		case c.code != 0 && (!errors.As(err, &ex) || ex.Code != c.code):
			t.Errorf("%v %s: %v, want code %d", c.settings, c.sql, err, c.code)
		}
	}
}
