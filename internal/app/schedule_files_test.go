package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// deployed reads a file of deploy/.
func deployed(t *testing.T, name ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "deploy"}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCronJob reads the Kubernetes manifest and checks what a cluster would run, by which variables.
func TestCronJob(t *testing.T) {
	text := deployed(t, "k8s", "refresh.yaml")
	type container struct {
		Args    []string
		EnvFrom []any `yaml:"envFrom"`
		Env     []struct{ Name, Value string }
	}
	var job struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Spec       struct {
			Schedule          string
			ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
			JobTemplate       struct {
				Spec struct {
					Template struct {
						Spec struct {
							RestartPolicy string `yaml:"restartPolicy"`
							Containers    []container
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	if err := yaml.Unmarshal([]byte(text), &job); err != nil {
		t.Fatal(err)
	}
	pod := job.Spec.JobTemplate.Spec.Template.Spec
	if job.APIVersion != "batch/v1" || job.Kind != "CronJob" || job.Spec.ConcurrencyPolicy != "Forbid" || pod.RestartPolicy != "Never" || len(pod.Containers) != 1 {
		t.Fatalf("got %+v", job)
	}
	if got := pod.Containers[0].Args; !slices.Equal(got, []string{"refresh"}) {
		t.Errorf("it runs tappa %v", got)
	}
	var usage strings.Builder
	if err := ConfigUsage(&usage); err != nil {
		t.Fatal(err)
	}
	for _, e := range pod.Containers[0].Env {
		if !strings.Contains(usage.String(), e.Name+"\n") {
			t.Errorf("there is no variable %s", e.Name)
		}
	}
	for _, v := range regexp.MustCompile(`TAPPA_[A-Z_]+`).FindAllString(text, -1) {
		if !strings.Contains(usage.String(), v+"\n") {
			t.Errorf("the manifest names %s, which is no variable", v)
		}
	}
	if schedule := regexp.MustCompile(`^\d+ \d+ 1-7 \* \*$`); !schedule.MatchString(job.Spec.Schedule) {
		t.Errorf("schedule %q", job.Spec.Schedule)
	}
}

// TestCronAndTimer: the crontab and the systemd units run the same command on the same days.
func TestCronAndTimer(t *testing.T) {
	for name, want := range map[string]string{"cron.example": `(?m)^0 4 1-7 \* \*  .*/tappa refresh`, "systemd/tappa-refresh.service": `(?m)^ExecStart=\S*/tappa refresh$`, "systemd/tappa-refresh.timer": `(?m)^OnCalendar=\*-\*-01\.\.07 04:00:00$`} {
		if text := deployed(t, filepath.FromSlash(name)); !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("%s does not have %s", name, want)
		}
	}
}

// TestUnitsHaveTheSamePasswords: what freezes months reads the variables and gets the passwords that the server gets, and as
// that one it needs no account.
func TestUnitsHaveTheSamePasswords(t *testing.T) {
	serve, refresh := deployed(t, "systemd", "tappa.service"), deployed(t, "systemd", "tappa-refresh.service")
	lines := regexp.MustCompile(`(?m)^#?(EnvironmentFile|LoadCredential|Environment|DynamicUser|User)=.*$`)
	want, got := lines.FindAllString(serve, -1), lines.FindAllString(refresh, -1)
	if !slices.Equal(got, want) || len(want) < 4 {
		t.Errorf("tappa-refresh.service has %q, tappa.service %q", got, want)
	}
}

// TestVariablesFileForShells has the crontab's shell read a file of variables as systemd's units read it, too.
func TestVariablesFileForShells(t *testing.T) {
	command, found := strings.CutPrefix(regexp.MustCompile(`(?m)^0 4 .*$`).FindString(deployed(t, "cron.example")), "0 4 1-7 * *  ")
	quoted := regexp.MustCompile(`TAPPA_REFRESH='[^']+'`).FindString(deployed(t, "cron.example"))
	if !found || quoted == "" {
		t.Fatalf("the crontab runs %q, and shows %q", command, quoted)
	}
	command = strings.NewReplacer("/etc/tappa/tappa.env", file(t, "tappa.env", quoted+"\nTAPPA_TOPIC_PATTERN='crm\\..*'\n"), "/usr/local/bin/tappa refresh", "env").Replace(command)
	out, err := exec.CommandContext(t.Context(), "bash", "-c", command+`; printf '%s\n' "$out"`).CombinedOutput()
	for _, want := range []string{"\nTAPPA_REFRESH=1-7 04:00\n", "\nTAPPA_TOPIC_PATTERN=crm\\..*\n"} {
		if err != nil || !strings.Contains("\n"+string(out), want) {
			t.Errorf("the crontab's shell: error %v, no %q in\n%s", err, want, out)
		}
	}
}
