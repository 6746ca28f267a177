package ingest

import (
	"slices"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// batchOf is a batch with records at these offsets, without bodies.
func batchOf(producer int64, transactional bool, base int64, offsets ...int64) *protocol.RecordBatch {
	records := make([]protocol.Record, len(offsets))
	for i, o := range offsets {
		records[i] = protocol.Record{Offset: o, Value: protocol.NewBytes([]byte("x"))}
	}
	b := &protocol.RecordBatch{ProducerID: producer, BaseOffset: base, Records: protocol.NewRecordReader(records...)}
	if transactional {
		b.Attributes |= protocol.Transactional
	}
	return b
}

func marker(producer, offset int64) *protocol.ControlBatch {
	return &protocol.ControlBatch{
		ProducerID: producer, BaseOffset: offset, Records: protocol.NewRecordReader(protocol.Record{Offset: offset}),
	}
}

func TestReadAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		from    int64
		end     int64
		aborted []fetchapi.ResponseTransaction
		batches []protocol.RecordReader
		next    int64
		kept    []int64 // offsets of records that may carry something
		skipped []int64
	}{
		"nothing new":             {from: 5, end: 5, next: 5},
		"batch begins before":     {from: 5, end: 8, batches: []protocol.RecordReader{batchOf(-1, false, 3, 3, 4, 5, 6, 7)}, next: 8, kept: []int64{5, 6, 7}},
		"hole left by compaction": {from: 5, end: 20, batches: []protocol.RecordReader{batchOf(-1, false, 5, 6, 9), batchOf(-1, false, 12, 15)}, next: 16, kept: []int64{6, 9, 15}},
		"emptied by compaction":   {from: 5, end: 20, batches: []protocol.RecordReader{batchOf(-1, false, 3)}, next: 6},
		"rest of a batch emptied": {from: 5, end: 20, batches: []protocol.RecordReader{batchOf(-1, false, 3, 3, 4)}, next: 6},
		"only a marker":           {from: 5, end: 6, batches: []protocol.RecordReader{marker(1, 5)}, next: 6, skipped: []int64{5}},
		"aborted, then committed": {
			from: 0, end: 6, aborted: []fetchapi.ResponseTransaction{{ProducerID: 1, FirstOffset: 0}},
			batches: []protocol.RecordReader{
				batchOf(1, true, 0, 0), batchOf(2, true, 1, 1), marker(1, 2), batchOf(1, true, 3, 3), marker(2, 4), marker(1, 5),
			},
			next: 6, kept: []int64{1, 3}, skipped: []int64{0, 2, 4, 5},
		},
		"begun inside what was aborted": {
			from: 7, end: 9, aborted: []fetchapi.ResponseTransaction{{ProducerID: 1, FirstOffset: 2}},
			batches: []protocol.RecordReader{batchOf(1, true, 7, 7), marker(1, 8)}, next: 9, skipped: []int64{7, 8},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := fetcher{id: Partition{"t", 0}, next: test.from, max: 1 << 20}
			p := &fetchapi.ResponsePartition{HighWatermark: test.end, LastStableOffset: test.end, AbortedTransactions: test.aborted}
			if test.batches != nil {
				p.RecordSet.Records = &protocol.RecordStream{Records: test.batches}
			}
			ch, err := f.read(p)
			if err != nil {
				t.Fatal(err)
			}
			var kept, skipped []int64
			for _, r := range ch.records {
				if r.filtered == "" {
					kept = append(kept, r.Offset)
				} else {
					skipped = append(skipped, r.Offset)
				}
			}
			if ch.next != test.next || !slices.Equal(kept, test.kept) || !slices.Equal(skipped, test.skipped) {
				t.Errorf("next %d, kept %v, skipped %v; want %d, %v, %v", ch.next, kept, skipped, test.next, test.kept, test.skipped)
			}
		})
	}
}

// TestAnswerCutShort asks for more when the first batch did not fit.
func TestAnswerCutShort(t *testing.T) {
	f := fetcher{id: Partition{"t", 0}, next: 5, max: 1000}
	ch, err := f.read(&fetchapi.ResponsePartition{HighWatermark: 9, LastStableOffset: 9})
	if err != nil || ch.next != 5 || f.max != 2000 {
		t.Errorf("next %d, asking for %d bytes, %v; want 5, 2000", ch.next, f.max, err)
	}
}
