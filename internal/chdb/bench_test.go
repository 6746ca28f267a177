package chdb_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tappa/internal/testenv"
)

// BenchmarkInsert inserts blocks of rows of about a kilobyte over clickhouse-go.
func BenchmarkInsert(b *testing.B) {
	for _, rows := range []int{1000, 20_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			conn := dialDB(b, testenv.ClickHouse(b))
			run(b, conn, wideTable)
			ctx := clickhouse.Context(deadline(b), clickhouse.WithSettings(clickhouse.Settings{"async_insert": 0}))
			b.SetBytes(int64(rows) * 1042)
			for b.Loop() {
				if err := wide(ctx, b, conn, rows); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkSelect reads a million rows of a number and a short text: over clickhouse-go, and as bytes over HTTP.
func BenchmarkSelect(b *testing.B) {
	const rows = 1_000_000
	const sql = "SELECT number, concat('email:', toString(number), '@example.it') FROM numbers(1000000)"
	db := testenv.ClickHouse(b)
	b.Run("clickhouse-go", func(b *testing.B) {
		conn := dialDB(b, db)
		for b.Loop() {
			result, err := conn.Query(deadline(b), sql)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for ; result.Next(); n++ {
				var number uint64
				var text string
				if err := result.Scan(&number, &text); err != nil {
					b.Fatal(err)
				}
			}
			if err := result.Err(); err != nil || n != rows {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("bytes", func(b *testing.B) {
		defer http.DefaultClient.CloseIdleConnections()
		for b.Loop() {
			res, err := http.Post("http://"+db.Addr+"/?default_format=Native", "text/plain", strings.NewReader(sql))
			if err != nil {
				b.Fatal(err)
			}
			n, err := io.Copy(io.Discard, res.Body)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(n)
			res.Body.Close()
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkSmall asks the smallest question there is: what a query costs apart from its work.
func BenchmarkSmall(b *testing.B) {
	conn := dialDB(b, testenv.ClickHouse(b))
	for b.Loop() {
		if got := one[uint8](b, conn, "SELECT 1"); got != 1 {
			b.Fatal(got)
		}
	}
}
