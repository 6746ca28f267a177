package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tappa/ingest"
	"tappa/internal/testenv"
	"tappa/journey"
)

const servedAlerts = `
notify: {desk: {webhook: {url: "http://127.0.0.1:1/"}}}
alerts:
  - {id: crowd, labels: {en: Many wait}, report: waiting, column: rows, above: 1000000, notify: [desk]}
`

// post sends JSON to the API, with a token if there is one, and gives the status.
func post(t *testing.T, url, body, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode
}

// TestServe runs tappa against servers, as in production, beside `tappa verify` and `tappa replay`, all configured by
// variables.
func TestServe(t *testing.T) {
	db, brokers := testenv.ClickHouse(t), testenv.Kafka(t)
	definition, err := journey.Templates.ReadFile("templates/machinery.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"journey.yaml": string(definition), "password": "none needed\n", "token": "geheim\n", "alerts.yaml": servedAlerts} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"KAFKA_BROKERS": brokers[0], "CLICKHOUSE": db.Addr, "CLICKHOUSE_PROTOCOL": "http", "DATABASE": db.Database, "LISTEN": "127.0.0.1:0",
		"JOURNEYS": dir + "/journey.yaml", "PASSWORD_FILE": dir + "/password", "API_TOKEN_FILE": dir + "/token",
		"ALERTS": dir + "/alerts.yaml", "REFRESH": "1-7 04:00", "WALK_PART": "1/2",
	} {
		t.Setenv("TAPPA_"+name, value)
	}
	url := serve(t)
	const n = 40
	var messages []ingest.Message
	for i := range n {
		messages = append(messages, ingest.Message{Value: []byte(fmt.Sprintf(
			`{"specversion":"1.0","id":"%d","source":"site","type":"tappa.form.submitted","time":"2026-03-02T09:00:00Z","data":{"form":"contact","customer":{"email":"c%d@example.com"}}}`, i, i))})
	}
	messages = append(messages, ingest.Message{Value: []byte("{")}, messages[0])
	producer := ingest.NewProducer(brokers, ingest.DefaultTopic)
	if err := producer.Publish(t.Context(), messages...); err != nil {
		t.Error(err)
	}
	if err := producer.Close(); err != nil {
		t.Error(err)
	}
	accounted := regexp.MustCompile(`all +42 +40 +1 +1 +0 +0 +0 +0 +0\n`)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		out, errOut, code := tappa(t, "", "verify")
		if code == exitDone && accounted.MatchString(out) {
			break
		}
		if code != exitDone || time.Now().After(deadline) {
			t.Fatalf("verify: exit code %d, %s%s", code, out, errOut)
		}
	}
	if code, text := get(t, url+"readyz"); code != http.StatusOK {
		t.Errorf("readyz: %d %s", code, text)
	}
	if _, text := get(t, url+"metrics"); !strings.Contains(text, "tappa_ingest_progress_timestamp_seconds") {
		t.Errorf("no metric tells the progress:\n%s", text)
	}
	out, errOut, code := tappa(t, "", "replay", "--dry-run")
	if code != exitDone || !strings.Contains(out, "malformed-json") {
		t.Errorf("replay: exit code %d, %s%s", code, out, errOut)
	}
	for token, want := range map[string]int{"": http.StatusUnauthorized, "falsch": http.StatusUnauthorized, "geheim": http.StatusCreated} {
		if code := post(t, url+"api/v1/journeys/machinery/notes", `{"text":"solo","by":"Anna"}`, token); code != want {
			t.Errorf("a note with token %q: status %d, want %d", token, code, want)
		}
	}
	if out, errOut, code := tappa(t, "", "note", "list"); code != exitDone || strings.Count(out, "solo") != 1 {
		t.Errorf("note list on servers: exit code %d, %s%s", code, out, errOut)
	}
	if code, body := get(t, url+"api/v1/alerts"); code != http.StatusOK || !strings.Contains(body, "crowd") {
		t.Errorf("alerts: status %d, %s", code, body)
	}
	secondPart(t, url)
	t.Setenv("TAPPA_ROLES", "dashboards") // and not what watches
	if code, body := get(t, serve(t)+"api/v1/alerts"); code != http.StatusOK || !strings.Contains(body, "crowd") {
		t.Errorf("alerts where they are not watched: status %d, %s", code, body)
	}
	if _, errOut, code := tappa(t, "", "serve", "--roles", "dance"); code != exitUsage || !strings.Contains(errOut, "dance") {
		t.Errorf("role dance: exit code %d, %s", code, errOut)
	}
	for name, value := range map[string]string{"JOURNEYS": "/elsewhere/journey.yaml", "ALERTS": "/elsewhere/alerts.yaml", "API_TOKEN_FILE": "/elsewhere/token"} {
		t.Setenv("TAPPA_"+name, value) // as where only the process that serves has its files
	}
	if out, errOut, code := tappa(t, "", "verify"); code != exitDone || !accounted.MatchString(out) {
		t.Errorf("verify without the files of serve: exit code %d, %s%s", code, out, errOut)
	}
	if _, errOut, code := tappa(t, "", "serve"); code != exitUsage || strings.Count(errOut, "/elsewhere/") != 3 {
		t.Errorf("serve without its files: exit code %d, %s", code, errOut)
	}
	t.Setenv("TAPPA_JOURNEYS", "")
	t.Setenv("TAPPA_ALERTS", "")
	t.Setenv("TAPPA_API_TOKEN_FILE", "")
	t.Setenv("TAPPA_DATABASE", db.Database+"_not_there")
	for _, command := range [][]string{{"verify"}, {"report", "dropoff"}, {"note", "list"}} {
		_, errOut, code := tappa(t, "", command...)
		if want := `there is no database "` + db.Database + `_not_there"`; code != exitFailed || !strings.Contains(errOut, want) {
			t.Errorf("%v on a database that is not there: exit code %d, %s, want %s", command, code, errOut, want)
		}
	}
	t.Setenv("TAPPA_DATABASE", db.Database)
	t.Setenv("TAPPA_LISTEN", strings.Trim(strings.TrimPrefix(url, "http:"), "/"))
	if _, errOut, code := tappa(t, "", "serve", "--roles", "dashboards"); code != exitFailed || !strings.Contains(errOut, "TAPPA_LISTEN") {
		t.Errorf("an address that is taken: exit code %d, %s", code, errOut)
	}
}

// secondPart starts the other half of the walk: until then the first one, which has walked its own, says that some is left.
func secondPart(t *testing.T, url string) {
	t.Helper()
	const none = "\ntappa_walk_backlog_offsets 0\n"
	await := func(want bool, what string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
			_, text := get(t, url+"metrics")
			if strings.Contains(text, "\ntappa_walk_backlog_offsets ") && strings.Contains(text, none) == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s:\n%s", what, text)
			}
		}
	}
	await(false, "one part of two walks, and there is no backlog")
	t.Setenv("TAPPA_WALK_PART", "2/2")
	t.Setenv("TAPPA_ROLES", "aggregate")
	serve(t)
	await(true, "both parts of two walk, and there is a backlog")
}

// serve starts `tappa serve`, and stops it with the test. It returns its address.
func serve(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(binary, "serve")
	var logs bytes.Buffer
	cmd.Stderr = &logs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil || strings.Contains(logs.String(), "none needed") {
			t.Errorf("serve: %v\n%s", err, logs.String())
		}
		if nanoseconds := regexp.MustCompile(`"took":[0-9]`); nanoseconds.MatchString(logs.String()) {
			t.Errorf("serve logs durations without a unit:\n%s", logs.String())
		}
	})
	_, url, found := strings.Cut(strings.TrimSpace(line), " on ")
	if err != nil || !found {
		t.Fatalf("serve printed %q, error %v\n%s", line, err, logs.String())
	}
	return url
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
