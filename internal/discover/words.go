package discover

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// slug makes an id of a name: lower-case letters, digits and dashes.
func slug(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			dash = false
		case !unicode.Is(unicode.Mn, r):
			dash = true
		}
		if b.Len() > 40 {
			break
		}
	}
	if b.Len() == 0 {
		return "x"
	}
	return b.String()
}

// unique makes an id that was not used yet.
func unique(id string, used map[string]bool) string {
	out := id
	for n := 2; used[out]; n++ {
		out = fmt.Sprint(id, "-", n)
	}
	used[out] = true
	return out
}

// title makes a label of a name: "A_SUBMITTED|COMPLETE" is "A submitted complete".
func title(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == '_' || r == '|' || r == '.' || unicode.IsSpace(r) })
	out := strings.Join(words, " ")
	if out == strings.ToUpper(out) {
		out = strings.ToLower(out)
	}
	runes := []rune(out)
	if len(runes) == 0 {
		return "?"
	}
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}

// silences are those that people say, ascending.
var silences = []struct {
	text string
	d    time.Duration
}{
	{"1d", 24 * time.Hour},
	{"2d", 48 * time.Hour},
	{"3d", 72 * time.Hour},
	{"7d", 7 * 24 * time.Hour},
	{"14d", 14 * 24 * time.Hour},
	{"21d", 21 * 24 * time.Hour},
	{"30d", 30 * 24 * time.Hour},
	{"45d", 45 * 24 * time.Hour},
	{"60d", 60 * 24 * time.Hour},
	{"90d", 90 * 24 * time.Hour},
	{"120d", 120 * 24 * time.Hour},
	{"180d", 180 * 24 * time.Hour},
	{"365d", 365 * 24 * time.Hour},
}

// silence rounds a gap up to a silence that people say. Few gaps say little: then it is a month.
func silence(gaps []int64) string {
	if len(gaps) < enough {
		return "30d"
	}
	p95 := time.Duration(quantile(gaps, 0.95)) * time.Millisecond
	for _, s := range silences {
		if p95 <= s.d {
			return s.text
		}
	}
	return "365d"
}

// quantile of ascending values, the lower of two.
func quantile(values []int64, q float64) int64 {
	if len(values) == 0 {
		return 0
	}
	return values[int(q*float64(len(values)-1))]
}

// human writes a gap as people say it.
func human(ms int64) string {
	switch d := time.Duration(ms) * time.Millisecond; {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

func percent(part, whole int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(1, whole)))
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
