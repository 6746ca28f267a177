package journey

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/valyala/fastjson"
)

// Most conditions compare a field with a constant. What is of that kind becomes a Go closure here, ten times as fast as
// the expression machine; what is not stays with the machine, part by part. A test holds both to the same answers.

// test is a compiled condition or part of one.
type test func(*frame) bool

// text reads something that may be a text; false when it is not, or missing.
type text func(*frame) (string, bool)

// native compiles a part of a condition.
func native(n ast.Node) (test, error) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return func(*frame) bool { return n.Value }, nil
	case *ast.IdentifierNode:
		if flag := flags[n.Value]; flag != nil {
			return flag, nil
		}
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			inner, err := native(n.Node)
			return func(f *frame) bool { return !inner(f) }, err
		}
	case *ast.BinaryNode:
		if t, err := nativeLogic(n); t != nil || err != nil {
			return t, err
		}
		if t := nativeComparison(n); t != nil {
			return t, nil
		}
	case *ast.CallNode:
		if t := nativeCall(n); t != nil {
			return t, nil
		}
	}
	return machine(n)
}

// machine leaves a part to the expression machine. Anything but true is false; a failure marks the frame.
func machine(n ast.Node) (test, error) {
	compiled, err := compileExpr(n.String(), expr.AsBool())
	return func(f *frame) bool {
		out, err := f.machine.Run(compiled, f)
		if err != nil {
			f.failed = true
		}
		holds, _ := out.(bool)
		return holds && err == nil
	}, err
}

func nativeLogic(n *ast.BinaryNode) (test, error) {
	and := n.Operator == "&&" || n.Operator == "and"
	if !and && n.Operator != "||" && n.Operator != "or" {
		return nil, nil
	}
	left, err := native(n.Left)
	if err != nil {
		return nil, err
	}
	right, err := native(n.Right)
	if and {
		return func(f *frame) bool { return left(f) && right(f) }, err
	}
	return func(f *frame) bool { return left(f) || right(f) }, err
}

// nativeComparison compiles a field or payload path against a constant; nil when n is something else.
func nativeComparison(n *ast.BinaryNode) test {
	if constant, ok := n.Right.(*ast.StringNode); ok {
		if read := textOf(n.Left); read != nil {
			return compareText(n.Operator, read, constant.Value)
		}
	}
	if limit, ok := constantNumber(n.Right); ok {
		if path, isPath := payloadPath(n.Left); isPath {
			return compareNumber(n.Operator, path, limit)
		}
	}
	if list, ok := n.Right.(*ast.ArrayNode); ok && n.Operator == "in" {
		return nativeIn(n.Left, list.Nodes)
	}
	return nil
}

// nativeIn compiles `to in ["a", "b"]` and `"a" in [from, to]`.
func nativeIn(left ast.Node, list []ast.Node) test {
	if words := constants(list); words != nil {
		if read := textOf(left); read != nil {
			return func(f *frame) bool { s, ok := read(f); return ok && slices.Contains(words, s) }
		}
	}
	word, ok := left.(*ast.StringNode)
	reads := make([]text, len(list))
	for i, item := range list {
		if reads[i] = textOf(item); !ok || reads[i] == nil {
			return nil
		}
	}
	return func(f *frame) bool {
		return slices.ContainsFunc(reads, func(read text) bool { s, ok := read(f); return ok && s == word.Value })
	}
}

func compareText(operator string, read text, constant string) test {
	var compare func(s, constant string) bool
	switch operator {
	case "==":
		return func(f *frame) bool { s, ok := read(f); return ok && s == constant }
	case "!=":
		return func(f *frame) bool { s, ok := read(f); return !ok || s != constant }
	case "contains":
		compare = strings.Contains
	case "startsWith":
		compare = strings.HasPrefix
	case "endsWith":
		compare = strings.HasSuffix
	default:
		return nil
	}
	return func(f *frame) bool { s, ok := read(f); return ok && compare(s, constant) }
}

func compareNumber(operator string, path []string, limit float64) test {
	var compare func(x float64) bool
	switch operator {
	case "==":
		compare = func(x float64) bool { return x == limit }
	case "<":
		compare = func(x float64) bool { return x < limit }
	case "<=":
		compare = func(x float64) bool { return x <= limit }
	case ">":
		compare = func(x float64) bool { return x > limit }
	case ">=":
		compare = func(x float64) bool { return x >= limit }
	default:
		return nil
	}
	return func(f *frame) bool {
		v := f.lookup(path)
		return v != nil && v.Type() == fastjson.TypeNumber && compare(v.GetFloat64())
	}
}

// nativeCall compiles has, word and phone with constant words.
func nativeCall(n *ast.CallNode) test {
	contains := map[string]func(text, word string) bool{"has": containsFold, "word": containsWordFold, "phone": samePhone}
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || contains[callee.Value] == nil || len(n.Arguments) < 2 {
		return nil
	}
	read, words, found := textOf(n.Arguments[0]), constants(n.Arguments[1:]), contains[callee.Value]
	if read == nil || words == nil {
		return nil
	}
	for i := range words {
		words[i] = fold(words[i])
	}
	return func(f *frame) bool {
		s, ok := read(f)
		return ok && slices.ContainsFunc(words, func(word string) bool { return found(s, word) })
	}
}

// textOf returns how to read a field or payload path as a text; nil when n is something else.
func textOf(n ast.Node) text {
	if id, ok := n.(*ast.IdentifierNode); ok && texts[id.Value] != nil {
		read := texts[id.Value]
		return func(f *frame) (string, bool) { return read(f), true }
	}
	path, ok := payloadPath(n)
	if !ok {
		return nil
	}
	return func(f *frame) (string, bool) {
		v := f.lookup(path)
		if v == nil || v.Type() != fastjson.TypeString {
			return "", false
		}
		return string(v.GetStringBytes()), true
	}
}

// payloadPath returns the names of data.a.b.
func payloadPath(n ast.Node) ([]string, bool) {
	member, ok := n.(*ast.MemberNode)
	if !ok {
		return nil, false
	}
	name, ok := member.Property.(*ast.StringNode)
	if !ok || member.Optional {
		return nil, false
	}
	if id, ok := member.Node.(*ast.IdentifierNode); ok && id.Value == "data" {
		return []string{name.Value}, true
	}
	path, ok := payloadPath(member.Node)
	return append(path, name.Value), ok
}

// constants returns the values of nodes that are all texts; nil when they are not.
func constants(nodes []ast.Node) []string {
	words := make([]string, len(nodes))
	for i, n := range nodes {
		word, ok := n.(*ast.StringNode)
		if !ok {
			return nil
		}
		words[i] = word.Value
	}
	return words
}

func constantNumber(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	}
	return 0, false
}

// flags and texts read the fields of a frame.
var (
	flags = map[string]test{
		"automatic": func(f *frame) bool { return f.Automatic },
		"public":    func(f *frame) bool { return f.Public },
		"held":      func(f *frame) bool { return f.Held },
		"solved":    func(f *frame) bool { return f.Solved },
	}
	texts = map[string]func(*frame) string{
		"source":    func(f *frame) string { return f.Source },
		"type":      func(f *frame) string { return f.Type },
		"activity":  func(f *frame) string { return f.Activity },
		"direction": func(f *frame) string { return f.Direction },
		"origin":    func(f *frame) string { return f.Origin },
		"thread":    func(f *frame) string { return f.Thread },
		"agent":     func(f *frame) string { return f.Agent },
		"from":      func(f *frame) string { return f.From },
		"to":        func(f *frame) string { return f.To },
		"subject":   func(f *frame) string { return f.Subject },
		"text":      func(f *frame) string { return f.Text },
		"lang":      func(f *frame) string { return f.Lang },
		"priority":  func(f *frame) string { return f.Priority },
		"currency":  func(f *frame) string { return f.Currency },
		"account":   func(f *frame) string { return f.Account },
	}
)
