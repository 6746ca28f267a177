package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/suitecrm"
	"tappa/journey"
)

// crmChange is a line of the example journey: a change event and the topic and row it belongs to.
type crmChange struct {
	topic, row, value string
}

// crmTime is a DATETIME as it stands in the example.
var crmTime = regexp.MustCompile(`"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"`)

// crmJourney reads the example journey of package suitecrm for one world: its ids, its address and its phone number are
// told from those of other worlds by a number.
func crmJourney(t testing.TB, world int) []crmChange {
	t.Helper()
	text, err := os.ReadFile("../../ingest/suitecrm/testdata/journey.changes")
	if err != nil {
		t.Fatal(err)
	}
	var all []crmChange
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		table, rest, _ := strings.Cut(line, " ")
		op, row, _ := strings.Cut(rest, " ")
		row = regexp.MustCompile(`"((?:[a-z_]*_)?id)":"([a-z0-9]+)"`).ReplaceAllString(row, fmt.Sprintf(`"$1":"$2-w%d"`, world))
		row = strings.ReplaceAll(row, "dolciaria-serra.example", fmt.Sprintf("dolciaria-w%d.example", world))
		row = strings.ReplaceAll(row, "333 1234567", fmt.Sprintf("333 12345%02d", world))
		row = crmTime.ReplaceAllStringFunc(row, func(s string) string {
			at, err := time.Parse(`"2006-01-02 15:04:05"`, s)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(at.UnixMilli())
		})
		var id struct {
			ID      string `json:"id"`
			EmailID string `json:"email_id"`
		}
		if err := json.Unmarshal([]byte(row), &id); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		all = append(all, crmChange{
			topic: "suitecrm.suitecrm." + table, row: table + "/" + id.ID + id.EmailID,
			value: fmt.Sprintf(`{"before":null,"after":%s,"source":{"connector":"mysql","db":"suitecrm","table":%q},"op":%q,"ts_ms":1}`, row, table, op),
		})
	}
	return all
}

// shuffle deals changes anew; those of one row keep their order, as one partition keeps it.
func shuffle(random *rand.Rand, all []crmChange) []crmChange {
	rows := map[string][]crmChange{}
	var slots []string
	for _, c := range all {
		rows[c.row] = append(rows[c.row], c)
		slots = append(slots, c.row)
	}
	random.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
	var out []crmChange
	for _, row := range slots {
		out = append(out, rows[row][0])
		rows[row] = rows[row][1:]
	}
	return out
}

// publishChanges puts changes on their topics; those of a topic in order.
func publishChanges(t *testing.T, brokers []string, all []crmChange) {
	t.Helper()
	topics := map[string][]ingest.Message{}
	for _, c := range all {
		m := ingest.Message{Key: []byte(c.row)}
		if c.value != "" {
			m.Value = []byte(c.value)
		}
		topics[c.topic] = append(topics[c.topic], m)
	}
	for topic, messages := range topics {
		p := ingest.NewProducer(brokers, topic)
		if err := errors.Join(p.Publish(t.Context(), messages...), p.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// relayAll runs a relay of a group until everything that Kafka holds was told, and stops it. The returned list is what
// waits then.
func relayAll(t *testing.T, brokers []string, group string) []suitecrm.Pending {
	t.Helper()
	relay, err := suitecrm.New(suitecrm.Options{Brokers: brokers, Group: group, WatchEvery: 100 * time.Millisecond, Logger: quiet(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, fail := context.WithCancelCause(t.Context())
	defer fail(nil)
	var st stack
	st.start("relay", fail, relay.Run)
	if err := relay.CaughtUp(ctx); err != nil {
		t.Fatal(err, causeOf(ctx))
	}
	if err := relay.Ready(); err != nil {
		t.Error(err)
	}
	pending := relay.Pending()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return pending
}

// TestSuiteCRMJourney sends the example journey through embedded Kafka, relay, collector, walk and views, in several worlds:
// one in order, the others shuffled, each in pieces between which the relay is started anew, with stretches sent twice,
// tombstones and bad records between, and once more from the start by a relay that has forgotten how far it was. Lead,
// call, quote, invoice, case, reply and survey are one case of one person in each of them, and all worlds are alike.
func TestSuiteCRMJourney(t *testing.T) {
	const worlds, pieces = 5, 3
	e := parts(t)
	random := rand.New(rand.NewPCG(5, 7))
	var sent [pieces][]crmChange
	for w := range worlds {
		all := crmJourney(t, w)
		if w > 0 {
			all = shuffle(random, all)
		}
		for i := range sent {
			piece := all[len(all)*i/pieces : len(all)*(i+1)/pieces]
			sent[i] = append(sent[i], piece...)
			from := random.IntN(len(piece))
			sent[i] = append(sent[i], piece[from:]...)
		}
	}
	bad := []crmChange{
		{"suitecrm.suitecrm.calls", "calls/bad", `{"op":"c","after":`},
		{"suitecrm.suitecrm.calls", "calls/bad", `{"op":"c","source":{"table":"calls"},"after":{"id":"bad","status":"Held","date_start":"soon"}}`},
		{"suitecrm.suitecrm.leads", "leads/l1-w1", ""},
		{"suitecrm.suitecrm.users", "users/u1", `{"op":"c","source":{"table":"users"},"after":{"id":"u1"}}`},
	}
	for i := range sent {
		publishChanges(t, e.Brokers, sent[i])
		publishChanges(t, e.Brokers, bad)
		relayAll(t, e.Brokers, "relay")
	}
	j, err := journey.Template("suitecrm")
	if err != nil {
		t.Fatal(err)
	}
	first := collect(t, e, j)
	want := crmCases(t, e, worlds)
	if pending := relayAll(t, e.Brokers, "forgetful"); len(pending) > 0 {
		t.Errorf("something waits: %+v", pending)
	}
	again := collect(t, e, j)
	if again.Stored <= 0 || len(first.Dead) != 0 || len(again.Dead) != 0 {
		t.Errorf("collected %+v, told again %+v", first, again)
	}
	if diff := cmp.Diff(want, crmCases(t, e, worlds)); diff != "" {
		t.Errorf("cases after everything was told again (-before, +after):\n%s", diff)
	}
	for w := 1; w < worlds; w++ {
		if diff := cmp.Diff(want[0], want[w]); diff != "" {
			t.Errorf("cases of world %d (-in order, +shuffled):\n%s", w, diff)
		}
	}
	if n, err := e.Store.Totals(t.Context()); err != nil || n.Unmapped != 0 {
		t.Errorf("%+v, %v: unmapped interactions", n, err)
	}
	story(t, want[0])
	inspect(t, e)
}

// crmCases reads the cases of each world, with what tells worlds apart taken out.
func crmCases(t *testing.T, e *Embedded, worlds int) [][]aggregate.CaseDetail {
	t.Helper()
	asOf := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	rows, total, err := e.Store.Cases(t.Context(), aggregate.Query{Journey: "suitecrm", AsOf: asOf, Whole: true})
	if err != nil || total != 2*worlds {
		t.Fatalf("%d cases, %v; want %d: Anna's and Bruno's in each world\n%+v", total, err, 2*worlds, rows)
	}
	out := make([][]aggregate.CaseDetail, worlds)
	for _, row := range rows {
		d, err := e.Store.Case(t.Context(), "suitecrm", row.CaseID, asOf)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var world int
		if _, err := fmt.Sscanf(regexp.MustCompile(`-w(\d+)`).FindString(string(text)), "-w%d", &world); err != nil {
			t.Fatalf("no world in %s: %v", text, err)
		}
		text = regexp.MustCompile(`-w\d+|(333 12345)\d\d`).ReplaceAll(text, []byte("$1"))
		var plain aggregate.CaseDetail
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		plain.CaseID, plain.Person = "", ""
		out[world] = append(out[world], plain)
	}
	for _, cases := range out {
		slices.SortFunc(cases, func(a, b aggregate.CaseDetail) int { return a.OpenedAt.Compare(b.OpenedAt) })
	}
	return out
}

// story holds what the two cases of a world must be.
func story(t *testing.T, cases []aggregate.CaseDetail) {
	t.Helper()
	if len(cases) != 2 {
		t.Fatalf("%d cases, want Anna's and Bruno's", len(cases))
	}
	anna, bruno := cases[0], cases[1]
	var told []string
	for _, s := range anna.Steps {
		if !s.Automatic && s.Touchpoint != "crm" {
			told = append(told, s.Type)
		}
	}
	want := []string{
		"crm.campaign", "form.submitted", "crm.created", "call.held", "quote.sent", "email.received", "email.sent", "meeting.held", "quote.accepted",
		"order.invoiced", "order.paid", "ticket.opened", "ticket.commented", "ticket.commented", "ticket.solved",
		"survey.rated", "survey.answered",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("Anna's steps (-want, +got):\n%s", diff)
	}
	var stages []string
	for _, v := range anna.Visits {
		stages = append(stages, v.Stage+" "+v.State)
	}
	if diff := cmp.Diff([]string{"awareness moved_on", "evaluation moved_on", "decision moved_on", "purchase moved_on", "use in_progress"}, stages); diff != "" {
		t.Errorf("Anna's stages (-want, +got):\n%s", diff)
	}
	if anna.Persona != "buyer" || anna.Value != 38500 || anna.Attempt != 1 {
		t.Errorf("Anna is %q, worth %v, attempt %d", anna.Persona, anna.Value, anna.Attempt)
	}
	for _, w := range anna.Waits {
		if w.AnsweredAt == nil && w.Touchpoint != "help-desk" {
			t.Errorf("Anna still waits: %+v", w)
		}
	}
	last := bruno.Visits[len(bruno.Visits)-1]
	if last.State != "lost_explicit" || last.Stage != "evaluation" || len(bruno.Waits) != 1 || bruno.Waits[0].Touchpoint != "inbound-call" {
		t.Errorf("Bruno: %+v", bruno)
	}
}

// inspect looks at the same topics by `tappa suitecrm`.
func inspect(t *testing.T, e *Embedded) {
	t.Helper()
	report, err := suitecrm.Inspect(t.Context(), suitecrm.Options{Brokers: e.Brokers, Logger: quiet(t)})
	if err != nil {
		t.Fatal(err)
	}
	calls := report.Changes["suitecrm.suitecrm.calls"]
	if calls.Dead != 6 || len(report.Dead) != 6 || report.Changes["suitecrm.suitecrm.users"].Fates[suitecrm.Other] != 3 || report.Events["survey.rated"] != 5 {
		t.Errorf("calls %+v, dead %+v, events %v", calls, report.Dead, report.Events)
	}
	var out strings.Builder
	if err := printSuiteCRM(&out, report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"suitecrm.suitecrm.calls", "5 survey.rated", `calls.date_start: "soon" is not a time`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
