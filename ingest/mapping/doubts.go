package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"tappa/ingest/source"
	"tappa/journey"
)

// Doubts says which fields of payloads look like others that are misspelt. Fields of one's own are welcome, so that they are no
// errors; but what stands in them does nothing by itself.
func (m *Mapping) Doubts() []string {
	if m == nil {
		return nil
	}
	return m.doubts
}

// doubt looks at the fields that an event's data has.
func (b *builder) doubt(data *ast.MappingNode, types []column) {
	known := payloadFields(types)
	for _, f := range data.Values {
		name := b.text(f.Key)
		people, ok := f.Value.(*ast.MappingNode)
		switch says := journey.Suggest(name, known); {
		case (name == "customer" || name == "same_as") && ok && !isLeaf(people):
			b.doubtParty(name, people)
		case len(known) > 0 && !slices.Contains(known, name) && strings.Contains(says, "did you mean"):
			b.doubts = append(b.doubts, fmt.Sprintf("%s: data.%s is kept, and no field that tappa knows%s", b.pos(f.Key), name, says))
		}
	}
}

// doubtParty looks at the fields that say who somebody is: no others do.
func (b *builder) doubtParty(of string, party *ast.MappingNode) {
	known := []string{"email", "phone", "crm", "cookie", "account", "name"}
	for _, f := range party.Values {
		if name := b.text(f.Key); !slices.Contains(known, name) {
			b.doubts = append(b.doubts, fmt.Sprintf("%s: data.%s.%s is kept, and identifies nobody%s", b.pos(f.Key), of, name, journey.Suggest(name, known)))
		}
	}
}

// payloadFields are the fields of the payloads of types, by their schemas; none where the types stand in the rows.
func payloadFields(types []column) []string {
	fields := map[string]bool{}
	for _, t := range types {
		family, _, _ := strings.Cut(strings.TrimPrefix(t.name, "tappa."), ".")
		var schema struct {
			Properties struct {
				Data struct{ Properties map[string]any }
			}
		}
		if text, err := source.Schema(family); err != nil || json.Unmarshal(text, &schema) != nil {
			return nil
		}
		for name := range schema.Properties.Data.Properties {
			fields[name] = true
		}
	}
	return slices.Sorted(maps.Keys(fields))
}
