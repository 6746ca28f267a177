package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sendGridKey is the tests' own key pair, as SendGrid shows the public half.
var sendGridPrivate, sendGridKey = func() (*ecdsa.PrivateKey, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return key, base64.StdEncoding.EncodeToString(der)
}()

const signedConfig = `
public: https://hooks.example.com
limits: {body: 20000, memory: 1000000}
sources:
  - {name: zendesk, secret_env: TWO}
  - {name: zammad, secret_env: SECRET}
  - {name: chatwoot, secret_env: SECRET}
  - {name: typeform, secret_env: SECRET}
  - {name: hubspot, secret_env: SECRET}
  - {name: segment, secret_env: SECRET}
  - {name: mailgun, secret_env: SECRET}
  - {name: sendgrid, secret_env: SENDGRID}
  - {name: twilio, secret_env: SECRET}
  - {name: postmark, secret_env: SECRET}
  - {name: shop, vendor: form, auth: hmac, secret_env: SECRET, hmac: {header: X-Shop, prefix: "v1=", timestamp: X-Time, between: "."}}
`

func h1(parts ...string) []byte {
	m := hmac.New(sha1.New, []byte("s3cret"))
	m.Write([]byte(strings.Join(parts, "")))
	return m.Sum(nil)
}

func h256(parts ...string) []byte {
	m := hmac.New(sha256.New, []byte("s3cret"))
	m.Write([]byte(strings.Join(parts, "")))
	return m.Sum(nil)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// signedRequest is a request as a vendor signs it at an instant. Where the signature stands in the body, header is "".
type signedRequest struct {
	body    string
	headers map[string]string
	header  string // where the signature stands
	path    string
}

// signing is, per vendor, how it signs by the document named.
var signing = map[string]func(at time.Time, body string) signedRequest{
	// developer.zendesk.com/documentation/webhooks/verifying: base64(HMACSHA256(TIMESTAMP + BODY))
	"zendesk": func(at time.Time, body string) signedRequest {
		ts := at.Format(time.RFC3339)
		return signedRequest{body: body, header: "X-Zendesk-Webhook-Signature", headers: map[string]string{
			"X-Zendesk-Webhook-Signature-Timestamp": ts, "X-Zendesk-Webhook-Signature": b64(h256(ts, body)),
		}}
	},
	// admin-docs.zammad.org/en/latest/manage/webhook: X-Hub-Signature, HMAC-SHA1
	"zammad": func(_ time.Time, body string) signedRequest {
		return signedRequest{body: body, header: "X-Hub-Signature", headers: map[string]string{"X-Hub-Signature": "sha1=" + hex.EncodeToString(h1(body))}}
	},
	// www.chatwoot.com/hc/user-guide, "How to use webhooks": sha256= hex of HMAC over timestamp.body
	"chatwoot": func(at time.Time, body string) signedRequest {
		return signedRequest{body: body, header: "X-Chatwoot-Signature", headers: map[string]string{
			"X-Chatwoot-Timestamp": unix(at), "X-Chatwoot-Signature": "sha256=" + hex.EncodeToString(h256(unix(at), ".", body)),
		}}
	},
	// www.typeform.com/developers/webhooks/secure-your-webhooks: sha256= base64 of HMAC over the body
	"typeform": func(_ time.Time, body string) signedRequest {
		return signedRequest{body: body, header: "Typeform-Signature", headers: map[string]string{"Typeform-Signature": "sha256=" + b64(h256(body))}}
	},
	// developers.hubspot.com, "Validating requests", v3: base64 of HMAC over method, address, body and timestamp in ms
	"hubspot": func(at time.Time, body string) signedRequest {
		ts := strconv.FormatInt(at.UnixMilli(), 10)
		return signedRequest{body: body, header: "X-HubSpot-Signature-v3", path: "/in/hubspot?q=a%2Fb", headers: map[string]string{
			"X-HubSpot-Request-Timestamp": ts,
			"X-HubSpot-Signature-v3":      b64(h256("POST", "https://hooks.example.com/in/hubspot?q=a/b", body, ts)),
		}}
	},
	// segment.com/docs/connections/destinations/catalog/webhooks: X-Signature, hex of HMAC-SHA1 over the body
	"segment": func(_ time.Time, body string) signedRequest {
		return signedRequest{body: body, header: "X-Signature", headers: map[string]string{"X-Signature": hex.EncodeToString(h1(body))}}
	},
	// documentation.mailgun.com, "Securing webhooks": hex of HMAC-SHA256 over timestamp and token, in the body
	"mailgun": func(at time.Time, body string) signedRequest {
		return signedRequest{body: `{"signature": {"timestamp": "` + unix(at) + `", "token": "t1", "signature": "` +
			hex.EncodeToString(h256(unix(at), "t1")) + `"}, "event-data": ` + body + `}`}
	},
	// www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features: ECDSA
	"sendgrid": func(at time.Time, body string) signedRequest {
		sum := sha256.Sum256([]byte(unix(at) + body))
		sig, err := ecdsa.SignASN1(rand.Reader, sendGridPrivate, sum[:])
		if err != nil {
			panic(err)
		}
		return signedRequest{body: body, header: "X-Twilio-Email-Event-Webhook-Signature", headers: map[string]string{
			"X-Twilio-Email-Event-Webhook-Timestamp": unix(at), "X-Twilio-Email-Event-Webhook-Signature": b64(sig),
		}}
	},
	// www.twilio.com/docs/usage/security#validating-requests: base64 of HMAC-SHA1 over address and sorted fields
	"twilio": func(_ time.Time, body string) signedRequest {
		return signedRequest{body: "To=%2B390521&CallSid=CA1&Z=" + url.QueryEscape(body), header: "X-Twilio-Signature", headers: map[string]string{
			"Content-Type":       "application/x-www-form-urlencoded",
			"X-Twilio-Signature": b64(h1("https://hooks.example.com/in/twilio", "CallSidCA1", "To+390521", "Z", body)),
		}}
	},
	// postmarkapp.com/developer/webhooks/webhooks-overview: a user and password in the address
	"postmark": func(_ time.Time, body string) signedRequest {
		return signedRequest{body: body, header: "Authorization", headers: map[string]string{"Authorization": "Basic " + b64([]byte("tappa:s3cret"))}}
	},
	"shop": func(at time.Time, body string) signedRequest {
		return signedRequest{body: body, header: "X-Shop", headers: map[string]string{"X-Time": unix(at), "X-Shop": "v1=" + hex.EncodeToString(h256(unix(at), ".", body))}}
	},
}

// flip changes one bit of a signature: of what it encodes, so that it is still well-formed.
func (r signedRequest) flip() signedRequest {
	out := r
	out.headers = map[string]string{}
	for name, value := range r.headers {
		out.headers[name] = value
	}
	if r.header == "" {
		j := strings.Index(r.body, `"signature": "`) + len(`"signature": "`)
		out.body = r.body[:j] + flipHex(r.body[j:j+64]) + r.body[j+64:]
		return out
	}
	value := out.headers[r.header]
	at := strings.LastIndexAny(value[:len(value)-2], "= ") + 1
	out.headers[r.header] = value[:at] + flipText(value[at:])
	return out
}

func flipHex(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	b[7] ^= 1
	return hex.EncodeToString(b)
}

func flipText(s string) string {
	if b, err := hex.DecodeString(s); err == nil {
		b[7] ^= 1
		return hex.EncodeToString(b)
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	b[7] ^= 1
	return b64(b)
}

// A request that is signed gets in, once; with one bit of its signature or of its body changed, with a time too old or
// too new, again, or too large, it is refused, counted, and not produced.
func TestSignatures(t *testing.T) {
	s := serve(t, signedConfig, nil)
	produced := 0
	for name, sign := range signing {
		body := `{"id": "1", "who": "` + name + `"}`
		send := func(r signedRequest) (int, string) {
			path := r.path
			if path == "" {
				path = "/in/" + name
			}
			status, a, _ := s.post(path, r.body, r.headers)
			return status, a.Refused
		}
		refused := func(what string, r signedRequest, status int, reason string) {
			t.Helper()
			before := s.count("refused_total", name, reason)
			got, why := send(r)
			if got != status || why != reason {
				t.Errorf("%s: %s: %d %q, want %d %q", name, what, got, why, status, reason)
			}
			if after := s.count("refused_total", name, reason); after != before+1 {
				t.Errorf("%s: %s: counted %v times", name, what, after-before)
			}
		}
		good := sign(now.Add(-time.Minute), body)
		refused("one bit off", good.flip(), http.StatusUnauthorized, reasonSignature)
		bare := good
		bare.headers = map[string]string{"Content-Type": good.headers["Content-Type"]}
		v := vendorOf(name)
		if good.header != "" && v.stamp == nil && name != "shop" {
			refused("unsigned", bare, http.StatusUnauthorized, reasonSignature)
		}
		if good.header != "" && name != "postmark" {
			changed := good
			changed.body = good.body[:len(good.body)-1] + string(good.body[len(good.body)-1]^1)
			refused("another body", changed, http.StatusUnauthorized, reasonSignature)
		}
		if v.stamp != nil || name == "shop" {
			refused("old", sign(now.Add(-6*time.Minute), body), http.StatusUnauthorized, reasonTimestamp)
			refused("from the future", sign(now.Add(6*time.Minute), body), http.StatusUnauthorized, reasonTimestamp)
		}
		refused("too large", sign(now, `{"x": "`+strings.Repeat("x", 20000)+`"}`), http.StatusRequestEntityTooLarge, reasonTooLarge)
		if status, why := send(good); status != http.StatusOK || why != "" {
			t.Errorf("%s: good: %d %q", name, status, why)
			continue
		}
		produced++
		status := http.StatusConflict
		if v.repeats {
			status = http.StatusOK
		}
		refused("again", good, status, reasonReplayed)
	}
	if got := s.count("produced_total"); got != float64(produced) || produced != len(signing) {
		t.Errorf("%v records counted, %d accepted of %d", got, produced, len(signing))
	}
	for _, m := range s.records(produced) {
		if headerOf(m, "tappa-format") == "" || headerOf(m, "tappa-received") == "" || headerOf(m, "tappa-id") == "" {
			t.Errorf("record %q has headers %v", m.Value, m.Headers)
		}
	}
}

// A body whose length nobody states is cut off where it is too large.
func TestUnstatedLength(t *testing.T) {
	s := serve(t, signedConfig, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/in/twilio", struct{ *strings.Reader }{strings.NewReader(strings.Repeat("x", 30000))})
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = -1
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || s.count("refused_total", "twilio", reasonTooLarge) != 1 {
		t.Errorf("status %d, counted %v", resp.StatusCode, s.count("refused_total", "twilio", reasonTooLarge))
	}
	s.records(0)
}

// What vendors publish as examples of their own signatures is verified as they say.
func TestPublishedSignatures(t *testing.T) {
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}, "Caller": {"+14158675309"}}
	for name, c := range map[string]struct {
		signed  signature
		secret  string
		url     string
		stamp   string
		body    string
		headers map[string]string
	}{
		// the request validator's example in Twilio's documentation and libraries
		"twilio": {
			signed: byTwilio, secret: "12345", url: "https://mycompany.com/myapp.php?foo=1&bar=2", body: form.Encode(),
			headers: map[string]string{"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "Content-Type": "application/x-www-form-urlencoded"},
		},
		// the example of SendGrid's event webhook libraries
		"sendgrid": {
			signed: bySendGrid, stamp: "1588788367",
			secret: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==",
			body:   `{"category":"example_payload","event":"test_event","message_id":"message_id"}`,
			headers: map[string]string{
				"X-Twilio-Email-Event-Webhook-Signature": "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=",
			},
		},
	} {
		r := &request{Request: httptest.NewRequest(http.MethodPost, "/", nil), body: []byte(c.body), url: c.url, stamp: c.stamp}
		for key, value := range c.headers {
			r.Header.Set(key, value)
		}
		if !c.signed(r, []byte(c.secret)) {
			t.Errorf("%s: its own example is refused", name)
		}
		if c.signed(r, []byte(c.secret+" ")) {
			t.Errorf("%s: another secret is taken", name)
		}
	}
}
