package journey

import (
	"fmt"
	"time"
)

// Calendar is a department's opening hours from ValidFrom on, until the next calendar's ValidFrom.
//
// A department is open at an instant when the wall clock in Location shows a time within the hours of that day, or
// within hours of the day before that pass midnight. Daylight saving follows from that: of 02:00-06:00 three hours are
// worked when the clock jumps over one, and five when it repeats one. Hours belong to the day they begin: hours that
// begin on a public holiday or closing day are not kept, those of its eve are kept to their end.
type Calendar struct {
	ValidFrom time.Time // zero: always
	Location  *time.Location
	Hours     [7][]Interval // by time.Weekday; several a day; they must not overlap
	Country   string        // public holidays of this country (ISO 3166-1 alpha-2); "" is none
	Closed    []string      // own closing days, "2006-01-02", or "01-02" for every year
}

// Interval is a span of a day, in minutes after midnight. To may pass 1440: the interval ends the next day.
type Interval struct{ From, To int }

const minutesPerDay = 24 * 60

// String renders the interval as a journey file writes it.
func (i Interval) String() string {
	to := i.To
	if to > minutesPerDay {
		to -= minutesPerDay
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", i.From/60, i.From%60, to/60, to%60)
}
