package aggregate

import (
	"context"
	"time"

	"github.com/cespare/xxhash/v2"

	"tappa/aggregate/walk"
	"tappa/journey"
)

// row is a record with its block's time of arrival.
type row struct {
	*journey.Record
	arrivedAt time.Time
}

// Write stores a block, whole or not at all: what it leaves in table arrivals when it fails is harmless there. Writing a block whose token was stored before stores nothing and is no
// error. A failure is a *WriteError, which says whether the same block may be sent again.
//
// Write returns once the block is on disk. It may be called concurrently.
func (s *Store) Write(ctx context.Context, b journey.Block) error {
	rows := make([]row, len(b.Records))
	for i := range b.Records {
		rows[i] = row{Record: &b.Records[i], arrivedAt: b.ArrivedAt}
	}
	// In this order: the ledger is kept with interactions, so what it holds is whole.
	if err := insertBlock(ctx, s, "arrivals", arrivalColumns, rows, b.Token); err != nil {
		return writeError(err)
	}
	return writeError(insertBlock(ctx, s, "interactions", interactionColumns, rows, b.Token))
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

// interactionColumns are the columns of table interactions, in its order.
var interactionColumns = []column[row]{
	fill("contact_key", typeString, func(r *row) string { return contactKey(&r.Interaction) }),
	fill("occurred_at", typeTime, func(r *row) int64 { return stamp(r.Interaction.OccurredAt) }),
	fill("origin", typeWord, func(r *row) string { return r.Interaction.Origin }),
	fill("id", typeString, func(r *row) string { return r.Interaction.ID }),

	fill("arrived_at", typeTime, func(r *row) int64 { return stamp(r.arrivedAt) }),
	fill("source", typeWord, func(r *row) string { return string(r.Interaction.Source) }),
	fill("type", typeWord, func(r *row) string { return r.Interaction.Type }),
	fill("activity", typeWord, func(r *row) string { return r.Interaction.Activity }),
	fill("direction", typeWord, func(r *row) string { return string(r.Interaction.Direction) }),
	fill("thread", typeString, func(r *row) string { return r.Interaction.Thread }),
	fill("automatic", typeBool, func(r *row) bool { return r.Interaction.Automatic || r.Tag.Automatic }),
	fill("by_machine", typeBool, func(r *row) bool { return r.Interaction.Automatic }),
	fill("public", typeBool, func(r *row) bool { return r.Interaction.Public }),
	fill("held", typeBool, func(r *row) bool { return r.Interaction.Held }),
	fill("solved", typeBool, func(r *row) bool { return r.Interaction.Solved }),
	fill("agent", typeString, func(r *row) string { return r.Interaction.Agent }),
	fill("from_address", typeString, func(r *row) string { return r.Interaction.From }),
	fill("to_address", typeString, func(r *row) string { return r.Interaction.To }),
	fill("subject", typeString, func(r *row) string { return r.Interaction.Subject }),
	fill("text", typeString, func(r *row) string { return r.Interaction.Text }),
	fill("lang", typeWord, func(r *row) string { return r.Interaction.Lang }),
	fill("priority", typeWord, func(r *row) string { return r.Interaction.Priority }),
	fill("value", typeFloat, func(r *row) float64 { return r.Interaction.Value }),
	fill("currency", typeWord, func(r *row) string { return r.Interaction.Currency }),
	fill("rating_kind", typeWord, func(r *row) string { return rating(r).Kind }),
	fill("rating_score", "Nullable(Float64)", func(r *row) *float64 { return rated(r, &rating(r).Score) }),
	fill("rating_min", "Nullable(Float64)", func(r *row) *float64 { return rated(r, &rating(r).Min) }),
	fill("rating_max", "Nullable(Float64)", func(r *row) *float64 { return rated(r, &rating(r).Max) }),

	fill("journey", typeWord, func(r *row) string { return string(r.Tag.Journey) }),
	fill("version", typeWord, func(r *row) string { return r.Tag.Version }),
	fill("rule", typeWord, func(r *row) string { return r.Tag.Rule }),
	fill("touchpoint", typeWord, func(r *row) string { return string(r.Tag.Touchpoint) }),
	fill("channel", typeWord, func(r *row) string { return r.Tag.Channel }),
	fill("department", typeWord, func(r *row) string { return string(r.Tag.Department) }),
	fill("persona", typeWord, func(r *row) string { return string(r.Tag.Persona) }),
	fillRows("stages", typeWords, func(r *row) []string { return texts(r.Tag.Stages) }),
	fill("outcome", typeWord, func(r *row) string { return string(r.Tag.Outcome) }),

	fill("mood_eligible", typeBool, func(r *row) bool { return r.Mood.Eligible }),
	fill("mood_label", typeWord, func(r *row) string { return r.Mood.Label }),
	fill("mood_score", typeFloat32, func(r *row) float32 { return float32(r.Mood.Score) }),
	fill("mood_emotion", typeWord, func(r *row) string { return r.Mood.Emotion }),
	fill("mood_lang", typeWord, func(r *row) string { return r.Mood.Lang }),
	fill("mood_confidence", typeFloat32, func(r *row) float32 { return float32(r.Mood.Confidence) }),
	fill("mood_model", typeWord, func(r *row) string { return r.Mood.Model }),

	fill("topic", typeWord, func(r *row) string { return r.Position.Topic }),
	fill("partition", "Int32", func(r *row) int32 { return int32(r.Position.Partition) }),
	fill("offset", "Int64", func(r *row) int64 { return r.Position.Offset }),
	fill("tag", "UInt64", tagOf),
}

// tagOf gives all that the walk asks of how an interaction was tagged as one number (see tagColumns). The table would work it out
// as well, in another way; two numbers for one tag do no harm.
func tagOf(r *row) uint64 {
	b := make([]byte, 0, 512) // on the stack
	for _, s := range [...]string{
		r.Interaction.Origin, string(r.Interaction.Source), r.Interaction.Type, r.Interaction.Activity, string(r.Interaction.Direction),
		r.Interaction.Priority, string(r.Tag.Journey), string(r.Tag.Touchpoint), r.Tag.Channel, string(r.Tag.Department),
		string(r.Tag.Persona), string(r.Tag.Outcome), r.Mood.Label, r.Mood.Emotion, r.Mood.Lang,
	} {
		b = append(append(b, s...), 0)
	}
	for _, stage := range r.Tag.Stages {
		b = append(append(b, stage...), ',')
	}
	b = append(b, bit(r.Interaction.Automatic || r.Tag.Automatic), bit(r.Interaction.Public), bit(r.Interaction.Held),
		bit(r.Mood.Eligible), bit(r.Interaction.Solved))
	return xxhash.Sum64(b)
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

func rating(r *row) *journey.Rating {
	if r.Interaction.Rating == nil {
		return &noRating
	}
	return r.Interaction.Rating
}

// rated gives a field of the rating, or null where nothing was rated.
func rated(r *row, field *float64) *float64 {
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
