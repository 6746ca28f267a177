package journey

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

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
		v.Set(reflect.ValueOf(d.generic(n, path, depth)))
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
	case reflect.Int:
		i, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
		if err != nil {
			d.problem(path, at, "%q is not a whole number", text)
			return
		}
		v.SetInt(int64(i))
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
