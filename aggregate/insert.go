package aggregate

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// A deduplication token is only as good as the block it names, so everything that could split a block, delay it or
// switch deduplication off is pinned and sent with every insert, whatever the server's defaults are.
var pinned = clickhouse.Settings{
	"async_insert":                0,
	"max_insert_threads":          1,
	"min_insert_block_size_bytes": 0,
	"insert_deduplicate":          1,
	// Otherwise the engine merges each block with itself, row by row, before it writes it: most of an insert's time, to
	// collapse copies that merges and FINAL collapse anyway.
	"optimize_on_insert": 0,
}

// newer are settings that only some versions of ClickHouse know. Sending one to a server that does not is an error.
var newer = clickhouse.Settings{
	"deduplicate_insert": "enable",

	// ClickHouse refuses an insert (NOT_ENOUGH_SPACE) before the disk is full. If the last byte goes while a block is
	// written, some versions acknowledge what they could not write.
	"min_free_disk_bytes_to_perform_insert": minFreeDisk,
}

// minFreeDisk is how many bytes of its disk ClickHouse has to keep free: several times what a block takes.
const minFreeDisk = 128 << 20

// insertSettings are the settings of every insert, as far as the server knows them.
func insertSettings(ctx context.Context, conn driver.Conn) (clickhouse.Settings, error) {
	settings := maps.Clone(pinned)
	for name, value := range newer {
		known, err := knows(ctx, conn, "settings", name)
		if err != nil {
			return nil, err
		}
		if known {
			settings[name] = value
		}
	}
	return settings, nil
}

// knows says whether the server knows a setting: of statements ("settings") or of tables ("merge_tree_settings").
func knows(ctx context.Context, conn driver.Conn, kind, name string) (bool, error) {
	var n uint64
	err := conn.QueryRow(ctx, "SELECT count() FROM system."+kind+" WHERE name = ?", name).Scan(&n)
	return n > 0, err
}

// column is one column of a table, and how rows of type R fill it.
type column[R any] struct {
	name, kind string
	fill       func(c cells, rows []R) error
	straight   func(c *nativeColumn, rows []R) // what fill does, faster; nil: there is no such way
}

// cells is what a column's values go into: a column of the driver, or a nativeColumn.
type cells interface {
	Append(values any) error // a slice with a value for each row
	AppendRow(value any) error
}

// insert writes rows into a table as one block. With a token, a block that was stored under it already is stored once.
func insert[R any](ctx context.Context, s *Store, table string, columns []column[R], rows []R, token string) error {
	if len(rows) == 0 {
		return nil
	}
	settings := s.settingsOf(len(rows), token)
	names := make([]string, len(columns))
	types := make([]clickhouse.ColumnNameAndType, len(columns))
	for i, c := range columns {
		names[i] = c.name
		types[i] = clickhouse.ColumnNameAndType{Name: c.name, Type: c.kind}
	}
	// Naming the types saves asking the server for them before each insert over HTTP.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithColumnNamesAndTypes(types))
	batch, err := s.conn.PrepareBatch(ctx, statement(table, columns))
	if err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	defer func() { _ = batch.Close() }() // after Send there is nothing left to close
	for i, c := range columns {
		if err := c.fill(batch.Column(i), rows); err != nil {
			return fmt.Errorf("insert into %s, column %s: %w", table, c.name, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}

// insertBlock is insert of rows in whichever way is the faster.
func insertBlock[R any](ctx context.Context, s *Store, table string, columns []column[R], rows []R, token string) error {
	if s.opts.Protocol != protocolHTTP {
		return insert(ctx, s, table, columns, rows, token)
	}
	block := newNativeBlock(columns)
	if err := block.addAll(rows); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return insertNative(ctx, s, table, block, token)
}

// insertNative writes a block over HTTP.
func insertNative[R any](ctx context.Context, s *Store, table string, block *nativeBlock[R], token string) error {
	if block.rows == 0 {
		return nil
	}
	block.end()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(s.settingsOf(block.rows, token)))
	if err := s.conn.InsertFormat(ctx, "Native", statement(table, block.of), block.reader()); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}

// settingsOf are the settings under which rows are inserted as one block.
func (s *Store) settingsOf(rows int, token string) clickhouse.Settings {
	settings := maps.Clone(s.settings)
	settings["min_insert_block_size_rows"] = rows + 1
	settings["max_insert_block_size"] = max(rows+1, 1<<20)
	if token != "" {
		settings["insert_deduplication_token"] = token
	}
	return settings
}

// statement is the INSERT of columns into a table, without its data.
func statement[R any](table string, columns []column[R]) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return fmt.Sprintf("INSERT INTO %s (%s)", table, strings.Join(names, ", "))
}

// fill gathers one field of all rows in a pooled slice and appends it to the column at once.
func fill[R, V any](name, kind string, get func(*R) V) column[R] {
	pool := &sync.Pool{New: func() any { return new([]V) }}
	return column[R]{name: name, kind: kind, straight: straightOf(get), fill: func(c cells, rows []R) error {
		values := pool.Get().(*[]V)
		defer func() {
			clear(*values) // the pool must not keep a block's texts alive
			*values = (*values)[:0]
			pool.Put(values)
		}()
		for i := range rows {
			*values = append(*values, get(&rows[i]))
		}
		return c.Append(*values)
	}}
}

// fillRows appends a field row by row: for arrays the driver has a faster way there than over a slice of slices.
func fillRows[R, V any](name, kind string, get func(*R) V) column[R] {
	return column[R]{name: name, kind: kind, fill: func(c cells, rows []R) error {
		for i := range rows {
			if err := c.AppendRow(get(&rows[i])); err != nil {
				return err
			}
		}
		return nil
	}}
}

// The types that columns have in sql/00001_tables.sql.
const (
	typeString  = "String"
	typeWord    = "LowCardinality(String)"
	typeNumber  = "UInt16" // of table words
	typeTime    = "DateTime64(3, 'UTC')"
	typeBool    = "Bool"
	typeFloat   = "Float64"
	typeFloat32 = "Float32"
	typeStrings = "Array(String)"
	typeWords   = "Array(LowCardinality(String))"
)
