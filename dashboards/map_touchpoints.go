package dashboards

import (
	"math"
	"sort"
	"strings"
	"time"

	"tappa/journey"
)

// shownTouchpoints and shownFrictions bound how much of a stage the map shows; the rest is in the tables.
const (
	shownTouchpoints = 6
	shownFrictions   = 3
)

// fillTouchpoints adds the touchpoints of each stage, and where friction costs most there.
func (r *request) fillTouchpoints(stages []*stageColumn) error {
	q := r.query
	q.By = "stage"
	t, err := r.server.ask(r.ctx, "touchpoints", q)
	if err != nil {
		return err
	}
	rows := map[string][]row{}
	for _, row := range t.rows() {
		rows[row.text("stage")] = append(rows[row.text("stage")], row)
	}
	for _, c := range stages {
		r.fillStageTouchpoints(c, rows[c.ID])
	}
	return nil
}

// fillStageTouchpoints adds the touchpoints of one stage: those most used, and those with the most friction.
func (r *request) fillStageTouchpoints(c *stageColumn, rows []row) {
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].count("cases") > rows[j].count("cases") })
	for _, row := range rows {
		tp, ok := r.journey.Touchpoint(journey.TouchpointID(row.text("touchpoint")))
		switch {
		case !ok:
		case len(c.Touchpoints) == shownTouchpoints:
			c.MoreTouchpoints++
		default:
			c.Touchpoints = append(c.Touchpoints, r.touchpointCell(c.ID, tp, row))
		}
	}
	sort.SliceStable(rows, func(i, j int) bool { return friction(rows[i]) > friction(rows[j]) })
	for _, row := range rows {
		tp, ok := r.journey.Touchpoint(journey.TouchpointID(row.text("touchpoint")))
		if !ok || friction(row) <= 0 {
			continue
		}
		if len(c.Frictions) == shownFrictions {
			c.MoreFrictions++
			continue
		}
		c.Frictions = append(c.Frictions, frictionCell{
			Label: tp.Labels.In(r.lang), Department: r.department(tp.Department),
			Losses: r.signedCount(row.number("loss_term")), Late: r.format.Count(row.count("late")),
			Negative:     r.format.Count(row.count("negative")),
			LateHref:     r.listBehind(row.count("late"), "waits", "stage", c.ID, "touchpoint", string(tp.ID), "state", "late"),
			NegativeHref: r.listBehind(row.count("negative"), "verbatims", "stage", c.ID, "touchpoint", string(tp.ID), "state", "negative"),
		})
	}
}

// fillOpportunities adds the open opportunities to the stage they want to move, or else to their touchpoint's first.
func (r *request) fillOpportunities(stages []*stageColumn) error {
	all, err := r.server.store.Opportunities(r.ctx, string(r.journey.ID))
	if err != nil {
		return err
	}
	for _, o := range all {
		stage := o.Target.Filter["stage"]
		tp, _ := r.journey.Touchpoint(journey.TouchpointID(o.Touchpoint))
		if stage == "" && len(tp.Stages) > 0 {
			stage = string(tp.Stages[0])
		}
		for _, c := range stages {
			if c.ID == stage && o.Closed == "" {
				c.Opportunities = append(c.Opportunities, opportunityCell{
					Kind: r.text("opportunity." + o.Kind), Touchpoint: r.touchpoint(o.Touchpoint), Action: o.Action,
					Department: r.department(journey.DepartmentID(o.Department)), Due: r.format.Day(o.Due),
				})
			}
		}
	}
	return nil
}

func (r *request) touchpointCell(stage string, tp journey.Touchpoint, row row) touchpointCell {
	channels := make([]string, len(tp.Channels))
	for i, c := range tp.Channels {
		channels[i] = r.journey.ChannelLabel(c, r.lang)
	}
	return touchpointCell{
		Label: tp.Labels.In(r.lang), Channels: strings.Join(channels, ", "), Department: r.department(tp.Department),
		Cases: r.format.Count(row.count("cases")), MOT: verdict(tp, row),
		Href: r.behind("/cases", "stage", stage, "touched", string(tp.ID)),
	}
}

func (r *request) department(id journey.DepartmentID) string {
	if d, ok := r.journey.Department(id); ok {
		return d.Labels.In(r.lang)
	}
	return ""
}

func (r *request) signedCount(x *float64) string {
	if x == nil {
		return missing
	}
	if math.Abs(*x) < 0.05 {
		return r.format.num.Sprintf("%.1f", 0.)
	}
	return strings.Replace(r.format.num.Sprintf("%+.1f", *x), "-", "−", 1)
}

// friction is the rank of a touchpoint; the map never shows it without the terms it is the sum of.
func friction(row row) float64 {
	if x := row.number("friction"); x != nil {
		return *x
	}
	return 0
}

// verdict judges a moment of truth by what the view measured; "" for any other touchpoint.
func verdict(tp journey.Touchpoint, row row) string {
	if tp.MOT == nil {
		return ""
	}
	measured := journey.Measured{Mood: row.number("curve"), Loss: row.number("loss")}
	if s := row.number("wait_p75_s"); s != nil {
		wait := time.Duration(*s * float64(time.Second))
		measured.Wait = &wait
	}
	return string(tp.MOT.Judge(measured))
}
