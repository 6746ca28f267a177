package journey

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// builder turns the YAML form into a Journey, noting everything that does not hold together.
type builder struct {
	*document
	form *journeyFile
}

// languages every label must be given in.
var languages = []string{"it", "en"}

func (b *builder) errorf(path, format string, args ...any) {
	b.problem(path, b.at(path), format, args...)
}

func (b *builder) warnf(path, format string, args ...any) {
	at := b.at(path)
	b.problems = append(b.problems, Problem{
		File: b.name, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...), Warning: true,
	})
}

// missing notes that path lacks a field, unless a misspelt one was already reported there.
func (b *builder) missing(path, field, remedy string) {
	if !b.flawed[path] && !b.flawed[join(path, field)] {
		b.errorf(path, "%s is missing; %s", field, remedy)
	}
}

// check notes an error of a parse function, unless the value was already reported.
func (b *builder) check(path string, err error) {
	if err != nil && !b.flawed[path] {
		b.errorf(path, "%v", err)
	}
}

func (b *builder) journey() *Journey {
	f := b.form
	j := &Journey{ID: JourneyID(f.Journey), DefaultCountry: f.DefaultCountry, Location: time.UTC}
	b.id("", "journey", f.Journey)
	j.Labels = b.labels("", "labels", f.Labels, true)
	if f.TimeZone == "" {
		b.missing("", "time_zone", "days, months and opening hours are cut in it, for example: time_zone: Europe/Rome")
	} else if loc := b.location("time_zone", f.TimeZone); loc != nil {
		j.Location = loc
	}
	if f.DefaultCountry != "" {
		b.check("default_country", validCountry(f.DefaultCountry))
	}
	j.Company = b.company()
	j.Case = CasePolicy{
		Per:      b.oneOf("case.per", f.Case.Per, "person", "account", "thread"),
		Attempts: b.oneOf("case.attempts", f.Case.Attempts, "many", "one"),
	}
	j.Identity = b.identity()
	j.Stages = b.stages()
	b.warnOfPauses(j)
	j.Departments = b.departments(j.Location)
	j.Channels = b.channels()
	j.Touchpoints = b.touchpoints(j)
	j.Personas = b.personas()
	j.Rules = b.rules(j)
	j.StopPhrases = b.stopPhrases()
	j.KPIs = b.kpis(j)
	return j
}

// mostStopWords is how many words a stop phrase may have; the scorer knows no longer phrases.
const mostStopWords = 8

func (b *builder) stopPhrases() []string {
	for i, p := range b.form.Mood.StopPhrases {
		if n := len(strings.Fields(p)); n == 0 || n > mostStopWords {
			b.errorf(fmt.Sprintf("mood.stop_phrases[%d]", i), "%q has %d words; a stop phrase has 1 to %d", p, n, mostStopWords)
		}
	}
	return b.form.Mood.StopPhrases
}

// id checks an identifier's form.
func (b *builder) id(path, field, id string) {
	if id == "" {
		b.missing(path, field, "give it an id of lower-case letters, digits and dashes")
		return
	}
	ok := id[0] != '-' && id[0] != '_'
	for _, c := range id {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}
	if !ok {
		b.errorf(join(path, field), "%q cannot be an id; use lower-case letters, digits and dashes", id)
	}
}

// unique checks ids of a list for their form and for repetition, and returns them.
func (b *builder) unique(list, field string, ids []string) []string {
	first := map[string]int{}
	for i, id := range ids {
		path := fmt.Sprintf("%s[%d]", list, i)
		if field == "id" || id == "" {
			b.id(path, field, id)
		}
		if at, dup := first[id]; dup && id != "" {
			b.errorf(join(path, field), "%s %q is declared twice in %s; the first stands on line %d",
				field, id, list, b.at(join(fmt.Sprintf("%s[%d]", list, at), field)).line)
			continue
		}
		first[id] = i
	}
	return ids
}

// labels checks that a text is there in every language; an optional one may be left out altogether.
func (b *builder) labels(path, field string, l labelsFile, required bool) Labels {
	at := join(path, field)
	if len(l) == 0 {
		if required {
			b.missing(path, field, "what people read, for example: labels: {it: Acquisto, en: Purchase}")
		}
		return nil
	}
	for _, lang := range languages {
		if l[lang] == "" && !b.flawed[at] && !b.flawed[join(at, lang)] {
			b.errorf(at, "%s has no text in %q; add %s: …", field, lang, lang)
		}
	}
	for lang := range l {
		if _, err := language.ParseBase(lang); err != nil {
			remedy := "use its ISO 639-1 code, like it or en"
			if strings.Contains(lang, " ") {
				remedy = "a text with a comma needs quotes inside { }"
			}
			b.errorf(join(at, lang), "%q is not a language; %s", lang, remedy)
		}
	}
	return Labels(l)
}

// oneOf checks a choice and returns it; "" is the first.
func (b *builder) oneOf(path, value string, choices ...string) string {
	if value == "" {
		return choices[0]
	}
	if !slices.Contains(choices, value) {
		b.errorf(path, "%q is not possible here%s", value, suggest(value, choices))
	}
	return value
}

// known checks a reference to something declared elsewhere in the file.
func (b *builder) known(path, what, id string, declared []string) bool {
	if id == "" || slices.Contains(declared, id) {
		return id != ""
	}
	if len(declared) == 0 && b.flawed[""] {
		return false // the list it would stand in was misspelt
	}
	b.errorf(path, "unknown %s %q%s", what, id, suggest(id, slices.Compact(slices.Clone(declared))))
	return false
}

func (b *builder) location(path, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		b.errorf(path, "unknown time zone %q; use an IANA name like Europe/Rome", name)
		return nil
	}
	return loc
}

func (b *builder) date(path, value string, loc *time.Location) time.Time {
	if value == "" {
		return time.Time{}
	}
	t, err := parseDate(value, loc)
	b.check(path, err)
	return t
}

func (b *builder) duration(path, value string) time.Duration {
	if value == "" {
		return 0
	}
	d, err := parseDuration(value)
	b.check(path, err)
	return d
}

func validCountry(code string) error {
	if region, err := language.ParseRegion(code); err != nil || !region.IsCountry() || region.String() != code {
		return fmt.Errorf("unknown country %q; use its ISO 3166-1 code of two capitals, like IT", code)
	}
	return nil
}

// strs converts typed ids to plain strings.
func strs[T any](items []T, id func(*T) string) []string {
	out := make([]string, len(items))
	for i := range items {
		out[i] = id(&items[i])
	}
	return out
}

// warnOfPauses says where a pause ends a case for good, since no other comes after it.
func (b *builder) warnOfPauses(j *Journey) {
	if j.Case.Attempts != "one" || j.Case.Per == "thread" { // a thread that falls silent may well be over
		return
	}
	for i, s := range j.Stages {
		if s.Silence != Forever {
			b.warnf(fmt.Sprintf("stages[%d].silence", i), "with attempts: one a pause in stage %q ends the case for good; write silence: never", s.ID)
			return
		}
	}
}
