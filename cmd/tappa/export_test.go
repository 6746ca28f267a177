package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExport exports a real log in every format.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	mustTappa(t, "import", "--data", dir, "--journey", example("reports", "journey.yaml"), "--format", "csv",
		"--mapping", example("reports", "mapping.yaml"), example("reports", "segnalazioni-municipium.csv"))
	lines := strings.Count(mustTappa(t, "export", "log", "--data", dir, "--from", "2023-06-01", "--to", "2023-07-01"), "\n") - 1
	log := filepath.Join(t.TempDir(), "log.xes")
	mustTappa(t, "export", "log", "--format", "xes", "--out", log, "--data", dir, "--from", "2023-06-01", "--to", "2023-07-01")
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if events := strings.Count(string(data), "<event>"); events != lines || events == 0 {
		t.Errorf("log: %d events in XES, %d lines of CSV", events, lines)
	}
	if book := mustTappa(t, "export", "cases", "--format", "xlsx", "--data", dir); !strings.HasPrefix(book, "PK") {
		t.Error("cases: no workbook")
	}
	for _, args := range [][]string{{"export"}, {"export", "dance"}, {"export", "cases", "--format", "xes"}} {
		if code, _, _ := tappaCommand(t, "", args...); code != exitUsage {
			t.Errorf("%v: exit %d, want %d", args, code, exitUsage)
		}
	}
}
