package alert

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// Reports are what alerts ask: a store, or any part of it that answers.
type Reports interface {
	Report(ctx context.Context, name string, q aggregate.Query) (aggregate.Report, error)
	Snapshots(ctx context.Context, journey string) ([]aggregate.Snapshot, error)
}

// Finding is an alert's number for one cause, and whether it is too much.
type Finding struct {
	Alert    string            `json:"alert"`
	Journey  string            `json:"journey"`
	Cause    string            `json:"cause"`         // names the cause: alert, and the values of per
	Per      map[string]string `json:"per,omitempty"` // the values of per
	Value    *float64          `json:"value"`
	Unit     string            `json:"unit"`
	N        int64             `json:"n"`
	Rows     int               `json:"rows"`          // of the report, that the cause is of
	Row      map[string]string `json:"row,omitempty"` // names the one that counts, where it is one of several
	Baseline *float64          `json:"baseline,omitempty"`
	Change   *float64          `json:"change,omitempty"` // relative
	Holds    bool              `json:"holds"`
	How      string            `json:"how"`
	AsOf     time.Time         `json:"as_of"`
}

// maxCauses bounds how many causes one alert has at a time. Beyond it they are one: whatever is wrong is wrong everywhere.
const maxCauses = 50

// Evaluate asks for an alert's number as of an instant, and gives a finding for each cause. A number that is missing, or
// over too few, holds for nobody.
func (d Definition) Evaluate(ctx context.Context, reports Reports, now time.Time) ([]Finding, error) {
	findings, err := d.evaluate(ctx, reports, now)
	var bad *aggregate.BadQueryError
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("alert %s (line %d): %w", d.ID, d.line, err)
	}
	if err != nil {
		return nil, fmt.Errorf("alert %s: %w", d.ID, err)
	}
	return findings, nil
}

func (d Definition) evaluate(ctx context.Context, reports Reports, now time.Time) ([]Finding, error) {
	q := d.query
	q.AsOf = now.UTC().Truncate(time.Millisecond)
	if d.Window > 0 {
		q.From, q.To = q.AsOf.Add(-d.Window), q.AsOf
	}
	current, how, err := d.measure(ctx, reports, q)
	if err != nil {
		return nil, err
	}
	var before map[string]measured
	var spans [2]time.Duration
	if d.Change != nil {
		if before, spans, err = d.baseline(ctx, reports, q); err != nil {
			return nil, err
		}
	}
	var out []Finding
	for _, cause := range sortedKeys(current) {
		m := current[cause]
		f := Finding{
			Alert: d.ID, Journey: d.query.Journey, Cause: cause, Per: m.per, Value: m.Value, Unit: m.Unit, N: m.N, Rows: m.rows,
			How: how, AsOf: q.AsOf,
		}
		if m.rows > 1 && !m.counted && d.Take != "sum" {
			f.Row = naming(m.Row, d)
		}
		if d.Change != nil {
			f.compare(d.Change, before[cause], m, spans)
		}
		f.Holds = f.Holds || d.passes(m)
		out = append(out, f)
	}
	return out, nil
}

// namers are the columns that tell rows of reports apart.
var namers = []string{"key", "stage", "touchpoint", "department", "persona", "from", "to", "fact", "activity", "source", "measure", "level", "case_id"}

// naming picks from a row what tells it apart, beyond what the alert says already.
func naming(row map[string]string, d Definition) map[string]string {
	out := map[string]string{}
	for _, column := range namers {
		if _, said := d.Rows[column]; row[column] != "" && !said && !slices.Contains(d.Per, column) {
			out[column] = row[column]
		}
	}
	return out
}

// passes says whether a number is beyond a threshold.
func (d Definition) passes(m measured) bool {
	if m.Value == nil || m.few(d.AtLeast) {
		return false
	}
	return d.Above != nil && *m.Value > *d.Above || d.Below != nil && *m.Value < *d.Below
}

// compare finds the change from the baseline, and whether it is too much.
func (f *Finding) compare(c *Change, before, after measured, spans [2]time.Duration) {
	if before.Value == nil || after.Value == nil || *before.Value == 0 || before.few(after.atLeast) || after.few(after.atLeast) {
		return
	}
	change := (*after.Value - *before.Value) / math.Abs(*before.Value) // a mood that falls from −0.2 to −0.3 is down by half, not up
	f.Baseline, f.Change = before.Value, &change
	if c.Above != nil && change > *c.Above || c.Below != nil && change < -*c.Below {
		isReal, known := aggregate.Differ(before.Measured, after.Measured, spans[0], spans[1])
		f.Holds = isReal || !known || c.Noise
	}
}

// measured is a number of one cause.
type measured struct {
	aggregate.Number
	per     map[string]string
	rows    int
	counted bool // it is a number of rows, which is never over too few
	atLeast int64
}

func (m measured) few(atLeast int64) bool { return !m.counted && m.N < atLeast }

// measure asks the report and gives the number of each cause.
func (d Definition) measure(ctx context.Context, reports Reports, q aggregate.Query) (map[string]measured, string, error) {
	r, err := reports.Report(ctx, d.Report, q)
	if err != nil {
		return nil, "", err
	}
	column := d.Column
	if column == countRows {
		column = firstNumber(r)
	}
	numbers, err := r.Numbers(column)
	if err != nil {
		return nil, "", err
	}
	if err := d.checkColumns(r); err != nil {
		return nil, "", err
	}
	numbers = slices.DeleteFunc(numbers, func(n aggregate.Number) bool {
		for column, want := range d.Rows {
			if n.Row[column] != want {
				return true
			}
		}
		return false
	})
	unknown := func(n aggregate.Number) bool { return n.Value != nil && *n.Value != 0 && n.N == 0 }
	if d.AtLeast > 0 && d.Column != countRows && slices.ContainsFunc(numbers, unknown) {
		return nil, "", fmt.Errorf("column %s of report %s does not say over how many it is: leave at_least out", d.Column, d.Report)
	}
	out := d.byCause(numbers, d.Per)
	if len(out) > maxCauses {
		out = d.byCause(numbers, nil)
	}
	return out, r.How, nil
}

// byCause reduces the rows of each cause to one number.
func (d Definition) byCause(numbers []aggregate.Number, per []string) map[string]measured {
	out := map[string]measured{}
	if d.Column == countRows && len(per) == 0 {
		// No row is a count too, of none.
		out[d.Cause] = measured{Number: aggregate.Number{Measured: aggregate.CountOf(0)}, counted: true}
	}
	for _, n := range numbers {
		values := map[string]string{}
		cause := d.Cause
		for _, column := range per {
			values[column] = n.Row[column]
			cause += "/" + column + "=" + n.Row[column]
		}
		m, ok := out[cause]
		rows := m.rows + 1
		switch {
		case d.Column == countRows:
			m = measured{Number: aggregate.Number{Measured: aggregate.CountOf(rows)}, counted: true}
		case !ok || d.better(n, m.Number):
			m = measured{Number: n}
		case d.Take == "sum" && n.Value != nil && m.Value != nil:
			sum := *m.Value + *n.Value
			m.Measured = aggregate.Measured{Value: &sum, N: m.N + n.N}
		}
		m.per, m.rows, m.atLeast = values, rows, d.AtLeast
		out[cause] = m
	}
	return out
}

// better says whether a row counts in place of another of the same cause. Rows over too few, or without a value, give way.
func (d Definition) better(n, than aggregate.Number) bool {
	switch {
	case than.Value == nil || than.N < d.AtLeast:
		return n.Value != nil && (n.N >= d.AtLeast || than.Value == nil)
	case n.Value == nil || n.N < d.AtLeast || d.Take == "sum":
		return false
	case d.Take == "min":
		return *n.Value < *than.Value
	}
	return *n.Value > *than.Value
}

// checkColumns refuses columns that the report does not have.
func (d Definition) checkColumns(r aggregate.Report) error {
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = c.Name
	}
	for _, column := range append(sortedKeys(d.Rows), d.Per...) {
		if !slices.Contains(names, column) {
			return fmt.Errorf("report %s has no column %q%s", r.Name, column, journey.Suggest(column, names))
		}
	}
	return nil
}

// firstNumber names any column of numbers, so that rows can be read whatever they hold.
func firstNumber(r aggregate.Report) string {
	for _, c := range r.Columns {
		if c.Numeric() {
			return c.Name
		}
	}
	return strings.Join([]string{r.Name, "number"}, " ")
}

// baseline measures what the change is from. spans are how long baseline and window are; 0 is all time.
func (d Definition) baseline(ctx context.Context, reports Reports, q aggregate.Query) (map[string]measured, [2]time.Duration, error) {
	spans := [2]time.Duration{d.Window, d.Window}
	if d.Change.Against == Previous {
		q.AsOf, q.From, q.To = q.From, q.From.Add(-d.Window), q.From
		before, _, err := d.measure(ctx, reports, q)
		return before, spans, err
	}
	list, err := reports.Snapshots(ctx, q.Journey)
	if err != nil || len(list) == 0 {
		return nil, spans, err // nothing was frozen yet: there is nothing to compare with
	}
	q.AsOf = list[0].AsOf
	if d.Window > 0 {
		q.To = q.AsOf.Add(time.Millisecond)
		q.From = q.To.Add(-d.Window)
	}
	before, _, err := d.measure(ctx, reports, q)
	return before, spans, err
}
