package ingest

import (
	"encoding/json"
	"testing"

	"tappa/ingest/source"
)

func TestEdit(t *testing.T) {
	for _, test := range []struct{ edit, value, want string }{
		{"time=2026-03-01T00:00:00Z", `{"time":"x","n":1.50}`, `{"time":"2026-03-01T00:00:00Z","n":1.50}`},
		{"data.n=7", `{"data":{"n":"6"}}`, `{"data":{"n":7}}`},
		{`data.n="7"`, `{"data":{"n":"6"}}`, `{"data":{"n":"7"}}`},
		{"a.b.c=true", `{"a":null}`, `{"a":{"b":{"c":true}}}`},
		{"to.1=b=c", `{"to":["a","x"]}`, `{"to":["a","b=c"]}`},
		{"to.2=b", `{"to":["a","x"]}`, ""},
		{"to.99999999.x=b", `{"to":[]}`, ""},
		{"a.b=1", `{"a":"text"}`, ""},
		{"a=1", `[1]`, ""},
		{"a=1", `{`, ""},
	} {
		e, err := ParseEdit(test.edit)
		if err != nil {
			t.Fatal(err)
		}
		rec := source.Record{Value: []byte(test.value)}
		err = e.apply(&rec)
		if (err != nil) != (test.want == "") || err == nil && string(rec.Value) != test.want {
			t.Errorf("%s of %s: got %s, error %v; want %s", test.edit, test.value, rec.Value, err, test.want)
		}
	}
}

// FuzzEdit edits anything: what comes out is JSON, and no edit of a broken record passes.
func FuzzEdit(f *testing.F) {
	f.Add("data.customer.email=a@example.com", []byte(`{"data":{"customer":{}}}`))
	f.Add("to.0=1", []byte(`{"to":[1,2]}`))
	f.Fuzz(func(t *testing.T, edit string, value []byte) {
		e, err := ParseEdit(edit)
		if err != nil {
			return
		}
		rec := source.Record{Value: value}
		if e.apply(&rec) == nil && json.Valid(value) && !json.Valid(rec.Value) {
			t.Errorf("%q of %q gives %q", edit, value, rec.Value)
		}
	})
}

// FuzzReadOrigin reads what it wrote.
func FuzzReadOrigin(f *testing.F) {
	f.Add("tappa.interactions/3/17")
	f.Fuzz(func(t *testing.T, s string) {
		o, ok := readOrigin(s)
		if !ok {
			return
		}
		if again, ok := readOrigin(o.String()); !ok || again != o {
			t.Errorf("%q is read as %v, and that as %v", s, o, again)
		}
	})
}
