package aggregate

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tappa/aggregate/walk"
	"tappa/journey"
)

// row is a record with its block's time of arrival and the number of its tag.
type row struct {
	*journey.Record
	arrivedAt time.Time
	tag       uint64
}

func newRow(rec *journey.Record, arrivedAt time.Time) row { return row{rec, arrivedAt, tagOf(rec)} }

// Write stores a block as the block that NewBlock returns does.
func (s *Store) Write(ctx context.Context, b journey.Block) error {
	block := s.NewBlock()
	block.Begin(b.ArrivedAt)
	block.Append(b.Records)
	return block.Write(ctx, b.Token)
}

// NewBlock returns a builder of blocks of interactions. Its Write stores the block, whole or not at all: what it leaves in tables tags and
// arrivals when it fails is harmless there. Writing a block whose token was stored before stores nothing and is no error. A failure is a
// *WriteError, which says whether the same block may be sent again. Write returns once the block is on disk.
//
// Builders may be used side by side.
func (s *Store) NewBlock() journey.BlockBuilder {
	if s.opts.Protocol == protocolHTTP {
		return &nativeRows{store: s}
	}
	return journey.Collected(s.writeRows)
}

// writeRows writes a block over ClickHouse's own protocol, whose driver wants the records.
func (s *Store) writeRows(ctx context.Context, b journey.Block) error {
	rows := make([]row, len(b.Records))
	tags := map[uint64]*journey.Record{}
	for i := range b.Records {
		rows[i] = newRow(&b.Records[i], b.ArrivedAt)
		tags[rows[i].tag] = rows[i].Record
	}
	return s.writeBlock(ctx, tags,
		func() error { return insert(ctx, s, "arrivals", arrivalColumns, rows, b.Token) },
		func() error { return insert(ctx, s, "records", recordColumns, rows, b.Token) })
}

// writeBlock writes the tags and what arrived, and then the records: the ledger is kept with the records, so what it holds is whole.
func (s *Store) writeBlock(ctx context.Context, tags map[uint64]*journey.Record, arrivals, records func() error) error {
	var both errgroup.Group
	both.Go(func() error { return s.writeTags(ctx, tags) })
	both.Go(arrivals)
	if err := both.Wait(); err != nil {
		return writeError(err)
	}
	return writeError(records())
}

// nativeRows is a block of interactions as it is sent over HTTP.
type nativeRows struct {
	store     *Store
	arrivedAt time.Time
	few       []row // being taken in
	arrivals  *nativeBlock[row]
	records   *nativeBlock[row]
	tags      map[uint64]*journey.Record // one that has it, of each tag in the block
	wrong     error
	lent      bool // a write that has failed may still be reading
}

func (b *nativeRows) Begin(arrivedAt time.Time) {
	b.arrivedAt, b.wrong = arrivedAt, nil
	if b.arrivals == nil || b.lent {
		b.arrivals, b.records, b.lent = newNativeBlock(arrivalColumns), newNativeBlock(recordColumns), false
		b.tags = map[uint64]*journey.Record{}
		return
	}
	b.arrivals.begin()
	b.records.begin()
	clear(b.tags)
}

func (b *nativeRows) Append(records []journey.Record) {
	for some := range slices.Chunk(records, cachedRows) {
		b.few = b.few[:0]
		for i := range some {
			r := newRow(&some[i], b.arrivedAt)
			b.few = append(b.few, r)
			if _, known := b.tags[r.tag]; !known {
				kept := some[i]
				b.tags[r.tag] = &kept
			}
		}
		b.wrong = cmp.Or(b.wrong, b.arrivals.add(b.few), b.records.add(b.few))
	}
	clear(b.few)
}

func (b *nativeRows) Write(ctx context.Context, token string) error {
	if b.wrong != nil {
		return writeError(b.wrong)
	}
	err := b.store.writeBlock(ctx, b.tags,
		func() error { return insertNative(ctx, b.store, "arrivals", b.arrivals, token) },
		func() error { return insertNative(ctx, b.store, "records", b.records, token) })
	b.lent = b.lent || err != nil
	return err
}

// arrivalColumns are the columns of table arrivals, in its order.
var arrivalColumns = []column[row]{
	fill("topic", typeWord, func(r *row) string { return r.Position.Topic }),
	fill("partition", "Int32", func(r *row) int32 { return int32(r.Position.Partition) }),
	fill("offset", "Int64", func(r *row) int64 { return r.Position.Offset }),
	fill("arrived_at", typeTime, func(r *row) int64 { return stamp(r.arrivedAt) }),
	fillRows("contact_keys", typeStrings, func(r *row) []string { return texts(r.Interaction.Keys) }),
	fill("account", typeString, func(r *row) string { return string(r.Interaction.Account) }),
	fill("thread", typeString, func(r *row) string { return r.Interaction.Thread }),
	fill("occurred_at", typeTime, func(r *row) int64 { return stamp(r.Interaction.OccurredAt) }),
	fill("origin", typeWord, func(r *row) string { return r.Interaction.Origin }),
	fill("id", typeString, func(r *row) string { return r.Interaction.ID }),
	fill("type", typeWord, func(r *row) string { return r.Interaction.Type }),
	fill("payload", typeString, func(r *row) string { return string(r.Interaction.Payload) }),
}

// recordColumns are the columns of table records, in its order.
var recordColumns = []column[row]{
	fill("contact_key", typeString, func(r *row) string { return contactKey(&r.Interaction) }),
	fill("occurred_at", typeTime, func(r *row) int64 { return stamp(r.Interaction.OccurredAt) }),
	fill("origin", typeWord, func(r *row) string { return r.Interaction.Origin }),
	fill("id", typeString, func(r *row) string { return r.Interaction.ID }),

	fill("arrived_at", typeTime, func(r *row) int64 { return stamp(r.arrivedAt) }),
	fill("tag", "UInt64", func(r *row) uint64 { return r.tag }),
	fill("thread", typeString, func(r *row) string { return r.Interaction.Thread }),
	fill("agent", typeString, func(r *row) string { return r.Interaction.Agent }),
	fill("from_address", typeString, func(r *row) string { return r.Interaction.From }),
	fill("to_address", typeString, func(r *row) string { return r.Interaction.To }),
	fill("subject", typeString, func(r *row) string { return r.Interaction.Subject }),
	fill("text", typeString, func(r *row) string { return r.Interaction.Text }),
	fill("value", typeFloat, func(r *row) float64 { return r.Interaction.Value }),
	fill("rating_score", typeMaybeFloat, func(r *row) *float64 { return rated(r.Record, &rating(r.Record).Score) }),
	fill("mood_score", typeFloat32, func(r *row) float32 { return float32(r.Mood.Score) }),
	fill("mood_confidence", typeFloat32, func(r *row) float32 { return float32(r.Mood.Confidence) }),

	fill("topic", typeWord, func(r *row) string { return r.Position.Topic }),
	fill("partition", "Int32", func(r *row) int32 { return int32(r.Position.Partition) }),
	fill("offset", "Int64", func(r *row) int64 { return r.Position.Offset }),
}

// The instants that a column of type DateTime64(3) can hold on its way through the driver, and that end before a visit
// that silence never ends (walk.Never). A source's broken clock must not make 1923 of the year 9999.
var (
	earliestStamp = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	latestStamp   = walk.Never - 1
)

// stamp gives an instant in milliseconds since 1970, moved into what can be stored.
func stamp(t time.Time) int64 { return max(earliestStamp, min(latestStamp, t.UnixMilli())) }

// contactKey is the interaction's strongest key: the one its row is sorted by.
func contactKey(ix *journey.Interaction) string {
	if len(ix.Keys) == 0 {
		return ""
	}
	return string(ix.Keys[0])
}

var noRating journey.Rating

func rating(r *journey.Record) *journey.Rating {
	if r.Interaction.Rating == nil {
		return &noRating
	}
	return r.Interaction.Rating
}

// rated gives a field of the rating, or null where nothing was rated.
func rated(r *journey.Record, field *float64) *float64 {
	if r.Interaction.Rating == nil {
		return nil
	}
	return field
}

func texts[S ~string](values []S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
