package journey

import (
	"reflect"
	"strings"

	"github.com/expr-lang/expr/vm"
	"github.com/valyala/fastjson"
)

// frame is what conditions see of one interaction, with the machine that evaluates them. Frames are pooled.
type frame struct {
	Source    string  `expr:"source"`
	Type      string  `expr:"type"`
	Activity  string  `expr:"activity"`
	Direction string  `expr:"direction"`
	Origin    string  `expr:"origin"`
	Thread    string  `expr:"thread"`
	Automatic bool    `expr:"automatic"`
	Public    bool    `expr:"public"`
	Held      bool    `expr:"held"`
	Solved    bool    `expr:"solved"`
	Agent     string  `expr:"agent"`
	From      string  `expr:"from"`
	To        string  `expr:"to"`
	Subject   string  `expr:"subject"`
	Text      string  `expr:"text"`
	Lang      string  `expr:"lang"`
	Priority  string  `expr:"priority"`
	Value     float64 `expr:"value"`
	Currency  string  `expr:"currency"`
	Account   string  `expr:"account"`
	Keys      any     `expr:"keys"` // stands for the list that the function "contact keys" makes when it is asked
	Data      any     `expr:"data"` // stands for what the function "payload field" reads when it is asked

	interaction *Interaction
	payload     *fastjson.Value // nil until parsed, or not an object
	parsed      bool
	parser      fastjson.Parser
	machine     vm.VM
	failed      bool // by a part of the condition that is being evaluated
}

// fieldList names what conditions can ask for, in the order of frame.
var fieldList = func() []string {
	t := reflect.TypeFor[frame]()
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("expr"); name != "" && name != "data" {
			names = append(names, name)
		}
	}
	return names
}()

// load points the frame at an interaction.
func (f *frame) load(in *Interaction) {
	f.Source, f.Type, f.Activity, f.Direction = string(in.Source), in.Type, in.Activity, string(in.Direction)
	f.Origin, f.Thread, f.Agent, f.From, f.To = in.Origin, in.Thread, in.Agent, in.From, in.To
	f.Automatic, f.Public, f.Held, f.Solved = in.Automatic, in.Public, in.Held, in.Solved
	f.Subject, f.Text, f.Lang, f.Priority = in.Subject, in.Text, in.Lang, in.Priority
	f.Value, f.Currency, f.Account = in.Value, in.Currency, string(in.Account)
	f.interaction, f.payload, f.parsed = in, nil, false
}

// release forgets the interaction, so that a pooled frame keeps no customer's data alive.
func (f *frame) release() {
	*f = frame{parser: f.parser, machine: f.machine}
	clear(f.machine.Stack[:cap(f.machine.Stack)])
}

// lookup finds a value of the payload by its path, nil where there is none. The payload is parsed when it is first
// asked for; the value is good until the frame is loaded again.
func (f *frame) lookup(path []string) *fastjson.Value {
	if !f.parsed {
		f.parsed = true
		if v, err := f.parser.ParseBytes(f.interaction.Payload); err == nil && v.Type() == fastjson.TypeObject {
			f.payload = v
		}
	}
	if f.payload == nil {
		return nil
	}
	return f.payload.Get(path...)
}

// plain copies a parsed value into the types encoding/json would give, so that it may outlive the parser.
func plain(v *fastjson.Value) any {
	if v == nil {
		return nil
	}
	switch v.Type() {
	case fastjson.TypeString:
		return string(v.GetStringBytes())
	case fastjson.TypeNumber:
		return v.GetFloat64()
	case fastjson.TypeTrue:
		return true
	case fastjson.TypeFalse:
		return false
	case fastjson.TypeArray:
		items := v.GetArray()
		list := make([]any, len(items))
		for i, item := range items {
			list[i] = plain(item)
		}
		return list
	case fastjson.TypeObject:
		object := v.GetObject()
		m := make(map[string]any, object.Len())
		object.Visit(func(key []byte, value *fastjson.Value) { m[string(key)] = plain(value) })
		return m
	}
	return nil
}

// keys returns the contact keys as texts.
func (f *frame) keys() []any {
	keys := make([]any, len(f.interaction.Keys))
	for i, k := range f.interaction.Keys {
		keys[i] = string(k)
	}
	return keys
}

// field reads from a value out of the payload: a name of an object, or an index of a list, negative from its end.
func field(from, key any) any {
	switch from := from.(type) {
	case map[string]any:
		if name, ok := key.(string); ok {
			return from[name]
		}
	case []any:
		if i, ok := number(key); ok {
			if i < 0 {
				i += float64(len(from))
			}
			if i >= 0 && i < float64(len(from)) {
				return from[int(i)]
			}
		}
	}
	return nil
}

// number widens what the machine and the payload know as numbers.
func number(x any) (float64, bool) {
	switch x := x.(type) {
	case float64:
		return x, true
	case int:
		return float64(x), true
	}
	return 0, false
}

// order compares two numbers or two texts; it is false for anything else.
func order(a, b any, holds func(int) bool) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		switch {
		case !ok || x != x || y != y:
			return false
		case x < y:
			return holds(-1)
		case x > y:
			return holds(1)
		}
		return holds(0)
	}
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	return ok1 && ok2 && holds(strings.Compare(x, y))
}
