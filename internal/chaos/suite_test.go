package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tappa/internal/testenv"
	"tappa/journey"
)

// row is one line of the table: faults, and how a producer behaves meanwhile.
type row struct {
	name       string
	habits     habits
	faults     []fault
	collectors int // 0: three
	events     int // about so many
	lasts      time.Duration
	until      func(*site) bool // nil: until everything is published
	stalls     bool             // collectors stall, or are too slow for their session
	smallDisk  bool             // the engine's data are on a disk of their own, of 256 MB
	settings   map[string]string
}

// outcome is a row's result.
type outcome struct {
	row
	seed     uint64
	took     time.Duration
	happened string
	verdict
}

// TestFaults has everything happen at once for a few seconds.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("faults take half a minute")
	}
	kafka := testenv.OwnApacheKafka(t)
	o := everything
	o.events, o.lasts = 1500, 7*time.Second
	o.faults = []fault{
		misbehave(mischief{cutAnswer: 0.3, cutRequest: 0.1, holdBack: 200 * time.Millisecond}),
		every(2*time.Second, 3*time.Second, killOne),
		once(4*time.Second, restartEngine),
		once(time.Second, restartBroker),
	}
	play(t, kafka, o, newSeed(t))
}

// everything is all faults at once.
var everything = row{
	name: "everything at once", stalls: true, habits: habits{copies: 0.1, shuffle: 300, clock: true, bad: 0.01}, events: 40_000, lasts: 7 * time.Minute,
	faults: []fault{
		misbehave(mischief{cutAnswer: 0.15, cutRequest: 0.03, holdBack: time.Second}),
		every(3*time.Second, 8*time.Second, killOne),
		every(10*time.Second, 20*time.Second, rebalance),
		every(20*time.Second, 40*time.Second, restartEngine),
		every(40*time.Second, 60*time.Second, restartBroker),
		every(20*time.Second, 30*time.Second, tooManyParts),
	},
}

// once does something one time, after a while.
func once(after time.Duration, do func(context.Context, *site, *rand.Rand) error) fault {
	return func(ctx context.Context, s *site, rng *rand.Rand) error {
		if sleep(ctx, after) != nil {
			return nil
		}
		return do(ctx, s, rng)
	}
}

// newSeed is CHAOS_SEED, or a new one.
func newSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("CHAOS_SEED: %v", err)
		}
	}
	return seed
}

// play plays a row, and fails the test unless everything is right in the end.
func play(t *testing.T, kafka *testenv.KafkaServer, r row, seed uint64) outcome {
	t.Helper()
	began := time.Now()
	t.Logf("%s: seed %d", r.name, seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	_, j, err := definition()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if r.smallDisk {
		data = smallDisk(t)
	}
	topic := testenv.Topic(t)
	s := newSite(t, kafka, topic, data, seed, r.settings)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+5*r.lasts)
	defer cancel()
	prepare(ctx, t, s, j)
	for range max(r.collectors, 3) {
		s.start("collect")
	}
	s.start("aggregate")
	p := newProducer([]string{kafka.At.Plain}, topic, r.events, r.habits, rng, j)
	s.suffer(ctx, t, r, p, rng)
	if t.Failed() {
		s.keepLogs(t)
		return outcome{}
	}
	o := outcome{row: r, seed: seed, verdict: judge(ctx, t, s, p, j), happened: s.tally(p)}
	o.took = time.Since(began)
	t.Logf("%s in %s\n%s: %+v", o.happened, o.took.Round(time.Second), r.name, o.verdict)
	if !o.right() {
		t.Errorf("%s: not right: %+v (CHAOS_SEED=%d)", r.name, o.verdict, seed)
		s.keepLogs(t)
	}
	return o
}

// prepare makes the tables. Merges are switched off, so that no row that should not be there disappears in one.
func prepare(ctx context.Context, t *testing.T, s *site, j *journey.Journey) {
	t.Helper()
	store, err := open(ctx, s.engine.addr, "tappa", j)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.engine.ask(ctx, "tappa", "ALTER TABLE records MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, "+
		"max_bytes_to_merge_at_min_space_in_pool = 1, parts_to_throw_insert = 100000, parts_to_delay_insert = 100000, "+
		"max_parts_in_total = 1000000")
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
}

// suffer publishes while the faults happen, and returns when all is published, enough has happened, and the faults have
// ended.
func (s *site) suffer(ctx context.Context, t *testing.T, r row, p *producer, rng *rand.Rand) {
	t.Helper()
	faulty, end := context.WithCancel(ctx)
	defer end()
	seeds := make([]uint64, len(r.faults))
	for i := range seeds {
		seeds[i] = rng.Uint64()
	}
	var harm sync.WaitGroup
	harm.Go(func() {
		s.begun(faulty) // faults that meet nobody at work test little
		for i, f := range r.faults {
			harm.Go(func() {
				if err := f(faulty, s, rand.New(rand.NewPCG(seeds[i], 1))); err != nil {
					t.Errorf("fault: %v", err)
				}
			})
		}
	})
	if err := p.run(ctx, r.lasts); err != nil {
		t.Errorf("publish: %v", err)
	}
	for r.until != nil && !r.until(s) && ctx.Err() == nil {
		_ = sleep(ctx, 100*time.Millisecond)
	}
	end()
	harm.Wait()
}

// begun returns when the first rows are stored.
func (s *site) begun(ctx context.Context) {
	for {
		text, err := s.engine.ask(ctx, "tappa", "SELECT count() > 0 FROM records")
		if err == nil && text == "1" || sleep(ctx, 100*time.Millisecond) != nil {
			return
		}
	}
}

// report adds a remark to what is said of the row.
func (s *site) report(remark string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remarks = append(s.remarks, remark)
}

// tally says what happened.
func (s *site) tally(p *producer) string {
	for name, n := range map[string]int64{
		"answers cut": s.proxy.cutAnswers.Load(), "inserts broken off": s.proxy.cutRequests.Load(), "answers held back": s.proxy.heldBack.Load(),
		"connections refused": s.proxy.refused.Load(), "records again, as copies": int64(p.ledger.copies),
		"records of aborted transactions": int64(p.ledger.aborted),
	} {
		if n > 0 {
			s.happened[name] = int(n)
		}
	}
	var out []string
	for _, name := range sortedKeys(s.happened) {
		out = append(out, fmt.Sprintf("%d %s", s.happened[name], name))
	}
	if out = append(out, s.remarks...); len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// keepLogs prints the ends of what the processes have logged.
func (s *site) keepLogs(t *testing.T) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(s.dir, "*.log"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		t.Logf("%s:\n%s", filepath.Base(f), text[max(0, len(text)-3000):])
	}
}

// smallDisk is a file system of its own, of 256 MB, where this user may mount one.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=256m", "tappa-chaos", dir).CombinedOutput(); err != nil {
		t.Skipf("a disk that can be filled needs the right to mount one: %v %s", err, out)
	}
	t.Cleanup(func() {
		for range 50 { // the engine's process may have files open still
			if exec.Command("umount", dir).Run() == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Errorf("cannot unmount %s", dir)
	})
	return dir
}
