package journey

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/expr-lang/expr/file"
)

// program is a journey's rules, compiled and indexed by source and type. It is never written to after compile, but
// for the counters.
type program struct {
	rules    []compiledRule
	personas []compiledPersona
	routes   map[route][]int // rules to try, in order
	sources  map[Source]bool // sources some rule names
	types    map[string]bool // types some rule names
	frames   sync.Pool       // of *frame
}

// route is what rules are indexed by. A source or type that no rule names is "".
type route struct {
	source Source
	kind   string
}

type compiledRule struct {
	tag    Tag  // what a match gives, but for the persona
	when   test // nil: always
	line   int  // where the file has it
	errors atomic.Uint64
}

type compiledPersona struct {
	id     PersonaID
	when   test
	line   int
	errors atomic.Uint64
}

// compile builds j's program from its rules and notes conditions that do not compile and rules nothing can reach.
func (b *builder) compile(j *Journey) {
	p := &program{
		rules: make([]compiledRule, len(j.Rules)), personas: make([]compiledPersona, len(j.Personas)),
		routes: map[route][]int{}, sources: map[Source]bool{}, types: map[string]bool{},
	}
	p.frames.New = func() any { return new(frame) }
	for i, r := range j.Rules {
		p.rules[i].tag = j.tagOf(r)
		p.rules[i].line = b.at(fmt.Sprintf("rules[%d].name", i)).line
		p.rules[i].when = b.condition(fmt.Sprintf("rules[%d].when", i), r.When)
	}
	for i, persona := range j.Personas {
		p.personas[i].id = persona.ID
		p.personas[i].line = b.at(fmt.Sprintf("personas[%d].id", i)).line
		p.personas[i].when = b.condition(fmt.Sprintf("personas[%d].when", i), persona.When)
	}
	p.index(j.Rules)
	j.program = p
	b.unreachable(j.Rules)
}

// tagOf is the tag a rule gives.
func (j *Journey) tagOf(r Rule) Tag {
	touchpoint, _ := j.Touchpoint(r.Touchpoint)
	stages := touchpoint.Stages
	if r.Stage != "" {
		stages = []StageID{r.Stage}
	}
	return Tag{
		Journey: j.ID, Version: j.Version, Rule: r.Name, Touchpoint: r.Touchpoint, Channel: r.Channel,
		Department: touchpoint.Department, Stages: slices.Clip(stages), Outcome: r.Outcome, Automatic: r.Automatic,
	}
}

// index lists for every combination of a source and a type the rules that look at it.
func (p *program) index(rules []Rule) {
	sources, types := []Source{""}, []string{""}
	for _, r := range rules {
		for _, s := range r.Sources {
			if !p.sources[s] {
				p.sources[s] = true
				sources = append(sources, s)
			}
		}
		for _, t := range r.Types {
			if !p.types[t] {
				p.types[t] = true
				types = append(types, t)
			}
		}
	}
	for _, s := range sources {
		for _, t := range types {
			for i, r := range rules {
				if r.looksAt(s, t) {
					p.routes[route{s, t}] = append(p.routes[route{s, t}], i)
				}
			}
		}
	}
}

// looksAt reports whether the rule's source and type allow an interaction of this source and type.
func (r *Rule) looksAt(s Source, kind string) bool {
	return (len(r.Sources) == 0 || slices.Contains(r.Sources, s)) && (len(r.Types) == 0 || slices.Contains(r.Types, kind))
}

// candidates returns the rules that look at an interaction of this source and type, in order.
func (p *program) candidates(s Source, kind string) []int {
	if !p.sources[s] {
		s = ""
	}
	if !p.types[kind] {
		kind = ""
	}
	return p.routes[route{s, kind}]
}

// condition compiles the `when` at path; nil when it is empty or wrong.
func (b *builder) condition(path, when string) test {
	c, err := newCondition(when)
	if err == nil {
		b.doubtful(path, when)
		return c
	}
	at := b.at(path)
	message := err.Error()
	var located *file.Error
	if errors.As(err, &located) {
		at = b.within(path, located.Line-1, located.Column)
		message = located.Message
	}
	b.problem(path, at, "condition: %s", explainExpr(message))
	return nil
}

// unreachable warns of rules that an earlier rule always forestalls: it looks at the same sources and types, and its
// conditions are among theirs.
func (b *builder) unreachable(rules []Rule) {
	terms := make([][]string, len(rules))
	for i, r := range rules {
		terms[i] = conjuncts(r.When)
	}
	for i, r := range rules {
		for k, earlier := range rules[:i] {
			if covers(earlier.Sources, r.Sources) && covers(earlier.Types, r.Types) && subset(terms[k], terms[i]) {
				b.warnf(fmt.Sprintf("rules[%d].name", i), "rule %q is never reached: whatever it matches, %q on line %d matches before it",
					r.Name, earlier.Name, b.at(fmt.Sprintf("rules[%d].name", k)).line)
				break
			}
		}
	}
}

// covers reports whether a list of what is looked at (empty: everything) includes another.
func covers[T comparable](wide, narrow []T) bool {
	return len(wide) == 0 || len(narrow) > 0 && subset(narrow, wide)
}

func subset[T comparable](part, whole []T) bool {
	return !slices.ContainsFunc(part, func(t T) bool { return !slices.Contains(whole, t) })
}
