package mapping

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// asking collects the columns that an expression reads by a literal name: row["NAME"]. What it has an answer for where the
// column is missing, by ??, ?. or in, may be missing.
type asking struct{ names, optional []string }

// Visit takes a node of the expression, after those below it.
func (a *asking) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		name, ok := columnOf(n)
		if !ok {
			return
		}
		if n.Optional {
			a.optional = append(a.optional, name)
		}
		if !slices.Contains(a.names, name) {
			a.names = append(a.names, name)
		}
	case *ast.BinaryNode:
		a.answered(n)
	}
}

// answered notes columns that may be missing.
func (a *asking) answered(n *ast.BinaryNode) {
	switch n.Operator {
	case "??":
		var left asking
		ast.Walk(&n.Left, &left)
		a.optional = append(a.optional, left.names...)
	case "in":
		if name, ok := n.Left.(*ast.StringNode); ok && isRow(n.Right) {
			a.optional = append(a.optional, name.Value)
		}
	}
}

// needed are the columns that a file must have.
func (a *asking) needed() []string {
	return slices.DeleteFunc(slices.Clone(a.names), func(name string) bool { return slices.Contains(a.optional, name) })
}

func columnOf(n *ast.MemberNode) (string, bool) {
	name, ok := n.Property.(*ast.StringNode)
	if !ok || !isRow(n.Node) {
		return "", false
	}
	return name.Value, true
}

func isRow(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == "row"
}

// asked are the columns that the events' conditions read, each once.
func asked(events []event) []string {
	var names []string
	for _, e := range events {
		if e.when == nil {
			continue
		}
		for _, name := range e.when.asks.names {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
