package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
	"tappa/alert"
	"tappa/ingest"
	"tappa/ingest/gateway"
	"tappa/ingest/suitecrm"
	"tappa/journey"
)

// registrations is a registry that remembers what is registered, whether it has a value yet or not.
type registrations struct {
	*prometheus.Registry
	metrics map[string]bool
}

var descName = regexp.MustCompile(`fqName: "([^"]+)"`)

func (n registrations) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc, 100)
	c.Describe(descs)
	close(descs)
	_, histogram := c.(prometheus.Histogram)
	for d := range descs {
		name := descName.FindStringSubmatch(d.String())[1]
		n.metrics[name] = true
		if histogram {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				n.metrics[name+suffix] = true
			}
		}
	}
	return n.Registry.Register(c)
}

var metricName = regexp.MustCompile(`\btappa_[a-z_]+\b`)

// TestMetricsExist holds every metric that alerts, their tests and the dashboard name against those that are registered,
// and the other way round: what nobody looks at is listed here, so that nobody forgets it by accident.
func TestMetricsExist(t *testing.T) {
	registry := registrations{prometheus.NewRegistry(), map[string]bool{}}
	j := machinery(t)
	if _, err := NewCollector(PipelineOptions{Brokers: []string{"127.0.0.1:1"}, Store: &aggregate.Store{}, Registerer: registry}); err != nil {
		t.Fatal(err)
	}
	if _, err := aggregate.NewWalker(&aggregate.Store{}, []*journey.Journey{j}, aggregate.WalkerOptions{Registerer: registry}); err != nil {
		t.Fatal(err)
	}
	if _, err := newVerifyWatch(PipelineOptions{Store: &aggregate.Store{}}, time.Hour, nil, registry); err != nil {
		t.Fatal(err)
	}
	if _, err := newScheduler(&aggregate.Store{}, []*journey.Journey{j}, Timetable{}, "", nil, registry); err != nil {
		t.Fatal(err)
	}
	if _, err := alert.NewWatcher(&aggregate.Store{}, &alert.Definitions{}, "", nil, registry); err != nil {
		t.Fatal(err)
	}
	hooks, err := gateway.Load(file(t, "gateway.yaml", "sources: [{name: form, auth: open}]\n"), os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	producer := ingest.NewProducer([]string{"127.0.0.1:1"}, "t")
	t.Cleanup(func() { _ = producer.Close() })
	if _, err := gateway.New(gateway.Options{Config: hooks, Publisher: producer, Registerer: registry}); err != nil {
		t.Fatal(err)
	}
	if _, err := suitecrm.New(suitecrm.Options{Brokers: []string{"127.0.0.1:1"}, Registerer: registry}); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{
		"tappa_gateway_produced_total": true, "tappa_gateway_request_seconds_bucket": true, "tappa_gateway_requests": true,
		"tappa_gateway_held_bytes": true, "tappa_gateway_remembered_requests": true, "tappa_gateway_forgotten_total": true, "tappa_gateway_no_event_total": true,
		"tappa_walk_walks_total": true, "tappa_walk_touched_total": true, "tappa_walk_contact_keys": true, "tappa_walk_shared_keys": true,
		"tappa_refresh_runs_total": true, "tappa_refresh_last_success_timestamp_seconds": true,
		// The numbers of the journeys are for those who write rules of their own.
		"tappa_alert_firing": true, "tappa_alert_value": true, "tappa_alert_evaluations_total": true, "tappa_alert_evaluated_timestamp_seconds": true,
	}
	for _, file := range []string{"prometheus/rules.yml", "prometheus/rules_test.yml", "grafana/tappa.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "deploy", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(text), -1) {
			used[name] = true
			if !registry.metrics[name] {
				t.Errorf("%s names %s, which is not registered", file, name)
			}
		}
	}
	for name := range registry.metrics {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if !used[name] && !used[base+"_bucket"] && !used[base+"_sum"] {
			t.Errorf("nobody looks at %s", name)
		}
	}
}
