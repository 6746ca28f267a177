package arrows

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
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
		if to := part(inner); to != from && !contains(Allowed[from], to) {
			t.Errorf("%s imports %s: %s may import only %v", importer, path, from, Allowed[from])
		}
		return
	}
	for module, owner := range OnlyImporter {
		if strings.HasPrefix(path, module) && from != owner {
			t.Errorf("%s imports %s: only %s may", importer, path, owner)
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

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
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
