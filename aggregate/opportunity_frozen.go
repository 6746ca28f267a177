package aggregate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tappa/journey"
)

// Basis says what a number was computed from.
type Basis struct {
	// Snapshot is the version of the month that holds the number, such as "2026-05@1"; "" where it was computed when it was asked for.
	Snapshot   string `json:"snapshot,omitempty"`
	Definition string `json:"definition"` // of the journey, that the number was computed under
	Software   string `json:"software,omitempty"`
}

// errNotFrozen says that a snapshot does not hold a number.
var errNotFrozen = errors.New("the snapshot does not hold that number")

// teller answers reports: a store, or a snapshot that holds what they said.
type teller func(ctx context.Context, name string, q Query) (Report, error)

// tell answers a report of all time from what was frozen. errNotFrozen where it, or the row that is filtered for, is not there.
func (c *snapshotContent) tell(_ context.Context, name string, q Query) (Report, error) {
	info, err := FindReport(name)
	if err != nil {
		return Report{}, err
	}
	at := slices.IndexFunc(frozen, func(f frozenReport) bool { return f.report == info.Name })
	if at < 0 || !slices.Contains(frozen[at].windows, AllTime) {
		return Report{}, errNotFrozen
	}
	by := ""
	if len(frozen[at].by) > 0 {
		if by = q.By; by == "" {
			by = info.Groupings()[0]
		}
	}
	column := columnsOfKey[info.View]
	key, persona, ok := frozenFilter(q, by, column, frozen[at].persona)
	part := slices.IndexFunc(c.Parts, func(p SnapshotPart) bool {
		return p.Report == info.Name && p.Window == AllTime && p.By == by && p.Persona == persona
	})
	if !ok || part < 0 {
		return Report{}, errNotFrozen
	}
	p := c.Parts[part]
	if column == "" {
		column = "key"
	}
	r := Report{Name: info.Name}
	for _, name := range p.Columns {
		r.Columns = append(r.Columns, Column{Name: name, Unit: unitOf(name)})
	}
	for _, row := range p.Rows {
		if key == "" || rowOf(p.Columns, row)[column] == key {
			r.Rows = append(r.Rows, row)
		}
	}
	if key != "" && len(r.Rows) == 0 {
		return Report{}, errNotFrozen
	}
	return r, nil
}

// frozenFilter sorts a query's filters into the one that names a row, of what the report is split by, and the persona that a part is of.
// ok is false where there is any other.
func frozenFilter(q Query, by, column string, perPersona bool) (key, persona string, ok bool) {
	if q.Account != "" || q.Customer != "" || q.ValueMin != 0 || q.ValueMax != 0 || q.State != "" {
		return "", "", false
	}
	for _, f := range append(q.namedFilters(), [2]string{"stage", q.Stage}) {
		switch what, value := f[0], f[1]; {
		case value == "":
		case what == by || what == column:
			key = value
		case what == "persona" && perPersona:
			persona = value
		default:
			return "", "", false
		}
	}
	return key, persona, true
}

// frozenKPI finds a number in a snapshot. It is errNotFrozen where its filter is one that snapshots do not hold.
func (s *Store) frozenKPI(ctx context.Context, k journey.KPI, snap Snapshot) (KPIValue, error) {
	content, err := parseContent(snap.content)
	if err != nil {
		return KPIValue{}, err
	}
	v, err := measureKPI(ctx, content.tell, k, Query{Journey: string(snap.Journey)})
	v.From, v.To, v.AsOf = earliestInstant, snap.AsOf, snap.AsOf
	return v, err
}

// baselineValue is an opportunity's number at its baseline: as it was frozen, or, where the snapshot does not hold it, as it is computed now.
func (s *Store) baselineValue(ctx context.Context, o Opportunity, q Query, definition string) (KPIValue, Basis, error) {
	snap, err := s.Snapshot(ctx, string(o.Journey), o.Baseline, o.BaselineVersion)
	if err == nil {
		v, err := s.frozenKPI(ctx, o.Target, snap)
		if !errors.Is(err, errNotFrozen) {
			return v, Basis{snap.name(), snap.Definition, snap.Software}, err
		}
	} else if !errors.Is(err, ErrNoSnapshot) {
		return KPIValue{}, Basis{}, err
	}
	v, err := s.KPI(ctx, o.Target, q)
	return v, Basis{Definition: definition}, err
}

// Remark is what has to be known of an opportunity's numbers: its kind, and the words that go with it.
type Remark struct {
	Kind  string
	Words []any
}

// Kinds of remarks.
const (
	RemarkNotHeld     = "not_held"    // before is computed now: definition, and the snapshot that does not hold it
	RemarkEarly       = "early"       // before is computed now, since most had not had its time: definition, and the snapshot
	RemarkDefinitions = "definitions" // before and after were computed under different definitions: both
	RemarkProblem     = "problem"     // it cannot be measured any more: why
	RemarkReached     = "reached"     // the target was met before anything was done: that is why the expected value is not above zero
)

func reached(met *bool) bool { return met != nil && *met }

// Remarks say what the numbers do not rest on alike. They are about the newest month, if there is one.
func (o Outlook) Remarks() (out []Remark) {
	if o.Problem != "" {
		return []Remark{{RemarkProblem, []any{o.Problem}}}
	}
	before, met := o.CurrentBasis, o.Current.Met
	n := len(o.Progress)
	if n > 0 {
		before, met = o.Progress[n-1].BeforeBasis, o.Progress[n-1].Change.Before.Met
	}
	if before.Definition == "" {
		return nil // nothing was computed
	}
	if reached(o.Current.Met) || reached(met) { // the expected value goes by the first, a later month is held against the second
		out = append(out, Remark{Kind: RemarkReached})
	}
	baseline := fmt.Sprintf("%s@%d", o.Opportunity.Baseline, o.Opportunity.BaselineVersion)
	switch {
	case before.Snapshot != "":
	case o.CurrentBasis.Snapshot == "":
		out = append(out, Remark{RemarkNotHeld, []any{before.Definition, baseline}})
	default:
		out = append(out, Remark{RemarkEarly, []any{before.Definition, baseline}})
	}
	if n > 0 && before.Definition != o.Progress[n-1].AfterBasis.Definition {
		out = append(out, Remark{RemarkDefinitions, []any{before.Definition, o.Progress[n-1].AfterBasis.Definition}})
	}
	return out
}
