package journey

import (
	"fmt"
	"slices"
	"strings"
)

func (b *builder) rules(j *Journey) []Rule {
	b.unique("rules", "name", strs(b.form.Rules, func(r *ruleFile) string { return r.Name }))
	touchpoints := strs(j.Touchpoints, func(t *Touchpoint) string { return string(t.ID) })
	stages := strs(j.Stages, func(s *Stage) string { return string(s.ID) })
	out := make([]Rule, len(b.form.Rules))
	for i, r := range b.form.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		out[i] = Rule{
			Name: r.Name, When: r.When, Touchpoint: TouchpointID(r.Touchpoint), Channel: r.Channel, Stage: StageID(r.Stage),
			Automatic: r.Automatic, Types: r.Type, Sources: b.sources(path+".source", r.Source),
		}
		b.types(path+".type", r.Type)
		if r.Outcome != "" {
			out[i].Outcome = Outcome(b.oneOf(path+".outcome", r.Outcome, string(Won), string(Lost)))
		}
		b.known(path+".stage", "stage", r.Stage, stages)
		if r.Touchpoint == "" {
			b.missing(path, "touchpoint", "a rule says where customer and company met")
			continue
		}
		if b.known(path+".touchpoint", "touchpoint", r.Touchpoint, touchpoints) {
			b.ruleAt(path, &out[i], j)
		}
	}
	if len(out) == 0 {
		b.warnf("journey", "no rules: every interaction stays unmapped")
		return out
	}
	for i, id := range touchpoints {
		if id != "" && !slices.ContainsFunc(out, func(r Rule) bool { return string(r.Touchpoint) == id }) {
			b.warnf(fmt.Sprintf("touchpoints[%d].id", i), "no rule leads to touchpoint %q, so it stays empty; add one or remove it", id)
		}
	}
	return out
}

// ruleAt checks a rule against its touchpoint and fills in the default channel.
func (b *builder) ruleAt(path string, r *Rule, j *Journey) {
	t, _ := j.Touchpoint(r.Touchpoint)
	if r.Channel == "" && len(t.Channels) > 0 {
		r.Channel = t.Channels[0]
	} else if r.Channel != "" && !slices.Contains(t.Channels, r.Channel) {
		b.errorf(path+".channel", "touchpoint %q is not reached by channel %q; add it to its channels or use one of: %s",
			t.ID, r.Channel, strings.Join(t.Channels, ", "))
	}
	if r.Stage != "" && len(t.Stages) > 0 && !slices.Contains(t.Stages, r.Stage) {
		b.warnf(path+".stage", "stage %q is none of touchpoint %q's own; the map shows the touchpoint in a column it is not listed for", r.Stage, t.ID)
	}
	if r.Stage == "" && len(t.Stages) == 0 && r.Outcome != NoOutcome {
		b.warnf(path+".outcome", "touchpoint %q belongs to no stage, so this outcome decides nothing; fix a stage", t.ID)
	}
}

func (b *builder) sources(path string, names []string) []Source {
	out := make([]Source, len(names))
	for i, name := range names {
		at := fmt.Sprintf("%s[%d]", path, i)
		b.known(at, "source", name, sourceNames)
		out[i] = Source(name)
	}
	return out
}

func (b *builder) types(path string, names []string) {
	for i, name := range names {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case name == "" || strings.ContainsAny(name, " \t\n"):
			b.errorf(at, "%q is not a type; write it like form.submitted", name)
		case strings.HasPrefix(name, "tappa."):
			b.errorf(at, "types are written without %q; write %s", "tappa.", strings.TrimPrefix(name, "tappa."))
		default:
			if says := misspeltType(name); says != "" {
				b.warnf(at, "%s", says)
			}
		}
	}
}

// misspeltType says which of tappa's own types was probably meant by one that is none of them, "" if it is one, or like none.
func misspeltType(name string) string {
	if near := Nearest(name, typeNames); near != "" && !slices.Contains(typeNames, name) {
		return fmt.Sprintf("type %q is none of tappa's own; did you mean %q?", name, near)
	}
	return ""
}

func (b *builder) kpis(j *Journey) []KPI {
	b.unique("kpis", "id", strs(b.form.KPIs, func(k *kpiFile) string { return k.ID }))
	out := make([]KPI, len(b.form.KPIs))
	for i, k := range b.form.KPIs {
		path := fmt.Sprintf("kpis[%d]", i)
		out[i] = KPI{
			ID: k.ID, Labels: b.labels(path, "labels", k.Labels, true), View: k.View, Metric: k.Metric, Filter: k.Filter,
			Target: k.Target, Better: b.oneOf(path+".better", k.Better, "up", "down"),
		}
		view, ok := Views[k.View]
		switch {
		case k.View == "":
			b.missing(path, "view", "which view has the number? One of "+strings.Join(sortedKeys(Views), ", "))
		case !ok:
			b.errorf(path+".view", "unknown view %q%s", k.View, suggest(k.View, sortedKeys(Views)))
		case k.Metric == "":
			b.missing(path, "metric", "which column of the view? One of "+strings.Join(view.Metrics, ", "))
		default:
			b.known(path+".metric", "metric of view "+k.View, k.Metric, view.Metrics)
			b.filter(path+".filter", k.Filter, view, j)
			b.warnOfKPI(path, &out[i], view, j)
		}
	}
	return out
}

// warnOfKPI says what a KPI lacks to be one number, or to get to its target.
func (b *builder) warnOfKPI(path string, k *KPI, view View, j *Journey) {
	rows := map[string]int{"stage": len(j.Stages), "touchpoint": len(j.Touchpoints)}[view.Row]
	chosen := k.Filter[view.Row] != "" || len(k.Filter) > 0 && (k.View == "timing" || k.View == "mood") // which are split by what is filtered
	if rows > 1 && !chosen {
		b.warnf(path+".view", "view %s has a row for each %s, and a KPI is one number; add a filter by %s", k.View, view.Row, view.Row)
	}
	if k.Target != nil && slices.Contains(shares, k.Metric) && (*k.Target < 0 || *k.Target > 1) {
		b.warnf(path+".target", "%s is a share, from 0 to 1; 20 %% is written 0.2", k.Metric)
	}
}

// filter checks a KPI's filter: keys the view has, and values the journey declares.
func (b *builder) filter(path string, filter map[string]string, view View, j *Journey) {
	declared := map[string][]string{
		"stage":      strs(j.Stages, func(s *Stage) string { return string(s.ID) }),
		"touchpoint": strs(j.Touchpoints, func(t *Touchpoint) string { return string(t.ID) }),
		"department": strs(j.Departments, func(d *Department) string { return string(d.ID) }),
		"persona":    strs(j.Personas, func(p *Persona) string { return string(p.ID) }),
	}
	for _, key := range sortedKeys(filter) {
		at := join(path, key)
		if !slices.Contains(view.Keys, key) {
			b.errorf(at, "this view cannot be filtered by %q%s", key, suggest(key, view.Keys))
		} else if ids, ok := declared[key]; ok {
			b.known(at, key, filter[key], ids)
		}
	}
}
