package ingest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// errStuck says that the sink has not taken a block for Options.StuckAfter.
var errStuck = errors.New("the sink has taken nothing for too long")

// fatal is an error that only a person can put right.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// member is one membership of the consumer group: join, work through generations, leave. It returns nil when ctx
// ends, errStuck, or a fatal error.
func (c *Collector) member(ctx context.Context) error {
	group, leave, err := c.join()
	if err != nil {
		return err
	}
	defer leave()
	for ctx.Err() == nil {
		gen, err := group.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				c.progress.failed(fmt.Errorf("join group %s: %w", c.opts.Group, err))
				c.opts.Logger.Warn("ingest: cannot join the group yet", "group", c.opts.Group, "error", err)
			}
			continue // the group itself waits before it tries again
		}
		done := make(chan error, 1)
		gen.Start(func(ended context.Context) { done <- c.generation(ctx, ended, gen) })
		if err := <-done; errors.Is(err, errStuck) || final(err) {
			return err
		} else if err != nil && ctx.Err() == nil {
			c.opts.Logger.Warn("ingest: generation ended early", "error", err)
		}
	}
	return nil
}

// join prepares a member of the collectors' group.
func (c *Collector) join() (group *kafka.ConsumerGroup, leave func(), err error) {
	return membership{
		cluster: c.cluster, connection: c.opts.Connection, patience: c.opts.HandOver + 2*c.opts.Heartbeat,
		config: kafka.ConsumerGroupConfig{
			ID: c.opts.Group, Brokers: c.opts.Brokers, Topics: c.subscription(),
			GroupBalancers:    []kafka.GroupBalancer{kafka.RangeGroupBalancer{}, kafka.RoundRobinGroupBalancer{}},
			HeartbeatInterval: c.opts.Heartbeat, SessionTimeout: c.opts.SessionTimeout, RebalanceTimeout: c.opts.RebalanceTimeout,
			PartitionWatchInterval: c.opts.WatchEvery,
		},
	}.join()
}

// membership is how a member joins a consumer group and leaves it.
type membership struct {
	cluster
	connection Connection
	config     kafka.ConsumerGroupConfig
	patience   time.Duration // to leave in order
}

// join prepares a member of the group; leave ends it, within a bound whatever Kafka does. The bound is the time that
// the others need to finish what they hold: a member that has just asked to join waits for them, and if it went before
// it has heard its own name, they would wait for it.
func (m membership) join() (group *kafka.ConsumerGroup, leave func(), err error) {
	var open connections
	var self memberName
	config := m.config
	config.Dialer, config.Logger = m.connection.dialer(), &self
	config.Dialer.DialFunc = open.dial
	config.WatchPartitionChanges, config.JoinGroupBackoff, config.StartOffset = true, 500*time.Millisecond, kafka.FirstOffset
	if group, err = kafka.NewConsumerGroup(config); err != nil {
		return nil, nil, fmt.Errorf("join group %s: %w", config.ID, err)
	}
	return group, func() {
		impatient := time.AfterFunc(m.patience, open.closeAll)
		defer impatient.Stop()
		_ = group.Close()
		m.leave(self.get())
	}, nil
}

// leave takes a member out of the group. kafka.ConsumerGroup does so itself, except when it is closed while a
// rebalance is under way: the others would then wait for the member until its session ends.
func (m membership) leave(member string) {
	if member == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_, _ = m.client.LeaveGroup(ctx, &kafka.LeaveGroupRequest{
		GroupID: m.config.ID, Members: []kafka.LeaveGroupRequestMember{{ID: member}},
	})
}

// memberName learns from what kafka.ConsumerGroup logs which name Kafka gave to this member, since before the first
// generation nothing else tells it.
type memberName struct {
	mu   sync.Mutex
	name string
}

// Printf makes a memberName a kafka.Logger.
func (m *memberName) Printf(format string, args ...any) {
	if len(args) < 2 || !strings.HasPrefix(strings.ToLower(format), "joined group %s as member %s") {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name, _ = args[1].(string)
}

func (m *memberName) get() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name
}

// connections are those of a group member, to be cut if they keep it from leaving.
type connections struct {
	mu   sync.Mutex
	all  []net.Conn
	shut bool
}

func (c *connections) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	tracked := &connection{Conn: conn, of: c}
	c.all = append(c.all, tracked)
	return tracked, nil
}

func (c *connections) closeAll() {
	c.mu.Lock()
	all := slices.Clone(c.all)
	c.shut = true
	c.mu.Unlock()
	for _, conn := range all {
		_ = conn.Close()
	}
}

// connection forgets itself when it is closed.
type connection struct {
	net.Conn
	of *connections
}

func (c *connection) Close() error {
	c.of.mu.Lock()
	c.of.all = slices.DeleteFunc(c.of.all, func(conn net.Conn) bool { return conn == net.Conn(c) })
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// generation is one assignment of partitions to this member, between two rebalances.
type generation struct {
	c          *Collector
	gen        *kafka.Generation
	partitions map[Partition]*partition

	// writing ends when what is held must be given up: some time after reading has ended.
	writing context.Context

	mu        sync.Mutex
	confirmed time.Time // when Kafka said last that the partitions are this member's
}

// partition is an assigned partition. Once the generation works, its lane's writer alone touches the note.
type partition struct {
	id   Partition
	next int64 // where to begin to read
	note note
}

// generation works through one assignment until it ends (a rebalance), ctx ends (a shutdown), or a lane fails. What is
// held then is finished within a bound. Nothing of it runs any more when it returns.
func (c *Collector) generation(ctx, ended context.Context, gen *kafka.Generation) error {
	c.metrics.rebalances.Inc()
	g := &generation{c: c, gen: gen, partitions: map[Partition]*partition{}, confirmed: time.Now()}
	for topic, assigned := range gen.Assignments {
		for _, a := range assigned {
			id := Partition{topic, a.ID}
			g.partitions[id] = &partition{id: id}
		}
	}
	c.metrics.partitions.Set(float64(len(g.partitions)))
	c.progress.assigned(len(g.partitions))
	defer c.progress.over()
	c.opts.Logger.Info("ingest: partitions assigned", "group", c.opts.Group, "generation", gen.ID, "partitions", len(g.partitions))
	defer func() {
		for id := range g.partitions {
			c.metrics.lags.forget(id)
		}
		c.metrics.partitions.Set(0)
	}()

	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(ended, func() { stop(kafka.ErrGenerationEnded) })()
	writing, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(reading, func() {
		grace := c.opts.HandOver
		if ctx.Err() != nil {
			grace = c.opts.ShutdownTimeout
		}
		_ = sleep(writing, grace)
		giveUp()
	})()
	g.writing = writing
	watching, unwatch := context.WithCancel(reading)
	var watch sync.WaitGroup
	watch.Go(func() { g.watchGroup(watching, stop) })
	defer func() { unwatch(); watch.Wait() }()

	if err := g.prepare(reading); err != nil {
		if reading.Err() != nil && !final(err) {
			return nil // over before it began
		}
		return err
	}
	if len(g.partitions) == 0 {
		<-reading.Done() // more members than partitions: wait in reserve
		return nil
	}
	return g.work(reading, stop)
}

// watchGroup ends the generation when there is a partition that nobody reads.
func (g *generation) watchGroup(ctx context.Context, stop context.CancelCauseFunc) {
	if p, found := g.c.untilUnassigned(ctx, g.c.opts.Group, g.c.subscription, g.c.opts.WatchEvery); found {
		g.c.opts.Logger.Warn("ingest: nobody reads a partition, so the group is joined anew", "topic", p.Topic, "partition", p.Number)
		stop(kafka.ErrGenerationEnded)
	}
}

// prepare finds out where to begin, trying until it succeeds, ctx ends, or the partitions have waited for too long.
func (g *generation) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, g.c.opts.StuckAfter, errStuck)
	defer cancel()
	note := func(_ int, err error) {
		g.c.metrics.retries.WithLabelValues("start", causeOf(err)).Inc()
		g.c.progress.failed(err)
		g.c.opts.Logger.Warn("ingest: cannot find out yet where to begin", "error", err)
	}
	var moved map[Partition]int64
	err := retry(ctx, note, func() (err error) {
		moved, err = g.starts(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for id, p := range g.partitions {
		g.c.metrics.lags.begin(id, p.next)
	}
	return retry(ctx, note, func() error { return g.commit(ctx, moved) })
}

// work deals the partitions to lanes and runs those until reading ends or one of them fails.
func (g *generation) work(reading context.Context, stop context.CancelCauseFunc) error {
	lanes := make([]*lane, min(g.c.opts.Lanes, len(g.partitions)))
	for i := range lanes {
		lanes[i] = newLane(g)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	fail := func(err error) {
		if err == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = err
		}
		stop(err)
	}
	ids := make([]Partition, 0, len(g.partitions))
	for id := range g.partitions {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, Partition.compare)
	for i, id := range ids {
		to := lanes[i%len(lanes)]
		wg.Go(func() { fail(g.fetch(reading, g.partitions[id], to.in)) })
	}
	wg.Go(func() { g.watchEnds(reading) })
	for _, l := range lanes {
		wg.Go(func() { l.build(reading) })
		wg.Go(func() { l.write(fail) })
	}
	wg.Wait()
	return first
}

// owned asks Kafka whether this member still holds its partitions. Once a rebalance has moved on without it, what it
// has not written yet is for others to write.
func (g *generation) owned(ctx context.Context) bool {
	verdict, err := g.heartbeat(ctx)
	return err == nil && verdict == nil
}

// heartbeat asks the group what it thinks of this member. The verdict is nil for a member in good standing, also while a
// rebalance waits for it; err says that the group did not answer.
func (g *generation) heartbeat(ctx context.Context) (verdict, err error) {
	resp, err := g.c.client.Heartbeat(ctx, &kafka.HeartbeatRequest{
		GroupID: g.gen.GroupID, GenerationID: g.gen.ID, MemberID: g.gen.MemberID,
	})
	if err != nil {
		return nil, err
	}
	if verdict = verdictOf(resp); errors.Is(verdict, kafka.RebalanceInProgress) {
		verdict = nil
	}
	return verdict, nil
}

// verdictOf reads an answer to a heartbeat. kafka-go (up to 0.4.51, see its pull request 1371) takes the two fields of the
// answer in the wrong order, but for the oldest version of it: the code of the error then is the lower half of what it
// takes for the time of throttling, in milliseconds.
func verdictOf(resp *kafka.HeartbeatResponse) error {
	if resp.Error != nil {
		return resp.Error
	}
	if code := int16(resp.Throttle.Milliseconds()); code != 0 {
		return kafka.Error(code)
	}
	return nil
}

// errLost says that the partitions have become another member's without this one's hearing of it.
var errLost = errors.New("the group has gone on without this member")

// still returns errLost if the partitions are another's by now. It asks Kafka only if that has not been confirmed for a
// while: a process that was frozen, or a machine that was asleep, must not write on as if nothing had happened. A Kafka
// that does not answer says nothing.
func (g *generation) still(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.confirmed) < g.c.opts.SessionTimeout/3 {
		return nil
	}
	verdict, err := g.heartbeat(ctx)
	switch {
	case errors.Is(verdict, kafka.UnknownMemberId), errors.Is(verdict, kafka.IllegalGeneration), errors.Is(verdict, kafka.GroupIdNotFound):
		return errLost
	case err == nil && verdict == nil:
		g.confirmed = time.Now()
	}
	return nil
}
