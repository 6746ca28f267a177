package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"

	"tappa/ingest/source"
)

const (
	// fetchWait is how long Kafka may hold back an answer that would be empty.
	fetchWait = 500 * time.Millisecond

	// fetchTimeout bounds one fetch, so that a broker that went silent is asked again.
	fetchTimeout = 30 * time.Second

	// arenaSize is how much memory the keys and values of a chunk share at a time.
	arenaSize = 1 << 20
)

// chunk is what one fetch brought of one partition.
type chunk struct {
	partition Partition
	records   []fetched // in order
	first     int64     // where the fetch began
	next      int64     // where the next fetch goes on
	end       int64     // where the log ended
}

// begins is the time of a chunk's first record; zero where it has none.
func (c *chunk) begins() time.Time {
	if len(c.records) == 0 {
		return time.Time{}
	}
	return c.records[0].Time
}

// fetched is a record, or the place of one that carries nothing.
type fetched struct {
	source.Record
	filtered string // why it carries nothing: "control", "aborted"; "" if it may carry something
}

// fetch reads one partition and sends chunks until ctx ends. It returns an error only if it cannot go on without a
// person.
func (g *generation) fetch(ctx context.Context, p *partition, to chan<- chunk) error {
	f := fetcher{cluster: g.c.cluster, id: p.id, next: p.next, max: g.c.opts.FetchBytes}
	for failures := 0; ctx.Err() == nil; {
		ch, err := f.once(ctx)
		if errors.Is(err, kafka.OffsetOutOfRange) {
			err = g.outOfRange(ctx, &f)
		}
		if err != nil {
			if final(err) || errors.Is(err, ErrRecreated) {
				return err
			}
			if ctx.Err() != nil {
				return nil // stopped while asking, which is no failure
			}
			g.c.metrics.fetchErrors.Inc()
			g.c.progress.failed(fmt.Errorf("fetch %s/%d: %w", f.id.Topic, f.id.Number, err))
			if failures%10 == 0 {
				g.c.opts.Logger.Warn("ingest: cannot fetch", "topic", f.id.Topic, "partition", f.id.Number, "error", err)
			}
			_ = sleep(ctx, wait(failures))
			failures++
			continue
		}
		failures = 0
		g.c.progress.fetched(len(ch.records))
		g.c.metrics.lags.reached(f.id, ch.end, ch.begins())
		if ch.next == f.next {
			continue
		}
		select {
		case to <- ch:
			f.next = ch.next
		case <-ctx.Done():
		}
	}
	return nil
}

// fetcher reads one partition. It asks for committed records only, one layer below kafka.Client.Fetch, which neither
// passes on which transactions were aborted nor gets past a batch that holds nothing but a transaction's marker.
type fetcher struct {
	cluster
	id   Partition
	next int64
	max  int
}

// once makes one fetch. A chunk whose next is where it started brought nothing.
func (f *fetcher) once(ctx context.Context) (chunk, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	resp, err := f.transport.RoundTrip(ctx, f.addr, &fetchapi.Request{
		ReplicaID: -1, MaxWaitTime: int32(fetchWait.Milliseconds()), MinBytes: 1, MaxBytes: int32(f.max),
		IsolationLevel: int8(kafka.ReadCommitted), SessionID: -1, SessionEpoch: -1,
		Topics: []fetchapi.RequestTopic{{
			Topic: f.id.Topic,
			Partitions: []fetchapi.RequestPartition{{
				Partition: int32(f.id.Number), CurrentLeaderEpoch: -1, FetchOffset: f.next, LogStartOffset: -1,
				PartitionMaxBytes: int32(f.max),
			}},
		}},
	})
	if err != nil {
		return chunk{}, err
	}
	answer, ok := resp.(*fetchapi.Response)
	switch {
	case !ok || len(answer.Topics) == 0 || len(answer.Topics[0].Partitions) == 0:
		return chunk{}, errors.New("answer without the partition")
	case answer.ErrorCode != 0:
		return chunk{}, kafka.Error(answer.ErrorCode)
	}
	p := &answer.Topics[0].Partitions[0]
	if p.ErrorCode != 0 {
		return chunk{}, kafka.Error(p.ErrorCode)
	}
	return f.read(p)
}

// read takes the records out of an answer. Kafka sends whole batches, so those before the offset asked for are passed
// over. Where compaction has emptied the rest of a batch, there is no record left to say where it ends, and the next
// fetch tries the next offset.
func (f *fetcher) read(p *fetchapi.ResponsePartition) (chunk, error) {
	ch := chunk{partition: f.id, first: f.next, next: f.next, end: p.LastStableOffset}
	if ch.end < 0 {
		ch.end = p.HighWatermark
	}
	stream, _ := p.RecordSet.Records.(*protocol.RecordStream)
	if stream == nil || len(stream.Records) == 0 {
		if ch.end > f.next && f.max < 256<<20 {
			f.max *= 2 // an old broker cut the first batch off
		}
		return ch, nil
	}
	r := reader{chunk: &ch, aborted: newAborted(p.AbortedTransactions)}
	for _, batch := range stream.Records {
		if err := r.batch(batch); err != nil {
			return ch, fmt.Errorf("read batch: %w", err)
		}
	}
	if ch.next == f.next && ch.end > f.next {
		ch.next++
	}
	return ch, nil
}

// outOfRange finds out why Kafka has not got the offset, and where to go on.
func (g *generation) outOfRange(ctx context.Context, f *fetcher) error {
	c := g.c
	logs, err := c.logs(ctx, []Partition{f.id})
	if err != nil {
		return err
	}
	at := logs[f.id]
	switch {
	case f.next < at.first:
		if err := c.gap(f.id, f.next, at.first); err != nil {
			return fatal{err}
		}
		f.next = at.first
	case f.next > at.end:
		err := fmt.Errorf("topic %s partition %d ends at %d, read up to %d: %w", f.id.Topic, f.id.Number, at.end, f.next, ErrRecreated)
		if !c.opts.RestartRecreated {
			return fatal{err}
		}
		return err // ends the generation; the next one finds out where to begin
	}
	return nil
}

// reader collects the records of one answer.
type reader struct {
	chunk   *chunk
	aborted aborted
	arena   []byte
}

func (r *reader) batch(b protocol.RecordReader) error {
	switch b := b.(type) {
	case *protocol.ControlBatch:
		return r.control(b)
	case *protocol.RecordBatch:
		r.aborted.reach(b.BaseOffset)
		skip := b.Attributes.Transactional() && r.aborted.now[b.ProducerID]
		if skip {
			return r.each(b, r.skip("aborted"))
		}
		return r.each(b, r.keep)
	default: // the format before Kafka 0.11
		return r.each(b, r.keep)
	}
}

// control reads the marker that ends a transaction.
func (r *reader) control(b *protocol.ControlBatch) error {
	r.aborted.reach(b.BaseOffset)
	defer delete(r.aborted.now, b.ProducerID)
	return r.each(b.Records, r.skip("control"))
}

// skip keeps of a record that it was there, and why it does not count.
func (r *reader) skip(why string) func(*protocol.Record) error {
	return func(rec *protocol.Record) error {
		r.chunk.records = append(r.chunk.records, fetched{r.place(rec), why})
		return nil
	}
}

// each calls f for every record from the chunk's next offset on, and moves that past it.
func (r *reader) each(b protocol.RecordReader, f func(*protocol.Record) error) error {
	for {
		rec, err := b.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if rec.Offset >= r.chunk.next {
			if err = f(rec); err == nil {
				r.chunk.next = rec.Offset + 1
			}
		}
		release(rec)
		if err != nil {
			return err
		}
	}
}

func release(rec *protocol.Record) {
	if rec.Key != nil {
		_ = rec.Key.Close()
	}
	if rec.Value != nil {
		_ = rec.Value.Close()
	}
}

// keep copies a record out of kafka-go's pages, which are used again.
func (r *reader) keep(rec *protocol.Record) error {
	key, err := r.copy(rec.Key)
	if err != nil {
		return err
	}
	value, err := r.copy(rec.Value)
	if err != nil {
		return err
	}
	out := r.place(rec)
	out.Key, out.Value = key, value
	for _, h := range rec.Headers {
		out.Headers = append(out.Headers, source.Header(h))
	}
	r.chunk.records = append(r.chunk.records, fetched{Record: out})
	return nil
}

// place is a record without what it carries.
func (r *reader) place(rec *protocol.Record) source.Record {
	return source.Record{
		Topic: r.chunk.partition.Topic, Partition: r.chunk.partition.Number, Offset: rec.Offset, Time: rec.Time.UTC(),
	}
}

// copy copies into the arena. What it returns has no spare capacity, so nobody can append into a neighbour.
func (r *reader) copy(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	n := b.Len()
	if n > cap(r.arena)-len(r.arena) {
		r.arena = make([]byte, 0, max(n, arenaSize))
	}
	at := len(r.arena)
	r.arena = r.arena[:at+n]
	out := r.arena[at : at+n : at+n]
	_, err := io.ReadFull(b, out)
	return out, err
}

// aborted follows which producers are inside a transaction that was aborted.
type aborted struct {
	starts []fetchapi.ResponseTransaction // by first offset
	now    map[int64]bool
}

func newAborted(starts []fetchapi.ResponseTransaction) aborted {
	slices.SortFunc(starts, func(a, b fetchapi.ResponseTransaction) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	return aborted{starts: starts, now: map[int64]bool{}}
}

// reach notes the transactions that begin at or before an offset.
func (a *aborted) reach(offset int64) {
	for len(a.starts) > 0 && a.starts[0].FirstOffset <= offset {
		a.now[a.starts[0].ProducerID] = true
		a.starts = a.starts[1:]
	}
}
