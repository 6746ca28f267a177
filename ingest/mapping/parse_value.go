package mapping

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The words that make a YAML mapping a value.
var leafWords = []string{"column", "const", "expr", "map"}

func isLeaf(m *ast.MappingNode) bool {
	return slices.ContainsFunc(m.Values, func(f *ast.MappingValueNode) bool { return slices.Contains(leafWords, f.Key.String()) })
}

// value reads a value: a leaf, an object, a list or a constant. The columns it reads are added to read.
func (b *builder) value(n ast.Node, read map[string]bool) value {
	switch n := n.(type) {
	case *ast.MappingNode:
		if isLeaf(n) {
			return b.leaf(n, read)
		}
		var names []string
		var values []value
		for _, f := range n.Values {
			names = append(names, b.text(f.Key))
			values = append(values, b.value(f.Value, read))
		}
		return object(b.pos(n), names, values)
	case *ast.SequenceNode:
		var values []value
		for _, x := range n.Values {
			values = append(values, b.value(x, read))
		}
		return list(b.pos(n), values)
	}
	return constant(b.pos(n), b.constant(n))
}

// leaf reads {column: …}, {const: …}, {expr: …} or {map: …}, with as and split.
func (b *builder) leaf(n *ast.MappingNode, read map[string]bool) value {
	fields := b.fields(n, "column", "const", "expr", "map", "as", "split")
	var v value
	kinds := 0
	for _, word := range leafWords {
		x := fields[word]
		if x == nil {
			continue
		}
		kinds++
		switch word {
		case "column":
			v = b.column(x, read)
		case "const":
			v = constant(b.pos(x), b.constant(x))
		case "expr":
			v = b.expression(x, "", false)
		case "map":
			v = b.table(x, read)
		}
	}
	if kinds != 1 {
		b.fail(n, "expected one of %s", strings.Join(leafWords, ", "))
	}
	as := ""
	if x := fields["as"]; x != nil {
		if as = b.text(x); as != "text" && as != "number" && as != "flag" {
			b.fail(x, "as: %q, expected text, number or flag", as)
		}
	}
	split := ""
	if x := fields["split"]; x != nil {
		if split = b.text(x); split == "" {
			b.fail(x, "split: expected a separator")
		}
	}
	return converted(v, as, split, b.decimal)
}

// column reads a column's name.
func (b *builder) column(n ast.Node, read map[string]bool) value {
	v := columnValue(b.pos(n), b.text(n))
	b.named = append(b.named, column{v.column, v.pos})
	read[v.column] = true
	return v
}

// expression reads an expression and notes the columns that a file must have for it.
func (b *builder) expression(n ast.Node, of string, flag bool) value {
	v, err := exprValue(b.pos(n), b.text(n), flag)
	if err != nil {
		b.fail(n, "%s%v", of, err)
	}
	for _, name := range v.asks.needed() {
		b.named = append(b.named, column{name, b.pos(n)})
	}
	return v
}

// table reads {column: …, values: …, default: …}.
func (b *builder) table(n ast.Node, read map[string]bool) value {
	fields := b.fields(n, "column", "expr", "values", "default")
	var of value
	switch c, e := fields["column"], fields["expr"]; {
	case c != nil && e == nil:
		of = b.column(c, read)
	case e != nil && c == nil:
		of = b.expression(e, "", false)
	default:
		b.fail(n, "map: expected column or expr")
	}
	to, ok := fields["values"].(*ast.MappingNode)
	if !ok || len(to.Values) == 0 {
		b.fail(n, "map: values is missing: expected FROM: TO, one a line")
		return value{pos: b.pos(n)}
	}
	values := make(map[string]any, len(to.Values))
	var consts []column
	for _, f := range to.Values {
		x := b.constant(f.Value)
		values[b.text(f.Key)] = x
		consts = append(consts, column{textOf(x), b.pos(f.Value)})
	}
	var fallback *any
	if d := fields["default"]; d != nil {
		x := b.constant(d)
		fallback = &x
		consts = append(consts, column{textOf(x), b.pos(d)})
	}
	v := table(b.pos(n), of, values, fallback)
	v.consts = consts
	return v
}
