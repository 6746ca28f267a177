package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tappa/internal/app"
	"tappa/internal/chdb"
	"tappa/internal/testenv"
	"tappa/journey"
)

func TestReportListsThemselves(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"report", "--lang", "it"}, nil, &out, &errOut); code != exitDone {
		t.Fatalf("exit %d: %s", code, errOut.String())
	}
	for _, want := range []string{"dropoff ", "dove si perdono i casi", "directly-follows", "visits "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestReportUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"dropof", `there is no report "dropof"; there are: dropoff, timing`},
		{"dropoff timing", "one report at a time"},
		{"dropoff --format xml", `there is no format "xml"; there are: table, csv, json`},
		{"dropoff --from yesterday", `--from: "yesterday" is neither a day like 2026-01-31 nor an instant`},
		{"dropoff --limit -1", "--limit -1"},
		{"dropoff --nonsense", "unknown flag"},
	} {
		var errOut bytes.Buffer
		code := run(t.Context(), append([]string{"report"}, strings.Fields(c.args)...), nil, io.Discard, &errOut)
		if code != exitUsage || !strings.Contains(errOut.String(), c.want) {
			t.Errorf("report %s: exit %d, %s; want exit %d and %q", c.args, code, errOut.String(), exitUsage, c.want)
		}
	}
}

func TestParseInstant(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text      string
		daysLater int
		want      string
	}{
		{"2026-01-31", 0, "2026-01-30T23:00:00Z"},
		{"2026-03-29", 1, "2026-03-29T21:59:59.999Z"}, // the day has 23 hours
		{"2026-01-31T18:00:00+01:00", 1, "2026-01-31T17:00:00Z"},
	} {
		got, err := parseInstant(c.text, rome, c.daysLater)
		if err != nil || got.UTC().Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.text, got.UTC().Format(time.RFC3339Nano), err, c.want)
		}
	}
}

func TestReportOverData(t *testing.T) {
	dir := t.TempDir()
	data, err := journey.Templates.ReadFile("templates/machinery.yaml")
	if err != nil {
		t.Fatal(err)
	}
	j, err := journey.Parse("machinery.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	e, err := app.OpenEmbedded(t.Context(), app.EmbeddedOptions{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if errors.Is(err, chdb.ErrNoLibrary) && !testenv.RequireParts() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Store.PutJourney(t.Context(), j), e.Close()); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]string{"json": "[\n {\"stage\": \"" + string(j.Stages[0].ID), "csv": "stage,position,", "table": "stage"} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), []string{"report", "dropoff", "--data", dir, "--as-of", "2026-01-31", "--format", format}, nil, &out, &errOut); code != exitDone {
			t.Fatalf("%s: exit %d: %s", format, code, errOut.String())
		}
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: got\n%s\nwant it to begin with %s", format, out.String(), want)
		}
		if how := strings.Contains(errOut.String(), "as of 2026-01-31 23:59 (Europe/Rome)"); how != (format == "table") {
			t.Errorf("%s: standard error is %q", format, errOut.String())
		}
	}
	var errOut bytes.Buffer
	if code := run(t.Context(), []string{"report", "dropoff", "--data", dir, "--journey", "nope"}, nil, io.Discard, &errOut); code != exitFailed || !strings.Contains(errOut.String(), "there are: machinery") {
		t.Errorf("unknown journey: exit %d, %s", code, errOut.String())
	}
}
