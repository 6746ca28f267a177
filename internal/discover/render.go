package discover

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tagsMark stands where it is said how much the rules tag, which is known only when they are there.
const tagsMark = "@tags@"

// writer writes lines of a file.
type writer struct{ strings.Builder }

func (w *writer) line(format string, args ...any) {
	w.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	w.WriteByte('\n')
}

// quote writes a text as both YAML and the rules' language read it.
func quote(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "�")) }

// single writes a text in YAML's single quotes.
func single(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func labels(it, en string) string { return "{it: " + quote(it) + ", en: " + quote(en) + "}" }

func (p *plan) render() string {
	var w writer
	p.head(&w)
	p.renderStages(&w)
	p.renderDepartment(&w)
	p.renderTouchpoints(&w)
	p.renderRules(&w)
	p.unusable(&w)
	return w.String()
}

func (p *plan) head(w *writer) {
	first, last := p.log.span()
	per, attempts := "person", "many"
	what := "person"
	if p.log.perThread() {
		per, attempts, what = "thread", "one", "conversation"
	}
	w.line("# A first proposal by `tappa discover`, from what really happened: names, order and figures are the data's, the meaning is yours.")
	w.line("# Rename stages and touchpoints, move what stands in the wrong one, then run `tappa check` on this file.")
	w.line("#")
	w.line("# %s of %s from %s to %s. %s", count(len(p.log.events), "interaction"), count(len(p.cases), what), first.Format(time.DateOnly), last.Format(time.DateOnly), tagsMark)
	w.line("#")
	w.line("# What happens, in its usual order (place: 0 first in a case, 1 last):")
	for _, a := range p.activities {
		w.line("#   %4.2f  %-44s %7d times in %6d cases", a.place, comment(a.label()), a.count, a.cases)
	}
	w.line("")
	w.line("journey: %s", p.opts.ID)
	w.line("labels: %s", labels(title(p.opts.ID), title(p.opts.ID)))
	w.line("time_zone: %s", p.opts.TimeZone)
	if p.opts.Country != "" {
		w.line("default_country: %s", p.opts.Country)
	}
	w.line("")
	if p.log.perThread() {
		w.line("# Nearly everything is said of tickets, so a case is a conversation.")
	} else if p.log.accounts*2 > len(p.log.events) {
		w.line("# %s of the interactions name a company: if companies buy, not persons, write per: account.", percent(p.log.accounts, len(p.log.events)))
	}
	w.line("case: {per: %s, attempts: %s}", per, attempts)
	w.line("")
}

// comment keeps a name on its line.
func comment(s string) string { return strings.Join(strings.Fields(s), " ") }

func (p *plan) renderStages(w *writer) {
	w.line("stages:")
	for _, s := range p.stages {
		gaps := s.gaps
		if len(gaps) < enough {
			w.line("  # Only %s went on from here: the silence is a guess.", count(len(gaps), "case"))
		} else {
			w.line("  # Longest pause of the %d cases that went on from here: half below %s, 75 %% below %s, 90 %% below %s, 95 %% below %s.", len(gaps),
				human(quantile(gaps, .5)), human(quantile(gaps, .75)), human(quantile(gaps, .9)), human(quantile(gaps, .95)))
		}
		w.line("  - id: %s", s.id)
		w.line("    labels: %s", labels(s.it, s.en))
		w.line("    silence: %s", silence(gaps))
		if s.terminal {
			w.line("    terminal: true # silence here is no loss")
		}
	}
	w.line("")
}

func (p *plan) renderDepartment(w *writer) {
	w.line("departments:")
	w.line("  - id: team")
	w.line("    labels: {it: Squadra, en: Team}")
	if from, to, n := p.hours(); n >= 20 {
		w.line("    # Of %d times that somebody here acted on a working day, 90 %% lie between %02d:00 and %02d:00.", n, from, to)
		w.line("    # calendars:")
		w.line(`    #   - hours: {mon-fri: ["%02d:00-%02d:00"]}`, from, to)
	}
	w.line("    # service_levels:")
	w.line("    #   - {reply: 8h, clock: business}")
	w.line("")
}

// hours are those between which nine of ten acts of the company on working days lie, in the journey's time zone.
func (p *plan) hours() (from, to, n int) {
	zone, err := time.LoadLocation(p.opts.TimeZone)
	if err != nil {
		return 0, 0, 0 // the loader says so
	}
	var at []int64
	for _, e := range p.log.events {
		if t := time.UnixMilli(e.at).In(zone); e.agent && t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			at = append(at, int64(t.Hour()))
		}
	}
	slices.Sort(at)
	return int(quantile(at, 0.05)), int(quantile(at, 0.95)) + 1, len(at)
}

func (p *plan) renderTouchpoints(w *writer) {
	w.line("touchpoints:")
	for _, t := range p.touchpoints {
		var ids []string
		for i, s := range p.stages {
			if t.stages[i] {
				ids = append(ids, s.id)
			}
		}
		w.line("  - id: %s # %s", t.id, count(t.count, "interaction"))
		w.line("    labels: %s", labels(t.it, t.en))
		w.line("    channels: [%s]", t.channel)
		w.line("    stages: [%s]", strings.Join(ids, ", "))
		w.line("    department: team")
	}
	w.line("")
}

func (p *plan) renderRules(w *writer) {
	w.line("# The first rule that matches decides.")
	w.line("rules:")
	for i := range p.rules {
		p.renderRule(w, &p.rules[i])
	}
	for _, a := range p.rest() {
		w.line("  # None of this type was seen without one of the above; this takes what comes.")
		w.line("  - name: %s", quote("other "+a.typ))
		w.line("    type: %s", a.typ)
		w.line("    touchpoint: %s", p.anyTouchpoint(a))
	}
}

func (p *plan) renderRule(w *writer, r *rule) {
	w.line("  - name: %s # %s", quote(r.name), count(r.count(), "time"))
	w.line("    source: %s", r.activities[0].source)
	w.line("    type: %s", r.activities[0].typ)
	if when := r.when(); when != "" {
		w.line("    when: %s", single(when))
	}
	w.line("    touchpoint: %s", r.touchpoint.id)
	if r.stage >= 0 && len(r.touchpoint.stages) > 1 {
		w.line("    stage: %s", p.stages[r.stage].id)
	}
	if r.outcome != "" {
		w.line("    outcome: %s", r.outcome)
		return
	}
	for _, a := range r.activities {
		if lostNames.MatchString(a.label()) {
			w.line("    # %s sounds like a loss: give it a rule of its own, before this one, with outcome: lost", comment(a.label()))
		}
	}
}

// anyTouchpoint is the busiest one of an activity's source.
func (p *plan) anyTouchpoint(a *activity) string {
	var best *touchpoint
	for _, r := range p.rules {
		if r.activities[0].source == a.source && (best == nil || r.touchpoint.count > best.count) {
			best = r.touchpoint
		}
	}
	return best.id
}

// unusable lists what the log could not take.
func (p *plan) unusable(w *writer) {
	if len(p.log.unusual) == 0 {
		return
	}
	w.line("")
	w.line("# Records that are no interactions for tappa, and why:")
	for _, why := range slices.SortedFunc(maps.Keys(p.log.unusual), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.log.unusual[b], p.log.unusual[a]), strings.Compare(a, b))
	}) {
		w.line("#   %7d  %s", p.log.unusual[why], comment(why))
	}
}
