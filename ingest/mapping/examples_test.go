package mapping

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"tappa/ingest/source"
	"tappa/journey"
)

// reference are figures computed from the log alone, by another program.
type reference struct {
	Cases         int
	Interactions  int
	PerActivity   map[string]int `json:"per_activity"`
	LastActivity  map[string]int `json:"last_activity"`
	DirectFollows []struct {
		From, To string
		N        int
	} `json:"directly_follows"`
}

// Every row of these logs becomes one interaction and every case has one contact key, so that the figures are the
// log's own.
func TestLogs(t *testing.T) {
	shared := os.Getenv("TAPPA_SHARED_DATA")
	if shared == "" {
		t.Skip("TAPPA_SHARED_DATA, the folder of the logs, is not set")
	}
	for name, log := range map[string]string{"helpdesk": "helpdesk_sample", "loans": "loans_sample"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(shared, "logs", log)
			b, err := os.ReadFile(filepath.Join(dir, "reference.json"))
			if err != nil {
				t.Fatal(err)
			}
			var want reference
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			all := interactions(t, "../../deploy/examples/"+name+"/mapping.yaml", filepath.Join(dir, "log.csv"))
			if len(all) != want.Interactions {
				t.Errorf("%d interactions, the log has %d rows", len(all), want.Interactions)
			}
			cases := map[journey.ContactKey][]journey.Interaction{}
			activities := map[string]int{}
			for _, in := range all {
				cases[in.Keys[0]] = append(cases[in.Keys[0]], in)
				activities[in.Activity]++
			}
			if len(cases) != want.Cases {
				t.Errorf("%d contact keys, the log has %d cases", len(cases), want.Cases)
			}
			last, follows, wantFollows := map[string]int{}, map[string]int{}, map[string]int{}
			for _, c := range cases {
				slices.SortFunc(c, func(a, b journey.Interaction) int {
					return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.ID, b.ID))
				})
				last[c[len(c)-1].Activity]++
				for i := range c[1:] {
					follows[c[i].Activity+" → "+c[i+1].Activity]++
				}
			}
			for _, f := range want.DirectFollows {
				wantFollows[f.From+" → "+f.To] = f.N
			}
			for what, diff := range map[string]string{
				"activities": gocmp.Diff(want.PerActivity, activities), "last activities": gocmp.Diff(want.LastActivity, last),
				"directly follows": gocmp.Diff(wantFollows, follows),
			} {
				if diff != "" {
					t.Errorf("%s (-want, +got):\n%s", what, diff)
				}
			}
			checkTags(t, name, all)
		})
	}
}

func TestReports(t *testing.T) {
	const dir = "../../deploy/examples/reports/"
	all := interactions(t, dir+"mapping.yaml", dir+"segnalazioni-municipium.csv")
	opened, solved, threads := 0, 0, map[string]journey.Interaction{}
	var days []float64
	for _, in := range all {
		switch in.Type {
		case "ticket.opened":
			opened++
			threads[in.Thread] = in
		case "ticket.solved":
			solved++
			if in.Direction != journey.Outbound || !in.Public || !in.Solved {
				t.Fatalf("closing is no answer: %+v", in)
			}
			days = append(days, in.OccurredAt.Sub(threads[in.Thread].OccurredAt).Hours()/24)
		}
	}
	if opened != 4651 || len(threads) != 4651 || solved != 2683 || len(all) != 4651+2683 {
		t.Errorf("%d opened in %d threads, %d solved, %d in all; want 4651, 4651, 2683, 7334", opened, len(threads), solved, len(all))
	}
	slices.Sort(days)
	if days[len(days)/2] != 6 || days[0] != 0 || days[len(days)-1] != 367 {
		t.Errorf("days to close: median %v, from %v to %v; want 6, 0, 367", days[len(days)/2], days[0], days[len(days)-1])
	}
	if p := string(all[0].Payload); !strings.Contains(p, `"extra":{"Anno":"2023","Stato":"chiusa"}`) {
		t.Errorf("payload %s does not keep Stato and Anno", p)
	}
	checkTags(t, "reports", all)
}

// interactions maps a file and decodes what comes out, as an import does.
func interactions(t *testing.T, mapping, file string) []journey.Interaction {
	t.Helper()
	m, err := Load(mapping)
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	d := source.NewDecoder(source.Options{DefaultCountry: "IT"})
	var all []journey.Interaction
	for e, err := range m.CSV(file, in) {
		if err != nil {
			t.Fatal(err)
		}
		value, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		interaction, err := d.Decode(source.Record{Value: value})
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		all = append(all, interaction)
	}
	return all
}

// checkTags loads an example's journey and sees that no interaction is unmapped.
func checkTags(t *testing.T, name string, all []journey.Interaction) {
	t.Helper()
	j, err := journey.Load("../../deploy/examples/" + name + "/journey.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if w := j.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %v", w)
	}
	rules := map[string]int{}
	for i := range all {
		tag := j.Tag(&all[i])
		rules[tag.Rule]++
		if tag.Rule == "" {
			t.Fatalf("unmapped: %s %s", all[i].Type, all[i].Activity)
		}
	}
	for _, r := range j.Rules {
		if rules[r.Name] == 0 {
			t.Errorf("rule %q matches nothing in the log", r.Name)
		}
	}
}
