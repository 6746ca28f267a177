package dashboards

import (
	"strings"
	"time"
)

// shownCases bounds one page of the list; the API and the CSV give all of them.
const shownCases = 200

type casesContent struct {
	frame
	Total, Shown string
	Cut          bool
	Counted      bool // the list knows how many interactions a case has
	Describe     string
	Cases        []caseLine
	More         string
}

type caseLine struct {
	Href, Short, Person, Account, Persona, Stage, State, Entered, Left, Interactions string
}

// casesPage lists the cases behind a number: visits of a stage in a state, those that met a touchpoint, or all cases.
func (s *server) casesPage(r *request) (string, any, error) {
	f, err := r.frame("cases.title", "stage", "state", "touched")
	if err != nil {
		return "", nil, err
	}
	c := casesContent{frame: f, Describe: r.describe()}
	t, err := r.caseList()
	if err != nil {
		return "", nil, err
	}
	rows := t.rows()
	if r.values.Get("touched") != "" {
		rows = distinct(rows, "case_id")
	}
	c.Total = r.format.Count(int64(len(rows)))
	if len(rows) > shownCases && r.values.Get("all") == "" {
		rows, c.Cut, c.More = rows[:shownCases], true, r.here("all", "1")
	}
	c.Counted = t.has("interactions")
	c.Shown = r.format.Count(int64(len(rows)))
	for _, row := range rows {
		c.Cases = append(c.Cases, r.caseLine(row))
	}
	return "cases", c, nil
}

// caseList chooses the view whose rows are exactly what the number counted. Who reached a stage, or skipped it, need not have been there.
func (r *request) caseList() (*table, error) {
	q := r.query
	switch {
	case r.values.Get("touched") != "":
		q.Touchpoint = r.values.Get("touched")
		return r.server.ask(r.ctx, "steps", q)
	case q.Stage != "" && q.State != "reached" && q.State != "skipped":
		return r.server.ask(r.ctx, "visits", q)
	}
	return r.server.ask(r.ctx, "cases", q)
}

// distinct keeps the first row of each value of a column.
func distinct(rows []row, column string) []row {
	seen := map[string]bool{}
	var out []row
	for _, row := range rows {
		if key := row.text(column); !seen[key] {
			seen[key] = true
			out = append(out, row)
		}
	}
	return out
}

func (r *request) describe() string {
	var parts []string
	if r.query.Stage != "" {
		parts = append(parts, r.stageLabel(r.query.Stage))
	}
	if r.query.State != "" {
		parts = append(parts, r.text("state."+r.query.State))
	}
	if t := r.values.Get("touched"); t != "" {
		parts = append(parts, r.touchpoint(t))
	}
	return strings.Join(parts, " · ")
}

func (r *request) caseLine(row row) caseLine {
	id := row.text("case_id")
	line := caseLine{
		Href: r.behind("/case/" + id), Short: shortID(id), Person: row.text("person"), Account: row.text("account"),
		Persona: r.personaLabel(row.text("persona")), Stage: r.stageLabel(row.text("stage")), State: row.text("state"),
		Entered: r.when(row, "entered_at", "occurred_at"), Left: r.when(row, "left_at", "closed_at"),
	}
	if n := row.number("interactions"); n != nil {
		line.Interactions = r.format.Count(int64(*n))
	}
	return line
}

// when writes the first of the columns that has a time.
func (r *request) when(row row, columns ...string) string {
	for _, c := range columns {
		if t, ok := row.any(c).(time.Time); ok {
			return r.format.Time(t)
		}
	}
	return missing
}
