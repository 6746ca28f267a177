package aggregate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tappa/journey"
)

// batchBytes bounds the texts and payloads that a reprocessor holds at once.
const batchBytes = 32 << 20

// reprocessor goes through the stored interactions once.
type reprocessor struct {
	Reprocessing
	store *Store
	again *Store // for writing
	done  Reprocessed
	most  int

	rows    []storedRow
	records []journey.Record // of rows
	bytes   int
}

// storedRow is a row as it was read: its record is what Change works on.
type storedRow struct {
	arrivedAt time.Time
	tag       journey.Tag
	mood      journey.Mood
}

// offsetRange is some of the offsets of a partition, both ends included.
type offsetRange struct {
	place
	first, last int64
}

func (p *reprocessor) all(ctx context.Context) error {
	ranges, err := p.ranges(ctx)
	if err != nil {
		return fmt.Errorf("list offsets: %w", err)
	}
	for _, r := range ranges {
		if err := p.read(ctx, r); err != nil {
			return err
		}
	}
	return p.flush(ctx)
}

// where is the condition of the interactions that are looked at: one on their tags.
func (p *reprocessor) where() (string, []any) {
	if p.NotScoredBy == "" {
		return "1", nil
	}
	return "mood_eligible AND mood_model != ?", []any{p.NotScoredBy}
}

// ranges cuts the offsets of each partition into ranges of about ten batches.
func (p *reprocessor) ranges(ctx context.Context) (out []offsetRange, err error) {
	where, args := p.where()
	var rows int
	err = p.store.each(ctx, func(scan func(...any) error) error {
		var next offsetRange
		var n uint64
		if err := scan(&next.topic, &next.partition, &next.first, &next.last, &n); err != nil {
			return err
		}
		if len(out) == 0 || out[len(out)-1].place != next.place || rows+int(n) > 10*p.Batch {
			out, rows = append(out, next), 0
		}
		out[len(out)-1].last = next.last
		rows += int(n)
		p.most += int(n)
		return nil
	}, "SELECT toString(topic) AS t, partition, min(offset), max(offset), count() FROM records WHERE tag IN (SELECT tag FROM tags WHERE "+where+
		") GROUP BY t, partition, intDiv(offset, ?) AS piece ORDER BY t, partition, piece", append(args, int64(p.Batch))...)
	return out, err
}

// read goes through the rows of a range as they come, and writes whenever a batch is full.
func (p *reprocessor) read(ctx context.Context, r offsetRange) error {
	where, args := p.where()
	position := []any{r.topic, r.partition, r.first, r.last}
	err := p.store.each(ctx, func(scan func(...any) error) error {
		rec, arrivedAt, err := scanRecord(scan)
		if err != nil {
			return err
		}
		p.rows = append(p.rows, storedRow{arrivedAt: arrivedAt, tag: rec.Tag, mood: rec.Mood})
		p.records = append(p.records, rec)
		p.bytes += len(rec.Interaction.Text) + len(rec.Interaction.Payload)
		if len(p.records) < p.Batch && p.bytes < batchBytes {
			return nil
		}
		return p.flush(ctx)
	}, fmt.Sprintf(recordsQuery, where), slices.Concat(position, position, args)...)
	if err != nil {
		return fmt.Errorf("read interactions: %w", err)
	}
	return nil
}

// flush has the records changed and writes those that were.
func (p *reprocessor) flush(ctx context.Context) error {
	if len(p.records) == 0 {
		return nil
	}
	if err := p.Change(ctx, p.records); err != nil {
		return err
	}
	var changed []row
	tags := map[uint64]*journey.Record{}
	for i := range p.records {
		rec := &p.records[i]
		if !sameTag(rec.Tag, p.rows[i].tag) || !sameMood(rec.Mood, p.rows[i].mood) {
			r := newRow(rec, p.rows[i].arrivedAt)
			changed, tags[r.tag] = append(changed, r), rec
			if old := p.rows[i]; !sameTagBut(rec.Tag, old.tag) || !sameMood(rec.Mood, old.mood) {
				p.done.Otherwise++
			}
		}
	}
	if err := p.again.writeTags(ctx, tags); err != nil {
		return err
	}
	if err := insert(ctx, p.again, "records", recordColumns, changed, ""); err != nil {
		return err
	}
	p.done.Read += len(p.records)
	p.done.Changed += len(changed)
	clear(p.records) // texts are not kept alive
	p.rows, p.records, p.bytes = p.rows[:0], p.records[:0], 0
	if p.Progress != nil {
		p.Progress(p.done.Read, p.most)
	}
	return nil
}

func sameTag(a, b journey.Tag) bool { return a.Version == b.Version && sameTagBut(a, b) }

// sameTagBut compares all but the version of the definition.
func sameTagBut(a, b journey.Tag) bool {
	return a.Journey == b.Journey && a.Rule == b.Rule && a.Touchpoint == b.Touchpoint &&
		a.Channel == b.Channel && a.Department == b.Department && a.Persona == b.Persona && a.Outcome == b.Outcome &&
		a.Automatic == b.Automatic && slices.Equal(a.Stages, b.Stages)
}

// sameMood compares numbers as they are stored.
func sameMood(a, b journey.Mood) bool {
	same := float32(a.Score) == float32(b.Score) && float32(a.Confidence) == float32(b.Confidence)
	a.Score, a.Confidence, b.Score, b.Confidence = 0, 0, 0, 0
	return same && a == b
}

// recordsQuery gives the interactions of a range of offsets, with what arrived with them, in the order in which scanRecord takes it.
// Payloads are passed on as they are read: what is held meanwhile is the other side. A record that arrived twice is given once.
const recordsQuery = `
	SELECT
		toUnixTimestamp64Milli(arrived_at),
		toUnixTimestamp64Milli(occurred_at), toString(origin), id, toString(source), type, activity, direction,
		thread, contact_keys, account, by_machine, public, held, solved, agent, from_address, to_address, subject, text, lang,
		priority, value, currency, rating_kind, rating_score, rating_min, rating_max, payload,
		toString(journey), version, rule, touchpoint, channel, department, persona, stages, outcome, automatic,
		mood_eligible, mood_label, toFloat64(mood_score), mood_emotion, mood_lang,
		toFloat64(mood_confidence), mood_model, toString(topic), partition, offset
	FROM
	(
		SELECT offset, contact_keys, account, payload FROM arrivals WHERE topic = ? AND partition = ? AND offset BETWEEN ? AND ?
	) AS a
	ANY INNER JOIN
	(
		SELECT * FROM interactions WHERE topic = ? AND partition = ? AND offset BETWEEN ? AND ? AND %s
	) AS i USING (offset)`

// scanRecord makes of a row the record that was written, and tells when it arrived. Of a row that is tagged, the tag is
// automatic where the row is, as a journey's tag is.
func scanRecord(scan func(...any) error) (rec journey.Record, arrivedAt time.Time, err error) {
	ix, tag, mood, at := &rec.Interaction, &rec.Tag, &rec.Mood, &rec.Position
	var arrived, occurred int64
	var partition int32
	var keys, stages []string
	var payload string
	var rating journey.Rating
	var score, low, high *float64
	err = scan(&arrived, &occurred, &ix.Origin, &ix.ID, (*string)(&ix.Source), &ix.Type, &ix.Activity, (*string)(&ix.Direction),
		&ix.Thread, &keys, (*string)(&ix.Account), &ix.Automatic, &ix.Public, &ix.Held, &ix.Solved, &ix.Agent, &ix.From, &ix.To, &ix.Subject,
		&ix.Text, &ix.Lang, &ix.Priority, &ix.Value, &ix.Currency, &rating.Kind, &score, &low, &high, &payload,
		(*string)(&tag.Journey), &tag.Version, &tag.Rule, (*string)(&tag.Touchpoint), &tag.Channel, (*string)(&tag.Department),
		(*string)(&tag.Persona), &stages, (*string)(&tag.Outcome), &tag.Automatic,
		&mood.Eligible, &mood.Label, &mood.Score, &mood.Emotion, &mood.Lang, &mood.Confidence, &mood.Model,
		&at.Topic, &partition, &at.Offset)
	if err != nil {
		return rec, arrivedAt, err
	}
	ix.OccurredAt, at.Partition = time.UnixMilli(occurred).UTC(), int(partition)
	ix.Keys, tag.Stages = named[journey.ContactKey](keys), named[journey.StageID](stages)
	if payload != "" {
		ix.Payload = []byte(payload)
	}
	if score != nil && low != nil && high != nil {
		rating.Score, rating.Min, rating.Max = *score, *low, *high
		ix.Rating = &rating
	}
	return rec, time.UnixMilli(arrived).UTC(), nil
}

// named gives texts a type; nil for none.
func named[S ~string](values []string) []S {
	if len(values) == 0 {
		return nil
	}
	out := make([]S, len(values))
	for i, v := range values {
		out[i] = S(v)
	}
	return out
}
