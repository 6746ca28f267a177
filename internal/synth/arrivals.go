package synth

import (
	"sort"
	"time"
)

// season is how many people begin in a month, against an average one: fairs in May and October, an empty August.
var season = [13]float64{0, 0.95, 1.05, 1.1, 1.05, 1.2, 1.0, 0.85, 0.4, 1.15, 1.25, 1.1, 0.75}

// week is the same for days of the week, Sunday first.
var week = [7]float64{0.35, 1.15, 1.2, 1.2, 1.15, 1.05, 0.5}

// arrivals spreads the people over the world's time by season and day of the week. Number i takes the i-th share of the
// total, so the times ascend and people never have to be sorted.
func (w *World) arrivals() []time.Time {
	o := w.options
	var days []time.Time
	total := []float64{0}
	for day := o.Start.In(w.office.zone); day.Before(o.End); {
		year, month, date := day.Date()
		days = append(days, day)
		total = append(total, total[len(total)-1]+season[month]*week[day.Weekday()])
		day = time.Date(year, month, date+1, 0, 0, 0, 0, w.office.zone)
	}
	if len(days) == 0 {
		return nil
	}
	starts := make([]time.Time, o.Cases)
	share := total[len(days)] / float64(o.Cases)
	for i := range starts {
		at := (float64(i) + 0.5) * share
		d := sort.SearchFloat64s(total[1:], at)
		starts[i] = w.duringDay(days[d], (at-total[d])/(total[d+1]-total[d]))
	}
	return starts
}

// duringDay returns the moment at which part (0 … 1) of a day's visits have begun: most of them from eight to eight.
func (w *World) duringDay(day time.Time, part float64) time.Time {
	var from, length float64 // hours
	switch {
	case part < 0.8:
		from, length, part = 8, 12, part/0.8
	case part < 0.95:
		from, length, part = 20, 2.5, (part-0.8)/0.15
	default:
		from, length, part = 22.5, 1, (part-0.95)/0.05
	}
	year, month, date := day.Date()
	t := time.Date(year, month, date, 0, 0, 0, 0, w.office.zone).Add(time.Duration((from + length*part) * float64(time.Hour)))
	if t.Before(w.options.Start) {
		t = w.options.Start
	}
	if !t.Before(w.options.End) {
		t = w.options.End.Add(-time.Second)
	}
	return t.UTC().Truncate(time.Millisecond)
}
