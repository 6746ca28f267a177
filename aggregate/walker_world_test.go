package aggregate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tappa/journey"
)

// testJourneys are three: cases per person, per account, and one case per thread. Keys are shared soon.
func testJourneys(t testing.TB, version string) []*journey.Journey {
	t.Helper()
	var out []*journey.Journey
	for _, policy := range []string{"{per: person, attempts: many}", "{per: account, attempts: many}", "{per: thread, attempts: one}"} {
		id := strings.Fields(strings.NewReplacer("{", "", ",", "", "}", "").Replace(policy))[1]
		j, err := journey.Parse(id+".yaml", fmt.Appendf(nil, `
journey: by-%s
labels: {it: %s, en: %s}
time_zone: UTC
case: %s
identity: {limits: {phone: 2, email: 3, cookie: 2}}
stages:
  - {id: one, labels: {it: Uno, en: One}, silence: 3d}
  - {id: two, labels: {it: Due, en: Two}, silence: 2d}
  - {id: three, labels: {it: Tre, en: Three}, silence: 5d, terminal: true}
departments:
  - id: sales
    labels: {it: Commerciale, en: Sales}
    calendars: [{hours: {mon-fri: ["09:00-18:00"]}}]
    service_levels: [{reply: 4h, clock: business}]
touchpoints:
  - {id: any, labels: {it: Tutto, en: Any}, channels: [web], department: sales}
`, id, version, version, policy))
		must(t, err)
		out = append(out, j)
	}
	return out
}

// randomRecords is a little world: people with several keys, companies, threads, everything that a walk looks at.
func randomRecords(r *rand.Rand, n int) []journey.Record {
	pick := func(options ...string) string { return options[r.IntN(len(options))] }
	out := make([]journey.Record, n)
	for i := range out {
		rec := journey.Record{Position: journey.Position{Topic: pick("t", "u"), Partition: r.IntN(2)}}
		ix, tag := &rec.Interaction, &rec.Tag
		ix.Origin, ix.ID = pick("site", "desk"), fmt.Sprint(i)
		kind := pick("form.submitted", "email.received", "email.sent", "call.held", "call.missed", "ticket.opened", "web.visited")
		source, _, _ := strings.Cut(kind, ".")
		ix.Source, ix.Type, ix.Activity, ix.Public, ix.Held = journey.Source(source), kind, kind, true, kind == "call.held"
		ix.Direction = journey.Inbound
		if kind == "email.sent" {
			ix.Direction = journey.Outbound
		}
		ix.OccurredAt = time.Date(2026, 3, 1, r.IntN(20*24), 0, 0, 0, time.UTC)
		keys := map[string]bool{fmt.Sprint("email:", r.IntN(12)): true}
		if r.IntN(4) == 0 {
			keys[fmt.Sprint("phone:", r.IntN(12))] = true
		}
		if r.IntN(12) == 0 {
			keys[fmt.Sprint("cookie:", r.IntN(12))] = true
		}
		for key := range keys {
			ix.Keys = append(ix.Keys, journey.ContactKey(key))
		}
		slices.Sort(ix.Keys)
		if r.IntN(2) == 0 { // which key is strongest depends on the source
			slices.Reverse(ix.Keys)
		}
		if r.IntN(6) == 0 {
			ix.Account = journey.AccountKey(fmt.Sprint("account:", r.IntN(4)))
		}
		if r.IntN(2) == 0 {
			ix.Thread = fmt.Sprint("ticket:desk/", r.IntN(8))
		}
		ix.Automatic, ix.Value, ix.Priority = r.IntN(8) == 0, float64(r.IntN(3)*100), pick("", "", "high")
		if id := pick("by-person", "by-person", "by-account", "by-thread", ""); id != "" {
			*tag = journey.Tag{Journey: journey.JourneyID(id), Version: "v", Rule: "r", Touchpoint: "any", Channel: "web", Department: "sales"}
			tag.Stages = [][]journey.StageID{nil, {"one"}, {"one", "three"}, {"two"}, {"three"}}[r.IntN(5)]
			tag.Persona = journey.PersonaID(pick("", "", "buyer", "owner"))
			tag.Outcome = []journey.Outcome{"", "", "", "", "", journey.Won, journey.Lost}[r.IntN(7)]
		}
		rec.Mood = journey.Mood{Eligible: r.IntN(2) == 0, Label: pick("", "positive"), Score: 0.25}
		out[i] = rec
	}
	return out
}

// deliver gives the records their offsets in an order of arrival, some of them twice, and cuts them into blocks.
func deliver(r *rand.Rand, records []journey.Record) []journey.Block {
	list := slices.Clone(records)
	for range len(list) / 5 {
		again := records[r.IntN(len(records))]
		again.Position.Partition = r.IntN(2)
		list = append(list, again)
	}
	r.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	next := map[journey.Position]int64{}
	for i := range list {
		p := &list[i].Position
		p.Offset = next[journey.Position{Topic: p.Topic, Partition: p.Partition}]
		next[journey.Position{Topic: p.Topic, Partition: p.Partition}] += int64(1 + r.IntN(3)) // compacted topics have gaps
	}
	var out []journey.Block
	for len(list) > 0 {
		n := min(len(list), 1+r.IntN(80))
		out = append(out, journey.Block{
			Token: fmt.Sprint("b", len(out)), ArrivedAt: time.Date(2026, time.Month(1+r.IntN(3)), 1, 0, 0, 0, 0, time.UTC), Records: list[:n],
		})
		list = list[n:]
	}
	return out
}

// randomStatements are of pairs that the little world has.
func randomStatements(r *rand.Rand) []Statement {
	var out []Statement
	for i, verdict := range []string{VerdictDifferent, VerdictSame, VerdictDifferent, ""} {
		a, b := fmt.Sprint("email:", 3*i+r.IntN(3)), fmt.Sprint([]string{"email:", "phone:"}[i%2], (3*i+3+r.IntN(3))%12)
		out = append(out, Statement{A: min(a, b), B: max(a, b), Verdict: verdict, By: "anna", At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
	}
	return out
}

// put stores a statement of keys that need not be there yet.
func (st Statement) put(t testing.TB, s *Store) {
	t.Helper()
	row := statementRow{Statement: st}
	if st.Verdict == "" {
		row.deleted = 1
	}
	must(t, s.putStatement(t.Context(), row))
}

// derived dumps everything a walker writes, but for the number of the walk.
func derived(t testing.TB, s *Store) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, table := range []string{"people FINAL", "links FINAL", "account_links FINAL", "findings FINAL", "cases", "visits", "waits", "steps"} {
		except := " EXCEPT (walked)"
		if strings.Contains(table, "links") {
			except = ""
		}
		text := dump(t, s, "SELECT *"+except+" FROM "+table+" ORDER BY ALL")
		out[table] = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	}
	return out
}

func newWalker(t testing.TB, s *Store, journeys []*journey.Journey, opts WalkerOptions) *Walker {
	t.Helper()
	w, err := NewWalker(s, journeys, opts)
	must(t, err)
	return w
}

func catchUp(t testing.TB, w *Walker) Progress {
	t.Helper()
	p, err := w.CatchUp(t.Context())
	must(t, err)
	return p
}

// empty forgets everything stored.
func empty(t testing.TB, s *Store) {
	t.Helper()
	for _, table := range []string{"records", "arrivals", "people", "links", "account_links", "findings", "walked", "people_walked"} {
		must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE "+table))
	}
}
