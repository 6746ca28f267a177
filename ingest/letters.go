package ingest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/ingest/source"
)

// origin names a record of Kafka as it is written in HeaderReplay: "topic/partition/offset".
type origin struct {
	Partition
	offset int64
}

func (o origin) String() string { return fmt.Sprintf("%s/%d/%d", o.Topic, o.Number, o.offset) }

// readOrigin reads what String wrote. A topic's name has no slash.
func readOrigin(s string) (o origin, ok bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[0] == "" {
		return origin{}, false
	}
	number, err := strconv.ParseInt(parts[1], 10, 32)
	offset, err2 := strconv.ParseInt(parts[2], 10, 64)
	o = origin{Partition{parts[0], int(number)}, offset}
	return o, errors.Join(err, err2) == nil
}

// letter is a dead letter as it stands in Kafka.
type letter struct {
	place  origin    // of the letter itself
	at     origin    // of the record that became a dead letter
	root   origin    // of the record that this one was a replay of; at, where it was none
	reason string    // why it could not be used
	dead   time.Time // when it was put among the dead letters
	cut    bool      // not all of the record is there

	record source.Record // with its own headers only
}

// readLetter takes a record of the dead-letter topic apart.
func readLetter(rec source.Record) (letter, error) {
	l := letter{
		place: origin{Partition{rec.Topic, rec.Partition}, rec.Offset}, dead: rec.Time,
		record: source.Record{Key: rec.Key, Value: rec.Value},
	}
	var topic, partition, offset, root string
	for _, h := range rec.Headers {
		value := string(h.Value)
		switch h.Key {
		case HeaderReason:
			l.reason = value
		case HeaderTopic:
			topic = value
		case HeaderPartition:
			partition = value
		case HeaderOffset:
			offset = value
		case HeaderReplay:
			root = value
		case HeaderSHA256:
			l.cut = true
		}
		if !ours[h.Key] {
			l.record.Headers = append(l.record.Headers, h)
		}
	}
	at, ok := readOrigin(topic + "/" + partition + "/" + offset)
	if !ok {
		return l, fmt.Errorf("record %s/%d/%d is no dead letter: its headers do not say where it was read", rec.Topic, rec.Partition, rec.Offset)
	}
	l.at, l.root = at, at
	if o, ok := readOrigin(root); ok {
		l.root = o
	}
	l.record.Topic = topic
	return l, nil
}

// letters calls f for every dead letter now in a topic, partition by partition, each in order. It returns how many
// records of the topic are none. A topic that does not exist has none.
func (c cluster) letters(ctx context.Context, topic string, f func(letter) error) (strange int, err error) {
	all, err := c.partitions(ctx, []string{topic})
	if errors.Is(err, kafka.UnknownTopicOrPartition) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	logs, err := c.logs(ctx, all)
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		err := c.read(ctx, p, []Range{{logs[p].first, logs[p].end}}, func(rec fetched) error {
			if rec.filtered != "" || rec.Value == nil {
				return nil
			}
			l, err := readLetter(rec.Record)
			if err != nil {
				strange++
				return nil
			}
			return f(l)
		})
		if err != nil {
			return strange, fmt.Errorf("read dead letters: %w", err)
		}
	}
	return strange, nil
}

// Range is a range of offsets: From is in it, To is not.
type Range struct {
	From, To int64
}

// read calls f for the records of a partition that lie in ranges, in order; records that carry nothing are among them.
// Ranges ascend and do not touch. Offsets at which Kafka has no record any more are passed over.
func (c cluster) read(ctx context.Context, p Partition, ranges []Range, f func(fetched) error) error {
	if len(ranges) == 0 {
		return nil
	}
	fetch := fetcher{cluster: c, id: p, next: ranges[0].From, max: 4 << 20}
	for len(ranges) > 0 {
		fetch.next = max(fetch.next, ranges[0].From)
		if fetch.next >= ranges[0].To {
			ranges = ranges[1:]
			continue
		}
		ch, err := fetch.again(ctx)
		if err != nil {
			return fmt.Errorf("read %s/%d from offset %d: %w", p.Topic, p.Number, fetch.next, err)
		}
		for i := range ch.records {
			for len(ranges) > 0 && ch.records[i].Offset >= ranges[0].To {
				ranges = ranges[1:]
			}
			if len(ranges) == 0 {
				return nil
			}
			if ch.records[i].Offset < ranges[0].From {
				continue
			}
			if err := f(ch.records[i]); err != nil {
				return err
			}
		}
		fetch.next = ch.next
	}
	return nil
}

// readTries is how often a fetch outside the collectors is tried.
const readTries = 5

// again fetches until something has come. What retention deletes meanwhile is passed over.
func (f *fetcher) again(ctx context.Context) (ch chunk, err error) {
	for try := 0; ; try++ {
		ch, err = f.once(ctx)
		if errors.Is(err, kafka.OffsetOutOfRange) {
			var logs map[Partition]log
			if logs, err = f.logs(ctx, []Partition{f.id}); err == nil && logs[f.id].first > f.next {
				return chunk{next: logs[f.id].first}, nil
			}
			err = errors.Join(kafka.OffsetOutOfRange, err)
		}
		if err == nil && ch.next > f.next {
			return ch, nil
		}
		if err == nil {
			err = errors.New("nothing came")
		}
		if try == readTries || ctx.Err() != nil {
			return ch, err
		}
		if sleepErr := sleep(ctx, wait(try)); sleepErr != nil {
			return ch, errors.Join(sleepErr, err)
		}
	}
}
