package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/kelseyhightower/envconfig"

	"tappa/aggregate"
	"tappa/ingest"
)

// Config is how a production installation is set up, from TAPPA_* variables. The fields' names are the
// variables': a tag "envconfig" would let envconfig take USERNAME for TAPPA_USERNAME, which many shells set.
type Config struct {
	KafkaBrokers       []string `split_words:"true" required:"true" desc:"Kafka brokers, host:port, comma separated"`
	KafkaTLS           bool     `split_words:"true" desc:"use TLS to Kafka, with the system's certificates"`
	Topics             []string `split_words:"true" default:"tappa.interactions" desc:"topics to collect, comma separated"`
	DeadLetters        string   `split_words:"true" default:"tappa.dead-letters" desc:"topic for records that cannot be used"`
	Group              string   `split_words:"true" default:"tappa" desc:"Kafka consumer group"`
	Clickhouse         string   `split_words:"true" required:"true" desc:"ClickHouse, host:port; several replicas comma separated"`
	ClickhouseProtocol string   `split_words:"true" default:"native" desc:"native or http"`
	ClickhouseTLS      bool     `split_words:"true" desc:"use TLS to ClickHouse"`
	Database           string   `split_words:"true" default:"tappa" desc:"ClickHouse database; created if missing"`
	Username           string   `split_words:"true" default:"default" desc:"ClickHouse user"`
	Password           string   `split_words:"true" desc:"ClickHouse password"`
	Journeys           []string `split_words:"true" desc:"journey files, comma separated; default: those stored in ClickHouse"`
	Listen             string   `split_words:"true" default:"127.0.0.1:8080" desc:"address of pages, API, metrics and health"`
	Roles              []string `split_words:"true" default:"collect,aggregate,dashboards" desc:"what this process does, comma separated"`
}

// roles are what a process can be asked to do.
var roles = []string{"collect", "aggregate", "dashboards"}

// ReadConfig reads the environment and says everything that is wrong with it at once. Roles given here replace those of
// the environment.
func ReadConfig(instead ...string) (Config, error) {
	var c Config
	if err := envconfig.Process("tappa", &c); err != nil {
		return c, fmt.Errorf("read configuration: %w (`tappa serve --help` lists the variables)", err)
	}
	if len(instead) > 0 {
		c.Roles = instead
	}
	var errs []error
	for _, r := range c.Roles {
		if !slices.Contains(roles, r) {
			errs = append(errs, fmt.Errorf("there is no role %q; the roles are %v", r, roles))
		}
	}
	if c.ClickhouseProtocol != "native" && c.ClickhouseProtocol != "http" {
		errs = append(errs, fmt.Errorf("TAPPA_CLICKHOUSE_PROTOCOL: %q is neither native nor http", c.ClickhouseProtocol))
	}
	return c, errors.Join(errs...)
}

// ConfigUsage writes the table of variables: name, type, default, meaning.
func ConfigUsage(out io.Writer) error {
	return envconfig.Usagef("tappa", &Config{}, out, `{{range .}}  {{usage_key .}}
      {{usage_description .}}{{if usage_default .}} (default {{usage_default .}}){{end}}{{if usage_required .}} (required){{end}}
{{end}}`)
}

// storeOptions say how to reach ClickHouse.
func (c Config) storeOptions() aggregate.Options {
	opts := aggregate.Options{Addr: c.Clickhouse, Protocol: c.ClickhouseProtocol, Database: c.Database, Username: c.Username, Password: c.Password}
	if c.ClickhouseTLS {
		opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return opts
}

// pipeline says how to reach Kafka and what of it is used.
func (c Config) pipeline(store *aggregate.Store) PipelineOptions {
	var connection ingest.Connection
	if c.KafkaTLS {
		connection.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return PipelineOptions{
		Brokers: c.KafkaBrokers, Connection: connection, Topics: c.Topics, DeadLetters: c.DeadLetters, Group: c.Group, Store: store,
	}
}

// Serve runs the configured roles against Kafka and ClickHouse servers until ctx ends, then stops them in order.
func Serve(ctx context.Context, c Config, out io.Writer, logger *slog.Logger) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var st stack
	defer func() { err = errors.Join(err, st.Close()) }()

	store, err := aggregate.Open(ctx, c.storeOptions())
	if err != nil {
		return err
	}
	st.pushClose("ClickHouse connection", store.Close)
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	journeys, err := LoadJourneys(ctx, store, c.Journeys)
	if err != nil {
		return err
	}
	if len(journeys) == 0 {
		return errors.New("no journey is defined: name journey files in TAPPA_JOURNEYS")
	}
	registry := newRegistry()
	if slices.Contains(c.Roles, "aggregate") {
		walker, err := aggregate.NewWalker(store, journeys, aggregate.WalkerOptions{Logger: logger, Registerer: registry})
		if err != nil {
			return err
		}
		st.start("walk", fail, walker.Run)
	}
	if slices.Contains(c.Roles, "collect") {
		pipeline := c.pipeline(store)
		pipeline.Journeys, pipeline.Logger, pipeline.Registerer = journeys, logger, registry
		collector, err := NewCollector(pipeline)
		if err != nil {
			return err
		}
		st.start("collector", fail, collector.Run)
	}
	pages := site{store: store, journeys: journeys, registry: registry, ready: func() error { return store.Ping(ctx) }, logger: logger}
	pages.hidden = !slices.Contains(c.Roles, "dashboards")
	addr, err := pages.listen(&st, c.Listen, fail)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "tappa serves %v on http://%s/\n", c.Roles, addr)
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
