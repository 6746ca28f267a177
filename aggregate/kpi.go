package aggregate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tappa/journey"
)

// Verdicts on a change.
const (
	Better       = "better"
	Worse        = "worse"
	NoRealChange = "no real change"
	TooEarly     = "too early"
)

// KPIValue is a KPI of a journey file in a period.
type KPIValue struct {
	ID     string            `json:"id"`
	Labels journey.Labels    `json:"labels"`
	View   string            `json:"view"`
	Metric string            `json:"metric"`
	Filter map[string]string `json:"filter,omitempty"`
	Unit   string            `json:"unit"` // as Column.Unit
	Better string            `json:"better"`
	Target *float64          `json:"target"`
	Measured
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	AsOf time.Time `json:"as_of"`
	// Early: fewer than half of what counts had its time by the instant, or nothing had.
	Early bool `json:"early"`
	// Met says whether the value reaches the target; nil without a value or a target.
	Met *bool `json:"met"`
}

// KPIChange is a KPI in two periods.
type KPIChange struct {
	Before KPIValue `json:"before"`
	After  KPIValue `json:"after"`
	// Change is relative: -0.34 is a third less. Of a number that may be negative it is the difference, in the number's unit: of two
	// such the ratio says neither how far they are apart nor which way.
	Change   *float64 `json:"change"`
	ChangeIs string   `json:"change_is"` // RelativeChange or Difference
	P        *float64 `json:"p"`         // nil where intervals decide, or nothing does
	Verdict  string   `json:"verdict"`
}

// What a change is.
const (
	RelativeChange = "relative"
	Difference     = "difference"
)

// signed says whether a metric may be negative: it weighs what is good against what is bad.
func signed(metric string) bool {
	return slices.Contains([]string{"net", "curve", "mean_score", "nps"}, metric)
}

// KPI measures k in q's period, as of q's instant; q's other fields are k's. Where the filter leaves several rows of the
// view it is an error that says so; where it leaves none, the value is nil.
func (s *Store) KPI(ctx context.Context, k journey.KPI, q Query) (KPIValue, error) {
	v, err := measureKPI(ctx, s.Report, k, q)
	if err != nil {
		return KPIValue{}, fmt.Errorf("kpi %s: %w", k.ID, err)
	}
	return v, nil
}

// measureKPI measures k by what reports say.
func measureKPI(ctx context.Context, tell teller, k journey.KPI, q Query) (KPIValue, error) {
	v := KPIValue{ID: k.ID, Labels: k.Labels, View: k.View, Metric: k.Metric, Filter: k.Filter, Better: k.Better, Target: k.Target}
	q, key := kpiQuery(k, q)
	r, err := tell(ctx, k.View, q)
	if err != nil {
		return v, err
	}
	v.AsOf, v.From, v.To = r.AsOf, q.From, q.To
	columns := columnNames(r.Columns)
	i := slices.Index(columns, k.Metric)
	if i < 0 {
		return v, &BadQueryError{text: fmt.Sprintf("report %s has no column %q", k.View, k.Metric)}
	}
	v.Unit = r.Columns[i].Unit
	row, err := onlyRow(columns, r.Rows, key)
	if err != nil {
		return v, err
	}
	v.Measured = row.measured(k.View, k.Metric)
	if v.kind == isPercentile {
		if err := addInterval(ctx, tell, q, &v, key); err != nil {
			return v, err
		}
	}
	v.Early = row.early(k.View, k.Metric)
	if v.Value != nil && v.Target != nil {
		v.Met = ptr(*v.Value >= *v.Target)
		if v.Better == "down" {
			v.Met = ptr(*v.Value <= *v.Target)
		}
	}
	return v, nil
}

// columnsOfKey are the columns that tell the rows of reports apart, where it is not "key".
var columnsOfKey = map[string]string{"dropoff": "stage", "touchpoints": "touchpoint", "coverage": "source"}

// kpiQuery turns the KPI's filter into a query, and into the column and value that choose its row.
func kpiQuery(k journey.KPI, q Query) (Query, [2]string) {
	fields := map[string]*string{
		"stage": &q.Stage, "touchpoint": &q.Touchpoint, "department": &q.Department, "persona": &q.Persona, "channel": &q.Channel,
	}
	for name, field := range fields {
		*field = k.Filter[name]
	}
	switch column := columnsOfKey[k.View]; {
	case column == "source":
		source := k.Filter["source"]
		if source == "" {
			source = "all"
		}
		return q, [2]string{column, source}
	case column != "":
		return q, [2]string{column, k.Filter[column]}
	case k.View == "durations":
		return q, [2]string{}
	}
	for _, by := range []string{"stage", "touchpoint", "department", "channel", "persona"} {
		if k.Filter[by] != "" {
			q.By = by
			return q, [2]string{"key", k.Filter[by]}
		}
	}
	return q, [2]string{"key", ""}
}

// onlyRow is the row whose key column has the value; an empty value takes any, as long as there is one only.
func onlyRow(columns []string, rows [][]any, key [2]string) (tableRow, error) {
	var found []tableRow
	for _, row := range rows {
		r := rowOf(columns, row)
		if key[1] == "" || r[key[0]] == key[1] {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return tableRow{}, nil
	case 1:
		return found[0], nil
	}
	return nil, &BadQueryError{text: fmt.Sprintf("its filter leaves %d rows of the view: name a stage, touchpoint, department, channel or persona", len(found))}
}

// percentileOf names the measure and level of a column, and what the report percentiles is split by for it.
func percentileOf(view, column string) (measure string, at float64, by string) {
	levels := map[string]float64{"_p50_s": 0.5, "_p75_s": 0.75, "_p90_s": 0.9}
	for suffix, level := range levels {
		if name, ok := strings.CutSuffix(column, suffix); ok {
			measure, at = name, level
		}
	}
	switch view {
	case "dropoff":
		return "stage", 0.5, "stage"
	case "touchpoints":
		return measure, at, "touchpoint"
	}
	return measure, at, ""
}

// addInterval looks a percentile's interval up in the report percentiles.
func addInterval(ctx context.Context, tell teller, q Query, v *KPIValue, key [2]string) error {
	name, at, by := percentileOf(v.View, v.Metric)
	if by != "" {
		q.By = by
	}
	if v.View == "dropoff" {
		q.Stage = key[1]
	}
	r, err := tell(ctx, "percentiles", q)
	if err != nil {
		return err
	}
	columns := columnNames(r.Columns)
	for _, values := range r.Rows {
		row := rowOf(columns, values)
		if row["measure"] != name || row["level"] != at || (key[1] != "" && row["key"] != key[1]) {
			continue
		}
		found := row.measured("percentiles", "value_s")
		v.N, v.Low, v.High = found.N, found.Low, found.High
	}
	return nil
}

// early says whether a number rests on fewer than half of what it will rest on once its time has come.
func (r tableRow) early(view, metric string) bool {
	switch m := measures[view][metric]; {
	case view == "dropoff" && m.of == "decided":
		return r.count("decided") == 0 || 2*r.count("mature") < r.count("entered")
	case view == "touchpoints" && m.of == "decided":
		return r.count("decided") == 0
	case m.kind == isPercentile && strings.HasPrefix(metric, "reply"):
		return r.count("reply_n") == 0 || r.count("reply_waiting") > r.count("reply_n")
	case m.kind == isPercentile && strings.HasPrefix(metric, "wait"):
		return r.count("wait_n") == 0 || r.count("wait_waiting") > r.count("wait_n")
	case m.kind == isPercentile && strings.HasPrefix(metric, "stage"):
		return r.count("stage_n") == 0 || r.count("open") > r.count("stage_n")
	case m.kind == isShare, m.kind == isMean:
		return r.count(m.of) == 0
	}
	return false
}

// Compare holds a KPI's period after a change against the one before it. The periods must not overlap: the test takes
// what happened in them for independent.
func Compare(before, after KPIValue) KPIChange {
	c := KPIChange{Before: before, After: after, Verdict: NoRealChange, ChangeIs: RelativeChange}
	if signed(before.Metric) {
		c.ChangeIs = Difference
	}
	if before.Value == nil || after.Value == nil || before.Early || after.Early {
		c.Verdict = TooEarly
		return c
	}
	switch {
	case c.ChangeIs == Difference:
		c.Change = ptr(*after.Value - *before.Value)
	case *before.Value != 0:
		c.Change = ptr(*after.Value / *before.Value - 1)
	}
	changed, known := apart(before.Measured, after.Measured)
	switch p, ok := differ(before.Measured, after.Measured); {
	case ok:
		c.P, changed = &p, p < level
	case before.kind == isCount:
		p := countsDiffer(*before.Value, before.To.Sub(before.From).Hours(), *after.Value, after.To.Sub(after.From).Hours())
		c.P, changed = &p, p < level
	case !known:
		return c
	}
	if changed {
		c.Verdict = judge(*after.Value > *before.Value, before.Better)
	}
	return c
}

// judge says of a real change by which way is better.
func judge(up bool, better string) string {
	if up == (better != "down") {
		return Better
	}
	return Worse
}

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}
