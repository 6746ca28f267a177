// Package tree reads JSON as records carry it: strictly, in one pass over the bytes, into memory that the next record uses
// again. It notes where each value stands and makes nothing of it before it is asked, since of most records most members
// are only kept as they are.
//
// It takes exactly what encoding/json takes, as far as MaxDepth allows, except for bytes that are not UTF-8 and for NUL
// characters, plain or escaped: nothing behind it has to fear them.
package tree

import (
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// MaxDepth is how deep objects and lists may be nested.
const MaxDepth = 300

// Kind is what a value is.
type Kind uint8

// The kinds of values. Absent is the kind of the zero Value.
const (
	Absent Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

func (k Kind) String() string {
	return [...]string{"nothing", "null", "false", "true", "number", "string", "array", "object"}[k]
}

// Tree holds one document. Its zero value is ready to parse.
type Tree struct {
	text     []byte
	nodes    []node
	saidText []byte // what Text returned last, where it had escapes
	saidName []byte // likewise Name
}

// node is one value, and its name where it is a member. The values inside it follow it, and next is the first node behind
// them all.
type node struct {
	start, end       uint32 // of the value as written, with quotes
	name, nameEnd    uint32 // of the name as written, without quotes
	next             uint32
	kind             Kind
	escaped, nameEsc bool // whether a backslash is in the string, in the name
}

// Value is a value of a Tree, valid until the tree parses again.
type Value struct {
	tree *Tree
	at   uint32
}

// Parse takes the document apart and returns its value, or false where it is not as the package says. The tree looks into
// text as long as it is used.
func (t *Tree) Parse(text []byte) (Value, bool) {
	t.text, t.nodes = text, t.nodes[:0]
	if uint64(len(text)) > 1<<31 || !utf8.Valid(text) {
		return Value{}, false
	}
	t.nodes = append(t.nodes, node{})
	i, ok := t.value(space(text, 0), 0, 0)
	if !ok || space(text, i) != len(text) {
		return Value{}, false
	}
	return Value{t, 0}, true
}

// value reads the value at i into the last node, which is that number, and returns where it ends.
func (t *Tree) value(i, depth, at int) (end int, ok bool) {
	if i >= len(t.text) {
		return i, false
	}
	kind, escaped := Number, false
	switch c := t.text[i]; c {
	case '"':
		kind = String
		end, escaped, ok = str(t.text, i)
	case '{':
		kind = Object
		end, ok = t.members(i, depth+1)
	case '[':
		kind = Array
		end, ok = t.elements(i, depth+1)
	case 't':
		kind = True
		end, ok = word(t.text, i, "true")
	case 'f':
		kind = False
		end, ok = word(t.text, i, "false")
	case 'n':
		kind = Null
		end, ok = word(t.text, i, "null")
	default:
		end, ok = number(t.text, i)
	}
	own := &t.nodes[at]
	own.kind, own.escaped, own.start, own.end, own.next = kind, escaped, uint32(i), uint32(end), uint32(len(t.nodes))
	return end, ok
}

// members reads the object that opens at i.
func (t *Tree) members(i, depth int) (end int, ok bool) {
	if depth > MaxDepth {
		return i, false
	}
	b := t.text
	if i = space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return i, false
		}
		begin, escaped := i+1, false
		if i, escaped, ok = str(b, i); !ok {
			return i, false
		}
		at := len(t.nodes)
		t.nodes = append(t.nodes, node{name: uint32(begin), nameEnd: uint32(i - 1), nameEsc: escaped})
		if i = space(b, i); i >= len(b) || b[i] != ':' {
			return i, false
		}
		if i, ok = t.value(space(b, i+1), depth, at); !ok {
			return i, false
		}
		if i = space(b, i); i >= len(b) {
			return i, false
		}
		switch b[i] {
		case ',':
			i = space(b, i+1)
		case '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}

// elements reads the list that opens at i.
func (t *Tree) elements(i, depth int) (end int, ok bool) {
	if depth > MaxDepth {
		return i, false
	}
	b := t.text
	if i = space(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1, true
	}
	for {
		at := len(t.nodes)
		t.nodes = append(t.nodes, node{})
		if i, ok = t.value(i, depth, at); !ok {
			return i, false
		}
		if i = space(b, i); i >= len(b) {
			return i, false
		}
		switch b[i] {
		case ',':
			i = space(b, i+1)
		case ']':
			return i + 1, true
		default:
			return i, false
		}
	}
}

// Kind returns what the value is.
func (v Value) Kind() Kind {
	if v.tree == nil {
		return Absent
	}
	return v.tree.nodes[v.at].kind
}

// Written returns the value as it is written in the document.
func (v Value) Written() []byte {
	if v.tree == nil {
		return nil
	}
	n := &v.tree.nodes[v.at]
	return v.tree.text[n.start:n.end:n.end]
}

// Text returns what a string says, and false for a value that is none. The bytes are the document's own, unless the string
// has escapes (Escaped): then they are valid until the next call of Text on the tree.
func (v Value) Text() (text []byte, ok bool) {
	if v.Kind() != String {
		return nil, false
	}
	n := &v.tree.nodes[v.at]
	return said(v.tree.text[n.start+1:n.end-1], n.escaped, &v.tree.saidText), true
}

// Escaped reports whether the value is a string that is written with escapes.
func (v Value) Escaped() bool { return v.tree != nil && v.tree.nodes[v.at].escaped }

// Float64 returns a number, and false for a value that is none or too large for a float64.
func (v Value) Float64() (number float64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	b := v.Written()
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), 64)
	return f, err == nil
}

// Name returns the name under which the value is a member of an object. The bytes are valid until the next call of Name.
func (v Value) Name() []byte {
	n := &v.tree.nodes[v.at]
	return said(v.tree.text[n.name:n.nameEnd], n.nameEsc, &v.tree.saidName)
}

// Member returns the first member of an object that has a name, or the zero Value.
func (v Value) Member(name string) Value {
	if v.tree == nil {
		return Value{}
	}
	t := v.tree
	for at, end := v.at+1, t.nodes[v.at].next; at < end; {
		n := &t.nodes[at]
		switch {
		case n.nameEsc:
			if string(Value{t, at}.Name()) == name {
				return Value{t, at}
			}
		case int(n.nameEnd-n.name) == len(name) && string(t.text[n.name:n.nameEnd]) == name:
			return Value{t, at}
		}
		at = n.next
	}
	return Value{}
}

// First returns the first value in an object or a list, or the zero Value.
func (v Value) First() Value {
	if v.tree == nil || v.tree.nodes[v.at].next == v.at+1 {
		return Value{}
	}
	return Value{v.tree, v.at + 1}
}

// After returns the value that follows one in this object or list, or the zero Value.
func (v Value) After(inner Value) Value {
	next := v.tree.nodes[inner.at].next
	if next >= v.tree.nodes[v.at].next {
		return Value{}
	}
	return Value{v.tree, next}
}

// fewMembers are so few that comparing each with each is faster than a map.
const fewMembers = 24

// Repeated returns the first member of an object whose name stood there before, or the zero Value.
func (v Value) Repeated() Value {
	n, escaped := 0, false
	for m := v.First(); m.Kind() != Absent; m = v.After(m) {
		n++
		escaped = escaped || v.tree.nodes[m.at].nameEsc
	}
	if n > fewMembers || escaped {
		return v.repeatedOfMany(n)
	}
	t := v.tree
	for m := v.First(); m.Kind() != Absent; m = v.After(m) {
		own := &t.nodes[m.at]
		name := t.text[own.name:own.nameEnd]
		for at := v.at + 1; at != m.at; at = t.nodes[at].next {
			before := &t.nodes[at]
			if before.nameEnd-before.name == own.nameEnd-own.name && string(t.text[before.name:before.nameEnd]) == string(name) {
				return m
			}
		}
	}
	return Value{}
}

func (v Value) repeatedOfMany(n int) Value {
	seen := make(map[string]bool, n)
	for m := v.First(); m.Kind() != Absent; m = v.After(m) {
		if seen[string(m.Name())] {
			return m
		}
		seen[string(m.Name())] = true
	}
	return Value{}
}
