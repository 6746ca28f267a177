package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSchema(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"schema"}, exitDone, "ticket"},
		{[]string{"schema", "ticket"}, exitDone, "urn:tappa:events:ticket"},
		{[]string{"schema", "fax"}, exitUsage, "review"},
		{[]string{"schema", "form", "call"}, exitUsage, "--dir"},
		{[]string{"schema", "form", "call", "--dir", dir}, exitDone, ""},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), tt.args, strings.NewReader(""), &out, &out); code != tt.code || !strings.Contains(out.String(), tt.says) {
			t.Errorf("tappa %s: exit %d, want %d; it says %q, want something with %q", strings.Join(tt.args, " "), code, tt.code, out.String(), tt.says)
		}
	}
	for _, name := range []string{"form.json", "call.json"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !json.Valid(b) {
			t.Errorf("%s is no JSON file: %v", name, err)
		}
	}
}
