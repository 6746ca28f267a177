package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tappa/alert"
)

func TestAlertCommands(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "alerts.yaml")
	text := "notify: {desk: {webhook: {url: \"http://127.0.0.1:1/\"}}}\nalerts:\n  - {id: a, labels: {en: A}, report: waiting, column: rows, above: 10, notify: [desk]}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := tappaCommand(t, "", "alert", "check", file); code != exitDone || !strings.Contains(out, "is good: 1 alert,") {
		t.Errorf("check: exit %d, %s%s", code, out, errOut)
	}
	if code, out, _ := tappaCommand(t, "", "alert", "schema"); code != exitDone || !strings.Contains(out, "Alerts of tappa") {
		t.Errorf("schema: exit %d", code)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(text, "desk]", "disk]", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	stage := write(t, filepath.Join(dir, "stage.yaml"), strings.Replace(text, "above", "filter: {stage: contatto}, above", 1))
	shop := write(t, filepath.Join(dir, "shop.yaml"), mailJourney)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"alert", "check", stage, "--journey", shop}, stage + ":3:70: journey shop has no stage \"contatto\"; did you mean \"contact\"?"},
		{[]string{"alert", "check", file}, file + ":3:81: nobody is called \"disk\" under notify; did you mean \"desk\"?"},
		{[]string{"up", "--data", dir, "--alerts", filepath.Join(dir, "none.yaml"), "--listen", "127.0.0.1:0", "--demo", "--demo-cases", "1"}, "none.yaml"},
		{[]string{"alert", "list", "--alerts", file, "--at", "now"}, "write it like 2026-06-30T12:00:00Z"},
		{[]string{"alert", "check"}, "accepts 1 arg"},
		{[]string{"up", "--refresh", "monthly"}, "is no timetable"},
		{[]string{"up", "--token-file", filepath.Join(dir, "none")}, "none"},
		{[]string{"note", "add", "--text", "x", "--by", "y", "--feeling", "sad"}, "a number from -2 to 2"},
		{[]string{"export", "snapshot"}, "--month and snapshot go together"},
		{[]string{"export", "cases", "--month", "2026-01"}, "--month and snapshot go together"},
	} {
		if code, _, errOut := tappaCommand(t, "", c.args...); code == exitDone || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit %d, %s; want %q", c.args, code, errOut, c.want)
		}
	}
}

// TestOver: a number whose column does not say over how many it is, is not one over nothing.
func TestOver(t *testing.T) {
	some, none := 3600., 0.
	for want, f := range map[string]alert.Finding{"7": {Value: &some, N: 7}, "–": {Value: &some}, "0": {Value: &none}} {
		if got := over(f); got != want {
			t.Errorf("%+v: got %s, want %s", f, got, want)
		}
	}
}
