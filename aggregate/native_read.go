package aggregate

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// scanned is a column that an answer is read into, block by block.
type scanned interface {
	decode(r *bufio.Reader, rows int) error // takes the values of a block
	target() any                            // for the driver to scan one value into …
	keep() error                            // … and to append it
	reset()
	kind() string
}

// texts are read a block at a time: one string holds them all.
type textColumn struct {
	values []string
	one    string
	ends   []int
	blob   []byte
}

func (c *textColumn) decode(r *bufio.Reader, rows int) error {
	c.ends, c.blob = c.ends[:0], c.blob[:0]
	for range rows {
		n, err := binary.ReadUvarint(r)
		if err != nil {
			return err
		}
		from := len(c.blob)
		c.blob = append(c.blob, make([]byte, n)...)
		if _, err := io.ReadFull(r, c.blob[from:]); err != nil {
			return err
		}
		c.ends = append(c.ends, len(c.blob))
	}
	all, from := string(c.blob), 0
	for _, end := range c.ends {
		c.values = append(c.values, all[from:end])
		from = end
	}
	return nil
}

func (c *textColumn) target() any  { return &c.one }
func (c *textColumn) keep() error  { c.values = append(c.values, c.one); return nil }
func (c *textColumn) reset()       { c.values = c.values[:0] }
func (c *textColumn) kind() string { return typeString }

// numberColumn holds numbers of eight or four bytes.
type numberColumn[V any] struct {
	values []V
	one    V
	name   string
	width  int
	of     func(bits uint64) V
	raw    []byte
}

func (c *numberColumn[V]) decode(r *bufio.Reader, rows int) error {
	if cap(c.raw) < rows*c.width {
		c.raw = make([]byte, rows*c.width)
	}
	c.raw = c.raw[:rows*c.width]
	if _, err := io.ReadFull(r, c.raw); err != nil {
		return err
	}
	for at := 0; at < len(c.raw); at += c.width {
		bits := uint64(binary.LittleEndian.Uint32(c.raw[at:]))
		if c.width == 8 {
			bits = binary.LittleEndian.Uint64(c.raw[at:])
		}
		c.values = append(c.values, c.of(bits))
	}
	return nil
}

func (c *numberColumn[V]) target() any  { return &c.one }
func (c *numberColumn[V]) keep() error  { c.values = append(c.values, c.one); return nil }
func (c *numberColumn[V]) reset()       { c.values = c.values[:0] }
func (c *numberColumn[V]) kind() string { return c.name }

func newInt64s() *numberColumn[int64] {
	return &numberColumn[int64]{name: "Int64", width: 8, of: func(b uint64) int64 { return int64(b) }}
}

func newUint64s() *numberColumn[uint64] {
	return &numberColumn[uint64]{name: "UInt64", width: 8, of: func(b uint64) uint64 { return b }}
}

func newFloat64s() *numberColumn[float64] {
	return &numberColumn[float64]{name: typeFloat, width: 8, of: math.Float64frombits}
}

func newFloat32s() *numberColumn[float32] {
	return &numberColumn[float32]{name: typeFloat32, width: 4, of: func(b uint64) float32 { return math.Float32frombits(uint32(b)) }}
}

// partColumn reads names of parts as numbers in the order in which FINAL takes their rows: by partition, a month, and then by the first of
// the inserts that a part was made of.
type partColumn struct {
	values []uint64
	one    string
	ranks  []uint64 // of the names that a block brings
	raw    []byte
}

func rankOf(part string) (uint64, error) {
	partition, rest, _ := strings.Cut(part, "_")
	insert, _, _ := strings.Cut(rest, "_")
	month, err := strconv.ParseUint(partition, 10, 20)
	if err != nil {
		return 0, fmt.Errorf("name of part %q: %w", part, err)
	}
	number, err := strconv.ParseUint(insert, 10, 44)
	if err != nil {
		return 0, fmt.Errorf("name of part %q: %w", part, err)
	}
	return month<<44 | number, nil
}

// decode takes names and, for each row, the number of its name, as the Native format has LowCardinality.
func (c *partColumn) decode(r *bufio.Reader, rows int) error {
	if rows == 0 {
		return nil
	}
	var head [3]uint64 // version, the form of what follows, how many names
	if err := binary.Read(r, binary.LittleEndian, &head); err != nil {
		return err
	}
	if head[0] != sharedDictionary || head[1]&^0xff&^(1<<10) != 1<<9 || head[2] > uint64(rows)+1 {
		return fmt.Errorf("names of parts in an unknown form: %x", head)
	}
	c.ranks = c.ranks[:0]
	for range head[2] {
		name, err := readText(r)
		if err != nil {
			return err
		}
		rank := uint64(0)
		if name != "" { // the dictionary's own first word
			if rank, err = rankOf(name); err != nil {
				return err
			}
		}
		c.ranks = append(c.ranks, rank)
	}
	var n uint64
	if err := binary.Read(r, binary.LittleEndian, &n); err != nil {
		return err
	}
	power := head[1] & 0xff // of two: how many bytes a number has
	if n != uint64(rows) || power > 2 {
		return fmt.Errorf("%d numbers of parts in form %x for %d rows", n, head[1], rows)
	}
	width := 1 << power
	c.raw = slices.Grow(c.raw[:0], rows*width)[:rows*width]
	if _, err := io.ReadFull(r, c.raw); err != nil {
		return err
	}
	for at := 0; at < len(c.raw); at += width {
		number := 0
		for k := width - 1; k >= 0; k-- {
			number = number<<8 | int(c.raw[at+k])
		}
		if number >= len(c.ranks) {
			return fmt.Errorf("part %d of %d", number, len(c.ranks))
		}
		c.values = append(c.values, c.ranks[number])
	}
	return nil
}

func (c *partColumn) target() any { return &c.one }

func (c *partColumn) keep() error {
	rank, err := rankOf(c.one)
	c.values = append(c.values, rank)
	return err
}

func (c *partColumn) reset()       { c.values = c.values[:0] }
func (c *partColumn) kind() string { return typeWord }

// scanBlocks calls block for each block of a query's answer, whose columns are then in into. Over HTTP the answer comes in
// Native format; the native protocol gives rows, of which blocks are made here.
func (s *Store) scanBlocks(ctx context.Context, into []scanned, block func(rows int) error, query string, args ...any) error {
	if s.opts.Protocol != protocolHTTP {
		return s.scanRows(ctx, into, block, query, args...)
	}
	body, err := s.conn.QueryFormat(ctx, "Native", query, args...)
	if err != nil {
		return err
	}
	defer body.Close()
	r := bufio.NewReaderSize(body, 1<<18)
	for {
		rows, err := decodeBlock(r, into)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read block: %w", err)
		}
		if rows == 0 {
			continue
		}
		if err := block(rows); err != nil {
			return err
		}
	}
}

// decodeBlock reads one block; io.EOF is the end of the answer.
func decodeBlock(r *bufio.Reader, into []scanned) (rows int, err error) {
	columns, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, err
	}
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, unexpected(err)
	}
	if columns != 0 && int(columns) != len(into) {
		return 0, fmt.Errorf("%d columns, want %d", columns, len(into))
	}
	for _, c := range into[:columns] {
		name, err := readText(r)
		if err != nil {
			return 0, unexpected(err)
		}
		kind, err := readText(r)
		if err != nil {
			return 0, unexpected(err)
		}
		if kind != c.kind() {
			return 0, fmt.Errorf("column %s is %s, want %s", name, kind, c.kind())
		}
		c.reset()
		if err := c.decode(r, int(n)); err != nil {
			return 0, unexpected(err)
		}
	}
	return int(n), nil
}

// unexpected is err, but an answer that ends within a block was cut off.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readText(r *bufio.Reader) (string, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return "", err
	}
	if n > 1<<20 {
		return "", fmt.Errorf("a name of %d bytes", n)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return string(b), err
}

// blockRows is how many rows make a block where the driver gives them one by one.
const blockRows = 8192

func (s *Store) scanRows(ctx context.Context, into []scanned, block func(rows int) error, query string, args ...any) error {
	targets := make([]any, len(into))
	for i, c := range into {
		targets[i] = c.target()
		c.reset()
	}
	n := 0
	flush := func() error {
		rows := n
		n = 0
		if rows == 0 {
			return nil
		}
		err := block(rows)
		for _, c := range into {
			c.reset()
		}
		return err
	}
	err := s.each(ctx, func(scan func(...any) error) error {
		if err := scan(targets...); err != nil {
			return err
		}
		for _, c := range into {
			if err := c.keep(); err != nil {
				return err
			}
		}
		if n++; n < blockRows {
			return nil
		}
		return flush()
	}, query, args...)
	if err != nil {
		return err
	}
	return flush()
}
