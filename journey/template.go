package journey

import (
	"fmt"
	"io/fs"
	"strings"
)

// TemplateNames lists the templates, sorted.
func TemplateNames() []string {
	files, err := fs.Glob(Templates, "templates/*.yaml")
	if err != nil {
		return nil // the pattern is a constant and well-formed
	}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(f, "templates/"), ".yaml")
		if !strings.HasSuffix(name, ".tests") {
			names = append(names, name)
		}
	}
	return names
}

// Template loads a template by its name.
func Template(name string) (*Journey, error) {
	data, err := Templates.ReadFile("templates/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("load template %s: there are: %s", name, strings.Join(TemplateNames(), ", "))
	}
	return Parse(name+".yaml", data)
}
