package alert

import (
	"cmp"
	"fmt"
	"slices"

	"tappa/aggregate"
	"tappa/journey"
)

// columns checks the columns that an alert names against those that its report has. Without them its thresholds cannot be
// read: what is a duration depends on the column.
func (r *reader) columns(path string, f alertFile) (known bool) {
	columns := aggregate.ColumnsOf(f.Report)
	if columns == nil {
		return true // which is said of the report
	}
	var all, numbers []string
	for _, c := range columns {
		all = append(all, c.Name)
		if c.Numeric() {
			numbers = append(numbers, c.Name)
		}
	}
	for i, column := range f.Per {
		r.columnOf(fmt.Sprintf("%s.per[%d]", path, i), f.Report, "column", column, all)
	}
	for _, column := range sortedKeys(f.Rows) {
		r.columnOf(path+".rows."+column, f.Report, "column", column, all)
	}
	return f.Column == "" || f.Column == countRows || r.columnOf(path+".column", f.Report, "number", f.Column, numbers)
}

// columnNames lists the columns of a report.
func columnNames(report string) (out []string) {
	for _, c := range aggregate.ColumnsOf(report) {
		out = append(out, c.Name)
	}
	return out
}

func (r *reader) columnOf(path, report, what, column string, known []string) bool {
	if slices.Contains(known, column) {
		return true
	}
	r.Refuse(path, "report %s has no %s %q%s", report, what, column, journey.Suggest(column, known))
	return false
}

// by checks what the report is split by. One that is not split takes no notice.
func (r *reader) by(path, by string, info aggregate.ReportInfo) {
	if known := info.Groupings(); by != "" && known != nil {
		r.oneOf(path, by, known)
	}
}

// places are where the names of a journey stand in the file, by filter.
func (r *reader) places(path string, filter map[string]string) map[string]place {
	out := map[string]place{}
	for name := range filter {
		line, column := r.Place(path + ".filter." + name)
		out[name] = place{line, column}
	}
	return out
}

// place is a line and a column, from 1.
type place struct{ line, column int }

// CheckNames says what alerts are asked for that their journey does not have: of the journey that they name, or of the only
// one. File is what problems call the alerts file.
func (d *Definitions) CheckNames(file string, journeys []*journey.Journey) journey.Problems {
	var out journey.Problems
	for _, a := range d.Alerts {
		j, problem := a.journey(journeys)
		if problem != "" {
			out = append(out, journey.Problem{File: file, Line: a.line, Column: a.column, Message: problem})
		}
		if j == nil {
			continue
		}
		for _, asked := range a.asked() {
			filter, want := asked[0], asked[1]
			names := j.Names(filter)
			if want == "" || want == "-" || slices.Contains(names, want) {
				continue
			}
			at, filtered := a.filters[filter]
			if !filtered { // it stands under rows
				at = place{a.line, a.column}
			}
			message := fmt.Sprintf("journey %s has no %s %q%s", j.ID, filter, want, journey.Suggest(want, names))
			out = append(out, journey.Problem{File: file, Line: at.line, Column: at.column, Message: message})
		}
	}
	return out
}

// journey finds the journey that an alert is of. Of several, of which it names none, it is none.
func (d Definition) journey(journeys []*journey.Journey) (*journey.Journey, string) {
	if d.query.Journey == "" && len(journeys) == 1 {
		return journeys[0], ""
	}
	var ids []string
	for _, j := range journeys {
		if string(j.ID) == d.query.Journey {
			return j, ""
		}
		ids = append(ids, string(j.ID))
	}
	switch {
	case len(journeys) == 0:
		return nil, ""
	case d.query.Journey == "":
		return nil, fmt.Sprintf("alert %s has no journey, and there are several%s", d.ID, journey.Suggest("", ids))
	}
	return nil, fmt.Sprintf("unknown journey %q%s", d.query.Journey, journey.Suggest(d.query.Journey, ids))
}

// asked are the filters that name something of a journey.
func (d Definition) asked() [][2]string {
	return [][2]string{
		{"stage", cmp.Or(d.query.Stage, d.Rows["stage"])},
		{"touchpoint", cmp.Or(d.query.Touchpoint, d.Rows["touchpoint"])},
		{"department", cmp.Or(d.query.Department, d.Rows["department"])},
		{"persona", cmp.Or(d.query.Persona, d.Rows["persona"])},
	}
}
