package dashboards

import (
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/text/message"

	"tappa/aggregate"
)

// format writes values as one language's readers expect them.
type format struct {
	lang string
	loc  *time.Location
	cat  catalogue
	num  *message.Printer
}

func newFormat(lang string, loc *time.Location, cat catalogue) format {
	return format{lang: lang, loc: loc, cat: cat, num: printer(lang)}
}

// missing is printed where there is no number: never a zero.
const missing = "–"

// Count writes a whole number with the language's thousands separator.
func (f format) Count(n int64) string { return f.num.Sprintf("%d", n) }

// Percent writes a fraction as a percentage: 0.234 → "23,4 %".
func (f format) Percent(x *float64) string {
	if x == nil || math.IsNaN(*x) {
		return missing
	}
	return minus(f.num.Sprintf("%.1f %%", *x*100))
}

// Signed writes a number on the −2 … +2 scale with its sign.
func (f format) Signed(x *float64) string {
	if x == nil || math.IsNaN(*x) {
		return missing
	}
	return minus(f.num.Sprintf("%+.2f", *x))
}

// minus writes a number's sign as wide as a plus, everywhere alike. What is rounded to nothing has none.
func minus(s string) string {
	if !strings.ContainsAny(s, "123456789") {
		return strings.TrimLeft(s, "+-")
	}
	return strings.Replace(s, "-", "−", 1)
}

// Number writes any number with at most digits decimals.
func (f format) Number(x float64, digits int) string {
	if x == math.Trunc(x) {
		digits = 0
	}
	return minus(f.num.Sprintf(fmt.Sprintf("%%.%df", digits), x))
}

// Duration writes seconds in their two largest units, rounded to the smaller as the commands do: "3 g 4 h", "12 min", "40 s".
func (f format) Duration(seconds *float64) string {
	if seconds == nil || math.IsNaN(*seconds) {
		return missing
	}
	isNegative, parts := aggregate.DurationParts(*seconds)
	var words []string
	for i, p := range parts {
		if i == 0 || p.N > 0 {
			words = append(words, f.num.Sprintf("%d %s", p.N, f.cat.text(f.lang, "unit."+p.Unit)))
		}
	}
	if isNegative {
		words[0] = "−" + words[0]
	}
	return strings.Join(words, " ")
}

// Time writes an instant in the journey's zone, to the minute.
func (f format) Time(t time.Time) string {
	if t.IsZero() || t.Year() >= 2200 {
		return missing
	}
	if f.lang == "it" {
		return t.In(f.loc).Format("02/01/2006 15:04")
	}
	return t.In(f.loc).Format("2006-01-02 15:04")
}

// Day writes a day that is stored as 2006-01-02; anything else stays as it is.
func (f format) Day(day string) string {
	if t, err := time.Parse(time.DateOnly, day); err == nil && f.lang == "it" {
		return t.Format("02/01/2006")
	}
	return day
}
