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
	blank   bool                // nothing is stored of the journey, so nothing is to be buried
	live    map[rowKey]struct{} // rows of visits that were found: their positions have gaps
	counts  map[countKey]uint32 // how many cases, waits and steps were found
}

// ofCase is what the rows of all tables have in common.
type ofCase struct {
	journey, subject, caseID, person, account, persona, customer string
	attempt                                                      uint32
	walked                                                       uint64
	deleted                                                      uint8
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
	*ofCase
	number   uint32
	stage    string
	isReturn bool
	known    float64
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

// begin empties findings for the next subjects.
func (f *findings) begin(j *walked, number uint64) {
	clear(f.cases)
	clear(f.visits)
	clear(f.waits)
	clear(f.steps)
	*f = findings{
		journey: j.journey, number: number, blank: j.blank, live: map[rowKey]struct{}{}, counts: map[countKey]uint32{},
		cases: f.cases[:0], visits: f.visits[:0], waits: f.waits[:0], steps: f.steps[:0],
	}
}

// customer is how the tables say whether somebody was a customer before.
func customer(existing bool) string {
	if existing {
		return "existing"
	}
	return "new"
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
		of[i].customer = customer(c.Existing)
		f.cases = append(f.cases, caseRow{of[i], c, f.stage(int(c.Stage))})
	}
	for _, v := range r.Visits {
		f.visits = append(f.visits, visitRow{of[v.Case], v, f.stage(int(v.Stage)), row(v.Entry)})
		if !f.blank {
			f.live[rowKey{subject, of[v.Case].attempt, v.Stage}] = struct{}{}
		}
	}
	for _, wait := range r.Waits {
		ask := row(wait.Ask)
		out := waitRow{ofCase: f.of(subject, ask), Wait: wait, stage: f.stage(wait.Stage), ask: ask, answer: &noInteraction}
		out.customer = customer(wait.Existing)
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
		f.steps = append(f.steps, stepRow{&of[s.Case], s.Number, f.stage(s.Stage), s.Return, s.Known, row(s.Index)})
	}
	if f.blank {
		return
	}
	for _, s := range r.Steps {
		f.counts[countKey{"steps", subject, of[s.Case].attempt}] = s.Number
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

// bury adds tombstones for the rows stored under any of the subjects that this walk no longer found. It goes by what is
// stored, not by what changed, so a walk that was interrupted is put right by the next one.
func (s *Store) bury(ctx context.Context, f *findings, subjects []string) error {
	const query = `
		WITH ? AS names
		SELECT 'cases', subject, toUInt32(0), max(attempt), emptyArrayUInt8()
			FROM cases FINAL WHERE journey = ? AND subject IN names GROUP BY subject
		UNION ALL SELECT 'waits', subject, toUInt32(0), max(number), emptyArrayUInt8()
			FROM waits FINAL WHERE journey = ? AND subject IN names GROUP BY subject
		UNION ALL SELECT 'steps', subject, attempt, max(number), emptyArrayUInt8()
			FROM steps FINAL WHERE journey = ? AND subject IN names GROUP BY subject, attempt
		UNION ALL SELECT 'visits', subject, attempt, toUInt32(0), groupArray(position)
			FROM visits FINAL WHERE journey = ? AND subject IN names GROUP BY subject, attempt`
	id := string(f.journey.ID)
	err := s.each(longQuery(ctx), func(scan func(...any) error) error {
		var table, subject string
		var attempt, last uint32
		var positions []uint8
		if err := scan(&table, &subject, &attempt, &last, &positions); err != nil {
			return err
		}
		f.bury(table, subject, attempt, last, positions)
		return nil
	}, query, subjects, id, id, id, id)
	if err != nil {
		return fmt.Errorf("read what is to be replaced: %w", err)
	}
	return nil
}

// bury adds tombstones for the rows of a subject, or of one of its attempts, after those that were found. Rows are
// numbered from 1 to last; only visits have gaps.
func (f *findings) bury(table, subject string, attempt, last uint32, positions []uint8) {
	of := ofCase{journey: string(f.journey.ID), subject: subject, attempt: attempt, walked: f.number, deleted: 1}
	for n := f.counts[countKey{table, subject, attempt}] + 1; n <= last; n++ {
		switch table {
		case "cases":
			of.attempt = n
			f.cases = append(f.cases, caseRow{ofCase: of})
		case "waits":
			f.waits = append(f.waits, waitRow{ofCase: of, Wait: walk.Wait{Number: n}, ask: &noInteraction, answer: &noInteraction})
		case "steps":
			f.steps = append(f.steps, stepRow{ofCase: &of, number: n, interaction: &noInteraction})
		}
	}
	slices.Sort(positions)
	for _, p := range positions {
		if _, found := f.live[rowKey{subject, attempt, p}]; !found {
			f.visits = append(f.visits, visitRow{ofCase: of, Visit: walk.Visit{Stage: p}, entry: &noInteraction})
		}
	}
}

// writeFindings stores new rows and tombstones of a table as one block, so that a reader sees a subject's rows of one
// table from before the walk or from after it, never from both. Between tables there is no such promise: steps come
// first and cases last, so that who goes from a case to its steps finds them.
func (s *Store) writeFindings(ctx context.Context, f *findings) error {
	if err := insertDerived(ctx, s, "steps", stepColumns, f.steps); err != nil {
		return err
	}
	if err := insertDerived(ctx, s, "waits", waitColumns, f.waits); err != nil {
		return err
	}
	if err := insertDerived(ctx, s, "visits", visitColumns, f.visits); err != nil {
		return err
	}
	return insertDerived(ctx, s, "cases", caseColumns, f.cases)
}
