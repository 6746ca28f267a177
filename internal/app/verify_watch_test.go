package app

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/ingest"
)

// TestVerifyWatch accounts for a copy and a bad record among good ones, and tells it as metrics.
func TestVerifyWatch(t *testing.T) {
	e, j := parts(t), machinery(t)
	form := func(id, mail string) ingest.Message {
		return ingest.Message{Value: []byte(`{"specversion":"1.0","id":"` + id + `","source":"site","type":"tappa.form.submitted",` +
			`"time":"2026-03-02T09:00:00Z","data":{"form":"contact","customer":{"email":"` + mail + `"}}}`)}
	}
	p := ingest.NewProducer(e.Brokers, ingest.DefaultTopic)
	if err := p.Publish(t.Context(), form("1", "a@example.com"), form("2", "b@example.com"), form("1", "a@example.com"), ingest.Message{Value: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	collect(t, e, j)
	reg := prometheus.NewRegistry()
	w, err := newVerifyWatch(PipelineOptions{Brokers: e.Brokers, Store: e.Store}, time.Hour, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.once(t.Context()); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "tappa_verify_records" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "fate" {
					got[l.GetValue()] += m.GetGauge().GetValue()
				}
			}
		}
	}
	for fate, want := range map[string]float64{"stored": 2, "duplicate": 1, "dead": 1, "filtered": 0, "gap": 0, "missing": 0, "waiting": 0} {
		if n, there := got[fate]; !there || n != want {
			t.Errorf("%s: got %v, want %v", fate, n, want)
		}
	}
}
