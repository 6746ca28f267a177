package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

const template = "../../journey/templates/machinery.yaml"

// tappaCommand runs a command line and returns its exit code and what it wrote.
func tappaCommand(t *testing.T, in string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(in), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestCheckTemplates(t *testing.T) {
	files, err := filepath.Glob("../../journey/templates/*.tests.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	code, out, errOut := tappaCommand(t, "", append([]string{"check"}, files...)...)
	if code != exitDone || errOut != "" || strings.Count(out, "\n") != len(files) {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
}

// TestCheckFindings holds check to say what is wrong, where, and to fail.
func TestCheckFindings(t *testing.T) {
	good, err := os.ReadFile("../../journey/testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ok := file("ok.yaml", strings.Replace(string(good), "    stage: purchase\n", "", 1))
	failing := file("failing.yaml", string(good))
	file("failing.tests.yaml", `- name: the form is a form
  given: {type: form.submitted, to: contact}
  expect: {touchpoint: contact-form}
- name: the form is a call
  given: {type: form.submitted, to: contact}
  expect: {touchpoint: phone, stages: [evaluation, purchase], persona: ""}
`)
	wrongTests := file("wrong-tests.yaml", string(good))
	file("wrong-tests.tests.yaml", "- name: x\n  given: {tipe: form.submitted}\n  expect: {rule: x}\n")
	bad := file("bad.yaml", strings.Replace(string(good), "silence: 30d", "silence: long", 1))

	tests := []struct {
		name string
		args []string
		code int
		want []string // parts of what it says, in order
	}{
		{"good", []string{ok}, exitDone, []string{"ok.yaml: small, version ", "4 rules; no tagging tests beside it"}},
		{"failing test", []string{failing}, exitFailed, []string{
			"failing.yaml:43:12: warning: stage",
			"failing.tests.yaml:4: the form is a call (-got, +want)\n\t-touchpoint: contact-form\n\t+touchpoint: phone\n\t-stages: [evaluation]\n\t+stages: [evaluation, purchase]\n",
			"1 of 2 tagging tests pass", "tappa: 1 tagging test failed",
		}},
		{"tests file with a mistake", []string{wrongTests}, exitFailed, []string{`wrong-tests.tests.yaml:2:11: unknown field "tipe"; did you mean "type"?`}},
		{"all files are looked at", []string{bad, ok}, exitFailed, []string{`bad.yaml:10:74: "long" is not a duration`, "ok.yaml: small", "tappa: 1 file cannot be used"}},
		{"no such file", []string{filepath.Join(dir, "none.yaml")}, exitFailed, []string{"no such file"}},
		{"no file", nil, exitUsage, []string{"which file?"}},
	}
	for _, tt := range tests {
		code, out, errOut := tappaCommand(t, "", append([]string{"check"}, tt.args...)...)
		if code != tt.code {
			t.Errorf("%s: exit code %d, want %d", tt.name, code, tt.code)
		}
		rest := out + errOut
		for _, want := range tt.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: lacks %q:\n%s", tt.name, want, out+errOut)
				break
			}
			rest = after
		}
	}
}

func TestCheckSchema(t *testing.T) {
	code, out, _ := tappaCommand(t, "", "check", "--schema")
	if code != exitDone || !json.Valid([]byte(out)) {
		t.Errorf("exit code %d, schema %.60s", code, out)
	}
}

// TestExplainCommand holds explain to the same answer in both forms of an interaction and both formats.
func TestExplainCommand(t *testing.T) {
	short := `{"type": "call.missed", "data": {"number": "+390521940130", "customer": {"phone": "+393351112223"}}}`
	event := `{"specversion": "1.0", "id": "1", "source": "pbx", "type": "tappa.call.missed", "time": "2026-03-02T09:00:00Z",
		"data": {"direction": "inbound", "number": "+390521940130", "customer": {"phone": "335 1112223"}}}`
	code, out, errOut := tappaCommand(t, short+event, "explain", "--journey", template, "--format", "json")
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	dec := json.NewDecoder(strings.NewReader(out))
	for n := range 2 {
		var got explanation
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if told := got.Told != nil && got.Told.ID == "1" && slices.Equal(got.Told.Keys, []journey.ContactKey{"phone:+393351112223"}); told != (n > 0) {
			t.Errorf("interaction %d: said what the event became: %v", n, told)
		}
		if got.Tag == nil || got.Tag.Rule != "showroom call" || got.Tag.Touchpoint != "showroom" || got.Tag.Channel != "phone" {
			t.Errorf("tag %+v", got.Tag)
		}
		verdicts := map[string]bool{}
		for _, trial := range got.Rules {
			verdicts[trial.Name] = trial.Decides
		}
		want := map[string]bool{"answering machine": false, "toll-free call": false, "switchboard call": false, "showroom call": true, "salesperson's call": false}
		if diff := cmp.Diff(verdicts, want); diff != "" {
			t.Errorf("rules (-got, +want):\n%s", diff)
		}
	}

	code, out, _ = tappaCommand(t, short, "explain", "--journey", template)
	for _, want := range []string{
		`rule "showroom call" of ` + template, "touchpoint  showroom", "no  toll-free call", "fails  data.number ==",
		`data.number = "+390521940130"`, "YES showroom call", "data.reason = missing",
	} {
		if code != exitDone || !strings.Contains(out, want) {
			t.Errorf("exit code %d, text lacks %q:\n%s", code, want, out)
		}
	}
}

func TestExplainUnmappedAndMistakes(t *testing.T) {
	row := `{"start": "2026-03-02 09:30:00", "src": "0669821", "dst": "+390521940130", "disposition": "NO ANSWER", "uniqueid": "1.1"}`
	code, out, _ := tappaCommand(t, row, "explain", "--journey", template, "--record", "asterisk-cdr")
	const became = "call.missed, inbound, at 2026-03-02T08:30:00Z\n  id          \"1.1/missed\" of asterisk\n  customer    phone:+390669821\n\nrule \"showroom call\""
	if code != exitDone || !strings.HasPrefix(out, became) {
		t.Errorf("exit code %d: %s, want %s", code, out, became)
	}
	code, out, _ = tappaCommand(t, `{"source": "crm", "type": "lead.converted"}`, "explain", "--journey", template)
	if code != exitDone || !strings.HasPrefix(out, "unmapped: no rule of "+template) {
		t.Errorf("exit code %d: %s", code, out)
	}
	for name, tt := range map[string]struct {
		in, want string
		args     []string
		code     int
	}{
		"no journey":     {"{}", "which journey?", []string{"explain"}, exitUsage},
		"bad format":     {"{}", "use text or json", []string{"explain", "--journey", template, "--format", "xml"}, exitUsage},
		"not JSON":       {"type: call", "not a JSON object", []string{"explain", "--journey", template}, exitFailed},
		"unknown field":  {`{"typ": "x"}`, `"typ"`, []string{"explain", "--journey", template}, exitFailed},
		"unknown source": {`{"source": "mail"}`, `did you mean "email"?`, []string{"explain", "--journey", template}, exitFailed},
		"bad event":      {`{"specversion": "1.0"}`, "interaction 1:", []string{"explain", "--journey", template}, exitFailed},
		"bad record":     {"", `--record "fax"`, []string{"explain", "--journey", template, "--record", "fax"}, exitUsage},
		"no mail":        {"hello", "malformed: no mail", []string{"explain", "--journey", template, "--record", "rfc5322"}, exitFailed},
		"empty input":    {"", "standard input is empty", []string{"explain", "--journey", template}, exitFailed},
	} {
		code, out, errOut := tappaCommand(t, tt.in, tt.args...)
		if code != tt.code || !strings.Contains(errOut, tt.want) {
			t.Errorf("%s: exit code %d, want %d; %s%s", name, code, tt.code, out, errOut)
		}
	}
}
