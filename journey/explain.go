package journey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Explanation says how a tag came about.
type Explanation struct {
	Tag      Tag
	Rules    []Trial // the rules that look at the interaction's source and type, in order
	Others   int     // rules that do not: they look at another source or type
	Personas []Trial // in order; none where no rule matched
}

// Trial is one rule or persona held against the interaction.
type Trial struct {
	Name    string `json:"name"`
	Line    int    `json:"line"` // of the journey file
	Matched bool   `json:"matched"`
	Decides bool   `json:"decides"`         // the first that matched
	Terms   []Term `json:"terms,omitempty"` // of its condition; none where it has no condition
}

// Term is one part of a condition: what stands between the outermost "and"s.
type Term struct {
	Text   string    `json:"text"`
	Holds  bool      `json:"holds"`
	Values []Operand `json:"values,omitempty"`
	Error  string    `json:"error,omitempty"` // why it could not be evaluated
}

// Operand is something a term asked for, and what the interaction has there; nil is a missing field.
type Operand struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Explain tells how the tag of an interaction comes about: every rule that was a candidate, whether it matched, and
// which part of its condition failed on what values. It is slow, and changes no counter.
func (j *Journey) Explain(in *Interaction) Explanation {
	p := j.program
	f := new(frame)
	f.load(in)
	candidates := p.candidates(in.Source, in.Type)
	e := Explanation{Others: len(j.Rules) - len(candidates)}
	for _, i := range candidates {
		e.Rules = append(e.Rules, try(f, j.Rules[i].Name, p.rules[i].line, j.Rules[i].When))
	}
	decider := decide(e.Rules)
	if decider < 0 {
		return e
	}
	for i, persona := range j.Personas {
		e.Personas = append(e.Personas, try(f, string(persona.ID), p.personas[i].line, persona.When))
	}
	e.Tag = p.rules[candidates[decider]].tag
	e.Tag.Automatic = e.Tag.Automatic || in.Automatic
	if i := decide(e.Personas); i >= 0 {
		e.Tag.Persona = j.Personas[i].ID
	}
	return e
}

// decide marks the first trial that matched and returns it, or -1.
func decide(trials []Trial) int {
	i := slices.IndexFunc(trials, func(t Trial) bool { return t.Matched })
	if i >= 0 {
		trials[i].Decides = true
	}
	return i
}

func try(f *frame, name string, line int, when string) Trial {
	t := Trial{Name: name, Line: line, Matched: true}
	for _, text := range conjuncts(when) {
		term := Term{Text: text, Values: operands(f, text)}
		if condition, err := newCondition(text); err != nil {
			term.Error = firstLine(err.Error())
		} else {
			f.failed = false
			term.Holds = condition(f) && !f.failed
		}
		if f.failed {
			_, err := evaluate(f, text)
			term.Error = fmt.Sprint(err)
		}
		t.Matched = t.Matched && term.Holds
		t.Terms = append(t.Terms, term)
	}
	return t
}

// evaluate compiles and runs an expression.
func evaluate(f *frame, text string) (any, error) {
	compiled, err := compileExpr(text)
	if err != nil {
		return nil, fmt.Errorf("%s", firstLine(err.Error()))
	}
	out, err := new(vm.VM).Run(compiled, f)
	if err != nil {
		return nil, fmt.Errorf("%s", firstLine(err.Error()))
	}
	return out, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// operands lists the fields a term asks for with their values, in the order they are written.
func operands(f *frame, text string) []Operand {
	tree, err := parser.Parse(text)
	if err != nil {
		return nil
	}
	c := &fieldCollector{}
	ast.Walk(&tree.Node, c)
	var out []Operand
	for i, name := range c.names {
		longer := func(other string) bool {
			return strings.HasPrefix(other, name+".") || strings.HasPrefix(other, name+"[")
		}
		if slices.Contains(c.names[:i], name) || slices.ContainsFunc(c.names, longer) {
			continue // data and data.fields, on the way to data.fields.role
		}
		if value, err := evaluate(f, name); err == nil {
			out = append(out, Operand{Name: name, Value: value})
		}
	}
	return out
}

// fieldCollector notes the fields and payload paths of an expression.
type fieldCollector struct{ names []string }

// Visit implements ast.Visitor.
func (c *fieldCollector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if n.Value == "data" || slices.Contains(fieldList, n.Value) {
			c.names = append(c.names, n.Value)
		}
	case *ast.MemberNode:
		if fixedPath(n) {
			c.names = append(c.names, n.String())
		}
	}
}

// fixedPath reports whether a member access leads from the payload by constant names alone.
func fixedPath(n *ast.MemberNode) bool {
	switch n.Property.(type) {
	case *ast.StringNode, *ast.IntegerNode:
	default:
		return false
	}
	switch from := n.Node.(type) {
	case *ast.MemberNode:
		return fixedPath(from)
	case *ast.IdentifierNode:
		return from.Value == "data" || from.Value == "keys"
	}
	return false
}
