package journey

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// place is where a value of a file stands.
type place struct{ line, column int }

// document is a YAML file on its way to Go structs. It remembers where every value stood, and collects problems
// instead of stopping at the first.
type document struct {
	name     string
	lines    []string
	places   map[string]place    // by path: "rules[3].when"
	literals map[string]ast.Node // block scalars by path, for places inside them
	flawed   map[string]bool     // paths that already have a problem: what follows from it is not reported again
	anchors  map[string]ast.Node
	budget   int // nodes still to be visited, aliases followed: ends a file that unfolds into billions
	problems Problems
}

const (
	maxNodes = 200_000
	maxDepth = 64
)

// readDocument parses data and decodes it into target, a pointer to a struct or slice.
func readDocument(name string, data []byte, target any) *document {
	d := &document{
		name: name, lines: strings.Split(string(data), "\n"), budget: maxNodes,
		places: map[string]place{}, literals: map[string]ast.Node{}, flawed: map[string]bool{}, anchors: map[string]ast.Node{},
	}
	body := d.parse(data)
	if body == nil {
		return d
	}
	d.collectAnchors(body, 0)
	d.decode(body, reflect.ValueOf(target).Elem(), "", 0)
	return d
}

// parse returns the root node, or nil with a problem. The parser is not ours: a panic of its on a hostile file is a
// problem of that file, and no reason to end the program.
func (d *document) parse(data []byte) (body ast.Node) {
	defer func() {
		if r := recover(); r != nil {
			d.problems = append(d.problems, Problem{File: d.name, Message: fmt.Sprintf("not readable as YAML: %v", r)})
			body = nil
		}
	}()
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return nil
	}
	docs := slices.DeleteFunc(file.Docs, func(doc *ast.DocumentNode) bool { return doc == nil || doc.Body == nil })
	switch len(docs) {
	case 1:
		return docs[0].Body
	case 0:
		d.problems = append(d.problems, Problem{File: d.name, Message: "the file is empty; `tappa check --schema` prints what it may hold"})
	default:
		at := placeOf(docs[1].Body)
		d.problems = append(d.problems, Problem{
			File: d.name, Line: at.line, Column: at.column,
			Message: "a second YAML document; one file holds one, so remove the line ---",
		})
	}
	return nil
}

func (d *document) syntax(err error) {
	p := Problem{File: d.name, Message: err.Error()}
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &at) {
		p.Message = "not readable as YAML: " + at.GetMessage()
		if t := at.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = max(t.Position.Line, 1), max(t.Position.Column, 1)
		}
	}
	d.problems = append(d.problems, p)
}

// collectAnchors finds every &name, wherever it stands, so that an alias may refer to any of them.
func (d *document) collectAnchors(n ast.Node, depth int) {
	if n == nil || depth > maxDepth {
		return
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		if n.Name != nil {
			d.anchors[n.Name.GetToken().Value] = n.Value
		}
		d.collectAnchors(n.Value, depth+1)
	case *ast.TagNode:
		d.collectAnchors(n.Value, depth+1)
	case *ast.MappingNode:
		for _, v := range n.Values {
			d.collectAnchors(v.Value, depth+1)
		}
	case *ast.MappingValueNode:
		d.collectAnchors(n.Value, depth+1)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			d.collectAnchors(v, depth+1)
		}
	}
}

// resolve follows anchors, aliases and tags to the value they stand for; nil when there is none.
func (d *document) resolve(n ast.Node, path string) ast.Node {
	for range maxDepth {
		switch node := n.(type) {
		case *ast.AnchorNode:
			n = node.Value
		case *ast.TagNode:
			n = node.Value
		case *ast.AliasNode:
			name := node.Value.GetToken().Value
			target, ok := d.anchors[name]
			if !ok {
				d.problem(path, placeOf(node), "unknown alias *%s; no value of this file is marked &%s", name, name)
				return nil
			}
			n = target
		case *ast.NullNode:
			return nil
		default:
			return n
		}
	}
	return nil
}

// decode reads n into v. Structs take mappings by their json tags, strictly; everything is noted under path.
func (d *document) decode(n ast.Node, v reflect.Value, path string, depth int) {
	if n == nil {
		return
	}
	if _, ok := d.places[path]; !ok {
		d.places[path] = placeOf(n)
	}
	d.budget--
	if d.budget < 0 || depth > maxDepth {
		if d.budget > -2 || depth > maxDepth {
			d.budget = -2
			d.problem(path, placeOf(n), "nested too deeply, or aliases that repeat each other; write it out")
		}
		return
	}
	at := placeOf(n)
	if n = d.resolve(n, path); n == nil {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, path, depth)
	case reflect.Map:
		d.decodeMap(n, v, path, depth)
	case reflect.Slice:
		d.decodeSlice(n, v, path, depth)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path, depth+1)
	case reflect.Interface:
		if value := d.generic(n, path, depth); value != nil {
			v.Set(reflect.ValueOf(value))
		}
	default:
		d.decodeScalar(n, v, path, at)
	}
}

// entry is one key of a mapping.
type entry struct {
	key   string
	at    place
	value ast.Node
}

// entries lists a mapping, merge keys (<<) last and only where the mapping itself says nothing.
func (d *document) entries(n ast.Node, path string) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	var own, merged []entry
	seen := map[string]place{}
	for _, mv := range values {
		if _, ok := mv.Key.(*ast.MergeKeyNode); ok {
			if d.budget--; d.budget > 0 {
				more, _ := d.entries(d.resolve(mv.Value, path), path)
				merged = append(merged, more...)
			}
			continue
		}
		e := entry{key: mv.Key.GetToken().Value, at: placeOf(mv.Key), value: mv.Value}
		if first, dup := seen[e.key]; dup {
			d.problem(path, e.at, "%q is written twice; the first stands on line %d", e.key, first.line)
			continue
		}
		seen[e.key] = e.at
		own = append(own, e)
	}
	for _, e := range merged {
		if _, dup := seen[e.key]; !dup {
			seen[e.key] = e.at
			own = append(own, e)
		}
	}
	return own, true
}

func (d *document) decodeStruct(n ast.Node, v reflect.Value, path string, depth int) {
	entries, ok := d.entries(n, path)
	if !ok {
		d.mismatch(n, path, "named fields ("+strings.Join(fieldNames(v.Type()), ", ")+")")
		return
	}
	names := fieldNames(v.Type())
	for _, e := range entries {
		if path == "" && strings.HasPrefix(e.key, "x-") {
			continue // a place for anchors that several entries share
		}
		i := slices.Index(names, e.key)
		if i < 0 {
			d.problem(path, e.at, "unknown field %q%s", e.key, suggest(e.key, names))
			continue
		}
		sub := join(path, e.key)
		d.places[sub] = e.at
		if value := placeOf(e.value); value.line > 0 && isScalar(e.value) {
			d.places[sub] = value
		}
		d.decode(e.value, v.Field(i), sub, depth+1)
	}
}

func (d *document) decodeMap(n ast.Node, v reflect.Value, path string, depth int) {
	entries, ok := d.entries(n, path)
	if !ok {
		d.mismatch(n, path, "names with values, name: value")
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(entries)))
	for _, e := range entries {
		sub := join(path, e.key)
		d.places[sub] = e.at
		elem := reflect.New(v.Type().Elem()).Elem()
		d.decode(e.value, elem, sub, depth+1)
		v.SetMapIndex(reflect.ValueOf(e.key), elem)
	}
}

func (d *document) decodeSlice(n ast.Node, v reflect.Value, path string, depth int) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if v.Type() == reflect.TypeFor[stringList]() && isScalar(n) {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			d.decode(n, v.Index(0), path+"[0]", depth+1)
			return
		}
		d.mismatch(n, path, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		sub := fmt.Sprintf("%s[%d]", path, i)
		if d.resolve(item, sub) == nil {
			d.problem(sub, placeOf(item), "empty entry in a list; fill it or remove the dash")
			continue
		}
		d.decode(item, v.Index(i), sub, depth+1)
	}
}

func (d *document) decodeScalar(n ast.Node, v reflect.Value, path string, at place) {
	text, ok := scalarText(n)
	if !ok {
		d.mismatch(n, path, "one value")
		return
	}
	switch v.Kind() {
	case reflect.String:
		if lit, ok := n.(*ast.LiteralNode); ok {
			d.literals[path] = lit
		}
		v.SetString(text)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.problem(path, at, "%q is neither true nor false", text)
			return
		}
		v.SetBool(b.Value)
	case reflect.Float64:
		f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			d.problem(path, at, "%q is not a number", text)
			return
		}
		v.SetFloat(f)
	default:
		panic("journey: no way to read a " + v.Type().String())
	}
}

// generic reads any value into the types encoding/json would give.
func (d *document) generic(n ast.Node, path string, depth int) any {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		m := map[string]any{}
		d.decodeMap(n, reflect.ValueOf(&m).Elem(), path, depth)
		return m
	case *ast.SequenceNode:
		list := []any{}
		d.decodeSlice(n, reflect.ValueOf(&list).Elem(), path, depth)
		return list
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		var f float64
		d.decodeScalar(n, reflect.ValueOf(&f).Elem(), path, placeOf(n))
		return f
	default:
		text, _ := scalarText(n)
		return text
	}
}

// problem notes an error at a place and marks path as flawed.
func (d *document) problem(path string, at place, format string, args ...any) {
	d.flawed[path] = true
	d.problems = append(d.problems, Problem{File: d.name, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...)})
}

func (d *document) mismatch(n ast.Node, path, want string) {
	d.problem(path, placeOf(n), "expected %s, found %s", want, kindOf(n))
}

// at returns where path stands, or the nearest thing around it that was written.
func (d *document) at(path string) place {
	for {
		if p, ok := d.places[path]; ok {
			return p
		}
		cut := max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['))
		if cut < 0 {
			return place{1, 1}
		}
		path = path[:cut]
	}
}

// within returns the place of a character of the text at path, line and column both counted from 0. Where the text was
// quoted with escapes or folded, it is the beginning of the text.
func (d *document) within(path string, line, column int) place {
	at := d.at(path)
	if lit, ok := d.literals[path]; ok {
		first := at.line // 0-based index of the line after the "|"
		for first < len(d.lines) && strings.TrimSpace(d.lines[first]) == "" {
			first++
		}
		if i := first + line; !strings.HasPrefix(lit.GetToken().Value, ">") && i < len(d.lines) {
			indent := len(d.lines[first]) - len(strings.TrimLeft(d.lines[first], " "))
			return place{i + 1, indent + column + 1}
		}
		return at
	}
	if line > 0 || at.line > len(d.lines) {
		return at
	}
	rest := []rune(d.lines[at.line-1])
	if start := at.column - 1; start >= 0 && start < len(rest) && (rest[start] == '\'' || rest[start] == '"') {
		if strings.Contains(string(rest[start+1:min(len(rest), start+1+column)]), `\`) {
			return at
		}
		column++
	}
	return place{at.line, at.column + column}
}

func placeOf(n ast.Node) place {
	switch node := n.(type) {
	case nil:
		return place{}
	case *ast.MappingNode:
		if !node.IsFlowStyle && len(node.Values) > 0 {
			return placeOf(node.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return placeOf(node.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
	}
	return place{1, 1}
}

func isScalar(n ast.Node) bool {
	_, ok := scalarText(n)
	return ok
}

// scalarText returns a scalar as it was written, so that an id of digits or a version 1.10 stays what it is.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "named fields"
	case *ast.SequenceNode:
		return "a list"
	}
	if text, ok := scalarText(n); ok {
		return strconv.Quote(text)
	}
	return "something else"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// fieldNames lists a struct's fields as files write them.
func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	return names
}
