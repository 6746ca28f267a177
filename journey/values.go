package journey

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// units of a duration in a journey file. A day is 24 hours: silences and promises are spans of time, not of calendar.
var units = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
}

// parseDuration reads "90m", "36h", "30d", "2w" and sums like "1d12h".
func parseDuration(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration; write 90m, 36h, 30d, 2w or a sum like 1d12h", s)
	var sum float64
	for rest := strings.TrimSpace(s); rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		if digits == 0 || digits == len(rest) {
			return 0, bad
		}
		n, err := strconv.ParseFloat(rest[:digits], 64)
		unit, ok := units[rest[digits]]
		if err != nil || !ok {
			return 0, bad
		}
		sum += n * float64(unit)
		rest = rest[digits+1:]
	}
	if sum == 0 {
		return 0, bad
	}
	if sum > float64(math.MaxInt64/2) {
		return 0, fmt.Errorf("%q is longer than 146 years; write never where that is meant", s)
	}
	return time.Duration(sum), nil
}

// parseDate reads a day as its first instant in loc.
func parseDate(s string, loc *time.Location) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, s, loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a day; write it like 2026-08-14", s)
	}
	return t, nil
}

// validClosing checks a closing day: 2026-08-14, or 12-07 for every year.
func validClosing(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, "2024-"+s); err == nil && len(s) == len("12-07") {
		return nil
	}
	return fmt.Errorf("%q is not a day; write it like 2026-08-14, or 12-07 for every year", s)
}

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// parseDays reads "mon", "mon-fri", "sat-mon" and lists of them, "mon,wed-fri".
func parseDays(s string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(strings.ToLower(s), ",") {
		first, last, isSpan := strings.Cut(strings.TrimSpace(part), "-")
		if !isSpan {
			last = first
		}
		from, to := slices.Index(weekdays, strings.TrimSpace(first)), slices.Index(weekdays, strings.TrimSpace(last))
		if from < 0 || to < 0 {
			return nil, fmt.Errorf("%q is not a day or span of days; write %s, or mon-fri", s, strings.Join(weekdays, ", "))
		}
		for i := from; ; i = (i + 1) % 7 {
			days = append(days, time.Weekday((i+1)%7))
			if i == to {
				break
			}
		}
	}
	return days, nil
}

// parseInterval reads "08:30-12:30"; an end before its beginning is on the next day.
func parseInterval(s string) (Interval, error) {
	first, last, _ := strings.Cut(s, "-")
	from, err1 := parseClock(first)
	to, err2 := parseClock(last)
	if err1 != nil || err2 != nil || from == minutesPerDay {
		return Interval{}, fmt.Errorf("%q is not a span of a day; write it like 08:30-12:30", s)
	}
	if from == to {
		return Interval{}, fmt.Errorf("%q is empty; the whole day is 00:00-24:00", s)
	}
	if to < from {
		to += minutesPerDay
	}
	return Interval{From: from, To: to}, nil
}

func parseClock(s string) (int, error) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	hours, err1 := strconv.ParseUint(h, 10, 8)
	minutes, err2 := strconv.ParseUint(m, 10, 8)
	total := int(hours)*60 + int(minutes)
	if !ok || err1 != nil || err2 != nil || len(m) != 2 || minutes > 59 || total > minutesPerDay {
		return 0, errors.New("not a time of day")
	}
	return total, nil
}
