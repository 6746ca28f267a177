package aggregate

import (
	"context"
	"fmt"
	"slices"

	"tappa/aggregate/walk"
	"tappa/journey"
)

// findings are the rows that a walk over some subjects has for the tables.
type findings struct {
	journey *journey.Journey
	number  uint64 // of the walk
	cases   []caseRow
	visits  []visitRow
	waits   []waitRow
	steps   []stepRow
	live    map[rowKey]struct{} // rows of visits that were found: their positions have gaps
	counts  map[countKey]uint32 // how many cases, waits and steps were found
}

// ofCase is what the rows of all tables have in common.
type ofCase struct {
	journey, subject, caseID, person, account, persona string
	attempt                                            uint32
	walked                                             uint64
	deleted                                            uint8
}

type caseRow struct {
	ofCase
	walk.Case
	stage string
}

type visitRow struct {
	ofCase
	walk.Visit
	stage string
	entry *interaction
}

type waitRow struct {
	ofCase
	walk.Wait
	stage       string
	ask, answer *interaction
}

type stepRow struct {
	ofCase
	number   uint32
	stage    string
	isReturn bool
	*interaction
}

type rowKey struct {
	subject  string
	attempt  uint32
	position uint8
}

// countKey says what is counted: cases and waits of a subject, steps of an attempt.
type countKey struct {
	table   string
	subject string
	attempt uint32
}

func newFindings(j *journey.Journey, number uint64) *findings {
	return &findings{journey: j, number: number, live: map[rowKey]struct{}{}, counts: map[countKey]uint32{}}
}

func outcomeOf(s string) journey.Outcome { return journey.Outcome(s) }

// add takes over what was found for a subject. The interactions in were walked, rows holds the rest of them.
func (f *findings) add(subject string, r *walk.Result, in []walk.Interaction, rows []interaction) {
	row := func(index int) *interaction { return &rows[in[index].Row] }
	of := make([]ofCase, len(r.Cases))
	for i, c := range r.Cases {
		opening := row(c.Opening)
		of[i] = f.of(subject, opening)
		of[i].caseID, of[i].persona, of[i].attempt = c.ID, c.Persona, c.Attempt
		f.cases = append(f.cases, caseRow{of[i], c, f.stage(int(c.Stage))})
	}
	for _, v := range r.Visits {
		f.visits = append(f.visits, visitRow{of[v.Case], v, f.stage(int(v.Stage)), row(v.Entry)})
		f.live[rowKey{subject, of[v.Case].attempt, v.Stage}] = struct{}{}
	}
	for _, wait := range r.Waits {
		ask := row(wait.Ask)
		out := waitRow{ofCase: f.of(subject, ask), Wait: wait, stage: f.stage(wait.Stage), ask: ask, answer: &noInteraction}
		if wait.Case != walk.None {
			c := of[wait.Case]
			out.caseID, out.persona, out.attempt, out.account = c.caseID, c.persona, c.attempt, c.account
		}
		if wait.Answer != walk.None {
			out.answer = row(wait.Answer)
		}
		f.waits = append(f.waits, out)
	}
	for _, s := range r.Steps {
		c := of[s.Case]
		x := row(s.Index)
		c.person = x.person
		f.steps = append(f.steps, stepRow{c, s.Number, f.stage(s.Stage), s.Return, x})
		f.counts[countKey{"steps", subject, c.attempt}] = s.Number
	}
	f.counts[countKey{"cases", subject, 0}] = uint32(len(r.Cases))
	f.counts[countKey{"waits", subject, 0}] = uint32(len(r.Waits))
}

// of begins a row. Where cases are per account the account is the subject's, not that of the person who happened to
// open the case.
func (f *findings) of(subject string, x *interaction) ofCase {
	c := ofCase{journey: string(f.journey.ID), subject: subject, person: x.person, account: x.account, walked: f.number}
	if f.journey.Case.Per == perAccount {
		c.account = ""
		if isAccount(subject) {
			c.account = subject
		}
	}
	return c
}

func (f *findings) stage(position int) string {
	if position == walk.None {
		return ""
	}
	return string(f.journey.Stages[position].ID)
}

// noInteraction and noTag fill the rows of the buried.
var (
	noTag         tag
	noInteraction = interaction{tag: &noTag}
)

func (f *findings) buried(subject string, attempt uint32) ofCase {
	return ofCase{journey: string(f.journey.ID), subject: subject, attempt: attempt, walked: f.number, deleted: 1}
}

// bury adds tombstones for the rows stored under any of the subjects that this walk no longer found. It goes by what is
// stored, not by what changed, so a walk that was interrupted is put right by the next one.
func (s *Store) bury(ctx context.Context, f *findings, subjects []string) error {
	for _, b := range []struct {
		table, query string
		bury         func(subject string, attempt, last uint32, positions []uint8)
	}{
		{"cases", "SELECT subject, toUInt32(0), max(attempt), emptyArrayUInt8() FROM cases", func(subject string, _, last uint32, _ []uint8) {
			for n := f.counts[countKey{"cases", subject, 0}] + 1; n <= last; n++ {
				f.cases = append(f.cases, caseRow{ofCase: f.buried(subject, n)})
			}
		}},
		{"waits", "SELECT subject, toUInt32(0), max(number), emptyArrayUInt8() FROM waits", func(subject string, _, last uint32, _ []uint8) {
			for n := f.counts[countKey{"waits", subject, 0}] + 1; n <= last; n++ {
				row := waitRow{ofCase: f.buried(subject, 0), ask: &noInteraction, answer: &noInteraction}
				row.Number = n
				f.waits = append(f.waits, row)
			}
		}},
		{"steps", "SELECT subject, attempt, max(number), emptyArrayUInt8() FROM steps", func(subject string, attempt, last uint32, _ []uint8) {
			for n := f.counts[countKey{"steps", subject, attempt}] + 1; n <= last; n++ {
				f.steps = append(f.steps, stepRow{ofCase: f.buried(subject, attempt), number: n, interaction: &noInteraction})
			}
		}},
		{"visits", "SELECT subject, attempt, toUInt32(0), groupArray(position) FROM visits", func(subject string, attempt, _ uint32, positions []uint8) {
			slices.Sort(positions)
			for _, p := range positions {
				if _, found := f.live[rowKey{subject, attempt, p}]; !found {
					row := visitRow{ofCase: f.buried(subject, attempt), entry: &noInteraction}
					row.Visit.Stage = p
					f.visits = append(f.visits, row)
				}
			}
		}},
	} {
		query := b.query + " FINAL WHERE journey = ? AND subject IN (?) GROUP BY subject"
		if b.table == "steps" || b.table == "visits" {
			query += ", attempt"
		}
		if err := s.buried(ctx, query, string(f.journey.ID), subjects, b.bury); err != nil {
			return fmt.Errorf("read what %s holds: %w", b.table, err)
		}
	}
	return nil
}

func (s *Store) buried(ctx context.Context, query, id string, subjects []string, bury func(string, uint32, uint32, []uint8)) error {
	return s.each(longQuery(ctx), func(scan func(...any) error) error {
		var subject string
		var attempt, last uint32
		var positions []uint8
		if err := scan(&subject, &attempt, &last, &positions); err != nil {
			return err
		}
		bury(subject, attempt, last, positions)
		return nil
	}, query, id, subjects)
}

// writeFindings stores new rows and tombstones of a table as one block, so that a reader sees a subject's rows of one
// table from before the walk or from after it, never from both. Between tables there is no such promise: steps come
// first and cases last, so that who goes from a case to its steps finds them.
func (s *Store) writeFindings(ctx context.Context, f *findings) error {
	if err := insert(ctx, s, "steps", stepColumns, f.steps, ""); err != nil {
		return err
	}
	if err := insert(ctx, s, "waits", waitColumns, f.waits, ""); err != nil {
		return err
	}
	if err := insert(ctx, s, "visits", visitColumns, f.visits, ""); err != nil {
		return err
	}
	return insert(ctx, s, "cases", caseColumns, f.cases, "")
}
