package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/kelseyhightower/envconfig"
	"github.com/prometheus/client_golang/prometheus"

	"tappa/ingest/suitecrm"
)

// roleSuiteCRM is the role that relays changes of a SuiteCRM's tables. It needs Kafka alone.
const roleSuiteCRM = "suitecrm"

// SuiteCRMConfig says how the role suitecrm reads changes of a SuiteCRM's tables. It holds for embedded data too.
type SuiteCRMConfig struct {
	Topics    string   `default:"suitecrm\\..*" desc:"regular expression: topics of the changes of a SuiteCRM's tables, by their whole names"`
	Group     string   `default:"tappa-suitecrm" desc:"consumer group that follows those"`
	Name      string   `default:"suitecrm" desc:"what this SuiteCRM is called: source of its events, and what stands before its ids"`
	Currency  string   `default:"EUR" desc:"base currency of this SuiteCRM"`
	Phones    []string `default:"phone_mobile,phone_home" desc:"columns of leads and contacts that hold a person's own number, comma separated"`
	Companies string   `default:"false" desc:"true: also tell what concerns a company beside its people, for journeys per account"`
	Audit     string   `default:"true" desc:"false: the audit tables are not captured; read changes of a status from the rows"`
	Retract   string   `default:"true" desc:"false: what was told of a call, meeting, opportunity, quote, invoice, case or answered survey stands when a user deletes that"`
}

var (
	originName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	columnName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
)

// options checks the values and makes of them what package suitecrm needs.
func (c *SuiteCRMConfig) options(w *wrong) (opts suitecrm.Options) {
	var err error
	opts.Topics, err = regexp.Compile(c.Topics)
	w.need("SUITECRM_TOPICS", c.Topics, err == nil && c.Topics != "", `a regular expression such as suitecrm\..*`)
	w.need("SUITECRM_GROUP", c.Group, c.Group != "", "a name")
	w.need("SUITECRM_NAME", c.Name, originName.MatchString(c.Name), "letters, digits, '.', '_' and '-'")
	w.need("SUITECRM_CURRENCY", c.Currency, regexp.MustCompile(`^[A-Z]{3}$`).MatchString(c.Currency), "three capitals such as EUR")
	for _, column := range c.Phones {
		w.need("SUITECRM_PHONES", column, columnName.MatchString(column), "names of columns, comma separated")
	}
	opts.Companies, err = strconv.ParseBool(c.Companies)
	w.need("SUITECRM_COMPANIES", c.Companies, err == nil, "true or false")
	audit, err := strconv.ParseBool(c.Audit)
	w.need("SUITECRM_AUDIT", c.Audit, err == nil, "true or false")
	opts.NoAudit = !audit
	retract, err := strconv.ParseBool(c.Retract)
	w.need("SUITECRM_RETRACT", c.Retract, err == nil, "true or false")
	opts.KeepDeleted = !retract
	opts.Group, opts.Origin, opts.Currency, opts.Phones = c.Group, c.Name, c.Currency, c.Phones
	return opts
}

// readSuiteCRM reads the variables where there is no configuration of servers.
func readSuiteCRM() (suitecrm.Options, error) {
	var c SuiteCRMConfig
	if err := envconfig.Process("tappa_suitecrm", &c); err != nil {
		return suitecrm.Options{}, fmt.Errorf("read configuration: %w", err)
	}
	var w wrong
	opts := c.options(&w)
	return opts, errors.Join(w.errs...)
}

// relay says how a relay of this configuration reads and writes: into the first topic that holds tappa's own events.
func (c *Config) relay() suitecrm.Options {
	opts := c.Suitecrm.options(&wrong{})
	opts.Brokers, opts.Connection, opts.DeadLetterTopic = c.KafkaBrokers, c.connection, c.DeadLetters
	opts.Into = eventTopic(c.Topics)
	return opts
}

// startRelay starts a relay, to be stopped by the stack.
func startRelay(st *stack, fail func(error), opts suitecrm.Options, readyAfter time.Duration, logger *slog.Logger, reg prometheus.Registerer) (*suitecrm.Relay, error) {
	opts.ReadyAfter, opts.Logger, opts.Registerer = readyAfter, logger, reg
	relay, err := suitecrm.New(opts)
	if err != nil {
		return nil, err
	}
	st.start("SuiteCRM relay", fail, relay.Run)
	return relay, nil
}

// SuiteCRMOptions say what SuiteCRM looks at, and how it tells.
type SuiteCRMOptions struct {
	Target Target
	JSON   bool
	Out    io.Writer
	Logger *slog.Logger
}

// SuiteCRM reads all changes of a SuiteCRM's tables that Kafka holds and says what comes of them: changes by topic and fate,
// events by type, what cannot be used and what waits. It publishes nothing.
func SuiteCRM(ctx context.Context, opts SuiteCRMOptions) error {
	relay := opts.Target.Config.relay()
	if opts.Target.Dir != "" {
		t, err := opts.Target.reach(ctx, opts.Logger)
		if err != nil {
			return err
		}
		defer func() { _ = t.close() }()
		if relay, err = readSuiteCRM(); err != nil {
			return err
		}
		relay.Brokers = t.pipeline.Brokers
	}
	relay.Logger = opts.Logger
	report, err := suitecrm.Inspect(ctx, relay)
	if err != nil {
		return err
	}
	if opts.JSON {
		return printJSON(opts.Out, report)
	}
	if len(report.Changes) == 0 {
		fmt.Fprintf(opts.Out, "no topic matches %s: set TAPPA_SUITECRM_TOPICS to the connector's topics\n", relay.Topics)
		return nil
	}
	return printSuiteCRM(opts.Out, report)
}

func printSuiteCRM(out io.Writer, r suitecrm.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "topic\tchanges")
	for _, f := range suitecrm.Fates {
		fmt.Fprintf(w, "\t%s", f)
	}
	fmt.Fprintln(w, "\tdead\t")
	for _, topic := range slices.Sorted(maps.Keys(r.Changes)) {
		c := r.Changes[topic]
		fmt.Fprintf(w, "%s\t%d", topic, c.All())
		for _, f := range suitecrm.Fates {
			fmt.Fprintf(w, "\t%d", c.Fates[f])
		}
		fmt.Fprintf(w, "\t%d\t\n", c.Dead)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, typ := range slices.Sorted(maps.Keys(r.Events)) {
		fmt.Fprintf(out, "%8d %s\n", r.Events[typ], typ)
	}
	for _, d := range r.Dead {
		fmt.Fprintf(out, "dead: %s/%d/%d: %s\n", d.Topic, d.Partition, d.Offset, d.Why)
	}
	for _, p := range r.Pending {
		fmt.Fprintf(out, "waits: %d of %s, %s (the first: %s)\n", p.Count, p.Table, p.Why, p.Example)
	}
	return nil
}
