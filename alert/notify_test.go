package alert

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tappa/internal/testenv"
)

var someNotice = Notice{
	ID: "a@1/firing", Status: Fires, Cause: "a/department=sales", Subject: "[tappa] ALERT: attesa\nBcc: x@example.com è lunga",
	Text: "righe\n.\nè tutto", Since: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
}

// notifiers reads a file's section "notify" whose notifier is called n.
func notifierOf(t *testing.T, dir, text string) Notifier {
	t.Helper()
	file := "notify:\n  n: " + text + "\nalerts:\n  - {id: a, labels: {en: A}, report: waiting, column: rows, above: 1, notify: [n]}\n"
	d, err := Parse(filepath.Join(dir, "alerts.yaml"), []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return d.Notifiers["n"]
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestWebhook checks signature and body where they arrive, and what is no success.
func TestWebhook(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "secret", "whsec_"+base64.StdEncoding.EncodeToString([]byte("key"))+"\n")
	status := http.StatusNoContent
	var got Notice
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want := "v1," + sign([]byte("key"), r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
		if sig := r.Header.Get("Webhook-Signature"); sig != want || r.Header.Get("Webhook-Id") != someNotice.ID {
			t.Errorf("signature %q of %q, want %q", sig, r.Header.Get("Webhook-Id"), want)
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer server.Close()
	n := notifierOf(t, dir, fmt.Sprintf("{webhook: {url: %q, secret_file: secret}}", server.URL+"/token-in-the-path"))
	if err := n.Send(t.Context(), someNotice); err != nil || got.Text != someNotice.Text || got.Status != Fires {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, status = range []int{http.StatusFound, http.StatusInternalServerError} {
		if err := n.Send(t.Context(), someNotice); err == nil || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("status %d: got error %v", status, err)
		}
	}
	server.Close()
	if err := n.Send(t.Context(), someNotice); err == nil || strings.Contains(err.Error(), "token-in-the-path") {
		t.Errorf("nobody there: got error %v, want one that does not tell the path", err)
	}
}

// The signature of the example in the specification of Standard Webhooks, 1.0.
func TestSignature(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// postOffice is a mail server that keeps what it gets.
type postOffice struct {
	mu   sync.Mutex
	mail []letter
}

type letter struct {
	user, from string
	to         []string
	secure     bool
	data       []byte
}

type postSession struct {
	office *postOffice
	conn   *smtp.Conn
	l      letter
}

func (p *postOffice) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &postSession{office: p, conn: c}, nil
}

func (s *postSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *postSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "tappa" || password != "geheim" {
			return errors.New("wrong password")
		}
		s.l.user = user
		return nil
	}), nil
}

func (s *postSession) Mail(from string, _ *smtp.MailOptions) error {
	s.l.from = from
	return nil
}

func (s *postSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.l.to = append(s.l.to, to)
	return nil
}

func (s *postSession) Data(r io.Reader) (err error) {
	_, s.l.secure = s.conn.TLSConnectionState()
	if s.l.data, err = io.ReadAll(r); err != nil {
		return err
	}
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	s.office.mail = append(s.office.mail, s.l)
	return nil
}

func (s *postSession) Reset()        { s.l.to = nil }
func (s *postSession) Logout() error { return nil }

// openPostOffice listens on loopback, with STARTTLS or with TLS from the first byte.
func openPostOffice(t *testing.T, dir string, implicit bool) (*postOffice, string) {
	t.Helper()
	certs, err := testenv.NewCertificates(dir)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certs.ServerCert, certs.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	office := &postOffice{}
	server := smtp.NewServer(office)
	server.Domain, server.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{pair}}
	server.ErrorLog = quiet{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if implicit {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return office, listener.Addr().String()
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// TestMail sends by a real mail server with TLS and log-in, and reads what arrived.
func TestMail(t *testing.T) {
	for security, implicit := range map[string]bool{"starttls": false, "tls": true} {
		dir := t.TempDir()
		office, addr := openPostOffice(t, dir, implicit)
		write(t, dir, "password", "geheim\n")
		write(t, dir, "wrong", "wrong\n")
		const form = "{mail: {server: %q, security: %s, username: tappa, password_file: %s, ca_file: ca.pem, from: tappa@example.com, to: [a@example.com, b@example.com]}}"
		n := notifierOf(t, dir, fmt.Sprintf(form, addr, security, "password"))
		if err := n.Send(t.Context(), someNotice); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		if len(office.mail) != 1 {
			t.Fatalf("%s: %d mails arrived", security, len(office.mail))
		}
		l := office.mail[0]
		if l.user != "tappa" || l.from != "tappa@example.com" || len(l.to) != 2 || !l.secure {
			t.Errorf("%s: got %+v", security, l)
		}
		msg, err := netmail.ReadMessage(strings.NewReader(string(l.data)))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
		if err != nil || subject != "[tappa] ALERT: attesa Bcc: x@example.com è lunga" || msg.Header.Get("Bcc") != "" {
			t.Errorf("%s: subject %q, %v; want it on one line", security, subject, err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
		if err != nil || strings.ReplaceAll(strings.TrimSpace(string(body)), "\r\n", "\n") != someNotice.Text {
			t.Errorf("%s: body %q, %v", security, body, err)
		}
		wrong := notifierOf(t, dir, fmt.Sprintf(form, addr, security, "wrong"))
		if err := wrong.Send(t.Context(), someNotice); err == nil {
			t.Errorf("%s: the wrong password was taken", security)
		}
	}
}

// TestMailIsNotSentInTheClear meets a server without TLS where TLS was asked for.
func TestMailIsNotSentInTheClear(t *testing.T) {
	office := &postOffice{}
	server := smtp.NewServer(office)
	server.ErrorLog = quiet{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	n := notifierOf(t, t.TempDir(), fmt.Sprintf("{mail: {server: %q, from: a@example.com, to: [b@example.com]}}", listener.Addr()))
	if err := n.Send(t.Context(), someNotice); err == nil || len(office.mail) > 0 {
		t.Errorf("got error %v and %d mails, want an error and none", err, len(office.mail))
	}
	open := notifierOf(t, t.TempDir(), fmt.Sprintf("{mail: {server: %q, security: none, from: a@example.com, to: [b@example.com]}}", listener.Addr()))
	if err := open.Send(t.Context(), someNotice); err != nil || len(office.mail) != 1 {
		t.Errorf("security none: got error %v and %d mails", err, len(office.mail))
	}
}
