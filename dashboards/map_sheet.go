package dashboards

import (
	"strings"
	"time"

	"tappa/dashboards/draw"
	"tappa/journey"
)

// Colours of states and moods are those of ui/style.css, as a test holds.
var (
	stateColours = map[string]draw.Colour{
		"moved_on": "#2a7f8e", "completed": "#2f8f4e", "lost_explicit": "#b3362c", "lost_silent": "#e08a3c", "in_progress": "#9aa7b4",
	}
	badgeColours = map[string]draw.Colour{
		"few": "#8a5a00", "exceeded": "#267a42", "met": "#0b6e78", "not_met": "#b3362c", "unknown": "#5b6875",
	}
	moodColours = map[string]draw.Colour{"positive": "#267a42", "negative": "#b3362c"}
)

const (
	phaseColour       draw.Colour = "#e0f0f1"
	opportunityColour draw.Colour = "#fff8e1"
)

// mapSheet turns the page's content into a sheet: its words and numbers as they are, only their places are new.
func (r *request) mapSheet(c mapContent) *draw.Sheet {
	s := &draw.Sheet{
		Lang: c.Lang, Title: c.Heading, Heading: c.Heading, Lines: r.mapLines(c), Columns: len(c.Stages),
		Legend: r.mapLegend(c), More: r.text("more"),
	}
	row := func(key string, cell func(*stageColumn) []draw.Block) *draw.Row {
		row := draw.Row{Head: r.text(key)}
		for _, stage := range c.Stages {
			row.Cells = append(row.Cells, cell(stage))
		}
		s.Rows = append(s.Rows, row)
		return &s.Rows[len(s.Rows)-1]
	}
	row("row.phase", r.phaseCell).Fill = phaseColour
	row("row.activity", func(c *stageColumn) []draw.Block { return words(small(c.Activity)) })
	row("row.touchpoint", r.touchpointBlocks)
	row("row.experience", r.experienceCell).Curve = r.mapCurve(c)
	row("row.opportunity", r.opportunityCell)
	for i, how := range c.How {
		if i == 0 {
			how = r.text("how") + ": " + how
		}
		s.Foot = append(s.Foot, how)
	}
	return s
}

// words is a block of words.
func words(runs ...draw.Run) []draw.Block { return []draw.Block{{Words: runs}} }

func small(text string) draw.Run { return draw.Run{Text: text, Style: draw.Small} }
func muted(text string) draw.Run {
	return draw.Run{Text: text, Style: draw.Small, Ink: draw.Soft}
}
func bold(text string) draw.Run { return draw.Run{Text: text, Style: draw.Bold} }

var newLine = draw.Run{Style: draw.Break}

// fewBadge marks a number that few cases stand behind.
func (r *request) fewBadge(few bool) []draw.Run {
	if !few {
		return nil
	}
	return []draw.Run{{Text: r.text("few"), Style: draw.Badge, Ink: badgeColours["few"]}}
}

// mapLines say below the heading whose map it is, of when, and as of when.
func (r *request) mapLines(c mapContent) [][]draw.Run {
	who := []draw.Run{bold(r.text("filter.persona") + ":")}
	switch {
	case c.Persona != nil:
		text := c.Persona.Label
		if c.Persona.Role != "" {
			text += " — " + c.Persona.Role
		}
		if c.Persona.Goal != "" {
			text += " · " + c.Persona.Goal
		}
		who = append(who, draw.Run{Text: text})
	case r.query.Persona != "":
		who = append(who, draw.Run{Text: r.text("map.no_persona")})
	default:
		who = append(who, draw.Run{Text: r.text("map.everybody")})
	}
	when := []draw.Run{
		bold(r.text("filter.period") + ":"),
		{Text: r.periodWords() + " ·"},
		bold(r.text("status.asof") + ":"),
		{Text: c.Status.AsOf + " · " + c.Status.Interactions + " " + r.text("status.interactions") + ", " +
			c.Status.Unmapped + " " + r.text("status.unmapped")},
	}
	for _, f := range r.filterWords() {
		when = append(when, draw.Run{Text: "·"}, bold(f[0]+":"), draw.Run{Text: f[1]})
	}
	return [][]draw.Run{who, when}
}

// periodWords say which entries the map is of.
func (r *request) periodWords() string {
	var out []string
	if !r.query.From.IsZero() {
		out = append(out, r.text("filter.from"), r.day(r.query.From))
	}
	if !r.query.To.IsZero() {
		last := r.query.To
		if _, whole := r.midnight(last); whole {
			last = last.Add(-time.Millisecond) // up to before a day begins is with the day before
		}
		out = append(out, r.text("filter.to"), r.day(last.In(r.journey.Location)))
	}
	if out == nil {
		return r.text("period.all")
	}
	return strings.Join(out, " ")
}

// midnight gives an instant in the journey's zone, and whether a day begins with it.
func (r *request) midnight(t time.Time) (time.Time, bool) {
	t = t.In(r.journey.Location)
	y, m, d := t.Date()
	return t, t.Equal(time.Date(y, m, d, 0, 0, 0, 0, r.journey.Location))
}

// day writes an instant: as a day where it begins or ends one.
func (r *request) day(t time.Time) string {
	text := r.format.Time(t)
	_, begins := r.midnight(t)
	_, ends := r.midnight(t.Add(time.Millisecond))
	if begins || ends {
		text, _, _ = strings.Cut(text, " ")
	}
	return text
}

// filterWords name the filters that the heading does not name otherwise: on paper nobody sees an address.
func (r *request) filterWords() [][2]string {
	var out [][2]string
	add := func(key, value string) {
		if value != "" {
			out = append(out, [2]string{r.text(key), value})
		}
	}
	q := r.query
	add("filter.channel", r.journey.ChannelLabel(q.Channel, r.lang))
	add("by.touchpoint", r.touchpoint(q.Touchpoint))
	department := r.department(journey.DepartmentID(q.Department))
	if department == "" {
		department = q.Department
	}
	add("by.department", department)
	add("by.stage", r.stageLabel(q.Stage))
	add("case.state", r.textOr("state.", q.State))
	if q.Customer != "" {
		add("filter.customer", r.text("customer."+q.Customer))
	}
	account := q.Account
	if key, ok := map[string]string{"+": "account.with", "-": "account.without"}[account]; ok {
		account = r.text(key)
	}
	add("filter.account", account)
	if q.ValueMin != 0 {
		add("filter.value_min", r.format.Number(q.ValueMin, 2))
	}
	if q.ValueMax != 0 {
		add("filter.value_max", r.format.Number(q.ValueMax, 2))
	}
	return out
}

func (r *request) mapLegend(c mapContent) []draw.Swatch {
	var out []draw.Swatch
	for _, state := range c.Legend {
		out = append(out, draw.Swatch{Sign: draw.Square, Ink: stateColours[state.State], Text: state.Label})
	}
	return append(out,
		draw.Swatch{Sign: draw.StarSign, Ink: draw.Ink, Text: r.text("mot")},
		draw.Swatch{Sign: draw.Dot, Ink: draw.Accent, Text: r.text("mood.curve")},
		draw.Swatch{Sign: draw.Ring, Ink: draw.Accent, Text: r.text("few") + ": " + r.text("few.long")},
		draw.Swatch{Sign: draw.Whisker, Ink: draw.Soft, Text: r.text("interval")},
	)
}

func (r *request) mapCurve(c mapContent) *draw.Curve {
	out := &draw.Curve{Label: r.text("mood.curve") + ": " + c.CurveText, Min: -2, Max: 2}
	for _, at := range []float64{-2, -1, 0, 1, 2} {
		label := "0"
		if at != 0 {
			label = strings.Replace(r.format.num.Sprintf("%+.0f", at), "-", "−", 1)
		}
		out.Ticks = append(out.Ticks, draw.Tick{At: at, Label: label})
	}
	for _, p := range c.Curve {
		out.Points = append(out.Points, draw.Point{Value: p.Curve, Low: p.Low, High: p.High, Hollow: p.Few, Label: r.format.Signed(p.Curve)})
	}
	return out
}
