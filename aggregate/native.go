package aggregate

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unsafe"
)

// nativeBlock is a block of rows in ClickHouse's Native format, written column by column into memory that the next block
// uses again. The driver builds the same bytes, but in new memory for every block, and looks every word up by reflection;
// with blocks of 50 MB that costs more than decoding the rows did.
type nativeBlock[R any] struct {
	of      []column[R]
	head    []byte // how many columns and rows
	columns []nativeColumn
	rows    int
	whole   bool // nothing comes any more
}

func newNativeBlock[R any](columns []column[R]) *nativeBlock[R] {
	b := &nativeBlock[R]{of: columns, columns: make([]nativeColumn, len(columns))}
	b.begin()
	return b
}

// begin empties the block.
func (b *nativeBlock[R]) begin() {
	b.rows, b.whole = 0, false
	for i, c := range b.of {
		b.columns[i].begin(c.name, c.kind)
	}
}

// cachedRows is how many rows all columns take before the next rows: so few that they stay in the processor's cache from the first column
// to the last.
const cachedRows = 256

func (b *nativeBlock[R]) addAll(rows []R) error {
	for some := range slices.Chunk(rows, cachedRows) {
		if err := b.add(some); err != nil {
			return err
		}
	}
	return nil
}

// add takes a few rows in.
func (b *nativeBlock[R]) add(rows []R) error {
	b.rows += len(rows)
	for i, c := range b.of {
		if c.straight != nil {
			c.straight(&b.columns[i], rows)
		} else if err := c.fill(&b.columns[i], rows); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	return nil
}

// end completes the block.
func (b *nativeBlock[R]) end() {
	if b.whole {
		return
	}
	b.whole = true
	b.head = binary.AppendUvarint(b.head[:0], uint64(len(b.of)))
	b.head = binary.AppendUvarint(b.head, uint64(b.rows))
	for i := range b.columns {
		b.columns[i].end()
	}
}

// reader reads the block from its beginning.
func (b *nativeBlock[R]) reader() io.Reader {
	parts := make([]io.Reader, 0, 1+5*len(b.columns))
	add := func(part []byte) {
		if len(part) > 0 {
			parts = append(parts, bytes.NewReader(part))
		}
	}
	add(b.head)
	for i := range b.columns {
		c := &b.columns[i]
		add(c.head)
		add(c.before)
		add(c.words.head)
		add(c.words.keys)
		add(c.data)
	}
	return io.MultiReader(parts...)
}

// nativeColumn is one column of a block. It takes what the driver's columns take, as far as columns of interactions need
// it, in the same ways.
type nativeColumn struct {
	head   []byte // name, type and, for words, the version of their form
	before []byte // of arrays: where each row's values end; of values that may be null: which are
	data   []byte // values; of words their numbers
	values uint64 // of an array, so far
	isWord bool
	words  dictionary
}

// begin empties the column for a block.
func (c *nativeColumn) begin(name, kind string) {
	c.head = appendText(appendText(c.head[:0], name), kind)
	if c.isWord = strings.Contains(kind, typeWord); c.isWord {
		c.head = binary.LittleEndian.AppendUint64(c.head, sharedDictionary)
	}
	c.before, c.data, c.values = c.before[:0], c.data[:0], 0
	c.words.reset()
}

// end completes the column.
func (c *nativeColumn) end() {
	if c.isWord {
		c.data = c.words.finish(c.data)
	}
}

// straightOf writes a column from its rows without gathering the values first; it is nil for values that are gathered.
func straightOf[R, V any](get func(*R) V) func(c *nativeColumn, rows []R) {
	switch get := any(get).(type) {
	case func(*R) string:
		return func(c *nativeColumn, rows []R) {
			for i := range rows {
				c.text(get(&rows[i]))
			}
		}
	case func(*R) int64:
		return eachStraight(func(to []byte, r *R) []byte { return binary.LittleEndian.AppendUint64(to, uint64(get(r))) })
	case func(*R) uint64:
		return eachStraight(func(to []byte, r *R) []byte { return binary.LittleEndian.AppendUint64(to, get(r)) })
	case func(*R) uint32:
		return eachStraight(func(to []byte, r *R) []byte { return binary.LittleEndian.AppendUint32(to, get(r)) })
	case func(*R) uint8:
		return eachStraight(func(to []byte, r *R) []byte { return append(to, get(r)) })
	case func(*R) bool:
		return eachStraight(func(to []byte, r *R) []byte { return append(to, bit(get(r))) })
	case func(*R) float64:
		return eachStraight(func(to []byte, r *R) []byte { return binary.LittleEndian.AppendUint64(to, math.Float64bits(get(r))) })
	}
	return nil
}

func eachStraight[R any](one func(to []byte, r *R) []byte) func(c *nativeColumn, rows []R) {
	return func(c *nativeColumn, rows []R) {
		for i := range rows {
			c.data = one(c.data, &rows[i])
		}
	}
}

// Append takes a value for every row.
func (c *nativeColumn) Append(v any) error {
	switch v := v.(type) {
	case []string:
		for _, s := range v {
			c.text(s)
		}
	case []int64:
		for _, n := range v {
			c.data = binary.LittleEndian.AppendUint64(c.data, uint64(n))
		}
	case []uint64:
		for _, n := range v {
			c.data = binary.LittleEndian.AppendUint64(c.data, n)
		}
	case []uint32:
		for _, n := range v {
			c.data = binary.LittleEndian.AppendUint32(c.data, n)
		}
	case []uint8:
		c.data = append(c.data, v...)
	case []int32:
		for _, n := range v {
			c.data = binary.LittleEndian.AppendUint32(c.data, uint32(n))
		}
	case []float64:
		for _, x := range v {
			c.data = binary.LittleEndian.AppendUint64(c.data, math.Float64bits(x))
		}
	case []float32:
		for _, x := range v {
			c.data = binary.LittleEndian.AppendUint32(c.data, math.Float32bits(x))
		}
	case []bool:
		for _, on := range v {
			c.data = append(c.data, bit(on))
		}
	case []*float64:
		for _, x := range v {
			c.before = append(c.before, bit(x == nil))
			if x == nil {
				x = new(float64)
			}
			c.data = binary.LittleEndian.AppendUint64(c.data, math.Float64bits(*x))
		}
	case []*int64:
		for _, n := range v {
			c.before = append(c.before, bit(n == nil))
			if n == nil {
				n = new(int64)
			}
			c.data = binary.LittleEndian.AppendUint64(c.data, uint64(*n))
		}
	default:
		return fmt.Errorf("no form for values of type %T", v)
	}
	return nil
}

// AppendRow takes the values of one row of an array.
func (c *nativeColumn) AppendRow(v any) error {
	list, ok := v.([]string)
	if !ok {
		return fmt.Errorf("no form for a row of type %T", v)
	}
	for _, s := range list {
		c.text(s)
	}
	c.values += uint64(len(list))
	c.before = binary.LittleEndian.AppendUint64(c.before, c.values)
	return nil
}

func (c *nativeColumn) text(s string) {
	if c.isWord {
		c.words.add(s)
		return
	}
	c.data = appendText(c.data, s)
}

func appendText(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}

func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// What stands in the form of LowCardinality: its version, and that a block brings all of its words and no others.
const (
	sharedDictionary = 1
	wordsFollow      = 1<<9 | 1<<10
)

// dictionary numbers the words of a column.
type dictionary struct {
	numbers map[string]uint32
	rows    []uint32
	head    []byte // width of the numbers and how many words follow
	keys    []byte // the words in the order of their numbers
	recent  [1 << 8]recentWord
}

// recentWord remembers a word by where it lies in memory: rows mostly share what they have in common, so few need hashing.
type recentWord struct {
	at     *byte
	length int
	number uint32
}

func (d *dictionary) reset() {
	clear(d.numbers)
	clear(d.recent[:])
	d.rows, d.head, d.keys = d.rows[:0], d.head[:0], d.keys[:0]
}

func (d *dictionary) add(s string) {
	at := unsafe.StringData(s)
	slot := &d.recent[(uintptr(unsafe.Pointer(at))>>3^uintptr(len(s)))%uintptr(len(d.recent))]
	if slot.at != at || slot.length != len(s) || at == nil {
		if d.numbers == nil {
			d.numbers = map[string]uint32{}
		}
		n, known := d.numbers[s]
		if !known {
			n = uint32(len(d.numbers))
			d.numbers[s] = n
			d.keys = appendText(d.keys, s)
		}
		*slot = recentWord{at, len(s), n}
	}
	d.rows = append(d.rows, slot.number)
}

// finish appends how many numbers there are, and the numbers, in the fewest bytes that hold them all.
func (d *dictionary) finish(to []byte) []byte {
	if len(d.rows) == 0 {
		return to // an array without a single word has no dictionary either
	}
	width := uint64(0)
	for len(d.numbers) > 1<<(8<<width) {
		width++
	}
	d.head = binary.LittleEndian.AppendUint64(d.head, wordsFollow|width)
	d.head = binary.LittleEndian.AppendUint64(d.head, uint64(len(d.numbers)))
	to = binary.LittleEndian.AppendUint64(to, uint64(len(d.rows)))
	switch width {
	case 0:
		for _, n := range d.rows {
			to = append(to, byte(n))
		}
	case 1:
		for _, n := range d.rows {
			to = binary.LittleEndian.AppendUint16(to, uint16(n))
		}
	default:
		for _, n := range d.rows {
			to = binary.LittleEndian.AppendUint32(to, n)
		}
	}
	clear(d.numbers) // the pool must not keep a block's texts alive
	clear(d.recent[:])
	return to
}
