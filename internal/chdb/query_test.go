package chdb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tappa/internal/testenv"
)

// A million rows come out complete and in order, under compression too.
func TestLargeResult(t *testing.T) {
	for _, name := range []string{"plain", "lz4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, testenv.ClickHouse(t), func(o *clickhouse.Options) { o.Compression = compressions[name] })
			rows, err := conn.Query(deadline(t), "SELECT number, toString(number) FROM numbers(1000000) ORDER BY number")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var n uint64
			for ; rows.Next(); n++ {
				var number uint64
				var text string
				if err := rows.Scan(&number, &text); err != nil {
					t.Fatal(err)
				}
				if number != n || text != fmt.Sprint(n) {
					t.Fatalf("row %d is %d, %q", n, number, text)
				}
			}
			if err := rows.Err(); err != nil || n != 1_000_000 {
				t.Errorf("%d rows, error %v", n, err)
			}
		})
	}
}

// A result is streamed: its first rows come while the rest, of which there is no end, was never made.
func TestEndlessResult(t *testing.T) {
	conn := dialDB(t, testenv.ClickHouse(t))
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	rows, err := conn.Query(ctx, "SELECT number FROM system.numbers")
	if err != nil {
		t.Fatal(err)
	}
	for range 100_000 {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
	}
	cancel()
	for rows.Next() {
	}
	rows.Close()
	waitIdle(t, conn)
}

// Errors carry ClickHouse's code, whichever way the statement takes through the engine.
func TestErrors(t *testing.T) {
	db := testenv.ClickHouse(t)
	run(t, dialDB(t, db), "CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n")
	for _, c := range []struct {
		sql  string
		code int32
		name string
	}{
		{"SELECT * FROM nowhere", 60, "UNKNOWN_TABLE"},
		{"INSERT INTO nowhere VALUES (1)", 60, "UNKNOWN_TABLE"},
		{"DESCRIBE nowhere", 60, "UNKNOWN_TABLE"},
		{"SELEC 1", 62, "SYNTAX_ERROR"},
		{"1 + 1", 62, "SYNTAX_ERROR"},
		{"SELECT 1; SELECT 2", 62, "SYNTAX_ERROR"},
		{"SELECT nothing FROM t", 47, "UNKNOWN_IDENTIFIER"},
		{"SELECT no_such()", 46, "UNKNOWN_FUNCTION"},
		{"SELECT toDate('x')", 38, "CANNOT_PARSE_DATE"},
		{"CREATE TABLE t (n UInt8) ENGINE = Memory", 57, "TABLE_ALREADY_EXISTS"},
		{"SELECT throwIf(1)", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"},
		{"SELECT sleep(3) SETTINGS max_execution_time = 1", 159, "TIMEOUT_EXCEEDED"},
		{"SELECT {x:UInt8}", 456, "UNKNOWN_QUERY_PARAMETER"},
		{"DROP DATABASE nowhere", 81, "UNKNOWN_DATABASE"},
	} {
		for _, compression := range []string{"plain", "lz4"} {
			conn := connect(t, db, func(o *clickhouse.Options) { o.Compression = compressions[compression] })
			err := conn.Exec(deadline(t), c.sql)
			var ex *clickhouse.Exception
			if !errors.As(err, &ex) || ex.Code != c.code || ex.CodeName != c.name {
				t.Errorf("%s, %s: %v, want code %d (%s)", c.sql, compression, err, c.code, c.name)
			}
		}
	}
}

func TestErrorsOfRequests(t *testing.T) {
	db := testenv.ClickHouse(t)
	for name, c := range map[string]struct {
		query url.Values
		want  string
	}{
		"unknown setting":                     {url.Values{"query": {"SELECT 1"}, "max_thread": {"1"}}, "Code: 115."},
		"option of the engine, not a setting": {url.Values{"query": {"SELECT 1"}, "path": {"/tmp"}}, "Code: 115."},
		"bad value":                           {url.Values{"query": {"SELECT 1"}, "max_threads": {"many"}}, "Code: 27."},
		"no query":                            {url.Values{}, "Code: 62."},
		"session":                             {url.Values{"query": {"SELECT 1"}, "session_id": {"a"}}, "Code: 48."},
	} {
		t.Run(name, func(t *testing.T) {
			status := http.StatusBadRequest
			switch c.want {
			case "Code: 115.":
				status = http.StatusNotFound
			case "Code: 48.":
				status = http.StatusNotImplemented
			}
			if got := post(t, db, c.query, strings.NewReader(""), status); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %s", got, c.want)
			}
		})
	}
	missing := connect(t, db, func(o *clickhouse.Options) { o.Auth.Database = "nowhere" })
	var ex *clickhouse.Exception
	if err := missing.Exec(deadline(t), "SELECT 1"); !errors.As(err, &ex) || ex.Code != 81 {
		t.Errorf("unknown database: %v, want code 81", err)
	}
}

// An error after rows were sent is an error for every client: clickhouse-go gets it with its code, and one that knows
// nothing of ClickHouse finds the connection broken.
func TestErrorMidStream(t *testing.T) {
	const sql = "SELECT number, throwIf(number = 400000) FROM numbers(1000000) SETTINGS max_block_size = 10000, max_threads = 1"
	for _, name := range []string{"plain", "lz4", "zstd"} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, testenv.ClickHouse(t), func(o *clickhouse.Options) { o.Compression = compressions[name] })
			rows, err := conn.Query(deadline(t), sql)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			n := 0
			for rows.Next() {
				n++
			}
			var ex *clickhouse.Exception
			if !errors.As(rows.Err(), &ex) || ex.Code != 395 {
				t.Errorf("after %d rows: %v, want code 395", n, rows.Err())
			}
			if n == 0 || n > 400_000 {
				t.Errorf("%d rows before the error", n)
			}
		})
	}
	t.Run("curl", func(t *testing.T) {
		db := testenv.ClickHouse(t)
		res, err := http.Post("http://"+db.Addr+"/", "text/plain", strings.NewReader(sql))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("reading: %v, want %v", err, io.ErrUnexpectedEOF)
		}
	})
}

// Data that look like an error frame are data.
func TestDataLikeError(t *testing.T) {
	conn := dialDB(t, testenv.ClickHouse(t))
	const want = "\r\n__exception__\r\nabcdefghabcdefgh\r\nCode: 60. DB::Exception: no"
	if got := one[string](t, conn, "SELECT '\\r\\n__exception__\\r\\nabcdefghabcdefgh\\r\\nCode: 60. DB::Exception: no'"); got != want {
		t.Errorf("got %q", got)
	}
}

// Fifty queries at a time each see their own settings, parameters and database, and none sees another's.
func TestConcurrent(t *testing.T) {
	db, other := testenv.ClickHouse(t), testenv.ClickHouse(t)
	conn := connect(t, db, func(o *clickhouse.Options) { o.MaxOpenConns = 50 })
	otherConn := connect(t, other, func(o *clickhouse.Options) { o.MaxOpenConns = 50 })
	ctx := deadline(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for range 5 {
				c, database := conn, db.Database
				if rand.N(2) == 0 {
					c, database = otherConn, other.Database
				}
				settings := clickhouse.Settings{}
				threads := uint64(rand.N(8) + 1)
				settings["max_threads"] = threads
				q := clickhouse.Context(ctx, clickhouse.WithSettings(settings),
					clickhouse.WithParameters(clickhouse.Parameters{"i": fmt.Sprint(i), "s": fmt.Sprintf("it's %d", i)}))
				var gotThreads, gotI uint64
				var gotS, gotDB, leaked string
				err := c.QueryRow(q, "SELECT toUInt64(getSetting('max_threads')), {i:UInt64}, {s:String}, currentDatabase(), toString(getSetting('final'))").
					Scan(&gotThreads, &gotI, &gotS, &gotDB, &leaked)
				if err != nil || gotThreads != threads || gotI != uint64(i) || gotS != fmt.Sprintf("it's %d", i) || gotDB != database {
					t.Errorf("query %d: %d %d %q %q %q, error %v", i, gotThreads, gotI, gotS, gotDB, leaked, err)
				}
				// A SET must not reach anyone else.
				if err := c.Exec(ctx, "SET final = 1"); err != nil {
					t.Error(err)
				}
				if leaked != "false" && leaked != "0" {
					t.Errorf("final is %s", leaked)
				}
			}
		})
	}
	wg.Wait()
}

func TestParameterisedView(t *testing.T) {
	db := testenv.ClickHouse(t)
	conn := dialDB(t, db)
	run(t, conn,
		"CREATE TABLE visits (stage LowCardinality(String), at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY at",
		"INSERT INTO visits VALUES ('a', '2026-01-31 23:59:59.999'), ('a', '2026-02-01 00:00:00.000'), ('it''s', '2026-02-01 00:00:00.001')",
		`CREATE VIEW entered AS SELECT stage, count() AS n FROM visits
			WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND has({stages:Array(String)}, stage) GROUP BY stage`)
	readOnly := connect(t, db, func(o *clickhouse.Options) { o.Addr = []string{db.ReadOnlyAddr} })
	for name, c := range map[string]clickhouse.Conn{"everything": conn, "read only": readOnly} {
		t.Run(name, func(t *testing.T) {
			// As literals bound by clickhouse-go, and as parameters passed on.
			from := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
			got := one[uint64](t, c, "SELECT sum(n) FROM entered(from = '2026-02-01 00:00:00.000', to = '2026-02-01 00:00:00.001', stages = ['a'])")
			if got != 1 {
				t.Errorf("literals: %d, want 1", got)
			}
			got = one[uint64](t, c, "SELECT sum(n) FROM entered(from = {from:DateTime64(3, 'UTC')}, to = {to:DateTime64(3, 'UTC')}, stages = {stages:Array(String)})",
				clickhouse.DateNamed("from", from, clickhouse.MilliSeconds),
				clickhouse.DateNamed("to", from.Add(time.Millisecond*2), clickhouse.MilliSeconds),
				clickhouse.Named("stages", []string{"a", "it's"}))
			if got != 2 {
				t.Errorf("parameters: %d, want 2", got)
			}
		})
	}
}

// Parameters come through as they are, whatever they hold.
func TestParameterText(t *testing.T) {
	conn := dialDB(t, testenv.ClickHouse(t))
	for _, want := range []string{"", "a'b", `back\slash`, "tab\tand\nline", `"q"`, "{x:String}", "perché €", "--max_threads=1", "NULL", `\N`, "a\\'b"} {
		if got := one[string](t, conn, "SELECT {s:String}", clickhouse.Named("s", want)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A query whose client is gone is killed, also while it has not given a row yet.
func TestCancel(t *testing.T) {
	for name, sql := range map[string]string{
		"before the first row": "SELECT sum(sipHash64(number)) FROM system.numbers",
		"between rows":         "SELECT number FROM system.numbers",
		"asleep":               "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testenv.ClickHouse(t)
			watcher := dialDB(t, db)
			ctx, cancel := context.WithCancel(deadline(t))
			done := make(chan error)
			go func() {
				rows, err := dialDB(t, db).Query(ctx, sql)
				if err == nil {
					for rows.Next() {
					}
					err = errors.Join(rows.Err(), rows.Close())
				}
				done <- err
			}()
			for one[uint64](t, watcher, "SELECT count() FROM system.processes WHERE current_database = currentDatabase()") < 2 {
			}
			cancel()
			if err := <-done; err == nil {
				t.Error("a cancelled query ended well")
			}
			waitIdle(t, watcher)
		})
	}
}

// What the engine says in other formats comes through too, for a person with curl.
func TestFormats(t *testing.T) {
	db := testenv.ClickHouse(t)
	for sql, want := range map[string]string{
		"SELECT 1, 'a'": "1\ta\n",
		"SELECT number AS n FROM numbers(2) FORMAT JSONEachRow":  "{\"n\":0}\n{\"n\":1}\n",
		"SELECT number AS n FROM numbers(0) FORMAT CSVWithNames": "\"n\"\n",
		"SHOW TABLES":    "",
		"EXISTS nothing": "0\n",
		"/* c */ -- d\n (SELECT 1) UNION ALL (SELECT 1)": "1\n1\n",
		"SELECT ';' ;": ";\n",
		"SELECT currentDatabase() = '" + db.Database + "'": "1\n",
		"SELECT timezone()": "UTC\n",
	} {
		if got := post(t, db, url.Values{}, strings.NewReader(sql), http.StatusOK); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
}

// Browsers must not reach the engine, and what only gets must not write.
func TestRequestsRefused(t *testing.T) {
	db := testenv.ClickHouse(t)
	for name, change := range map[string]func(*http.Request){
		"another site's page": func(r *http.Request) { r.Header.Set("Origin", "https://example.com") },
		"a page's picture":    func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a name for loopback": func(r *http.Request) { r.Host = "evil.example:80" },
		"write by GET": func(r *http.Request) {
			r.Method = http.MethodGet
			r.URL.RawQuery = "query=DROP+DATABASE+" + db.Database
		},
		"a method of another protocol": func(r *http.Request) { r.Method = http.MethodPut },
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(deadline(t), http.MethodPost, "http://"+db.Addr+"/", strings.NewReader("SELECT 1"))
			if err != nil {
				t.Fatal(err)
			}
			change(req)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer http.DefaultClient.CloseIdleConnections()
			defer res.Body.Close()
			if res.StatusCode < 400 {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}
}
