package chdb_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"tappa/internal/testenv"
)

func ptr[T any](v T) *T { return &v }

// columns are the types that must go in and come out unharmed, with values that sit at their edges. The first value
// of each is the type's zero.
var columns = []struct {
	kind   string
	values []any // of one Go type
}{
	{"String", []any{"", "perché no? \x00\n\t'\"\\ €", strings.Repeat("x", 70_000)}},
	{"LowCardinality(String)", []any{"", "phone", "email"}},
	{"FixedString(4)", []any{"\x00\x00\x00\x00", "abcd", "\xff\x00zz"}},
	// clickhouse-go counts nanoseconds in 64 bits both ways: it turns times after 2262-04-11 into others.
	{"DateTime64(3, 'UTC')", []any{
		time.Unix(0, 0).UTC(), time.Date(2026, 3, 29, 1, 30, 0, 123e6, time.UTC), time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC),
	}},
	{"DateTime('UTC')", []any{time.Unix(0, 0).UTC(), time.Date(2026, 10, 25, 0, 59, 59, 0, time.UTC), time.Unix(1<<32-1, 0).UTC()}},
	{"Date", []any{time.Unix(0, 0).UTC(), time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), time.Date(2149, 6, 6, 0, 0, 0, 0, time.UTC)}},
	{"Date32", []any{time.Unix(0, 0).UTC(), time.Date(1925, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2299, 12, 31, 0, 0, 0, 0, time.UTC)}},
	{"Array(String)", []any{[]string{}, []string{"email:a@b.it", ""}, []string{"tel:+3902"}}},
	{"Array(LowCardinality(String))", []any{[]string{}, []string{"evaluation", "assistance"}, []string{"evaluation"}}},
	{"Array(Array(UInt8))", []any{[][]uint8{}, [][]uint8{{1}, {}, {2, 3}}, [][]uint8{{}}}},
	{"Bool", []any{false, true, false}},
	{"UInt8", []any{uint8(0), uint8(255), uint8(1)}},
	{"UInt16", []any{uint16(0), uint16(1<<16 - 1), uint16(1)}},
	{"UInt32", []any{uint32(0), uint32(1<<32 - 1), uint32(1)}},
	{"UInt64", []any{uint64(0), uint64(1<<64 - 1), uint64(1)}},
	{"Int8", []any{int8(0), int8(-128), int8(127)}},
	{"Int16", []any{int16(0), int16(-1 << 15), int16(1<<15 - 1)}},
	{"Int32", []any{int32(0), int32(-1 << 31), int32(1<<31 - 1)}},
	{"Int64", []any{int64(0), int64(-1 << 63), int64(1<<63 - 1)}},
	{"Float32", []any{float32(0), float32(-0.1), float32(3.4e38)}},
	{"Float64", []any{0.0, -0.1, 1.7e308}},
	{"Decimal(18, 4)", []any{decimal.New(0, -4), decimal.New(-12345678, -4), decimal.New(99999999999999, -4)}},
	{"Nullable(Float64)", []any{(*float64)(nil), ptr(0.0), ptr(-4.5)}},
	{"Nullable(Int64)", []any{(*int64)(nil), ptr(int64(0)), ptr(int64(-7))}},
	{"Nullable(String)", []any{(*string)(nil), ptr(""), ptr("x")}},
	{"LowCardinality(Nullable(String))", []any{(*string)(nil), ptr(""), ptr("x")}},
	{"Nullable(DateTime64(3, 'UTC'))", []any{(*time.Time)(nil), ptr(time.Unix(0, 0).UTC()), ptr(time.Date(2026, 1, 1, 0, 0, 0, 1e6, time.UTC))}},
	{"Map(String, String)", []any{map[string]string{}, map[string]string{"it": "Valutazione", "en": "Evaluation"}, map[string]string{"": ""}}},
	{"Enum8('none' = 0, 'won' = 1, 'lost' = -1)", []any{"none", "won", "lost"}},
	{"Tuple(String, UInt32)", []any{[]any{"", uint32(0)}, []any{"a", uint32(1)}, []any{"b", uint32(2)}}},
	{"UUID", []any{"00000000-0000-0000-0000-000000000000", "4b1d4b54-9bfe-4b3c-8f0e-3f3b4c1d2e3f", "ffffffff-ffff-ffff-ffff-ffffffffffff"}},
}

var compressions = map[string]*clickhouse.Compression{
	"plain":   nil,
	"lz4":     {Method: clickhouse.CompressionLZ4},
	"zstd":    {Method: clickhouse.CompressionZSTD, Level: 1},
	"gzip":    {Method: clickhouse.CompressionGZIP, Level: 1},
	"deflate": {Method: clickhouse.CompressionDeflate, Level: 1},
	"brotli":  {Method: clickhouse.CompressionBrotli, Level: 1},
}

// Every type goes through an insert and a select, under every compression that clickhouse-go knows.
func TestTypes(t *testing.T) {
	for name, compression := range compressions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testenv.ClickHouse(t)
			conn := connect(t, db, func(o *clickhouse.Options) { o.Compression = compression })
			defs := []string{"n UInt8"}
			for i, c := range columns {
				defs = append(defs, fmt.Sprintf("c%d %s", i, c.kind))
			}
			run(t, conn, "CREATE TABLE t ("+strings.Join(defs, ", ")+") ENGINE = MergeTree ORDER BY n")
			batch, err := conn.PrepareBatch(deadline(t), "INSERT INTO t")
			if err != nil {
				t.Fatal(err)
			}
			for n := range 3 {
				row := []any{uint8(n)}
				for _, c := range columns {
					row = append(row, c.values[n])
				}
				if err := batch.Append(row...); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			for i, c := range columns {
				got := readColumn(t, db, compression, fmt.Sprintf("SELECT c%d FROM t ORDER BY n", i), c.values)
				if diff := cmp.Diff(got, c.values, cmp.Comparer(decimal.Decimal.Equal)); diff != "" {
					t.Errorf("%s (-got, +want):\n%s", c.kind, diff)
				}
			}
		})
	}
}

func readColumn(t *testing.T, db testenv.Engine, compression *clickhouse.Compression, sql string, like []any) []any {
	t.Helper()
	conn := connect(t, db, func(o *clickhouse.Options) { o.Compression = compression })
	rows, err := conn.Query(deadline(t), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var got []any
	for rows.Next() {
		v := reflect.New(reflect.TypeOf(like[0]))
		if err := rows.Scan(v.Interface()); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		got = append(got, v.Elem().Interface())
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}
