package source

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed schemas/*.json
var schemas embed.FS

// Families lists the sources that have events, sorted: the first words of their types and the names of their schemas.
func Families() []string {
	var names []string
	for name := range decoders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Schema returns the JSON Schema (2020-12) of one family's events in structured mode: "form", "ticket", ….
// What Decode takes keeps to it. Decode asks for more: a valid time, a contact key, a rating within its scale.
func Schema(family string) ([]byte, error) {
	b, err := schemas.ReadFile("schemas/" + family + ".json")
	if err != nil {
		return nil, fmt.Errorf("schema %q: no such family of events, there are %s", family, strings.Join(Families(), ", "))
	}
	return b, nil
}
