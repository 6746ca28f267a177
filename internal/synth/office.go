package synth

import (
	"time"
	_ "time/tzdata" // Italy's clock, also where the machine has no zones

	"tappa/journey"
)

// office is the company's clock: when which department works. It is written apart from package journey's calendars on
// purpose, so that what tappa says about business time is compared with somebody else's arithmetic.
type office struct {
	zone *time.Location
}

func newOffice(zone *time.Location) *office { return &office{zone: zone} }

// rome returns Italy's time zone, which is always there: it is compiled in.
func rome() *time.Location {
	zone, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		panic(err)
	}
	return zone
}

// span is opening hours within a day, in minutes after midnight.
type span struct{ from, to int }

// weekdays are the hours of a department from Monday to Friday.
var weekdays = map[journey.DepartmentID][]span{
	"marketing":      {{9 * 60, 13 * 60}, {14 * 60, 18 * 60}},
	"sales":          {{8*60 + 30, 12*60 + 30}, {14 * 60, 18 * 60}},
	"service":        {{8 * 60, 12*60 + 30}, {13*60 + 30, 18 * 60}},
	"logistics":      {{7*60 + 30, 12 * 60}, {13 * 60, 16*60 + 30}},
	"administration": {{9 * 60, 12*60 + 30}, {14*60 + 30, 17*60 + 30}},
}

// saturdayFrom is when customer service began to work on Saturday mornings.
var saturdayFrom = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)

// hours returns when a department works on the day of t.
func (o *office) hours(d journey.DepartmentID, t time.Time) []span {
	switch {
	case holiday(t):
		return nil
	case t.Weekday() == time.Sunday:
		return nil
	case t.Weekday() == time.Saturday:
		if d == "service" && !t.Before(saturdayFrom) {
			return []span{{8*60 + 30, 12*60 + 30}}
		}
		return nil
	case d == "sales" && t.Weekday() == time.Friday:
		return []span{{8*60 + 30, 12*60 + 30}, {14 * 60, 17 * 60}}
	}
	return weekdays[d]
}

// add returns the moment when a department has worked for length since t.
func (o *office) add(d journey.DepartmentID, t time.Time, length time.Duration) time.Time {
	local := t.In(o.zone)
	for {
		year, month, day := local.Date()
		for _, s := range o.hours(d, local) {
			from := time.Date(year, month, day, 0, s.from, 0, 0, o.zone)
			to := time.Date(year, month, day, 0, s.to, 0, 0, o.zone)
			if from.Before(t) {
				from = t
			}
			if left := to.Sub(from); left > 0 {
				if length < left {
					return from.Add(length)
				}
				length -= left
			}
		}
		local = time.Date(year, month, day+1, 0, 0, 0, 0, o.zone)
	}
}

// open reports whether a department works at t.
func (o *office) open(d journey.DepartmentID, t time.Time) bool {
	local := t.In(o.zone)
	minute := local.Hour()*60 + local.Minute()
	for _, s := range o.hours(d, local) {
		if s.from <= minute && minute < s.to {
			return true
		}
	}
	return false
}

// holiday reports whether the company is closed on the day of t, a local time: Italian public holidays, and the two
// weeks around the fifteenth of August.
func holiday(t time.Time) bool {
	year, month, day := t.Date()
	switch [2]int{int(month), day} {
	case [2]int{1, 1}, [2]int{1, 6}, [2]int{4, 25}, [2]int{5, 1}, [2]int{6, 2}, [2]int{8, 15}, [2]int{11, 1}, [2]int{12, 8},
		[2]int{12, 25}, [2]int{12, 26}:
		return true
	}
	if month == time.August && august(year) <= day && day < august(year)+12 {
		return true
	}
	m, d := easter(year)
	monday := time.Date(year, m, d+1, 0, 0, 0, 0, time.UTC)
	return monday.Month() == month && monday.Day() == day
}

// august returns the Monday on which the August closing begins: the last one up to the eleventh.
func august(year int) int {
	eleventh := time.Date(year, time.August, 11, 0, 0, 0, 0, time.UTC)
	return 11 - (int(eleventh.Weekday())+6)%7
}

// easter returns Easter Sunday in the Gregorian calendar, by the algorithm that Nature printed in 1876, in its shorter form of 1961.
func easter(year int) (time.Month, int) {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return time.Month(month), (h + l - 7*m + 33*month + 19) % 32
}
