package dashboards

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tappa/aggregate"
	"tappa/journey"
)

// monthsContent is what the monthly meeting looks at: what changed from one frozen month to another, and what was decided.
type monthsContent struct {
	frame
	Frozen        []frozenMonth
	After, Before []option // which months are compared
	Kinds         []option // of which kind the numbers are whose changes are counted and listed
	Compared      bool
	Summary       []verdictCount
	Tested        string
	Exact         bool     // both are as of the same instant
	Unlike        []string // what they were not made with alike
	Changes       []changeLine
	All           bool   // changes that chance may have made are listed, too
	Other         string // address of the other list
	More          string // address of the whole list, where only its beginning is shown
	Opportunities []opportunityLine
}

type frozenMonth struct{ Month, Version, AsOf, Reason, Interactions, Taken, JSON string }

type verdictCount struct{ Verdict, Count string }

type changeLine struct {
	Verdict, Report, Href, Window, Row, Number string
	Was, WasInterval, Is, IsInterval, N, Q     string
}

type opportunityLine struct {
	ID, Kind, Action, Touchpoint, Department, Due, Number string
	Baseline, Was, Month, Is, Verdict, Target, Closed     string
	Late, Met                                             bool
	Remarks                                               []string
}

// monthsPage compares two frozen months, the newest and the one before unless ?after and ?before name others.
func (s *server) monthsPage(r *request) (string, any, error) {
	f, err := r.frame("months.title")
	if err != nil {
		return "", nil, err
	}
	f.Empty = ""
	c := monthsContent{frame: f, All: r.values.Get("all") != ""}
	if c.Kinds, err = r.changeKinds(); err != nil {
		return "", nil, err
	}
	list, err := s.store.Snapshots(r.ctx, string(r.journey.ID))
	if err != nil {
		return "", nil, err
	}
	c.Frozen = r.frozenMonths(list)
	if err := r.compareMonths(&c, list); err != nil {
		return "", nil, err
	}
	c.Opportunities, err = r.opportunityLines()
	return "months", c, err
}

// kindUnit is a kind of numbers, and the unit that such have.
type kindUnit struct{ kind, unit string }

// kindUnits are the kinds that changes may be looked at by.
var kindUnits = []kindUnit{{"share", "share"}, {"time", "s"}, {"mood", "mood"}, {"count", ""}}

// changeKinds are the choices of ?kind; without one, changes of all kinds are shown.
func (r *request) changeKinds() ([]option, error) {
	asked := r.values.Get("kind")
	out := []option{{Label: r.text("months.kind.all"), Selected: asked == ""}}
	known := asked == ""
	for _, k := range kindUnits {
		out = append(out, option{Value: k.kind, Label: r.text("months.kind." + k.kind), Selected: asked == k.kind})
		known = known || asked == k.kind
	}
	if !known {
		return nil, badRequest("wrong.kind", asked)
	}
	return out, nil
}

// ofKind says whether a change is of the kind asked for.
func (r *request) ofKind(c aggregate.Change) bool {
	asked := r.values.Get("kind")
	return asked == "" || slices.Contains(kindUnits, kindUnit{asked, c.Unit})
}

func (r *request) frozenMonths(list []aggregate.Snapshot) (out []frozenMonth) {
	for _, snap := range list {
		line := frozenMonth{
			Month: snap.Month, Version: r.format.Count(int64(snap.Version)), AsOf: r.format.Time(snap.AsOf), Taken: r.format.Time(snap.TakenAt),
			Interactions: r.format.Count(int64(snap.Interactions)), Reason: missing, //nolint:gosec // a number of rows
			JSON: apiBase + "/journeys/" + string(r.journey.ID) + "/snapshots/" + monthVersion(snap),
		}
		if snap.Reason != "" {
			line.Reason = r.textOr("reason.", word(snap.Reason))
		}
		out = append(out, line)
	}
	return out
}

// monthVersion names a version of a month, as addresses and commands do.
func monthVersion(s aggregate.Snapshot) string {
	return fmt.Sprintf("%s@%d", s.Month, s.Version)
}

// compareMonths fills what changed between the months asked for. With fewer than two, there is nothing to compare.
func (r *request) compareMonths(c *monthsContent, list []aggregate.Snapshot) error {
	after, before := r.values.Get("after"), r.values.Get("before")
	var newest []string // version of each month; earlier versions can be chosen, too
	for i, snap := range list {
		if i == 0 || list[i-1].Month != snap.Month {
			newest = append(newest, snap.Month)
		}
		name := snap.Month
		if i > 0 && list[i-1].Month == snap.Month {
			name = monthVersion(snap)
		}
		c.After = append(c.After, option{Value: name, Label: name})
	}
	if after == "" && len(newest) > 0 {
		after = newest[0]
	}
	month, _, _ := strings.Cut(after, "@")
	for _, earlier := range newest {
		if before == "" && earlier < month {
			before = earlier
		}
	}
	if before == "" && len(newest) > 1 {
		before = newest[1] // there is none before it, which is then said
	}
	c.Before = append([]option{}, c.After...)
	for i := range c.After {
		c.After[i].Selected, c.Before[i].Selected = c.After[i].Value == after, c.Before[i].Value == before
	}
	if after == "" || before == "" {
		return nil
	}
	d, err := r.server.diff(r.ctx, string(r.journey.ID), before, after)
	if errors.Is(err, aggregate.ErrNoSnapshot) {
		return notFoundError{"months.notfound"}
	}
	if err != nil {
		return err
	}
	c.Compared, c.Tested, c.How, c.Exact = true, r.format.Count(int64(d.Tested)), []string{r.text("months.how")}, d.Exact()
	if c.Exact {
		c.How = []string{r.text("months.exact")}
	}
	for _, u := range d.Unlike() {
		c.Unlike = append(c.Unlike, fmt.Sprintf(r.text("months.unlike."+u.What), u.Before, u.After))
	}
	r.fillChanges(c, d)
	return nil
}

// verdicts are those of changes, in the order in which they are counted.
var verdicts = []string{aggregate.RealChange, aggregate.Noise, aggregate.Immature, aggregate.Untested}

// listed says whether a change is listed where only those are that chance has not made.
func listed(verdict string) bool {
	return verdict == aggregate.RealChange || verdict == aggregate.Exact
}

// shownChanges is how many changes a page shows unless asked for all: two months far apart differ in hundreds of numbers.
const shownChanges = 50

func (r *request) fillChanges(c *monthsContent, d aggregate.Diff) {
	counts := map[string]int64{}
	for _, change := range d.Changes {
		if !r.ofKind(change) {
			continue
		}
		counts[change.Verdict]++
		if listed(change.Verdict) || c.All {
			c.Changes = append(c.Changes, r.changeLine(change, d.After.Month))
		}
	}
	shown := verdicts
	if c.Exact {
		shown = []string{aggregate.Exact}
	}
	for _, verdict := range shown {
		c.Summary = append(c.Summary, verdictCount{verdict, r.format.Count(counts[verdict])})
	}
	if c.Other = r.here("all", "1"); c.All {
		c.Other = r.here("all", "")
	}
	if len(c.Changes) > shownChanges && r.values.Get("rows") == "" {
		c.Changes, c.More = c.Changes[:shownChanges], r.here("rows", "all")
	}
}

// changeLine is a changed number; its link shows it as it was at the end of the later month.
func (r *request) changeLine(c aggregate.Change, month string) changeLine {
	line := changeLine{
		Verdict: c.Verdict, Report: reportTitle(c.Report, r.lang), Window: r.text("window." + c.Window), Row: r.rowLabel(c), Q: missing,
		Number: r.heading(aggregate.Column{Name: c.Metric}),
		Was:    r.measured(c.Before.Value, c.Unit), WasInterval: r.interval(c.Before, c.Unit),
		Is: r.measured(c.After.Value, c.Unit), IsInterval: r.interval(c.After, c.Unit),
		N: r.format.Count(c.Before.N) + " → " + r.format.Count(c.After.N),
	}
	if c.Report != "kpi" {
		line.Href = r.href("/reports/"+c.Report, append(monthBounds(month, c.Window), "by", c.By, "persona", c.Persona)...)
	}
	if c.Q != nil {
		line.Q = r.small(*c.Q)
	}
	return line
}

// monthBounds are the parameters of an address that asks as a month was frozen: as of its end, in window month of what began in it, by no
// filter of the page before.
func monthBounds(month, window string) []string {
	first, err := time.Parse("2006-01", month)
	if err != nil {
		return nil
	}
	next := first.AddDate(0, 1, 0)
	var bounds []string
	for _, filter := range filterNames {
		bounds = append(bounds, filter, "")
	}
	bounds = append(bounds, "as_of", next.AddDate(0, 0, -1).Format(time.DateOnly))
	if window == "month" {
		bounds = append(bounds, "from", first.Format(time.DateOnly), "to", next.Format(time.DateOnly))
	}
	return bounds
}

// small writes how likely something is.
func (r *request) small(q float64) string {
	if q < 0.0001 {
		return "< " + r.format.num.Sprintf("%.4f", 0.0001)
	}
	return r.format.num.Sprintf("%.4f", q)
}

// keyColumns are what the rows of reports that are not split are about.
var keyColumns = map[string]string{"dropoff": "stage", "touchpoints": "touchpoint", "paths": "touchpoint", "handoffs": "department"}

// rowLabel says which row a changed number is of, in the reader's words.
func (r *request) rowLabel(c aggregate.Change) string {
	if c.Report == "kpi" {
		for _, k := range r.journey.KPIs {
			if k.ID == c.Key {
				return k.Labels.In(r.lang)
			}
		}
		return c.Key
	}
	column := c.By
	if column == "" {
		column = keyColumns[c.Report]
	}
	parts := strings.Split(c.Key, " → ")
	for i, part := range parts {
		if column == "touchpoint" && strings.HasPrefix(part, "(") {
			continue // how a case stands
		}
		parts[i] = r.named(column, part)
	}
	label := strings.Join(parts, " → ")
	if c.Persona != "" {
		label += " · " + r.named("persona", c.Persona)
	}
	return label
}

// measured writes a number by its unit.
func (r *request) measured(v *float64, unit string) string {
	if v == nil {
		return missing
	}
	return r.number(aggregate.Column{Unit: unit}, *v)
}

func (r *request) interval(m aggregate.Measured, unit string) string {
	if m.Low == nil || m.High == nil {
		return ""
	}
	return r.measured(m.Low, unit) + " – " + r.measured(m.High, unit)
}

// opportunityLines are the journey's opportunities, open ones first, with how the newest frozen month compares.
func (r *request) opportunityLines() ([]opportunityLine, error) {
	all, err := r.server.store.Opportunities(r.ctx, string(r.journey.ID))
	if err != nil {
		return nil, err
	}
	var open, closed []opportunityLine
	lines := make([]opportunityLine, len(all))
	var asking errgroup.Group
	asking.SetLimit(2)
	for i, o := range all {
		asking.Go(func() error {
			outlook, err := r.server.store.Standing(r.ctx, o)
			lines[i] = r.opportunityLine(outlook)
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, err
	}
	for i, o := range all {
		if o.Closed == "" {
			open = append(open, lines[i])
		} else {
			closed = append(closed, lines[i])
		}
	}
	return append(open, closed...), nil
}

func (r *request) opportunityLine(out aggregate.Outlook) opportunityLine {
	o := out.Opportunity
	line := opportunityLine{
		ID: o.ID, Kind: r.text("opportunity." + o.Kind), Action: o.Action, Touchpoint: r.touchpoint(o.Touchpoint),
		Department: r.department(journey.DepartmentID(o.Department)), Due: r.format.Day(o.Due), Baseline: o.Baseline, Closed: o.Closed,
		Number: o.Target.Labels.In(r.lang), Was: r.measured(out.Current.Value, out.Current.Unit), Is: missing,
		Target: r.measured(o.Target.Target, out.Current.Unit),
		Late:   o.Closed == "" && o.Due != "" && o.Due < r.query.AsOf.In(r.journey.Location).Format("2006-01-02"),
	}
	if line.Number == "" {
		line.Number = r.numberOf(o.Target)
	}
	for _, remark := range out.Remarks() {
		line.Remarks = append(line.Remarks, fmt.Sprintf(r.text("months.remark."+remark.Kind), remark.Words...))
	}
	if n := len(out.Progress); n > 0 {
		last := out.Progress[n-1]
		line.Month, line.Verdict = last.Month, word(last.Change.Verdict)
		line.Was, line.Is = r.measured(last.Change.Before.Value, out.Current.Unit), r.measured(last.Change.After.Value, out.Current.Unit)
		line.Met = last.Change.After.Met != nil && *last.Change.After.Met
	}
	return line
}

// word makes one word of several: a class, and the end of a text's key.
func word(words string) string { return strings.ReplaceAll(words, " ", "_") }

// numberOf names a number that is no KPI by its report, its column and what it is filtered by.
func (r *request) numberOf(target journey.KPI) string {
	words := reportTitle(target.View, r.lang) + ", " + r.heading(aggregate.Column{Name: target.Metric})
	var filters []string
	for _, kind := range slices.Sorted(maps.Keys(target.Filter)) {
		filters = append(filters, r.named(kind, target.Filter[kind]))
	}
	if len(filters) > 0 {
		words += " (" + strings.Join(filters, ", ") + ")"
	}
	return words
}
