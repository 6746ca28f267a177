package alert

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// mailer sends notices as mails of plain text. All about one cause are one thread.
type mailer struct {
	from    string
	to      []string
	host    string
	options []mail.Option
}

func (r *reader) mail(path string, f mailFile) Notifier {
	m := &mailer{from: f.From, to: f.To}
	host, port, err := net.SplitHostPort(f.Server)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || host == "" {
		r.Refuse(path+".server", "%q is no server; write it like smtp.example.com:587", f.Server)
	}
	m.host = host
	config := r.tls(path+".ca_file", f.CAFile)
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName = host
	m.options = []mail.Option{mail.WithPort(int(number)), mail.WithTimeout(sendTimeout), mail.WithTLSConfig(config)}
	switch security := f.Security; security {
	case "", "starttls":
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "tls":
		m.options = append(m.options, mail.WithSSL())
	default:
		r.oneOf(path+".security", security, []string{"starttls", "tls", "none"})
		m.options = append(m.options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if (f.Username == "") != (f.PasswordFile == "") {
		r.Refuse(path, "username and password_file go together")
	}
	if f.Username != "" {
		m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(f.Username),
			mail.WithPassword(r.file(path+".password_file", f.PasswordFile)))
	}
	msg := mail.NewMsg()
	if err := msg.From(f.From); err != nil {
		r.Refuse(path+".from", "%q is no mail address", f.From)
	}
	if len(f.To) == 0 {
		r.Refuse(path+".to", "name at least one mail address")
	}
	for i, to := range f.To {
		if err := msg.To(to); err != nil {
			r.Refuse(fmt.Sprintf("%s.to[%d]", path, i), "%q is no mail address", to)
		}
	}
	return m
}

// Send sends the notice to all recipients.
func (m *mailer) Send(ctx context.Context, n Notice) error {
	msg := mail.NewMsg()
	if err := msg.From(m.from); err != nil {
		return fmt.Errorf("mail alert: %w", err)
	}
	if err := msg.To(m.to...); err != nil {
		return fmt.Errorf("mail alert: %w", err)
	}
	msg.Subject(oneLine(n.Subject))
	msg.SetDate()
	msg.SetMessageID()
	msg.SetGenHeader(mail.HeaderReferences, "<"+threadOf(n)+"@tappa>")
	msg.SetGenHeader("X-Tappa-Status", n.Status)
	msg.SetBodyString(mail.TypeTextPlain, n.Text)
	client, err := mail.NewClient(m.host, m.options...)
	if err != nil {
		return fmt.Errorf("mail alert: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail alert by %s: %w", m.host, err)
	}
	return nil
}

// oneLine keeps what is to stand in a header to one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// threadOf names the cause's run, without what a mail's header cannot hold.
func threadOf(n Notice) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '.'
	}, fmt.Sprintf("%s.%d", n.Cause, n.Since.UnixMilli()))
}
