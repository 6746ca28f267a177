package app

import (
	"strings"
	"testing"

	"tappa/ingest/source"
)

// TestTakenBack has one of two enquiries taken back while collector and walk run, and another one before it comes: only what stands is found,
// and nothing counts as unmapped.
func TestTakenBack(t *testing.T) {
	up, publish := startMachinery(t)
	defer up.stopUp()
	dir := up.opts.Dir
	await := func(want string) {
		t.Helper()
		awaitAnswer(t, dir, "SELECT groupArray(id), (SELECT count() FROM tappa.records) FROM (SELECT id FROM tappa.steps ORDER BY id) FORMAT TSV", want)
	}
	back := func(id string) source.Event {
		return source.Event{
			ID: "any " + id, Origin: "site", Type: "interaction.retracted", Time: yearEnd,
			Data: source.Retraction{Interaction: id, Customer: source.Party{Email: id + "@example.com"}, Reason: "a test"},
		}
	}
	publish(enquiry("anna"), enquiry("bruno"))
	await("['anna','bruno']\t2\n")
	publish(back("anna"), back("carla"), back("anna"))
	await("['bruno']\t5\n")
	publish(enquiry("carla"), enquiry("dora"))
	await("['bruno','dora']\t7\n")
	var out strings.Builder
	opts := RetractOptions{Target: Target{Dir: dir}, Origin: "site", ID: "dora", Reason: "a test", Out: &out, Logger: quiet(t)}
	if err := Retract(t.Context(), opts); err != nil || out.String() != "dora of site is taken back\n" {
		t.Errorf("%v, it says %q", err, out.String())
	}
	await("['bruno']\t8\n")
	opts.ID = "nobody"
	if err := Retract(t.Context(), opts); err == nil || !strings.Contains(err.Error(), `no interaction "nobody" of "site" is stored`) {
		t.Errorf("of nobody: %v", err)
	}
	if got := sql(t, dir, "SELECT interactions, unmapped FROM tappa.coverage(from = '1970-01-01', to = '2100-01-01', as_of = '2100-01-01') WHERE source = 'all' FORMAT TSV"); strings.TrimSpace(got) != "4\t0" {
		t.Errorf("coverage: got %s, want 4 interactions, none unmapped", got)
	}
}
