package mapping

import (
	"strconv"
	"strings"
	"time"
)

// timeValue is when an event happened.
type timeValue struct {
	value
	layouts []string
	zone    *time.Location // nil: the mapping's
}

// The layouts that are no Go layouts.
const (
	layoutRFC3339     = "rfc3339"
	layoutEpoch       = "epoch_s"
	layoutEpochMillis = "epoch_ms"
)

// defaultLayouts are tried where the mapping gives none.
var defaultLayouts = []string{
	layoutRFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
}

// eval returns the time in a row.
func (t *timeValue) eval(r *row, zone *time.Location) (time.Time, *problem) {
	s, p := t.text(r, "time")
	if p != nil {
		return time.Time{}, p
	}
	if t.zone != nil {
		zone = t.zone
	}
	for _, layout := range t.layouts {
		if at, ok := parseTime(s, layout, zone); ok {
			return at, nil
		}
	}
	return time.Time{}, problemf(t.column, "%q is no time in any of the layouts %q", clip(s), t.layouts)
}

// parseTime reads a time in one layout. A time without offset is in zone; one that the clocks skipped in spring is
// read by the offset before; of one that came twice in autumn time.ParseInLocation takes one, in Europe the second.
func parseTime(s, layout string, zone *time.Location) (time.Time, bool) {
	switch layout {
	case layoutRFC3339:
		at, err := time.Parse(time.RFC3339, s)
		return at, err == nil
	case layoutEpoch, layoutEpochMillis:
		whole, fraction, _ := strings.Cut(s, ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		if layout == layoutEpochMillis {
			return time.UnixMilli(n).UTC(), true
		}
		millis, err := strconv.ParseInt((fraction + "000")[:3], 10, 64)
		return time.UnixMilli(n*1000 + millis).UTC(), err == nil
	}
	return TimeIn(layout, s, zone)
}

// TimeIn reads a time as time.ParseInLocation does, but refuses the abbreviation of a zone that neither is UTC nor belongs to
// the zone given (PDT in Rome): Go would take it for UTC.
func TimeIn(layout, s string, zone *time.Location) (time.Time, bool) {
	at, err := time.ParseInLocation(layout, s, zone)
	if err != nil {
		return time.Time{}, false
	}
	name, offset := at.Zone()
	unknown := offset == 0 && at.Location() != zone && name != "" && name != "UTC" && name != "GMT"
	return at, !unknown
}
