package aggregate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tappa/journey"
)

// Outlook is what an opportunity is expected to be worth a month, with the terms that is made of, and what later
// snapshots say of it.
type Outlook struct {
	Opportunity Opportunity `json:"opportunity"`
	Current     KPIValue    `json:"current"` // up to the baseline's instant, as it was frozen, where the snapshot holds it
	// CurrentBasis says whether Current is the frozen number, and under which definition it was computed.
	CurrentBasis Basis `json:"current_basis"`
	// Expected = CasesAMonth × (target − current) × Downstream × MeanValue, in the currency of the values, with its 95 %
	// interval. Its value is nil where the target is no share of cases, or a term is unknown.
	Expected    Measured `json:"expected"`
	CasesAMonth Measured `json:"cases_a_month"` // at the touchpoint, over the three months before the baseline's instant
	Downstream  Measured `json:"downstream"`    // conversion through the stages after the target's
	MeanValue   Measured `json:"mean_value"`    // of cases with a value
	Progress    []Step   `json:"progress"`      // by month after the baseline's
	// Problem says what of the opportunity the journey does not know any more; then nothing more is known of it.
	Problem string `json:"problem,omitempty"`
}

// Step is what a later month's snapshot says of an opportunity: what was entered or asked since the baseline's month, as of
// the later month's end, against what was before: as it was frozen, or, where that was too early to tell, as of the later
// month's end too.
type Step struct {
	Month       string    `json:"month"`
	Change      KPIChange `json:"change"`
	BeforeBasis Basis     `json:"before_basis"`
	AfterBasis  Basis     `json:"after_basis"`
}

// baselineMonths is how many months before the baseline's instant say how many cases a month there are.
const baselineMonths = 3

// Outlook computes what an opportunity is worth and how it goes, as of its baseline and of each later snapshot.
func (s *Store) Outlook(ctx context.Context, o Opportunity) (Outlook, error) {
	return s.look(ctx, o, false)
}

// Standing is an outlook for who asks only how it goes: of the later months it has the newest alone, and nothing of what the opportunity is
// expected to be worth, whose terms take most of an outlook's time.
func (s *Store) Standing(ctx context.Context, o Opportunity) (Outlook, error) {
	return s.look(ctx, o, true)
}

func (s *Store) look(ctx context.Context, o Opportunity, standing bool) (Outlook, error) {
	out, err := s.outlook(ctx, o, standing)
	if unknown := (*BadQueryError)(nil); errors.As(err, &unknown) {
		out.Problem, err = unknown.Error(), nil // the journey file changed: the others are still worth listing
	}
	if err != nil {
		return out, fmt.Errorf("outlook of opportunity %s: %w", o.ID, err)
	}
	return out, nil
}

func (s *Store) outlook(ctx context.Context, o Opportunity, standing bool) (Outlook, error) {
	out := Outlook{Opportunity: o, Progress: []Step{}}
	j, _, err := s.opportunities(ctx, string(o.Journey))
	if err != nil {
		return out, err
	}
	m, err := parseMonth(o.Baseline, j.Location)
	if err != nil {
		return out, err
	}
	q := Query{Journey: string(o.Journey), AsOf: m.asOf(), From: earliestInstant, To: m.end.UTC()}
	if out.Current, out.CurrentBasis, err = s.baselineValue(ctx, o, q, j.Version); err != nil {
		return out, err
	}
	if !standing {
		if err := s.expect(ctx, j, m, &out); err != nil {
			return out, err
		}
	}
	list, err := s.Snapshots(ctx, string(o.Journey))
	if err != nil {
		return out, err
	}
	oldest := len(list) - 1
	if standing {
		oldest = min(oldest, 0)
	}
	for i := oldest; i >= 0; i-- { // oldest first
		snap := list[i]
		if snap.Month <= o.Baseline || (i > 0 && list[i-1].Month == snap.Month) {
			continue // not later, or restated: the newest version counts
		}
		since := Query{Journey: string(o.Journey), From: m.end.UTC(), To: snap.AsOf.Add(time.Millisecond), AsOf: snap.AsOf}
		after, err := s.KPI(ctx, o.Target, since)
		if err != nil {
			return out, err
		}
		before, basis := out.Current, out.CurrentBasis
		if before.Early {
			// The baseline had not had its time; by now more of it has.
			q.AsOf, basis = snap.AsOf, Basis{Definition: j.Version}
			if before, err = s.KPI(ctx, o.Target, q); err != nil {
				return out, err
			}
		}
		out.Progress = append(out.Progress, Step{snap.Month, Compare(before, after), basis, Basis{Definition: j.Version}})
	}
	return out, nil
}

// expect fills in the terms and their product.
func (s *Store) expect(ctx context.Context, j *journey.Journey, m month, out *Outlook) (err error) {
	o := out.Opportunity
	if out.CasesAMonth, err = s.casesAMonth(ctx, o, m); err != nil {
		return err
	}
	if out.Downstream, err = s.downstream(ctx, j, o, m); err != nil {
		return err
	}
	if out.MeanValue, err = s.meanValue(ctx, o, m); err != nil {
		return err
	}
	if out.Current.kind != isShare || out.Current.Value == nil {
		return nil
	}
	gain := *o.Target.Target - *out.Current.Value
	if o.Target.Better == "down" {
		gain = -gain
	}
	p, n := *out.Current.Value, float64(out.Current.N)
	out.Expected = product(out.CasesAMonth, meanOf(gain, math.Sqrt(p*(1-p)/n), out.Current.N), out.Downstream, out.MeanValue)
	return nil
}

// product multiplies independent means; of none it is 1, over nothing counted. Its standard error follows, to first order, from the
// relative ones.
func product(terms ...Measured) Measured {
	value, n := 1., int64(0)
	for _, t := range terms {
		if t.Value == nil {
			return Measured{kind: isMean}
		}
		value *= *t.Value
		if n == 0 || t.N > 0 && t.N < n {
			n = t.N
		}
	}
	variance := 0.
	for i, t := range terms {
		others := 1.
		for k, other := range terms {
			if k != i {
				others *= *other.Value
			}
		}
		variance += others * others * t.se * t.se
	}
	return meanOf(value, math.Sqrt(variance), n)
}

// casesAMonth counts the cases that met the touchpoint. A count's variance is the count.
func (s *Store) casesAMonth(ctx context.Context, o Opportunity, m month) (Measured, error) {
	q := Query{Journey: string(o.Journey), Touchpoint: o.Touchpoint, AsOf: m.asOf(), From: m.end.AddDate(0, -baselineMonths, 0).UTC(), To: m.end.UTC()}
	r, err := s.Report(ctx, "touchpoints", q)
	if err != nil {
		return Measured{}, err
	}
	row, err := onlyRow(columnNames(r.Columns), r.Rows, [2]string{"touchpoint", o.Touchpoint})
	if err != nil {
		return Measured{}, err
	}
	n := float64(row.count("cases"))
	return meanOf(n/baselineMonths, math.Sqrt(n)/baselineMonths, int64(n)), nil
}

// downstream multiplies the step conversions of the stages after the target's, but for terminal ones, in which nobody is
// lost by silence. The target's stage is its filter's, or else the touchpoint's last.
func (s *Store) downstream(ctx context.Context, j *journey.Journey, o Opportunity, m month) (Measured, error) {
	_, from, ok := j.Stage(journey.StageID(o.Target.Filter["stage"]))
	if tp, known := j.Touchpoint(journey.TouchpointID(o.Touchpoint)); !ok && known && len(tp.Stages) > 0 {
		_, from, ok = j.Stage(tp.Stages[len(tp.Stages)-1])
	}
	if !ok {
		return Measured{kind: isMean}, nil
	}
	r, err := s.Report(ctx, "dropoff", Query{Journey: string(o.Journey), AsOf: m.asOf()})
	if err != nil {
		return Measured{}, err
	}
	var terms []Measured
	for i, values := range r.Rows {
		if i <= from || i >= len(j.Stages) || j.Stages[i].Terminal {
			continue
		}
		step := rowOf(columnNames(r.Columns), values).measured("dropoff", "step_conversion")
		if step.Value == nil {
			return Measured{kind: isMean}, nil
		}
		p := *step.Value
		terms = append(terms, meanOf(p, math.Sqrt(p*(1-p)/float64(step.N)), step.N))
	}
	return product(terms...), nil
}

// meanValue is over the cases that had a value by the baseline's instant.
func (s *Store) meanValue(ctx context.Context, o Opportunity, m month) (Measured, error) {
	info, err := FindReport("cases")
	if err != nil {
		return Measured{}, err
	}
	q, _, err := s.complete(ctx, info, Query{Journey: string(o.Journey), AsOf: m.asOf()})
	if err != nil {
		return Measured{}, err
	}
	type sums struct {
		n              uint64
		mean, variance float64
	}
	found, err := collect(ctx, s, q, "SELECT count(), ifNotFinite(avg(value), 0), ifNotFinite(varSamp(value), 0) FROM "+info.call()+" WHERE value > 0",
		func(rows driver.Rows) (v sums, err error) {
			err = rows.Scan(&v.n, &v.mean, &v.variance)
			return v, err
		})
	if err != nil || len(found) == 0 || found[0].n == 0 {
		return Measured{kind: isMean}, err
	}
	v := found[0]
	return meanOf(v.mean, math.Sqrt(v.variance/float64(v.n)), int64(v.n)), nil //nolint:gosec // a number of cases
}
