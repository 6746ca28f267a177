package journey

import (
	"slices"
	"strings"
	"time"
)

// In returns the text in lang (an ISO 639-1 code, with or without a region), else in English, else in the first
// language by code, else "".
func (l Labels) In(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	for _, try := range []string{lang, base, "en"} {
		if s := l[try]; s != "" {
			return s
		}
	}
	best := ""
	for code, s := range l {
		if s != "" && (best == "" || code < best) {
			best = code
		}
	}
	return l[best]
}

// Stage returns the stage named id and its position, counted from 0.
func (j *Journey) Stage(id StageID) (Stage, int, bool) {
	i := slices.IndexFunc(j.Stages, func(s Stage) bool { return s.ID == id })
	if i < 0 {
		return Stage{}, -1, false
	}
	return j.Stages[i], i, true
}

// Touchpoint returns the touchpoint named id.
func (j *Journey) Touchpoint(id TouchpointID) (Touchpoint, bool) {
	i := slices.IndexFunc(j.Touchpoints, func(t Touchpoint) bool { return t.ID == id })
	if i < 0 {
		return Touchpoint{}, false
	}
	return j.Touchpoints[i], true
}

// ChannelLabel returns what people call a channel in lang, or its word where it has no name.
func (j *Journey) ChannelLabel(id, lang string) string {
	for _, c := range j.Channels {
		if c.ID == id {
			return c.Labels.In(lang)
		}
	}
	return id
}

// Department returns the department named id.
func (j *Journey) Department(id DepartmentID) (Department, bool) {
	i := slices.IndexFunc(j.Departments, func(d Department) bool { return d.ID == id })
	if i < 0 {
		return Department{}, false
	}
	return j.Departments[i], true
}

// Persona returns the persona named id.
func (j *Journey) Persona(id PersonaID) (Persona, bool) {
	i := slices.IndexFunc(j.Personas, func(p Persona) bool { return p.ID == id })
	if i < 0 {
		return Persona{}, false
	}
	return j.Personas[i], true
}

// Names lists the ids of the journey's stages, touchpoints, departments, personas or channels, as kind says.
func (j *Journey) Names(kind string) (names []string) {
	switch kind {
	case "stage":
		for _, s := range j.Stages {
			names = append(names, string(s.ID))
		}
	case "touchpoint":
		for _, t := range j.Touchpoints {
			names = append(names, string(t.ID))
		}
	case "department":
		for _, d := range j.Departments {
			names = append(names, string(d.ID))
		}
	case "persona":
		for _, p := range j.Personas {
			names = append(names, string(p.ID))
		}
	case "channel":
		for _, t := range j.Touchpoints {
			names = append(names, t.Channels...)
		}
	}
	return names
}

// Label returns what people call one of what Names lists, in lang; its id where it has no name.
func (j *Journey) Label(kind, id, lang string) string {
	var labels Labels
	switch kind {
	case "stage":
		s, _, _ := j.Stage(StageID(id))
		labels = s.Labels
	case "touchpoint":
		t, _ := j.Touchpoint(TouchpointID(id))
		labels = t.Labels
	case "department":
		d, _ := j.Department(DepartmentID(id))
		labels = d.Labels
	case "persona":
		p, _ := j.Persona(PersonaID(id))
		labels = p.Labels
	case "channel":
		return j.ChannelLabel(id, lang)
	}
	if len(labels) == 0 {
		return id
	}
	return labels.In(lang)
}

// ServiceLevel returns the promise that held for a request of this priority at the instant it was asked: one made for
// the priority before one made for any, and of those the latest that was valid. Priorities differ by more than case.
func (d Department) ServiceLevel(priority string, asked time.Time) (ServiceLevel, bool) {
	best := -1
	for i, level := range d.ServiceLevels {
		if asked.Before(level.ValidFrom) || (level.Priority != "" && !strings.EqualFold(level.Priority, priority)) {
			continue
		}
		if best >= 0 {
			held := d.ServiceLevels[best]
			if (held.Priority != "") != (level.Priority != "") {
				if held.Priority != "" {
					continue
				}
			} else if level.ValidFrom.Before(held.ValidFrom) {
				continue
			}
		}
		best = i
	}
	if best < 0 {
		return ServiceLevel{}, false
	}
	return d.ServiceLevels[best], true
}
