package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/gateway"
	"tappa/ingest/source/vendor"
)

// Config is how a production installation is set up, from TAPPA_* variables. The fields' names are the
// variables': a tag "envconfig" would let envconfig take USERNAME for TAPPA_USERNAME, which many shells set. All fields
// are text, so that reading them cannot fail and check can say everything that is wrong at once.
type Config struct {
	KafkaBrokers          []string `split_words:"true" desc:"Kafka brokers, host:port, comma separated (required)"`
	KafkaTLS              string   `split_words:"true" desc:"true: use TLS to Kafka; default: if one of the following four is set"`
	KafkaTLSCa            string   `split_words:"true" desc:"file of the authorities that vouch for the brokers, PEM; default: the system's"`
	KafkaTLSCert          string   `split_words:"true" desc:"file of the client's certificate, PEM"`
	KafkaTLSKey           string   `split_words:"true" desc:"file of the client's key, PEM"`
	KafkaTLSServerName    string   `split_words:"true" desc:"name the brokers' certificates must bear; default: the host connected to"`
	KafkaSaslMechanism    string   `split_words:"true" desc:"how to log in to Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; default: not at all"`
	KafkaSaslUsername     string   `split_words:"true" desc:"Kafka user"`
	KafkaSaslPassword     secret   `split_words:"true" desc:"Kafka user's password"`
	KafkaSaslPasswordFile string   `split_words:"true" desc:"file to read that password from"`
	Topics                []string `split_words:"true" default:"tappa.interactions" desc:"topics to collect, comma separated; NAME=FORMAT where records are in a vendor's format and do not say so"`
	TopicPattern          string   `split_words:"true" desc:"regular expression: also collect every topic whose whole name it matches, new ones too"`
	DeadLetters           string   `split_words:"true" default:"tappa.dead-letters" desc:"topic for records that cannot be used"`
	Group                 string   `split_words:"true" default:"tappa" desc:"Kafka consumer group"`

	Clickhouse              string `split_words:"true" desc:"ClickHouse, host:port; several replicas comma separated (required)"`
	ClickhouseProtocol      string `split_words:"true" default:"native" desc:"native or http"`
	ClickhouseTLS           string `split_words:"true" desc:"true: use TLS to ClickHouse; default: if one of the following four is set"`
	ClickhouseTLSCa         string `split_words:"true" desc:"file of the authorities that vouch for the servers, PEM; default: the system's"`
	ClickhouseTLSCert       string `split_words:"true" desc:"file of the client's certificate, PEM"`
	ClickhouseTLSKey        string `split_words:"true" desc:"file of the client's key, PEM"`
	ClickhouseTLSServerName string `split_words:"true" desc:"name the servers' certificates must bear; default: the host connected to"`
	Database                string `split_words:"true" default:"tappa" desc:"ClickHouse database; created if missing"`
	Username                string `split_words:"true" default:"default" desc:"ClickHouse user"`
	Password                secret `split_words:"true" desc:"ClickHouse user's password"`
	PasswordFile            string `split_words:"true" desc:"file to read that password from"`

	TuningConfig
	Scorer   ScorerConfig
	Suitecrm SuiteCRMConfig

	Journeys     []string `split_words:"true" desc:"journey files, comma separated; default: those stored in ClickHouse"`
	Listen       string   `split_words:"true" default:"127.0.0.1:8080" desc:"address of pages, API, metrics and health"`
	Roles        []string `split_words:"true" default:"collect,aggregate,dashboards" desc:"what this process does, comma separated: collect, aggregate, dashboards, gateway, suitecrm"`
	WalkPart     string   `split_words:"true" default:"1/1" desc:"which part of the walk the role aggregate of this process is: 2/4 is the second of four"`
	APIToken     secret   `split_words:"true" desc:"who sends it as Authorization: Bearer may change notes, opportunities and corrections by the API; default: nobody"`
	APITokenFile string   `split_words:"true" desc:"file to read that token from"`
	Alerts       string   `split_words:"true" desc:"alerts file that the role aggregate watches by; default: none"`
	Refresh      string   `split_words:"true" default:"off" desc:"days of the month and time, in each journey's time zone, when the role aggregate freezes last month: 1-7 04:00; or off"`
	ReadyAfter   string   `split_words:"true" default:"2m" desc:"/readyz fails when for so long nothing was done although something waits"`

	GatewayConfig string `split_words:"true" desc:"file that says which webhooks the role gateway takes in"`

	connection ingest.Connection
	store      aggregate.Options
	readyAfter time.Duration
	pattern    *regexp.Regexp
	tuning     ingest.Options
	verify     time.Duration // how often records are accounted for; 0: never
	refresh    Timetable
	gateway    *gateway.Config
	token      string
	part       aggregate.Part
	unknown    []string // variables that nothing reads
	beside     bool     // for a command beside what serves: files that only serving needs may be elsewhere

	Software string `ignored:"true"` // the program's version; no variable
}

// secret is text that nothing prints.
type secret string

// String hides the secret.
func (s secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString hides the secret from %#v.
func (s secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue hides the secret from logs.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from encoders.
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// roles are what a process can be asked to do.
var roles = []string{"collect", "aggregate", "dashboards", roleGateway, roleSuiteCRM}

// ReadConfig reads the environment and says everything that is wrong with it at once. Roles given here replace those of
// the environment.
func ReadConfig(instead ...string) (Config, error) {
	return readConfig(Config{}, instead)
}

// ReadConfigBeside is ReadConfig for a command that looks at, or works on, what other processes serve: files that only these
// need (journeys, alerts, the gateway's, the API's token) may be on their machine alone, and the database has to exist.
func ReadConfigBeside() (Config, error) { return readConfig(Config{beside: true}, nil) }

func readConfig(c Config, instead []string) (Config, error) {
	if err := envconfig.Process("tappa", &c); err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	if len(instead) > 0 {
		c.Roles = instead
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%w\n(`tappa serve --help` lists the variables)", err)
	}
	return c, nil
}

// ConfigUsage writes the table of variables: name, meaning, default.
func ConfigUsage(out io.Writer) error {
	return envconfig.Usagef("tappa", &Config{}, out, `{{range .}}{{if usage_description .}}  {{usage_key .}}
      {{usage_description .}}{{if usage_default .}} (default {{usage_default .}}){{end}}
{{end}}{{end}}`)
}

var (
	topicName    = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)
	databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// check validates all values and makes of them what Serve needs.
func (c *Config) check() error {
	var w wrong
	c.checkNames(&w)
	for _, list := range []*[]string{&c.KafkaBrokers, &c.Topics, &c.Journeys, &c.Roles} {
		*list = trimmed(*list)
	}
	c.Clickhouse = strings.Join(trimmed(split(c.Clickhouse)), ",")
	w.addresses("KAFKA_BROKERS", c.KafkaBrokers)
	if !c.kafkaOnly() {
		w.addresses("CLICKHOUSE", split(c.Clickhouse))
	}
	w.need("CLICKHOUSE_PROTOCOL", c.ClickhouseProtocol, c.ClickhouseProtocol == "native" || c.ClickhouseProtocol == "http", "native or http")
	w.need("DATABASE", c.Database, databaseName.MatchString(c.Database), "letters, digits and _")
	w.need("GROUP", c.Group, c.Group != "", "a name")
	topics, formats := splitTopics(c.Topics)
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		w.need("TOPICS", formats[name], vendor.Formats[formats[name]] != nil, "one of "+strings.Join(slices.Sorted(maps.Keys(vendor.Formats)), ", "))
	}
	for i, t := range topics {
		if slices.Contains(topics[:i], t) {
			w.add("TOPICS", fmt.Sprintf("%q is named twice", t))
		}
	}
	for _, t := range append(slices.Clone(topics), c.DeadLetters) {
		name := "TOPICS"
		if t == c.DeadLetters {
			name = "DEAD_LETTERS"
		}
		w.need(name, t, topicName.MatchString(t), "letters, digits, '.', '_' and '-', at most 249 of them")
	}
	w.need("DEAD_LETTERS", c.DeadLetters, !slices.Contains(topics, c.DeadLetters), "a topic that is not among TAPPA_TOPICS, or dead letters would be collected")
	for _, r := range c.Roles {
		w.need("ROLES", r, slices.Contains(roles, r), "some of "+strings.Join(roles, ", "))
	}
	w.need("ROLES", "", len(c.Roles) > 0, "some of "+strings.Join(roles, ", "))
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		w.need("LISTEN", c.Listen, false, "host:port")
	}
	if !c.beside {
		for _, file := range c.Journeys {
			w.readable("JOURNEYS", file)
		}
	}
	var err error
	c.readyAfter, err = time.ParseDuration(c.ReadyAfter)
	w.need("READY_AFTER", c.ReadyAfter, err == nil && c.readyAfter > 0, "a duration such as 2m")
	if c.TopicPattern != "" {
		c.pattern, err = regexp.Compile(c.TopicPattern)
		w.need("TOPIC_PATTERN", c.TopicPattern, err == nil, "a regular expression such as crm\\..*")
	}
	c.tuning, c.verify = c.options(&w), c.verifyEvery(&w)
	if !c.beside {
		c.token = string(w.secret("API_TOKEN", c.APIToken, c.APITokenFile))
		c.loadGateway(&w)
		if c.Alerts != "" {
			w.readable("ALERTS", c.Alerts)
		}
	}
	if c.refresh, err = ParseTimetable(c.Refresh); err != nil {
		w.add("REFRESH", err.Error())
	}
	if c.part, err = aggregate.ParsePart(c.WalkPart); err != nil {
		w.add("WALK_PART", err.Error())
	}
	c.secure(&w)
	c.Scorer.options(&w)
	c.Suitecrm.options(&w)
	return errors.Join(w.errs...)
}

// secure makes the connections to Kafka and ClickHouse.
func (c *Config) secure(w *wrong) {
	kafka := tlsFiles{"KAFKA_TLS", c.KafkaTLS, c.KafkaTLSCa, c.KafkaTLSCert, c.KafkaTLSKey, c.KafkaTLSServerName}
	c.connection.TLS = kafka.config(w)
	password := w.secret("KAFKA_SASL_PASSWORD", c.KafkaSaslPassword, c.KafkaSaslPasswordFile)
	switch {
	case c.KafkaSaslMechanism == "":
		w.need("KAFKA_SASL_MECHANISM", "", c.KafkaSaslUsername == "" && password == "", "one of "+strings.Join(ingest.Logins[:], ", ")+", since a user or password is given")
	default:
		w.need("KAFKA_SASL_USERNAME", "", c.KafkaSaslUsername != "", "the user who logs in")
		w.need("KAFKA_SASL_PASSWORD", "", password != "", "the user's password, here or in the file that TAPPA_KAFKA_SASL_PASSWORD_FILE names")
		login, err := ingest.NewLogin(c.KafkaSaslMechanism, c.KafkaSaslUsername, string(password))
		if c.connection.SASL = login; err != nil {
			w.add("KAFKA_SASL_MECHANISM", err.Error())
		}
	}
	clickhouse := tlsFiles{"CLICKHOUSE_TLS", c.ClickhouseTLS, c.ClickhouseTLSCa, c.ClickhouseTLSCert, c.ClickhouseTLSKey, c.ClickhouseTLSServerName}
	c.store = aggregate.Options{
		Addr: c.Clickhouse, Protocol: c.ClickhouseProtocol, Database: c.Database, Existing: c.beside, Username: c.Username,
		Password: string(w.secret("PASSWORD", c.Password, c.PasswordFile)), TLS: clickhouse.config(w),
	}
}

// pipeline says how to reach Kafka and what of it is used.
func (c *Config) pipeline(store *aggregate.Store) PipelineOptions {
	return PipelineOptions{
		Brokers: c.KafkaBrokers, Connection: c.connection, Topics: c.Topics, TopicPattern: c.pattern, DeadLetters: c.DeadLetters, Group: c.Group,
		Store: store, ReadyAfter: c.readyAfter, Tuning: c.tuning,
	}
}

// wrong collects what is wrong with the variables.
type wrong struct{ errs []error }

func (w *wrong) add(name, what string) {
	w.errs = append(w.errs, fmt.Errorf("TAPPA_%s: %s", name, what))
}

// need notes a value that is not what is expected, and an empty one as missing.
func (w *wrong) need(name, value string, ok bool, expected string) {
	switch {
	case ok:
	case value == "":
		w.add(name, "missing; expected "+expected)
	default:
		w.add(name, fmt.Sprintf("%q; expected %s", value, expected))
	}
}

func (w *wrong) addresses(name string, all []string) {
	w.need(name, "", len(all) > 0, "host:port, comma separated")
	for _, a := range all {
		host, port, err := net.SplitHostPort(a)
		_, portErr := strconv.ParseUint(port, 10, 16)
		w.need(name, a, err == nil && portErr == nil && host != "", "host:port, comma separated")
	}
}

func (w *wrong) readable(name, file string) {
	if _, err := os.ReadFile(file); err != nil {
		w.add(name, err.Error())
	}
}

// secret gives a secret, from its own variable or from the file that another one names. What is in the file's last line
// break is not part of it.
func (w *wrong) secret(name string, value secret, file string) secret {
	if file == "" {
		return value
	}
	if value != "" {
		w.add(name, "set, and TAPPA_"+name+"_FILE as well; expected one of them")
		return value
	}
	text, err := os.ReadFile(file)
	if err != nil {
		w.add(name+"_FILE", err.Error())
		return ""
	}
	if value = secret(strings.TrimRight(string(text), "\r\n")); value == "" {
		w.add(name+"_FILE", fmt.Sprintf("%q is empty", file))
	}
	return value
}

// split takes a comma separated list apart; "" is an empty one.
func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// trimmed is a list without the blanks around its values, as people write them behind commas.
func trimmed(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.TrimSpace(s)
	}
	return out
}

// String says nothing of what is configured: passwords are part of it.
func (c Config) String() string { return "configuration of tappa" }

// GoString is String.
func (c Config) GoString() string { return c.String() }
