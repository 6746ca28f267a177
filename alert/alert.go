// Package alert watches numbers of reports and tells people when they pass a threshold or have changed from a baseline:
// one message for each cause when it begins, one when it ends, none in quiet hours.
//
// The way: file.go reads what to watch; evaluate.go asks the reports, as of now, and finds what holds; state.go decides who
// is to be told what; watch.go does that again and again, keeping its state in the store; webhook.go and mail.go tell.
package alert

import (
	"maps"
	"slices"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// defaultEvery is how often alerts are looked at unless the file says otherwise.
const defaultEvery = 5 * time.Minute

// Baselines of a change.
const (
	Previous = "previous" // the window before this one, as it was known at its end
	Snapshot = "snapshot" // the month of the newest snapshot, as of its end
)

// Definitions is an alerts file, loaded.
type Definitions struct {
	Every     time.Duration
	Lang      string // "it" or "en"
	Link      string // address of the pages, without a slash at its end; "" is unknown
	Zone      *time.Location
	Quiet     []Quiet
	Notifiers map[string]Notifier
	Alerts    []Definition
	Journeys  []*journey.Journey // whose labels messages show; not of the file
}

// Definition is one alert: a number of a report, and when it is too much.
type Definition struct {
	ID      string
	Labels  journey.Labels
	Report  string
	Column  string            // or "rows"
	Rows    map[string]string // only rows with these values
	Window  time.Duration     // 0 is all time
	Per     []string          // one cause for each value of these columns
	Take    string            // "max", "min" or "sum" of a cause's rows
	Above   *float64
	Below   *float64
	Change  *Change
	AtLeast int64
	For     time.Duration
	Repeat  time.Duration // 0 is once
	Cause   string
	Urgent  bool
	Notify  []string

	query        aggregate.Query
	line, column int              // where it stands in the file
	filters      map[string]place // where its filters stand, by name
}

// Change is a number's change from a baseline, relative to the baseline.
type Change struct {
	Against string // Previous or Snapshot
	Above   *float64
	Below   *float64
	Noise   bool // also where chance alone might do that
}

// countRows is the column of how many rows there are.
const countRows = "rows"

// unit is the unit of the alert's number.
func (d Definition) unit() string { return aggregate.UnitOf(d.Column) }

// Condition says in words when the alert holds.
func (d Definition) Condition() string { return d.condition("en") }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
