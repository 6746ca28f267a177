package arrows

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

type pkg struct {
	ImportPath string
	Imports    []string
}

// TestImportsFollowTheArrows lists every package of the module and holds its imports against the tables.
func TestImportsFollowTheArrows(t *testing.T) {
	for _, p := range list(t) {
		from := part(strings.TrimPrefix(p.ImportPath, "tappa/"))
		if from == "" {
			t.Errorf("%s has no entry in Allowed: say what it may import", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			check(t, p.ImportPath, from, path)
		}
	}
}

func check(t *testing.T, importer, from, path string) {
	t.Helper()
	if inner, ok := strings.CutPrefix(path, "tappa/"); ok {
		if to := part(inner); to != from && !slices.Contains(Allowed[from], to) {
			t.Errorf("%s imports %s: %s may import only %v", importer, path, from, Allowed[from])
		}
		return
	}
	for module, owners := range Importers {
		if strings.HasPrefix(path, module) && !slices.Contains(owners, from) {
			t.Errorf("%s imports %s: only %v may", importer, path, owners)
		}
	}
}

// TestAllowedNamesRealParts keeps the table free of parts that have gone.
func TestAllowedNamesRealParts(t *testing.T) {
	found := map[string]bool{}
	for _, p := range list(t) {
		found[part(strings.TrimPrefix(p.ImportPath, "tappa/"))] = true
	}
	for name := range Allowed {
		if !found[name] {
			t.Errorf("Allowed names %q, which no package belongs to", name)
		}
	}
}

// part returns the entry of Allowed that a package belongs to: the longest that is a prefix of it.
func part(path string) string {
	best := ""
	for name := range Allowed {
		if (path == name || strings.HasPrefix(path, name+"/")) && len(name) > len(best) {
			best = name
		}
	}
	return best
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "tappa/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
}
