package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExportMap writes the map of a real log in every format, and has it say what it cannot do.
func TestExportMap(t *testing.T) {
	dir := t.TempDir()
	mustTappa(t, "import", "--data", dir, "--journey", example("reports", "journey.yaml"), "--format", "csv",
		"--mapping", example("reports", "mapping.yaml"), example("reports", "segnalazioni-municipium.csv"))
	for _, c := range []struct{ format, lang, begins, says string }{
		{"pdf", "it", "%PDF", ""},
		{"svg", "en", "<svg", "Journey map"},
		{"png", "it", "\x89PNG", ""},
		{"html", "it", "<!doctype html>", "nuovo"}, // the filter is named
	} {
		args := []string{"export", "map", "--data", dir, "--format", c.format, "--lang", c.lang, "--page", "a4", "--from", "2023-06-01", "--to", "2023-07-01", "--customer", "new"}
		file := filepath.Join(t.TempDir(), "map."+c.format)
		if out := mustTappa(t, append(args, "--out", file)...); out != "" {
			t.Errorf("%s: prints %.80q beside the file", c.format, out)
		}
		body, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(body), c.begins) || !strings.Contains(string(body), c.says) {
			t.Errorf("%s in %s: no such file: %.80q, %v", c.format, c.lang, body, err)
		}
		if c.format == "pdf" && mustTappa(t, args...) != string(body) {
			t.Errorf("%s: not the same bytes on standard output", c.format)
		}
	}
	untouched := filepath.Join(t.TempDir(), "untouched.pdf")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--format gif", exitUsage, `--format "gif": map can be exported as pdf, svg, png, html`},
		{"--page a9", exitUsage, `--page "a9": there are: a3, a4`},
		{"--lang fr", exitUsage, `"--lang" flag: there are: it, en`},
		{"--stage reported", exitUsage, "--stage does not go with map"},
		{"--month 2023-06", exitUsage, "--month and snapshot go together"},
		{"--as-of soon", exitUsage, "--as-of"},
		{"--journey other", exitUsage, `--journey "other": there are: reports`},
		{"--persona nobody", exitUsage, `there is no persona "nobody"`},
		{"--to 2001-01-01", exitFailed, "Nobody entered a stage"},
		{"--data " + filepath.Join(dir, "missing"), exitFailed, "tappa import"},
	} {
		args := append([]string{"export", "map", "--data", dir, "--out", untouched}, strings.Fields(c.args)...)
		if out, errOut, code := tappa(t, "", args...); code != c.code || !strings.Contains(errOut, c.says) || out != "" {
			t.Errorf("%s: exit code %d, want %d; says %q, want %q among it", c.args, code, c.code, errOut, c.says)
		}
	}
	if _, err := os.Stat(untouched); err == nil {
		t.Error("a map that could not be made left a file")
	}
	if out, errOut, code := tappa(t, "", "export", "cases", "--data", dir, "--page", "a4"); code != exitUsage || !strings.Contains(errOut, "--page goes with map") {
		t.Errorf("cases on a page: exit code %d: %s%s", code, out, errOut)
	}
	if out, errOut, code := tappa(t, "", "export", "snapshot", "--data", dir, "--month", "2023-06", "--channel", "app"); code != exitUsage || !strings.Contains(errOut, "--channel does not go with snapshot") {
		t.Errorf("a part of what is frozen: exit code %d: %s%s", code, out, errOut)
	}
}
