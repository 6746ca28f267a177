package ingest

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// progress watches whether a collector gets on: it hears from Kafka, and what it has fetched is stored.
type progress struct {
	mu      sync.Mutex
	running bool
	reserve bool      // a member without partitions
	held    int64     // records fetched and not settled
	at      time.Time // of the last progress
	trouble error     // the last failure since then
}

// began notes that the collector runs. That it has a while to join its group counts as progress.
func (p *progress) began() { p.note(func() { p.running, p.at = true, time.Now() }) }

// ended notes that it does not run any more.
func (p *progress) ended() { p.note(func() { p.running = false }) }

// assigned notes the begin of a generation, and with it that nothing is held.
func (p *progress) assigned(partitions int) {
	p.note(func() { p.reserve, p.held, p.at, p.trouble = partitions == 0, 0, time.Now(), nil })
}

// over notes the end of a generation: what was held is another's.
func (p *progress) over() { p.note(func() { p.reserve, p.held = false, 0 }) }

// fetched notes an answer of Kafka. As long as something is held, only settling that is progress.
func (p *progress) fetched(records int) {
	p.note(func() {
		if p.held == 0 {
			p.at, p.trouble = time.Now(), nil
		}
		p.held += int64(records)
	})
}

// settled notes that records are stored, dead or filtered for good.
func (p *progress) settled(records int64) {
	p.note(func() { p.held, p.at, p.trouble = max(0, p.held-records), time.Now(), nil })
}

// failed notes what went wrong last.
func (p *progress) failed(err error) { p.note(func() { p.trouble = err }) }

func (p *progress) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// last is when the collector got on last. One in reserve always does.
func (p *progress) last() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reserve {
		return time.Now()
	}
	return p.at
}

// Ready says whether the collector gets on. It does not if, for longer than Options.ReadyAfter, records it has fetched
// were not settled, or Kafka was not heard from, so that nobody knows what waits there; the error says which, and what
// failed last. A member that has no partitions, since there are more members than partitions, is ready.
func (c *Collector) Ready() error {
	p := &c.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := time.Since(p.at).Round(time.Second)
	var err error
	switch {
	case !p.running:
		return errors.New("the collector does not run")
	case p.reserve || idle <= c.opts.ReadyAfter:
		return nil
	case p.held > 0:
		err = fmt.Errorf("the collector made no progress for %s: %d records are fetched and not stored", idle, p.held)
	default:
		err = fmt.Errorf("the collector has not heard from Kafka for %s", idle)
	}
	if p.trouble != nil {
		err = fmt.Errorf("%w; last failure: %w", err, p.trouble)
	}
	return err
}
