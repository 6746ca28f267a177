package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/valyala/fastjson"

	"tappa/ingest/source"
	"tappa/journey"
)

// Reasons lists every reason for which a record can be among the dead letters.
func Reasons() []source.Reason {
	return append(source.Reasons[:], ReasonPanic, ReasonUndecodable, ReasonSinkRejected)
}

// ReplayOptions say which dead letters are replayed. Brokers, Decode and Evidence are required.
type ReplayOptions struct {
	Brokers         []string
	Connection      Connection
	DeadLetterTopic string

	Reasons      []string  // only letters whose last failure had one of these; none: all
	Since, Until time.Time // only letters whose last failure was then; zero: no bound. Until is not in it
	Source       string    // only events of this CloudEvents source, or of this kind ("form", "ticket"); "": all
	Edits        []Edit    // made to each record before it is published
	Again        bool      // replay also what failed again with the same reason, or certainly would
	DryRun       bool      // decide about all, publish nothing
	Rate         float64   // records a second; 0: as fast as Kafka takes them

	Decode   func(source.Record) (journey.Interaction, error) // the collectors' own
	Evidence Evidence
	Progress func(published, selected int) // called now and then; may be nil
}

// Fate is what a replay does with a dead letter.
type Fate string

// Every fate there is.
const (
	FateReplayed    Fate = "replayed"     // published again, or in a dry run would be
	FateStored      Fate = "stored"       // its interaction is stored already, by an earlier replay or from another copy
	FateFailedAgain Fate = "failed-again" // it was replayed and failed again with the same reason
	FateUnusable    Fate = "unusable"     // it would fail again: it still cannot be decoded
	FateCut         Fate = "cut"          // it was too long, and the dead letter has only part of it
	FateUneditable  Fate = "uneditable"   // an edit cannot be made to it
)

// Fates lists every fate, in the order to show them.
var Fates = [...]Fate{FateReplayed, FateStored, FateFailedAgain, FateUnusable, FateCut, FateUneditable}

// Replayed counts the records among the dead letters that were selected, by reason and by what was done with them. A
// record that failed several times counts once, under its last reason.
type Replayed map[string]map[Fate]int

// Total is how many records met a fate, whatever their reason.
func (r Replayed) Total(f Fate) (n int) {
	for _, by := range r {
		n += by[f]
	}
	return n
}

// ErrNoLetters says that Kafka has no topic of dead letters, not even an empty one.
var ErrNoLetters = errors.New("there is no topic of dead letters of that name")

// Replay publishes selected dead letters to the topics they were read from: their original key, value and headers, and
// HeaderReplay, which names the record that failed first.
//
// It may be stopped anywhere and run again. A record whose interaction is stored by now is left out; one that was
// replayed and not collected yet is published once more, and collapses by its id; one that was replayed and failed again
// with the same reason is left out unless Again is set. Letters are never deleted: Kafka's retention does that.
func Replay(ctx context.Context, opts ReplayOptions) (Replayed, error) {
	if len(opts.Brokers) == 0 || opts.Decode == nil || opts.Evidence == nil {
		return nil, errors.New("replay: one of Brokers, Decode and Evidence is missing")
	}
	set(&opts.DeadLetterTopic, DefaultDeadLetterTopic)
	r := replay{
		cluster: opts.Connection.cluster(opts.Brokers), opts: opts, done: Replayed{},
		failures: map[origin][]failure{}, producers: map[string]*Producer{},
	}
	defer r.close()
	err := r.run(ctx)
	for _, p := range r.producers {
		err = errors.Join(err, p.Close())
	}
	if err != nil {
		return r.done, fmt.Errorf("replay %s: %w", r.opts.DeadLetterTopic, err)
	}
	return r.done, nil
}

type replay struct {
	cluster
	opts      ReplayOptions
	failures  map[origin][]failure // by the record that failed first
	producers map[string]*Producer
	done      Replayed
	selected  int
	published int
	pending   []candidate
}

// failure is what is kept of a dead letter while all of them are looked through: not its content.
type failure struct {
	place  origin // of the letter itself
	of     origin // of the record that failed
	reason string
	at     time.Time
	first  bool // it is the record that failed first, not a replay of it
	source bool // it is of the source asked for
}

// candidate is a letter to be published, unless what it carries is stored.
type candidate struct {
	root        origin
	reason      string
	record      source.Record
	interaction journey.Interaction // its name and keys; without an id if it cannot be decoded
}

func (r *replay) run(ctx context.Context) error {
	if err := r.lookThrough(ctx); err != nil {
		return err
	}
	chosen := r.choose()
	partitions := make([]Partition, 0, len(chosen))
	for p := range chosen {
		partitions = append(partitions, p)
	}
	slices.SortFunc(partitions, Partition.compare)
	for _, p := range partitions {
		letters := chosen[p]
		slices.SortFunc(letters, func(a, b chosenLetter) int { return cmp.Compare(a.offset, b.offset) })
		ranges := make([]Range, len(letters))
		for i, l := range letters {
			ranges[i] = Range{l.offset, l.offset + 1}
		}
		err := r.read(ctx, p, ranges, func(rec fetched) error {
			i, _ := slices.BinarySearchFunc(letters, rec.Offset, func(l chosenLetter, offset int64) int { return cmp.Compare(l.offset, offset) })
			return r.consider(ctx, letters[i], rec.Record)
		})
		if err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// lookThrough finds out how often, when and why each record failed.
func (r *replay) lookThrough(ctx context.Context) error {
	if _, err := r.partitions(ctx, []string{r.opts.DeadLetterTopic}); errors.Is(err, kafka.UnknownTopicOrPartition) {
		return ErrNoLetters // collectors make it at their start, so that its name is wrong, or the Kafka another one
	}
	var parser fastjson.Parser
	_, err := r.letters(ctx, r.opts.DeadLetterTopic, func(l letter) error {
		r.failures[l.root] = append(r.failures[l.root], failure{
			place: l.place, of: l.at, reason: l.reason, at: l.dead, first: l.at == l.root,
			source: r.opts.Source == "" || isFrom(&parser, l.record, r.opts.Source),
		})
		return nil
	})
	return err
}

// chosenLetter is a letter to be read again and considered.
type chosenLetter struct {
	offset int64
	root   origin
	reason string
}

// choose picks, for each record that is selected, the letter to replay it from, and decides about those that failed
// again.
func (r *replay) choose() map[Partition][]chosenLetter {
	chosen := map[Partition][]chosenLetter{}
	for root, all := range r.failures {
		all = eachOnce(all)
		last := all[len(all)-1]
		if !r.selects(last) {
			continue
		}
		r.selected++
		if !r.opts.Again && failedAgain(all) {
			r.decide(last.reason, FateFailedAgain)
			continue
		}
		from := all[0]
		if i := slices.IndexFunc(all, func(f failure) bool { return f.first }); i >= 0 {
			from = all[i] // as it was before anybody edited it
		}
		chosen[from.place.Partition] = append(chosen[from.place.Partition], chosenLetter{from.place.offset, root, last.reason})
	}
	return chosen
}

// eachOnce puts the failures of a record and its replays in order. A crash can leave several letters of one failure.
func eachOnce(all []failure) []failure {
	slices.SortStableFunc(all, func(a, b failure) int { return a.at.Compare(b.at) })
	seen := map[origin]bool{}
	return slices.DeleteFunc(all, func(f failure) bool {
		again := seen[f.of]
		seen[f.of] = true
		return again
	})
}

// failedAgain says whether a record's last failure was that of a replay, for the same reason as the failure before.
func failedAgain(all []failure) bool {
	last := all[len(all)-1]
	return !last.first && len(all) > 1 && all[len(all)-2].reason == last.reason
}

func (r *replay) selects(last failure) bool {
	switch {
	case len(r.opts.Reasons) > 0 && !slices.Contains(r.opts.Reasons, last.reason):
		return false
	case !r.opts.Since.IsZero() && last.at.Before(r.opts.Since):
		return false
	case !r.opts.Until.IsZero() && !last.at.Before(r.opts.Until):
		return false
	}
	return last.source
}

func (r *replay) decide(reason string, fate Fate) {
	if r.done[reason] == nil {
		r.done[reason] = map[Fate]int{}
	}
	r.done[reason][fate]++
}

// consider decides about a letter as far as it can be done without the store.
func (r *replay) consider(ctx context.Context, chosen chosenLetter, rec source.Record) error {
	l, err := readLetter(rec)
	if err != nil {
		return err
	}
	if l.cut {
		r.decide(chosen.reason, FateCut)
		return nil
	}
	for _, e := range r.opts.Edits {
		if e.apply(&l.record) != nil {
			r.decide(chosen.reason, FateUneditable)
			return nil
		}
	}
	l.record.Time = time.Now()
	i, err := r.opts.Decode(l.record)
	if err != nil && !r.opts.Again {
		r.decide(chosen.reason, FateUnusable)
		return nil
	}
	c := candidate{root: chosen.root, reason: chosen.reason, record: l.record}
	if err == nil {
		c.interaction = journey.Interaction{Origin: i.Origin, ID: i.ID, Keys: i.Keys, OccurredAt: i.OccurredAt}
	}
	r.pending = append(r.pending, c)
	if len(r.pending) < r.batch() {
		return nil
	}
	return r.flush(ctx)
}

// batch is how many letters are asked about and published together: few where a rate is to be kept.
func (r *replay) batch() int {
	if r.opts.Rate > 0 {
		return max(1, min(500, int(r.opts.Rate/5)))
	}
	return 500
}

// flush publishes what waits, except what is stored.
func (r *replay) flush(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	interactions := make([]journey.Interaction, len(r.pending))
	for i := range r.pending {
		interactions[i] = r.pending[i].interaction
	}
	held, err := r.opts.Evidence.Holds(ctx, interactions)
	if err != nil {
		return err
	}
	messages := map[string][]Message{}
	n := 0
	for i, c := range r.pending {
		if held[i] && c.interaction.ID != "" {
			r.decide(c.reason, FateStored)
			continue
		}
		n++
		messages[c.root.Topic] = append(messages[c.root.Topic], c.message())
	}
	if !r.opts.DryRun && n > 0 {
		if err := r.publish(ctx, messages, n); err != nil {
			return err
		}
	}
	for i, c := range r.pending {
		if !held[i] || c.interaction.ID == "" {
			r.decide(c.reason, FateReplayed)
		}
	}
	r.pending = r.pending[:0]
	return nil
}

// publish publishes n messages, by topic, and then waits as long as they take at the rate asked for.
func (r *replay) publish(ctx context.Context, messages map[string][]Message, n int) error {
	for topic, all := range messages {
		if r.producers[topic] == nil {
			r.producers[topic] = r.opts.Connection.Producer(r.opts.Brokers, topic)
		}
		if err := r.producers[topic].Publish(ctx, all...); err != nil {
			return err
		}
	}
	r.published += n
	if r.opts.Progress != nil {
		r.opts.Progress(r.published, r.selected)
	}
	if r.opts.Rate <= 0 {
		return nil
	}
	return sleep(ctx, time.Duration(float64(n)/r.opts.Rate*float64(time.Second)))
}

func (c *candidate) message() Message {
	m := Message{Key: c.record.Key, Value: c.record.Value}
	for _, h := range c.record.Headers {
		m.Headers = append(m.Headers, Header(h))
	}
	m.Headers = append(m.Headers, Header{Key: HeaderReplay, Value: []byte(c.root.String())})
	return m
}
