package aggregate

import (
	"context"
	"encoding/binary"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"tappa/journey"
)

// taggedRow is a row of table tags: a record stands for all that have its tag.
type taggedRow struct {
	*journey.Record
	number uint64
}

// tagFields are the columns of table tags after its number, in its order. tagOf is a hash of all of them.
var tagFields = []column[taggedRow]{
	fill("origin", typeWord, func(r *taggedRow) string { return r.Interaction.Origin }),
	fill("source", typeWord, func(r *taggedRow) string { return string(r.Interaction.Source) }),
	fill("type", typeWord, func(r *taggedRow) string { return r.Interaction.Type }),
	fill("activity", typeWord, func(r *taggedRow) string { return r.Interaction.Activity }),
	fill("direction", typeWord, func(r *taggedRow) string { return string(r.Interaction.Direction) }),
	fill("automatic", typeBool, func(r *taggedRow) bool { return r.Interaction.Automatic || r.Tag.Automatic }),
	fill("by_machine", typeBool, func(r *taggedRow) bool { return r.Interaction.Automatic }),
	fill("public", typeBool, func(r *taggedRow) bool { return r.Interaction.Public }),
	fill("held", typeBool, func(r *taggedRow) bool { return r.Interaction.Held }),
	fill("solved", typeBool, func(r *taggedRow) bool { return r.Interaction.Solved }),
	fill("lang", typeWord, func(r *taggedRow) string { return r.Interaction.Lang }),
	fill("priority", typeWord, func(r *taggedRow) string { return r.Interaction.Priority }),
	fill("currency", typeWord, func(r *taggedRow) string { return r.Interaction.Currency }),
	fill("rating_kind", typeWord, func(r *taggedRow) string { return rating(r.Record).Kind }),
	fill("rating_min", typeMaybeFloat, func(r *taggedRow) *float64 { return rated(r.Record, &rating(r.Record).Min) }),
	fill("rating_max", typeMaybeFloat, func(r *taggedRow) *float64 { return rated(r.Record, &rating(r.Record).Max) }),

	fill("journey", typeWord, func(r *taggedRow) string { return string(r.Tag.Journey) }),
	fill("version", typeWord, func(r *taggedRow) string { return r.Tag.Version }),
	fill("rule", typeWord, func(r *taggedRow) string { return r.Tag.Rule }),
	fill("touchpoint", typeWord, func(r *taggedRow) string { return string(r.Tag.Touchpoint) }),
	fill("channel", typeWord, func(r *taggedRow) string { return r.Tag.Channel }),
	fill("department", typeWord, func(r *taggedRow) string { return string(r.Tag.Department) }),
	fill("persona", typeWord, func(r *taggedRow) string { return string(r.Tag.Persona) }),
	fillRows("stages", typeWords, func(r *taggedRow) []string { return texts(r.Tag.Stages) }),
	fill("outcome", typeWord, func(r *taggedRow) string { return string(r.Tag.Outcome) }),

	fill("mood_eligible", typeBool, func(r *taggedRow) bool { return r.Mood.Eligible }),
	fill("mood_label", typeWord, func(r *taggedRow) string { return r.Mood.Label }),
	fill("mood_emotion", typeWord, func(r *taggedRow) string { return r.Mood.Emotion }),
	fill("mood_lang", typeWord, func(r *taggedRow) string { return r.Mood.Lang }),
	fill("mood_model", typeWord, func(r *taggedRow) string { return r.Mood.Model }),
}

// tagRowColumns are the columns of table tags, in its order.
var tagRowColumns = append([]column[taggedRow]{
	fill("tag", "UInt64", func(r *taggedRow) uint64 { return r.number }),
}, tagFields...)

// tagOf gives the number of a record's tag. Words are hashed with their lengths: a source may write anything into them, and what it writes
// must not read like other words. 64 bits keep the millions of tags apart that nobody has: of 100,000, two have the same number once
// in four billion databases.
func tagOf(r *journey.Record) uint64 {
	b := make([]byte, 0, 512) // on the stack
	for _, s := range [...]string{
		r.Interaction.Origin, string(r.Interaction.Source), r.Interaction.Type, r.Interaction.Activity, string(r.Interaction.Direction), r.Interaction.Lang,
		r.Interaction.Priority, r.Interaction.Currency, string(r.Tag.Journey), r.Tag.Version, r.Tag.Rule, string(r.Tag.Touchpoint),
		r.Tag.Channel, string(r.Tag.Department), string(r.Tag.Persona), string(r.Tag.Outcome), r.Mood.Label, r.Mood.Emotion,
		r.Mood.Lang, r.Mood.Model,
	} {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Tag.Stages)))
	for _, stage := range r.Tag.Stages {
		b = appendText(b, string(stage))
	}
	if rated := r.Interaction.Rating; rated != nil {
		b = appendText(b, rated.Kind)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(rated.Min))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(rated.Max))
	}
	b = append(b, bit(r.Interaction.Automatic), bit(r.Tag.Automatic), bit(r.Interaction.Public), bit(r.Interaction.Held),
		bit(r.Interaction.Solved), bit(r.Mood.Eligible))
	return xxhash.Sum64(b)
}

// tagsStored remembers which tags this process has stored, for a while: the database may be put back to what it was before.
type tagsStored struct {
	sync.Mutex
	numbers map[uint64]struct{}
	since   time.Time
}

// tagsRemembered is for how long. A few thousand rows that are there already cost little.
const tagsRemembered = 10 * time.Minute

// forget is for when a collector begins with what it finds stored.
func (t *tagsStored) forget() {
	t.Lock()
	defer t.Unlock()
	t.numbers = nil
}

// unknown gives a row for each of the tags that is not known to be stored.
func (t *tagsStored) unknown(tags map[uint64]*journey.Record) (out []taggedRow) {
	t.Lock()
	defer t.Unlock()
	if time.Since(t.since) > tagsRemembered {
		t.numbers = nil
	}
	for number, of := range tags {
		if _, known := t.numbers[number]; !known {
			out = append(out, taggedRow{of, number})
		}
	}
	return out
}

func (t *tagsStored) remember(rows []taggedRow) {
	t.Lock()
	defer t.Unlock()
	if t.numbers == nil || len(t.numbers)+len(rows) > enoughTags {
		t.numbers, t.since = map[uint64]struct{}{}, time.Now()
	}
	for _, r := range rows {
		t.numbers[r.number] = struct{}{}
	}
}

// writeTags stores tags, each with a record that has it, as far as this process has not stored them yet. Of a tag stored twice the rows are
// the same.
func (s *Store) writeTags(ctx context.Context, tags map[uint64]*journey.Record) error {
	unknown := s.tags.unknown(tags)
	if err := insertBlock(ctx, s, "tags", tagRowColumns, unknown, ""); err != nil {
		return err
	}
	s.tags.remember(unknown)
	return nil
}

// Restated are the statements that store as interactions what a table holds that is shaped like view interactions, for whoever makes a
// history with SQL. The numbers of its tags are other ones than a collector's; that does no harm.
func Restated(table string) []string {
	var fields, hashed, own []string
	for _, c := range tagFields {
		fields = append(fields, c.name)
		hashed = append(hashed, "ifNull(toString("+c.name+"), '-')")
	}
	for _, c := range recordColumns {
		if c.name != "tag" {
			own = append(own, c.name)
		}
	}
	number := "cityHash64(" + strings.Join(hashed, ", ") + ")"
	names := strings.Join(fields, ", ")
	const settings = " SETTINGS async_insert = 0, max_insert_threads = 1"
	return []string{
		"INSERT INTO tags (tag, " + names + ") SELECT DISTINCT " + number + ", " + names + " FROM " + table + settings,
		"INSERT INTO records (tag, " + strings.Join(own, ", ") + ") SELECT " + number + ", " + strings.Join(own, ", ") + " FROM " + table + settings,
	}
}
