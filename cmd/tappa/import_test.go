package main

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reference is what an independent computation found in a log; see the READMEs of deploy/examples.
type reference struct {
	Cases             int                             `json:"cases"`
	Interactions      int                             `json:"interactions"`
	PerActivity       map[string]int                  `json:"per_activity"`
	CasesWithActivity map[string]int                  `json:"cases_with_activity"`
	DurationSeconds   struct{ P50, P90, Max float64 } `json:"duration_seconds"`
	DirectlyFollows   []follows                       `json:"directly_follows"`
}

type follows struct {
	From string
	To   string
	N    int
	P50  float64
	P90  float64
}

// TestImportedLogsEqualTheReference imports real logs and holds the reports against figures computed without tappa:
// once as they are, then the same file twice more, then shuffled. The logs are not ours to ship: TAPPA_LOGS names the
// folder that holds helpdesk_sample and loans_sample.
func TestImportedLogsEqualTheReference(t *testing.T) {
	logs := os.Getenv("TAPPA_LOGS")
	if logs == "" {
		t.Skip("TAPPA_LOGS is not set")
	}
	for name, folder := range map[string]string{"helpdesk": "helpdesk_sample", "loans": "loans_sample"} {
		t.Run(name, func(t *testing.T) {
			log := filepath.Join(logs, folder, "log.csv")
			var want reference
			data, err := os.ReadFile(filepath.Join(logs, folder, "reference.json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			load := func(file string) {
				t.Helper()
				t.Log(mustTappa(t, "import", "--data", dir, "--journey", example(name, "journey.yaml"), "--format", "csv",
					"--mapping", example(name, "mapping.yaml"), file))
				equalsReference(t, dir, want)
			}
			load(log)
			load(log)
			load(log)
			load(shuffled(t, log, ','))
		})
	}
}

func equalsReference(t *testing.T, dir string, want reference) {
	t.Helper()
	interactions, cases := map[string]int{}, map[string]int{}
	for _, r := range rows(t, dir, "activities") {
		interactions[r["activity"].(string)] = int(r["interactions"].(float64))
		cases[r["activity"].(string)] = int(r["cases"].(float64))
	}
	if d := cmp.Diff(interactions, want.PerActivity); d != "" {
		t.Errorf("interactions per activity (-got, +want):\n%s", d)
	}
	if d := cmp.Diff(cases, want.CasesWithActivity); d != "" {
		t.Errorf("cases per activity (-got, +want):\n%s", d)
	}
	var got []follows
	for _, r := range rows(t, dir, "directly-follows") {
		got = append(got, follows{r["from"].(string), r["to"].(string), int(r["n"].(float64)), thousandth(r["p50"]), thousandth(r["p90"])})
	}
	// The reference rounds halves of a millisecond by the rules of another language.
	alike := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 0.0015 })
	if d := cmp.Diff(got, want.DirectlyFollows, alike); d != "" {
		t.Errorf("directly follows (-got, +want):\n%s", d)
	}
	durations := rows(t, dir, "durations")[0]
	if n := int(durations["n"].(float64)); n != want.Cases {
		t.Errorf("cases: got %d, want %d", n, want.Cases)
	}
	for column, x := range map[string]float64{"p50": want.DurationSeconds.P50, "p90": want.DurationSeconds.P90, "max": want.DurationSeconds.Max} {
		if thousandth(durations[column]) != thousandth(x) {
			t.Errorf("duration %s: got %v, want %v", column, durations[column], x)
		}
	}
}

func thousandth(x any) float64 { return math.Round(x.(float64)*1000) / 1000 }

// shuffled writes a copy of a CSV file with its rows in another order.
func shuffled(t *testing.T, path string, comma rune) string {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	r := csv.NewReader(in)
	r.Comma = comma
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	body := lines[1:]
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(body), func(i, j int) { body[i], body[j] = body[j], body[i] })
	out, err := os.Create(filepath.Join(t.TempDir(), "shuffled.csv"))
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(out)
	w.Comma = comma
	if err := w.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

const formMapping = `origin: old-site
events:
  - when: row["Tipo"] == "modulo"
    id: {column: Id}
    time: {column: Data}
    type: form.submitted
    data: {form: contact, customer: {email: {column: Mail}}, message: {column: Testo}}
`

const formRows = `Id,Data,Mail,Tipo,Testo
A1,2026-03-02 09:30,anna@example.com,modulo,Quanto costa?
A2,2026-03-02 09:31,bruno@example.com,Modulo,Quanto costa?
A3,2026-03-02 09:32,carla@example.com,"ordine ",Quanto costa?
A4,2026-03-02 09:33,dora@example.com,Modulo,Quanto costa?
`

// TestImportAccountsForRows: rows for which no condition holds are counted and named, and where there is nothing else the
// import fails, as it does where a condition asks for a column that is not there.
func TestImportAccountsForRows(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "forms.csv"), formRows)
	for name, c := range map[string]struct {
		mapping string
		code    int
		says    []string
	}{
		"some": {formMapping, 0, []string{
			"1 event would be published, 0 rows cannot be mapped\n", "          4 read = 1 mapped + 0 not mapped + 3 without an event\n",
			file + `:3: no event: no "when" holds; column "Tipo" is "Modulo"` + "\n", file + `:4: no event: no "when" holds; column "Tipo" is "ordine "` + "\n",
		}},
		"none": {strings.Replace(formMapping, `"modulo"`, `"modula"`, 1), exitFailed, []string{
			"0 events would be published", "4 read = 0 mapped + 0 not mapped + 4 without an event", `no row became an event: look at "when" in the mapping`,
		}},
		"typo": {strings.Replace(formMapping, `"Tipo"`, `"Tippo"`, 1), exitFailed, []string{`no column "Tippo", which ` + filepath.Join(dir, "typo.yaml") + `:3:11 reads; did you mean "Tipo"?`}},
	} {
		t.Run(name, func(t *testing.T) {
			mapping := write(t, filepath.Join(dir, name+".yaml"), c.mapping)
			out, errs, code := tappa(t, "", "import", "--format", "csv", "--mapping", mapping, "--dry-run", file)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(out+errs, want) {
					t.Errorf("%q is not said:\n%s%s", want, out, errs)
				}
			}
			if strings.Contains(out, file+":5:") {
				t.Errorf("two rows that hold the same are both named:\n%s", out)
			}
		})
	}
}

// TestImportNamesReusedIDs: an id that comes again with another customer or time counts again, and the import says so, of
// one file and of several, until all that have it are taken back.
func TestImportNamesReusedIDs(t *testing.T) {
	dir := t.TempDir()
	mapping := write(t, filepath.Join(dir, "mapping.yaml"), formMapping)
	journeyFile := write(t, filepath.Join(dir, "journey.yaml"), mailJourney)
	const header = "Id,Data,Mail,Tipo,Testo\n"
	const typo = "A1,2026-03-02 09:30,anna@exmple.com,modulo,Quanto costa?\n"
	const corrected = "A1,2026-03-02 09:30,anna@example.com,modulo,Quanto costa?\n"
	const other = "A2,2026-03-02 09:30,anna@example.com,modulo,Quanto costa?\n"
	data := filepath.Join(dir, "data")
	load := func(content string, more ...string) string {
		t.Helper()
		file := write(t, filepath.Join(dir, "forms.csv"), header+content)
		args := append([]string{"import", "--format", "csv", "--mapping", mapping, "--journey", journeyFile}, more...)
		return mustTappa(t, append(args, file)...)
	}
	const says = "ids       1 id of several interactions, which differ in customer or time and all count\n" +
		"          \"A1\" of old-site: email:anna@example.com at 2026-03-02T09:30:00Z, email:anna@exmple.com at 2026-03-02T09:30:00Z\n"
	if out := load(corrected+typo+corrected+other, "--dry-run"); !strings.Contains(out, says) {
		t.Errorf("a dry run says nothing of an id that two customers have:\n%s", out)
	}
	if out := load(typo+other+typo, "--data", data); strings.Contains(out, "ids ") {
		t.Errorf("each id is of one interaction:\n%s", out)
	}
	if out := load(corrected+other, "--data", data); !strings.Contains(out, says+"          take them back, all that have the id (`tappa retract --data "+data+" --origin old-site --id \"A1\"`)") {
		t.Errorf("an id that came again for another customer is not named:\n%s", out)
	}
	mustTappa(t, "retract", "--data", data, "--origin", "old-site", "--id", "A1")
	if out := load(corrected+other, "--data", data); strings.Contains(out, "ids ") {
		t.Errorf("what was taken back counts for nothing:\n%s", out)
	}
}

// TestImportAsDocumented imports what docs/import.md shows as a user types it, and what it answers is what stands there. Without a
// journey nothing is begun.
func TestImportAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(doc), "## By example: a form's CSV\n")
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```\\w*\n(.*?)```").FindAllStringSubmatch(example, 3) {
		blocks = append(blocks, block[1])
	}
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "forms.csv"), blocks[0])
	mapping := write(t, filepath.Join(dir, "mapping.yaml"), blocks[1])
	journeyFile := write(t, filepath.Join(dir, "journey.yaml"), mustTappa(t, "template", "machinery"))
	data := filepath.Join(dir, "data")
	args := []string{"import", "--format", "csv", "--mapping", mapping, "--data", data, file}
	if _, errs, code := tappa(t, "", args...); code != exitFailed || !strings.Contains(errs, "no journey is defined") {
		t.Errorf("without a journey: exit code %d, %s", code, errs)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("without a journey a data directory is left: %v", err)
	}
	out, errs, code := tappa(t, "", append(args, "--journey", journeyFile)...)
	if d := cmp.Diff(strings.ReplaceAll(out, file, "forms.csv"), blocks[2]); d != "" || code != exitFailed {
		t.Errorf("exit code %d, %s (-got, +want):\n%s", code, errs, d)
	}
}

// TestImportNamesWhatIsOfNoUse: events that become dead letters are named with the reason before anything is published, and when it
// is; so are columns that the mapping reads and no row has.
func TestImportNamesWhatIsOfNoUse(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "calls.jsonl"), `{"id": 71, "at": "2026-03-02T09:30:00Z", "caller": {"number": "06 69821"}, "line": "+390521940100"}
{"id": 72, "at": "2026-03-02T09:31:00Z", "caller": {"number": "+390669821"}, "line": "+390521940100"}
{"id": 73, "at": "2026-03-02T09:32:00Z", "caller": {"number": "hidden"}}
`)
	const events = `origin: pbx
events:
  - id: {column: id}
    time: {column: at}
    type: call.held
    data: {direction: inbound, customer: {phone: {column: caller.number}}, number: {column: lne}, qeue: sales}
`
	mapping := write(t, filepath.Join(dir, "mapping.yaml"), events)
	journeyFile := write(t, filepath.Join(dir, "journey.yaml"), mailJourney)
	const nobody = `becomes a dead letter: missing-key: data.customer: nothing identifies the customer`
	for name, c := range map[string]struct {
		args, says, not []string
	}{
		"dry, without a journey": {
			[]string{"--dry-run"},
			[]string{`event "71" of pbx ` + nobody, `event "73" of pbx ` + nobody, "2 of them would become dead letters: missing-key 2", "name it with --journey"},
			nil,
		},
		"dry": {
			[]string{"--dry-run", "--journey", journeyFile},
			[]string{
				`event "73" of pbx ` + nobody, "1 of them would become a dead letter: missing-key 1\n",
				`column "lne", which ` + mapping + `:6:93 reads, is in none of the rows; did you mean "line"?`,
				mapping + `:6:99: data.qeue is kept, and no field that tappa knows; did you mean "queue"?`,
			},
			[]string{`"71"`, `"72"`, "--journey", `"caller.number"`},
		},
		"in earnest": {
			[]string{"--data", filepath.Join(dir, "data"), "--journey", journeyFile},
			[]string{`event "73" of pbx ` + nobody, "3 read = 2 new + 0 copies + 1 dead + 0 filtered", `column "lne"`},
			[]string{`"71"`, `"72"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustTappa(t, append(append([]string{"import", "--format", "jsonl", "--mapping", mapping}, c.args...), file)...)
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not said:\n%s", want, out)
				}
			}
			for _, not := range c.not {
				if strings.Contains(out, not) {
					t.Errorf("%q is said:\n%s", not, out)
				}
			}
		})
	}
}
