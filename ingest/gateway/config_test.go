package gateway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestConfig(t *testing.T) {
	c, err := load(t, `
listen: 127.0.0.1:0
public: https://hooks.example.com/
limits: {publish: 3s}
sources:
  - {name: zendesk, secret_env: TWO, window: 1m}
  - {name: site, vendor: form, auth: open, rate: 5}
`)
	if err != nil {
		t.Fatal(err)
	}
	if c.Public != "https://hooks.example.com" || c.Limits.Publish != 3*time.Second || c.Limits.Body != 1_000_000 {
		t.Errorf("%+v", c)
	}
	if z := c.Sources[0]; z.Auth != authSignature || z.Window != time.Minute || len(z.Secrets.values) != 2 || z.Origin != "zendesk" {
		t.Errorf("%+v", z)
	}
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%v %+v %#v", *c, *c, *c)} {
		if strings.Contains(printed, "s3cret") || strings.Contains(printed, "115, 51, 99") {
			t.Errorf("a secret is printed: %s", printed)
		}
	}
}

// All that is wrong is said at once, each with its place and what was expected.
func TestConfigErrors(t *testing.T) {
	_, err := load(t, `
listen: here
public: hooks.example.com
tls: {cert: nowhere.pem}
limits: {body: 1000000, memory: 5}
sources:
  - {name: Zendesk, vendor: zendesk, secret_env: SECRET}
  - {name: fax}
  - {name: twilio, secret_env: EMPTY}
  - {name: freshdesk, auth: signature, secret_env: SECRET}
  - {name: freshdesk, secret_env: SECRET, secret_file: x}
  - {name: sendgrid, secret_env: SECRET}
  - {name: form, auth: open, secret_env: SECRET}
  - {name: form2, vendor: form, auth: hmac, hmac: {algorithm: md5}, secret_env: SECRET}
  - {name: crm, vendor: mapping, secret_env: SECRET}
  - {name: site, vendor: form, auth: none}
`)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`listen: "here", expected host:port`, `public: "hooks.example.com"`, "tls: expected both", "nowhere.pem", "limits.memory: 5",
		`name "Zendesk"`, `vendor "fax" is none of`, "sources[1] (fax): no secret", "sources[2] (twilio): the secret is empty",
		"freshdesk signs nothing", "sources[4] (freshdesk): there twice", "secret_env and secret_file", "the verification key that SendGrid shows",
		"a secret, and auth: open", "hmac.header is missing", `hmac.algorithm "md5"`, "expected a mapping file", `auth "none"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing says %q in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Error("a secret is in the error")
	}
	if _, err := load(t, "sources: [{name: form, auht: open}]\n"); err == nil || !strings.Contains(err.Error(), "auht") {
		t.Errorf("an unknown field: %v", err)
	}
}

// The configuration in the documentation is one.
func TestDocumentedConfig(t *testing.T) {
	text, err := os.ReadFile("../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "```yaml\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok || !strings.Contains(block, "zendesk-de") {
		t.Fatal("no configuration in docs/gateway.md")
	}
	mapping, err := filepath.Abs("../../deploy/examples/helpdesk/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	block = strings.Replace(block, "../deploy/examples/helpdesk/mapping.yaml", mapping, 1)
	if err := os.WriteFile(path, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, func(string) string { return "s3cret" })
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Sources) != 4 || c.Sources[3].Mapping == nil || c.Limits != (Limits{1_000_000, 256, 64 << 20, 10 * time.Second, 100_000}) {
		t.Errorf("%+v", c)
	}
}
