package ingest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/segmentio/kafka-go"
)

// place is what is known about a partition that this member takes over. Offsets are -1 where there is none.
type place struct {
	log       log
	ledger    bool  // whether the sink keeps a ledger
	stored    int64 // the ledger's highest offset
	committed int64 // the group's committed offset: everything before it was done
	note      note  // what was true when it was committed
}

// note is kept with a committed offset. It tells a ledger that stands where it stood then (so the records between it
// and the committed offset left no row because they were dead or filtered) from one that has lost rows since, and a
// ledger of a topic that was deleted and made anew.
type note struct {
	stored int64 // the highest offset stored
	old    int64 // the height of the ledger of the deleted topic, which means nothing for this one
}

var noNote = note{-1, -1}

func (n note) String() string { return fmt.Sprintf("stored=%d old=%d", n.stored, n.old) }

// readNote reads what String wrote; anything else is another program's.
func readNote(s string) (n note, ok bool) {
	stored, rest, found := strings.Cut(strings.TrimPrefix(s, "stored="), " old=")
	var errs [2]error
	n.stored, errs[0] = strconv.ParseInt(stored, 10, 64)
	n.old, errs[1] = strconv.ParseInt(rest, 10, 64)
	if !found || errors.Join(errs[:]...) != nil {
		return noNote, false
	}
	return n, true
}

// finding is what start has to say beside the offset.
type finding struct {
	gap       int64 // records deleted by retention before they were read
	recreated bool  // the topic ends before what is stored or committed of it
	lost      int64 // records that were stored, as was noted, and no longer are
}

// start decides at which offset to begin to read, and what note to keep from here on.
func (p place) start() (offset int64, keep note, what finding) {
	stored := p.stored
	keep = note{stored: stored, old: p.note.old}
	switch {
	case !p.ledger:
		offset = p.committed
	case stored >= 0 && stored == p.note.old:
		offset, keep = p.committed, p.note // all that the ledger knows is the deleted topic
	case stored == p.note.stored && p.committed > stored:
		offset = p.committed
	case stored < 0 && p.note == noNote:
		offset = p.committed
	default:
		offset = stored + 1
		what.lost = max(0, p.note.stored-stored)
	}
	switch {
	case offset > p.log.end:
		what.recreated, what.lost = true, 0
		return p.log.first, note{stored: -1, old: p.stored}, what
	case offset < 0:
		return p.log.first, keep, what
	case offset < p.log.first:
		what.gap = p.log.first - offset
		return p.log.first, keep, what
	}
	return offset, keep, what
}

// starts decides for every assigned partition where to begin, reports what it finds, and returns the offsets that
// differ from what is committed: committing those shows them to lag tools and CaughtUp even if nothing more arrives.
// The ledger is asked before the log: a former owner that is still writing must not make it look longer than the log.
func (g *generation) starts(ctx context.Context) (moved map[Partition]int64, err error) {
	c := g.c
	all := make([]Partition, 0, len(g.partitions))
	ledgers := map[string]map[int]int64{}
	for p := range g.partitions {
		all = append(all, p)
		if _, asked := ledgers[p.Topic]; !asked {
			if ledgers[p.Topic], err = c.opts.Sink.Stored(ctx, p.Topic); err != nil {
				return nil, fmt.Errorf("ask the sink what is stored of %s: %w", p.Topic, err)
			}
		}
	}
	done, err := c.committed(ctx, c.opts.Group, all)
	if err != nil {
		return nil, err
	}
	logs, err := c.logs(ctx, all)
	if err != nil {
		return nil, err
	}
	moved = map[Partition]int64{}
	for p, state := range g.partitions {
		at := place{log: logs[p], stored: -1, ledger: ledgers[p.Topic] != nil, committed: done[p].CommittedOffset, note: noNote}
		if high, ok := ledgers[p.Topic][p.Number]; ok {
			at.stored = high
		}
		at.note, _ = readNote(done[p].Metadata)
		offset, keep, what := at.start()
		if err := c.report(p, at, offset, what); err != nil {
			return nil, err
		}
		state.next, state.note = offset, keep
		if offset != at.committed {
			moved[p] = offset
		}
	}
	return moved, nil
}

// report says what was found where a partition begins, and decides whether that stops the collector.
func (c *Collector) report(p Partition, at place, offset int64, what finding) error {
	if what.recreated {
		err := fmt.Errorf("topic %s partition %d ends at %d, stored up to %d, committed %d: %w",
			p.Topic, p.Number, at.log.end, at.stored, at.committed, ErrRecreated)
		if !c.opts.RestartRecreated {
			return fatal{err}
		}
		c.opts.Logger.Error("ingest: topic was made anew; reading it from its start", "error", err)
	}
	if what.lost > 0 {
		c.opts.Logger.Error("ingest: the sink has lost rows it had stored; reading them again",
			"topic", p.Topic, "partition", p.Number, "from", offset, "stored before", at.note.stored)
	}
	if what.gap > 0 {
		if err := c.gap(p, offset-what.gap, offset); err != nil {
			return fatal{err}
		}
	}
	return nil
}

// commit commits offsets under this generation, each with its partition's note. Kafka refuses if the generation is over.
func (g *generation) commit(ctx context.Context, offsets map[Partition]int64) error {
	if len(offsets) == 0 {
		return nil
	}
	req := &kafka.OffsetCommitRequest{
		GroupID: g.c.opts.Group, GenerationID: int(g.gen.ID), MemberID: g.gen.MemberID, Topics: map[string][]kafka.OffsetCommit{},
	}
	for p, offset := range offsets {
		req.Topics[p.Topic] = append(req.Topics[p.Topic], kafka.OffsetCommit{
			Partition: p.Number, Offset: offset, Metadata: g.partitions[p].note.String(),
		})
	}
	resp, err := g.c.client.OffsetCommit(ctx, req)
	if err != nil {
		return fmt.Errorf("commit offsets: %w", err)
	}
	for topic, ps := range resp.Topics {
		for _, p := range ps {
			if p.Error != nil {
				return fmt.Errorf("commit offset of %s/%d: %w", topic, p.Partition, p.Error)
			}
		}
	}
	return nil
}
