package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tappa/internal/testenv"
)

// binary is tappa as users run it, built once for these tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tappa-e2e-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "tappa")
	args := append([]string{"build"}, buildFlags...)
	if out, err := exec.Command("go", append(args, "-o", binary, ".")...).CombinedOutput(); err != nil {
		panic(string(out))
	}
	return testenv.Main(m)
}

// tappa runs a command line and returns what it printed and its exit code.
func tappa(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewBufferString(stdin), &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run tappa %v: %v", args, err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// mustTappa is tappa for command lines that have to succeed.
func mustTappa(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, code := tappa(t, "", args...)
	if code != exitDone {
		t.Fatalf("tappa %v: exit code %d\n%s%s", args, code, out, errOut)
	}
	return out
}

// rows runs a report and decodes its JSON.
func rows(t *testing.T, dir, name string, args ...string) []map[string]any {
	t.Helper()
	out := mustTappa(t, append([]string{"report", name, "--data", dir, "--format", "json"}, args...)...)
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatalf("report %s: %v\n%s", name, err, out)
	}
	return rows
}

// example is a folder of deploy/examples.
func example(name ...string) string {
	return filepath.Join(append([]string{"..", "..", "deploy", "examples"}, name...)...)
}
