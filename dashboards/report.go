package dashboards

import (
	"fmt"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// reportContent is any report as a table.
type reportContent struct {
	frame
	Tabs      []link
	Columns   []columnHead
	Rows      [][]cell
	CSV, JSON string
}

type columnHead struct {
	Label   string
	Numeric bool
}

type cell struct {
	Text, Href string
	Numeric    bool
}

// groupings are what waits and mood can be split by.
var groupings = []string{"stage", "touchpoint", "department", "persona", "channel"}

func (s *server) waitsPage(r *request) (string, any, error) {
	return s.groupedReport(r, "timing", "waits.title")
}

func (s *server) moodPage(r *request) (string, any, error) {
	return s.groupedReport(r, "mood", "mood.title")
}

// groupedReport is a report with a tab per grouping.
func (s *server) groupedReport(r *request, name, title string) (string, any, error) {
	if r.query.By == "" {
		r.query.By = "stage"
	}
	c, err := s.reportTable(r, name, title, "by")
	if err != nil {
		return "", nil, err
	}
	for _, by := range groupings {
		c.Tabs = append(c.Tabs, link{Label: r.text("by." + by), Href: r.here("by", by), Current: by == r.query.By})
	}
	return "report", c, nil
}

// reportPage shows any report by its name.
func (s *server) reportPage(r *request) (string, any, error) {
	for _, info := range aggregate.Reports() {
		if info.Name == r.id {
			c, err := s.reportTable(r, info.Name, "reports.title", "by", "stage", "state", "touchpoint", "department")
			c.Heading = info.Name + " · " + r.journey.Labels.In(r.lang)
			return "report", c, err
		}
	}
	return "", nil, notFoundError{"error.notfound"}
}

// reportsPage lists the reports.
func (s *server) reportsPage(r *request) (string, any, error) {
	f, err := r.frame("reports.title")
	if err != nil {
		return "", nil, err
	}
	c := reportContent{frame: f, Columns: []columnHead{{Label: r.text("nav.reports")}, {}}}
	c.Empty = ""
	for _, info := range aggregate.Reports() {
		c.Rows = append(c.Rows, []cell{{Text: info.Name, Href: r.href("/reports/" + info.Name)}, {Text: info.About}})
	}
	return "report", c, nil
}

func (s *server) reportTable(r *request, name, title string, hidden ...string) (reportContent, error) {
	f, err := r.frame(title, hidden...)
	if err != nil {
		return reportContent{}, err
	}
	c := reportContent{frame: f}
	if c.Empty != "" {
		return c, nil
	}
	t, err := s.ask(r.ctx, name, r.query)
	if err != nil {
		return reportContent{}, err
	}
	api := "/api/v1/journeys/" + string(r.journey.ID) + "/reports/" + name
	args := []string{"journey", "", "by", r.query.By, "stage", r.query.Stage, "state", r.query.State, "touchpoint", r.query.Touchpoint, "department", r.query.Department}
	c.JSON, c.CSV = r.href(api, args...), r.href(api+"/csv", args...)
	c.How = []string{t.report.How}
	visible := r.visibleColumns(t.report.Columns)
	for _, i := range visible {
		column := t.report.Columns[i]
		c.Columns = append(c.Columns, columnHead{Label: columnLabel(column.Name), Numeric: numeric(column.Type)})
	}
	for _, values := range t.report.Rows {
		var cells []cell
		for _, i := range visible {
			cells = append(cells, r.cell(t.report.Columns[i], values[i]))
		}
		c.Rows = append(c.Rows, cells)
	}
	return c, nil
}

// visibleColumns leaves out the label in the other language, and a position nobody reads.
func (r *request) visibleColumns(columns []aggregate.Column) []int {
	var out []int
	for i, c := range columns {
		if c.Name == "position" || (strings.HasPrefix(c.Name, "label_") && c.Name != "label_"+r.lang) {
			continue
		}
		out = append(out, i)
	}
	return out
}

func columnLabel(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name, "_s"), "_", " ")
}

func numeric(kind string) bool {
	return strings.Contains(kind, "Int") || strings.Contains(kind, "Float")
}

// cell writes a value by its column: seconds as a duration, shares as percentages, ids by their label.
func (r *request) cell(c aggregate.Column, value any) cell {
	out := cell{Numeric: numeric(c.Type)}
	switch v := value.(type) {
	case nil:
		out.Text = missing
	case bool:
		if v {
			out.Text = "✓"
		}
	case int64:
		out.Text = r.count(c, v)
	case uint64:
		out.Text = r.count(c, int64(v)) //nolint:gosec // a count of rows
	case float64:
		out.Text = r.number(c, v)
	case time.Time:
		out.Text = r.format.Time(v)
	case string:
		out.Text = r.named(c.Name, v)
		if c.Name == "case_id" {
			out.Href, out.Text = r.href("/case/"+v), shortID(v)
		}
	default:
		out.Text = fmt.Sprint(v)
	}
	return out
}

func (r *request) count(c aggregate.Column, n int64) string {
	if c.Unit == "s" {
		f := float64(n)
		return r.format.Duration(&f)
	}
	return r.format.Count(n)
}

func (r *request) number(c aggregate.Column, x float64) string {
	switch c.Unit {
	case "s":
		return r.format.Duration(&x)
	case "share":
		return r.format.Percent(&x)
	}
	return r.format.Number(x, 2)
}

// named gives the label of what an id column names, and the value itself elsewhere.
func (r *request) named(column, value string) string {
	switch column {
	case "stage":
		if s, _, ok := r.journey.Stage(journey.StageID(value)); ok {
			return s.Labels.In(r.lang)
		}
	case "touchpoint", "from_touchpoint", "to_touchpoint":
		return r.touchpoint(value)
	case "department":
		if d := r.department(journey.DepartmentID(value)); d != "" {
			return d
		}
	case "persona":
		return r.personaLabel(value)
	case "exit", "state":
		return r.text("state." + value)
	}
	return value
}

func (r *request) touchpoint(id string) string {
	if t, ok := r.journey.Touchpoint(journey.TouchpointID(id)); ok {
		return t.Labels.In(r.lang)
	}
	return id
}

func (r *request) personaLabel(id string) string {
	for _, p := range r.journey.Personas {
		if string(p.ID) == id {
			return p.Labels.In(r.lang)
		}
	}
	return id
}

func (r *request) stageLabel(id string) string {
	if s, _, ok := r.journey.Stage(journey.StageID(id)); ok {
		return s.Labels.In(r.lang)
	}
	return id
}

func shortID(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}
