package asterisk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"tappa/ingest/source"
)

// row is one row of a log: values by name, names in lower case without separators.
type row map[string]string

// maxRows bounds the rows of one record.
const maxRows = 10000

// readRows reads the rows of a record, of which there is at least one.
func readRows(value []byte, k kind) ([]row, error) {
	value = bytes.TrimSpace(bytes.TrimPrefix(value, []byte("\ufeff")))
	if len(value) == 0 {
		return nil, source.Malformed("empty, expected rows of a call")
	}
	var rows []row
	var err error
	switch {
	case value[0] == '{' || value[0] == '[':
		rows, err = jsonRows(value)
	case bytes.HasPrefix(value, []byte("Event:")):
		rows = amiRows(string(value))
	default:
		rows, err = lineRows(string(value), k)
	}
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, source.Malformed("no row, expected those of a call")
	case len(rows) > maxRows:
		return nil, source.Malformed("%d rows of one call, at most %d are read", len(rows), maxRows)
	}
	return rows, nil
}

// jsonRows reads objects one after another, or lists of them.
func jsonRows(value []byte) ([]row, error) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var rows []row
	for {
		var x any
		if err := d.Decode(&x); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, source.Malformed("JSON: %v", err)
		}
		list, ok := x.([]any)
		if !ok {
			list = []any{x}
		}
		for _, x := range list {
			object, ok := x.(map[string]any)
			if !ok {
				return nil, source.Malformed("JSON: expected objects, or a list of them")
			}
			rows = append(rows, objectRow(object))
		}
	}
}

// objectRow makes a row of an object; what is neither text, number nor flag is left out.
func objectRow(object map[string]any) row {
	r := make(row, len(object))
	for name, x := range object {
		switch x := x.(type) {
		case string:
			r.set(name, x)
		case json.Number:
			r.set(name, x.String())
		case bool:
			r.set(name, strconv.FormatBool(x))
		case map[string]any: // AMI and CEL: what an application added
			if b, err := json.Marshal(x); err == nil {
				r.set(name, string(b))
			}
		}
	}
	return r
}

// amiRows reads events of the manager interface: lines "Name: value", a blank line between events.
func amiRows(text string) []row {
	var rows []row
	var r row
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			r = nil
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		if r == nil {
			r = row{}
			rows = append(rows, r)
		}
		r.set(name, strings.TrimSpace(value))
	}
	return rows
}

// lineRows reads lines of fields. A first line that names its fields is not a row.
func lineRows(value string, k kind) ([]row, error) {
	var rows []row
	var names []string
	for text := range strings.Lines(value) {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		fields := splitFields(text, k.comma)
		if names == nil && rows == nil && isHeader(fields) {
			names = canonicals(fields)
			continue
		}
		r, err := fieldsRow(fields, names, k)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// splitFields returns the fields of a line. One in quotes may have the comma in it, and each quote twice; what stands
// between its closing quote and the comma is dropped.
func splitFields(text string, comma byte) []string {
	fields := make([]string, 0, 24)
	for {
		if !strings.HasPrefix(text, "\"") {
			field, rest, more := strings.Cut(text, string(comma))
			fields = append(fields, field)
			if !more {
				return fields
			}
			text = rest
			continue
		}
		end := 1
		for end < len(text) {
			i := strings.IndexByte(text[end:], '"')
			if i < 0 {
				end = len(text)
				break
			}
			if end += i; end+1 >= len(text) || text[end+1] != '"' {
				break
			}
			end += 2
		}
		fields = append(fields, strings.ReplaceAll(text[1:min(end, len(text))], `""`, `"`))
		_, rest, more := strings.Cut(text[min(end, len(text)):], string(comma))
		if !more {
			return fields
		}
		text = rest
	}
}

// isHeader tells that fields are names.
func isHeader(fields []string) bool {
	for _, f := range fields {
		switch canonical(f) {
		case "uniqueid", "callid":
			return true
		}
	}
	return false
}

// fieldsRow makes a row of fields; names are those of the file's first line, nil if it names none. Names are canonical.
func fieldsRow(fields, names []string, k kind) (row, error) {
	if names == nil {
		if names = k.columns(len(fields)); names == nil {
			return nil, source.Malformed("line of %d fields is no line of %s", len(fields), k.name)
		}
	}
	r := make(row, len(fields))
	for i, f := range fields[:min(len(fields), len(names), maxFields)] {
		if f = strings.TrimSpace(clean(f)); f != "" {
			r[names[i]] = f
		}
	}
	return r, nil
}

// aliases are the names by which other writers of the logs call the fields.
var aliases = map[string]string{
	"source": "src", "destination": "dst", "destinationcontext": "dcontext", "callerid": "clid", "destinationchannel": "dstchannel",
	"lastapplication": "lastapp", "starttime": "start", "calldate": "start", "answertime": "answer", "endtime": "end",
	"billableseconds": "billsec", "eventname": "eventtype", "calleridnum": "cidnum", "calleridname": "cidname", "calleridani": "cidani",
	"calleridrdnis": "cidrdnis", "calleriddnid": "ciddnid", "channel": "channame", "application": "appname", "applicationdata": "appdata",
	"queuename": "queue", "time": "eventtime", "transcription": "transcript", "language": "lang",
}

// canonical returns a field's name as rows have it: in lower case, without separators, and as Asterisk calls it.
func canonical(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '-' || r == ' ' || r == '"' || r == '\t':
			return -1
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		}
		return r
	}, name)
	if a, ok := aliases[name]; ok {
		return a
	}
	return name
}

// canonicals returns names as rows have them.
func canonicals(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = canonical(n)
	}
	return out
}

// maxFields bounds the fields of a row.
const maxFields = 200

// set sets a value, cleaned of what no text may have.
func (r row) set(name, value string) {
	if value = strings.TrimSpace(clean(value)); value != "" && len(r) < maxFields {
		r[canonical(name)] = value
	}
}

// clean drops what no stored text may have.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// first returns the first value that is there.
func (r row) first(names ...string) string {
	for _, n := range names {
		if r[n] != "" {
			return r[n]
		}
	}
	return ""
}

// seconds returns a value that is a number of seconds; what is none is 0.
func (r row) seconds(name string) time.Duration {
	f, err := strconv.ParseFloat(r[name], 64)
	if err != nil || f < 0 || f > 1e7 || math.IsNaN(f) {
		return 0
	}
	return time.Duration(math.Round(f * float64(time.Second)))
}

// timeLayouts are the forms of times. Asterisk writes local time unless told otherwise.
var timeLayouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", time.RFC3339, "2006-01-02T15:04:05-0700"}

// time returns a value that is a time: seconds since 1970, or a date in the zone. The zero time is none.
func (r row) time(name string, zone *time.Location) time.Time {
	s := r[name]
	if s == "" || s[0] == '0' {
		return time.Time{}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if f < 1e8 || f > 1e11 || math.IsNaN(f) {
			return time.Time{}
		}
		return time.UnixMilli(int64(math.Round(f * 1000)))
	}
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return r.once(t)
		}
	}
	return time.Time{}
}

// once tells which of two times is meant where the clocks were put back and a time of day came twice: the one nearer to when
// the channel came to be, which its id says in seconds since 1970 ("1792886390.3", "pbx-1792886390.3").
func (r row) once(t time.Time) time.Time {
	for _, other := range [...]time.Time{t.Add(-time.Hour), t.Add(time.Hour)} {
		if other.Hour() != t.Hour() {
			continue
		}
		id := r.first("uniqueid", "linkedid")
		id, _, _ = strings.Cut(id[strings.LastIndexByte(id, '-')+1:], ".")
		seconds, err := strconv.ParseInt(id, 10, 64)
		if born := time.Unix(seconds, 0); err == nil && born.Sub(other).Abs() < born.Sub(t).Abs() && born.Sub(other).Abs() < 24*time.Hour {
			return other
		}
	}
	return t
}

// missing is the error of a row without something that it needs.
func missing(field, what string) error {
	return source.Bad(field, "%s", fmt.Sprintf("missing or not readable, expected %s", what))
}
