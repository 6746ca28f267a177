package journey

import (
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// newCondition compiles a `when`; an empty text gives nil, which always holds.
func newCondition(when string) (test, error) {
	if strings.TrimSpace(when) == "" {
		return nil, nil
	}
	if _, err := compileExpr(when, expr.AsBool()); err != nil { // the whole, for the places of its mistakes
		return nil, err
	}
	tree, err := parser.Parse(when)
	if err != nil {
		return nil, err
	}
	return native(tree.Node)
}

// holds evaluates the condition over a loaded frame. A failure counts in errors and as false.
func (t test) holds(f *frame, errors *atomic.Uint64) bool {
	if t == nil {
		return true
	}
	f.failed = false
	holds := t(f)
	if f.failed {
		errors.Add(1)
		return false
	}
	return holds
}

// compileExpr compiles an expression over a frame. The clock is out of reach: a tag depends on the interaction alone.
// It compiles twice, because once an expression is rewritten, the compiler no longer looks inside calls: the first time
// is for mistakes, the second for use.
func compileExpr(text string, options ...expr.Option) (*vm.Program, error) {
	options = append(options,
		expr.Env(new(frame)), expr.DisableBuiltin("now"), expr.DisableBuiltin("type"), expr.DisableBuiltin("keys"),
	)
	for name, f := range functions {
		options = append(options, expr.Function(name, f.call, f.signature))
	}
	if _, err := expr.Compile(text, options...); err != nil {
		return nil, err
	}
	p := &patcher{}
	compiled, err := expr.Compile(text, append(options, expr.Patch(p))...)
	if err == nil {
		err = p.err
	}
	return compiled, err
}

// patcher rewrites an expression so that what is missing is nil instead of an error: access to fields, and comparisons
// of values whose type is only known at run time. `data.a.b` becomes one call that reads the payload when it is asked.
type patcher struct{ err error }

// Visit implements ast.Visitor; children are visited before their parents.
func (p *patcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		switch n.Value {
		case "data":
			ast.Patch(node, callTo("payload field", &ast.IdentifierNode{Value: "$env"}))
		case "keys":
			ast.Patch(node, callTo("contact keys", &ast.IdentifierNode{Value: "$env"}))
		}
	case *ast.MemberNode:
		p.member(node, n)
	case *ast.BinaryNode:
		p.binary(node, n)
	}
}

func (p *patcher) member(node *ast.Node, n *ast.MemberNode) {
	if inner, ok := n.Node.(*ast.CallNode); ok && calls(inner, "payload field") {
		if name, ok := n.Property.(*ast.StringNode); ok {
			ast.Patch(node, callTo("payload field", append(inner.Arguments, name)...))
			return
		}
	}
	ast.Patch(node, callTo("field", n.Node, n.Property))
}

// lenient are the operators that fail on a missing value or one of another type, and what stands in for them.
var lenient = map[string]string{
	"<": "less", "<=": "at most", ">": "more", ">=": "at least",
	"contains": "contains text", "startsWith": "starts with", "endsWith": "ends with", "matches": "matches pattern", "in": "is in",
}

func (p *patcher) binary(node *ast.Node, n *ast.BinaryNode) {
	name, ok := lenient[n.Operator]
	if !ok || (!unknown(n.Left) && !unknown(n.Right)) {
		return
	}
	right := n.Right
	if n.Operator == "matches" {
		text, ok := right.(*ast.StringNode)
		if !ok {
			p.fail("the right side of matches must be a pattern in quotes")
			return
		}
		pattern, err := regexp.Compile(text.Value)
		if err != nil {
			p.fail("%v", err)
			return
		}
		right = &ast.ConstantNode{Value: pattern}
	}
	ast.Patch(node, callTo(name, n.Left, right))
}

func (p *patcher) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// callTo calls one of functions. Names with a space cannot be written in a file, so these stay ours.
func callTo(name string, args ...ast.Node) *ast.CallNode {
	return &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: args}
}

func calls(n *ast.CallNode, name string) bool {
	id, ok := n.Callee.(*ast.IdentifierNode)
	return ok && id.Value == name
}

// unknown reports whether a node's type is only known at run time: it comes out of the payload.
func unknown(n ast.Node) bool {
	if call, ok := n.(*ast.CallNode); ok && (calls(call, "payload field") || calls(call, "field") || calls(call, "fold")) {
		return true
	}
	return n.Nature().IsUnknown(nil)
}

// conjuncts splits a condition at its outermost "and" into normalised terms; none for the empty condition.
func conjuncts(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return []string{text}
	}
	var terms []string
	var split func(ast.Node)
	split = func(n ast.Node) {
		if and, ok := n.(*ast.BinaryNode); ok && (and.Operator == "&&" || and.Operator == "and") {
			split(and.Left)
			split(and.Right)
			return
		}
		if literal, ok := n.(*ast.BoolNode); ok && literal.Value {
			return
		}
		terms = append(terms, n.String())
	}
	split(tree.Node)
	return terms
}

// explainExpr adds what to do to the messages of the expression compiler that leave it open.
func explainExpr(message string) string {
	switch {
	case strings.HasPrefix(message, "unknown name"):
		return message + "; known are " + strings.Join(fieldList, ", ") + ", and the payload's fields as data.NAME"
	case message == `unexpected token Operator("=")`:
		return "= compares nothing; equality is written =="
	case message == "unexpected token EOF":
		return "it ends too early; something is missing after the last word"
	case strings.HasPrefix(message, "expected bool"):
		return "it must be true or false, " + strings.TrimPrefix(message, "expected bool, ") + " (compare it with something)"
	}
	return message
}
