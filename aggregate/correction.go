package aggregate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Correction is what a person says about the mood of an interaction's text. It overrides the scorer's.
type Correction struct {
	Origin  string    `json:"origin"` // with ID: which interaction
	ID      string    `json:"id"`
	Label   string    `json:"label"`   // one of MoodLabels
	Emotion string    `json:"emotion"` // a scorer's emotion; "": the scorer's own where it agrees on the label, else none
	By      string    `json:"by"`      // who says so
	At      time.Time `json:"at"`      // when; milliseconds
	Note    string    `json:"note,omitempty"`
}

// MoodLabels are the labels that a correction can give.
func MoodLabels() []string { return []string{"negative", "neutral", "positive", "mixed"} }

// ErrNoText says that an interaction to be corrected is not stored, or is nothing a customer wrote.
var ErrNoText = errors.New("no stored text of a customer")

// Correct stores a correction; the newest of an interaction counts. The persons concerned are walked by the next walk.
func (s *Store) Correct(ctx context.Context, c Correction) error {
	if !slices.Contains(MoodLabels(), c.Label) {
		return fmt.Errorf("correct %s of %s: label %q: there are %v", c.ID, c.Origin, c.Label, MoodLabels())
	}
	if c.By == "" {
		return fmt.Errorf("correct %s of %s: nobody is named who says so", c.ID, c.Origin)
	}
	row := correctionRow{Correction: c}
	// All rows of the interaction, since its sources may have sent it under several keys; automatic ones have no mood.
	const query = `
		SELECT groupUniqArray(contact_key), groupUniqArray(thread), max(mood_eligible) FROM interactions WHERE origin = ? AND id = ?`
	var eligible bool
	if err := s.conn.QueryRow(ctx, query, c.Origin, c.ID).Scan(&row.keys, &row.threads, &eligible); err != nil {
		return fmt.Errorf("correct %s of %s: %w", c.ID, c.Origin, err)
	}
	if !eligible {
		return fmt.Errorf("correct %s of %s: %w", c.ID, c.Origin, ErrNoText)
	}
	if err := s.putCorrection(ctx, row); err != nil {
		return fmt.Errorf("correct %s of %s: %w", c.ID, c.Origin, err)
	}
	return nil
}

// Uncorrect takes a correction back, so that the scorer's mood counts again, and tells whether there was one.
func (s *Store) Uncorrect(ctx context.Context, origin, id, by string, at time.Time) (bool, error) {
	row := correctionRow{Correction: Correction{Origin: origin, ID: id, By: by, At: at}, deleted: 1}
	found := false
	err := s.each(ctx, func(scan func(...any) error) error {
		found = true
		return scan(&row.keys, &row.threads)
	}, "SELECT contact_keys, threads FROM corrections FINAL WHERE origin = ? AND id = ? AND deleted = 0", origin, id)
	if err == nil && found {
		err = s.putCorrection(ctx, row)
	}
	if err != nil {
		return false, fmt.Errorf("take back the correction of %s of %s: %w", id, origin, err)
	}
	return found, nil
}

// correctedSince says whether a mood was corrected, or a correction taken back, after an instant.
func (s *Store) correctedSince(ctx context.Context, at time.Time) (bool, error) {
	var n uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM corrections WHERE at > fromUnixTimestamp64Milli(?, 'UTC')", at.UnixMilli()).Scan(&n); err != nil {
		return false, fmt.Errorf("look for corrections: %w", err)
	}
	return n > 0, nil
}

// putCorrection stores a row under a revision that no walk has passed: if, once it is there, another row has this number or
// a higher one, a walk may have taken that for the last, so it is stored once more.
func (s *Store) putCorrection(ctx context.Context, row correctionRow) error {
	for range 100 {
		if err := s.conn.QueryRow(ctx, "SELECT max(revision) + 1 FROM corrections").Scan(&row.revision); err != nil {
			return err
		}
		if err := insert(ctx, s, "corrections", correctionColumns, []correctionRow{row}, ""); err != nil {
			return err
		}
		var others uint64
		const query = `
			SELECT count() FROM corrections
			WHERE revision >= ? AND (origin, id, revision, label, emotion, deleted) != (?, ?, ?, ?, ?, ?)`
		err := s.conn.QueryRow(ctx, query, row.revision,
			row.Origin, row.ID, row.revision, row.Label, row.Emotion, row.deleted).Scan(&others)
		if err != nil {
			return err
		}
		if others == 0 {
			return nil
		}
	}
	return errors.New("others correct at the same time without end")
}

// Corrections lists the corrections that count, newest first.
func (s *Store) Corrections(ctx context.Context) ([]Correction, error) {
	const query = `
		SELECT toString(origin), id, toString(label), toString(emotion), by, at, note FROM corrections FINAL
		WHERE deleted = 0 ORDER BY revision DESC, origin, id`
	var out []Correction
	err := s.each(ctx, func(scan func(...any) error) error {
		var c Correction
		err := scan(&c.Origin, &c.ID, &c.Label, &c.Emotion, &c.By, &c.At, &c.Note)
		out = append(out, c)
		return err
	}, query)
	if err != nil {
		return nil, fmt.Errorf("list corrections: %w", err)
	}
	return out, nil
}

type correctionRow struct {
	Correction
	keys, threads []string
	revision      uint64
	deleted       uint8
}

var correctionColumns = []column[correctionRow]{
	fill("origin", typeWord, func(r *correctionRow) string { return r.Origin }),
	fill("id", typeString, func(r *correctionRow) string { return r.ID }),
	fill("label", typeWord, func(r *correctionRow) string { return r.Label }),
	fill("emotion", typeWord, func(r *correctionRow) string { return r.Emotion }),
	fill("by", typeString, func(r *correctionRow) string { return r.By }),
	fill("at", typeTime, func(r *correctionRow) int64 { return stamp(r.At) }),
	fill("note", typeString, func(r *correctionRow) string { return r.Note }),
	fillRows("contact_keys", typeStrings, func(r *correctionRow) []string { return r.keys }),
	fillRows("threads", typeStrings, func(r *correctionRow) []string { return r.threads }),
	fill("revision", "UInt64", func(r *correctionRow) uint64 { return r.revision }),
	fill("deleted", "UInt8", func(r *correctionRow) uint8 { return r.deleted }),
}
