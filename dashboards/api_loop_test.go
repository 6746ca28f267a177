package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
	"tappa/alert"
)

// call sends a request with a JSON body and headers, and reads the answer into out unless that is nil.
func call(t *testing.T, s *httptest.Server, method, path, body string, out any, headers ...string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+apiBase+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
	return res.StatusCode
}

// TestWhoMayChange tries every way in against every way of keeping people out.
func TestWhoMayChange(t *testing.T) {
	const note = `{"text":"x","by":"y"}`
	for _, c := range []struct {
		name    string
		access  Access
		headers []string
		want    int
	}{
		{"nobody is let in", Access{}, nil, http.StatusForbidden},
		{"this machine", Access{Local: true}, nil, http.StatusCreated},
		{"a page of ours", Access{Local: true}, []string{"Sec-Fetch-Site", "same-origin"}, http.StatusCreated},
		{"a page of another site", Access{Local: true}, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"an old browser's page of another site", Access{Local: true}, []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"a name that leads here", Access{Local: true}, []string{"Host", "evil.example:8080"}, http.StatusForbidden},
		{"through a proxy", Access{Local: true}, []string{"X-Forwarded-For", "192.0.2.1"}, http.StatusForbidden},
		{"without the token", Access{Token: "geheim", Local: true}, nil, http.StatusUnauthorized},
		{"with another token", Access{Token: "geheim", Local: true}, []string{"Authorization", "Bearer geheimer"}, http.StatusUnauthorized},
		{"with the token", Access{Token: "geheim"}, []string{"Authorization", "Bearer geheim"}, http.StatusCreated},
		{"with the token, from another site's page", Access{Token: "geheim"}, []string{"Authorization", "Bearer geheim", "Sec-Fetch-Site", "cross-site"}, http.StatusUnauthorized},
	} {
		s := &server{access: c.access}
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/x", strings.NewReader(note))
		r.RemoteAddr = "127.0.0.1:50000"
		for i := 0; i+1 < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
			if c.headers[i] == "Host" {
				r.Host = c.headers[i+1]
			}
		}
		if err := s.access.check(r); (err == nil) != (c.want == http.StatusCreated) {
			t.Errorf("%s: got error %v, want status %d", c.name, err, c.want)
		}
	}
	far := httptest.NewRequest(http.MethodPost, "http://localhost/x", nil)
	far.RemoteAddr = "192.0.2.1:50000"
	if (Access{Local: true}).check(far) == nil {
		t.Error("another machine that says it is localhost was let in")
	}
	off, _ := newSiteWith(t, func(*Options) {})
	if code := call(t, off, http.MethodPost, "/journeys/machinery/notes", note, nil); code != http.StatusForbidden {
		t.Errorf("changes are off: status %d", code)
	}
	withToken, _ := newSiteWith(t, func(o *Options) { o.Access.Token = "geheim" })
	if code := call(t, withToken, http.MethodPost, "/journeys/machinery/notes", note, nil); code != http.StatusUnauthorized {
		t.Errorf("without the token: status %d", code)
	}
	if code := call(t, withToken, http.MethodPost, "/journeys/machinery/notes", note, nil, "Authorization", "Bearer geheim"); code != http.StatusCreated {
		t.Errorf("with the token: status %d", code)
	}
	reading, _ := newSiteWith(t, func(o *Options) { o.Access.Local, o.Writer = true, nil })
	if code := call(t, reading, http.MethodPost, "/journeys/machinery/notes", note, nil); code != http.StatusForbidden {
		t.Errorf("a process that only reads: status %d", code)
	}
}

// TestLoopByAPI goes once round: a month is frozen, an opportunity and notes are added, changed, closed.
func TestLoopByAPI(t *testing.T) {
	s, store := newSiteWith(t, func(o *Options) { o.Access.Local = true }, hostileBlock())
	const j = "/journeys/machinery"
	add := `{"touchpoint":"quote","department":"sales","action":"call back","due":"2026-06-30","kpi":"quote-conversion"}`
	if code := call(t, s, http.MethodPost, j+"/opportunities", add, nil); code != http.StatusNotFound {
		t.Errorf("without a snapshot: status %d, want 404", code)
	}
	if _, _, err := store.Refresh(t.Context(), "machinery", "2026-03", "test"); err != nil {
		t.Fatal(err)
	}
	var snaps []aggregate.Snapshot
	if call(t, s, http.MethodGet, j+"/snapshots", "", &snaps); len(snaps) != 1 || snaps[0].Month != "2026-03" {
		t.Errorf("snapshots: got %+v", snaps)
	}
	if code, body := fetch(t, s, apiBase+j+"/snapshots/2026-03@1"); code != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("snapshot: status %d", code)
	}
	var d aggregate.Diff
	if code := call(t, s, http.MethodGet, j+"/snapshots/2026-03/diff?against=2026-03@1", "", &d); code != http.StatusOK || d.After.Version != 1 || d.Tested+len(d.Changes) > 0 {
		t.Errorf("a month against itself: status %d, got %+v", code, d)
	}
	for path, want := range map[string]int{
		j + "/snapshots/1999-01": http.StatusNotFound, j + "/snapshots/2026-03@x": http.StatusBadRequest,
		j + "/opportunities/7": http.StatusNotFound, j + "/kpis/compare?before=x&after=y": http.StatusBadRequest,
		"/journeys/nowhere/notes": http.StatusBadRequest, "/journeys/nowhere/snapshots/2026-03": http.StatusBadRequest,
	} {
		if code, body := fetch(t, s, apiBase+path); code != want {
			t.Errorf("%s: status %d, want %d: %s", path, code, want, body)
		}
	}
	var o aggregate.Opportunity
	if code := call(t, s, http.MethodPost, j+"/opportunities", add, &o); code != http.StatusCreated || o.ID != "1" || o.Baseline != "2026-03" || o.Target.Target == nil {
		t.Errorf("add: status %d, %+v", code, o)
	}
	if code := call(t, s, http.MethodPatch, j+"/opportunities/1", `{"revision":1,"action":"call within a day"}`, &o); code != http.StatusOK || o.Action != "call within a day" {
		t.Errorf("change: status %d, %+v", code, o)
	}
	if code := call(t, s, http.MethodPatch, j+"/opportunities/1", `{"revision":1,"closed":"done"}`, nil); code != http.StatusConflict {
		t.Errorf("an old revision: status %d", code)
	}
	if code := call(t, s, http.MethodPatch, j+"/opportunities/1", `{"touchpoint":"moon"}`, nil); code != http.StatusBadRequest {
		t.Errorf("an unknown touchpoint: status %d", code)
	}
	if code, body := fetch(t, s, apiBase+j+"/opportunities"); code != http.StatusOK || strings.Contains(body, "0001-01-01") || strings.Contains(body, "current") {
		t.Errorf("a list without outlooks has empty ones: status %d, %s", code, body)
	}
	var list []aggregate.Outlook
	if call(t, s, http.MethodGet, j+"/opportunities?outlook=true", "", &list); len(list) != 1 || list[0].Current.View != "dropoff" {
		t.Errorf("list: got %+v", list)
	}
	var met struct {
		ID       string
		Warnings []string
	}
	reached := `{"id":"met","touchpoint":"quote","department":"sales","action":"nothing","due":"2026-06-30","view":"dropoff","metric":"entered","filter":{"stage":"decision"},"target":0,"better":"up"}`
	if code := call(t, s, http.MethodPost, j+"/opportunities", reached, &met); code != http.StatusCreated || !strings.Contains(strings.Join(met.Warnings, "\n"), "met the target already") {
		t.Errorf("a target that was met: status %d, %+v", code, met)
	}
	for lang, want := range map[string]string{"it": "soddisfaceva già l&#39;obiettivo", "en": "met the target already"} {
		if code, body := fetch(t, s, "/months?lang="+lang); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("months: no %q: status %d", want, code)
		}
	}
	for path := range map[string]int{"/opportunities/met": 0, "/opportunities?outlook=true": 0} {
		if _, body := fetch(t, s, apiBase+j+path); !strings.Contains(body, "met the target already") {
			t.Errorf("%s: no warning in %s", path, body)
		}
	}
	var kpis []aggregate.KPIValue
	var changes []aggregate.KPIChange
	call(t, s, http.MethodGet, j+"/kpis", "", &kpis)
	call(t, s, http.MethodGet, j+"/kpis/compare?before=2026-01-01..2026-02-01&after=2026-02-01..2026-03-01", "", &changes)
	if len(kpis) == 0 || len(changes) != len(kpis) || changes[0].Verdict != aggregate.TooEarly {
		t.Errorf("kpis: got %d and %+v", len(kpis), changes)
	}
}

// TestNotesAndCorrectionsByAPI adds, changes and takes away.
func TestNotesAndCorrectionsByAPI(t *testing.T) {
	s, _ := newSiteWith(t, func(o *Options) { o.Access.Local = true }, hostileBlock())
	const j = "/journeys/machinery"
	var n aggregate.Note
	if code := call(t, s, http.MethodPost, j+"/notes", `{"stage":"decision","feeling":-2,"text":"solo","by":"Anna","day":"2026-03-03"}`, &n); code != http.StatusCreated || n.Kind != "interview" {
		t.Errorf("add: status %d, %+v", code, n)
	}
	if code := call(t, s, http.MethodPost, j+"/notes", `{"stage":"moon","text":"x","by":"y"}`, nil); code != http.StatusBadRequest {
		t.Errorf("an unknown stage: status %d", code)
	}
	if code := call(t, s, http.MethodPost, j+"/notes", `{"feeling":7,"text":"x","by":"y"}`, nil); code != http.StatusUnprocessableEntity {
		t.Errorf("a feeling of 7: status %d", code)
	}
	if code := call(t, s, http.MethodPatch, j+"/notes/1", `{"text":"molto solo"}`, &n); code != http.StatusOK || n.Text != "molto solo" || *n.Feeling != -2 {
		t.Errorf("change: status %d, %+v", code, n)
	}
	if code := call(t, s, http.MethodDelete, j+"/notes/1", "", nil); code != http.StatusNoContent {
		t.Errorf("delete: status %d", code)
	}
	var notes []aggregate.Note
	if call(t, s, http.MethodGet, j+"/notes", "", &notes); len(notes) != 0 {
		t.Errorf("notes: got %+v", notes)
	}
	if code := call(t, s, http.MethodPost, "/corrections", `{"origin":"site","id":"1","label":"positive","by":"Anna"}`, nil); code != http.StatusCreated {
		t.Errorf("correct: status %d", code)
	}
	if code := call(t, s, http.MethodPost, "/corrections", `{"origin":"site","id":"nowhere","label":"positive","by":"Anna"}`, nil); code != http.StatusNotFound {
		t.Errorf("correct what is not there: status %d", code)
	}
	var corrections []aggregate.Correction
	if call(t, s, http.MethodGet, "/corrections", "", &corrections); len(corrections) != 1 || corrections[0].Label != "positive" {
		t.Errorf("corrections: got %+v", corrections)
	}
	for i, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		if code := call(t, s, http.MethodDelete, "/corrections?origin=site&id=1&by=Anna", "", nil); code != want {
			t.Errorf("take back, time %d: status %d, want %d", i+1, code, want)
		}
	}
}

// watched is a watcher of one alert.
type watched struct{ err error }

func (w watched) Definitions() *alert.Definitions {
	one := 1.
	return &alert.Definitions{Alerts: []alert.Definition{{ID: "late", Report: "waiting", Column: "rows", Above: &one, Notify: []string{"desk"}}}}
}

func (w watched) States(context.Context) ([]*alert.State, error) {
	return []*alert.State{{Cause: "late", Firing: true, Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Holding: map[string]alert.Holding{}}}, nil
}

func (w watched) Test(_ context.Context, id string) ([]string, error) {
	if id != "late" {
		return nil, fmt.Errorf("%w: %q", alert.ErrNoAlert, id)
	}
	return []string{"desk"}, w.err
}

func TestAlertsByAPI(t *testing.T) {
	s, _ := newSiteWith(t, func(o *Options) { o.Access.Local, o.Alerts = true, watched{} })
	var got alertsBody
	if call(t, s, http.MethodGet, "/alerts", "", &got); len(got.Alerts) != 1 || got.Alerts[0].Condition != "above 1" || len(got.Causes) != 1 || !got.Causes[0].Firing {
		t.Errorf("alerts: got %+v", got)
	}
	var told toldBody
	if code := call(t, s, http.MethodPost, "/alerts/late/test", "", &told); code != http.StatusOK || len(told.Told) != 1 {
		t.Errorf("test: status %d, %+v", code, told)
	}
	if code := call(t, s, http.MethodPost, "/alerts/early/test", "", nil); code != http.StatusNotFound {
		t.Errorf("test of an unknown alert: status %d", code)
	}
	broken, _ := newSiteWith(t, func(o *Options) { o.Access.Local, o.Alerts = true, watched{errors.New("the line is dead")} })
	if code := call(t, broken, http.MethodPost, "/alerts/late/test", "", nil); code != http.StatusBadGateway {
		t.Errorf("a dead line: status %d", code)
	}
	none := newSite(t)
	if code, body := fetch(t, none, apiBase+"/alerts"); code != http.StatusOK || !strings.Contains(body, `"alerts":[]`) {
		t.Errorf("without alerts: status %d, %s", code, body)
	}
}
