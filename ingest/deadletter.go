package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/ingest/source"
)

// The headers of a dead letter. The record's own key, value and headers follow unchanged; those of its own headers
// that bear one of these names, because it was a dead letter before, are replaced.
const (
	HeaderReason    = "tappa-reason"    // out of a small fixed set
	HeaderDetail    = "tappa-detail"    // what exactly was wrong
	HeaderTopic     = "tappa-topic"     // where it was read
	HeaderPartition = "tappa-partition" // decimal
	HeaderOffset    = "tappa-offset"    // decimal
	HeaderTime      = "tappa-time"      // its Kafka time, RFC 3339
	HeaderVersion   = "tappa-version"   // definitions in force
	HeaderLength    = "tappa-length"    // length of the whole value; only where the value was cut
	HeaderSHA256    = "tappa-sha256"    // of the whole value, hexadecimal; only where the value was cut

	// HeaderReplay marks a record that was replayed, and the dead letter it becomes if it fails again, with the place of
	// the record that failed first: "topic/partition/offset".
	HeaderReplay = "tappa-replay"
)

// ours are the headers that this file writes before a record's own; those of a record in a vendor's format
// (source.HeaderFormat, …) are not among them.
var ours = map[string]bool{
	HeaderReason: true, HeaderDetail: true, HeaderTopic: true, HeaderPartition: true, HeaderOffset: true,
	HeaderTime: true, HeaderVersion: true, HeaderLength: true, HeaderSHA256: true, HeaderReplay: true,
}

const (
	// deadLetterRoom is what a dead letter may be longer than its value: our headers, and Kafka's framing.
	deadLetterRoom = 16 << 10

	maxDetail = 2 << 10
)

// deadLetter is a record that could not be used, and why.
type deadLetter struct {
	record source.Record
	reason string
	detail string
}

// deadLetters publishes to the dead-letter topic.
type deadLetters struct {
	writer  *kafka.Writer
	limit   int
	version string
}

func (d *deadLetters) close() { _ = d.writer.Close() }

// publish returns when all replicas have every letter. It tries until ctx ends; letters that were taken are not sent
// again.
func (d *deadLetters) publish(ctx context.Context, letters []deadLetter, note func(try int, err error)) error {
	pending := make([]kafka.Message, len(letters))
	for i := range letters {
		pending[i] = d.message(&letters[i], d.limit)
	}
	limit := d.limit
	return retry(ctx, note, func() error {
		err := d.writer.WriteMessages(ctx, pending...)
		pending = notTaken(pending, err)
		if tooLarge(err) && limit > 1024 {
			limit /= 2 // the topic takes less than we were told
			for i := range pending {
				pending[i] = shorten(pending[i], limit)
			}
		}
		return err
	})
}

// notTaken keeps the messages of a write that have to be sent again.
func notTaken(sent []kafka.Message, err error) []kafka.Message {
	all, ok := errors.AsType[kafka.WriteErrors](err)
	if !ok || len(all) != len(sent) {
		return sent
	}
	var left []kafka.Message
	for i, e := range all {
		if e != nil {
			left = append(left, sent[i])
		}
	}
	return left
}

func tooLarge(err error) bool {
	if all, ok := errors.AsType[kafka.WriteErrors](err); ok {
		for _, e := range all {
			if tooLarge(e) {
				return true
			}
		}
		return false
	}
	_, ours := errors.AsType[kafka.MessageTooLargeError](err)
	return ours || errors.Is(err, kafka.MessageSizeTooLarge)
}

// message is the letter as it is sent: at most limit bytes of key, value and the record's own headers.
func (d *deadLetters) message(l *deadLetter, limit int) kafka.Message {
	detail := strings.ToValidUTF8(l.detail[:min(len(l.detail), maxDetail)], "�")
	m := kafka.Message{Key: l.record.Key, Value: l.record.Value, Headers: []Header{
		{Key: HeaderReason, Value: []byte(l.reason)},
		{Key: HeaderDetail, Value: []byte(detail)},
		{Key: HeaderTopic, Value: []byte(l.record.Topic)},
		{Key: HeaderPartition, Value: strconv.AppendInt(nil, int64(l.record.Partition), 10)},
		{Key: HeaderOffset, Value: strconv.AppendInt(nil, l.record.Offset, 10)},
		{Key: HeaderTime, Value: []byte(l.record.Time.UTC().Format(time.RFC3339Nano))},
		{Key: HeaderVersion, Value: []byte(d.version)},
	}}
	for _, h := range l.record.Headers {
		if !ours[h.Key] || h.Key == HeaderReplay {
			m.Headers = append(m.Headers, Header(h))
		}
	}
	return shorten(m, limit)
}

// shorten cuts a message to the limit: first its value, and if key and foreign headers alone are too long, those. The
// length and the hash of the whole value are noted once, at the first cut.
func shorten(m kafka.Message, limit int) kafka.Message {
	foreign := 0
	for _, h := range m.Headers {
		if !ours[h.Key] {
			foreign += len(h.Key) + len(h.Value) + 4
		}
	}
	if len(m.Key)+foreign+len(m.Value) <= limit {
		return m
	}
	headers := make([]Header, 0, len(m.Headers)+2)
	noted := false
	for _, h := range m.Headers {
		noted = noted || h.Key == HeaderSHA256
		if ours[h.Key] || foreign < limit/2 {
			headers = append(headers, h)
		}
	}
	if foreign >= limit/2 {
		foreign = 0
	}
	if !noted {
		sum := sha256.Sum256(m.Value)
		headers = append(headers,
			Header{Key: HeaderLength, Value: strconv.AppendInt(nil, int64(len(m.Value)), 10)},
			Header{Key: HeaderSHA256, Value: []byte(hex.EncodeToString(sum[:]))})
	}
	m.Headers = headers
	m.Key = m.Key[:min(len(m.Key), limit/4)]
	m.Value = m.Value[:min(len(m.Value), max(0, limit-foreign-len(m.Key)))]
	return m
}
