package tree

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// texts are the beginnings of the fuzzing, and cases of their own.
var texts = []string{
	`{"a":1,"b":[true,false,null,"x"],"c":{"d":-1.5e+3}}`, ` [ ] `, `{}`, `"è \"vero\" \\ \/ \b\f\n\r\t"`, `"\u00e8\ud83d\ude00"`,
	`"\ud800"`, `"\ud800\u0041"`, `"\udc00\ud800"`, `{"\u0061":1}`, `0`, `-0`, `01`, `1.`, `.5`, `1e`, `1e5`, `-`, `+1`, `1E400`, `tru`, `nul`, `"`, `"\`,
	`"\x"`, `"\u12"`, "\"\x01\"", "\"a\tb\"", `{"a":1,}`, `[1,]`, `{"a" 1}`, `{a:1}`, `{"a":1}}`, `[1 2]`, ``, ` `, "\"\xff\"", "\"\xc3\xa8\"", `"\u0000"`, `"\\u0000"`, "\"\x00\"",
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{` + strings.Repeat(`"n":1,"m":{"a":2},`, 20) + `"k":0}`, "\ufeff{}", `"12345678\"12345678"`, `"1234567` + "\x1f" + `"`, `{"a":"` + strings.Repeat("lungo ", 50) + `"}`,
}

// A document is taken exactly where encoding/json takes it, and says the same.
func FuzzParse(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Add([]byte(strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)))
	var kept Tree
	f.Fuzz(func(t *testing.T, text []byte) {
		v, ok := kept.Parse(text)
		want := json.Valid(text) && utf8.Valid(text) && !holdsNUL(text)
		if want && !ok && depth(text) > MaxDepth {
			return
		}
		if ok != want {
			t.Fatalf("%q: taken %v, want %v", text, ok, want)
		}
		if !ok {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var theirs any
		if err := decoder.Decode(&theirs); err != nil {
			t.Fatal(err)
		}
		if ours := plainOf(v); !reflect.DeepEqual(ours, theirs) {
			t.Errorf("%q: %v, want %v", text, ours, theirs)
		}
		if written := v.Written(); !bytes.Equal(written, bytes.Trim(text, " \t\r\n")) {
			t.Errorf("%q is written %q", text, written)
		}
	})
}

// holdsNUL reports a NUL in a name or a text.
func holdsNUL(text []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && strings.ContainsRune(s, 0) {
			return true
		}
	}
}

func depth(text []byte) (most int) {
	now := 0
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.Token()
		if err != nil {
			return most
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			now++
			most = max(most, now)
		case json.Delim('}'), json.Delim(']'):
			now--
		}
	}
}

// plainOf makes of a value what encoding/json makes of it, numbers as they are written.
func plainOf(v Value) any {
	switch v.Kind() {
	case True, False:
		return v.Kind() == True
	case Number:
		return json.Number(v.Written())
	case String:
		text, _ := v.Text()
		return string(text)
	case Array:
		list := []any{}
		for inner := v.First(); inner.Kind() != Absent; inner = v.After(inner) {
			list = append(list, plainOf(inner))
		}
		return list
	case Object:
		object, members := map[string]any{}, 0
		for inner := v.First(); inner.Kind() != Absent; inner = v.After(inner) {
			name := string(inner.Name())
			if v.Member(name).Kind() == Absent || v.Member(name+"\x00").Kind() != Absent {
				panic("Name and Member disagree")
			}
			if _, before := object[name]; before && v.Repeated().Kind() == Absent {
				panic("Repeated does not see " + name)
			}
			object[name] = plainOf(inner)
			members++
		}
		if (members > len(object)) != (v.Repeated().Kind() != Absent) {
			panic("Repeated sees what is not there")
		}
		return object
	}
	return nil
}

// The zero Value is one that is not there.
func TestAbsent(t *testing.T) {
	var v Value
	if _, ok := v.Text(); ok || v.Kind() != Absent || v.Written() != nil || v.First().Kind() != Absent {
		t.Error("the zero value is something")
	}
	if _, ok := v.Float64(); ok {
		t.Error("the zero value is a number")
	}
}

func TestFloat64(t *testing.T) {
	var tree Tree
	for text, want := range map[string]float64{"0": 0, "-12.5": -12.5, "1e3": 1000} {
		v, _ := tree.Parse([]byte(text))
		if got, ok := v.Float64(); !ok || got != want {
			t.Errorf("%s is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"1e400", `"1"`, "null"} {
		v, _ := tree.Parse([]byte(text))
		if got, ok := v.Float64(); ok {
			t.Errorf("%s is %v", text, got)
		}
	}
}
