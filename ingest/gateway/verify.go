package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what these vendors sign with
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tappa/ingest/mapping"
)

// request is a request whose body has been read.
type request struct {
	*http.Request
	body     []byte
	received time.Time
	url      string             // as the vendor called it: what some of them sign
	stamp    string             // the time it says it was signed at, as written
	none     []*mapping.NoEvent // what in it the mapping file makes no event of
}

// A signature says whether a request is signed with a secret. It compares in constant time.
type signature func(r *request, secret []byte) bool

// verify holds a request to its source's signature or token, and to the window of time.
func (g *Gateway) verify(s *gate, r *request) error {
	signed, stamp := s.check()
	if signed == nil {
		return nil // open, as configured
	}
	var at time.Time
	if stamp != nil {
		if r.stamp = stamp(r); r.stamp == "" {
			return refuse(reasonTimestamp, "it does not say when it was signed")
		}
		if at = readStamp(r.stamp); at.IsZero() {
			return refuse(reasonTimestamp, "no time at which it was signed")
		}
	}
	good := false
	for _, secret := range s.Secrets.values { // all of them, so that time tells nothing
		good = signed(r, secret) || good
	}
	switch {
	case !good:
		return refuse(reasonSignature, "the signature, token or password is missing or wrong")
	case stamp != nil && (g.now().Sub(at) > s.Window || at.Sub(g.now()) > s.Window):
		return refuse(reasonTimestamp, "signed more than %s before or after now", s.Window)
	}
	return nil
}

// readStamp reads the time a request was signed at: RFC 3339, or seconds or milliseconds since 1970.
func readStamp(s string) time.Time {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > 1e11 {
			return time.UnixMilli(n)
		}
		return time.Unix(n, 0)
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// header returns a stamp that stands in a header.
func header(name string) func(*request) string {
	return func(r *request) string { return r.Header.Get(name) }
}

// mac returns the HMAC of parts one after the other.
func mac(algorithm func() hash.Hash, secret []byte, parts ...string) []byte {
	h := hmac.New(algorithm, secret)
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// inHex and inBase64 compare a signature as it was sent with what it should be.
func inHex(sent string, want []byte) bool {
	got, err := hex.DecodeString(sent)
	return err == nil && hmac.Equal(got, want)
}

func inBase64(sent string, want []byte) bool {
	got, err := base64.StdEncoding.Strict().DecodeString(sent)
	return err == nil && hmac.Equal(got, want)
}

// bySecret compares a token: a bearer's, a basic password (alone, or "user:password"), the header X-Tappa-Token, or the
// parameter "token" for senders that can be told nothing but an address.
func bySecret(r *request, secret []byte) bool {
	user, password, _ := r.BasicAuth()
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		bearer = ""
	}
	good := 0
	for _, given := range []string{bearer, password, user + ":" + password, r.Header.Get("X-Tappa-Token"), r.URL.Query().Get("token")} {
		a, b := sha256.Sum256([]byte(given)), sha256.Sum256(secret)
		good |= subtle.ConstantTimeCompare(a[:], b[:])
	}
	return good == 1
}

// byZendesk checks base64 of HMAC-SHA256 over time and body: developer.zendesk.com, "Verifying webhook authenticity".
func byZendesk(r *request, secret []byte) bool {
	return inBase64(r.Header.Get("X-Zendesk-Webhook-Signature"), mac(sha256.New, secret, r.stamp, string(r.body)))
}

// byZammad checks hexadecimal HMAC-SHA1 over the body: admin-docs.zammad.org, "Webhook payload".
func byZammad(r *request, secret []byte) bool {
	sent, ok := strings.CutPrefix(r.Header.Get("X-Hub-Signature"), "sha1=")
	return ok && inHex(sent, mac(sha1.New, secret, string(r.body)))
}

// byChatwoot checks hexadecimal HMAC-SHA256 over time, a dot, and body: chatwoot.com user guide, "How to use webhooks".
func byChatwoot(r *request, secret []byte) bool {
	sent, ok := strings.CutPrefix(r.Header.Get("X-Chatwoot-Signature"), "sha256=")
	return ok && inHex(sent, mac(sha256.New, secret, r.stamp, ".", string(r.body)))
}

// byTypeform checks base64 of HMAC-SHA256 over the body: typeform.com/developers, "Secure your webhooks".
func byTypeform(r *request, secret []byte) bool {
	sent, ok := strings.CutPrefix(r.Header.Get("Typeform-Signature"), "sha256=")
	return ok && inBase64(sent, mac(sha256.New, secret, string(r.body)))
}

// byHubSpot checks base64 of HMAC-SHA256 over method, address, body and time: developers.hubspot.com, "Validating requests",
// version 3. The older versions hash the secret with the body, which can be lengthened by whoever saw one, and are not taken.
func byHubSpot(r *request, secret []byte) bool {
	return inBase64(r.Header.Get("X-HubSpot-Signature-v3"), mac(sha256.New, secret, r.Method, hubspotURL(r.url), string(r.body), r.stamp))
}

// hubspotURL is an address as HubSpot signs it: with these characters not escaped.
func hubspotURL(address string) string {
	return strings.NewReplacer("%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(",
		"%29", ")", "%2A", "*", "%2C", ",", "%3B", ";").Replace(address)
}

// bySegment checks hexadecimal HMAC-SHA1 over the body: segment.com/docs, "Webhooks destination".
func bySegment(r *request, secret []byte) bool {
	return inHex(r.Header.Get("X-Signature"), mac(sha1.New, secret, string(r.body)))
}

// byMailgun checks hexadecimal HMAC-SHA256 over a time and a token, not the body: documentation.mailgun.com, "Securing
// webhooks".
func byMailgun(r *request, secret []byte) bool {
	s := mailgunSignature(r)
	return s.Token != "" && inHex(s.Signature, mac(sha256.New, secret, s.Timestamp, s.Token))
}

type mailgunSigned struct{ Timestamp, Token, Signature string }

// mailgunSignature finds the signature: in a webhook an object in the JSON, in a forwarded mail three fields of the form.
func mailgunSignature(r *request) mailgunSigned {
	if form := r.form(); form != nil {
		return mailgunSigned{form.Get("timestamp"), form.Get("token"), form.Get("signature")}
	}
	var body struct {
		Signature struct {
			Timestamp        json.RawMessage // text, or in some examples a number
			Token, Signature string
		}
	}
	_ = json.Unmarshal(r.body, &body) // what cannot be read is not signed
	return mailgunSigned{string(bytes.Trim(body.Signature.Timestamp, `"`)), body.Signature.Token, body.Signature.Signature}
}

// bySendGrid checks ECDSA over time and body: twilio.com/docs/sendgrid, "Event Webhook Security Features". The secret is the
// public key, as the console shows it.
func bySendGrid(r *request, secret []byte) bool {
	sent, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Email-Event-Webhook-Signature"))
	key, ok := publicKey(secret)
	if err != nil || !ok {
		return false
	}
	sum := sha256.Sum256(append([]byte(r.stamp), r.body...))
	return ecdsa.VerifyASN1(key, sum[:], sent)
}

// publicKey reads an ECDSA key written as base64 of its DER form.
func publicKey(secret []byte) (*ecdsa.PublicKey, bool) {
	der, err := base64.StdEncoding.DecodeString(string(secret))
	if err != nil {
		return nil, false
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, false
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	return key, ok
}

// byTwilio checks base64 of HMAC-SHA1 over the address and, of a form, its fields in order: twilio.com/docs/usage/security,
// "Validating requests". Of JSON, the address holds the body's hash.
func byTwilio(r *request, secret []byte) bool {
	parts := []string{r.url}
	if form := r.form(); form != nil {
		for _, name := range slices.Sorted(maps.Keys(form)) {
			values := slices.Compact(slices.Sorted(slices.Values(form[name])))
			for _, v := range values {
				parts = append(parts, name+v)
			}
		}
	} else {
		sum := sha256.Sum256(r.body)
		if !inHex(r.URL.Query().Get("bodySHA256"), sum[:]) {
			return false
		}
	}
	return inBase64(r.Header.Get("X-Twilio-Signature"), mac(sha1.New, secret, parts...))
}

// form returns the fields of a posted form, or nil for another body.
func (r *request) form() url.Values {
	values, err := formValues(r.Header.Get("Content-Type"), r.body)
	if err != nil {
		return nil
	}
	return values
}
