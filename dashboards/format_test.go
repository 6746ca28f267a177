package dashboards

import (
	"math"
	"testing"
	"time"
)

func TestFormat(t *testing.T) {
	texts, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	it, en := newFormat("it", rome, texts), newFormat("en", rome, texts)
	num := func(x float64) *float64 { return &x }
	at := time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC)
	for _, c := range []struct{ name, got, want string }{
		{"thousands, Italian", it.Count(1234567), "1.234.567"},
		{"thousands, English", en.Count(1234567), "1,234,567"},
		{"a share", it.Percent(num(0.2345)), "23,4 %"}, // the driver's float is a little under
		{"no share", it.Percent(nil), "–"},
		{"not a number", en.Percent(num(math.NaN())), "–"},
		{"mood up", it.Signed(num(0.5)), "+0,50"},
		{"mood down has a true minus", en.Signed(num(-1.25)), "−1.25"},
		{"what rounds to nothing has no sign", it.Signed(num(-0.001)) + " " + en.Signed(num(0.004)), "0,00 0.00"},
		{"a day and hours", it.Duration(num(100_000)), "1 g 4 h"},
		{"whole days", en.Duration(num(40 * 86400)), "40 d"},
		{"many days have their hours, rounded", it.Duration(num(16*86400 + 21.6*3600)), "16 g 22 h"},
		{"rounded to the next hour, as the commands do", it.Duration(num(3*86400 + 21.9*3600)), "3 g 22 h"},
		{"hours have their minutes", it.Duration(num(23*3600 + 54*60)), "23 h 54 min"},
		{"rounded up to a day", en.Duration(num(86399.9)), "1 d"},
		{"thousands of days", it.Duration(num(1234 * 86400)), "1.234 g"},
		{"less than a second", en.Duration(num(0.35)), "350 ms"},
		{"before its time", it.Duration(num(-90)), "−1 min 30 s"},
		{"just seconds", en.Duration(num(12)), "12 s"},
		{"nothing waited", en.Duration(num(0)), "0 s"},
		{"no duration", it.Duration(nil), "–"},
		{"minutes with their seconds", en.Duration(num(125)), "2 min 5 s"},
		{"a time in the journey's zone", it.Time(at), "02/07/2026 00:30"},
		{"a time in English", en.Time(at), "2026-07-02 00:30"},
		{"a day in Italian", it.Day("2026-12-30"), "30/12/2026"},
		{"a day in English", en.Day("2026-12-30"), "2026-12-30"},
		{"no day", it.Day(""), ""},
		{"the end that never comes", it.Time(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)), "–"},
		{"a whole number", it.Number(5, 2), "5"},
		{"a number below zero has a true minus", it.Number(-0.884, 2), "−0,88"},
		{"so has a share", it.Percent(num(-0.438)), "−43,8 %"},
		{"a broken number", it.Number(5.126, 2), "5,13"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}
