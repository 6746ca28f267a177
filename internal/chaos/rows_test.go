package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"tappa/internal/testenv"
)

// rows are the lines of the table, in its order. A name is part of the names of files that tappa is told of in a list, so it has no
// comma.
var rows = []row{
	{name: "none", events: 10_000, lasts: 30 * time.Second},
	{
		name: "collectors killed (kill -9)", events: 40_000, lasts: 6 * time.Minute,
		faults: []fault{every(2*time.Second, 5*time.Second, killOne)},
		until:  func(s *site) bool { return s.count("kills of collect") >= 100 },
	},
	{
		name: "collectors frozen past their session and thawed", stalls: true, events: 10_000, lasts: 90 * time.Second,
		faults: []fault{every(time.Second, 3*time.Second, freezeOne)},
	},
	{
		name: "answers to inserts cut off by a proxy", events: 20_000, lasts: time.Minute,
		faults: []fault{misbehave(mischief{cutAnswer: 0.5})},
		until:  func(s *site) bool { return s.proxy.cutAnswers.Load() >= 50 },
	},
	{
		name: "inserts broken off in the middle", events: 20_000, lasts: time.Minute,
		faults: []fault{misbehave(mischief{cutRequest: 0.3})},
		until:  func(s *site) bool { return s.proxy.cutRequests.Load() >= 50 },
	},
	{name: "slow inserts", events: 10_000, lasts: time.Minute, faults: []fault{misbehave(mischief{holdBack: 5 * time.Second})}},
	{
		name: "failing inserts (too many parts)", events: 10_000, lasts: time.Minute,
		faults: []fault{every(time.Second, 3*time.Second, tooManyParts)},
	},
	{
		name: "broker killed and restarted", events: 10_000, lasts: 100 * time.Second,
		faults: []fault{every(8*time.Second, 15*time.Second, restartBroker)},
		until:  func(s *site) bool { return s.count("broker kills") >= 5 },
	},
	{name: "rebalance every 2 s", events: 10_000, lasts: 90 * time.Second, faults: []fault{every(0, 100*time.Millisecond, rebalance)}},
	{
		name: "engine killed and restarted", events: 10_000, lasts: 90 * time.Second,
		faults: []fault{every(3*time.Second, 8*time.Second, restartEngine)},
		until:  func(s *site) bool { return s.count("engine kills") >= 10 },
	},
	{
		name: "disk full under the engine", events: 10_000, lasts: 90 * time.Second, smallDisk: true,
		faults: []fault{every(2*time.Second, 5*time.Second, diskFull)},
	},
	{
		name: "ClickHouse away", events: 100_000, lasts: 100 * time.Second, faults: []fault{away, watchMemory},
		settings: map[string]string{"FLUSH_ROWS": "2000", "FETCH_BYTES": "1MiB"},
	},
	{name: "clock of the records jumps by months", events: 10_000, lasts: 30 * time.Second, habits: habits{clock: true}},
	{
		name: "duplicates in any order and bad records", events: 10_000, lasts: 30 * time.Second,
		habits: habits{copies: 0.3, shuffle: 2000, bad: 0.01},
	},
	{name: "transactions of which one in three is aborted first", events: 10_000, lasts: 30 * time.Second, habits: habits{transactional: true}},
	everything,
}

// TestChaos plays every row for as long as it takes and writes the table of results. `make chaos` runs it;
// CHAOS_TABLE names the document.
func TestChaos(t *testing.T) {
	table := os.Getenv("CHAOS_TABLE")
	if table == "" {
		t.Skip("takes half an hour: run `make chaos`")
	}
	kafka := testenv.OwnApacheKafka(t)
	outcomes := map[string]outcome{}
	seed := newSeed(t)
	for i, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			o := play(t, kafka, r, seed+uint64(i))
			if !t.Failed() {
				outcomes[r.name] = o
				publishTable(t, table, outcomes)
			}
		})
	}
}

// watchMemory looks at the collectors' Go heap while the faults last: once everything that may be held is held, it must
// not grow, however much more waits in Kafka.
func watchMemory(ctx context.Context, s *site, _ *rand.Rand) error {
	const warmUp, samples = 20 * time.Second, 12
	if sleep(ctx, warmUp) != nil {
		return nil
	}
	var heaps []float64
	for ctx.Err() == nil {
		if heap := s.heap(ctx); heap > 0 {
			heaps = append(heaps, heap)
		}
		_ = sleep(ctx, time.Second)
	}
	if len(heaps) < 3*samples {
		return fmt.Errorf("the heap was seen %d times only", len(heaps))
	}
	early, late := largest(heaps[:samples]), largest(heaps[len(heaps)-samples:])
	s.report(fmt.Sprintf("Go heap of a collector at most %.0f MB at first, %.0f MB %d s later", early/1e6, late/1e6, len(heaps)-samples))
	if late > 1.25*early+8e6 {
		return fmt.Errorf("the heap grew from %.0f to %.0f MB while ClickHouse was away", early/1e6, late/1e6)
	}
	return nil
}

func largest(all []float64) (most float64) {
	for _, x := range all {
		most = max(most, x)
	}
	return most
}
