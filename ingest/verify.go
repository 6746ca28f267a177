package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/ingest/source"
	"tappa/journey"
)

// Evidence is what a store says about the rows it holds. Verify asks nothing else of it.
type Evidence interface {
	// EachStored calls f with the offsets of a partition of which a row is stored, as ranges from ≤ offset < to in
	// ascending order that do not overlap.
	EachStored(ctx context.Context, topic string, partition int, f func(from, to int64)) error

	// Distinct counts the rows of a partition, below an offset, that remain once the copies of each interaction, in
	// whatever partition, have collapsed into one.
	Distinct(ctx context.Context, topic string, partition int, below int64) (int64, error)

	// EachErased calls f with the offsets of a partition whose interactions were erased, in ascending order.
	EachErased(ctx context.Context, topic string, partition int, f func(offset int64)) error

	// Holds says of each interaction whether it, as its origin and id name it, is stored.
	Holds(ctx context.Context, interactions []journey.Interaction) ([]bool, error)
}

// VerifyOptions say what is compared with what. Brokers, Decode and Evidence are required, and the rest must be as it is
// for the collectors.
type VerifyOptions struct {
	Brokers         []string
	Connection      Connection
	Topics          []string
	TopicPattern    *regexp.Regexp
	Group           string
	DeadLetterTopic string
	Decode          func(source.Record) (journey.Interaction, error)
	Evidence        Evidence
	List            int // how many missing records of a partition are listed; default 100
}

// Account is what became of the records of a partition. Read is always the sum of Stored, Duplicate, all Dead,
// Filtered, Erased, Gap and Missing; Read and Waiting together are End.
type Account struct {
	Topic     string           `json:"topic"`
	Partition int              `json:"partition"`
	Start     int64            `json:"start"`     // the first offset Kafka still has
	End       int64            `json:"end"`       // the offset after the last
	Read      int64            `json:"read"`      // offsets the collectors are done with, from 0
	Stored    int64            `json:"stored"`    // interactions stored from here
	Duplicate int64            `json:"duplicate"` // further copies of interactions that are stored
	Dead      map[string]int64 `json:"dead"`      // records among the dead letters, by reason
	Filtered  int64            `json:"filtered"`  // carry nothing: tombstones, markers of transactions, aborted records, vendors' asides
	Erased    int64            `json:"erased"`    // were stored, and erased on request
	Gap       int64            `json:"gap"`       // deleted from Kafka, and nothing is stored of them
	Missing   int64            `json:"missing"`   // still in Kafka, and nowhere else
	Waiting   int64            `json:"waiting"`   // not read yet
	Beyond    int64            `json:"beyond"`    // rows from offsets after End: the topic was made anew
	List      []MissingRecord  `json:"list,omitempty"`
}

// MissingRecord is a record that should be stored or among the dead letters and is not.
type MissingRecord struct {
	Offset int64  `json:"offset"`
	Origin string `json:"origin,omitempty"`
	ID     string `json:"id,omitempty"`
	Why    string `json:"why"`
}

// AllDead adds up the dead letters.
func (a *Account) AllDead() (n int64) {
	for _, k := range a.Dead {
		n += k
	}
	return n
}

// Verify finds out what became of every record of the topics, from evidence alone: where Kafka's logs begin and end,
// which offsets the rows stored name, which the dead letters name, and, for what is left, the record itself. It counts
// on nothing that a collector remembers, and changes nothing. It may run beside collectors.
//
// Offsets that are accounted for are compared as ranges; only the others are fetched and decoded, so its cost is that of
// two passes over the offsets stored and one over the dead letters, plus what is in doubt.
func Verify(ctx context.Context, opts VerifyOptions) ([]Account, error) {
	if len(opts.Brokers) == 0 || opts.Decode == nil || opts.Evidence == nil {
		return nil, errors.New("verify: one of Brokers, Decode and Evidence is missing")
	}
	opts = opts.withDefaults()
	v := verifier{cluster: opts.Connection.cluster(opts.Brokers), opts: opts, dead: map[Partition]map[int64]string{}}
	defer v.close()
	accounts, err := v.verify(ctx)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return accounts, nil
}

func (opts VerifyOptions) withDefaults() VerifyOptions {
	if len(opts.Topics) == 0 && opts.TopicPattern == nil {
		opts.Topics = []string{DefaultTopic}
	}
	set(&opts.Group, DefaultGroup)
	set(&opts.DeadLetterTopic, DefaultDeadLetterTopic)
	set(&opts.List, 100)
	return opts
}

// AwaitRead waits, for so long at most, until the collectors' group has read what the topics that Verify would look at hold when it is called,
// and gives how many of these records it has still not. Of the options it needs neither Decode nor Evidence.
func AwaitRead(ctx context.Context, opts VerifyOptions, most time.Duration) (unread int64, err error) {
	opts = opts.withDefaults()
	c := opts.Connection.cluster(opts.Brokers)
	defer c.close()
	topics, err := c.matching(ctx, opts.Topics, opts.TopicPattern, opts.DeadLetterTopic)
	if err != nil || len(topics) == 0 {
		return 0, err
	}
	all, err := c.partitions(ctx, topics)
	if err != nil {
		return 0, err
	}
	logs, err := c.logs(ctx, all)
	if err != nil {
		return 0, err
	}
	for until := time.Now().Add(most); ; {
		done, err := c.committed(ctx, opts.Group, all)
		if err != nil && !errors.Is(err, kafka.GroupIdNotFound) { // a group that never was has read nothing
			return 0, err
		}
		unread = 0
		for _, p := range all {
			unread += max(0, logs[p].end-max(done[p].CommittedOffset, logs[p].first))
		}
		if unread == 0 || time.Now().After(until) {
			return unread, nil
		}
		select {
		case <-ctx.Done():
			return unread, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

type verifier struct {
	cluster
	opts VerifyOptions
	dead map[Partition]map[int64]string // reason by the offset of the record
}

// verify asks in the opposite of the collectors' order, so that what they do meanwhile cannot seem lost: how far they say
// they are, which rows there are, where the log ends, which dead letters there are.
func (v *verifier) verify(ctx context.Context) ([]Account, error) {
	topics, err := v.matching(ctx, v.opts.Topics, v.opts.TopicPattern, v.opts.DeadLetterTopic)
	if err != nil || len(topics) == 0 {
		return nil, err
	}
	all, err := v.partitions(ctx, topics)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, Partition.compare)
	done, err := v.committed(ctx, v.opts.Group, all)
	if err != nil && !errors.Is(err, kafka.GroupIdNotFound) { // a group that never was has done nothing
		return nil, err
	}
	stored := map[Partition][]Range{}
	for _, p := range all {
		if err := v.opts.Evidence.EachStored(ctx, p.Topic, p.Number, func(from, to int64) {
			stored[p] = append(stored[p], Range{from, to})
		}); err != nil {
			return nil, err
		}
	}
	erased := map[Partition][]int64{}
	for _, p := range all {
		if err := v.opts.Evidence.EachErased(ctx, p.Topic, p.Number, func(offset int64) { erased[p] = append(erased[p], offset) }); err != nil {
			return nil, err
		}
	}
	logs, err := v.logs(ctx, all)
	if err != nil {
		return nil, err
	}
	_, err = v.letters(ctx, v.opts.DeadLetterTopic, func(l letter) error {
		if v.dead[l.at.Partition] == nil {
			v.dead[l.at.Partition] = map[int64]string{}
		}
		v.dead[l.at.Partition][l.at.offset] = l.reason
		return nil
	})
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, len(all))
	for i, p := range all {
		if accounts[i], err = v.partition(ctx, p, logs[p], done[p].CommittedOffset, stored[p], erased[p]); err != nil {
			return nil, fmt.Errorf("partition %s/%d: %w", p.Topic, p.Number, err)
		}
	}
	return accounts, nil
}

// partition accounts for one partition.
func (v *verifier) partition(ctx context.Context, p Partition, at log, committed int64, stored []Range, erased []int64) (a Account, err error) {
	a = Account{Topic: p.Topic, Partition: p.Number, Start: at.first, End: at.end, Dead: map[string]int64{}}
	for len(stored) > 0 && stored[len(stored)-1].To > at.end {
		last := &stored[len(stored)-1]
		a.Beyond += last.To - max(last.From, at.end)
		if last.To = at.end; last.From >= at.end {
			stored = stored[:len(stored)-1]
		}
	}
	// Rows are written in order, so that everything before one is done, even where that was never committed.
	a.Read = max(0, min(committed, at.end))
	if len(stored) > 0 {
		a.Read = max(a.Read, stored[len(stored)-1].To)
	}
	if len(erased) > 0 {
		a.Read = max(a.Read, min(erased[len(erased)-1]+1, at.end))
	}
	a.Waiting = a.End - a.Read
	if a.Stored, err = v.opts.Evidence.Distinct(ctx, p.Topic, p.Number, a.Read); err != nil {
		return a, err
	}
	for _, r := range stored {
		a.Duplicate += r.To - r.From
	}
	a.Duplicate -= a.Stored
	doubtful := pick(without(Range{0, a.Read}, stored), erased, func(int64) { a.Erased++ })
	doubtful = pick(doubtful, slices.Sorted(maps.Keys(v.dead[p])), func(offset int64) { a.Dead[v.dead[p][offset]]++ })
	return a, v.look(ctx, &a, p, doubtful)
}

// without is what is left of a range when others, ascending, are taken out.
func without(whole Range, out []Range) (left []Range) {
	for _, r := range out {
		if r.From > whole.From {
			left = append(left, Range{whole.From, min(r.From, whole.To)})
		}
		whole.From = max(whole.From, r.To)
	}
	if whole.From < whole.To {
		left = append(left, whole)
	}
	return left
}

// pick takes those of some offsets, ascending, out of ranges that lie in them, and returns what is left of the ranges. A record of which a
// row is stored as well as a letter, since it was read again when it could be used, is in no range.
func pick(ranges []Range, offsets []int64, take func(offset int64)) (left []Range) {
	for _, r := range ranges {
		from, _ := slices.BinarySearch(offsets, r.From)
		to, _ := slices.BinarySearch(offsets, r.To)
		var out []Range
		for _, offset := range offsets[from:to] {
			take(offset)
			out = append(out, Range{offset, offset + 1})
		}
		left = append(left, without(r, out)...)
	}
	return left
}

// look decides about the records of which there is neither a row nor a dead letter.
func (v *verifier) look(ctx context.Context, a *Account, p Partition, doubtful []Range) error {
	for _, r := range doubtful {
		a.Gap += r.To - r.From // until it turns up
	}
	l := lookout{v: v, account: a}
	if err := v.read(ctx, p, doubtful, func(rec fetched) error { return l.at(ctx, rec) }); err != nil {
		return err
	}
	err := l.ask(ctx)
	slices.SortFunc(a.List, func(x, y MissingRecord) int { return cmp.Compare(x.Offset, y.Offset) })
	return err
}

// lookout looks at doubtful records one by one, and asks the store about them many at a time.
type lookout struct {
	v       *verifier
	account *Account
	asked   []journey.Interaction
	offsets []int64 // of asked
}

// askAtOnce is how many interactions the store is asked about at a time.
const askAtOnce = 5000

func (l *lookout) at(ctx context.Context, rec fetched) error {
	l.account.Gap--
	if rec.filtered != "" || rec.Value == nil {
		l.account.Filtered++
		return nil
	}
	i, err := l.v.opts.Decode(rec.Record)
	if _, ok := errors.AsType[*source.Nothing](err); ok {
		l.account.Filtered++
		return nil
	}
	if err != nil {
		l.missing(MissingRecord{Offset: rec.Offset, Why: "cannot be used, but is not among the dead letters: " + err.Error()})
		return nil
	}
	l.asked = append(l.asked, journey.Interaction{Origin: i.Origin, ID: i.ID, Keys: i.Keys, OccurredAt: i.OccurredAt})
	l.offsets = append(l.offsets, rec.Offset)
	if len(l.asked) < askAtOnce {
		return nil
	}
	return l.ask(ctx)
}

// ask finds out which of the interactions are stored from elsewhere.
func (l *lookout) ask(ctx context.Context) error {
	if len(l.asked) == 0 {
		return nil
	}
	held, err := l.v.opts.Evidence.Holds(ctx, l.asked)
	if err != nil {
		return err
	}
	for i, there := range held {
		if there {
			l.account.Duplicate++
			continue
		}
		l.missing(MissingRecord{Offset: l.offsets[i], Origin: l.asked[i].Origin, ID: l.asked[i].ID, Why: "read, but not stored"})
	}
	l.asked, l.offsets = l.asked[:0], l.offsets[:0]
	return nil
}

func (l *lookout) missing(m MissingRecord) {
	l.account.Missing++
	if len(l.account.List) < l.v.opts.List {
		l.account.List = append(l.account.List, m)
	}
}
