package suitecrm

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"tappa/ingest/source"
)

// ReasonNotAChange says that a record is JSON, but no change event of a row.
const ReasonNotAChange source.Reason = "not-a-change"

// The operations of Debezium that matter here. Others (truncate, message) carry no row.
const (
	opCreate   = "c"
	opUpdate   = "u"
	opDelete   = "d"
	opSnapshot = "r"
)

// change is one change of one row.
type change struct {
	table string
	op    string // "" where a flattened record does not say
	row   row    // after the change; as it last was for a deletion
	prior row    // before the change; the zero row where the record does not say
	err   *source.Error
}

// row is a row's columns, with their schema where the record brings one.
type row struct {
	columns *fastjson.Object
	schema  []*fastjson.Value // of the columns, in any order
	c       *change           // takes the first error
}

func (r row) there() bool { return r.columns != nil }

// readChange takes a record apart. All of Debezium's shapes are read: the envelope {before, after, source, op}, with and
// without {schema, payload} around it, and the bare row that ExtractNewRecordState makes of it, with whichever of its
// metadata fields. A nil change and no error is a record that holds no row: a tombstone, a change of the schema, a
// transaction's boundary, a heartbeat.
func readChange(p *fastjson.Parser, rec source.Record, most int) (*change, *source.Error) {
	if rec.Value == nil || string(bytes.TrimSpace(rec.Value)) == "null" {
		return nil, nil
	}
	top, err := parse(p, rec.Value, most)
	if err != nil {
		return nil, err
	}
	var schema *fastjson.Value
	if payload := top.Get("payload"); payload != nil && top.Get("schema") != nil {
		schema, top = top.Get("schema"), payload
	}
	if top.Type() == fastjson.TypeNull {
		return nil, nil
	}
	o, notObject := top.Object()
	if notObject != nil {
		return nil, fault(ReasonNotAChange, "", "expected a change event or a row, got %s", top.Type())
	}
	if isRowless(o) {
		return nil, nil
	}
	c := &change{}
	if o.Get("op") != nil && (o.Get("after") != nil || o.Get("before") != nil || o.Get("source") != nil) {
		return c, c.envelope(o, schema)
	}
	return c, c.flattened(o, schema, rec.Topic)
}

// parse reads the JSON of a record.
func parse(p *fastjson.Parser, value []byte, most int) (*fastjson.Value, *source.Error) {
	switch {
	case len(value) > most:
		return nil, fault(source.ReasonTooLarge, "", "%d bytes, at most %d are read", len(value), most)
	case !utf8.Valid(value):
		return nil, fault(source.ReasonInvalidUTF8, "", "not UTF-8")
	}
	v, err := p.ParseBytes(value)
	if err == nil {
		err = fastjson.ValidateBytes(value)
	}
	if err != nil {
		return nil, fault(source.ReasonMalformedJSON, "", "not JSON, or nested deeper than %d levels", fastjson.MaxDepth)
	}
	return v, nil
}

// isRowless tells the records that Debezium writes beside changes of rows.
func isRowless(o *fastjson.Object) bool {
	has := func(name string) bool { return o.Get(name) != nil }
	switch {
	case has("ddl") && has("source"): // the schema changed
		return true
	case has("event_count") && has("status"): // a transaction began or ended
		return true
	case o.Len() == 1 && has("ts_ms"): // heartbeat
		return true
	}
	return false
}

// envelope reads {before, after, source, op}.
func (c *change) envelope(o *fastjson.Object, schema *fastjson.Value) *source.Error {
	c.op = string(o.Get("op").GetStringBytes())
	switch c.op {
	case opCreate, opUpdate, opDelete, opSnapshot:
	case "t", "m":
		return nil
	default:
		return fault(ReasonNotAChange, "op", "%q, expected c, u, r or d", clip(o.Get("op").String()))
	}
	c.table = string(o.Get("source").GetStringBytes("table"))
	if c.table == "" {
		return fault(ReasonNotAChange, "source.table", "missing, so nobody knows whose row this is")
	}
	fields := schema.GetArray("fields")
	after, before := o.Get("after"), o.Get("before")
	if c.op == opDelete {
		after, before = before, nil
	}
	var err *source.Error
	if c.row, err = c.open("after", after, fields); err != nil {
		return err
	}
	if !c.row.there() && c.op != opDelete {
		return fault(ReasonNotAChange, "after", "missing in an event of op %s", c.op)
	}
	c.prior, err = c.open("before", before, fields)
	return err
}

// open makes a row of one side of an envelope.
func (c *change) open(side string, v *fastjson.Value, schema []*fastjson.Value) (row, *source.Error) {
	if v == nil || v.Type() == fastjson.TypeNull {
		return row{}, nil
	}
	columns, err := v.Object()
	if err != nil {
		return row{}, fault(ReasonNotAChange, side, "expected a row, got %s", v.Type())
	}
	r := row{columns: columns, c: c}
	for _, s := range schema {
		if string(s.GetStringBytes("field")) == side {
			r.schema = s.GetArray("fields")
		}
	}
	return r, nil
}

// flattened reads a bare row. Its table is what __table says, else the last part of the topic's name.
func (c *change) flattened(o *fastjson.Object, schema *fastjson.Value, topic string) *source.Error {
	c.row = row{columns: o, schema: schema.GetArray("fields"), c: c}
	c.op = string(o.Get("__op").GetStringBytes())
	if deleted := o.Get("__deleted"); deleted != nil && (string(deleted.GetStringBytes()) == "true" || deleted.GetBool()) {
		c.op = opDelete
	}
	c.table = string(o.Get("__table").GetStringBytes())
	if c.table == "" {
		c.table = topic[strings.LastIndexByte(topic, '.')+1:]
	}
	if _, known := tables[c.table]; known && o.Get(keyOf(c.table)) == nil {
		return fault(ReasonNotAChange, keyOf(c.table), "missing: neither a change event nor a row of %s", c.table)
	}
	return nil
}

// keyOf names the column that identifies a row.
func keyOf(table string) string {
	if table == "emails_text" {
		return "email_id"
	}
	return "id"
}

func fault(reason source.Reason, field, format string, args ...any) *source.Error {
	return &source.Error{Reason: reason, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// clip shortens what an error quotes.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
