package journey

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
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
