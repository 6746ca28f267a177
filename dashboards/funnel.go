package dashboards

// funnelContent is the funnel: a bar per stage, a part per state.
type funnelContent struct {
	frame
	Stages []*stageColumn
	Legend []stateCount
	Funnel funnelData
}

// funnelData is what the chart draws, and the address of the cases behind it.
type funnelData struct {
	States []funnelState    `json:"states"`
	Stages []map[string]any `json:"stages"` // id, label, and a count per state
	Cases  string           `json:"cases"`
}

type funnelState struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

func (s *server) funnelPage(r *request) (string, any, error) {
	f, err := r.frame("funnel.title")
	if err != nil {
		return "", nil, err
	}
	c := funnelContent{frame: f, Legend: r.legend()}
	if c.Empty != "" {
		return "funnel", c, nil
	}
	if c.Stages, c.How, err = r.stageColumns(); err != nil {
		return "", nil, err
	}
	c.Funnel.Cases = r.behind("/cases", "journey", string(r.journey.ID))
	for _, state := range states {
		c.Funnel.States = append(c.Funnel.States, funnelState{state, r.text("state." + state)})
	}
	for _, column := range c.Stages {
		stage := map[string]any{"id": column.ID, "label": column.Label}
		for state, n := range column.counts {
			stage[state] = n
		}
		c.Funnel.Stages = append(c.Funnel.Stages, stage)
	}
	return "funnel", c, nil
}
