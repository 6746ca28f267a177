package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/journey"
)

// TestReadConfig reads TAPPA_* variables, and no others: USERNAME and LISTEN are often somebody else's.
func TestReadConfig(t *testing.T) {
	for _, name := range []string{"USERNAME", "PASSWORD", "DATABASE", "TOPICS", "GROUP", "LISTEN", "KAFKA_BROKERS", "CLICKHOUSE", "CLICKHOUSE_PROTOCOL"} {
		t.Setenv(name, "not ours")
	}
	if _, err := ReadConfig(); err == nil || !strings.Contains(err.Error(), "TAPPA_KAFKA_BROKERS") {
		t.Errorf("without brokers: got error %v, want TAPPA_KAFKA_BROKERS named", err)
	}
	t.Setenv("TAPPA_KAFKA_BROKERS", "a:9092,b:9092")
	t.Setenv("TAPPA_CLICKHOUSE", "c:9000")
	t.Setenv("TAPPA_CLICKHOUSE_TLS", "true")
	c, err := ReadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.KafkaBrokers) != 2 || c.Clickhouse != "c:9000" || c.store.TLS == nil || c.Username != "default" || c.Password != "" ||
		c.Database != "tappa" || c.Group != "tappa" || c.ClickhouseProtocol != "native" || len(c.Roles) != 3 ||
		c.part != (aggregate.Part{Number: 1, Of: 1}) || c.tuning.FlushRows != 20000 || c.tuning.FlushBytes != 32<<20 || c.tuning.FlushAge != time.Second || c.tuning.StopAtGap {
		t.Errorf("got %+v", c)
	}
	if _, err := ReadConfig("dance"); err == nil || !strings.Contains(err.Error(), `"dance"`) {
		t.Errorf("role dance: got error %v", err)
	}
	t.Setenv("TAPPA_WALK_PART", "2/4")
	if c, err := ReadConfig(); err != nil || c.part != (aggregate.Part{Number: 2, Of: 4}) {
		t.Errorf("part 2/4: got %v, error %v", c.part, err)
	}
	t.Setenv("TAPPA_WALK_PART", "5/4")
	if _, err := ReadConfig(); err == nil || !strings.Contains(err.Error(), `TAPPA_WALK_PART: "5/4"; expected PART/PARTS such as 2/4`) {
		t.Errorf("part 5/4: got error %v", err)
	}
	t.Setenv("TAPPA_WALK_PART", "1/1")
	t.Setenv("TAPPA_KAFKA_BROKERS", "a:9092, b:9092")
	t.Setenv("TAPPA_CLICKHOUSE", " c:9000, d:9000")
	t.Setenv("TAPPA_OTHER", "for a gateway's file")
	if c, err := ReadConfig(); err != nil || !slices.Equal(c.pipeline(nil).Brokers, []string{"a:9092", "b:9092"}) || c.store.Addr != "c:9000,d:9000" || !slices.Contains(c.unknown, "TAPPA_OTHER") {
		t.Errorf("lists with blanks: got %q, %q, unknown %q, error %v", c.KafkaBrokers, c.store.Addr, c.unknown, err)
	}
	var usage strings.Builder
	if err := ConfigUsage(&usage); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"TAPPA_KAFKA_BROKERS", "TAPPA_CLICKHOUSE_PROTOCOL", "TAPPA_DEAD_LETTERS", "TAPPA_ROLES", "TAPPA_WALK_PART"} {
		if !strings.Contains(usage.String(), "  "+name+"\n") {
			t.Errorf("%s is not among the variables:\n%s", name, usage.String())
		}
	}
}

// TestServeTellsOfOldTags starts servers with a journey file under another version of which interactions are stored: the one that
// walks warns, and no other does.
func TestServeTellsOfOldTags(t *testing.T) {
	holder, err := readAnnouncement(parts(t).Dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := journey.Templates.ReadFile("templates/machinery.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "time_zone: Europe/Rome", "time_zone: Europe/Paris", 1)
	for _, test := range []struct {
		role, text string
		warns      bool
	}{
		{"aggregate", string(text), false},
		{"collect", changed, false},
		{"aggregate", changed, true},
	} {
		var logs strings.Builder
		s := serving{logger: slog.New(slog.NewTextHandler(&logs, nil)), c: Config{
			Journeys: []string{file(t, "journey.yaml", test.text)}, Roles: []string{test.role},
			store: aggregate.Options{Addr: holder.Writing, Protocol: "http", Database: database},
		}}
		if err := s.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(logs.String(), "1 stored interactions were tagged, and they keep those tags: `tappa retag`"); got != test.warns {
			t.Errorf("%s: it logs %q", test.role, logs.String())
		}
		rec := journey.Record{Interaction: journey.Interaction{
			Origin: "site", ID: "1", Source: journey.SourceForm, Type: "form.submitted", OccurredAt: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
			Keys: []journey.ContactKey{"email:anna@example.com"},
		}, Position: journey.Position{Topic: "t"}}
		rec.Tag = s.journeys[0].Tag(&rec.Interaction)
		if test.text == string(text) {
			if err := s.store.Write(t.Context(), journey.Block{Token: "b", ArrivedAt: time.Now(), Records: []journey.Record{rec}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.st.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAdvice: what only a person can put right names the variable that says how; anything else is as it was.
func TestAdvice(t *testing.T) {
	for err, want := range map[error]string{
		ingest.ErrRecreated: "TAPPA_AT_NEW_TOPIC=restart", ingest.ErrGap: "TAPPA_AT_GAP=go-on", io.EOF: "EOF",
	} {
		got := advised(fmt.Errorf("run: %w", err))
		if !errors.Is(got, err) || !strings.Contains(got.Error(), want) {
			t.Errorf("%v: got %v, want %q in it", err, got, want)
		}
	}
	if err := advised(nil); err != nil {
		t.Errorf("no error: got %v", err)
	}
}

// TestJourneysOfOneName loads two files that define the same journey: which of them counts nobody could say.
func TestJourneysOfOneName(t *testing.T) {
	text, err := journey.Templates.ReadFile("templates/machinery.yaml")
	if err != nil {
		t.Fatal(err)
	}
	one, other := file(t, "one.yaml", string(text)), file(t, "other.yaml", string(text))
	if _, err := LoadJourneys(t.Context(), &aggregate.Store{}, []string{one, other}); err == nil || !strings.Contains(err.Error(), `other.yaml: journey "machinery"`) {
		t.Errorf("got error %v, want the second file named", err)
	}
}
