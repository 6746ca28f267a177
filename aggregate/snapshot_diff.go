package aggregate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tappa/journey"
)

// Verdicts on a changed number of two snapshots.
const (
	RealChange = "real"     // chance alone would hardly do that
	Noise      = "noise"    // chance alone might
	Immature   = "immature" // too few of what counts have had their time
	Untested   = "untested" // a number without interval, such as an estimate made of others
	Exact      = "exact"    // both are as of the same instant: there is no chance in the difference
)

// Change is a number that two snapshots do not agree on.
type Change struct {
	Report  string   `json:"report"` // or "kpi"
	Window  string   `json:"window"`
	By      string   `json:"by,omitempty"`
	Persona string   `json:"persona,omitempty"`
	Key     string   `json:"key"` // the row
	Metric  string   `json:"metric"`
	Unit    string   `json:"unit"` // as Column.Unit
	Before  Measured `json:"before"`
	After   Measured `json:"after"`
	// Since is what happened between the two snapshots alone, where numbers are of all time: it is what is tested.
	Since   *Measured `json:"since,omitempty"`
	P       *float64  `json:"p"` // nil where intervals decide, or nothing does
	Q       *float64  `json:"q"` // P after Benjamini-Hochberg over all numbers of its kind that were tested
	Verdict string    `json:"verdict"`
}

// Diff is what two snapshots do not agree on, the later against the earlier.
type Diff struct {
	Before  Snapshot `json:"before"`
	After   Snapshot `json:"after"`
	Tested  int      `json:"tested"` // numbers tested, changed or not
	Changes []Change `json:"changes"`
	How     string   `json:"how"`
}

// Unlike is what two snapshots were not made with alike. Numbers may differ because of it, on the same interactions.
type Unlike struct {
	What          string // "definition" or "software"
	Before, After string // the versions
}

// Unlike lists what the two were not made with alike.
func (d Diff) Unlike() []Unlike {
	var out []Unlike
	if d.Before.Definition != d.After.Definition {
		out = append(out, Unlike{"definition", d.Before.Definition, d.After.Definition})
	}
	if d.Before.Software != d.After.Software {
		out = append(out, Unlike{"software", d.Before.Software, d.After.Software})
	}
	return out
}

// Exact says whether both are as of the same instant.
func (d Diff) Exact() bool { return d.Before.AsOf.Equal(d.After.AsOf) }

// name is how commands and addresses name a version of a month.
func (s Snapshot) name() string { return fmt.Sprintf("%s@%d", s.Month, s.Version) }

// later says whether a snapshot is of a later instant, or of the same one and a later version.
func (s Snapshot) later(than Snapshot) bool {
	if s.AsOf.Equal(than.AsOf) {
		return s.Version > than.Version
	}
	return s.AsOf.After(than.AsOf)
}

// howTested and howExact say how changes were judged.
const (
	howTested = "shares and means: two-sided test, Benjamini-Hochberg over all shares, or means, tested, real under 5 %; " +
		"percentiles: real where 95 % intervals are apart; counts of a month: by the months' lengths, likewise; all time: what came since, against what was there"
	howExact = "both as of the same instant: every difference is exact, there is no chance in it, so nothing is tested"
)

// Compare lists what changed from one snapshot to another of the same journey, in the order of the reports.
//
// Shares, means and counts are tested; q is p after Benjamini-Hochberg over all of the same kind, and a change is real where q is under 5 %.
// Percentiles are real where their intervals have no point in common. How often something happened in a month is tested
// by the lengths of the months. A share of all time holds what the earlier snapshot held already: what came since is
// tested against that. Between two versions as of the same instant nothing is tested: what differs, differs exactly. The later one is
// compared with the earlier; the other way round is an error that says what to ask.
func (s Snapshot) Compare(before Snapshot) (Diff, error) {
	d := Diff{Before: before, After: s, Changes: []Change{}, How: howTested}
	if s.Journey != before.Journey {
		return d, &BadQueryError{text: fmt.Sprintf("snapshots of two journeys, %s and %s, cannot be compared", before.Journey, s.Journey)}
	}
	if before.later(s) {
		return d, &BadQueryError{text: fmt.Sprintf("%s is earlier than %s, and the later one is compared with the earlier: ask for %s against %s",
			s.name(), before.name(), before.name(), s.name())}
	}
	old, err := before.rows()
	if err != nil {
		return d, err
	}
	now, err := s.rows()
	if err != nil {
		return d, err
	}
	days := [2]float64{before.days(), s.days()}
	var changes []Change
	for _, at := range now.order {
		changes = append(changes, compareRows(at, old.rows[at], now.rows[at], days)...)
	}
	for _, at := range old.order {
		if _, ok := now.rows[at]; !ok {
			changes = append(changes, compareRows(at, old.rows[at], nil, days)...)
		}
	}
	if d.Exact() {
		d.How = howExact
		for i := range changes {
			changes[i].beExact()
		}
	}
	d.judge(changes)
	return d, nil
}

// beExact takes back whatever was tested.
func (c *Change) beExact() { c.Since, c.P, c.Verdict = nil, nil, Exact }

// days is how long the snapshot's month is.
func (s Snapshot) days() float64 {
	m, err := parseMonth(s.Month, time.UTC)
	if err != nil {
		return 1 // it was frozen under another kind of name: take months as alike
	}
	return m.end.Sub(m.start).Hours() / 24
}

// rowPlace names a row of a snapshot.
type rowPlace struct{ report, window, by, persona, key string }

type placedRows struct {
	order []rowPlace
	rows  map[rowPlace]tableRow
}

func (s Snapshot) rows() (placedRows, error) {
	out := placedRows{rows: map[rowPlace]tableRow{}}
	content, err := parseContent(s.content)
	if err != nil {
		return out, err
	}
	add := func(at rowPlace, row tableRow) {
		out.order = append(out.order, at)
		out.rows[at] = row
	}
	for _, k := range content.KPIs {
		add(rowPlace{report: "kpi", window: k.Window, key: k.ID}, tableRow{"value": k.Value, "n": float64(k.N), "value_low_s": k.Low, "value_high_s": k.High, "early": k.Early})
	}
	for _, p := range content.Parts {
		if p.Report == "survival" || p.Report == "losses" || p.Report == "directly-follows" || p.Report == "activities" {
			continue // a curve, a list of tests, and what paths say better
		}
		for _, row := range p.Rows {
			add(rowPlace{p.Report, p.Window, p.By, p.Persona, p.keyOf(row)}, rowOf(p.Columns, row))
		}
	}
	return out, nil
}

// compareRows compares every measured column of a row; a row that is missing counted nothing.
func compareRows(at rowPlace, before, after tableRow, days [2]float64) []Change {
	var out []Change
	for _, metric := range comparedColumns(at.report) {
		if k := measures[at.report][metric].kind; at.window == AllTime && at.report != "kpi" && (k == isCount || k == isBare) {
			continue // these only ever grow, or are made of what does
		}
		report, column := at.report, metric
		if report == "kpi" {
			report, column = "percentiles", "value_s"
			before, after = kpiRow(before), kpiRow(after)
		}
		c := Change{Report: at.report, Window: at.window, By: at.by, Persona: at.persona, Key: at.key, Metric: metric, Unit: unitOf(metric)}
		c.Before, c.After = before.measured(report, column), after.measured(report, column)
		if c.Before.kind == isCount {
			c.Before.Value, c.After.Value = orZero(c.Before.Value), orZero(c.After.Value)
		}
		c.test(at, before, after, days)
		out = append(out, c)
	}
	return out
}

// kpiRow gives a KPI's row the names that percentiles have: its interval decides.
func kpiRow(r tableRow) tableRow {
	if _, done := r["value_s"]; r == nil || done {
		return r
	}
	out := tableRow{"value_s": r["value"], "n": r["n"], "value_low_s": r["value_low_s"], "value_high_s": r["value_high_s"], "early": r["early"]}
	return out
}

func orZero(v *float64) *float64 {
	if v == nil {
		return new(float64)
	}
	return v
}

// comparedColumns lists the columns of a report that are compared, in a fixed order. Percentiles are compared where their
// intervals are: in the report percentiles.
func comparedColumns(report string) []string {
	if report == "kpi" {
		return []string{"value"}
	}
	var out []string
	for column, m := range measures[report] {
		if m.kind != isPercentile || report == "percentiles" {
			out = append(out, column)
		}
	}
	slices.Sort(out)
	return out
}

// test finds p, or a verdict where there is no p.
func (c *Change) test(at rowPlace, before, after tableRow, days [2]float64) {
	a, b := c.Before, c.After
	early := before.immature(at, c.Metric) || after.immature(at, c.Metric)
	if at.window == AllTime && (a.kind == isShare || a.kind == isMean) {
		since, ok := sinceThen(at.report, c.Metric, before, after)
		if !ok {
			c.Verdict = Untested
			return
		}
		c.Since, b = &since, since
	}
	switch p, ok := differ(a, b); {
	case early:
		c.Verdict = Immature
	case ok:
		c.P = &p
	case a.kind == isCount:
		p := countsDiffer(*a.Value, days[0], *b.Value, days[1])
		c.P = &p
	case a.Value == nil || b.Value == nil:
		c.Verdict = Immature // there was nothing to measure
	default:
		c.Verdict = Untested
		if yes, known := apart(a, b); yes {
			c.Verdict = RealChange
		} else if known {
			c.Verdict = Noise
		}
	}
}

// immature says of a number of a month whether some of what it counts has not had its time.
func (r tableRow) immature(at rowPlace, metric string) bool {
	if early, ok := r["early"].(bool); ok {
		return early
	}
	return at.window == InMonth && r != nil && r.early(at.report, metric)
}

// sinceThen takes what an earlier snapshot counted off what a later one counts: shares and means only, since counts of all
// time always grow, and percentiles cannot be taken apart.
func sinceThen(report, metric string, before, after tableRow) (Measured, bool) {
	a, b := before.measured(report, metric), after.measured(report, metric)
	n := b.N - a.N
	if a.Value == nil || b.Value == nil || n <= 0 {
		return Measured{}, false
	}
	switch a.kind {
	case isShare:
		hits := b.hits() - a.hits()
		if hits < 0 || hits > float64(n) {
			return Measured{}, false
		}
		return shareOf(int64(hits), n), true
	case isMean:
		if report == "ratings" && metric == "mean" {
			return Measured{}, false
		}
		left := tableRow{}
		for _, column := range []string{"positive", "negative", "promoters", "detractors", "scored", "n"} {
			left[column] = float64(after.count(column) - before.count(column))
		}
		value := (*b.Value*float64(b.N) - *a.Value*float64(a.N)) / float64(n)
		se, ok := left.standardError(report, metric)
		return meanOf(value, se, n), ok
	}
	return Measured{}, false
}

// judge gives every tested number its q, and keeps what changed. Counts, shares and means are judged each among their own: of two months
// of which one was busier nearly all counts differ, and among these a share that chance has moved would pass for real.
func (d *Diff) judge(changes []Change) {
	ps := map[kind][]float64{}
	for _, c := range changes {
		if c.P != nil {
			ps[c.Before.kind] = append(ps[c.Before.kind], *c.P)
			d.Tested++
		}
	}
	qs := map[kind][]float64{}
	for of, some := range ps {
		qs[of] = adjust(some)
	}
	for _, c := range changes {
		if of := c.Before.kind; c.P != nil {
			q := qs[of][0]
			qs[of] = qs[of][1:]
			if c.Q, c.Verdict = &q, Noise; q < level {
				c.Verdict = RealChange
			}
		}
		if !same(c.Before.Value, c.After.Value) {
			d.Changes = append(d.Changes, c)
		}
	}
}

func same(a, b *float64) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

// CompareSnapshots compares the newest versions of two months, or, with versions other than 0, those.
func (s *Store) CompareSnapshots(ctx context.Context, id, before string, beforeVersion uint32, after string, afterVersion uint32) (Diff, error) {
	a, err := s.Snapshot(ctx, id, before, beforeVersion)
	if err != nil {
		return Diff{}, err
	}
	b, err := s.Snapshot(ctx, id, after, afterVersion)
	if err != nil {
		return Diff{}, err
	}
	d, err := b.Compare(a)
	if err != nil {
		return d, err
	}
	return d, s.nameUnits(ctx, &d)
}

// nameUnits gives changes of KPIs the unit of what the journey file says that they measure.
func (s *Store) nameUnits(ctx context.Context, d *Diff) error {
	j, err := s.definition(ctx, string(d.After.Journey))
	if err != nil {
		return err
	}
	for i := range d.Changes {
		c := &d.Changes[i]
		if k := slices.IndexFunc(j.KPIs, func(k journey.KPI) bool { return c.Report == "kpi" && k.ID == c.Key }); k >= 0 {
			c.Unit = unitOf(j.KPIs[k].Metric)
		}
	}
	return nil
}
