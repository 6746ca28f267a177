package journey

import (
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/us"
)

// holidays are the public holidays of whole countries. What only a region or town keeps, its patron saint's day among
// them, is listed under a calendar's closed days.
var holidays = map[string][]*cal.Holiday{
	"AT": at.Holidays, "BE": be.Holidays, "CH": {
		// The only days that all cantons keep, and those that nearly all do.
		ch.Neujahr, ch.Karfreitag, ch.Ostermontag, ch.Auffahrt, ch.Pfingstmontag, ch.Bundesfeiertag, ch.Weihnachtstag,
		ch.ZweiterWeihnachtsfeiertag,
	},
	"CZ": cz.Holidays, "DE": de.Holidays, "DK": dk.Holidays, "ES": es.Holidays, "FR": fr.Holidays, "GB": gb.Holidays,
	"GR": gr.Holidays, "HR": hr.Holidays, "IE": ie.Holidays, "IT": append(slices.Clip(it.Holidays), sanFrancesco), "NL": nl.Holidays, "PL": pl.Holidays,
	"RO": ro.Holidays, "SE": se.Holidays, "SI": si.Holidays, "US": us.Holidays,
}

func holidayCountries() []string { return sortedKeys(holidays) }

// sanFrancesco is a holiday again from 2026 on (law 151/2025).
var sanFrancesco = &cal.Holiday{
	Name: "San Francesco d'Assisi", Type: cal.ObservancePublic, StartYear: 2026,
	Month: time.October, Day: 4, Func: cal.CalcDayOfMonth,
}

// closedDays lists the midnights (as UTC) of the days on which a calendar keeps no hours. A holiday on a weekend that
// the country makes up for on another day closes both.
func closedDays(c Calendar) []time.Time {
	var days []time.Time
	add := func(t time.Time) {
		if !t.IsZero() {
			days = append(days, time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC))
		}
	}
	for year := firstYear; year <= lastYear; year++ {
		for _, h := range holidays[c.Country] {
			actual, observed := h.Calc(year)
			add(actual)
			add(observed)
		}
	}
	for _, day := range c.Closed {
		if strings.Count(day, "-") == 2 {
			t, _ := time.Parse(time.DateOnly, day)
			add(t)
			continue
		}
		for year := firstYear; year <= lastYear; year++ {
			if t, err := time.Parse("2006-01-02", time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")+day); err == nil {
				add(t)
			}
		}
	}
	return days
}
