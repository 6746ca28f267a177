package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"tappa/ingest/mapping"
)

// Config is a gateway's configuration, from one YAML file:
//
//	listen: 127.0.0.1:8090              # address; a proxy before it speaks TLS, or:
//	tls: {cert: cert.pem, key: key.pem}
//	public: https://hooks.example.com   # as vendors call it: Twilio and HubSpot sign the address
//	topic: tappa.interactions
//	limits:                             # the defaults are shown
//	  body: 1000000                     # bytes of a body
//	  requests: 256                     # worked on at once
//	  memory: 67108864                  # bytes set aside for their bodies
//	  publish: 10s                      # for Kafka to take a request's records
//	  replays: 100000                   # accepted requests remembered
//	sources:
//	  - name: zendesk                   # its address is PUBLIC/in/zendesk
//	    vendor: zendesk                 # default: the name
//	    origin: zendesk                 # events' source; default: the name
//	    secret_env: ZENDESK_SECRET      # or secret_file; several lines are several secrets, while one replaces another
//	    auth: signature                 # default where the vendor signs; else token; hmac; open
//	    window: 5m                      # how old what is signed with a time may be
//	    rate: 50                        # requests a second; default: no bound
//	    burst: 100
//	    mapping: mapping.yaml           # of vendor mapping
//	    hmac: {header: X-Signature, algorithm: sha256, encoding: hex, prefix: "sha256=", timestamp: X-Timestamp}
//	    thanks: https://example.com/thanks   # where a browser goes after a form
type Config struct {
	Listen string `yaml:"listen"`
	TLS    struct {
		Cert string `yaml:"cert"`
		Key  string `yaml:"key"`
	} `yaml:"tls"`
	Public  string   `yaml:"public"`
	Topic   string   `yaml:"topic"`
	Limits  Limits   `yaml:"limits"`
	Sources []Source `yaml:"sources"`
}

// Limits bound what a gateway holds in its hands.
type Limits struct {
	Body     int64         `yaml:"body"`     // bytes of a body; default 1,000,000
	Requests int           `yaml:"requests"` // worked on at once; default 256
	Memory   int64         `yaml:"memory"`   // bytes set aside for bodies; default 64 MiB
	Publish  time.Duration `yaml:"publish"`  // for Kafka to take a request's records; default 10 s
	Replays  int           `yaml:"replays"`  // accepted requests remembered; default 100,000
}

// Source is one system that sends webhooks.
type Source struct {
	Name       string        `yaml:"name"`
	Vendor     string        `yaml:"vendor"`
	Origin     string        `yaml:"origin"`
	SecretEnv  string        `yaml:"secret_env"`
	SecretFile string        `yaml:"secret_file"`
	Auth       string        `yaml:"auth"`
	HMAC       HMAC          `yaml:"hmac"`
	Window     time.Duration `yaml:"window"`
	Rate       float64       `yaml:"rate"`
	Burst      int           `yaml:"burst"`
	MappingAt  string        `yaml:"mapping"`
	Thanks     string        `yaml:"thanks"`

	Secrets Secrets          `yaml:"-"`
	Mapping *mapping.Mapping `yaml:"-"`
}

// Secrets are what nothing prints.
type Secrets struct{ values [][]byte }

// String tells how many there are.
func (s Secrets) String() string { return fmt.Sprintf("(%d hidden)", len(s.values)) }

// GoString is String.
func (s Secrets) GoString() string { return s.String() }

// LogValue is String.
func (s Secrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// The ways a source proves who it is.
const (
	authSignature = "signature" // as its vendor documents it
	authToken     = "token"     // a bearer's token, a password, X-Tappa-Token, or ?token=
	authHMAC      = "hmac"      // a signature as HMAC describes it
	authOpen      = "open"      // not at all: a form that everybody may post
)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Load reads a configuration file. What is wrong with its values is said all at once. Paths in it start at its directory.
func Load(path string, getenv func(string) string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load gateway configuration: %w", err)
	}
	c := Config{}
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("load gateway configuration %s: %s", path, strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	c.defaults()
	p := problems{file: path}
	p.config(&c)
	for i := range c.Sources {
		p.source(&c, i, getenv)
	}
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	return &c, nil
}

func (c *Config) defaults() {
	set(&c.Listen, "127.0.0.1:8090")
	set(&c.Limits.Body, 1_000_000)
	set(&c.Limits.Requests, 256)
	set(&c.Limits.Memory, 64<<20)
	set(&c.Limits.Publish, 10*time.Second)
	set(&c.Limits.Replays, 100_000)
	c.Public = strings.TrimRight(c.Public, "/")
	for i := range c.Sources {
		s := &c.Sources[i]
		set(&s.Vendor, s.Name)
		set(&s.Origin, s.Name)
		set(&s.Window, 5*time.Minute)
		set(&s.Burst, int(s.Rate)*2)
		if s.Auth == "" {
			s.Auth = authToken
			if vendorOf(s.Vendor).signed != nil {
				s.Auth = authSignature
			}
		}
	}
}

// set gives a field its default.
func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// problems collects what is wrong with a configuration.
type problems struct {
	file string
	errs []error
}

func (p *problems) need(ok bool, where, format string, args ...any) {
	if !ok {
		p.errs = append(p.errs, fmt.Errorf("%s: %s: %s", p.file, where, fmt.Sprintf(format, args...)))
	}
}

// path is where a file named in the configuration is.
func (p *problems) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(p.file), name)
}

func (p *problems) config(c *Config) {
	_, _, err := net.SplitHostPort(c.Listen)
	p.need(err == nil, "listen", "%q, expected host:port", c.Listen)
	p.need((c.TLS.Cert == "") == (c.TLS.Key == ""), "tls", "expected both cert and key, or neither")
	c.TLS.Cert, c.TLS.Key = p.path(c.TLS.Cert), p.path(c.TLS.Key)
	for _, file := range []string{c.TLS.Cert, c.TLS.Key} {
		if file != "" {
			_, err := os.Stat(file)
			p.need(err == nil, "tls", "%v", err)
		}
	}
	p.address(c.Public, "public")
	l := c.Limits
	p.need(l.Body > 0 && l.Requests > 0 && l.Publish > 0 && l.Replays > 0, "limits", "expected numbers above 0")
	p.need(l.Memory >= copies*l.Body, "limits.memory", "%d, expected at least %d times limits.body, so that one request fits", l.Memory, copies)
	p.need(len(c.Sources) > 0, "sources", "missing, expected at least one")
}

func (p *problems) address(s, where string) {
	u, err := url.Parse(s)
	p.need(s == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"), where, "%q, expected https://HOST", s)
}

// source checks the source at i, and reads its secrets and its mapping file.
func (p *problems) source(c *Config, i int, getenv func(string) string) {
	s := &c.Sources[i]
	where := fmt.Sprintf("sources[%d] (%s)", i, s.Name)
	p.need(nameForm.MatchString(s.Name), where, "name %q, expected small letters, digits, '.', '_' and '-', at most 64", s.Name)
	for _, other := range c.Sources[:i] {
		p.need(other.Name != s.Name, where, "there twice")
	}
	v := vendorOf(s.Vendor)
	p.need(known(s.Vendor), where, "vendor %q is none of %s", s.Vendor, strings.Join(Vendors(), ", "))
	p.need(s.Window > 0 && s.Rate >= 0 && s.Burst >= 0, where, "window, rate and burst: expected numbers above 0")
	p.address(s.Thanks, where+" thanks")
	switch s.Auth {
	case authSignature:
		p.need(v.signed != nil, where, "auth: %s signs nothing that tappa can check; use token or hmac", s.Vendor)
		signsURL := s.Vendor == "twilio" || s.Vendor == "hubspot"
		p.need(!signsURL || c.Public != "", where, "%s signs the address it calls: say in public what that begins with", s.Vendor)
	case authHMAC:
		p.hmac(&s.HMAC, where)
	case authToken, authOpen:
	default:
		p.need(false, where, "auth %q, expected signature, token, hmac or open", s.Auth)
	}
	p.secrets(s, where, getenv)
	if s.Auth == authSignature && v.key != nil {
		for _, secret := range s.Secrets.values {
			expected, ok := v.key(secret)
			p.need(ok, where, "the secret is not what is expected: %s", expected)
		}
	}
	p.need((s.Vendor == "mapping") == (s.MappingAt != ""), where, "expected a mapping file with vendor mapping, and with no other")
	if s.MappingAt != "" {
		m, err := mapping.Load(p.path(s.MappingAt))
		p.need(err == nil, where, "%v", err)
		s.Mapping = m
	}
}

// secrets reads a source's secrets, one a line.
func (p *problems) secrets(s *Source, where string, getenv func(string) string) {
	given := s.SecretEnv != "" || s.SecretFile != ""
	if s.Auth == authOpen {
		p.need(!given, where, "a secret, and auth: open; expected one of them")
		return
	}
	p.need(given, where, "no secret: name an environment variable in secret_env, or a file in secret_file")
	p.need(s.SecretEnv == "" || s.SecretFile == "", where, "secret_env and secret_file; expected one of them")
	text := getenv(s.SecretEnv)
	if s.SecretFile != "" {
		b, err := os.ReadFile(p.path(s.SecretFile))
		p.need(err == nil, where, "%v", err)
		text = string(b)
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			s.Secrets.values = append(s.Secrets.values, []byte(line))
		}
	}
	p.need(!given || len(s.Secrets.values) > 0, where, "the secret is empty: nothing in %s%s", s.SecretEnv, s.SecretFile)
}
