package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// payloads are the structs that the schemas are generated from.
var payloads = map[string]any{
	"form": Form{}, "email": Email{}, "call": Call{}, "ticket": Ticket{}, "web": Web{}, "quote": Quote{}, "order": Order{}, "review": Review{},
	"crm": CRM{}, "meeting": Meeting{}, "survey": Survey{},
	"payment": Payment{}, "ad": Ad{}, "interaction": Retraction{},
}

func TestSchemasAreCurrent(t *testing.T) {
	for _, family := range Families() {
		want := generate(t, family)
		path := "schemas/" + family + ".json"
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := Schema(family)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not what the payload says; run go test -update (-want, +got):\n%s", path, diff)
		}
	}
	if _, err := Schema("fax"); err == nil || !strings.Contains(err.Error(), "review") {
		t.Errorf("Schema(fax): %v, want an error that lists the families", err)
	}
}

// generate returns the schema of a family: the CloudEvents envelope around the payload.
func generate(t *testing.T, family string) []byte {
	t.Helper()
	r := reflector.Reflector{DoNotReference: true, Anonymous: true, AllowAdditionalProperties: true}
	b, err := json.Marshal(r.Reflect(payloads[family]))
	if err != nil {
		t.Fatal(err)
	}
	var data map[string]any
	if err := json.Unmarshal(b, &data); err != nil {
		t.Fatal(err)
	}
	delete(data, "$schema")
	nullable(data)
	var types []any
	for _, name := range decoders[family].types {
		types = append(types, typePrefix+family+"."+name)
	}
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "minLength": 1, "maxLength": maxAttribute, "description": description}
	}
	schema := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:tappa:events:" + family,
		"title": "Events of source " + family, "type": "object",
		"required": []any{"specversion", "id", "source", "type", "time", "data"},
		"properties": map[string]any{
			"specversion":     map[string]any{"const": specVersion},
			"id":              text("Unique within source; the same pair of source and id is the same event"),
			"source":          text("The system it happened in"),
			"type":            map[string]any{"enum": types},
			"time":            map[string]any{"type": "string", "format": "date-time", "description": "When it happened, with offset"},
			"datacontenttype": map[string]any{"type": []any{"string", "null"}, "description": "application/json if given"},
			"data":            data,
		},
	}
	if family == "ticket" || family == "survey" {
		schema["if"] = map[string]any{"properties": map[string]any{"type": map[string]any{"const": typePrefix + family + ".rated"}}}
		schema["then"] = map[string]any{"properties": map[string]any{"data": map[string]any{
			"required": []any{"rating"}, "properties": map[string]any{"rating": map[string]any{"type": "object"}},
		}}}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// nullable lets members that may be absent be null, which is how many systems write absent.
func nullable(schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for name, p := range properties {
		property := p.(map[string]any)
		nullable(property)
		if slices.Contains(required, any(name)) {
			continue
		}
		if kind, ok := property["type"].(string); ok {
			property["type"] = []any{kind, "null"}
		}
		if enum, ok := property["enum"].([]any); ok {
			property["enum"] = append(enum, nil)
		}
	}
}

// The schemas and the decoder agree: what the decoder takes is valid, and what breaks a schema is refused, for a
// reason that a schema can know.
func TestSchemasAgreeWithDecoder(t *testing.T) {
	compiled := map[string]*jsonschema.Schema{}
	for _, family := range Families() {
		b, err := Schema(family)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(family, doc); err != nil {
			t.Fatal(err)
		}
		if compiled[family], err = c.Compile(family); err != nil {
			t.Fatal(err)
		}
	}
	d := NewDecoder(Options{DefaultCountry: "IT"})
	checked := 0
	corpus(t, func(path, name string, rec Record, _ *string) {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(rec.Value))
		event, ok := doc.(map[string]any)
		if err != nil || !ok || rec.Headers != nil || event["data_base64"] != nil || strings.Contains(name, "twice") {
			return // not an event in structured mode, or not one that a schema sees as it stands there
		}
		typ, _ := event["type"].(string)
		family, _, _ := strings.Cut(strings.TrimPrefix(typ, typePrefix), ".")
		schema := compiled[family]
		if schema == nil {
			return
		}
		checked++
		invalid := schema.Validate(doc)
		_, err = d.Decode(rec)
		var e *Error
		errors.As(err, &e)
		switch {
		case e == nil && invalid != nil:
			t.Errorf("%s: %s: decoded, but the schema says %v", path, name, invalid)
		case e != nil && invalid == nil && !beyondSchema(e):
			t.Errorf("%s: %s: valid by the schema, but the decoder says %v", path, name, e)
		}
	})
	if checked < 80 {
		t.Errorf("only %d events of the corpus were checked", checked)
	}
}

// beyondSchema reports whether an error is about what a schema cannot express.
func beyondSchema(e *Error) bool {
	switch e.Reason {
	case ReasonMissingKey, ReasonBadTime, ReasonInvalidUTF8, ReasonTooLarge:
		return true
	case ReasonBadPayload:
		return e.Field == "data.rating.score" || e.Field == "datacontenttype"
	case ReasonBadAttribute:
		return strings.Contains(e.Detail, "control")
	}
	return false
}
