package aggregate

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Tuning is a scorer's tuning as the store keeps it.
type Tuning struct {
	Number uint64
	Name   string
	JSON   string
	At     time.Time
}

// Tunings lists the tunings that were not withdrawn, the one in use first.
func (s *Store) Tunings(ctx context.Context) ([]Tuning, error) {
	var out []Tuning
	err := s.each(ctx, func(scan func(...any) error) error {
		var t Tuning
		err := scan(&t.Number, &t.Name, &t.JSON, &t.At)
		out = append(out, t)
		return err
	}, "SELECT number, name, tuning, at FROM tunings FINAL WHERE withdrawn = 0 ORDER BY number DESC")
	if err != nil {
		return nil, fmt.Errorf("list tunings: %w", err)
	}
	return out, nil
}

// PutTuning makes a tuning the one in use. Its Number is given by the store.
func (s *Store) PutTuning(ctx context.Context, t Tuning) error {
	err := s.conn.QueryRow(ctx, "SELECT max(number) + 1 FROM tunings").Scan(&t.Number)
	if err == nil {
		err = insert(ctx, s, "tunings", tuningColumns, []tuningRow{{Tuning: t}}, "")
	}
	if err != nil {
		return fmt.Errorf("put tuning %s: %w", t.Name, err)
	}
	return nil
}

// WithdrawTuning takes a tuning out of use for good, so that the one before it is in use again.
func (s *Store) WithdrawTuning(ctx context.Context, t Tuning) error {
	if err := insert(ctx, s, "tunings", tuningColumns, []tuningRow{{t, 1}}, ""); err != nil {
		return fmt.Errorf("withdraw tuning %s: %w", t.Name, err)
	}
	return nil
}

type tuningRow struct {
	Tuning
	withdrawn uint8
}

var tuningColumns = []column[tuningRow]{
	fill("number", "UInt64", func(r *tuningRow) uint64 { return r.Number }),
	fill("name", typeString, func(r *tuningRow) string { return r.Name }),
	fill("tuning", typeString, func(r *tuningRow) string { return r.JSON }),
	fill("at", typeTime, func(r *tuningRow) int64 { return stamp(r.At) }),
	fill("withdrawn", "UInt8", func(r *tuningRow) uint8 { return r.withdrawn }),
}

// LabelledText is what a customer wrote and what is known of its mood.
type LabelledText struct {
	Text, Lang string
	Label      string // one of MoodLabels
	Corrected  bool   // a person said so; otherwise the customer did, by a rating
}

// mostLabelled bounds how many labelled texts are given: corrections first, then the newest ratings.
const mostLabelled = 50_000

// Labelled gives the texts whose mood is known: corrected ones, and those that carry a rating. Always in the same order.
// Of ratings, NPS counts 9 and 10 as positive and up to 6 as negative; stars and CSAT the upper and the lower
// quarter of their scale, on five steps 4 and 5, and 1 and 2. CES is left out: which end of it is good differs.
func (s *Store) Labelled(ctx context.Context) ([]LabelledText, error) {
	const query = `
		WITH
			(rating_score - rating_min) / (rating_max - rating_min) AS share,
			multiIf(
				rating_score IS NULL OR rating_min IS NULL OR rating_max IS NULL OR rating_max <= rating_min OR share < 0 OR share > 1, '',
				rating_kind = 'nps' AND rating_min = 0 AND rating_max = 10, multiIf(rating_score >= 9, 'positive', rating_score <= 6, 'negative', 'neutral'),
				rating_kind IN ('stars', 'csat'), multiIf(share >= 0.75, 'positive', share <= 0.25, 'negative', 'neutral'),
				'') AS stated
		SELECT substringUTF8(i.text, 1, 20000), toString(i.lang), if(c.label != '', toString(c.label), stated), c.label != '' AS corrected
		FROM (SELECT * FROM interactions WHERE mood_eligible AND text != '') AS i
		LEFT JOIN (SELECT * FROM corrections FINAL WHERE deleted = 0) AS c ON c.origin = i.origin AND c.id = i.id
		WHERE c.label != '' OR stated != ''
		ORDER BY corrected DESC, i.occurred_at DESC, i.origin, i.id
		LIMIT 1 BY i.origin, i.id
		LIMIT ?`
	var out []LabelledText
	err := s.each(ctx, func(scan func(...any) error) error {
		var l LabelledText
		var corrected uint8
		err := scan(&l.Text, &l.Lang, &l.Label, &corrected)
		l.Corrected = corrected == 1
		out = append(out, l)
		return err
	}, query, mostLabelled)
	if err != nil {
		return nil, fmt.Errorf("read labelled texts: %w", err)
	}
	return slices.Clip(out), nil
}
