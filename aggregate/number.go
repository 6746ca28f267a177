package aggregate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Number is one column's value in a row of a report.
type Number struct {
	Row  map[string]string // all values of the row, as CSV writes them, by column
	Unit string            // as Column.Unit
	Measured
}

// Numbers reads a column of every row. A column that is missing or holds no numbers is an error that lists those that do.
func (r Report) Numbers(column string) ([]Number, error) {
	columns := columnNames(r.Columns)
	at := slices.Index(columns, column)
	if at < 0 || !r.Columns[at].Numeric() {
		var numeric []string
		for _, c := range r.Columns {
			if c.Numeric() {
				numeric = append(numeric, c.Name)
			}
		}
		return nil, &BadQueryError{text: fmt.Sprintf("report %s has no number %q; there are: %s", r.Name, column, strings.Join(numeric, ", "))}
	}
	out := make([]Number, len(r.Rows))
	for i, values := range r.Rows {
		n := Number{Row: make(map[string]string, len(columns)), Unit: r.Columns[at].Unit, Measured: rowOf(columns, values).measured(r.Name, column)}
		if v, ok := rowOf(columns, values).number(column); ok {
			n.Value = &v
		}
		for k, c := range r.Columns {
			n.Row[c.Name] = exact(c, values[k])
		}
		out[i] = n
	}
	return out, nil
}

// CountOf is a number of things that were counted.
func CountOf(n int) Measured {
	v := float64(n)
	return Measured{Value: &v, N: int64(n), kind: isCount}
}

// Differ tests whether chance alone would set two numbers apart that were measured over spans of a and b. known is false
// where neither a test nor an interval says.
func Differ(before, after Measured, a, b time.Duration) (isReal, known bool) {
	if p, ok := differ(before, after); ok {
		return p < level, true
	}
	if before.kind == isCount && after.kind == isCount && before.Value != nil && after.Value != nil && a > 0 && b > 0 {
		return countsDiffer(*before.Value, a.Hours(), *after.Value, b.Hours()) < level, true
	}
	return apart(before, after)
}

// UnitOf is the unit of a report's column, as Column.Unit.
func UnitOf(column string) string { return unitOf(column) }

// FormatNumber writes a number for people, by its unit; nil is "–".
func FormatNumber(v *float64, unit string) string {
	if v == nil {
		return "–"
	}
	switch unit {
	case "s":
		return HumanDuration(*v)
	case "share":
		return positiveZero(strconv.FormatFloat(100**v, 'f', 1, 64)) + " %"
	}
	return plainNumber(*v)
}

// positiveZero takes the sign off a number that was rounded to nothing.
func positiveZero(text string) string {
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-")
	}
	return text
}

// plainNumber writes a number in full, to four digits or whole, thousands apart: "165,900", "12.35", "0.004321".
func plainNumber(v float64) string {
	digits := 0
	if size := math.Abs(v); size > 0 && size < 1000 {
		digits = min(max(3-int(math.Floor(math.Log10(size))), 0), 12)
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if strings.Trim(whole+fraction, "0") == "" {
		return "0" // never less than nothing
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if v < 0 {
		return "-" + whole
	}
	return whole
}
