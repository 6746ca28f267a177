package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestWrongUsage expects what is wrong with a command line to be said, with exit code 2, before anything is opened.
func TestWrongUsage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "untouched")
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"dance"}, `no command "dance"`},
		{[]string{"up", "--dance"}, "--dance"},
		{[]string{"up", "somewhere"}, `"somewhere"`},
		{[]string{"up", "--demo", "--demo-end", "soon"}, `--demo-end "soon"`},
		{[]string{"up", "--demo", "--demo-cases", "many"}, "--demo-cases"},
		{[]string{"up", "--demo", "--demo-cases", "-1"}, "--demo-cases -1"},
		{[]string{"import"}, "name the files"},
		{[]string{"import", "--format", "xls", "f.xls"}, `--format "xls"`},
		{[]string{"import", "f.csv"}, `--format ""`},
		{[]string{"import", "--format", "csv", "f.csv"}, "--mapping"},
		{[]string{"report", "dance"}, `no report "dance"`},
		{[]string{"report", "dropoff", "timing"}, "one report at a time"},
		{[]string{"report", "dropoff", "--format", "xml"}, `"xml"`},
		{[]string{"report", "dropoff", "--as-of", "yesterday"}, "--as-of"},
		{[]string{"report", "dropoff", "--limit", "-1"}, "--limit -1"},
		{[]string{"report", "dropoff", "--by", "persona"}, "report dropoff does not take --by; it takes --from, --to, --as-of, --persona"},
		{[]string{"report", "dropoff", "--state", "lost_silent"}, "report dropoff does not take --state"},
		{[]string{"report", "coverage", "--persona", "buyer"}, "report coverage does not take --persona; it takes --from, --to, --as-of"},
		{[]string{"report", "timing", "--case", "x"}, "report timing does not take --case"},
		{[]string{"report", "timing", "--activity", "y"}, "report timing does not take --activity"},
		{[]string{"report", "dropoff", "--lang", "fr"}, `"--lang" flag: there are: it, en`},
		{[]string{"kpi", "--lang", "fr"}, `"--lang" flag: there are: it, en`},
		{[]string{"export", "map", "--lang", "fr"}, `"--lang" flag: there are: it, en`},
		{[]string{"check"}, "which file"},
		{[]string{"serve"}, "TAPPA_KAFKA_BROKERS"},
		{[]string{"serve", "everything"}, `"everything"`},
		{[]string{"serve", "--roles", "dance"}, "TAPPA_KAFKA_BROKERS"},
		{[]string{"version", "of", "what"}, `"of"`},
	} {
		args := test.args
		if name := args[0]; name == "up" || name == "import" || name == "report" {
			args = append(args, "--data", dir)
		}
		out, errOut, code := tappa(t, "", args...)
		if code != exitUsage || !strings.Contains(errOut, test.says) || !strings.HasPrefix(errOut, "tappa: ") || out != "" {
			t.Errorf("tappa %v: exit code %d, want %d; says %q, want %q among it\n%s", test.args, code, exitUsage, errOut, test.says, out)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a wrong command line made a data directory")
	}
}

// TestImportFails expects imports that cannot be done to say why, with exit code 1.
func TestImportFails(t *testing.T) {
	work := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(work, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	journey, mapping := example("reports", "journey.yaml"), example("reports", "mapping.yaml")
	log := file("log.csv", "Id;Stato;Anno;Creato;Chiusa;DescrizioneBreve;Categoria\n1;aperta;2024;2024-01-02;;App;Buche\n")
	for _, test := range []struct {
		name string
		args []string
		says []string
	}{
		{"no file", []string{"--journey", journey, "--format", "csv", "--mapping", mapping, "missing.csv"}, []string{"missing.csv"}},
		{"no mapping", []string{"--journey", journey, "--format", "csv", "--mapping", "missing.yaml", log}, []string{"missing.yaml"}},
		{
			"bad mapping",
			[]string{"--journey", journey, "--format", "csv", "--mapping", file("bad.yaml", "origin: x\nevents:\n  - dance: 1\n"), log},
			[]string{"bad.yaml:3:", "dance"},
		},
		{
			"another file's mapping",
			[]string{"--journey", journey, "--format", "csv", "--mapping", mapping, file("other.csv", "a;b\n1;2\n")},
			[]string{"other.csv", `no column "`, "mapping.yaml:"},
		},
		{
			"another format",
			[]string{"--journey", journey, "--format", "xes", "--mapping", mapping, log},
			[]string{"log.csv"},
		},
		{"no journey", []string{"--format", "csv", "--mapping", mapping, log}, []string{"--journey"}},
		{"bad journey", []string{"--journey", file("journey.yaml", "journey: x\ndance: 1\n"), "--format", "csv", "--mapping", mapping, log}, []string{"journey.yaml:2:"}},
		{"a folder", []string{"--journey", journey, "--format", "csv", "--mapping", mapping, work}, []string{work}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			out, errOut, code := tappa(t, "", append([]string{"import", "--data", dir}, test.args...)...)
			if code != exitFailed {
				t.Errorf("exit code %d, want %d\n%s%s", code, exitFailed, out, errOut)
			}
			for _, says := range test.says {
				if !strings.Contains(errOut, says) {
					t.Errorf("says %q, want %q among it", errOut, says)
				}
			}
		})
	}
}

// TestRowErrors imports a file with rows that cannot be used: each is named with file, line and column, the exit code
// is 1, and the rows around them are in.
func TestRowErrors(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(t.TempDir(), "log.csv")
	content := strings.Join([]string{
		"Id;Stato;Anno;Creato;Chiusa;DescrizioneBreve;Categoria",
		"1;aperta;2024;2024-01-02;;App;Buche",
		"2;aperta;2024;the other day;;App;Buche", // no time
		"3;chiusa;2024;2024-01-03;2024-01-05;App;Buche",
		"4;aperta;2024",                            // too few
		";aperta;2024;2024-01-04;;App;Buche",       // no ticket: a dead letter
		"6;chiusa;2024;2024-01-04;never;App;Buche", // opened, and no time of closing
		"7;aperta;2024;2024-01-05;;App;Buc\xffhe",
		"8;archiviata;2024;2024-01-06;2024-01-06;App;Buche",
		"",
	}, "\n")
	if err := os.WriteFile(log, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"import", "--data", dir, "--journey", example("reports", "journey.yaml"), "--format", "csv",
		"--mapping", example("reports", "mapping.yaml"), log,
	}
	out, errOut, code := tappa(t, "", append(args, "--dry-run")...)
	if code != exitFailed || !strings.Contains(out, "7 events would be published") {
		t.Errorf("dry run: exit code %d\n%s%s", code, out, errOut)
	}
	out, errOut, code = tappa(t, "", args...)
	if code != exitFailed || !strings.Contains(errOut, "could not be mapped") {
		t.Errorf("exit code %d, want %d; says %q", code, exitFailed, errOut)
	}
	for _, says := range []string{
		fmt.Sprintf("%s:3: column %q", log, "Creato"), log + ":5: ", fmt.Sprintf("%s:7: column %q", log, "Chiusa"), log + ":8: ",
		"dead: bad-payload        1", "stored    6 interactions",
	} {
		if !strings.Contains(out, says) {
			t.Errorf("%q is not said:\n%s", says, out)
		}
	}
	if got := len(rows(t, dir, "cases")); got != 4 { // 1, 3, 6, 8
		t.Errorf("%d cases, want 4", got)
	}
}

// TestHeldDirectory runs commands on a directory that `tappa up` holds: what would write there says who has it, and
// reports go through the holder.
func TestHeldDirectory(t *testing.T) {
	dir := t.TempDir()
	journey, mapping := example("reports", "journey.yaml"), example("reports", "mapping.yaml")
	log := filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(log, []byte("Id;Stato;Anno;Creato;Chiusa;DescrizioneBreve;Categoria\n1;aperta;2024;2024-01-02;;App;Buche\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	load := []string{"import", "--data", dir, "--journey", journey, "--format", "csv", "--mapping", mapping, log}
	mustTappa(t, load...)
	alone := mustTappa(t, "report", "cases", "--data", dir, "--format", "json")

	up := exec.Command(binary, "up", "--data", dir, "--listen", "127.0.0.1:0")
	out, err := up.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = up.Process.Signal(syscall.SIGTERM)
		if err := up.Wait(); err != nil {
			t.Error(err)
		}
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "tappa is up") {
	}
	holder := fmt.Sprintf("process %d", up.Process.Pid)
	for _, args := range [][]string{load, {"up", "--data", dir, "--listen", "127.0.0.1:0"}} {
		if _, errOut, code := tappa(t, "", args...); code != exitFailed || !strings.Contains(errOut, holder) || !strings.Contains(errOut, "--data") {
			t.Errorf("tappa %s: exit code %d, want %d; says %q, want %q among it", args[0], code, exitFailed, errOut, holder)
		}
	}
	through := mustTappa(t, "report", "cases", "--data", dir, "--format", "json")
	if through != alone || !json.Valid([]byte(through)) {
		t.Errorf("through the holder:\n%s\nalone:\n%s", through, alone)
	}
}

// TestReportOfNothing says what to do where nothing was imported yet.
func TestReportOfNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, errOut, code := tappa(t, "", "report", "dropoff", "--data", dir); code != exitFailed || !strings.Contains(errOut, "import") {
		t.Errorf("exit code %d, says %q", code, errOut)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a report made a data directory")
	}
}
