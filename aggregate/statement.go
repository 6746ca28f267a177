package aggregate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tappa/aggregate/people"
)

// The verdicts of statements.
const (
	VerdictSame      = "same"
	VerdictDifferent = "different"
)

// Statement is what a person says of two contact keys: that they are the same person, or that they are not.
type Statement struct {
	A       string    `json:"a"` // contact keys, A before B
	B       string    `json:"b"`
	Verdict string    `json:"verdict"` // VerdictSame or VerdictDifferent; "" takes back what was stated
	By      string    `json:"by"`      // who says so
	At      time.Time `json:"at"`      // when; milliseconds
	Why     string    `json:"why,omitempty"`
}

// ErrNoKey says that a contact key was never seen.
var ErrNoKey = errors.New("no such contact key")

// ErrNothingStated says that nothing is stated of two keys.
var ErrNothingStated = errors.New("nothing is stated of these keys")

// State stores a statement; the newest of a pair counts. The persons concerned are put together anew by the next walk.
func (s *Store) State(ctx context.Context, st Statement) error {
	if st.A > st.B {
		st.A, st.B = st.B, st.A
	}
	if err := s.state(ctx, st); err != nil {
		return fmt.Errorf("state of %s and %s: %w", st.A, st.B, err)
	}
	return nil
}

func (s *Store) state(ctx context.Context, st Statement) error {
	switch {
	case st.A == st.B:
		return errors.New("these are one key")
	case st.By == "":
		return errors.New("nobody is named who says so")
	case st.Verdict == "":
		return s.takeBack(ctx, st)
	case st.Verdict != VerdictSame && st.Verdict != VerdictDifferent:
		return fmt.Errorf("verdict %q: there are same and different", st.Verdict)
	}
	for _, key := range []string{st.A, st.B} {
		var n uint64
		if err := s.conn.QueryRow(ctx, "SELECT count() FROM people WHERE contact_key = ?", key).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%s: %w", key, ErrNoKey)
		}
	}
	return s.putStatement(ctx, statementRow{Statement: st})
}

func (s *Store) takeBack(ctx context.Context, st Statement) error {
	list, err := s.Statements(ctx)
	if err != nil {
		return err
	}
	for _, before := range list {
		if before.A == st.A && before.B == st.B {
			return s.putStatement(ctx, statementRow{Statement: st, deleted: 1})
		}
	}
	return ErrNothingStated
}

// putStatement stores a row under a revision that no walk has passed, as putCorrection does.
func (s *Store) putStatement(ctx context.Context, row statementRow) error {
	for range 100 {
		if err := s.conn.QueryRow(ctx, "SELECT max(revision) + 1 FROM identity_statements").Scan(&row.revision); err != nil {
			return err
		}
		if err := insert(ctx, s, "identity_statements", statementColumns, []statementRow{row}, ""); err != nil {
			return err
		}
		var others uint64
		const query = `
			SELECT count() FROM identity_statements
			WHERE revision >= ? AND (key_a, key_b, revision, verdict, deleted) != (?, ?, ?, ?, ?)`
		err := s.conn.QueryRow(ctx, query, row.revision, row.A, row.B, row.revision, row.Verdict, row.deleted).Scan(&others)
		if err != nil || others == 0 {
			return err
		}
	}
	return errors.New("others state something at the same time without end")
}

// Statements lists the statements that count, newest first.
func (s *Store) Statements(ctx context.Context) ([]Statement, error) {
	const query = `
		SELECT key_a, key_b, toString(verdict), by, at, why FROM identity_statements FINAL
		WHERE deleted = 0 ORDER BY revision DESC, key_a, key_b`
	var out []Statement
	err := s.each(ctx, func(scan func(...any) error) error {
		var st Statement
		err := scan(&st.A, &st.B, &st.Verdict, &st.By, &st.At, &st.Why)
		out = append(out, st)
		return err
	}, query)
	if err != nil {
		return nil, fmt.Errorf("list statements: %w", err)
	}
	return out, nil
}

type statementRow struct {
	Statement
	revision uint64
	deleted  uint8
}

var statementColumns = []column[statementRow]{
	fill("key_a", typeString, func(r *statementRow) string { return r.A }),
	fill("key_b", typeString, func(r *statementRow) string { return r.B }),
	fill("verdict", typeWord, func(r *statementRow) string { return r.Verdict }),
	fill("by", typeString, func(r *statementRow) string { return r.By }),
	fill("at", typeTime, func(r *statementRow) int64 { return stamp(r.At) }),
	fill("why", typeString, func(r *statementRow) string { return r.Why }),
	fill("revision", "UInt64", func(r *statementRow) uint64 { return r.revision }),
	fill("deleted", "UInt8", func(r *statementRow) uint8 { return r.deleted }),
}

// statementsPlace stands for table identity_statements beside the partitions of topics: its offsets are revisions.
var statementsPlace = place{topic: "(identity)"}

// statedVerdicts are verdicts as package people calls them.
var statedVerdicts = map[string]people.Verdict{VerdictSame: people.Same, VerdictDifferent: people.Different}

// learnStatements takes in what counts of the statements after a revision, and what takes them back.
func (w *Walker) learnStatements(ctx context.Context, after int64) error {
	err := w.store.each(ctx, func(scan func(...any) error) error {
		var a, b, verdict string
		var deleted uint8
		if err := scan(&a, &b, &verdict, &deleted); err != nil {
			return err
		}
		if deleted > 0 {
			verdict = ""
		}
		w.people.State(a, b, statedVerdicts[verdict])
		return nil
	}, `SELECT key_a, key_b, toString(verdict), deleted FROM identity_statements FINAL
		WHERE revision > ? AND key_a != '' ORDER BY revision`, after)
	if err != nil {
		return fmt.Errorf("read statements: %w", err)
	}
	return nil
}

// meetStated takes in new statements and touches the keys they are about; settling touches whoever else they concern.
func (w *Walker) meetStated(ctx context.Context, a arrivals, t touched) error {
	if err := w.learnStatements(ctx, a.from); err != nil {
		return err
	}
	return w.store.each(ctx, func(scan func(...any) error) error {
		var a, b string
		if err := scan(&a, &b); err != nil {
			return err
		}
		t.keys[w.people.Add(a)] = struct{}{}
		t.keys[w.people.Add(b)] = struct{}{}
		return nil
	}, "SELECT key_a, key_b FROM identity_statements WHERE revision > ? AND revision <= ? AND key_a != ''", a.from, a.to)
}
