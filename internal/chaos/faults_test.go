package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// fault does harm until ctx ends, and then sets everything right again. An error says that it could not do it.
type fault func(ctx context.Context, s *site, rng *rand.Rand) error

// every does something again and again, at random times between a shortest and a longest pause, until ctx ends.
func every(shortest, longest time.Duration, do func(context.Context, *site, *rand.Rand) error) fault {
	return func(ctx context.Context, s *site, rng *rand.Rand) error {
		for {
			pause := shortest + time.Duration(rng.Int64N(int64(longest-shortest)+1))
			if sleep(ctx, pause) != nil {
				return nil
			}
			if err := do(ctx, s, rng); err != nil {
				return err
			}
		}
	}
}

// killOne kills a collector, now and then the walk, as kill -9 does.
func killOne(_ context.Context, s *site, rng *rand.Rand) error {
	p := s.pick(rng)
	p.signal(syscall.SIGKILL)
	s.note("kills of " + p.role)
	return nil
}

// pick chooses a process that is to run on.
func (s *site) pick(rng *rand.Rand) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processes[rng.IntN(len(s.processes))]
}

// freezeOne stops a process for longer than its session lasts, and lets it go on: it does not know that its partitions
// are another's.
func freezeOne(ctx context.Context, s *site, rng *rand.Rand) error {
	p := s.pick(rng)
	p.signal(syscall.SIGSTOP)
	s.note("freezes of " + p.role)
	_ = sleep(ctx, 4*time.Second+time.Duration(rng.Int64N(int64(2*time.Second))))
	p.signal(syscall.SIGCONT)
	return nil
}

// rebalance has a further collector join the group and, 2 s later, leave it.
func rebalance(ctx context.Context, s *site, _ *rand.Rand) error {
	p := s.start("collect")
	s.note("joins")
	_ = sleep(ctx, 2*time.Second)
	s.mu.Lock()
	s.processes = s.processes[:len(s.processes)-1]
	s.mu.Unlock()
	p.stop()
	s.note("leaves")
	return nil
}

// restartBroker kills Kafka and starts it again.
func restartBroker(_ context.Context, s *site, _ *rand.Rand) error {
	s.note("broker kills")
	return s.kafka.Restart()
}

// restartEngine kills ClickHouse and starts it again after a while.
func restartEngine(_ context.Context, s *site, rng *rand.Rand) error {
	if err := s.engine.kill(); err != nil {
		return err
	}
	s.note("engine kills")
	time.Sleep(time.Duration(rng.Int64N(int64(2 * time.Second)))) // the engine has to be started again even if ctx ends
	return s.engine.start()
}

// misbehave has the proxy do something to inserts.
func misbehave(how mischief) fault {
	return func(ctx context.Context, s *site, _ *rand.Rand) error {
		s.proxy.set(how)
		<-ctx.Done()
		s.proxy.set(mischief{})
		return nil
	}
}

// tooManyParts has ClickHouse itself refuse inserts for a while.
func tooManyParts(ctx context.Context, s *site, rng *rand.Rand) error {
	set := func(value string) (err error) {
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		for patient.Err() == nil { // the engine may be down just now
			_, err = s.engine.ask(patient, "tappa", "ALTER TABLE records MODIFY SETTING parts_to_throw_insert = "+value)
			if err == nil {
				return nil
			}
			_ = sleep(patient, 200*time.Millisecond)
		}
		return err
	}
	if err := set("1"); err != nil {
		return err
	}
	s.note("times of too many parts")
	_ = sleep(ctx, time.Second+time.Duration(rng.Int64N(int64(3*time.Second))))
	return set("100000")
}

// fillPause makes a disk fill up at no more than 50 MB a second.
const fillPause = 20 * time.Millisecond

// diskFull fills the disk under the engine to the last byte, and empties it again after a while.
func diskFull(ctx context.Context, s *site, rng *rand.Rand) error {
	ballast := filepath.Join(filepath.Dir(s.engine.dir), "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for size, fitted := len(block), 0; size > 0 && ctx.Err() == nil; {
		_, err := f.Write(block[:size])
		time.Sleep(fillPause) // no other program fills a disk at one blow
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size, fitted = size/2, 0
		case err != nil:
			return errors.Join(err, f.Close())
		default:
			if fitted++; fitted > 2 { // the engine has removed something: by single bytes this would take for ever
				size = len(block)
			}
		}
	}
	if ctx.Err() == nil {
		s.note("times of a full disk")
	}
	_ = sleep(ctx, 2*time.Second+time.Duration(rng.Int64N(int64(4*time.Second))))
	return errors.Join(f.Close(), os.Remove(ballast))
}

// away has ClickHouse refuse every connection for as long as the faults last.
func away(ctx context.Context, s *site, _ *rand.Rand) error {
	s.proxy.set(mischief{refuse: true})
	s.note("outages")
	<-ctx.Done()
	s.proxy.set(mischief{})
	return nil
}
