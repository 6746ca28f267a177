package chaos

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/segmentio/kafka-go"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/journey"
	"tappa/sentiment"
)

// verdict is what is left of a row.
type verdict struct {
	published, ledger        int // records; interactions
	stored, unique           int // rows of the table as it is read; ids among them
	lost, foreign, second    int // not stored; stored and not in the ledger; places in Kafka of which a second row was written
	bare                     int // interactions without what arrived with them
	dead, bad                int // dead letters; bad records published
	reports, differing       int // compared with the recomputation
	read, duplicate, missing int // says `tappa verify`
	gap                      int // deleted by Kafka before they were read
}

// judge waits until tappa has caught up, stops it, and compares.
func judge(ctx context.Context, t *testing.T, s *site, p *producer, j *journey.Journey) (v verdict) {
	t.Helper()
	store, err := open(ctx, s.engine.addr, "tappa", j)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	s.caughtUp(ctx, t, store)
	s.stopAll()
	v.published, v.ledger, v.bad = p.ledger.published, len(p.ledger.events), len(p.ledger.bad)
	number := func(sql string) int {
		text, err := s.engine.ask(ctx, "tappa", sql)
		n, convErr := strconv.Atoi(text)
		if err != nil || convErr != nil {
			t.Fatalf("%s: %v, %v", sql, err, convErr)
		}
		return n
	}
	v.stored = number("SELECT count() FROM records FINAL")
	v.unique = number("SELECT uniqExact(origin, id) FROM records")
	v.second = number("SELECT count() - uniqExact(topic, partition, offset) FROM records")
	v.bare = number("SELECT count() FROM records WHERE (topic, partition, offset) NOT IN (SELECT topic, partition, offset FROM arrivals) OR tag NOT IN (SELECT tag FROM tags)")
	v.compareIDs(ctx, t, s, p)
	v.compareLetters(ctx, t, s, p)
	v.compareAccounts(ctx, t, s, store)
	if err := walk(ctx, store, j); err != nil {
		t.Fatal(err)
	}
	v.compareReports(ctx, t, s, store, p, j)
	return v
}

// right says whether nothing is wrong with a row. Where collectors stall, a former owner can write a place a second time:
// a reader sees one row all the same.
func (o outcome) right() bool {
	return o.ledger == o.stored && o.stored == o.unique && o.lost == 0 && o.foreign == 0 && (o.second == 0 || o.stalls) && o.dead == o.bad && o.bare == 0 &&
		o.reports > 0 && o.differing == 0 && o.missing == 0 && o.gap == 0
}

// caughtUp waits until all that the topic holds is done.
func (s *site) caughtUp(ctx context.Context, t *testing.T, store *aggregate.Store) {
	t.Helper()
	for {
		accounts, err := s.accounts(ctx, store)
		waiting := int64(0)
		for _, a := range accounts {
			waiting += a.Waiting
		}
		if err == nil && waiting == 0 {
			return
		}
		if sleepErr := sleep(ctx, 300*time.Millisecond); sleepErr != nil {
			t.Fatalf("%d records still wait: %v, %v", waiting, sleepErr, err)
		}
	}
}

// accounts asks tappa's own accounting.
func (s *site) accounts(ctx context.Context, store *aggregate.Store) ([]ingest.Account, error) {
	return ingest.Verify(ctx, ingest.VerifyOptions{
		Brokers: []string{s.kafka.At.Plain}, Topics: []string{s.topic}, Group: s.topic, DeadLetterTopic: s.topic + ".dead",
		Decode: source.NewDecoder(source.Options{DefaultCountry: "IT"}).Decode, Evidence: store,
	})
}

// compareIDs holds every interaction stored against the ledger.
func (v *verdict) compareIDs(ctx context.Context, t *testing.T, s *site, p *producer) {
	t.Helper()
	text, err := s.engine.ask(ctx, "tappa", "SELECT DISTINCT origin, id FROM records FORMAT TSVRaw")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		id := strings.Replace(strings.TrimSuffix(line, "\n"), "\t", "\x00", 1)
		found[id] = true
		if _, known := p.ledger.events[id]; !known {
			v.foreign++
			t.Logf("stored, but never committed: %q", id)
		}
	}
	for id := range p.ledger.events {
		if !found[id] {
			v.lost++
			t.Logf("lost: %q", id)
		}
	}
}

// compareLetters counts the bad records that are among the dead letters. Anything else there counts too.
func (v *verdict) compareLetters(ctx context.Context, t *testing.T, s *site, p *producer) {
	t.Helper()
	all := map[string]bool{}
	conn, err := kafka.DialContext(ctx, "tcp", s.kafka.At.Plain)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	partitions, err := conn.ReadPartitions(s.topic + ".dead")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range partitions {
		leader, err := kafka.DialLeader(ctx, "tcp", s.kafka.At.Plain, part.Topic, part.ID)
		if err != nil {
			t.Fatal(err)
		}
		first, last, err := leader.ReadOffsets()
		for at := first; err == nil && at < last; at++ {
			var m kafka.Message
			if m, err = leader.ReadMessage(32 << 20); err == nil {
				all[string(m.Value)] = true
				if !p.ledger.bad[string(m.Value)] {
					t.Logf("dead, but was good: %q", m.Value)
				}
			}
		}
		_ = leader.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	v.dead = len(all)
}

// compareAccounts holds tappa's own accounting against itself.
func (v *verdict) compareAccounts(ctx context.Context, t *testing.T, s *site, store *aggregate.Store) {
	t.Helper()
	accounts, err := s.accounts(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		v.read += int(a.Read)
		v.duplicate += int(a.Duplicate)
		v.missing += int(a.Missing + a.Waiting + a.Beyond)
		v.gap += int(a.Gap)
		if sum := a.Stored + a.Duplicate + a.AllDead() + a.Filtered + a.Erased + a.Gap + a.Missing; sum != a.Read {
			t.Errorf("verify: partition %d does not add up: %+v", a.Partition, a)
		}
	}
}

// compareReports writes the ledger into a second database, without Kafka or collectors, and holds every report of the
// first against the second's; and the drop-off against what the world's inventor wrote down.
func (v *verdict) compareReports(ctx context.Context, t *testing.T, s *site, got *aggregate.Store, p *producer, j *journey.Journey) {
	t.Helper()
	want, err := open(ctx, s.engine.addr, "recomputed", j)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = want.Close() }()
	if err := recompute(ctx, want, p.ledger, j); err != nil {
		t.Fatal(err)
	}
	for _, info := range aggregate.Reports() {
		q := aggregate.Query{Whole: true, AsOf: p.world.End()}
		a, errA := got.Report(ctx, info.Name, q)
		b, errB := want.Report(ctx, info.Name, q)
		if errA != nil || errB != nil {
			t.Fatalf("report %s: %v, %v", info.Name, errA, errB)
		}
		v.reports++
		if d := cmp.Diff(sorted(a.Rows), sorted(b.Rows)); d != "" {
			v.differing++
			t.Logf("report %s (-got, +recomputed):\n%.2000s", info.Name, d)
		}
	}
	if d := cmp.Diff(dropoff(ctx, t, got, p.world.End()), p.world.Ledger().Dropoff(p.world.End(), "")); d != "" {
		v.differing++
		t.Logf("drop-off (-got, +as it was invented):\n%s", d)
	}
}

// sorted is the rows as text, in an order: a list need not say in which order rows of the same rank stand.
func sorted(rows [][]any) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r...)
	}
	slices.Sort(out)
	return out
}

func dropoff(ctx context.Context, t *testing.T, store *aggregate.Store, at time.Time) (out []synth.StageCounts) {
	t.Helper()
	r, err := store.Report(ctx, "dropoff", aggregate.Query{AsOf: at})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		cell := func(name string) any {
			return row[slices.IndexFunc(r.Columns, func(c aggregate.Column) bool { return c.Name == name })]
		}
		n := func(name string) int { i, _ := strconv.Atoi(fmt.Sprint(cell(name))); return i }
		out = append(out, synth.StageCounts{
			Stage: journey.StageID(cell("stage").(string)), Entered: n("entered"), MovedOn: n("moved_on"), Completed: n("completed"),
			LostExplicit: n("lost_explicit"), LostSilent: n("lost_silent"), InProgress: n("in_progress"),
		})
	}
	return out
}

// open opens a database on an engine and brings it up to date.
func open(ctx context.Context, addr, database string, j *journey.Journey) (*aggregate.Store, error) {
	store, err := aggregate.Open(ctx, aggregate.Options{Addr: addr, Protocol: "http", Database: database})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	return store, store.PutJourney(ctx, j)
}

// recompute stores the ledger, each interaction once, and walks it.
func recompute(ctx context.Context, store *aggregate.Store, l ledger, j *journey.Journey) error {
	decoder, scorer := source.NewDecoder(source.Options{DefaultCountry: "IT"}), sentiment.New()
	block := journey.Block{Token: "the ledger", ArrivedAt: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}
	for _, e := range l.events {
		value, err := e.Marshal()
		if err != nil {
			return err
		}
		r := journey.Record{Position: journey.Position{Topic: "ledger", Offset: int64(len(block.Records))}}
		if r.Interaction, err = decoder.Decode(source.Record{Value: value, Time: e.Time}); err != nil {
			return err
		}
		if r.Tag = j.Tag(&r.Interaction); ingest.Scorable(&r) {
			m := scorer.Score(r.Interaction.Text, r.Interaction.Lang)
			r.Mood = journey.Mood{
				Eligible: true, Label: m.Label, Score: m.Score, Emotion: m.Emotion, Lang: m.Lang, Confidence: m.Confidence, Model: m.Model,
			}
		}
		block.Records = append(block.Records, r)
	}
	if err := store.Write(ctx, block); err != nil {
		return err
	}
	return walk(ctx, store, j)
}

func walk(ctx context.Context, store *aggregate.Store, j *journey.Journey) error {
	w, err := aggregate.NewWalker(store, []*journey.Journey{j}, aggregate.WalkerOptions{})
	if err != nil {
		return err
	}
	_, err = w.CatchUp(ctx)
	return err
}
