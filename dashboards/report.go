package dashboards

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// shownRows bounds a table on a page; its CSV has all rows.
const shownRows = 300

// reportContent is any report as a table.
type reportContent struct {
	frame
	Tabs      []link
	Columns   []columnHead
	Rows      [][]cell
	CSV, JSON string
	XLSX      string
	More      string // address of the whole table, where only its beginning is shown
	None      string // what is said where there are no rows
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
			c, err := s.reportTable(r, info.Name, "reports.title", "by", "stage", "state", "case_id")
			c.Title = info.Titles.In(r.lang)
			c.Heading = c.Title + " · " + r.journey.Labels.In(r.lang)
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
	c := reportContent{frame: f, Columns: []columnHead{{Label: r.text("months.report")}, {Label: r.text("reports.about")}}}
	c.Empty = ""
	for _, info := range aggregate.Reports() {
		c.Rows = append(c.Rows, []cell{{Text: info.Titles.In(r.lang), Href: r.href("/reports/" + info.Name)}, {Text: info.Abouts.In(r.lang)}})
	}
	return "report", c, nil
}

// reportTitle is what people call a report.
func reportTitle(name, lang string) string {
	if info, err := aggregate.FindReport(name); err == nil {
		return info.Titles.In(lang)
	}
	return name
}

func (s *server) reportTable(r *request, name, title string, hidden ...string) (reportContent, error) {
	f, err := r.frame(title, hidden...)
	if err != nil {
		return reportContent{}, err
	}
	c := reportContent{frame: f}
	c.Filters.Selects = slices.DeleteFunc(c.Filters.Selects, func(b selectBox) bool { return b.Name != "journey" && !takes(name, b.Name) })
	if c.Empty != "" {
		return c, nil
	}
	if r.query.By == "" {
		r.query.By = defaultBy(name)
	}
	q := r.query
	if r.values.Get("all") == "" {
		q.Limit = shownRows + 1 // one more says that there are more
	}
	t, err := s.ask(r.ctx, name, q)
	if err != nil {
		return reportContent{}, err
	}
	api := "/api/v1/journeys/" + string(r.journey.ID) + "/reports/" + name
	args := []string{"journey", "", "by", r.query.By, "stage", r.query.Stage, "state", r.query.State, "touchpoint", r.query.Touchpoint, "department", r.query.Department, "case_id", r.query.Case, "lang", r.lang, "as_of", r.query.AsOf.UTC().Format(time.RFC3339Nano)}
	c.JSON, c.CSV, c.XLSX = r.href(api, args...), r.href(api+"/csv", args...), r.href(api+"/xlsx", args...)
	c.How = []string{t.report.How}
	visible := t.report.Shown(r.lang, r.values.Get("wide") != "")
	for _, i := range visible {
		column := t.report.Columns[i]
		c.Columns = append(c.Columns, columnHead{Label: r.heading(column), Numeric: column.Numeric()})
	}
	rows := t.report.Rows
	if len(rows) > shownRows && r.values.Get("all") == "" {
		rows, c.More = rows[:shownRows], r.here("all", "1")
	}
	for _, values := range rows {
		var cells []cell
		for _, i := range visible {
			cells = append(cells, r.cell(named(t, i, values), values[i]))
			if last := &cells[len(cells)-1]; last.Href == "" {
				last.Href = r.rowsBehind(row{t, values}, t.report.Columns[i].Name)
			}
		}
		c.Rows = append(c.Rows, cells)
	}
	if len(c.Rows) == 0 {
		c.None = r.text("rows.none")
		if takes(name, "case_id") && r.query.Case == "" {
			c.None = r.text("rows.no_case")
		}
	}
	return c, nil
}

// list is a report whose rows a number counts, and the state that chooses them.
type list struct{ report, state string }

// counted are the lists behind the counts of reports, by column.
var counted = map[string]map[string]list{
	"dropoff": {
		"entered": {"visits", ""}, "moved_on": {"visits", "moved_on"}, "completed": {"visits", "completed"},
		"lost_explicit": {"visits", "lost_explicit"}, "lost_silent": {"visits", "lost_silent"}, "in_progress": {"visits", "in_progress"},
		"dropoff": {"visits", "mature_lost"}, "mature_open": {"visits", "mature_open"},
	},
	"timing": {
		"stage_n": {"visits", "stayed"}, "reply_n": {"waits", "first_answered"},
		"wait_n": {"waits", "answered"}, "wait_waiting": {"waits", "waiting"},
		"kept": {"waits", "kept"}, "broken": {"waits", "broken"}, "past_target": {"waits", "past_target"},
	},
	"touchpoints": {
		"wait_n": {"waits", "answered"}, "wait_waiting": {"waits", "waiting"}, "late": {"waits", "late"},
		"scored": {"verbatims", "scored"}, "positive": {"verbatims", "positive"}, "negative": {"verbatims", "negative"},
	},
	"mood": {
		"scored": {"steps", "scored"}, "positive": {"steps", "positive"}, "neutral": {"steps", "neutral"},
		"negative": {"steps", "negative"}, "mixed": {"steps", "mixed"},
	},
	"ageing": {"open": {"visits", "in_progress"}},
}

// rowsBehind is the address of the rows that a number of a report counts; "" where there are none, or no list of them.
func (r *request) rowsBehind(of row, column string) string {
	l, known := counted[of.table.report.Name][column]
	if n := of.number(column); !known || n == nil || *n == 0 {
		return ""
	}
	pairs := []string{"stage", r.query.Stage, "state", l.state}
	if of.table.has("key") {
		return r.behind("/reports/"+l.report, append(pairs, r.query.By, of.text("key"))...)
	}
	for _, by := range []string{"stage", "touchpoint"} {
		if key := of.text(by); key != "" { // a table that is not split by it has all of them in one row
			pairs = append(pairs, by, key)
		}
	}
	return r.behind("/reports/"+l.report, pairs...)
}

// takes says whether a report is filtered by what a select box asks for: a filter without effect would say what is not so.
func takes(name, filter string) bool {
	info, err := aggregate.FindReport(name)
	if filter == "period" {
		filter = "from"
	}
	return err == nil && info.Takes(filter)
}

// defaultBy gives what a report is split by where nothing else is asked for; "" is a report that is not split.
func defaultBy(name string) string {
	if info, err := aggregate.FindReport(name); err == nil && info.Groupings() != nil {
		return info.Groupings()[0]
	}
	return ""
}

// endsOf are what columns from and to name, where it is not touchpoints.
var endsOf = map[string]string{"handoffs": "department", "bypasses": "stage"}

// named is a column as the thing its value in a row names: the value of a fact is a channel, a touchpoint or a persona.
func named(t *table, i int, values []any) aggregate.Column {
	c := t.report.Columns[i]
	switch {
	case c.Name == "value" && t.report.Name == "losses":
		fact := row{t, values}.text("fact")
		c.Name = strings.TrimPrefix(fact, "entry_")
	case (c.Name == "from" || c.Name == "to") && endsOf[t.report.Name] != "":
		c.Name = endsOf[t.report.Name]
	}
	return c
}

// heading names a column in the reader's language; a column the catalogue does not know has its own name.
func (r *request) heading(c aggregate.Column) string {
	name := strings.TrimSuffix(c.Name, "_s")
	if isLabel(c.Name) || c.Name == "key" {
		name = r.query.By
		if name == "" {
			name = "stage"
		}
	}
	if text := r.text("col." + name); text != "col."+name {
		return text
	}
	return strings.ReplaceAll(name, "_", " ")
}

// isLabel recognises the columns label_it and label_en.
func isLabel(column string) bool { return strings.HasPrefix(column, "label_") }

// cell writes a value by its column: seconds as a duration, shares as percentages, ids by their label.
func (r *request) cell(c aggregate.Column, value any) cell {
	out := cell{Numeric: c.Numeric()}
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
		column := c.Name
		if (isLabel(column) || column == "key") && r.query.By != "" {
			column = r.query.By
		}
		out.Text = r.named(column, v)
		if c.Name == "case_id" {
			out.Href, out.Text = r.behind("/case/"+v), shortID(v)
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
	switch {
	case c.Unit == "s":
		return r.format.Duration(&x)
	case c.Unit == "share":
		return r.format.Percent(&x)
	case c.Unit == "mood":
		return r.format.Signed(&x)
	case c.Name == "p", c.Name == "q":
		return r.small(x)
	}
	return r.format.Number(x, 2)
}

// named gives the label of what an id column names, and the value itself elsewhere.
func (r *request) named(column, value string) string {
	if value == "-" {
		return missing
	}
	if strings.HasPrefix(value, "(") {
		return r.textOr("end.", value) // how a case stands, in place of a touchpoint or stage
	}
	switch column {
	case "stage":
		if s, _, ok := r.journey.Stage(journey.StageID(value)); ok {
			return s.Labels.In(r.lang)
		}
	case "touchpoint":
		return r.touchpoint(value)
	case "from", "to": // of paths; activities are no touchpoints and stay as they are
		return r.touchpoint(value)

	case "mood_label":
		return r.textOr("label.", value)
	case "mood_emotion":
		return r.textOr("emotion.", value)
	case "direction":
		return r.textOr("direction.", value)
	case "department":
		if d := r.department(journey.DepartmentID(value)); d != "" {
			return d
		}
	case "channel":
		return r.journey.ChannelLabel(value, r.lang)
	case "persona":
		return r.personaLabel(value)
	case "exit", "state":
		return r.textOr("state.", value)
	case "target_state":
		return r.textOr("target.", value)
	case "source":
		return r.textOr("source.", value)
	case "fact", "measure", "kind":
		if value != "" {
			return r.textOr(column+".", value)
		}
	case "negative_mood", "late_answer": // facts that hold or do not
		return r.textOr("counts.", value)
	}
	if value == "" {
		return missing
	}
	return value
}

// textOr is the text of prefix and value, or the value where there is none.
func (r *request) textOr(prefix, value string) string {
	if text := r.text(prefix + value); text != prefix+value {
		return text
	}
	return value
}

func (r *request) touchpoint(id string) string { return r.journey.Label("touchpoint", id, r.lang) }

func (r *request) personaLabel(id string) string { return r.journey.Label("persona", id, r.lang) }

func (r *request) stageLabel(id string) string { return r.journey.Label("stage", id, r.lang) }

func shortID(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}
