package chdb_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tappa/internal/testenv"
)

// wide fills a batch with rows of about a kilobyte.
func wide(ctx context.Context, t testing.TB, conn clickhouse.Conn, rows int) error {
	t.Helper()
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (n, at, text)")
	if err != nil {
		t.Fatal(err)
	}
	numbers, times, texts := make([]uint64, rows), make([]int64, rows), make([]string, rows)
	body := strings.Repeat("quando arriva la consegna? ", 38)
	for i := range rows {
		numbers[i], times[i], texts[i] = uint64(i), int64(1_750_000_000_000+i), body
	}
	for i, column := range []any{numbers, times, texts} {
		if err := batch.Column(i).Append(column); err != nil {
			t.Fatal(err)
		}
	}
	return batch.Send()
}

const wideTable = "CREATE TABLE t (n UInt64, at DateTime64(3, 'UTC'), text String) ENGINE = MergeTree ORDER BY n " +
	"SETTINGS non_replicated_deduplication_window = 100"

// A block of 100 MB goes in as one part, so that it is in the table whole or not at all, and this side holds a few
// pieces of it at a time, not copies of it.
func TestInsertLarge(t *testing.T) {
	db := testenv.ClickHouse(t)
	conn := dialDB(t, db)
	run(t, conn, wideTable)
	ctx := clickhouse.Context(deadline(t), clickhouse.WithSettings(clickhouse.Settings{
		"async_insert": 0, "max_insert_block_size": 1 << 30, "min_insert_block_size_rows": 1 << 30, "min_insert_block_size_bytes": 1 << 40,
	}))
	const rows = 100_000 // of 1046 bytes
	if err := wide(ctx, t, conn, rows); err != nil {
		t.Fatal(err)
	}
	if got := one[uint64](t, conn, "SELECT count() FROM t"); got != rows {
		t.Errorf("%d rows, want %d", got, rows)
	}
	if got := one[uint64](t, conn, "SELECT sum(n) FROM t"); got != rows*(rows-1)/2 {
		t.Errorf("sum of numbers is %d", got)
	}
	if got := one[uint64](t, conn, "SELECT count() FROM system.parts WHERE database = currentDatabase() AND level = 0"); got != 1 {
		t.Errorf("%d parts, want 1: the block was split", got)
	}
}

// A 100 MB body through HTTP allocates a small multiple of a piece in this process, not of the body.
func TestInsertMemory(t *testing.T) {
	db := testenv.ClickHouse(t)
	conn := dialDB(t, db)
	run(t, conn, "CREATE TABLE t (text String) ENGINE = Null")
	line := append(bytes.Repeat([]byte("x"), 1023), '\n')
	body := &repeat{piece: line, left: 100_000}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	post(t, db, url.Values{"query": {"INSERT INTO t FORMAT LineAsString"}}, body, http.StatusOK)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("allocated %d MB for a body of 100 MB", used>>20)
	}
}

// repeat is a reader of the same piece, left times.
type repeat struct {
	piece, rest []byte
	left        int
}

func (r *repeat) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.piece
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// post sends a request as curl would and returns the answer.
func post(t testing.TB, db testenv.Engine, query url.Values, body io.Reader, status int) string {
	t.Helper()
	query.Set("database", db.Database)
	req, err := http.NewRequestWithContext(deadline(t), http.MethodPost, "http://"+db.Addr+"/?"+query.Encode(), body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Errorf("status %d, want %d: %s", res.StatusCode, status, text)
	}
	http.DefaultClient.CloseIdleConnections()
	return string(text)
}

// Data may follow an INSERT in the URL or in the body, in any format; binary data are not cut at a line end.
func TestInsertForms(t *testing.T) {
	db := testenv.ClickHouse(t)
	conn := dialDB(t, db)
	native := "\x01\x03\x01n\x05UInt8\x0a\x0d\x3b" // one column n of three rows: line feed, carriage return, semicolon
	for name, c := range map[string]struct {
		query, body string
		want        []uint8
	}{
		"native, query in URL":      {"INSERT INTO t FORMAT Native", native, []uint8{10, 13, 59}},
		"native, query in body":     {"", "INSERT INTO t FORMAT Native\n" + native, []uint8{10, 13, 59}},
		"columns named":             {"INSERT INTO t (n) FORMAT Native", native, []uint8{10, 13, 59}},
		"settings before format":    {"INSERT INTO t SETTINGS async_insert = 0 FORMAT TSV", "1\n2\n", []uint8{1, 2}},
		"table named format":        {"INSERT INTO format FORMAT TSV", "3\n", []uint8{3}},
		"values in URL":             {"INSERT INTO t VALUES (1), (2)", "", []uint8{1, 2}},
		"values in body":            {"", "INSERT INTO t VALUES (1), (1 + 1)", []uint8{1, 2}},
		"values begun in URL":       {"INSERT INTO t VALUES", " (4)", []uint8{4}},
		"comment with FORMAT":       {"", "INSERT /* FORMAT TSV */ INTO t -- VALUES\n FORMAT CSV\n7\n8\n", []uint8{7, 8}},
		"semicolon and quote":       {"", "INSERT INTO t FORMAT JSONEachRow {\"n\": 5, \"x\": \";'\"}", []uint8{5}},
		"select":                    {"", "INSERT INTO t SELECT number FROM numbers(3)", []uint8{0, 1, 2}},
		"select, rest in the body":  {"INSERT INTO t SELECT ", "number FROM numbers(2)", []uint8{0, 1}},
		"no data":                   {"INSERT INTO t FORMAT TSV", "", nil},
		"lower case, name in ticks": {"insert into `t` format tsv", "9\n", []uint8{9}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, conn, "DROP TABLE IF EXISTS t", "DROP TABLE IF EXISTS format",
				"CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n", "CREATE TABLE format AS t")
			query := url.Values{"input_format_skip_unknown_fields": {"1"}}
			if c.query != "" {
				query.Set("query", c.query)
			}
			post(t, db, query, strings.NewReader(c.body), http.StatusOK)
			got := one[[]uint8](t, conn, "SELECT arraySort(groupArray(n)) FROM (SELECT n FROM t UNION ALL SELECT n FROM format)")
			if !bytes.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// The same token twice is one copy; another token is another.
func TestInsertToken(t *testing.T) {
	for name, compression := range compressions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testenv.ClickHouse(t)
			conn := connect(t, db, func(o *clickhouse.Options) { o.Compression = compression })
			run(t, conn, wideTable)
			for _, token := range []string{"tappa:0:17-25 = 'a'", "tappa:0:17-25 = 'a'", "tappa:0:26-30"} {
				ctx := clickhouse.Context(deadline(t), clickhouse.WithSettings(clickhouse.Settings{
					"insert_deduplicate": 1, "insert_deduplication_token": token, "async_insert": 0,
				}))
				if err := wide(ctx, t, conn, 10); err != nil {
					t.Fatal(err)
				}
			}
			if got := one[uint64](t, conn, "SELECT count() FROM t"); got != 20 {
				t.Errorf("%d rows, want 20", got)
			}
		})
	}
}

// An insert whose client breaks off in the middle of the data leaves nothing behind.
func TestInsertBroken(t *testing.T) {
	db := testenv.ClickHouse(t)
	conn := dialDB(t, db)
	run(t, conn, "CREATE TABLE t (text String) ENGINE = MergeTree ORDER BY text")
	ctx, cancel := context.WithCancel(deadline(t))
	body := &repeat{piece: []byte("one line\n"), left: 300_000} // longer than what travels before a first piece is appended
	breaking := io.MultiReader(body, readFunc(func([]byte) (int, error) { cancel(); return 0, context.Canceled }))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		fmt.Sprintf("http://%s/?database=%s&query=%s", db.Addr, db.Database, url.QueryEscape("INSERT INTO t FORMAT LineAsString")), breaking)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Error("a broken request was answered")
	}
	http.DefaultClient.CloseIdleConnections()
	// The engine goes on, and what follows sees nothing of it.
	waitIdle(t, conn)
	if got := one[uint64](t, conn, "SELECT count() FROM t"); got != 0 {
		t.Errorf("%d rows of a broken insert", got)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// waitIdle waits until no statement but its own runs on the database.
func waitIdle(t testing.TB, conn clickhouse.Conn) {
	t.Helper()
	ctx := deadline(t)
	for {
		if one[uint64](t, conn, "SELECT count() FROM system.processes WHERE current_database = currentDatabase()") == 1 {
			return
		}
		if ctx.Err() != nil {
			t.Fatal("statements still run")
		}
		runtime.Gosched()
	}
}
