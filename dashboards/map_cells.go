package dashboards

import "tappa/dashboards/draw"

func (r *request) phaseCell(c *stageColumn) []draw.Block {
	blocks := words(draw.Run{Text: c.Label, Style: draw.Title})
	if c.HasDropoff {
		runs := append([]draw.Run{muted(r.text("dropoff")), {Text: c.Dropoff, Style: draw.Big, Ink: draw.Accent}}, r.fewBadge(c.Few)...)
		runs = append(runs, newLine, muted(c.DropoffLow+" – "+c.DropoffHigh+" · n "+c.Decided))
		blocks = append(blocks, draw.Block{Words: runs})
	} else {
		blocks = append(blocks, words(muted(r.text("dropoff.none")))...)
	}
	bar := []draw.Part{}
	for _, part := range c.Bar {
		bar = append(bar, draw.Part{Share: part.Width / 100, Fill: stateColours[part.State], Label: part.Label})
	}
	facts := []draw.Fact{fact(r.text("state.entered"), c.Entered)}
	for _, state := range c.States {
		f := fact(state.Label, state.Count)
		f.Mark = stateColours[state.State]
		facts = append(facts, f)
	}
	facts = append(facts, fact(r.text("time.in_stage"), c.TimeInStage))
	return append(blocks, draw.Block{Bar: bar}, draw.Block{Facts: facts})
}

func fact(name, value string) draw.Fact {
	return draw.Fact{Name: name, Value: []draw.Run{{Text: value}}}
}

func (r *request) touchpointBlocks(c *stageColumn) []draw.Block {
	if len(c.Touchpoints) == 0 {
		return words(muted(r.text("touchpoint.none")))
	}
	list := &draw.List{More: c.MoreTouchpoints}
	for _, t := range c.Touchpoints {
		cases := t.Cases + " " + r.text("touchpoint.cases")
		if t.Department != "" {
			cases += " · " + t.Department
		}
		runs := []draw.Run{bold(t.Label), muted(t.Channels), newLine, muted(cases)}
		if t.MOT != "" {
			runs = append(runs, newLine, draw.Run{Text: r.text("mot"), Style: draw.Star},
				draw.Run{Text: r.text("mot." + t.MOT), Style: draw.Badge, Ink: badgeColours[t.MOT]})
		}
		list.Items = append(list.Items, words(runs...))
	}
	return []draw.Block{{List: list}}
}

func (r *request) experienceCell(c *stageColumn) []draw.Block {
	var blocks []draw.Block
	if c.Mood == nil {
		blocks = words(muted(r.text("mood.none")))
	} else {
		blocks = r.moodBlocks(*c.Mood)
	}
	if w := c.Waits; w != nil {
		waiting := []draw.Run{{Text: w.Waiting}}
		if w.Oldest != "" {
			waiting = append(waiting, muted("· "+r.text("wait.oldest")+" "+w.Oldest))
		}
		blocks = append(blocks, draw.Block{Facts: []draw.Fact{
			{Name: r.text("wait.first") + " (" + r.text("wait.median") + ")", Value: []draw.Run{bold(w.First)}},
			fact(r.text("wait.any")+" p50 · p90", w.P50+" · "+w.P90),
			fact(r.text("wait.business"), w.Business),
			{Name: r.text("wait.waiting"), Value: waiting},
		}})
	}
	return blocks
}

func (r *request) moodBlocks(m moodCell) []draw.Block {
	facts := []draw.Fact{{Name: r.text("mood.net"), Value: append([]draw.Run{bold(m.Net)}, r.fewBadge(m.Few)...)}}
	if m.Interval != "" {
		facts = append(facts, fact(r.text("interval"), m.Interval))
	}
	facts = append(facts, fact(r.text("mood.scored"), m.Scored+" ("+m.Coverage+")"))
	for _, e := range m.Emotions {
		facts = append(facts, fact(e.Label, e.Count))
	}
	blocks := []draw.Block{{Facts: facts}}
	for _, q := range m.Quotes {
		blocks = append(blocks, draw.Block{Words: []draw.Run{small(q.Text)}, Frame: draw.Quote, Mark: moodColours[q.Mood]})
	}
	return blocks
}

func (r *request) opportunityCell(c *stageColumn) []draw.Block {
	var blocks []draw.Block
	if len(c.Opportunities) > 0 {
		list := &draw.List{}
		for _, o := range c.Opportunities {
			list.Items = append(list.Items, []draw.Block{{Frame: draw.Note, Mark: opportunityColour, Words: []draw.Run{
				{Text: o.Kind, Style: draw.Badge, Ink: draw.Accent},
				bold(o.Action), newLine,
				muted(o.Touchpoint + " · " + o.Department + " · " + r.text("opportunity.due") + " " + o.Due),
			}}})
		}
		blocks = append(blocks, draw.Block{List: list})
	}
	if len(c.Frictions) == 0 {
		return append(blocks, words(muted(r.text("friction.none")))...)
	}
	list := &draw.List{More: c.MoreFrictions}
	for _, f := range c.Frictions {
		name := []draw.Run{bold(f.Label)}
		if f.Department != "" {
			name = append(name, muted("· "+f.Department))
		}
		list.Items = append(list.Items, []draw.Block{{Words: name}, {Tight: true, Facts: []draw.Fact{
			fact(r.text("friction.losses"), f.Losses), fact(r.text("friction.late"), f.Late), fact(r.text("friction.negative"), f.Negative),
		}}})
	}
	return append(blocks, draw.Block{List: list})
}
