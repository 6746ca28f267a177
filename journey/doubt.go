package journey

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// directionNames are what a condition's direction can be.
var directionNames = []string{string(Inbound), string(Outbound), string(Internal)}

// doubtful warns of what a condition asks and never finds: a source, direction or type that there is not, and no word at all.
func (b *builder) doubtful(path, when string) {
	tree, err := parser.Parse(when)
	if err != nil {
		return // which is reported
	}
	ast.Walk(&tree.Node, doubter(func(format string, args ...any) { b.warnf(path, "condition: "+format, args...) }))
}

// doubter is called with what is doubtful in a condition.
type doubter func(format string, args ...any)

// Visit implements ast.Visitor.
func (warn doubter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.CallNode:
		if len(n.Arguments) == 1 && (calls(n, "has") || calls(n, "word") || calls(n, "phone")) {
			warn("%s asks for nothing, so it never holds; say what for: %s, \"…\")", n, strings.TrimSuffix(n.String(), ")"))
		}
	case *ast.BinaryNode:
		if !slices.Contains([]string{"==", "!=", "in"}, n.Operator) {
			return
		}
		warn.compared(n.Left, n.Right)
		if n.Operator != "in" {
			warn.compared(n.Right, n.Left)
		}
	}
}

// compared looks at the texts that a field is held against.
func (warn doubter) compared(field, with ast.Node) {
	name, ok := field.(*ast.IdentifierNode)
	if !ok {
		return
	}
	texts := []ast.Node{with}
	if list, ok := with.(*ast.ArrayNode); ok {
		texts = list.Nodes
	}
	for _, t := range texts {
		if text, ok := t.(*ast.StringNode); ok {
			warn.word(name.Value, text.Value)
		}
	}
}

// word warns of a text that the field never is.
func (warn doubter) word(field, text string) {
	closed := map[string][]string{"source": sourceNames, "direction": directionNames}
	switch known, ok := closed[field]; {
	case ok && text != "" && !slices.Contains(known, text):
		warn("%s is never %q%s", field, text, suggest(text, known))
	case field == "type" && strings.HasPrefix(text, "tappa."):
		warn("types are written without %q; write %q", "tappa.", strings.TrimPrefix(text, "tappa."))
	case field == "type":
		if says := misspeltType(text); says != "" {
			warn("%s", says)
		}
	}
}
