package alert

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestSchemaIsCurrent holds schema.json to the Go types it is made from, and a good file to the schema.
func TestSchemaIsCurrent(t *testing.T) {
	r := &jsonschema.Reflector{
		RequiredFromJSONSchemaTags: true, Anonymous: true, ExpandedStruct: true,
		Namer: func(t reflect.Type) string { return strings.TrimSuffix(t.Name(), "File") },
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[valueText]() {
				return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}}}
			}
			return nil
		},
	}
	s := r.Reflect(new(alertsFile))
	s.Title = "Alerts of tappa"
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(Schema()), b.String()); diff != "" {
		t.Errorf("schema.json is not what the types say; run go test ./alert -run TestSchemaIsCurrent -update (-got, +want):\n%s", diff)
	}
	compiled, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("alerts.json", compiled); err != nil {
		t.Fatal(err)
	}
	check, err := c.Compile("alerts.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{good, shopAlerts} {
		var file any
		if err := yaml.Unmarshal([]byte(text), &file); err != nil {
			t.Fatal(err)
		}
		if err := check.Validate(file); err != nil {
			t.Error(err)
		}
	}
	if err := check.Validate(map[string]any{"alerts": []any{}}); err == nil {
		t.Error("a file without alerts is good by the schema")
	}
}
