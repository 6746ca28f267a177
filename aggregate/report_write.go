package aggregate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// WriteJSON writes the rows as a JSON array of objects, keys in the order of the columns: durations in seconds, shares
// as fractions, times as RFC 3339 in UTC, nothing to measure as null.
func (r Report) WriteJSON(w io.Writer) error {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, row := range r.Rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n {")
		for j, c := range r.Columns {
			if j > 0 {
				b.WriteString(", ")
			}
			value, err := jsonValue(c, row[j])
			if err != nil {
				return fmt.Errorf("write report %s, column %s: %w", r.Name, c.Name, err)
			}
			b.WriteString(strconv.Quote(c.Name) + ": " + value)
		}
		b.WriteByte('}')
	}
	if len(r.Rows) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	_, err := w.Write(b.Bytes())
	return err
}

// jsonValue writes one value. Text is not escaped for HTML, and no letter but control characters is.
func jsonValue(c Column, value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "null", nil
	case float64, time.Time:
		s := exact(c, v)
		if _, isTime := v.(time.Time); isTime {
			s = strconv.Quote(s)
		}
		return s, nil
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// WriteCSV writes a head of column names and the rows, values as in WriteJSON, null as the empty field.
func (r Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		head[i] = c.Name
	}
	records := [][]string{head}
	for _, row := range r.Rows {
		record := make([]string, len(row))
		for i, v := range row {
			record[i] = exact(r.Columns[i], v)
		}
		records = append(records, record)
	}
	if err := out.WriteAll(records); err != nil {
		return fmt.Errorf("write report %s: %w", r.Name, err)
	}
	return nil
}

// exact writes a value for other programs: seconds to the millisecond, which is how exact times are.
func exact(c Column, value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		if c.Unit == "s" {
			s := strconv.FormatFloat(v, 'f', 3, 64)
			return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.999Z07:00")
	}
	return fmt.Sprint(value)
}

// WriteTable writes an aligned table for people: the report's main columns, or all of them if wide; the labels in a
// language, times in the report's zone, durations like "2d 3h", shares in per cent, nothing to measure as "–".
func (r Report) WriteTable(w io.Writer, lang string, wide bool) error {
	shown := r.Shown(lang, wide)
	lines := make([][]string, 1+len(r.Rows))
	widths := make([]int, len(shown))
	for i, c := range shown {
		lines[0] = append(lines[0], heading(r.Columns[c]))
		for j, row := range r.Rows {
			lines[j+1] = append(lines[j+1], human(r.Columns[c], row[c], r.Zone))
		}
		for _, line := range lines {
			widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		for i, cell := range line {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if r.Columns[shown[i]].Numeric() {
				line[i] = gap + cell
			} else {
				line[i] = cell + gap
			}
		}
		b.WriteString(strings.TrimRight(strings.Join(line, "  "), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Numeric says whether a column holds numbers, which tables align to the right.
func (c Column) Numeric() bool {
	return strings.Contains(c.Type, "Int") || strings.Contains(c.Type, "Float")
}

// Shown chooses the columns of a table for people, as indexes into Columns: the report's main columns, or all of them if
// wide, with labels in one language.
func (r Report) Shown(lang string, wide bool) []int {
	if lang == "" {
		lang = "en"
	}
	var main []string
	if info, err := FindReport(r.Name); err == nil && !wide {
		main = info.Main
	}
	var out []int
	for i, c := range r.Columns {
		name := c.Name
		if base, of, ok := strings.Cut(name, "label_"); ok && base == "" {
			if of != lang {
				continue
			}
			name = "label"
		}
		if main == nil || slices.Contains(main, name) {
			out = append(out, i)
		}
	}
	return out
}

func heading(c Column) string {
	name := strings.TrimPrefix(c.Name, "label_")
	if name != c.Name {
		return "stage"
	}
	return strings.ReplaceAll(strings.TrimSuffix(name, "_s"), "_", " ")
}

// decimals writes a number with so many of them. What is rounded to nothing has no sign.
func decimals(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if !strings.ContainsAny(s, "123456789") {
		return strings.TrimPrefix(s, "-")
	}
	return s
}

// human writes a value for people.
func human(c Column, value any, zone *time.Location) string {
	switch v := value.(type) {
	case nil:
		return "–"
	case float64:
		switch c.Unit {
		case "s":
			return HumanDuration(v)
		case "share":
			return decimals(100*v, 1) + " %"
		}
		return decimals(v, 2)
	case time.Time:
		return v.In(zone).Format("2006-01-02 15:04")
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, fmt.Sprint(value))
}

// HumanDuration writes seconds in their two largest units, rounded to the smaller: "3d 4h", "2h 05m", "45s", "350ms".
func HumanDuration(seconds float64) string {
	isNegative, parts := DurationParts(seconds)
	var b strings.Builder
	if isNegative {
		b.WriteByte('-')
	}
	for i, p := range parts {
		switch {
		case i == 0:
			fmt.Fprintf(&b, "%d%s", p.N, p.Unit)
		case p.Unit == "h":
			fmt.Fprintf(&b, " %dh", p.N)
		default:
			fmt.Fprintf(&b, " %02d%s", p.N, p.Unit)
		}
	}
	return b.String()
}

// DurationPart is a whole number of a unit: d, h, m, s or ms.
type DurationPart struct {
	N    int64
	Unit string
}

// DurationParts gives seconds in their two largest units, rounded to the smaller, whose number may be 0; less than a minute has one unit.
// Whoever writes durations for people goes by it, so that none cuts where another rounds.
func DurationParts(seconds float64) (isNegative bool, parts []DurationPart) {
	d := time.Duration(math.Round(seconds*1000)) * time.Millisecond
	if d < 0 {
		isNegative, d = true, -d
	}
	const day = 24 * time.Hour
	pair := func(d, size, rest time.Duration, unit, smaller string) []DurationPart {
		d = d.Round(rest)
		return []DurationPart{{int64(d / size), unit}, {int64(d % size / rest), smaller}}
	}
	// A duration that rounds up to the next unit belongs there: 59m 59.9s is 1h 00m.
	switch {
	case d.Round(time.Minute) >= day:
		return isNegative, pair(d, day, time.Hour, "d", "h")
	case d.Round(time.Second) >= time.Hour:
		return isNegative, pair(d, time.Hour, time.Minute, "h", "m")
	case d.Round(time.Second) >= time.Minute:
		return isNegative, pair(d, time.Minute, time.Second, "m", "s")
	case d >= time.Second || d == 0:
		return isNegative, []DurationPart{{int64(d.Round(time.Second) / time.Second), "s"}}
	}
	return isNegative, []DurationPart{{d.Milliseconds(), "ms"}}
}
