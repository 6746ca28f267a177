package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"tappa/aggregate"
)

// TestSnapshotCommands freezes two months of a real log, lists them, checks their hashes, and compares them.
func TestSnapshotCommands(t *testing.T) {
	dir := t.TempDir()
	mustTappa(t, "import", "--data", dir, "--journey", example("reports", "journey.yaml"), "--format", "csv",
		"--mapping", example("reports", "mapping.yaml"), example("reports", "segnalazioni-municipium.csv"))
	for _, month := range []string{"2023-06", "2023-07"} {
		if out := mustTappa(t, "refresh", "--month", month, "--data", dir); !strings.Contains(out, month+": version 1 frozen") {
			t.Errorf("refresh %s: got %s", month, out)
		}
	}
	if out := mustTappa(t, "refresh", "--month", "2023-06", "--data", dir); !strings.Contains(out, "version 1 unchanged") {
		t.Errorf("refresh again: got %s", out)
	}
	if out, errOut, code := tappa(t, "", "refresh", "--month", "2020-01", "--data", dir); code != exitFailed || !strings.Contains(errOut, "nothing is stored of the journey in that month or before it") {
		t.Errorf("refresh of a month before all: exit %d, %s%s", code, out, errOut)
	}
	var list []aggregate.Snapshot
	if err := json.Unmarshal([]byte(mustTappa(t, "snapshot", "list", "--data", dir, "--format", "json")), &list); err != nil || len(list) != 2 || list[0].Month != "2023-07" {
		t.Fatalf("list: got %+v, %v", list, err)
	}
	content := mustTappa(t, "snapshot", "show", "--month", "2023-07@1", "--data", dir)
	if sum := sha256.Sum256([]byte(content)); hex.EncodeToString(sum[:]) != list[0].SHA256 {
		t.Errorf("show: the content's hash is not %s", list[0].SHA256)
	}
	table := mustTappa(t, "snapshot", "diff", "--month", "2023-07", "--against", "2023-06", "--data", dir)
	if !strings.Contains(table, "real") || !strings.Contains(table, "numbers tested") {
		t.Errorf("diff: got\n%s", table)
	}
	var d aggregate.Diff
	if err := json.Unmarshal([]byte(mustTappa(t, "snapshot", "diff", "--month", "2023-07", "--against", "2023-06", "--data", dir, "--format", "json")), &d); err != nil {
		t.Fatal(err)
	}
	for _, c := range d.Changes {
		if c.Report == "dropoff" && c.Window == "month" && c.Key == "reported" && c.Metric == "entered" && (*c.Before.Value != 335 || *c.After.Value != 198) {
			t.Errorf("reports created: got %v and %v, the reference has 335 and 198", *c.Before.Value, *c.After.Value)
		}
	}
}

func TestSnapshotCommandsRefuse(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"refresh", "--month", "January", "--data", "nowhere"}, "a month is written like 2026-01"},
		{[]string{"refresh", "--month", "2026-01", "--data", t.TempDir()}, "no tappa data"},
		{[]string{"snapshot", "show", "--month", "2026-01@x", "--data", "nowhere"}, "a version is written like 2026-01@2"},
		{[]string{"snapshot", "list", "--format", "xml"}, "there are table and json"},
		{[]string{"kpi", "--before", "2026-01-01..2026-02-01"}, "go together"},
		{[]string{"kpi", "--before", "2026-02-01..2026-01-01", "--after", "2026-02-01..2026-03-01"}, "ends before it begins"},
	} {
		if code, _, errOut := tappaCommand(t, "", c.args...); code == exitDone || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: exit %d, %s; want %q", c.args, code, errOut, c.want)
		}
	}
}

// TestOpportunityCommands adds, lists and closes one over a month of a real log.
func TestOpportunityCommands(t *testing.T) {
	dir := t.TempDir()
	mustTappa(t, "import", "--data", dir, "--journey", example("reports", "journey.yaml"), "--format", "csv",
		"--mapping", example("reports", "mapping.yaml"), example("reports", "segnalazioni-municipium.csv"))
	mustTappa(t, "refresh", "--month", "2023-06", "--data", dir)
	mustTappa(t, "opportunity", "add", "--data", dir, "--touchpoint", "app", "--department", "public-works", "--action", "answer sooner",
		"--due", "2023-12-31", "--view", "timing", "--metric", "wait_p50_s", "--filter", "touchpoint=app", "--target", "172800", "--better", "down")
	mustTappa(t, "opportunity", "close", "1", "--why", "given up", "--data", dir)
	var list []aggregate.Outlook
	if err := json.Unmarshal([]byte(mustTappa(t, "opportunity", "list", "--data", dir, "--format", "json")), &list); err != nil || len(list) != 1 {
		t.Fatalf("list: got %+v, %v", list, err)
	}
	got := list[0]
	if got.Opportunity.Closed != "given up" || got.Opportunity.Baseline != "2023-06" || got.Current.Value == nil || got.Expected.Value != nil {
		t.Errorf("got %+v; want it closed, with a current value, and no expected value of a duration", got)
	}
}
