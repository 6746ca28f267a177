package suitecrm

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"tappa/ingest/source"
)

// get returns a column, nil for one that is null or not there: other versions of SuiteCRM have other columns.
func (r row) get(name string) *fastjson.Value {
	if r.columns == nil {
		return nil
	}
	v := r.columns.Get(name)
	if v == nil || v.Type() == fastjson.TypeNull {
		return nil
	}
	return v
}

// fail keeps the first thing that is wrong with the change.
func (r row) fail(name, format string, args ...any) {
	if r.c.err == nil {
		r.c.err = fault(source.ReasonBadPayload, r.c.table+"."+name, format, args...)
	}
}

// text returns a column as text, without NUL characters and blanks around it.
func (r row) text(name string) string {
	v := r.get(name)
	if v == nil {
		return ""
	}
	switch v.Type() {
	case fastjson.TypeString:
		return strings.TrimSpace(strings.ReplaceAll(string(v.GetStringBytes()), "\x00", ""))
	case fastjson.TypeNumber, fastjson.TypeTrue, fastjson.TypeFalse:
		return v.String()
	}
	r.fail(name, "expected text, got %s", v.Type())
	return ""
}

// id returns a column that holds an identifier. Longer ones than any key of SuiteCRM's are mistakes.
func (r row) id(name string) string {
	s := r.text(name)
	if len(s) > maxID || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		r.fail(name, "%q is no id", clip(s))
		return ""
	}
	return s
}

// maxID is the longest identifier taken, in bytes; SuiteCRM's have 36.
const maxID = 100

// flag returns a column that is true or false: TINYINT(1) comes as a number, or as a boolean after a converter.
func (r row) flag(name string) bool {
	v := r.get(name)
	if v == nil {
		return false
	}
	switch v.Type() {
	case fastjson.TypeTrue:
		return true
	case fastjson.TypeFalse:
		return false
	case fastjson.TypeNumber:
		return v.GetFloat64() != 0
	case fastjson.TypeString:
		switch s := string(v.GetStringBytes()); s {
		case "1", "true", "on", "yes":
			return true
		case "", "0", "false", "off", "no":
			return false
		}
	}
	r.fail(name, "expected 0 or 1, got %s", clip(v.String()))
	return false
}

// scaleOfAmounts is that of SuiteCRM's amounts, DECIMAL(26,6): what stands in for the schema that tells it.
const scaleOfAmounts = 6

// amount returns a column that is a sum of money, 0 for none and for a negative one. Debezium writes DECIMAL as a number, as
// text, or as the two's complement of the unscaled number in base64.
func (r row) amount(name string) float64 {
	v := r.get(name)
	if v == nil {
		return 0
	}
	f := math.NaN()
	switch v.Type() {
	case fastjson.TypeNumber:
		f = v.GetFloat64()
	case fastjson.TypeString:
		f = r.decimal(name, string(v.GetStringBytes()))
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.fail(name, "expected a number, got %s", clip(v.String()))
		return 0
	}
	return max(0, f)
}

// decimal reads the texts that DECIMAL can come as.
func (r row) decimal(name, s string) float64 {
	if s == "" {
		return 0
	}
	if strings.ContainsRune(s, '.') {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return math.NaN()
		}
		return f
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) == 0 {
		return math.NaN()
	}
	n := new(big.Int).SetBytes(raw)
	if raw[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	scale := scaleOfAmounts
	if given, err := strconv.Atoi(string(r.typeOf(name).GetStringBytes("parameters", "scale"))); err == nil && given >= 0 && given <= 30 {
		scale = given
	}
	f, _ := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).Float64()
	return f
}

// typeOf returns a column's schema, nil where the record brings none.
func (r row) typeOf(name string) *fastjson.Value {
	for _, s := range r.schema {
		if string(s.GetStringBytes("field")) == name {
			return s
		}
	}
	return nil
}

// The years within which a column is a time at all. What is outside is a slip of the keyboard, and as good as empty.
var (
	earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// units are what a number can count, by the name that a schema gives it.
var units = map[string]time.Duration{
	"io.debezium.time.Timestamp":              time.Millisecond,
	"org.apache.kafka.connect.data.Timestamp": time.Millisecond,
	"io.debezium.time.MicroTimestamp":         time.Microsecond,
	"io.debezium.time.NanoTimestamp":          time.Nanosecond,
	"io.debezium.time.Date":                   24 * time.Hour,
	"org.apache.kafka.connect.data.Date":      24 * time.Hour,
}

// time returns a DATETIME or DATE column in UTC, the zero time for none. SuiteCRM keeps UTC and MySQL no zone, so what Debezium
// counts is UTC, whatever the server's zone. time.precision.mode decides about the unit: where no schema names it, the size
// of the number does, since within the years in question the units do not overlap.
func (r row) time(name string) time.Time {
	v := r.get(name)
	if v == nil {
		return time.Time{}
	}
	var at time.Time
	switch v.Type() {
	case fastjson.TypeNumber:
		n, err := v.Int64()
		if err != nil {
			r.fail(name, "expected a time, got %s", clip(v.String()))
			return at
		}
		at = since1970(n, units[string(r.typeOf(name).GetStringBytes("name"))])
	case fastjson.TypeString:
		s := strings.TrimSpace(string(v.GetStringBytes()))
		var ok bool
		if at, ok = written(s); !ok {
			r.fail(name, "%q is not a time", clip(s))
		}
	default:
		r.fail(name, "expected a time, got %s", v.Type())
	}
	if at.Before(earliest) || at.After(latest) {
		return time.Time{}
	}
	return at
}

// since1970 is the instant that n counts to, in a unit, or in the one it must be in.
func since1970(n int64, unit time.Duration) time.Time {
	for _, u := range []time.Duration{24 * time.Hour, time.Second, time.Millisecond, time.Microsecond, time.Nanosecond} {
		if unit != 0 && unit != u {
			continue
		}
		var at time.Time
		switch u {
		case 24 * time.Hour:
			if n > -1e6 && n < 1e6 {
				at = time.Unix(n*86400, 0)
			}
		case time.Second:
			at = time.Unix(n, 0)
		case time.Millisecond:
			at = time.UnixMilli(n)
		case time.Microsecond:
			at = time.UnixMicro(n)
		default:
			at = time.Unix(0, n)
		}
		if !at.Before(earliest) && !at.After(latest) {
			return at.UTC()
		}
	}
	return time.Time{}
}

// written reads a time as text: what isostring gives, and what MySQL itself writes. An empty one and MySQL's zero date are
// the zero time.
func written(s string) (time.Time, bool) {
	if s == "" || strings.HasPrefix(s, "0000-00-00") {
		return time.Time{}, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02Z07:00", "2006-01-02"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return since1970(n, 0), true
	}
	return time.Time{}, false
}
