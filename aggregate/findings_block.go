package aggregate

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// field is one field of records in a column, in the order of the records, as ClickHouse's Native format has it.
type field struct {
	name, kind string
	width      int  // bytes of a number; 0: a text
	isWord     bool // what words holds: of LowCardinality, of table words, or of an enumeration
	mayBeNull  bool

	nulls  []byte // one a value, of those that may be null
	data   []byte
	words  dictionary
	places []uint16 // of words that are stored as numbers, by their numbers in words
}

func newField(name, kind string) *field {
	f := &field{name: name, kind: kind, isWord: kind == typeWord || kind == typeNumber || enumerations[kind] != nil, mayBeNull: strings.HasPrefix(kind, "Nullable(")}
	switch strings.TrimPrefix(kind, "Nullable(") {
	case typeBool, "UInt8":
		f.width = 1
	case typeFloat32, "UInt32":
		f.width = 4
	case typeString:
	default:
		if !f.isWord {
			f.width = 8
		}
	}
	return f
}

func (f *field) text(s string) {
	if f.isWord {
		f.words.add(s)
		return
	}
	f.data = appendText(f.data, s)
}

func (f *field) bool(on bool)    { f.data = append(f.data, bit(on)) }
func (f *field) uint8(n uint8)   { f.data = append(f.data, n) }
func (f *field) uint32(n uint32) { f.data = binary.LittleEndian.AppendUint32(f.data, n) }
func (f *field) int64(n int64)   { f.data = binary.LittleEndian.AppendUint64(f.data, uint64(n)) }
func (f *field) float64(x float64) {
	f.data = binary.LittleEndian.AppendUint64(f.data, math.Float64bits(x))
}

func (f *field) float32(x float32) {
	f.data = binary.LittleEndian.AppendUint32(f.data, math.Float32bits(x))
}

// maybe is int64 of a number that may not be there.
func (f *field) maybe(n int64, there bool) {
	f.nulls = append(f.nulls, bit(!there))
	if !there {
		n = 0
	}
	f.int64(n)
}

func (f *field) reset() {
	f.nulls, f.data = f.nulls[:0], f.data[:0]
	f.words.reset()
}

// finish makes the data of words that were gathered.
func (f *field) finish() {
	switch {
	case f.kind == typeWord:
		f.data = f.words.finish(f.data[:0])
	case f.kind == typeNumber:
		f.data = slices.Grow(f.data[:0], 2*len(f.words.rows))
		for _, n := range f.words.rows {
			f.data = binary.LittleEndian.AppendUint16(f.data, f.places[n])
		}
	case f.isWord:
		f.data = slices.Grow(f.data[:0], len(f.words.rows))
		for _, n := range f.words.rows {
			f.data = append(f.data, byte(f.places[n]))
		}
	}
}

// number finds the numbers under which the block's words are stored.
func (b *findingsBlock) number(ctx context.Context, s *Store) error {
	for _, c := range b.columns() {
		for _, f := range c.fields {
			switch words := f.words.inOrder(); {
			case f.kind == typeNumber:
				var err error
				if f.places, err = s.numberWords(ctx, words); err != nil {
					return err
				}
			case f.isWord && f.kind != typeWord:
				f.places = f.places[:0]
				for _, word := range words {
					f.places = append(f.places, enumerations[f.kind][word])
				}
			}
		}
	}
	return nil
}

// inOrder gives the words by their numbers.
func (d *dictionary) inOrder() []string {
	out := make([]string, len(d.numbers))
	for word, n := range d.numbers {
		out[n] = word
	}
	return out
}

// numberOf gives a word's number in this block, and gives it one if it has none.
func (d *dictionary) numberOf(s string) uint32 {
	d.add(s)
	last := len(d.rows) - 1
	n := d.rows[last]
	d.rows = d.rows[:last]
	return n
}

// listColumn is a column of records: one a row, or a list of them.
type listColumn struct {
	name    string
	isList  bool
	fields  []*field
	records uint64
	closed  uint64 // of records: in rows that are done
	ends    []byte // where each row's list ends
}

func column0(name, kind string) *listColumn {
	return &listColumn{name: name, fields: []*field{newField(name, kind)}}
}

// list makes a column of lists of named fields, given as name, kind, name, kind, and so on.
func list(name string, fields ...string) *listColumn {
	c := &listColumn{name: name, isList: true}
	for i := 0; i < len(fields); i += 2 {
		c.fields = append(c.fields, newField(fields[i], fields[i+1]))
	}
	return c
}

// kind is the column's type.
func (c *listColumn) kind() string {
	if !c.isList {
		return c.fields[0].kind
	}
	parts := make([]string, len(c.fields))
	for i, f := range c.fields {
		parts[i] = f.name + " " + f.kind
	}
	return "Array(Tuple(" + strings.Join(parts, ", ") + "))"
}

// count is how many records the row has so far: the number of its last, counted from 1.
func (c *listColumn) count() uint32 { return uint32(c.records - c.closed) } //nolint:gosec // of one subject

// end closes the row's list.
func (c *listColumn) end() {
	c.ends = binary.LittleEndian.AppendUint64(c.ends, c.records)
	c.closed = c.records
}

func (c *listColumn) reset() {
	c.records, c.closed, c.ends = 0, 0, c.ends[:0]
	for _, f := range c.fields {
		f.reset()
	}
}

// parts are the bytes of the column in Native format.
func (c *listColumn) parts() [][]byte {
	head := appendText(appendText(nil, c.name), c.kind())
	for _, f := range c.fields {
		if f.kind == typeWord {
			head = binary.LittleEndian.AppendUint64(head, sharedDictionary)
		}
	}
	out := [][]byte{head, c.ends}
	for _, f := range c.fields {
		f.finish()
		if f.kind == typeWord {
			out = append(out, f.words.head, f.words.keys)
		}
		out = append(out, f.nulls, f.data)
	}
	return out
}

// findingsBlock is a block of rows of table findings, each of which says all that a walk found of a subject in a journey. Between
// begin and done come the subject's contacts, and its runs, each followed by its visits, waits and steps and by endRun.
type findingsBlock struct {
	journey, subject, walked, deleted    *listColumn
	contacts, runs, visits, waits, steps *listColumn

	rows  int
	begun [3]uint32 // visits, waits and steps of the row before the run
	facts runFacts
	codes [][]uint32 // by number of a tag: of its words in steps, in the order of stepWords
}

func newFindingsBlock() *findingsBlock {
	return &findingsBlock{
		journey: column0("journey", typeWord), subject: column0("subject", typeString),
		walked: column0("walked", "UInt64"), deleted: column0("deleted", "UInt8"),
		contacts: list("contacts", "contact_key", typeString, "person", typeString),
		runs: list("runs",
			"attempt", "UInt32", "case_id", typeString, "person", typeString, "account", typeString, "persona", typeNumber,
			"customer", typeCustomer, "opened_at", typeTime, "closed_at", typeTime, "exit", typeExit, "stage", typeNumber, "position", "UInt8",
			"first_at", typeTime, "last_at", typeTime, "interactions", "UInt32", "value", typeFloat,
			"first_visit", "UInt32", "visits", "UInt32", "first_wait", "UInt32", "waits", "UInt32", "first_step", "UInt32", "steps", "UInt32",
			"negative_from", "UInt8", "late_from", "UInt8"),
		visits: list("visits",
			"run", "UInt32", "position", "UInt8", "stage", typeNumber, "entered_at", typeTime, "left_at", typeTime, "exit", typeExit,
			"last_activity_at", typeTime, "touchpoint", typeNumber, "channel", typeNumber, "department", typeNumber,
			"interactions", "UInt32", "value", typeFloat, "value_known", typeFloat, "company_ms", "Int64"),
		waits: list("waits",
			"run", "UInt32", "number", "UInt32", "contact", "UInt32", "customer", typeCustomer, "value_known", typeFloat, "thread", typeString,
			"first", typeBool, "missed_call", typeBool, "source", typeWord, "stage", typeNumber, "touchpoint", typeNumber,
			"channel", typeNumber, "department", typeNumber, "priority", typeWord, "asked_at", typeTime, "ask_origin", typeWord,
			"ask_id", typeString, "answered_at", typeMaybeTime, "answer_origin", typeWord, "answer_id", typeString,
			"waited_ms", typeMaybeInt64, "business_ms", typeMaybeInt64, "target_ms", typeMaybeInt64,
			"target_business", typeBool, "due_at", typeMaybeTime),
		steps: list("steps",
			"run", "UInt32", "visit", "UInt32", "occurred_at", typeTime, "contact", "UInt32", "id", typeString, "stage", typeNumber,
			"reached", "UInt8", "toward", "UInt8", "new_from", "UInt8", "is_return", typeBool, "value_known", typeFloat, "mood_score", typeFloat32, "automatic", typeBool,
			"mood_eligible", typeBool, "public", typeBool, "solved", typeBool, "thread", typeString,
			"source", typeNumber, "touchpoint", typeNumber, "channel", typeNumber, "department", typeNumber, "direction", typeDirection, "outcome", typeOutcome,
			"mood_label", typeMood, "mood_emotion", typeEmotion, "origin", typeWord, "type", typeWord, "activity", typeWord,
			"mood_lang", typeWord),
	}
}

const (
	typeMaybeTime  = "Nullable(DateTime64(3, 'UTC'))"
	typeMaybeInt64 = "Nullable(Int64)"
	typeMaybeFloat = "Nullable(Float64)"
)

func (b *findingsBlock) columns() []*listColumn {
	return []*listColumn{b.journey, b.subject, b.walked, b.deleted, b.contacts, b.runs, b.visits, b.waits, b.steps}
}

// begin begins a row.
func (b *findingsBlock) begin(journey, subject string, walked uint64, deleted bool) {
	b.journey.fields[0].text(journey)
	b.subject.fields[0].text(subject)
	b.walked.fields[0].int64(int64(walked)) //nolint:gosec // the bits are the same
	b.deleted.fields[0].uint8(bit(deleted))
	b.rows++
}

// done ends the row.
func (b *findingsBlock) done() {
	for _, c := range b.columns() {
		if c.isList {
			c.end()
		}
	}
}

// grave says that there is nothing to be found of a subject any more.
func (b *findingsBlock) grave(journey, subject string, walked uint64) {
	b.begin(journey, subject, walked, true)
	b.done()
}

func (b *findingsBlock) reset() {
	for _, c := range b.columns() {
		c.reset()
	}
	b.rows = 0
	b.forgetTags()
}

// forgetTags is for when tags are numbered anew.
func (b *findingsBlock) forgetTags() { clear(b.codes) }

func (b *findingsBlock) statement() string {
	names := make([]string, 0, len(b.columns()))
	for _, c := range b.columns() {
		names = append(names, c.name)
	}
	return "INSERT INTO findings (" + strings.Join(names, ", ") + ")"
}

// reader reads the block in Native format.
func (b *findingsBlock) reader() io.Reader {
	columns := b.columns()
	head := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(columns))), uint64(b.rows)) //nolint:gosec // a number of rows
	parts := []io.Reader{bytes.NewReader(head)}
	for _, c := range columns {
		for _, part := range c.parts() {
			if len(part) > 0 {
				parts = append(parts, bytes.NewReader(part))
			}
		}
	}
	return io.MultiReader(parts...)
}

// writeFindings stores a block and empties it. It is one insert: a reader sees all of a subject from before the walk, or all from
// after it.
func (s *Store) writeFindings(ctx context.Context, b *findingsBlock) error {
	if b.rows == 0 {
		return nil
	}
	if err := b.number(ctx, s); err != nil {
		return err
	}
	settings := s.settingsOf(b.rows, "")
	var err error
	if s.opts.Protocol == protocolHTTP {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings))
		err = s.conn.InsertFormat(ctx, "Native", b.statement(), b.reader())
	} else {
		err = s.sendFindings(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), b)
	}
	if err != nil {
		return fmt.Errorf("insert into findings: %w", err)
	}
	b.reset()
	return nil
}
