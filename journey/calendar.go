package journey

import "time"

// Calendar is a department's opening hours from ValidFrom on.
type Calendar struct {
	ValidFrom time.Time // zero: always
	Location  *time.Location
	Hours     [7][]Interval // by time.Weekday; several a day
	Country   string        // public holidays of this country (ISO 3166-1 alpha-2); "" is none
	Closed    []string      // own closing days, "2006-01-02"
}

// Interval is a span of a day, in minutes after midnight. To may pass 1440: the interval ends the next day.
type Interval struct{ From, To int }
