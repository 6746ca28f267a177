package app

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/internal/testenv"
)

const gatewayYAML = `
listen: 127.0.0.1:0
sources:
  - {name: zendesk, secret_env: GATEWAY_SECRET}
  - {name: segment, auth: token, secret_env: GATEWAY_SECRET}
  - {name: website, vendor: form, auth: open}
`

// hook posts a body to a running gateway, and returns the answer's status.
func hook(t *testing.T, url, body string, headers map[string]string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// zendeskHook posts a body as Zendesk signs it.
func zendeskHook(t *testing.T, url, body, secret string) int {
	t.Helper()
	stamp := time.Now().UTC().Format(time.RFC3339)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + body))
	return hook(t, url, body, map[string]string{
		"X-Zendesk-Webhook-Signature-Timestamp": stamp,
		"X-Zendesk-Webhook-Signature":           base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	})
}

// From webhooks to rows: a visit, a form, a user and a comment arrive at the gateway of a running tappa, by three
// vendors. They are one person's, tagged by the journey's rules, and what the customer wrote has a mood.
func TestGatewayToRows(t *testing.T) {
	t.Setenv("GATEWAY_SECRET", "s3cret")
	dir := t.TempDir()
	config := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(config, []byte(gatewayYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	up := startUp(t, UpOptions{Dir: filepath.Join(dir, "data"), Journeys: []string{machineryFile}, Gateway: config})
	defer up.stopUp()
	base := regexp.MustCompile(`at (http://[0-9.:]+/in/)NAME`).FindStringSubmatch(up.said)[1]
	at := func(minutes int) string {
		return time.Now().UTC().Add(time.Duration(minutes-60) * time.Minute).Format(time.RFC3339)
	}

	segment := fmt.Sprintf(`{"batch": [
		{"type": "page", "messageId": "m1", "anonymousId": "9f3c", "name": "Forni", "properties": {"path": "/guide/forni"}, "timestamp": %q},
		{"type": "identify", "messageId": "m2", "anonymousId": "9f3c", "userId": "u1", "traits": {"email": "Anna@Acme.it"}, "timestamp": %q}]}`, at(0), at(1))
	user := fmt.Sprintf(`{"type": "zen:event-type:user.created", "id": "z1", "time": %q, "detail": {"id": "77", "email": "anna@acme.it", "role": "end-user"}}`, at(2))
	comment := fmt.Sprintf(`{"type": "zen:event-type:ticket.comment_added", "id": "z2", "time": %q,
		"detail": {"id": "12", "requester_id": "77", "actor_id": "77", "subject": "Forno", "status": "OPEN", "description": "Aiuto"},
		"event": {"comment": {"body": "Sono furiosa: pessimo servizio, il forno è rotto e nessuno risponde!", "is_public": true, "author": {"id": "77", "is_staff": false}}}}`, at(3))
	for what, status := range map[string]int{
		"segment":                       hook(t, base+"segment", segment, map[string]string{"Authorization": "Bearer s3cret"}),
		"form":                          hook(t, base+"website", "form=contatto&email=anna%40acme.it&messaggio=Vorrei+un+preventivo", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}),
		"zendesk user":                  zendeskHook(t, base+"zendesk", user, "s3cret"),
		"zendesk comment":               zendeskHook(t, base+"zendesk", comment, "s3cret"),
		"zendesk, of another (401)":     zendeskHook(t, base+"zendesk", strings.Replace(comment, "z2", "z3", 1), "secret") - 201,
		"nobody we know of (404)":       hook(t, base+"zendesk2", comment, nil) - 204,
		"segment without a token (401)": hook(t, base+"segment", segment, nil) - 201,
	} {
		if status != http.StatusOK {
			t.Errorf("%s: status %d", what, status)
		}
	}
	want := strings.Join([]string{
		"segment\tweb.visited\tarticle\t\tcrm:segment/u1",
		"segment\tcrm.linked\t\t\tcrm:segment/u1",
		"zendesk\tcrm.linked\t\t\tcrm:segment/u1",
		"zendesk\tticket.commented\thelp-desk\tnegative\tcrm:segment/u1",
		"website\tform.submitted\tcontact-form\tneutral\tcrm:segment/u1",
	}, "\n") + "\n"
	const query = `SELECT i.origin, i.type, i.touchpoint, i.mood_label, p.person
		FROM tappa.interactions AS i JOIN (SELECT * FROM tappa.people FINAL) AS p ON p.contact_key = i.contact_key
		ORDER BY i.occurred_at FORMAT TSV`
	got := ""
	for end := time.Now().Add(patience); got != want && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		got = sql(t, up.opts.Dir, query)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("rows (-got, +want):\n%s", diff)
	}
	pages := regexp.MustCompile(`up: (http://[0-9.:]+/)`).FindStringSubmatch(up.said)[1]
	if _, metrics := get(t, pages+"metrics"); !strings.Contains(metrics, `tappa_gateway_refused_total{reason="signature",source="zendesk"} 1`) {
		t.Errorf("what was refused is not counted:\n%s", metrics)
	}
}

// sql asks the ClickHouse of a running tappa, reading only.
func sql(t *testing.T, dir, query string) string {
	t.Helper()
	holder, err := readAnnouncement(dir)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post("http://"+holder.ClickHouse+"/", "text/plain", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", query, resp.StatusCode, text, err)
	}
	return string(text)
}

// A gateway that does nothing else needs Kafka alone; what is wrong with its configuration is said with everything else.
func TestServeGatewayAlone(t *testing.T) {
	brokers := testenv.Kafka(t)
	topic := testenv.Topic(t)
	t.Setenv("TAPPA_KAFKA_BROKERS", strings.Join(brokers, ","))
	t.Setenv("TAPPA_TOPICS", topic)
	t.Setenv("TAPPA_LISTEN", "127.0.0.1:0")
	if _, err := ReadConfig("gateway"); err == nil || !strings.Contains(err.Error(), "TAPPA_GATEWAY_CONFIG: missing") || strings.Contains(err.Error(), "CLICKHOUSE:") {
		t.Errorf("without its configuration: %v", err)
	}
	t.Setenv("TAPPA_GATEWAY_CONFIG", file(t, "bad.yaml", "sources: [{name: fax, auth: open}]\n"))
	if _, err := ReadConfig("gateway", "dance"); err == nil || !strings.Contains(err.Error(), `vendor "fax"`) || !strings.Contains(err.Error(), `"dance"`) {
		t.Errorf("with a bad one: %v", err)
	}
	t.Setenv("TAPPA_GATEWAY_CONFIG", file(t, "gateway.yaml", "listen: 127.0.0.1:0\nsources: [{name: website, vendor: form, auth: open}]\n"))
	config, err := ReadConfig("gateway")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Serve(ctx, config, w, quiet(t))
		_ = w.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(out)
	var said []string
	for len(said) < 2 && lines.Scan() {
		said = append(said, lines.Text())
	}
	if len(said) < 2 {
		t.Fatal(<-ended)
	}
	base := regexp.MustCompile(`at (http://[0-9.:]+/in/)NAME`).FindStringSubmatch(said[0])[1]
	if status := hook(t, base+"website", "email=anna%40acme.it", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	beside := regexp.MustCompile(`http://[0-9.:]+/`).FindString(said[1])
	if _, metrics := get(t, beside+"metrics"); !strings.Contains(metrics, `tappa_gateway_produced_total{source="website"} 1`) {
		t.Errorf("metrics:\n%s", metrics)
	}
	if status, text := get(t, beside+"readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
