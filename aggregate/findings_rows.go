package aggregate

import (
	"context"
	"encoding/binary"
	"math"
)

// sendFindings writes a block through the driver, row by row: over the native protocol it takes no block of ours.
func (s *Store) sendFindings(ctx context.Context, b *findingsBlock) error {
	batch, err := s.conn.PrepareBatch(ctx, b.statement())
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }() // after Send there is nothing left to close
	for i, c := range b.columns() {
		rows := c.cursor()
		for range b.rows {
			if err := batch.Column(i).AppendRow(rows.row()); err != nil {
				return err
			}
		}
	}
	return batch.Send()
}

// cursor reads a column's values again, one row after the other.
type cursor struct {
	column  *listColumn
	fields  []fieldCursor
	records uint64
	rows    uint64
}

type fieldCursor struct {
	*field
	at, n int
	words []string // by number
}

func (c *listColumn) cursor() *cursor {
	out := &cursor{column: c}
	for _, f := range c.fields {
		one := fieldCursor{field: f}
		if f.isWord {
			one.words = f.words.inOrder()
		}
		out.fields = append(out.fields, one)
	}
	return out
}

// row gives the next row's value as the driver takes it.
func (c *cursor) row() any {
	if !c.column.isList {
		return c.fields[0].next()
	}
	out := []any{}
	for end := binary.LittleEndian.Uint64(c.column.ends[8*c.rows:]); c.records < end; c.records++ {
		record := make([]any, len(c.fields))
		for i := range c.fields {
			record[i] = c.fields[i].next()
		}
		out = append(out, record)
	}
	c.rows++
	return out
}

// next gives the field's next value.
func (f *fieldCursor) next() any {
	n := f.n
	f.n++
	switch {
	case f.kind == typeNumber:
		return f.places[f.field.words.rows[n]]
	case f.isWord:
		return f.words[f.field.words.rows[n]]
	case f.width == 0:
		size, length := binary.Uvarint(f.data[f.at:])
		from := f.at + length
		f.at = from + int(size) //nolint:gosec // as it was written
		return string(f.data[from:f.at])
	}
	from := n * f.width
	if f.mayBeNull && f.nulls[n] == 1 {
		return nil
	}
	switch f.width {
	case 1:
		if f.kind == typeBool {
			return f.data[from] == 1
		}
		return f.data[from]
	case 4:
		bits := binary.LittleEndian.Uint32(f.data[from:])
		if f.kind == typeFloat32 {
			return math.Float32frombits(bits)
		}
		return bits
	}
	bits := binary.LittleEndian.Uint64(f.data[from:])
	switch f.kind {
	case typeFloat:
		return math.Float64frombits(bits)
	case "UInt64":
		return bits
	}
	return int64(bits) //nolint:gosec // as it was written
}
