package mapping

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// value is a value of the mapping file: a leaf, or a tree of them.
type value struct {
	pos    position
	column string                     // the column it reads, if it reads just one: names the culprit in errors
	asks   asking                     // the columns that an expression reads
	eval   func(*row) (any, *problem) // nil, blank text: left out
	consts []column                   // the constants it can be, for checking types
}

// text evaluates a value that must not be empty.
func (v *value) text(r *row, what string) (string, *problem) {
	x, p := v.eval(r)
	if p != nil {
		return "", p
	}
	if empty(x) {
		return "", problemf(v.column, "empty, but the event's %s is read from it", what)
	}
	return strings.TrimSpace(textOf(x)), nil
}

// constant returns a value that is the same in every row.
func constant(pos position, x any) value {
	return value{pos: pos, eval: func(*row) (any, *problem) { return x, nil }, consts: []column{{textOf(x), pos}}}
}

// columnValue returns what a row holds in a column.
func columnValue(pos position, name string) value {
	return value{pos: pos, column: name, eval: func(r *row) (any, *problem) { return lookup(r.values, name), nil }}
}

// exprValue returns what an expression makes of a row.
func exprValue(pos position, code string, flag bool) (value, error) {
	var asks asking
	options := []expr.Option{expr.Env(map[string]any{"row": map[string]any{}, "file": "", "line": 0})}
	if flag {
		options = append(options, expr.AsBool())
	}
	program, err := expr.Compile(code, options...)
	if err != nil {
		return value{}, fmt.Errorf("expression: %s", firstLine(err))
	}
	tree, err := parser.Parse(code) // as it is written: compiling has made constants of some of it
	if err != nil {
		return value{}, fmt.Errorf("expression: %s", firstLine(err))
	}
	ast.Walk(&tree.Node, &asks)
	return value{pos: pos, asks: asks, eval: func(r *row) (any, *problem) {
		x, err := vm.Run(program, r.env)
		if err != nil {
			return nil, problemf("", "expression %s: %s", code, firstLine(err))
		}
		return x, nil
	}}, nil
}

// table returns what a table makes of another value.
func table(pos position, of value, values map[string]any, fallback *any) value {
	v := value{pos: pos, column: of.column, eval: func(r *row) (any, *problem) {
		x, p := of.eval(r)
		if p != nil {
			return nil, p
		}
		key := textOf(x)
		if to, ok := values[key]; ok {
			return to, nil
		}
		if to, ok := values[strings.TrimSpace(key)]; ok {
			return to, nil
		}
		if fallback != nil {
			return *fallback, nil
		}
		return nil, problemf(of.column, "%q is not in the table at %s, which has no default", clip(key), pos)
	}}
	for _, to := range values {
		v.consts = append(v.consts, column{textOf(to), pos})
	}
	if fallback != nil {
		v.consts = append(v.consts, column{textOf(*fallback), pos})
	}
	return v
}

// object returns a JSON object of values; what is empty is left out.
func object(pos position, names []string, values []value) value {
	return value{pos: pos, eval: func(r *row) (any, *problem) {
		m := make(map[string]any, len(names))
		for i, name := range names {
			x, p := values[i].eval(r)
			if p != nil {
				return nil, p
			}
			if !empty(x) {
				m[name] = x
			}
		}
		return m, nil
	}}
}

// list returns a JSON list of values; what is empty is left out.
func list(pos position, values []value) value {
	return value{pos: pos, eval: func(r *row) (any, *problem) {
		var l []any
		for i := range values {
			x, p := values[i].eval(r)
			if p != nil {
				return nil, p
			}
			if !empty(x) {
				l = append(l, x)
			}
		}
		return l, nil
	}}
}

// converted applies "as" and "split" to a value.
func converted(v value, as, split, decimal string) value {
	if as == "" && split == "" {
		return v
	}
	inner := v.eval
	v.eval = func(r *row) (any, *problem) {
		x, p := inner(r)
		if p != nil || empty(x) {
			return nil, p
		}
		if split == "" {
			return convert(x, as, decimal, v.column)
		}
		var l []any
		for part := range strings.SplitSeq(textOf(x), split) {
			if part = strings.TrimSpace(part); part != "" {
				y, p := convert(part, as, decimal, v.column)
				if p != nil {
					return nil, p
				}
				l = append(l, y)
			}
		}
		return l, nil
	}
	return v
}

// flags are the words for true and false.
var flags = map[string]bool{
	"true": true, "1": true, "yes": true, "y": true, "si": true, "sì": true, "s": true, "x": true, "vero": true,
	"false": false, "0": false, "no": false, "n": false, "falso": false,
}

// convert returns x as text, number or flag.
func convert(x any, as, decimal, column string) (any, *problem) {
	switch as {
	case "text":
		return textOf(x), nil
	case "number":
		switch n := x.(type) { // as JSON has them: no sign of its own is in there
		case int:
			return float64(n), nil
		case float64:
			return n, nil
		}
		f, err := strconv.ParseFloat(pointed(strings.TrimSpace(textOf(x)), decimal), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, problemf(column, "%q is no number (decimal sign %q)", clip(textOf(x)), decimal)
		}
		return f, nil
	case "flag":
		b, ok := flags[strings.ToLower(strings.TrimSpace(textOf(x)))]
		if !ok {
			return nil, problemf(column, "%q is neither true nor false", clip(textOf(x)))
		}
		return b, nil
	}
	return x, nil
}

// pointed returns a number with a decimal point and nothing between thousands. Where the comma is the decimal sign a point
// stands before three digits only: 12.50 was written by somebody else's rules, and is no 1250.
func pointed(s, decimal string) string {
	if decimal != "," {
		return s
	}
	whole, fraction, _ := strings.Cut(s, ",")
	groups := strings.Split(whole, ".")
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return "" // no number
		}
	}
	if len(groups) > 1 && len(strings.TrimLeft(groups[0], "+-")) > 3 || strings.Contains(fraction, ".") {
		return ""
	}
	return strings.Join(groups, "") + "." + fraction
}

// lookup returns a row's value by name; a dotted name that is no column looks into objects.
func lookup(values map[string]any, name string) any {
	if x, ok := values[name]; ok {
		return x
	}
	head, rest, ok := strings.Cut(name, ".")
	if !ok {
		return nil
	}
	inner, _ := values[head].(map[string]any)
	return lookup(inner, rest)
}

// empty reports whether a value is left out.
func empty(x any) bool {
	switch x := x.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(x) == ""
	case map[string]any:
		return len(x) == 0
	case []any:
		return len(x) == 0
	}
	return false
}

// textOf returns a value as text: numbers in full, objects and lists as JSON.
func textOf(x any) string {
	switch x := x.(type) {
	case nil:
		return ""
	case string:
		return x
	case json.Number:
		return x.String()
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case map[string]any, []any:
		b, err := json.Marshal(x)
		if err != nil {
			return fmt.Sprint(x)
		}
		return string(b)
	}
	return fmt.Sprint(x)
}

// firstLine cuts the picture that expr draws below its messages.
func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

// clip shortens what an error quotes.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
