package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
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
		l.free <- newBatch(g.c.opts.Sink.NewBlock())
	}
	return l
}

// batch is a block in the making, and everything else that its flush settles.
type batch struct {
	block    journey.BlockBuilder
	fresh    []journey.Record // the newest, which are not in block yet
	raw      []source.Record  // the Kafka record of each record, in block or fresh
	unmapped map[journey.Source]int
	dead     []deadLetter
	spans    map[Partition]*span
	bytes    int
	age      *time.Timer // runs out when the batch is old enough to be written
}

func newBatch(block journey.BlockBuilder) *batch {
	return &batch{block: block, spans: map[Partition]*span{}, unmapped: map[journey.Source]int{}}
}

// freshRecords is how many records are made before the block takes them in: so few that they are still in the processor's cache.
const freshRecords = 256

// span is what a batch holds of one partition.
type span struct {
	next    int64 // everything before it is in this batch or an earlier one
	first   int64 // lowest offset among records, if there are any
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

// has counts a record in.
func (s *span) has(offset int64) {
	if s.rows == 0 {
		s.first = offset
	}
	s.stored = offset
	s.rows++
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
	clear(b.fresh)
	clear(b.raw)
	clear(b.dead)
	clear(b.spans)
	clear(b.unmapped)
	b.fresh, b.raw, b.dead, b.bytes = b.fresh[:0], b.raw[:0], b.dead[:0], 0
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
		l.add(b, s, &ch.records[i])
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
func (l *lane) add(b *batch, s *span, rec *fetched) {
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
	err := b.take(l.g.c, &rec.Record)
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
	s.has(rec.Offset)
}

// take makes a record and puts it into the batch, or says why there is none.
func (b *batch) take(c *Collector, in *source.Record) error {
	n := len(b.fresh)
	b.fresh = append(b.fresh, journey.Record{})
	out := &b.fresh[n]
	if err := c.work(in, out); err != nil {
		b.fresh = b.fresh[:n]
		return err
	}
	if len(b.raw) == 0 {
		b.block.Begin(arrivedAt(in.Time))
	}
	b.raw = append(b.raw, *in)
	if out.Tag.Rule == "" && out.Interaction.Type != journey.Retracted {
		b.unmapped[out.Interaction.Source]++
	}
	if len(b.fresh) == freshRecords {
		b.pack()
	}
	return nil
}

// pack has the block take in the fresh records.
func (b *batch) pack() {
	b.block.Append(b.fresh)
	clear(b.fresh)
	b.fresh = b.fresh[:0]
}

// touch starts the clock of a batch that gets its first content.
func (l *lane) touch(b *batch) {
	if b.age == nil {
		b.age = time.NewTimer(l.g.c.opts.FlushAge)
	}
}

func (l *lane) isFull(b *batch) bool {
	return len(b.raw) >= l.g.c.opts.FlushRows || b.bytes >= l.g.c.opts.FlushBytes || len(b.dead) >= l.g.c.opts.FlushRows
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
	if err := l.insert(ctx, b); err != nil {
		return err
	}
	c.metrics.flushRows.Observe(float64(len(b.raw)))
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

// insert writes the batch as one block, until the sink takes it, or takes all of it but rows that it says can never be stored.
func (l *lane) insert(ctx context.Context, b *batch) error {
	if len(b.raw) == 0 {
		return nil
	}
	b.pack()
	err := l.put(ctx, b.block, token(b.spans, l.g.c.opts.Definition), len(b.raw))
	if rowAtFault(err) {
		return l.sift(ctx, b, b.raw, err)
	}
	return err
}

// put writes a block until the sink takes it.
func (l *lane) put(ctx context.Context, block journey.BlockBuilder, token string, rows int) error {
	c := l.g.c
	err := retry(ctx, l.noting("write"), func() error {
		try, cancel := context.WithTimeout(ctx, c.opts.WriteTimeout)
		defer cancel()
		if err := l.g.still(try); err != nil {
			return err
		}
		began := time.Now()
		err := block.Write(try, token)
		if took := time.Since(began); err == nil && took > c.opts.SessionTimeout {
			// The process stood still, or the sink did, while the block was under way: nobody can take it back then.
			c.opts.Logger.Warn("ingest: a block took longer than the session; who took over may have stored its records as well",
				"took", took, "rows", rows, "token", token)
		}
		return err
	})
	if err == nil || rowAtFault(err) {
		return err
	}
	return fmt.Errorf("write block %s: %w", token, err)
}

// sift writes records of which the sink said that some row can never be stored: it writes halves, in order, until it has found the
// row, which becomes a dead letter before anything after it is written.
func (l *lane) sift(ctx context.Context, b *batch, raw []source.Record, why error) error {
	if len(raw) == 1 {
		return l.refused(ctx, b, raw[0], why)
	}
	for half := range slices.Chunk(raw, (len(raw)+1)/2) {
		some := newBatch(b.block)
		for i := range half {
			if err := some.take(l.g.c, &half[i]); err != nil {
				return fmt.Errorf("make record %d of %s/%d again: %w", half[i].Offset, half[i].Topic, half[i].Partition, err)
			}
			some.span(Partition{half[i].Topic, half[i].Partition}, 0).has(half[i].Offset)
		}
		some.pack()
		err := l.put(ctx, some.block, token(some.spans, l.g.c.opts.Definition), len(half))
		if rowAtFault(err) {
			err = l.sift(ctx, b, half, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refused makes a dead letter of the record whose row the sink can never store.
func (l *lane) refused(ctx context.Context, b *batch, raw source.Record, why error) error {
	letter := deadLetter{raw, string(ReasonSinkRejected), why.Error()}
	if err := l.g.c.dead.publish(ctx, []deadLetter{letter}, l.noting("dead-letters")); err != nil {
		return fmt.Errorf("publish dead letters: %w", err)
	}
	s := b.spans[Partition{raw.Topic, raw.Partition}]
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
func token(spans map[Partition]*span, definition string) string {
	var s strings.Builder
	for _, p := range slices.SortedFunc(maps.Keys(spans), Partition.compare) {
		if of := spans[p]; of.rows > 0 {
			fmt.Fprintf(&s, "%s:%d:%d-%d/%d ", p.Topic, p.Number, of.first, of.stored, of.rows)
		}
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
