package alert

import (
	"fmt"
	"strings"
	"time"
)

// Quiet is a span of the week in which nothing is sent.
type Quiet struct {
	days     [7]bool // on which it begins, Sunday first
	from, to int     // minutes of the day; to may be beyond midnight
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// quiet reads one span of quiet hours.
func (r *reader) quiet(path string, f quietFile) Quiet {
	q := Quiet{to: 24 * 60}
	if f.From != "" {
		q.from = r.clock(path+".from", f.From)
	}
	if f.To != "" {
		q.to = r.clock(path+".to", f.To)
	}
	if q.to <= q.from {
		q.to += 24 * 60
	}
	if f.Days == "" {
		q.days = [7]bool{true, true, true, true, true, true, true}
		return q
	}
	for _, span := range strings.Split(f.Days, ",") {
		first, last, isSpan := strings.Cut(strings.TrimSpace(span), "-")
		if !isSpan {
			last = first
		}
		a, b := weekday(first), weekday(last)
		if a < 0 || b < 0 {
			r.Refuse(path+".days", "%q is no day; write mon-fri, sat or \"mon,wed\"", span)
			return q
		}
		for d := a; ; d = (d + 1) % 7 {
			q.days[d] = true
			if d == b {
				break
			}
		}
	}
	return q
}

func weekday(s string) int {
	for i, name := range weekdays {
		if name == s {
			return i
		}
	}
	return -1
}

// clock reads "08:30" as a minute of the day; "24:00" is its end.
func (r *reader) clock(path, s string) int {
	if s == "24:00" {
		return 24 * 60
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		r.Refuse(path, "%q is no time of day; write it like 08:30", s)
	}
	return t.Hour()*60 + t.Minute()
}

// covers says whether an instant, in the time zone of the hours, is within.
func (q Quiet) covers(at time.Time) bool {
	minute := at.Hour()*60 + at.Minute()
	today, yesterday := int(at.Weekday()), (int(at.Weekday())+6)%7
	return q.days[today] && minute >= q.from && minute < q.to || q.days[yesterday] && minute+24*60 < q.to
}

// QuietAt says whether nothing is sent at an instant.
func (d *Definitions) QuietAt(at time.Time) bool {
	for _, q := range d.Quiet {
		if q.covers(at.In(d.Zone)) {
			return true
		}
	}
	return false
}

// String writes the span as the file does.
func (q Quiet) String() string {
	var days []string
	for i, on := range q.days {
		if on {
			days = append(days, weekdays[i])
		}
	}
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", strings.Join(days, ","), q.from/60, q.from%60, q.to/60%24, q.to%60)
}
