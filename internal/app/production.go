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

// Config is how a production installation is set up, from TAPPA_* variables.
type Config struct {
	KafkaBrokers    []string `envconfig:"KAFKA_BROKERS" required:"true" desc:"Kafka brokers, host:port, comma separated"`
	KafkaTLS        bool     `envconfig:"KAFKA_TLS" desc:"use TLS to Kafka, with the system's certificates"`
	Topics          []string `envconfig:"TOPICS" default:"tappa.interactions" desc:"topics to collect, comma separated"`
	DeadLetters     string   `envconfig:"DEAD_LETTERS" default:"tappa.dead-letters" desc:"topic for records that cannot be used"`
	Group           string   `envconfig:"GROUP" default:"tappa" desc:"Kafka consumer group"`
	ClickHouse      string   `envconfig:"CLICKHOUSE" required:"true" desc:"ClickHouse, host:port; several replicas comma separated"`
	ClickHouseProto string   `envconfig:"CLICKHOUSE_PROTOCOL" default:"native" desc:"native or http"`
	ClickHouseTLS   bool     `envconfig:"CLICKHOUSE_TLS" desc:"use TLS to ClickHouse"`
	Database        string   `envconfig:"DATABASE" default:"tappa" desc:"ClickHouse database; created if missing"`
	Username        string   `envconfig:"USERNAME" default:"default" desc:"ClickHouse user"`
	Password        string   `envconfig:"PASSWORD" desc:"ClickHouse password"`
	Journeys        []string `envconfig:"JOURNEYS" desc:"journey files, comma separated; default: those stored in ClickHouse"`
	Listen          string   `envconfig:"LISTEN" default:"127.0.0.1:8080" desc:"address of pages, API, metrics and health"`
	Roles           []string `envconfig:"ROLES" default:"collect,aggregate,dashboards" desc:"what this process does, comma separated"`
}

// roles are what a process can be asked to do.
var roles = []string{"collect", "aggregate", "dashboards"}

// ReadConfig reads the environment and says everything that is wrong with it at once.
func ReadConfig() (Config, error) {
	var c Config
	if err := envconfig.Process("tappa", &c); err != nil {
		return c, fmt.Errorf("read configuration: %w (`tappa serve --help` lists the variables)", err)
	}
	var errs []error
	for _, r := range c.Roles {
		if !slices.Contains(roles, r) {
			errs = append(errs, fmt.Errorf("TAPPA_ROLES: there is no role %q; the roles are %v", r, roles))
		}
	}
	if c.ClickHouseProto != "native" && c.ClickHouseProto != "http" {
		errs = append(errs, fmt.Errorf("TAPPA_CLICKHOUSE_PROTOCOL: %q is neither native nor http", c.ClickHouseProto))
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
	opts := aggregate.Options{Addr: c.ClickHouse, Protocol: c.ClickHouseProto, Database: c.Database, Username: c.Username, Password: c.Password}
	if c.ClickHouseTLS {
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
