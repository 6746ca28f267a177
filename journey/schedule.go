package journey

import (
	"math"
	"slices"
	"sort"
	"time"
)

// schedule is a department's calendars made ready for counting: business time between two instants is the difference
// of two running totals, each found in O(log n), however long the span between them.
type schedule struct{ tables []*timetable }

// timetable is one calendar. All its numbers are microseconds: as instants since 1970 UTC, or, on the wall clock of the
// calendar's zone, as if that wall clock were UTC.
type timetable struct {
	from    int64     // valid from this instant on
	zones   []zone    // spans of constant offset, by start
	week    []span    // open spans of a week that begins on Monday 00:00, sorted, not overlapping
	perWeek int64     // their sum
	days    [7][]span // the same by the day they begin (time.Weekday), relative to its midnight
	closed  []int64   // midnights of closed days on which hours would have begun, sorted
	removed []int64   // removed[i]: what the first i closed days take away
}

type span struct{ from, to int64 }

// zone is a time of constant offset from UTC.
type zone struct {
	start, offset int64
	worked        int64 // running total at start
}

const (
	perMinute = int64(time.Minute / time.Microsecond)
	perDay    = minutesPerDay * perMinute
	perWeek   = 7 * perDay
	monday    = 4 * perDay // 1970-01-05

	firstYear, lastYear = 1970, 2150 // of daylight saving and holidays; before and after, hours alone count
)

// newSchedule prepares calendars, sorted by ValidFrom; nil when there are none.
func newSchedule(calendars []Calendar) *schedule {
	if len(calendars) == 0 {
		return nil
	}
	s := &schedule{}
	for _, c := range calendars {
		s.tables = append(s.tables, newTimetable(c))
	}
	return s
}

func newTimetable(c Calendar) *timetable {
	t := &timetable{from: math.MinInt64}
	if !c.ValidFrom.IsZero() {
		t.from = c.ValidFrom.UnixMicro()
	}
	for day, hours := range c.Hours {
		base := int64((day+6)%7) * perDay
		for _, h := range hours {
			s := span{int64(h.From) * perMinute, int64(h.To) * perMinute}
			t.days[day] = append(t.days[day], s)
			t.perWeek += s.to - s.from
			if s.from, s.to = s.from+base, s.to+base; s.to > perWeek {
				t.week = append(t.week, span{max(s.from-perWeek, 0), s.to - perWeek})
				s.to = perWeek
			}
			if s.from < s.to {
				t.week = append(t.week, s)
			}
		}
	}
	slices.SortFunc(t.week, func(a, b span) int { return int(a.from - b.from) })
	t.close(c)
	t.addZones(c.Location)
	return t
}

// close notes the closed days on which hours would have begun, and running sums of what they take away.
func (t *timetable) close(c Calendar) {
	for _, day := range closedDays(c) {
		if len(t.days[day.Weekday()]) > 0 {
			t.closed = append(t.closed, day.UnixMicro())
		}
	}
	slices.Sort(t.closed)
	t.closed = slices.Compact(t.closed)
	t.removed = make([]int64, len(t.closed)+1)
	for i, midnight := range t.closed {
		t.removed[i+1] = t.removed[i] + t.beginning(midnight, math.MaxInt64)
	}
}

// addZones lists the offsets of the zone, each with the running total at its start.
func (t *timetable) addZones(loc *time.Location) {
	if loc == nil {
		loc = time.UTC
	}
	at := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
	for !at.IsZero() && at.Year() <= lastYear {
		_, seconds := at.Zone()
		z := zone{start: at.UnixMicro(), offset: int64(seconds) * int64(time.Second/time.Microsecond)}
		if n := len(t.zones); n == 0 {
			t.zones = append(t.zones, z)
		} else if z.offset != t.zones[n-1].offset {
			z.worked = t.total(z.start)
			t.zones = append(t.zones, z)
		}
		// Where a zone goes on by a rule, the bounds break at New Year too, and may end a leap year one day early.
		_, end := at.ZoneBounds()
		if !end.IsZero() && !end.After(at) {
			end = at.Add(24 * time.Hour)
		}
		at = end.In(loc)
	}
}

// total is the running total at an instant: business time since the first zone's start, negative before it.
func (t *timetable) total(instant int64) int64 {
	i := sort.Search(len(t.zones), func(i int) bool { return t.zones[i].start > instant }) - 1
	z := t.zones[max(i, 0)]
	return z.worked + t.open(instant+z.offset) - t.open(z.start+z.offset)
}

// open is the business time on the wall clock up to a wall time, counted from an arbitrary Monday.
func (t *timetable) open(wall int64) int64 {
	week := floorDiv(wall-monday, perWeek)
	rest := wall - monday - week*perWeek
	sum := week * t.perWeek
	for _, s := range t.week {
		if rest <= s.from {
			break
		}
		sum += min(rest, s.to) - s.from
	}
	return sum - t.taken(wall)
}

// taken is what closed days take away up to a wall time. Only the day itself and the one before can be half over.
func (t *timetable) taken(wall int64) int64 {
	today := floorDiv(wall, perDay) * perDay
	n := sort.Search(len(t.closed), func(i int) bool { return t.closed[i] > today })
	whole := n
	for whole > 0 && t.closed[whole-1] >= today-perDay {
		whole--
	}
	sum := t.removed[whole]
	for _, midnight := range t.closed[whole:n] {
		sum += t.beginning(midnight, wall)
	}
	return sum
}

// beginning is the business time up to wall of the hours that begin on the day of this midnight.
func (t *timetable) beginning(midnight, wall int64) int64 {
	var sum int64
	day := (floorDiv(midnight-monday, perDay)%7 + 8) % 7 // a time.Weekday: Sunday is 0
	for _, s := range t.days[day] {
		if from := midnight + s.from; wall > from {
			sum += min(wall, midnight+s.to) - from
		}
	}
	return sum
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// business is the business time between two instants, or false where no calendar was valid at the first.
func (s *schedule) business(from, to int64) (int64, bool) {
	if s == nil || from < s.tables[0].from {
		return 0, false
	}
	var sum int64
	for i, t := range s.tables {
		lo, hi := max(from, t.from), to
		if i+1 < len(s.tables) {
			hi = min(hi, s.tables[i+1].from)
		}
		if lo < hi {
			sum += t.total(hi) - t.total(lo)
		}
	}
	return sum, true
}

// Business returns how much of the time between two instants lies within opening hours, to the microsecond; 0 when to
// is not after from. It is false when the department has no calendar, or none yet at from: such time is unknown, not 0.
//
// The loader prepares the calendars of the departments it returns. A Department built by hand works too, but prepares
// them again at every call.
func (d Department) Business(from, to time.Time) (time.Duration, bool) {
	sum, ok := d.ready().business(from.UnixMicro(), to.UnixMicro())
	return time.Duration(sum) * time.Microsecond, ok
}

func (d Department) ready() *schedule {
	if d.schedule != nil {
		return d.schedule
	}
	return newSchedule(slices.SortedStableFunc(slices.Values(d.Calendars), func(a, b Calendar) int { return a.ValidFrom.Compare(b.ValidFrom) }))
}

// longestDue bounds the search for an instant that business time may never reach.
const longestDue = 20 * 366 * perDay

// Due returns the instant by which a request asked then must be answered to keep the promise: the first at which so
// much time, calendar or business, has passed. It is the zero Time when business time cannot tell: there is no calendar
// at asked, or it does not open for that long within twenty years.
func (d Department) Due(asked time.Time, level ServiceLevel) time.Time {
	if !level.Business {
		return asked.Add(level.Reply)
	}
	s, from, want := d.ready(), asked.UnixMicro(), level.Reply.Microseconds()
	if _, ok := s.business(from, from); !ok {
		return time.Time{}
	}
	if want <= 0 {
		return asked
	}
	if due, found := s.likely(from, want); found && !s.short(from, due, want) && s.short(from, due-1, want) {
		return time.UnixMicro(due).UTC()
	}
	high := want
	for s.short(from, from+high, want) {
		if high *= 2; high > longestDue {
			return time.Time{}
		}
	}
	return time.UnixMicro(s.reach(from, from+high, want)).UTC()
}

// likely goes through the hours of the days after from until want has passed: the due time, unless the clock is put forward or
// back meanwhile, hours overlap or another calendar begins. Whether it is costs far less to find out than where else to look.
func (s *schedule) likely(from, want int64) (int64, bool) {
	const days = 10
	t := s.tables[0]
	for _, later := range s.tables[1:] {
		if later.from <= from {
			t = later
		}
	}
	i := sort.Search(len(t.zones), func(i int) bool { return t.zones[i].start > from }) - 1
	offset := t.zones[max(i, 0)].offset
	wall := from + offset
	for midnight := floorDiv(wall, perDay)*perDay - perDay; midnight < wall+days*perDay; midnight += perDay {
		if _, isClosed := slices.BinarySearch(t.closed, midnight); isClosed {
			continue
		}
		day := (floorDiv(midnight-monday, perDay)%7 + 8) % 7 // a time.Weekday: Sunday is 0
		for _, hours := range t.days[day] {
			opens, closes := max(midnight+hours.from, wall), midnight+hours.to
			if opens >= closes {
				continue
			}
			if want <= closes-opens {
				return opens + want - offset, true
			}
			want -= closes - opens
		}
	}
	return 0, false
}

// short reports whether less than want of business time passes between two instants.
func (s *schedule) short(from, to, want int64) bool {
	sum, _ := s.business(from, to)
	return sum < want
}

// reach finds the first instant up to high at which want has passed since from. Departments open and close at whole
// minutes, so it is enough to find the minute: within it, time passes all of the time.
func (s *schedule) reach(from, high, want int64) int64 {
	low := bisect(floorDiv(from, perMinute), floorDiv(high, perMinute)+1, func(minute int64) bool {
		return s.short(from, minute*perMinute, want)
	})
	passed, _ := s.business(from, low*perMinute)
	if due := max(low*perMinute, from) + want - passed; !s.short(from, due, want) && s.short(from, due-1, want) {
		return due
	}
	// A calendar that begins in the middle of a minute.
	return 1 + bisect(from, high, func(at int64) bool { return s.short(from, at, want) })
}

// bisect returns the last number for which below holds; it holds for low, and not for high.
func bisect(low, high int64, below func(int64) bool) int64 {
	for high-low > 1 {
		if middle := low + (high-low)/2; below(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
