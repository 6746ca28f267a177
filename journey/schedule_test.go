package journey

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBusiness names the cases that go wrong in other programs; TestBusinessByMinutes tries the rest.
func TestBusiness(t *testing.T) {
	rome := zoneOf(t, "Europe/Rome")
	office := func(spans ...string) Calendar { return hoursOf(t, rome, "mon-fri", spans...) }
	italy := func(c Calendar, closed ...string) Calendar { c.Country, c.Closed = "IT", closed; return c }
	from := func(c Calendar, day string) Calendar { c.ValidFrom = instant(t, rome, day+" 00:00"); return c }

	tests := []struct {
		name      string
		calendars []Calendar
		from, to  string
		want      string // duration, or "unknown"
	}{
		{"two intervals a day", []Calendar{office("08:00-12:00", "13:30-18:00")}, "2026-03-02 11:30", "2026-03-02 14:00", "1h"},
		{"over a weekend", []Calendar{office("08:30-12:30", "14:00-18:00")}, "2026-03-06 17:30", "2026-03-09 09:00", "1h"},
		{"whole weeks", []Calendar{office("09:00-13:00", "14:00-18:00")}, "2026-03-02 00:00", "2026-03-30 00:00", "160h"},
		{"over midnight", []Calendar{hoursOf(t, rome, "mon", "22:00-02:00")}, "2026-03-02 23:00", "2026-03-03 12:00", "3h"},
		{"over midnight and the week's end", []Calendar{hoursOf(t, rome, "sun", "22:00-02:00")}, "2026-03-08 23:30", "2026-03-09 12:00", "2h30m"},
		{"all day and night", []Calendar{hoursOf(t, rome, "mon-sun", "00:00-24:00")}, "2026-03-02 10:00", "2026-03-04 11:00", "49h"},
		{"Christmas", []Calendar{italy(office("09:00-18:00"))}, "2025-12-24 17:00", "2025-12-29 10:00", "2h"},
		{"Easter Monday", []Calendar{italy(office("09:00-18:00"))}, "2026-04-03 17:00", "2026-04-07 10:00", "2h"},
		{"Saint Francis before 2026", []Calendar{italy(hoursOf(t, rome, "mon-sun", "09:00-18:00"))}, "2025-10-04 00:00", "2025-10-05 00:00", "9h"},
		{"Saint Francis from 2026", []Calendar{italy(hoursOf(t, rome, "mon-sun", "09:00-18:00"))}, "2026-10-04 00:00", "2026-10-05 00:00", "0s"},
		{"patron saint every year", []Calendar{italy(office("09:00-18:00"), "12-07")}, "2026-12-07 00:00", "2026-12-08 00:00", "0s"},
		{"own closing day", []Calendar{italy(office("09:00-18:00"), "2026-08-14")}, "2026-08-14 00:00", "2026-08-15 00:00", "0s"},
		{"the eve's hours go on into the holiday", []Calendar{italy(hoursOf(t, rome, "mon-sun", "20:00-04:00"))}, "2025-12-24 00:00", "2025-12-26 00:00", "12h"},
		{"the clock jumps over an hour", []Calendar{hoursOf(t, rome, "sun", "02:00-06:00")}, "2026-03-29 00:00", "2026-03-30 00:00", "3h"},
		{"the clock repeats an hour", []Calendar{hoursOf(t, rome, "sun", "02:00-06:00")}, "2026-10-25 00:00", "2026-10-26 00:00", "5h"},
		{"hours change between", []Calendar{office("09:00-18:00"), from(office("10:00-12:00"), "2026-03-04")}, "2026-03-02 00:00", "2026-03-07 00:00", "24h"},
		{"before the first calendar", []Calendar{from(office("09:00-18:00"), "2026-03-04")}, "2026-03-02 00:00", "2026-03-07 00:00", "unknown"},
		{"no calendar", nil, "2026-03-02 00:00", "2026-03-07 00:00", "unknown"},
		{"backwards", []Calendar{office("09:00-18:00")}, "2026-03-03 10:00", "2026-03-02 10:00", "0s"},
		{"never open", []Calendar{{Location: rome}}, "2026-03-02 00:00", "2026-03-07 00:00", "0s"},
		{"to the end of time", []Calendar{hoursOf(t, time.UTC, "mon", "00:00-00:01")}, "2299-12-25 00:00", "2299-12-31 00:00", "1m"},
	}
	for _, tt := range tests {
		d := Department{Calendars: tt.calendars}
		got, ok := d.Business(instant(t, rome, tt.from), instant(t, rome, tt.to))
		text := got.String()
		if want, err := time.ParseDuration(tt.want); (err != nil) != !ok || got != want {
			t.Errorf("%s: Business(%s, %s) = %s, %v; want %s", tt.name, tt.from, tt.to, text, ok, tt.want)
		}
	}
}

func TestHolidaysOfCountries(t *testing.T) {
	tests := []struct {
		country string
		closed  []string
		open    []string
	}{
		{"IT", []string{"2026-01-06", "2026-04-06", "2026-04-25", "2026-06-02", "2026-12-08"}, []string{"2026-04-03", "2026-11-02"}},
		{"DE", []string{"2026-04-03", "2026-10-03", "2026-12-26"}, []string{"2026-01-06"}},
		{"FR", []string{"2026-05-08", "2026-07-14", "2026-11-11"}, []string{"2026-04-03"}},
		{"ES", []string{"2026-01-06", "2026-10-12"}, []string{"2026-04-06"}},
		{"GB", []string{"2026-05-04", "2026-08-31", "2027-12-27"}, []string{"2026-07-14"}},
		{"US", []string{"2026-07-03", "2026-11-26"}, []string{"2026-05-01"}},
		{"CH", []string{"2026-08-01", "2026-05-14"}, []string{"2026-12-08"}},
	}
	for _, tt := range tests {
		c := hoursOf(t, time.UTC, "mon-sun", "09:00-10:00")
		c.Country = tt.country
		d := Department{Calendars: []Calendar{c}}
		for i, day := range append(slices.Clone(tt.closed), tt.open...) {
			at := instant(t, time.UTC, day+" 00:00")
			got, _ := d.Business(at, at.AddDate(0, 0, 1))
			if closed := i < len(tt.closed); (got == 0) != closed {
				t.Errorf("%s on %s: open %v, want closed = %v", tt.country, day, got, closed)
			}
		}
	}
}

// TestBusinessByMinutes holds Business to a walk over every minute, on random calendars around the changes of clock.
func TestBusinessByMinutes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := randomDepartment(r)
		from := randomInstant(r)
		to := from.Add(time.Duration(rapid.IntRange(0, 9*minutesPerDay).Draw(r, "minutes")) * time.Minute)
		got, ok := d.Business(from, to)
		want, wantOK := byMinutes(d.Calendars, from, to)
		if got != want || ok != wantOK {
			r.Fatalf("Business(%v, %v) = %v, %v; by minutes %v, %v", from, to, got, ok, want, wantOK)
		}
	})
}

// TestBusinessAdds holds Business to Business(a, c) = Business(a, b) + Business(b, c), to the millisecond, over years.
func TestBusinessAdds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := randomDepartment(r)
		a := randomInstant(r)
		year := int64(366 * 24 * time.Hour / time.Millisecond)
		b := a.Add(time.Duration(rapid.Int64Range(0, 3*year).Draw(r, "ab")) * time.Millisecond)
		c := b.Add(time.Duration(rapid.Int64Range(0, 3*year).Draw(r, "bc")) * time.Millisecond)
		ac, ok := d.Business(a, c)
		ab, _ := d.Business(a, b)
		bc, bcOK := d.Business(b, c)
		if ok && (ab+bc != ac || !bcOK) {
			r.Fatalf("Business: %v + %v != %v", ab, bc, ac)
		}
		if ac < 0 || ac > c.Sub(a) {
			r.Fatalf("Business(%v, %v) = %v", a, c, ac)
		}
	})
}

// TestDueInvertsBusiness holds Due to be the first instant by which the promised business time has passed.
func TestDueInvertsBusiness(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := randomDepartment(r)
		asked := randomInstant(r)
		level := ServiceLevel{Reply: time.Duration(rapid.IntRange(1, 30*24*60).Draw(r, "reply")) * time.Minute, Business: true}
		due := d.Due(asked, level)
		if due.IsZero() {
			far, ok := d.Business(asked, asked.AddDate(10, 0, 0))
			if ok && far >= level.Reply {
				r.Fatalf("Due(%v, %v) is unknown, but %v pass in ten years", asked, level.Reply, far)
			}
			return
		}
		if got, _ := d.Business(asked, due); got != level.Reply {
			r.Fatalf("Business(asked, Due) = %v, want %v", got, level.Reply)
		}
		if got, _ := d.Business(asked, due.Add(-time.Microsecond)); got >= level.Reply {
			r.Fatalf("Due(%v, %v) = %v is not the first such instant", asked, level.Reply, due)
		}
	})
}

func TestDue(t *testing.T) {
	rome := zoneOf(t, "Europe/Rome")
	d := Department{Calendars: []Calendar{hoursOf(t, rome, "mon-fri", "08:30-12:30", "14:00-18:00")}}
	tests := []struct {
		name, asked string
		level       ServiceLevel
		want        string
	}{
		{"calendar time", "2026-03-06 17:00", ServiceLevel{Reply: 4 * time.Hour}, "2026-03-06 21:00"},
		{"over the weekend", "2026-03-06 17:00", ServiceLevel{Reply: 4 * time.Hour, Business: true}, "2026-03-09 11:30"},
		{"ends at closing time", "2026-03-06 17:00", ServiceLevel{Reply: time.Hour, Business: true}, "2026-03-06 18:00"},
		{"asked at night", "2026-03-06 22:00", ServiceLevel{Reply: time.Minute, Business: true}, "2026-03-09 08:31"},
		{"at once", "2026-03-06 22:00", ServiceLevel{Business: true}, "2026-03-06 22:00"},
	}
	for _, tt := range tests {
		if got := d.Due(instant(t, rome, tt.asked), tt.level); !got.Equal(instant(t, rome, tt.want)) {
			t.Errorf("%s: Due(%s) = %v, want %s", tt.name, tt.asked, got.In(rome), tt.want)
		}
	}
	if got := (Department{}).Due(instant(t, rome, "2026-03-06 17:00"), ServiceLevel{Reply: time.Hour, Business: true}); !got.IsZero() {
		t.Errorf("Due without calendar = %v, want the zero time", got)
	}
	closed := Department{Calendars: []Calendar{{Location: rome}}}
	if got := closed.Due(instant(t, rome, "2026-03-06 17:00"), ServiceLevel{Reply: time.Hour, Business: true}); !got.IsZero() {
		t.Errorf("Due where nothing ever opens = %v, want the zero time", got)
	}
}

func TestServiceLevel(t *testing.T) {
	day := func(s string) time.Time { return instant(t, time.UTC, s+" 00:00") }
	d := Department{ServiceLevels: []ServiceLevel{
		{Reply: 1, Priority: "high"},
		{Reply: 2, ValidFrom: day("2026-01-01")},
		{Reply: 3},
		{Reply: 4, Priority: "high", ValidFrom: day("2026-03-01")},
	}}
	tests := []struct {
		priority, asked string
		want            time.Duration
	}{
		{"high", "2025-06-01", 1},
		{"High", "2026-02-01", 1},
		{"high", "2026-03-01", 4},
		{"", "2025-06-01", 3},
		{"low", "2026-01-01", 2},
	}
	for _, tt := range tests {
		if got, ok := d.ServiceLevel(tt.priority, day(tt.asked)); !ok || got.Reply != tt.want {
			t.Errorf("ServiceLevel(%q, %s) = %v, %v; want %v", tt.priority, tt.asked, got.Reply, ok, tt.want)
		}
	}
	if _, ok := (Department{ServiceLevels: d.ServiceLevels[:1]}).ServiceLevel("low", day("2026-01-01")); ok {
		t.Error("a promise for another priority held")
	}
}

// byMinutes is the definition of business time, minute for minute.
func byMinutes(calendars []Calendar, from, to time.Time) (sum time.Duration, ok bool) {
	inForce := func(at time.Time) (c Calendar, ok bool) {
		for _, candidate := range calendars {
			if !at.Before(candidate.ValidFrom) {
				c, ok = candidate, true
			}
		}
		return c, ok
	}
	if _, ok := inForce(from); !ok {
		return 0, false
	}
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		c, _ := inForce(at)
		wall := at.In(c.Location)
		minute := wall.Hour()*60 + wall.Minute()
		today := time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
		if openOn(c, today, minute) || openOn(c, today.AddDate(0, 0, -1), minute+minutesPerDay) {
			sum += time.Minute
		}
	}
	return sum, true
}

func openOn(c Calendar, day time.Time, minute int) bool {
	if slices.Contains(c.Closed, day.Format(time.DateOnly)) || slices.Contains(c.Closed, day.Format("01-02")) {
		return false
	}
	for _, h := range holidays[c.Country] {
		actual, observed := h.Calc(day.Year())
		if actual.Format(time.DateOnly) == day.Format(time.DateOnly) || observed.Format(time.DateOnly) == day.Format(time.DateOnly) {
			return false
		}
	}
	return slices.ContainsFunc(c.Hours[day.Weekday()], func(i Interval) bool { return i.From <= minute && minute < i.To })
}

func randomDepartment(r *rapid.T) Department {
	var d Department
	for n := rapid.IntRange(1, 3).Draw(r, "calendars"); len(d.Calendars) < n; {
		zone := rapid.SampledFrom([]string{"Europe/Rome", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "UTC"}).Draw(r, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			r.Fatal(err)
		}
		c := Calendar{Location: loc, Country: rapid.SampledFrom([]string{"", "IT", "US", "GB"}).Draw(r, "country")}
		if len(d.Calendars) > 0 || rapid.Bool().Draw(r, "dated") {
			c.ValidFrom = randomInstant(r)
		}
		randomHours(r, &c)
		for range rapid.IntRange(0, 3).Draw(r, "closed") {
			format := rapid.SampledFrom([]string{time.DateOnly, "01-02"}).Draw(r, "yearly")
			c.Closed = append(c.Closed, randomInstant(r).Format(format))
		}
		d.Calendars = append(d.Calendars, c)
	}
	slices.SortStableFunc(d.Calendars, func(a, b Calendar) int { return a.ValidFrom.Compare(b.ValidFrom) })
	d.schedule = newSchedule(d.Calendars)
	return d
}

// randomHours draws spans that do not overlap, some of them over midnight.
func randomHours(r *rapid.T, c *Calendar) {
	for range rapid.IntRange(0, 12).Draw(r, "spans") {
		day := time.Weekday(rapid.IntRange(0, 6).Draw(r, "day"))
		from := rapid.IntRange(0, minutesPerDay-1).Draw(r, "from")
		span := Interval{from, from + rapid.IntRange(1, minutesPerDay).Draw(r, "long")}
		if _, clash := overlapping(c.Hours, day, span); !clash {
			c.Hours[day] = append(c.Hours[day], span)
		}
	}
}

// randomInstant draws a minute near a change of clock, a holiday, or anywhere in some years.
func randomInstant(r *rapid.T) time.Time {
	near := rapid.SampledFrom([]string{
		"2026-03-29", "2026-10-25", "2024-03-31", "2026-03-08", "2026-11-01", "2026-04-05", "2025-12-24", "2024-02-28", "2026-10-04", "2024-12-31",
	}).Draw(r, "near")
	at, err := time.Parse(time.DateOnly, near)
	if err != nil {
		r.Fatal(err)
	}
	spread := rapid.SampledFrom([]int{2 * minutesPerDay, 400 * minutesPerDay}).Draw(r, "spread")
	return at.Add(time.Duration(rapid.IntRange(-spread, spread).Draw(r, "minute")) * time.Minute)
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t testing.TB, loc *time.Location, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func hoursOf(t testing.TB, loc *time.Location, days string, spans ...string) Calendar {
	t.Helper()
	c := Calendar{Location: loc}
	weekdays, err := parseDays(days)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range weekdays {
		for _, s := range spans {
			span, err := parseInterval(s)
			if err != nil {
				t.Fatal(err)
			}
			c.Hours[day] = append(c.Hours[day], span)
		}
	}
	return c
}

func BenchmarkBusiness(b *testing.B) {
	rome := zoneOf(b, "Europe/Rome")
	c := hoursOf(b, rome, "mon-fri", "08:30-12:30", "14:00-18:00")
	c.Country = "IT"
	d := Department{Calendars: []Calendar{c}}
	d.schedule = newSchedule(d.Calendars)
	from := instant(b, rome, "2026-03-06 17:30")
	for _, days := range []int{1, 30, 3650} {
		to := from.AddDate(0, 0, days)
		b.Run(fmt.Sprintf("days=%d", days), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Business(from, to)
			}
		})
	}
	b.Run("due=8h", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Due(from, ServiceLevel{Reply: 8 * time.Hour, Business: true})
		}
	})
	b.Run("prepare", func(b *testing.B) {
		for b.Loop() {
			newSchedule(d.Calendars)
		}
	})
}
