package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Notifier tells somebody something. It gives up after sendTimeout; what failed is told again later.
type Notifier interface {
	Send(ctx context.Context, n Notice) error
}

// sendTimeout bounds the sending of one message.
const sendTimeout = 20 * time.Second

// notifier reads who is told, and how.
func (r *reader) notifier(path string, f notifierFile) Notifier {
	switch {
	case (f.Webhook == nil) == (f.Mail == nil):
		r.Refuse(path, "say how: either webhook or mail")
		return nil
	case f.Webhook != nil:
		return r.webhook(path+".webhook", *f.Webhook)
	}
	return r.mail(path+".mail", *f.Mail)
}

// webhook posts notices as JSON, signed as Standard Webhooks are: the header webhook-signature holds "v1," and the base64
// of HMAC-SHA256 over "id.timestamp.body", where id and timestamp are the headers webhook-id and webhook-timestamp.
type webhook struct {
	url    string
	key    []byte // nil: not signed
	client *http.Client
}

// secretPrefix marks a secret that is written in base64.
const secretPrefix = "whsec_"

func (r *reader) webhook(path string, f webhookFile) Notifier {
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		r.Refuse(path+".url", "%q is no address; write it like https://chat.example.com/hooks/1", f.URL)
	}
	w := &webhook{url: f.URL}
	secret := r.file(path+".secret_file", f.SecretFile)
	w.key = []byte(secret)
	if coded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if w.key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			r.Refuse(path+".secret_file", "a secret that begins with %s goes on in base64", secretPrefix)
		}
	}
	w.client = &http.Client{
		Timeout:       sendTimeout,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: r.tls(path+".ca_file", f.CAFile)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w
}

// tls gives a configuration that trusts a file's authorities; nil is the system's.
func (r *reader) tls(path, name string) *tls.Config {
	if name == "" {
		return nil
	}
	pool := x509.NewCertPool()
	if text := r.file(path, name); text != "" && !pool.AppendCertsFromPEM([]byte(text)) {
		r.Refuse(path, "%s holds no certificate in PEM", name)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// Send posts the notice. Any answer but 2xx is an error.
func (w *webhook) Send(ctx context.Context, n Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("post alert: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("post alert: %w", err)
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "tappa")
	req.Header.Set("Webhook-Id", n.ID)
	req.Header.Set("Webhook-Timestamp", stamp)
	if len(w.key) > 0 {
		req.Header.Set("Webhook-Signature", "v1,"+sign(w.key, n.ID, stamp, body))
	}
	res, err := w.client.Do(req)
	if err != nil {
		// The error names the address, which may hold a secret.
		return fmt.Errorf("post alert to %s: %w", req.URL.Host, bare(err))
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("post alert to %s: answered %s", req.URL.Host, res.Status)
	}
	return nil
}

// sign gives the signature of a message.
func sign(key []byte, id, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, stamp)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// bare takes the address off an error of net/http.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
