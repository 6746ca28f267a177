package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/ingest/source"
)

// FollowOptions configure a Follower. Brokers, Pattern, Group, Topic, Begin and Take are required.
type FollowOptions struct {
	Brokers    []string
	Connection Connection

	Pattern         *regexp.Regexp // the topics to follow: those whose whole name it matches
	Group           string         // consumer group, whose committed offsets say how far was told
	Topic           string         // where the messages go
	DeadLetterTopic string         // default DefaultDeadLetterTopic

	// Begin forgets everything: the topics are about to be read from their starts.
	Begin func()

	// Take takes in one record and returns what follows from it and all records before it. A *source.Error makes the record
	// a dead letter. Called by one goroutine at a time, as is Begin.
	Take func(rec source.Record) ([]Message, error)

	// Behind, where there is one, is told how many records of a partition are still to be taken in.
	Behind func(p Partition, records int64)

	WatchEvery     time.Duration // how often to look for new topics; default 10 s
	ReadyAfter     time.Duration // Ready complains when Kafka was not heard from for longer; default 2 min
	SessionTimeout time.Duration // silence after which another follower takes over; default 20 s
	Heartbeat      time.Duration // default 2 s
	Logger         *slog.Logger  // default slog.Default()
}

// Follower follows topics whose records mean something only together: rows of a database's tables. It takes in all
// partitions of all of them, tells what follows in messages to another topic, and commits how far it was told once all
// replicas have those.
//
// What it knows it keeps in memory, and finds again in the topics: before it goes on where it was, it takes in everything
// before that once more, from the start, and tells nothing of it. So what it is given to take in must follow from a set of
// records, not from their order, and the topics must be kept. After a crash the last messages may be told twice.
//
// Of several followers of one group one works, and the others wait to take over.
type Follower struct {
	cluster
	opts     FollowOptions
	producer *Producer
	dead     *deadLetters
	progress progress
}

// NewFollower checks the options. It connects to nothing.
func NewFollower(opts FollowOptions) (*Follower, error) {
	if len(opts.Brokers) == 0 || opts.Pattern == nil || opts.Group == "" || opts.Topic == "" || opts.Begin == nil || opts.Take == nil {
		return nil, errors.New("new follower: one of Brokers, Pattern, Group, Topic, Begin and Take is missing")
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Behind == nil {
		opts.Behind = func(Partition, int64) {}
	}
	set(&opts.DeadLetterTopic, DefaultDeadLetterTopic)
	set(&opts.WatchEvery, 10*time.Second)
	set(&opts.ReadyAfter, 2*time.Minute)
	set(&opts.SessionTimeout, 20*time.Second)
	set(&opts.Heartbeat, 2*time.Second)
	f := &Follower{cluster: opts.Connection.cluster(opts.Brokers), opts: opts}
	f.producer = opts.Connection.Producer(opts.Brokers, opts.Topic)
	const limit = 900 << 10
	f.dead = &deadLetters{writer: newWriter(f.addr, f.transport, opts.DeadLetterTopic, limit+deadLetterRoom), limit: limit, version: opts.Group}
	return f, nil
}

// Run follows until ctx ends. It returns nil then, and everything it started has ended. A follower runs once.
func (f *Follower) Run(ctx context.Context) error {
	f.progress.began()
	defer f.progress.ended()
	defer f.cluster.close()
	defer f.dead.close()
	defer func() { _ = f.producer.Close() }()
	note := func(_ int, err error) {
		f.progress.failed(err)
		f.opts.Logger.Warn("follow: topics cannot be looked up or made yet", "error", err)
	}
	if err := retry(ctx, note, func() error { return ensureTopics(ctx, f.client, []string{f.opts.DeadLetterTopic, f.opts.Topic}) }); err != nil {
		return unlessEnded(ctx, err)
	}
	for ctx.Err() == nil {
		var topics []string
		if err := retry(ctx, note, func() (err error) { topics, err = f.following(ctx); return err }); err != nil {
			return unlessEnded(ctx, err)
		}
		if len(topics) == 0 {
			f.progress.fetched(0)
			_ = sleep(ctx, f.opts.WatchEvery)
			continue
		}
		if err := f.member(ctx, topics); err != nil {
			return unlessEnded(ctx, err)
		}
	}
	return nil
}

func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("follow: %w", err)
}

// following lists the topics to follow.
func (f *Follower) following(ctx context.Context) ([]string, error) {
	topics, err := f.matching(ctx, nil, f.opts.Pattern, f.opts.DeadLetterTopic)
	for i, t := range topics {
		if t == f.opts.Topic {
			return append(topics[:i:i], topics[i+1:]...), err
		}
	}
	return topics, err
}

// Ready says whether the follower gets on: whether it has heard from Kafka lately, and told what it had to tell.
func (f *Follower) Ready() error {
	p := &f.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := time.Since(p.at).Round(time.Second)
	switch {
	case !p.running:
		return errors.New("the follower does not run")
	case p.reserve || idle <= f.opts.ReadyAfter:
		return nil
	case p.trouble != nil:
		return fmt.Errorf("the follower made no progress for %s; last failure: %w", idle, p.trouble)
	}
	return fmt.Errorf("the follower made no progress for %s", idle)
}

// CaughtUp returns when everything that the topics held when it was called was told. It needs a follower of the group to be
// running, and ends early with ctx's error.
func (f *Follower) CaughtUp(ctx context.Context) error {
	var ends map[Partition]log
	now := &Follower{cluster: f.opts.Connection.cluster(f.opts.Brokers), opts: f.opts} // what topics there are is remembered for a while
	defer now.cluster.close()
	err := retry(ctx, func(int, error) {}, func() error {
		topics, err := now.following(ctx)
		if err != nil {
			return err
		}
		all, err := now.partitions(ctx, topics)
		if err != nil {
			return err
		}
		ends, err = now.logs(ctx, all)
		return err
	})
	for err == nil && len(ends) > 0 {
		err = f.cross(ctx, ends)
	}
	if err != nil {
		return fmt.Errorf("wait until caught up: %w", err)
	}
	return nil
}

// cross deletes from ends the partitions that were told to there, and waits a moment where some are left.
func (f *Follower) cross(ctx context.Context, ends map[Partition]log) error {
	var open []Partition
	for p := range ends {
		open = append(open, p)
	}
	done, err := f.committed(ctx, f.opts.Group, open)
	if err != nil && !errors.Is(err, kafka.GroupIdNotFound) {
		f.progress.failed(err)
	}
	for p, at := range ends {
		if at.end <= at.first || done[p].CommittedOffset >= at.end {
			delete(ends, p)
		}
	}
	if len(ends) == 0 {
		return nil
	}
	return sleep(ctx, 20*time.Millisecond)
}

// Read takes in everything that the topics hold now, tells nothing and commits nothing. unfit is told of the records that
// would become dead letters. It is for looking at what would come of the topics, and not to be called beside Run.
func (f *Follower) Read(ctx context.Context, unfit func(rec source.Record, err error)) error {
	defer f.cluster.close()
	topics, err := f.following(ctx)
	if err != nil {
		return fmt.Errorf("read topics: %w", err)
	}
	f.opts.Begin()
	err = f.readAll(ctx, topics, func(rec fetched) error {
		if rec.filtered != "" {
			return nil
		}
		if _, err := f.opts.Take(rec.Record); err != nil {
			unfit(rec.Record, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read topics: %w", err)
	}
	return nil
}
