package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
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
