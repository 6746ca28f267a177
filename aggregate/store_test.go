package aggregate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/google/go-cmp/cmp"

	"tappa/internal/testenv"
	"tappa/journey"
)

// record gives a record with every field set, at a position of topic "t".
func record(partition int, offset int64) journey.Record {
	id := fmt.Sprintf("%d-%d", partition, offset)
	return journey.Record{
		Interaction: journey.Interaction{
			Origin: "site", ID: id, Source: journey.SourceForm, Type: "form.submitted", Activity: "sent",
			OccurredAt: time.Date(2026, 3, 1, 9, 0, 0, 123e6, time.UTC).Add(time.Duration(offset) * time.Minute),
			Direction:  journey.Inbound, Thread: "th",
			Keys: []journey.ContactKey{"email:anna@example.com", "phone:+39021234567"}, Account: "account:example.com",
			Public: true, Agent: "mario", From: "anna@example.com", To: "contact", Subject: "Richiesta",
			Text: "È urgente\n…", Lang: "it", Priority: "high", Value: 1234.5, Currency: "EUR",
			Rating:  &journey.Rating{Kind: "csat", Score: 4, Min: 1, Max: 5},
			Payload: []byte(`{"form":"contact"}`),
		},
		Tag: journey.Tag{
			Journey: "j", Version: "abc", Rule: "r", Touchpoint: "tp", Channel: "web", Department: "sales",
			Persona: "buyer", Stages: []journey.StageID{"one", "two"}, Automatic: true,
		},
		Mood:     journey.Mood{Eligible: true, Label: "negative", Score: -0.5, Emotion: "frustration", Lang: "it", Confidence: 0.75, Model: "m/1"},
		Position: journey.Position{Topic: "t", Partition: partition, Offset: offset},
	}
}

func block(token string, records ...journey.Record) journey.Block {
	return journey.Block{Token: token, ArrivedAt: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Records: records}
}

func TestWriteStoresEveryField(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	plain := record(0, 8)
	plain.Interaction.Rating, plain.Interaction.Keys, plain.Tag.Stages = nil, plain.Interaction.Keys[:1], nil
	must(t, s.Write(t.Context(), block("b1", record(0, 7), plain)))
	got := dump(t, s, "SELECT * FROM interactions ORDER BY offset")
	want := strings.ReplaceAll(`email:anna@example.com|2026-03-01 09:07:00.123|site|0-7|2026-09-01 00:00:00.000|form|form.submitted|sent|inbound|th|true|false|true|false|false|mario|anna@example.com|contact|Richiesta|È urgente\n…|it|high|1234.5|EUR|csat|4|1|5|j|abc|r|tp|web|sales|buyer|['one','two']||true|negative|-0.5|frustration|it|0.75|m/1|t|0|7
email:anna@example.com|2026-03-01 09:08:00.123|site|0-8|2026-09-01 00:00:00.000|form|form.submitted|sent|inbound|th|true|false|true|false|false|mario|anna@example.com|contact|Richiesta|È urgente\n…|it|high|1234.5|EUR|csat|\N|\N|\N|j|abc|r|tp|web|sales|buyer|[]||true|negative|-0.5|frustration|it|0.75|m/1|t|0|8
`, "|", "\t")
	want = strings.Replace(want, "EUR\tcsat\t\\N", "EUR\t\t\\N", 1)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("interactions (-got, +want):\n%s", diff)
	}
	got = dump(t, s, "SELECT * FROM arrivals ORDER BY offset")
	want = strings.ReplaceAll(`t|0|7|2026-09-01 00:00:00.000|['email:anna@example.com','phone:+39021234567']|account:example.com|th|2026-03-01 09:07:00.123|site|0-7|form.submitted|{"form":"contact"}
t|0|8|2026-09-01 00:00:00.000|['email:anna@example.com']|account:example.com|th|2026-03-01 09:08:00.123|site|0-8|form.submitted|{"form":"contact"}
`, "|", "\t")
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("arrivals (-got, +want):\n%s", diff)
	}
}

func TestWriteAgainStoresOnce(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	b := block("t:0:7-8", record(0, 7), record(0, 8))
	for range 3 {
		must(t, s.Write(t.Context(), b))
	}
	if got := dump(t, s, "SELECT count() FROM records"); got != "2\n" {
		t.Errorf("rows after three writes of one block: got %s, want 2", got)
	}
	// The same rows under another token are another block: they are stored, and collapse by the sorting key.
	b.Token = "t:0:7-8 again"
	must(t, s.Write(t.Context(), b))
	if got := dump(t, s, "SELECT count(), (SELECT count() FROM interactions) FROM records"); got != "4\t2\n" {
		t.Errorf("rows and distinct rows under two tokens: got %s, want 4 and 2", got)
	}
}

// TestTagsDiffer holds the number of a tag against all that table tags has of it: records that differ there differ in it, and all others share it.
func TestTagsDiffer(t *testing.T) {
	t.Parallel()
	rated := func(change func(*journey.Rating)) func(*journey.Record) {
		return func(r *journey.Record) {
			rating := *r.Interaction.Rating
			change(&rating)
			r.Interaction.Rating = &rating
		}
	}
	changes := map[string]func(*journey.Record){
		"origin": func(r *journey.Record) { r.Interaction.Origin = "x" }, "source": func(r *journey.Record) { r.Interaction.Source = "x" },
		"type": func(r *journey.Record) { r.Interaction.Type = "x" }, "activity": func(r *journey.Record) { r.Interaction.Activity = "x" },
		"direction": func(r *journey.Record) { r.Interaction.Direction = "x" }, "automatic": func(r *journey.Record) { r.Tag.Automatic = false },
		"by_machine": func(r *journey.Record) { r.Interaction.Automatic = true }, "public": func(r *journey.Record) { r.Interaction.Public = false },
		"held": func(r *journey.Record) { r.Interaction.Held = true }, "solved": func(r *journey.Record) { r.Interaction.Solved = true },
		"lang": func(r *journey.Record) { r.Interaction.Lang = "x" }, "priority": func(r *journey.Record) { r.Interaction.Priority = "x" },
		"currency": func(r *journey.Record) { r.Interaction.Currency = "x" }, "rating_kind": rated(func(r *journey.Rating) { r.Kind = "x" }),
		"rating_min": rated(func(r *journey.Rating) { r.Min = 0 }), "rating_max": rated(func(r *journey.Rating) { r.Max = 7 }),
		"journey": func(r *journey.Record) { r.Tag.Journey = "x" }, "version": func(r *journey.Record) { r.Tag.Version = "x" },
		"rule": func(r *journey.Record) { r.Tag.Rule = "x" }, "touchpoint": func(r *journey.Record) { r.Tag.Touchpoint = "x" },
		"channel": func(r *journey.Record) { r.Tag.Channel = "x" }, "department": func(r *journey.Record) { r.Tag.Department = "x" },
		"persona": func(r *journey.Record) { r.Tag.Persona = "x" }, "stages": func(r *journey.Record) { r.Tag.Stages = []journey.StageID{"one"} },
		"outcome": func(r *journey.Record) { r.Tag.Outcome = "x" }, "mood_eligible": func(r *journey.Record) { r.Mood.Eligible = false },
		"mood_label": func(r *journey.Record) { r.Mood.Label = "x" }, "mood_emotion": func(r *journey.Record) { r.Mood.Emotion = "x" },
		"mood_lang": func(r *journey.Record) { r.Mood.Lang = "x" }, "mood_model": func(r *journey.Record) { r.Mood.Model = "x" },
	}
	for _, c := range tagFields {
		if changes[c.name] == nil {
			t.Errorf("no change of %s is tried", c.name)
		}
	}
	// What a source writes into one word must not read like two.
	changes["NUL in type"] = func(r *journey.Record) { r.Interaction.Type, r.Interaction.Activity = "a\x00b", "c" }
	changes["NUL in activity"] = func(r *journey.Record) { r.Interaction.Type, r.Interaction.Activity = "a", "b\x00c" }
	changes["stage in kind"] = func(r *journey.Record) {
		rated(func(r *journey.Rating) { r.Kind = "two,csat" })(r)
		r.Tag.Stages = r.Tag.Stages[:1]
	}
	same := record(1, 99)
	same.Interaction.Text, same.Interaction.Agent, same.Interaction.Rating.Score, same.Mood.Score = "other", "x", 1, 0.25
	plain := record(0, 1)
	if tagOf(&same) != tagOf(&plain) {
		t.Error("records that differ in what is their own have other tags")
	}
	seen := map[uint64]string{tagOf(&plain): "nothing"}
	for name, change := range changes {
		r := record(0, 1)
		change(&r)
		if other, twice := seen[tagOf(&r)]; twice {
			t.Errorf("changed %s: the tag's number is the one with %s changed", name, other)
		}
		seen[tagOf(&r)] = name
	}
}

// TestTagsAreThereAgain writes to a database that was put back to what it was before its tags were written.
func TestTagsAreThereAgain(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.Write(t.Context(), block("0", record(0, 0))))
	must(t, s.conn.Exec(t.Context(), "TRUNCATE TABLE tags"))
	if _, err := s.Stored(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	must(t, s.Write(t.Context(), block("1", record(0, 1))))
	if got := dump(t, s, "SELECT id, toString(touchpoint) FROM interactions ORDER BY id"); got != "0-0\ttp\n0-1\ttp\n" {
		t.Errorf("interactions and their touchpoints: got %q", got)
	}
}

// TestWriteKilledBetweenItsInserts writes blocks that overlap, as a collector does that comes back after it died in between.
func TestWriteKilledBetweenItsInserts(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	whole := s.conn
	s.conn = &crashing{whole, 1}
	if err := s.Write(t.Context(), block("0-2", record(0, 0), record(0, 1), record(0, 2))); !errors.Is(err, errCrash) {
		t.Fatalf("got %v, want a crash", err)
	}
	s.conn = whole
	stored, err := s.Stored(t.Context(), "t")
	must(t, err)
	if len(stored) != 0 {
		t.Errorf("after the first insert: the ledger holds %v", stored)
	}
	must(t, s.Write(t.Context(), block("0-1", record(0, 0), record(0, 1))))
	must(t, s.Write(t.Context(), block("2-3", record(0, 2), record(0, 3))))
	if got := dump(t, s, "SELECT count(), uniqExact(offset) FROM records"); got != "4\t4\n" {
		t.Errorf("rows and offsets of interactions: got %s, want four of each", got)
	}
	payloads := dump(t, s, "SELECT id, payload FROM payloads(contact_key = 'email:anna@example.com')")
	want := ""
	for i := range 4 {
		want += fmt.Sprintf("0-%d\t{\"form\":\"contact\"}\n", i)
	}
	if diff := cmp.Diff(payloads, want); diff != "" {
		t.Errorf("payloads (-got, +want):\n%s", diff)
	}
	look := func(context.Context, []journey.Record) error { return nil }
	done, err := s.Reprocess(t.Context(), Reprocessing{Kind: "look", Change: look})
	must(t, err)
	if done.Read != 4 {
		t.Errorf("reprocessing read %d interactions, want 4", done.Read)
	}
}

func TestStored(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	got, err := s.Stored(t.Context(), "t")
	must(t, err)
	if len(got) != 0 {
		t.Errorf("nothing stored: got %v", got)
	}
	must(t, s.Write(t.Context(), block("1", record(0, 7), record(0, 8), record(3, 1))))
	must(t, s.Write(t.Context(), block("2", record(0, 9), record(1, 0))))
	got, err = s.Stored(t.Context(), "t")
	must(t, err)
	if diff := cmp.Diff(got, map[int]int64{0: 9, 1: 0, 3: 1}); diff != "" {
		t.Errorf("stored (-got, +want):\n%s", diff)
	}
}

func TestLedgerAndArrivalsAreNotScanned(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var records []journey.Record
	for i := range int64(30_000) { // several granules, so that there is something to save
		records = append(records, record(int(i%3), i/3))
	}
	must(t, s.Write(t.Context(), block("1", records...)))
	from, _ := arrivalsOf(make([]arrivals, 2))
	_, links, _ := strings.Cut(linksFrom+from+linksTo, "(key_a, key_b, reason, shown, last_at)")
	_, accounts, _ := strings.Cut(accountLinksFrom+from+accountLinksTo, "(contact_key, account, reason, shown, last_at)")
	slice := func(query string) string {
		for _, value := range []any{"'t'", 0, 1, 9, "'t'", 2, 3, 9} {
			query = strings.Replace(query, "?", fmt.Sprint(value), 1)
		}
		return query
	}
	const ledger = "ReadFromMergeTree (ledger)"
	const twoGranules = "Granules: 2/29"
	for _, c := range []struct{ question, planned, query string }{
		{"how far is it stored", ledger, "SELECT partition, max(offset) FROM records WHERE topic = 't' GROUP BY partition"},
		{"of when is the newest", ledger, "SELECT count(), max(occurred_at) FROM records"},
		{"how far is all stored", ledger, "SELECT topic, partition, max(offset) FROM records GROUP BY topic, partition"},
		{"who arrived", twoGranules, slice(arrivalsQuery + from)},
		{"who was seen together", twoGranules, slice(links)},
		{"with which account", twoGranules, slice(accounts)},
	} {
		plan := dump(t, s, "EXPLAIN indexes = 1, projections = 1 "+c.query)
		if !strings.Contains(plan, c.planned) {
			t.Errorf("%s: want %s in the plan:\n%s", c.question, c.planned, plan)
		}
	}
}

func TestMigrateRefusesAnEarlyLayout(t *testing.T) {
	t.Parallel()
	env := testenv.ClickHouse(t)
	s, err := Open(t.Context(), Options{Addr: env.Addr, Protocol: "http", Database: env.Database})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.conn.Exec(t.Context(), "CREATE TABLE interactions (id String) ENGINE = MergeTree ORDER BY id"))
	must(t, s.conn.Exec(t.Context(), "INSERT INTO interactions SELECT 'kept'"))
	if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "start again") {
		t.Errorf("got %v, want a refusal that says what to do", err)
	}
	if got := dump(t, s, "SELECT id FROM interactions"); got != "kept\n" {
		t.Errorf("the former table holds %q", got)
	}
}

// TestMigrateFromTheFormerLayout: where what the walk found stood before is no more, and nobody counts as walked.
func TestMigrateFromTheFormerLayout(t *testing.T) {
	t.Parallel()
	s, journeys := openStore(t), testJourneys(t, "v1")
	must(t, s.Write(t.Context(), block("1", record(0, 1))))
	catchUp(t, newWalker(t, s, journeys, WalkerOptions{}))
	for _, statement := range []string{
		"CREATE TABLE walks (journey String) ENGINE = MergeTree ORDER BY journey",
		"ALTER TABLE walked UPDATE rules = substring(rules, length('" + layout + "') + 1) WHERE true SETTINGS mutations_sync = 2",
		"ALTER TABLE goose_db_version DELETE WHERE version_id = 5 SETTINGS mutations_sync = 2",
	} {
		must(t, s.conn.Exec(t.Context(), statement))
	}
	must(t, s.Migrate(t.Context()))
	if got := dump(t, s, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'walks'"); got != "0\n" {
		t.Errorf("the former table is still there")
	}
	p, err := newWalker(t, s, journeys, WalkerOptions{}).CatchUp(t.Context())
	if must(t, err); p.Interactions == 0 {
		t.Errorf("nobody was walked anew: %+v", p)
	}
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.Migrate(t.Context()))
}

// TestMigrateAfterKill migrates what a killed migration left behind: any tables and views, of which nothing is noted.
func TestMigrateAfterKill(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.Write(t.Context(), block("1", record(0, 1))))
	must(t, s.conn.Exec(t.Context(), "DROP VIEW dropoff"))
	for _, noted := range []string{"version_id < 100", "version_id = 0", "0"} {
		must(t, s.conn.Exec(t.Context(), "ALTER TABLE goose_db_version DELETE WHERE NOT ("+noted+") SETTINGS mutations_sync = 2"))
		must(t, s.Migrate(t.Context()))
	}
	if got := dump(t, s, "SELECT count(), (SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'dropoff') FROM interactions"); got != "1\t1\n" {
		t.Errorf("rows kept and views made again: got %q, want one of each", got)
	}
}

func TestStoredRefusesShortWindow(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.conn.Exec(t.Context(), "ALTER TABLE records MODIFY SETTING non_replicated_deduplication_window = 10"))
	s.checked = false
	_, err := s.Stored(t.Context(), "t")
	if err == nil || !strings.Contains(err.Error(), "non_replicated_deduplication_window = 10,") {
		t.Errorf("window of 10 inserts: got %v, want a refusal that names the setting", err)
	}
	must(t, s.conn.Exec(t.Context(), "ALTER TABLE records RESET SETTING non_replicated_deduplication_window"))
	if _, err := s.Stored(t.Context(), "t"); err == nil {
		t.Error("window unset: got no error, want a refusal")
	}
}

func TestPutJourney(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	j := &journey.Journey{ID: "j", Version: "v1", Location: time.UTC, Labels: journey.Labels{"en": "J"}, Raw: []byte("journey: j"), Stages: []journey.Stage{
		{ID: "one", Silence: time.Hour, Labels: journey.Labels{"it": "Uno"}},
		{ID: "two", Silence: journey.Forever, Maturity: time.Minute, Terminal: true},
	}}
	other := &journey.Journey{ID: "k", Version: "v1", Location: time.UTC, Raw: []byte("journey: k")}
	changed := *j
	changed.Version = "v2"
	for _, j := range []*journey.Journey{j, other, j, &changed, j} { // back to the first version at last
		must(t, s.PutJourney(t.Context(), j))
	}
	got, err := s.Journeys(t.Context())
	must(t, err)
	want := []StoredJourney{
		{Journey: "j", Version: "v1", Loaded: 4, Labels: journey.Labels{"en": "J"}, TimeZone: "UTC", YAML: "journey: j"},
		{Journey: "k", Version: "v1", Loaded: 2, Labels: journey.Labels{}, TimeZone: "UTC", YAML: "journey: k"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("journeys (-got, +want):\n%s", diff)
	}
	stages := dump(t, s, "SELECT * FROM stages FINAL WHERE version = 'v1' ORDER BY journey, version, position")
	wantStages := "j\tv1\t0\tone\t{'it':'Uno'}\t3600000\t\\N\tfalse\nj\tv1\t1\ttwo\t{}\t\\N\t60000\ttrue\n"
	if diff := cmp.Diff(stages, wantStages); diff != "" {
		t.Errorf("stages (-got, +want):\n%s", diff)
	}
}

func TestWriteErrorKinds(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	exception := func(code int32) error { return fmt.Errorf("send: %w", &proto.Exception{Code: code}) }
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		err  error
		want Kind
	}{
		{"too many parts", writeError(exception(252)), Retryable},
		{"unknown status", writeError(exception(319)), Unknown},
		{"a code of tomorrow", writeError(exception(123456)), Unknown},
		{"cancelled", s.Write(cancelled, block("1", record(0, 1))), Unknown},
		{"refused", refused(t).Write(t.Context(), block("1", record(0, 1))), Retryable},
		{"table gone", gone(t).Write(t.Context(), block("1", record(0, 1))), Permanent},
	} {
		var got *WriteError
		if !errors.As(c.err, &got) {
			t.Errorf("%s: got %v, want a WriteError", c.name, c.err)
			continue
		}
		if got.Kind != c.want || got.Permanent() != (c.want == Permanent) || got.Unknown() != (c.want == Unknown) {
			t.Errorf("%s: got %s, want %s (%v)", c.name, got.Kind, c.want, c.err)
		}
	}
	if err := s.Write(t.Context(), block("empty")); err != nil {
		t.Errorf("empty block: %v", err)
	}
}

// refused is a store whose ClickHouse has gone.
func refused(t *testing.T) *Store {
	t.Helper()
	opts := Options{Addr: "127.0.0.1:1", Protocol: "http"}
	return &Store{conn: openDriver(t, opts), opts: opts, settings: pinned, tags: &tagsStored{}}
}

// gone is a store whose table was dropped.
func gone(t *testing.T) *Store {
	t.Helper()
	s := openStore(t)
	must(t, s.conn.Exec(t.Context(), "DROP TABLE records"))
	return s
}
