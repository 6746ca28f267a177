package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tappa/ingest/source"
	"tappa/journey"
)

// lane builds blocks of some of the partitions, one block at a time, and writes them, one after the other. While one
// is written the next is built, and no more: a sink that is slow or down stops the building, that stops the fetching,
// and what is in memory stays bounded.
type lane struct {
	g    *generation
	in   chan chunk
	full chan *batch
	free chan *batch
}

func newLane(g *generation) *lane {
	l := &lane{g: g, in: make(chan chunk), full: make(chan *batch), free: make(chan *batch, 2)}
	for range cap(l.free) {
		l.free <- &batch{spans: map[Partition]*span{}}
	}
	return l
}

// batch is a block in the making: the records, and everything else that its flush settles.
type batch struct {
	records []journey.Record
	raw     []source.Record // the Kafka record of each of records
	dead    []deadLetter
	spans   map[Partition]*span
	bytes   int
	age     *time.Timer // runs out when the batch is old enough to be written
}

// span is what a batch holds of one partition.
type span struct {
	next    int64 // everything before it is in this batch or an earlier one
	stored  int64 // highest offset among records; -1 if none
	rows    int64
	last    time.Time        // of the last record
	skipped map[string]int64 // filtered records by kind
	dead    map[string]int64 // by reason
}

func (s *span) filtered() (n int64) {
	for _, k := range s.skipped {
		n += k
	}
	return n
}

// span returns what the batch holds of a partition, which begins, if it is new, at offset next.
func (b *batch) span(p Partition, next int64) *span {
	s := b.spans[p]
	if s == nil {
		s = &span{next: next, stored: -1, skipped: map[string]int64{}, dead: map[string]int64{}}
		b.spans[p] = s
	}
	return s
}

// reset empties a batch for the next use. Its slices stay: their size is what keeps allocation off the hot path.
func (b *batch) reset() {
	clear(b.records)
	clear(b.raw)
	clear(b.dead)
	clear(b.spans)
	b.records, b.raw, b.dead, b.bytes = b.records[:0], b.raw[:0], b.dead[:0], 0
	if b.age != nil {
		b.age.Stop()
		b.age = nil
	}
}

// build turns chunks into batches until reading ends, and hands the last one over unless the partitions are no longer
// this member's.
func (l *lane) build(reading context.Context) {
	defer close(l.full)
	b := <-l.free
	for {
		var old <-chan time.Time
		if b.age != nil {
			old = b.age.C
		}
		select {
		case <-reading.Done():
			l.finish(reading, b)
			return
		case <-old:
			l.full <- b
			b = <-l.free
		case ch := <-l.in:
			b = l.take(reading, b, ch)
		}
	}
}

// finish hands over the unfinished batch when reading has ended.
func (l *lane) finish(reading context.Context, b *batch) {
	if len(b.spans) == 0 {
		return
	}
	if errors.Is(context.Cause(reading), errStuck) || !l.g.owned(l.g.writing) {
		l.g.c.metrics.dropped.Add(float64(len(b.raw)))
		return
	}
	l.full <- b
}

// take works through a chunk, handing over batches as they fill, and returns the batch that is open then. It breaks
// off when reading ends: the rest of the chunk is read again by the partition's next owner.
func (l *lane) take(reading context.Context, b *batch, ch chunk) *batch {
	l.touch(b)
	s := b.span(ch.partition, ch.first)
	for i := range ch.records {
		if reading.Err() != nil {
			return b
		}
		l.add(b, s, ch.records[i])
		if l.isFull(b) {
			l.full <- b
			b = <-l.free
			l.touch(b)
			s = b.span(ch.partition, ch.records[i].Offset+1)
		}
	}
	s.next = ch.next
	return b
}

// add does the work on one record and puts it into the batch.
func (l *lane) add(b *batch, s *span, rec fetched) {
	s.next, s.last = rec.Offset+1, rec.Time
	switch {
	case rec.filtered != "":
		s.skipped[rec.filtered]++
		return
	case rec.Value == nil:
		s.skipped["tombstone"]++
		return
	}
	b.bytes += len(rec.Value)
	out, err := l.g.c.work(rec.Record)
	if nothing, ok := errors.AsType[*source.Nothing](err); ok {
		s.skipped[nothing.Kind]++
		return
	}
	if err != nil {
		reason, detail := reasonOf(err)
		b.dead = append(b.dead, deadLetter{rec.Record, reason, detail})
		s.dead[reason]++
		return
	}
	b.records = append(b.records, out)
	b.raw = append(b.raw, rec.Record)
	s.stored = rec.Offset
	s.rows++
}

// touch starts the clock of a batch that gets its first content.
func (l *lane) touch(b *batch) {
	if b.age == nil {
		b.age = time.NewTimer(l.g.c.opts.FlushAge)
	}
}

func (l *lane) isFull(b *batch) bool {
	return len(b.records) >= l.g.c.opts.FlushRows || b.bytes >= l.g.c.opts.FlushBytes || len(b.dead) >= l.g.c.opts.FlushRows
}

// write settles batches in order until build ends. After a failure it takes the rest and throws it away, since a later
// batch must never be written before an earlier one.
func (l *lane) write(fail func(error)) {
	failed := false
	for b := range l.full {
		if !failed {
			if err := l.settle(b); err != nil {
				failed = true
				if l.g.writing.Err() == nil { // else time ran out after reading had ended: the ledger knows how far it came
					fail(err)
				}
			}
		}
		if failed {
			l.g.c.metrics.dropped.Add(float64(len(b.raw)))
		}
		b.reset()
		l.free <- b
	}
}

// settle finishes a batch: dead letters first, then the block, then the count, then the group's offsets. A crash
// between any two of them repeats dead letters at worst.
func (l *lane) settle(b *batch) error {
	c := l.g.c
	started := time.Now()
	ctx, cancel := context.WithTimeoutCause(l.g.writing, c.opts.StuckAfter, errStuck)
	defer cancel()
	if len(b.dead) > 0 {
		if err := c.dead.publish(ctx, b.dead, l.noting("dead-letters")); err != nil {
			return fmt.Errorf("publish dead letters: %w", err)
		}
	}
	if err := l.insert(ctx, b, b.records, b.raw); err != nil {
		return err
	}
	c.metrics.flushRows.Observe(float64(len(b.records)))
	c.metrics.flushBytes.Observe(float64(b.bytes))
	c.metrics.flushSeconds.Observe(time.Since(started).Seconds())
	c.account(b)
	offsets := make(map[Partition]int64, len(b.spans))
	for p, s := range b.spans {
		state := l.g.partitions[p]
		state.note.stored = max(state.note.stored, s.stored)
		offsets[p] = s.next
		c.metrics.lags.done(p, s.next, s.last)
	}
	commitCtx, cancelCommit := context.WithTimeout(l.g.writing, 10*time.Second)
	defer cancelCommit()
	if err := l.g.commit(commitCtx, offsets); err != nil {
		c.opts.Logger.Warn("ingest: offsets not committed; the ledger has them", "error", err)
	}
	return nil
}

// insert writes records as one block, until the sink takes it. When the sink says that a row can never be stored, it
// writes halves, in order, until it has found the row, which becomes a dead letter before anything after it is written.
func (l *lane) insert(ctx context.Context, b *batch, records []journey.Record, raw []source.Record) error {
	if len(records) == 0 {
		return nil
	}
	c := l.g.c
	block := journey.Block{Token: token(records, c.opts.Definition), ArrivedAt: arrivedAt(raw[0].Time), Records: records}
	err := retry(ctx, l.noting("write"), func() error {
		try, cancel := context.WithTimeout(ctx, c.opts.WriteTimeout)
		defer cancel()
		if err := l.g.still(try); err != nil {
			return err
		}
		began := time.Now()
		err := c.opts.Sink.Write(try, block)
		if took := time.Since(began); err == nil && took > c.opts.SessionTimeout {
			// The process stood still, or the sink did, while the block was under way: nobody can take it back then.
			c.opts.Logger.Warn("ingest: a block took longer than the session; who took over may have stored its records as well",
				"took", took, "rows", len(records), "token", block.Token)
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case !rowAtFault(err):
		return fmt.Errorf("write block %s: %w", block.Token, err)
	case len(records) > 1:
		half := len(records) / 2
		if err := l.insert(ctx, b, records[:half], raw[:half]); err != nil {
			return err
		}
		return l.insert(ctx, b, records[half:], raw[half:])
	}
	letter := deadLetter{raw[0], string(ReasonSinkRejected), err.Error()}
	if err := c.dead.publish(ctx, []deadLetter{letter}, l.noting("dead-letters")); err != nil {
		return fmt.Errorf("publish dead letters: %w", err)
	}
	s := b.spans[Partition{raw[0].Topic, raw[0].Partition}]
	s.rows--
	s.dead[string(ReasonSinkRejected)]++
	return nil
}

// noting counts and reports failures that pass.
func (l *lane) noting(what string) func(int, error) {
	return func(try int, err error) {
		l.g.c.metrics.retries.WithLabelValues(what, causeOf(err)).Inc()
		l.g.c.progress.failed(fmt.Errorf("%s: %w", what, err))
		l.g.c.opts.Logger.Warn("ingest: trying again", "what", what, "try", try+1, "error", err)
	}
}

// token names the content of a block: which offsets of which partitions it holds, under which definition. It is the
// block's deduplication token, so two different blocks never share one.
func token(records []journey.Record, definition string) string {
	type reach struct{ first, last, rows int64 }
	of := map[Partition]*reach{}
	for i := range records {
		at := records[i].Position
		p := Partition{at.Topic, at.Partition}
		r := of[p]
		if r == nil {
			r = &reach{first: at.Offset}
			of[p] = r
		}
		r.last = at.Offset
		r.rows++
	}
	parts := make([]Partition, 0, len(of))
	for p := range of {
		parts = append(parts, p)
	}
	slices.SortFunc(parts, Partition.compare)
	var s strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&s, "%s:%d:%d-%d/%d ", p.Topic, p.Number, of[p].first, of[p].last, of[p].rows)
	}
	s.WriteString(definition)
	if s.Len() <= 250 {
		return s.String()
	}
	sum := sha256.Sum256([]byte(s.String()))
	return hex.EncodeToString(sum[:])
}

// arrivedAt is the time of a block. It is Kafka's, so it comes out the same whenever the block is built; a nonsensical
// one is brought into the years that can be stored.
func arrivedAt(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	switch {
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	}
	return t
}

func (p Partition) compare(q Partition) int {
	return cmp.Or(cmp.Compare(p.Topic, q.Topic), cmp.Compare(p.Number, q.Number))
}
