package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"tappa/ingest"
	"tappa/internal/testenv"
)

// now is when the tests' requests arrive.
var now = time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)

// server is a gateway on real Kafka, behind a real HTTP server.
type server struct {
	t        *testing.T
	url      string
	brokers  []string
	topic    string
	registry *prometheus.Registry
	gateway  *Gateway
}

// secrets are what the configurations of the tests name.
func secrets(name string) string {
	return map[string]string{"SECRET": "s3cret", "TWO": "old\ns3cret\n", "SENDGRID": sendGridKey, "TWILIO": "12345"}[name]
}

// load writes a configuration and reads it.
func load(t testing.TB, text string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, secrets)
}

// serve starts a gateway. Between it and Kafka stands through, where that is given.
func serve(t *testing.T, config string, through func(Publisher) Publisher) *server {
	t.Helper()
	s := &server{t: t, brokers: testenv.Kafka(t), topic: testenv.Topic(t), registry: prometheus.NewRegistry()}
	c, err := load(t, config)
	if err != nil {
		t.Fatal(err)
	}
	producer := ingest.NewProducer(s.brokers, s.topic)
	var publisher Publisher = producer
	if through != nil {
		publisher = through(producer)
	}
	s.gateway, err = New(Options{Config: c, Publisher: publisher, Registerer: s.registry, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.gateway)
	t.Cleanup(func() {
		web.Close()
		_ = producer.Close()
	})
	s.url = web.URL
	return s
}

// post makes a request and returns the answer's status, and what it says.
func (s *server) post(path, body string, headers map[string]string) (int, answer, http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var a answer
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusSeeOther {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		s.t.Fatalf("answer %q: %v", text, err)
	}
	return resp.StatusCode, a, resp.Header
}

// records returns what is on Kafka; there have to be n.
func (s *server) records(n int) []kafka.Message {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	var all []kafka.Message
	conn, err := kafka.DialLeader(ctx, "tcp", s.brokers[0], s.topic, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	partitions, err := conn.ReadPartitions(s.topic)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = conn.Close()
	for _, p := range partitions {
		all = append(all, s.partition(ctx, p.ID)...)
	}
	if len(all) != n {
		s.t.Fatalf("%d records on Kafka, want %d", len(all), n)
	}
	return all
}

func (s *server) partition(ctx context.Context, id int) (all []kafka.Message) {
	s.t.Helper()
	conn, err := kafka.DialLeader(ctx, "tcp", s.brokers[0], s.topic, id)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	first, last, err := conn.ReadOffsets()
	if err != nil {
		s.t.Fatal(err)
	}
	for at := first; at < last; at++ {
		m, err := conn.ReadMessage(8 << 20)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// count returns the sum of a counter's values that bear all the labels.
func (s *server) count(name string, labels ...string) (sum float64) {
	s.t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "tappa_gateway_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if all := " " + strings.Join(values, " ") + " "; containsAll(all, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func containsAll(all string, labels []string) bool {
	for _, l := range labels {
		if !strings.Contains(all, " "+l+" ") {
			return false
		}
	}
	return true
}

func headerOf(m kafka.Message, key string) string {
	for _, h := range m.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
