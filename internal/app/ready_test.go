package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// TestWalkWatch lets the walk stand still, move, and catch up, on a clock of its own.
func TestWalkWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var behind, walked int64
		var failure error
		w := &walkWatch{patience: time.Minute, backlog: func(context.Context) (int64, int64, error) { return behind, walked, failure }}
		for _, step := range []struct {
			behind, walked int64
			failure        error
			ready          bool
		}{
			{100, 0, nil, true},  // just looked
			{100, 0, nil, true},  // 45 s later
			{100, 0, nil, false}, // 90 s later
			{90, 10, nil, true},
			{90, 10, nil, true},
			{95, 10, nil, false},
			{0, 105, nil, true},
			{0, 105, nil, true},
			{0, 105, nil, true},
			{7, 105, nil, true},
			{0, 112, errors.New("gone"), false},
		} {
			behind, walked, failure = step.behind, step.walked, step.failure
			if err := w.check(t.Context()); (err == nil) != step.ready {
				t.Errorf("%+v: got %v", step, err)
			}
			time.Sleep(45 * time.Second)
		}
	})
}

// TestWalkState asks a real store how far its walk is.
func TestWalkState(t *testing.T) {
	e, j := parts(t), machinery(t)
	d, err := openDemo(e, j, DemoYear{Cases: 20, End: yearEnd})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.producer.Close() }()
	n, err := d.seed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := []journey.JourneyID{j.ID}
	if behind, _, err := e.Store.WalkState(t.Context(), ids, aggregate.Part{}); err != nil || behind != 0 {
		t.Errorf("empty: %d behind, error %v", behind, err)
	}
	collect(t, e, j)
	behind, walked, err := e.Store.WalkState(t.Context(), ids, aggregate.Part{})
	if err != nil || behind != 0 || walked <= 0 {
		t.Errorf("walked: %d behind, walked %d, error %v", behind, walked, err)
	}
	if behind, _, err := e.Store.WalkState(t.Context(), append(ids, "new"), aggregate.Part{}); err != nil || behind != int64(n) {
		t.Errorf("with a journey never walked: %d behind, error %v; want %d", behind, err, n)
	}
}

// TestReadyz asks over HTTP.
func TestReadyz(t *testing.T) {
	e, j := parts(t), machinery(t)
	var st stack
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	watch := newWalkWatch(e.Store, []*journey.Journey{j}, aggregate.Part{}, time.Minute)
	collector, err := NewCollector(PipelineOptions{Brokers: e.Brokers, Store: e.Store, Journeys: []*journey.Journey{j}, Logger: quiet(t)})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(ready readiness) (int, string) {
		addr, err := site{store: e.Store, registry: newRegistry(), hidden: true, ready: ready}.listen(&st, "127.0.0.1:0", func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Get("http://" + addr + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
	if code, text := ask(readiness{store: e.Store, walk: watch}); code != http.StatusOK {
		t.Errorf("all well: %d %s", code, text)
	}
	if code, text := ask(readiness{store: e.Store, collector: collector, walk: watch}); code != http.StatusServiceUnavailable || !strings.Contains(text, "the collector does not run") {
		t.Errorf("no collector: %d %s", code, text)
	}
	holder, err := readAnnouncement(e.Dir)
	if err != nil {
		t.Fatal(err)
	}
	gone, err := aggregate.Open(t.Context(), aggregate.Options{Addr: holder.ClickHouse, Protocol: "http", Database: database})
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	if code, text := ask(readiness{store: gone, walk: watch}); code != http.StatusServiceUnavailable || !strings.Contains(text, "ping clickhouse") {
		t.Errorf("store closed: %d %s", code, text)
	}
}
