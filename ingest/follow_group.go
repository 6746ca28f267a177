package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go"
)

// allToOne gives all partitions to one member: the first by name.
type allToOne struct{}

// ProtocolName names the way of assigning to the members of the group.
func (allToOne) ProtocolName() string { return "tappa-one" }

// UserData is nothing: one member is as good as another.
func (allToOne) UserData() ([]byte, error) { return nil, nil }

// AssignGroups assigns.
func (allToOne) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	out := kafka.GroupMemberAssignments{}
	first := slices.MinFunc(members, func(a, b kafka.GroupMember) int { return cmp.Compare(a.ID, b.ID) }).ID
	for _, m := range members {
		out[m.ID] = map[string][]int{}
	}
	for _, p := range partitions {
		out[first][p.Topic] = append(out[first][p.Topic], p.ID)
	}
	return out
}

// member is one membership of the group with one list of topics. It returns nil when there are other topics, or ctx ends.
func (f *Follower) member(ctx context.Context, topics []string) error {
	group, leave, err := membership{
		cluster: f.cluster, connection: f.opts.Connection, patience: 2 * f.opts.Heartbeat,
		config: kafka.ConsumerGroupConfig{
			ID: f.opts.Group, Brokers: f.opts.Brokers, Topics: topics, GroupBalancers: []kafka.GroupBalancer{allToOne{}},
			HeartbeatInterval: f.opts.Heartbeat, SessionTimeout: f.opts.SessionTimeout, RebalanceTimeout: f.opts.SessionTimeout,
			PartitionWatchInterval: f.opts.WatchEvery,
		},
	}.join()
	if err != nil {
		return err
	}
	defer leave()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	watch.Go(func() {
		for sleep(ctx, f.opts.WatchEvery) == nil {
			if now, err := f.following(ctx); err == nil && len(now) > 0 && !slices.Equal(now, topics) {
				stop()
			}
		}
	})
	for ctx.Err() == nil {
		gen, err := group.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				f.progress.failed(err)
				f.opts.Logger.Warn("follow: cannot join the group yet", "group", f.opts.Group, "error", err)
			}
			continue
		}
		done := make(chan error, 1)
		gen.Start(func(ended context.Context) { done <- f.generation(ctx, ended, gen, topics) })
		if err := <-done; err != nil && ctx.Err() == nil {
			f.progress.failed(err)
			f.opts.Logger.Warn("follow: generation ended early", "group", f.opts.Group, "error", err)
			_ = sleep(ctx, firstWait)
		}
	}
	return nil
}

// generation works through one assignment: everything, or nothing.
func (f *Follower) generation(ctx, ended context.Context, gen *kafka.Generation, topics []string) error {
	ctx, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	defer context.AfterFunc(ended, stop)()
	watch.Go(func() {
		if p, found := f.untilUnassigned(ctx, f.opts.Group, func() []string { return topics }, f.opts.WatchEvery); found {
			f.opts.Logger.Warn("follow: nobody reads a partition, so the group is joined anew", "topic", p.Topic, "partition", p.Number)
			stop()
		}
	})
	var all []Partition
	for topic, assigned := range gen.Assignments {
		for _, a := range assigned {
			all = append(all, Partition{topic, a.ID})
		}
	}
	f.progress.assigned(len(all))
	defer f.progress.over()
	if len(all) == 0 {
		<-ctx.Done()
		return nil
	}
	slices.SortFunc(all, Partition.compare)
	f.opts.Logger.Info("follow: begins", "group", f.opts.Group, "generation", gen.ID, "partitions", len(all))
	next, err := f.recall(ctx, all)
	if err == nil {
		err = f.goOn(ctx, gen, next)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// recall takes in what was told before, and returns where to go on.
func (f *Follower) recall(ctx context.Context, all []Partition) (map[Partition]int64, error) {
	done, err := f.committed(ctx, f.opts.Group, all)
	if err != nil {
		return nil, err
	}
	logs, err := f.logs(ctx, all)
	if err != nil {
		return nil, err
	}
	f.opts.Begin()
	next := map[Partition]int64{}
	for _, p := range all {
		at, until := logs[p], done[p].CommittedOffset
		switch {
		case until > at.end:
			f.opts.Logger.Error("follow: topic was made anew; reading it from its start", "topic", p.Topic, "partition", p.Number, "end", at.end, "committed", until)
			until = at.first
		case until >= 0 && until < at.first:
			f.opts.Logger.Error("follow: records were deleted by retention before they were read",
				"topic", p.Topic, "partition", p.Number, "from", until, "to", at.first-1)
			until = at.first
		}
		next[p] = max(until, at.first)
		if next[p] == at.first {
			continue
		}
		err := f.read(ctx, p, []Range{{at.first, next[p]}}, func(rec fetched) error {
			if rec.filtered == "" {
				_, _ = f.opts.Take(rec.Record) // what is unfit is among the dead letters, and what follows was told
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		f.progress.fetched(0)
	}
	return next, nil
}

// tellAtOnce is how many records are taken in before what follows from them is told.
const tellAtOnce = 5000

// goOn takes in what comes, from next on, until ctx ends or something fails.
func (f *Follower) goOn(ctx context.Context, gen *kafka.Generation, next map[Partition]int64) error {
	ctx, stop := context.WithCancelCause(ctx)
	chunks := make(chan chunk)
	var fetchers sync.WaitGroup
	defer fetchers.Wait()
	defer stop(nil)
	for p, offset := range next {
		fetch := fetcher{cluster: f.cluster, id: p, next: offset, max: 1 << 20}
		fetchers.Go(func() { stop(f.fetch(ctx, &fetch, chunks)) })
	}
	for {
		var taken round
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case ch := <-chunks:
			taken.take(f, ch)
		}
		for more := true; more && taken.records < tellAtOnce; {
			select {
			case ch := <-chunks:
				taken.take(f, ch)
			default:
				more = false
			}
		}
		if err := f.tell(ctx, gen, &taken); err != nil {
			return err
		}
	}
}

// fetch reads one partition and sends what it finds until ctx ends, or Kafka has no such offset.
func (f *Follower) fetch(ctx context.Context, from *fetcher, to chan<- chunk) error {
	for failures := 0; ctx.Err() == nil; {
		ch, err := from.once(ctx)
		switch {
		case errors.Is(err, kafka.OffsetOutOfRange):
			return fmt.Errorf("fetch %s/%d from offset %d: %w", from.id.Topic, from.id.Number, from.next, err)
		case err != nil:
			if ctx.Err() == nil {
				f.progress.failed(err)
				_ = sleep(ctx, wait(failures))
			}
			failures++
			continue
		}
		failures = 0
		f.progress.fetched(0)
		if ch.next == from.next {
			continue
		}
		select {
		case to <- ch:
			from.next = ch.next
		case <-ctx.Done():
		}
	}
	return nil
}

// round is what was taken in and not told yet.
type round struct {
	records  int
	messages []Message
	dead     []deadLetter
	next     map[Partition]int64
	ends     map[Partition]int64
}

// take takes in the records of a chunk.
func (r *round) take(f *Follower, ch chunk) {
	if r.next == nil {
		r.next, r.ends = map[Partition]int64{}, map[Partition]int64{}
	}
	for i := range ch.records {
		if ch.records[i].filtered != "" {
			continue
		}
		messages, err := f.opts.Take(ch.records[i].Record)
		r.messages = append(r.messages, messages...)
		if err != nil {
			reason, detail := reasonOf(err)
			r.dead = append(r.dead, deadLetter{ch.records[i].Record, reason, detail})
		}
	}
	r.records += len(ch.records)
	r.next[ch.partition], r.ends[ch.partition] = ch.next, ch.end
}

// tell publishes what follows from a round and then commits it.
func (f *Follower) tell(ctx context.Context, gen *kafka.Generation, r *round) error {
	note := func(try int, err error) {
		f.progress.failed(err)
		if try%10 == 0 {
			f.opts.Logger.Warn("follow: cannot publish yet", "error", err)
		}
	}
	if len(r.dead) > 0 {
		if err := f.dead.publish(ctx, r.dead, note); err != nil {
			return err
		}
	}
	if len(r.messages) > 0 {
		if err := retry(ctx, note, func() error { return f.producer.Publish(ctx, r.messages...) }); err != nil {
			return err
		}
	}
	req := &kafka.OffsetCommitRequest{GroupID: f.opts.Group, GenerationID: int(gen.ID), MemberID: gen.MemberID, Topics: map[string][]kafka.OffsetCommit{}}
	for p, offset := range r.next {
		req.Topics[p.Topic] = append(req.Topics[p.Topic], kafka.OffsetCommit{Partition: p.Number, Offset: offset})
	}
	resp, err := f.client.OffsetCommit(ctx, req)
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
	for p := range maps.Keys(r.next) {
		f.opts.Behind(p, max(0, r.ends[p]-r.next[p]))
	}
	f.progress.settled(0)
	return nil
}
