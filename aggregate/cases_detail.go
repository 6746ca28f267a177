package aggregate

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// caseRun reads one case: a subject's attempt, by the tables' sorting key.
type caseRun struct {
	Query
	store                             *Store
	subject, person, account, persona string
	attempt                           uint32
}

// find turns a case's id into its place in the tables.
func (r *caseRun) find(ctx context.Context, id string) error {
	const query = `
		SELECT subject, attempt, person, account, toString(persona) FROM cases WHERE journey = ? AND case_id = ?`
	rows, err := r.store.conn.Query(ctx, query, r.Journey, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return ErrNoCase
	}
	return rows.Scan(&r.subject, &r.attempt, &r.person, &r.account, &r.persona)
}

// from is the table's part that belongs to the case and had begun by the as-of instant.
func (r *caseRun) from(table, begun string) (string, []any) {
	return " FROM " + table + " WHERE journey = ? AND subject = ? AND attempt = ? AND " + begun + " <= fromUnixTimestamp64Milli(?, 'UTC')",
		[]any{r.Journey, r.subject, r.attempt, r.AsOf.UnixMilli()}
}

func (r *caseRun) visits(ctx context.Context) ([]CaseVisit, float64, error) {
	from, args := r.from("visits", "entered_at")
	rows, err := r.store.conn.Query(ctx, "SELECT toString(stage), entered_at, left_at, toString(exit), toString(touchpoint), value"+from+" ORDER BY position", args...)
	if err != nil {
		return nil, 0, fmt.Errorf("visits: %w", err)
	}
	defer rows.Close()
	var out []CaseVisit
	var value float64
	for rows.Next() {
		var v CaseVisit
		if err := rows.Scan(&v.Stage, &v.EnteredAt, &v.LeftAt, &v.State, &v.Touchpoint, &value); err != nil {
			return nil, 0, fmt.Errorf("visits: %w", err)
		}
		if v.LeftAt.After(r.AsOf) {
			v.State = "in_progress"
		}
		out = append(out, v)
	}
	return out, value, rows.Err()
}

func (r *caseRun) waits(ctx context.Context) ([]CaseWait, error) {
	from, args := r.from("waits", "asked_at")
	rows, err := r.store.conn.Query(ctx, `
		SELECT thread, toString(stage), toString(touchpoint), toString(department), asked_at, answered_at, due_at, business_ms`+
		from+" ORDER BY asked_at, number", args...)
	if err != nil {
		return nil, fmt.Errorf("waits: %w", err)
	}
	defer rows.Close()
	var out []CaseWait
	for rows.Next() {
		var w CaseWait
		var business *int64
		if err := rows.Scan(&w.Thread, &w.Stage, &w.Touchpoint, &w.Department, &w.AskedAt, &w.AnsweredAt, &w.DueAt, &business); err != nil {
			return nil, fmt.Errorf("waits: %w", err)
		}
		if w.AnsweredAt != nil && w.AnsweredAt.After(r.AsOf) {
			w.AnsweredAt, business = nil, nil
		}
		if business != nil {
			seconds := float64(*business) / 1000
			w.Business = &seconds
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

func (r *caseRun) steps(ctx context.Context) ([]CaseStep, error) {
	from, args := r.from("steps", "occurred_at")
	rows, err := r.store.conn.Query(ctx, `
		SELECT contact_key, occurred_at, toString(origin), id, toString(source), toString(type), toString(activity),
			toString(direction), toString(stage), is_return, toString(touchpoint), toString(channel), toString(department),
			automatic, toString(outcome), toString(mood_label), toString(mood_emotion), toFloat64(mood_score)`+
		from+" ORDER BY number", args...)
	if err != nil {
		return nil, fmt.Errorf("steps: %w", err)
	}
	defer rows.Close()
	var out []CaseStep
	var keys []string
	for rows.Next() {
		var c CaseStep
		var key string
		if err := rows.Scan(&key, &c.OccurredAt, &c.Origin, &c.ID, &c.Source, &c.Type, &c.Activity, &c.Direction, &c.Stage,
			&c.Return, &c.Touchpoint, &c.Channel, &c.Department, &c.Automatic, &c.Outcome, &c.MoodLabel, &c.Emotion, &c.MoodScore); err != nil {
			return nil, fmt.Errorf("steps: %w", err)
		}
		out, keys = append(out, c), append(keys, key)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("steps: %w", err)
	}
	ids := make([]interactionID, len(out))
	for i, c := range out {
		ids[i] = interactionID{c.Origin, c.ID}
	}
	texts, err := r.store.texts(ctx, keys, ids)
	if err != nil {
		return nil, fmt.Errorf("steps: %w", err)
	}
	for i := range out {
		t := texts[ids[i]]
		out[i].Subject, out[i].Text = t.subject, t.text
	}
	return out, nil
}

// Quote is something a customer wrote, masked and without what it quotes.
type Quote struct {
	CaseID                   string
	OccurredAt               time.Time
	Stage, Touchpoint        string
	Label, Emotion, Language string
	Score                    float64
	Text                     string
}

// Quotes gives scored texts of customers, the most outspoken first, at most q.Limit (default 2) of each stage and label.
// Filters, window and State are those of the list "steps".
func (s *Store) Quotes(ctx context.Context, q Query) ([]Quote, error) {
	out, err := s.quotes(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("quotes: %w", err)
	}
	return out, nil
}

func (s *Store) quotes(ctx context.Context, q Query) ([]Quote, error) {
	info, err := FindReport("steps")
	if err != nil {
		return nil, err
	}
	if q.State == "" {
		q.State = "scored"
	}
	if q.Limit == 0 {
		q.Limit = 2
	}
	if q, _, err = s.complete(ctx, info, q); err != nil {
		return nil, err
	}
	var keys []string
	var ids []interactionID
	out, err := collect(ctx, s, q, fmt.Sprintf(`
		SELECT case_id, occurred_at, toString(stage), toString(touchpoint), toString(mood_label), toString(mood_emotion),
			toString(mood_lang), toFloat64(mood_score), contact_key, toString(origin), id
		FROM %s ORDER BY abs(mood_score) DESC, occurred_at DESC, origin, id LIMIT %d BY stage, mood_label`, info.call(), q.Limit),
		func(rows driver.Rows) (quote Quote, err error) {
			var key string
			var id interactionID
			err = rows.Scan(&quote.CaseID, &quote.OccurredAt, &quote.Stage, &quote.Touchpoint, &quote.Label, &quote.Emotion,
				&quote.Language, &quote.Score, &key, &id.origin, &id.id)
			keys, ids = append(keys, key), append(ids, id)
			return quote, err
		})
	if err != nil {
		return nil, err
	}
	texts, err := s.texts(ctx, keys, ids)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Text = ownWords(texts[ids[i]].text)
	}
	return out, nil
}

type interactionID struct{ origin, id string }

type maskedText struct{ subject, text string }

// namesAtOnce is of how many bytes of keys and ids a statement reads the texts: of 256 KB of text, escapes and all, the engine parses no more
// for whoever may only read.
const namesAtOnce = 100 << 10

// texts reads what was written in interactions, masked. The contact keys lead to them: they are the table's order.
func (s *Store) texts(ctx context.Context, keys []string, ids []interactionID) (map[interactionID]maskedText, error) {
	texts := map[interactionID]maskedText{}
	names := nameSet{words: map[string]struct{}{}}
	for from, to := 0, 0; from < len(ids); from = to {
		for size := 0; to < len(ids) && (to == from || size < namesAtOnce); to++ {
			size += len(keys[to]) + len(ids[to].id)
		}
		if err := s.readTexts(ctx, keys[from:to], ids[from:to], texts, names); err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
	}
	for _, key := range keys {
		names.addPerson(key)
	}
	for id, t := range texts {
		texts[id] = maskedText{names.mask(t.subject), names.mask(t.text)}
	}
	return texts, nil
}

// readTexts adds what was written in interactions, as it was written, and the names that occur beside it.
func (s *Store) readTexts(ctx context.Context, keys []string, ids []interactionID, texts map[interactionID]maskedText, names nameSet) error {
	wanted := make([]string, len(ids))
	for i, id := range ids {
		wanted[i] = id.id
	}
	const query = `
		WITH ? AS keys, ? AS ids, positions AS (SELECT topic, partition, offset FROM records WHERE contact_key IN keys AND id IN ids)
		SELECT toString(origin), id, subject, text, from_address, agent, payload
		FROM
		(
			SELECT origin, id, subject, text, from_address, agent, topic, partition, offset FROM records FINAL
			WHERE contact_key IN keys AND id IN ids
		) AS i
		ANY LEFT JOIN
		(
			SELECT topic, partition, offset, payload FROM arrivals WHERE (topic, partition, offset) IN (positions)
		) AS a USING (topic, partition, offset)`
	rows, err := s.conn.Query(ctx, query, keys, wanted)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id interactionID
		var t maskedText
		var from, agent, payload string
		if err := rows.Scan(&id.origin, &id.id, &t.subject, &t.text, &from, &agent, &payload); err != nil {
			return err
		}
		texts[id] = t
		names.addPerson(from)
		names.addPerson(agent)
		names.addPayload(payload)
	}
	return rows.Err()
}
