package journey

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestSchemaIsCurrent holds schema.json to the Go types it is made from.
func TestSchemaIsCurrent(t *testing.T) {
	want := generateSchema(t)
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(Schema()), string(want)); diff != "" {
		t.Errorf("schema.json is not what the types say; run go test ./journey -run TestSchemaIsCurrent -update (-got, +want):\n%s", diff)
	}
}

func generateSchema(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{
		RequiredFromJSONSchemaTags: true,
		Anonymous:                  true,
		ExpandedStruct:             true,
		Namer:                      func(t reflect.Type) string { return strings.TrimSuffix(t.Name(), "File") },
		Mapper:                     schemaOf,
	}
	s := r.Reflect(new(journeyFile))
	s.Title = "Journey of tappa"
	s.PatternProperties = map[string]*jsonschema.Schema{"^x-": {Description: "Anything; a place for anchors that several entries share."}}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// schemaOf describes the types whose YAML form is not their Go form.
func schemaOf(t reflect.Type) *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	switch t {
	case reflect.TypeFor[labelsFile]():
		properties := jsonschema.NewProperties()
		for _, lang := range languages {
			properties.Set(lang, text)
		}
		return &jsonschema.Schema{Type: "object", Properties: properties, Required: languages, AdditionalProperties: text}
	case reflect.TypeFor[stringList]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "array", Items: text}}}
	}
	return nil
}

// TestSchemaTakesTemplates holds the schema to files that the loader takes.
func TestSchemaTakesTemplates(t *testing.T) {
	document, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(Templates, "templates/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "testdata/small.yaml") {
		if strings.HasSuffix(file, ".tests.yaml") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content any
		if d := readDocument(file, data, &content); len(d.problems) > 0 {
			t.Fatal(d.problems)
		}
		if err := compiled.Validate(content); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if err := compiled.Validate(map[string]any{"journey": "x", "stage": []any{}}); err == nil {
		t.Error("the schema takes an unknown field")
	}
}
