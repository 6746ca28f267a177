package journey

import (
	"reflect"
	"regexp"
	"strings"
)

// function is something conditions can call.
type function struct {
	call      func(args ...any) (any, error)
	signature any // nil pointer to a func type, for the type checker
}

// functions are what conditions can call beyond the expression language itself. Those whose name has a space stand in
// for operators and field access; see patcher.
var functions = map[string]function{
	"has": {
		func(args ...any) (any, error) { return anyWord(args, containsFold), nil },
		new(func(text any, words ...string) bool),
	},
	"word": {
		func(args ...any) (any, error) { return anyWord(args, containsWordFold), nil },
		new(func(text any, words ...string) bool),
	},
	"fold": { // nil stays nil, lest a missing field equal an empty text
		func(args ...any) (any, error) {
			if s, ok := args[0].(string); ok {
				return fold(s), nil
			}
			return nil, nil
		},
		new(func(text any) any),
	},

	"phone": {
		func(args ...any) (any, error) { return anyWord(args, samePhone), nil },
		new(func(number any, numbers ...string) bool),
	},

	"payload field": {
		func(args ...any) (any, error) {
			var buffer [8]string
			path := buffer[:0]
			for _, name := range args[1:] {
				path = append(path, name.(string))
			}
			return plain(args[0].(*frame).lookup(path)), nil
		},
		new(func(env any, path ...string) any),
	},
	"contact keys": {
		func(args ...any) (any, error) { return args[0].(*frame).keys(), nil },
		new(func(env any) []any),
	},
	"field": {
		func(args ...any) (any, error) { return field(args[0], args[1]), nil },
		new(func(from, key any) any),
	},
	"less":            comparison(func(c int) bool { return c < 0 }),
	"at most":         comparison(func(c int) bool { return c <= 0 }),
	"more":            comparison(func(c int) bool { return c > 0 }),
	"at least":        comparison(func(c int) bool { return c >= 0 }),
	"contains text":   ofTexts(strings.Contains),
	"starts with":     ofTexts(strings.HasPrefix),
	"ends with":       ofTexts(strings.HasSuffix),
	"matches pattern": {matchesPattern, new(func(text any, pattern any) bool)},
	"is in":           {isIn, new(func(x, list any) bool)},
}

func comparison(holds func(int) bool) function {
	return function{
		func(args ...any) (any, error) { return order(args[0], args[1], holds), nil },
		new(func(a, b any) bool),
	}
}

func ofTexts(holds func(a, b string) bool) function {
	return function{
		func(args ...any) (any, error) {
			a, ok1 := args[0].(string)
			b, ok2 := args[1].(string)
			return ok1 && ok2 && holds(a, b), nil
		},
		new(func(a, b any) bool),
	}
}

func matchesPattern(args ...any) (any, error) {
	text, ok := args[0].(string)
	return ok && args[1].(*regexp.Regexp).MatchString(text), nil
}

// isIn looks a value up in a list, or a name in an object.
func isIn(args ...any) (any, error) {
	switch list := args[1].(type) {
	case []any:
		for _, item := range list {
			if same(args[0], item) {
				return true, nil
			}
		}
	case []string:
		for _, item := range list {
			if args[0] == any(item) {
				return true, nil
			}
		}
	case map[string]any:
		name, ok := args[0].(string)
		_, found := list[name]
		return ok && found, nil
	case map[string]struct{}: // a list of constant texts, as the compiler keeps it
		name, ok := args[0].(string)
		_, found := list[name]
		return ok && found, nil
	case []int:
		for _, item := range list {
			if same(args[0], item) {
				return true, nil
			}
		}
	}
	return false, nil
}

// same reports equality of texts, numbers and booleans.
func same(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	if a == nil || b == nil || !reflect.TypeOf(a).Comparable() || !reflect.TypeOf(b).Comparable() {
		return false
	}
	return a == b
}

func anyWord(args []any, contains func(text, folded string) bool) bool {
	text, ok := args[0].(string)
	if !ok {
		return false
	}
	for _, word := range args[1:] {
		if contains(text, fold(word.(string))) {
			return true
		}
	}
	return false
}

// samePhone compares telephone numbers by their digits: one may lack the other's prefix, but no less than six digits
// must agree.
func samePhone(a, b string) bool {
	a, b = digits(a), digits(b)
	if len(a) < len(b) {
		a, b = b, a
	}
	const fewest = 6
	return len(b) >= fewest && strings.HasSuffix(a, b)
}

// digits drops everything else.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
