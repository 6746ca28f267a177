package journey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MostStages is how many stages a journey may have: a set of them is kept as the bits of a number.
const MostStages = 64

func (b *builder) stages() []Stage {
	ids := strs(b.form.Stages, func(s *stageFile) string { return s.ID })
	if len(ids) == 0 {
		b.missing("", "stages", "a journey has at least one stage")
	}
	b.unique("stages", "id", ids)
	if len(ids) > MostStages {
		b.errorf(fmt.Sprintf("stages[%d]", MostStages), "a journey has at most %d stages, this one has %d; nobody reads a map of so many columns", MostStages, len(ids))
	}
	out := make([]Stage, len(ids))
	for i, s := range b.form.Stages {
		path := fmt.Sprintf("stages[%d]", i)
		out[i] = Stage{
			ID: StageID(s.ID), Terminal: s.Terminal,
			Labels:   b.labels(path, "labels", s.Labels, true),
			Activity: b.labels(path, "activity", s.Activity, false),
			Maturity: b.duration(path+".maturity", s.Maturity),
			Silence:  Forever,
		}
		switch s.Silence {
		case "":
			b.missing(path, "silence", "after how long without a sign does a customer count as lost here? For example: silence: 30d, or never")
		case "never":
		default:
			out[i].Silence = b.duration(path+".silence", s.Silence)
		}
	}
	return out
}

func (b *builder) departments(loc *time.Location) []Department {
	ids := strs(b.form.Departments, func(d *departmentFile) string { return d.ID })
	b.unique("departments", "id", ids)
	out := make([]Department, len(ids))
	for i, d := range b.form.Departments {
		path := fmt.Sprintf("departments[%d]", i)
		out[i] = Department{
			ID: DepartmentID(d.ID), Labels: b.labels(path, "labels", d.Labels, true),
			Calendars: b.calendars(path+".calendars", d.Calendars, loc),
		}
		for k, s := range d.ServiceLevels {
			at := fmt.Sprintf("%s.service_levels[%d]", path, k)
			level := ServiceLevel{
				Priority: s.Priority, Reply: b.duration(at+".reply", s.Reply),
				ValidFrom: b.date(at+".valid_from", s.ValidFrom, loc),
				Business:  b.oneOf(at+".clock", s.Clock, "calendar", "business") == "business",
			}
			if s.Reply == "" {
				b.missing(at, "reply", "how soon is an answer promised? For example: reply: 8h")
			}
			if level.Business && len(d.Calendars) == 0 {
				b.errorf(at+".clock", "department %q has no calendars to measure business time by; add them or use clock: calendar", d.ID)
			}
			b.repeatedLevel(at, level, out[i].ServiceLevels)
			out[i].ServiceLevels = append(out[i].ServiceLevels, level)
		}
		out[i].schedule = newSchedule(out[i].Calendars)
	}
	return out
}

// repeatedLevel notes two promises for the same priority from the same day.
func (b *builder) repeatedLevel(at string, level ServiceLevel, before []ServiceLevel) {
	for _, other := range before {
		if strings.EqualFold(other.Priority, level.Priority) && other.ValidFrom.Equal(level.ValidFrom) && !b.flawed[at+".valid_from"] {
			b.errorf(at, "a second promise for priority %q from the same day; give one of them another priority or valid_from", level.Priority)
			return
		}
	}
}

func (b *builder) calendars(list string, forms []calendarFile, loc *time.Location) []Calendar {
	out := make([]Calendar, 0, len(forms))
	for i, c := range forms {
		path := fmt.Sprintf("%s[%d]", list, i)
		cal := Calendar{Location: loc, Country: c.Country, Closed: c.Closed}
		if c.TimeZone != "" {
			if own := b.location(path+".time_zone", c.TimeZone); own != nil {
				cal.Location = own
			}
		}
		cal.ValidFrom = b.date(path+".valid_from", c.ValidFrom, cal.Location)
		if c.Country != "" && holidays[c.Country] == nil {
			b.errorf(path+".country", "no public holidays known for country %q%s; leave it out and list closed days", c.Country,
				suggest(c.Country, holidayCountries()))
		}
		for k, day := range c.Closed {
			b.check(fmt.Sprintf("%s.closed[%d]", path, k), validClosing(day))
		}
		cal.Hours = b.hours(path+".hours", c.Hours)
		if len(c.Hours) == 0 {
			b.missing(path, "hours", `for example: hours: {mon-fri: ["08:30-12:30", "14:00-18:00"]}`)
		}
		for k, other := range out {
			if other.ValidFrom.Equal(cal.ValidFrom) && !b.flawed[path+".valid_from"] {
				b.errorf(path, "valid from the same day as the calendar on line %d; give it its own valid_from",
					b.at(fmt.Sprintf("%s[%d]", list, k)).line)
			}
		}
		out = append(out, cal)
	}
	slices.SortStableFunc(out, func(a, b Calendar) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return out
}

// hours reads opening hours and notes spans that overlap, over midnight too.
func (b *builder) hours(path string, form map[string]stringList) (week [7][]Interval) {
	for _, key := range sortedKeys(form) {
		at := join(path, key)
		days, err := parseDays(key)
		b.check(at, err)
		for k, text := range form[key] {
			span, err := parseInterval(text)
			if err != nil {
				b.check(fmt.Sprintf("%s[%d]", at, k), err)
				continue
			}
			for _, day := range days {
				if clash, ok := overlapping(week, day, span); ok {
					b.errorf(fmt.Sprintf("%s[%d]", at, k), "%q on %s overlaps %s; hours of a day must not overlap",
						text, strings.ToLower(day.String()[:3]), clash)
					break
				}
				week[day] = append(week[day], span)
			}
		}
	}
	for day := range week {
		slices.SortFunc(week[day], func(a, b Interval) int { return cmp.Compare(a.From, b.From) })
	}
	return week
}

// overlapping returns the span of the week that a span beginning on day would share time with.
func overlapping(week [7][]Interval, day time.Weekday, span Interval) (string, bool) {
	for shift := -1; shift <= 1; shift++ {
		other := time.Weekday((int(day) + shift + 7) % 7)
		for _, held := range week[other] {
			from, to := held.From+shift*minutesPerDay, held.To+shift*minutesPerDay
			if span.From < to && from < span.To {
				return fmt.Sprintf("%s %s", strings.ToLower(other.String()[:3]), held), true
			}
		}
	}
	return "", false
}

func (b *builder) touchpoints(j *Journey) []Touchpoint {
	ids := strs(b.form.Touchpoints, func(t *touchpointFile) string { return t.ID })
	if len(ids) == 0 {
		b.missing("", "touchpoints", "a journey has at least one touchpoint")
	}
	b.unique("touchpoints", "id", ids)
	departments := strs(j.Departments, func(d *Department) string { return string(d.ID) })
	out := make([]Touchpoint, len(ids))
	for i, t := range b.form.Touchpoints {
		path := fmt.Sprintf("touchpoints[%d]", i)
		b.known(path+".department", "department", t.Department, departments)
		if len(t.Channels) == 0 {
			b.missing(path, "channels", "for example: channels: [phone]")
		}
		for k, channel := range t.Channels {
			b.channel(fmt.Sprintf("%s.channels[%d]", path, k), channel)
		}
		out[i] = Touchpoint{
			ID: TouchpointID(t.ID), Labels: b.labels(path, "labels", t.Labels, true), Channels: t.Channels,
			Stages: b.stageList(path+".stages", t.ID, t.Stages, j.Stages), Department: DepartmentID(t.Department),
		}
		if t.MOT != nil {
			out[i].MOT = &MOT{Exceeded: b.bounds(path+".moment_of_truth.exceeded", t.MOT.Exceeded), Met: b.bounds(path+".moment_of_truth.met", t.MOT.Met)}
			b.warnOfBounds(path+".moment_of_truth.exceeded", out[i].MOT)
			if t.MOT.Exceeded == (boundsFile{}) && t.MOT.Met == (boundsFile{}) {
				b.errorf(path+".moment_of_truth", "no bound given; say when the expectation is met, for example: met: {wait: 8h}")
			}
		}
	}
	return out
}

// channels reads the names of channels. Which channels there are is what touchpoints say.
func (b *builder) channels() []Channel {
	var used, named []string
	for _, t := range b.form.Touchpoints {
		used = append(used, t.Channels...)
	}
	out := make([]Channel, len(b.form.Channels))
	for i, c := range b.form.Channels {
		path := fmt.Sprintf("channels[%d]", i)
		out[i] = Channel{ID: c.ID, Labels: b.labels(path, "labels", c.Labels, true)}
		switch {
		case c.ID == "":
			b.missing(path, "id", "the word that touchpoints list under channels, for example: id: phone")
		case slices.Contains(named, c.ID):
			b.errorf(path+".id", "channel %q is named twice; leave one of them out", c.ID)
		case !slices.Contains(used, c.ID):
			b.warnf(path+".id", "no touchpoint has channel %q, so its name is never shown", c.ID)
		}
		named = append(named, c.ID)
	}
	return out
}

func (b *builder) channel(path, channel string) {
	if channel != strings.Join(strings.Fields(strings.ToLower(channel)), " ") || channel == "" || strings.ContainsAny(channel, ",;") {
		b.errorf(path, "%q cannot be a channel; use lower-case words, like phone, email, web, chat, post, in person", channel)
	}
}

// stageList checks a touchpoint's stages: known, each once, in journey order.
func (b *builder) stageList(list, touchpoint string, ids []string, stages []Stage) []StageID {
	declared := strs(stages, func(s *Stage) string { return string(s.ID) })
	out := make([]StageID, 0, len(ids))
	last := -1
	for i, id := range ids {
		path := fmt.Sprintf("%s[%d]", list, i)
		if !b.known(path, "stage", id, declared) {
			continue
		}
		position := slices.Index(declared, id)
		if position <= last {
			b.errorf(path, "touchpoint %q lists stage %q after %q; list each stage once, in journey order", touchpoint, id, declared[last])
		}
		last = max(last, position)
		out = append(out, StageID(id))
	}
	return out
}

func (b *builder) bounds(path string, f boundsFile) MOTBounds {
	out := MOTBounds{Mood: f.Mood, Loss: f.Loss}
	if f.Wait != "" {
		wait := b.duration(path+".wait", f.Wait)
		out.Wait = &wait
	}
	if f.Mood != nil && (*f.Mood < -2 || *f.Mood > 2) {
		b.errorf(path+".mood", "net mood %v is outside −2 … +2", *f.Mood)
	}
	if f.Loss != nil && (*f.Loss < 0 || *f.Loss > 1) {
		b.errorf(path+".loss", "loss %v is outside 0 … 1; 40 %% is written 0.4", *f.Loss)
	}
	return out
}

// warnOfBounds says where it is easier to exceed an expectation than to meet it.
func (b *builder) warnOfBounds(path string, m *MOT) {
	const says = "to be exceeded, the expectation asks for less than to be met; give exceeded the stricter bound"
	if e, met := m.Exceeded.Wait, m.Met.Wait; e != nil && met != nil && *e > *met {
		b.warnf(path+".wait", says)
	}
	if e, met := m.Exceeded.Mood, m.Met.Mood; e != nil && met != nil && *e < *met {
		b.warnf(path+".mood", says)
	}
	if e, met := m.Exceeded.Loss, m.Met.Loss; e != nil && met != nil && *e > *met {
		b.warnf(path+".loss", says)
	}
}

func (b *builder) personas() []Persona {
	b.unique("personas", "id", strs(b.form.Personas, func(p *personaFile) string { return p.ID }))
	out := make([]Persona, len(b.form.Personas))
	for i, p := range b.form.Personas {
		path := fmt.Sprintf("personas[%d]", i)
		out[i] = Persona{
			ID: PersonaID(p.ID), When: p.When, Labels: b.labels(path, "labels", p.Labels, true),
			Role: b.labels(path, "role", p.Role, false), Goal: b.labels(path, "goal", p.Goal, false),
		}
		if strings.TrimSpace(p.When) == "" {
			b.missing(path, "when", `which interactions give this persona away? For example: when: data.fields.role == "buyer"`)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
