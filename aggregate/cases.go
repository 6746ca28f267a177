package aggregate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ErrNoCase is Case's answer to an id that no case has at that instant.
var ErrNoCase = errors.New("no such case")

// CaseRow is one item behind a number: a visit, a wait, an interaction or a case, with the case it belongs to.
type CaseRow struct {
	CaseID, Person, Account, Persona string // Person is masked
	Stage, State                     string
	At                               time.Time  // entered, asked, occurred or opened
	Until                            *time.Time // left, answered or closed; nil: not by the as-of instant
	Touchpoint, Channel, Department  string
}

// CaseDetail is all of one case as it stood at an instant. Person and texts are masked.
type CaseDetail struct {
	CaseID   string      `json:"case_id"`
	Journey  string      `json:"journey"`
	Person   string      `json:"person"`
	Account  string      `json:"account"`
	Persona  string      `json:"persona"`
	Attempt  uint32      `json:"attempt"`
	Stage    string      `json:"stage"`
	State    string      `json:"state"`
	OpenedAt time.Time   `json:"opened_at"`
	Value    float64     `json:"value"`
	Visits   []CaseVisit `json:"visits"`
	Waits    []CaseWait  `json:"waits"`
	Steps    []CaseStep  `json:"steps"`
}

// CaseVisit is a stay in a stage. LeftAt of a visit in progress is when it would be lost (or, in a terminal stage,
// completed) if nothing more happened.
type CaseVisit struct {
	Stage      string    `json:"stage"`
	EnteredAt  time.Time `json:"entered_at"`
	LeftAt     time.Time `json:"left_at"`
	State      string    `json:"state"`
	Touchpoint string    `json:"touchpoint"`
}

// CaseWait is a question and its answer.
type CaseWait struct {
	Thread     string     `json:"thread"`
	Stage      string     `json:"stage"`
	Touchpoint string     `json:"touchpoint"`
	Department string     `json:"department"`
	AskedAt    time.Time  `json:"asked_at"`
	AnsweredAt *time.Time `json:"answered_at"` // nil: not by the instant
	DueAt      *time.Time `json:"due_at"`      // nil: nothing was promised
	Business   *float64   `json:"business_s"`  // seconds of opening hours; nil without a calendar or an answer
}

// CaseStep is an interaction of the case.
type CaseStep struct {
	OccurredAt time.Time `json:"occurred_at"`
	Origin     string    `json:"origin"`
	ID         string    `json:"id"`
	Source     string    `json:"source"`
	Type       string    `json:"type"`
	Activity   string    `json:"activity"`
	Direction  string    `json:"direction"`
	Stage      string    `json:"stage"`
	Return     bool      `json:"return"`
	Touchpoint string    `json:"touchpoint"`
	Channel    string    `json:"channel"`
	Department string    `json:"department"`
	Automatic  bool      `json:"automatic"`
	Outcome    string    `json:"outcome"`
	MoodLabel  string    `json:"mood"`
	Emotion    string    `json:"emotion"`
	MoodScore  float64   `json:"mood_score"`
	Subject    string    `json:"subject"` // masked, as is Text
	Text       string    `json:"text"`
}

// caseLists are the lists that hold the rows behind numbers, and what in them is Account, State, At and Until.
var caseLists = map[string][4]string{
	"visits": {"account", "state", "entered_at", "left_at"},
	"cases":  {"account", "state", "opened_at", "closed_at"},
	"waits":  {"account", "state", "asked_at", "answer_at"},
	"steps":  {"''", "mood_label", "occurred_at", "CAST(NULL, 'Nullable(DateTime64(3))')"},
}

// caseList chooses the list that a state belongs to. Where several know it, or none is asked for, visits are meant if a
// stage is named, and cases if none is; an open question is always a wait.
func caseList(q Query) (ReportInfo, error) {
	order := []string{"waits", "steps", "cases", "visits"}
	if q.Stage != "" {
		order = []string{"visits", "waits", "steps", "cases"}
	}
	var known []string
	for _, name := range order {
		info, err := FindReport(name)
		if err != nil {
			return ReportInfo{}, err
		}
		whole := name == "visits" || name == "cases"
		if slices.Contains(info.States, q.State) || (q.State == "" && whole) {
			return info, nil
		}
		known = append(known, info.States...)
	}
	return ReportInfo{}, oneOf("state", q.State, known)
}

// Cases lists what a number counted, in time order: the visits of q.Stage in q.State (dropoff, time in stage), the
// waits, the scored texts, or the cases that reached or skipped a stage; total is their number before q.Limit, and
// equals the number. Filters and window mean what they mean in the report that gave the number.
func (s *Store) Cases(ctx context.Context, q Query) (rows []CaseRow, total int, err error) {
	info, err := caseList(q)
	if err != nil {
		return nil, 0, fmt.Errorf("list cases: %w", err)
	}
	c := caseLists[info.Name]
	return s.listCases(ctx, info, fmt.Sprintf(`
		SELECT case_id, person, %s, toString(persona), toString(stage), toString(%s), %s, %s,
			toString(touchpoint), toString(channel), toString(department), count() OVER ()
		FROM %s`, c[0], c[1], c[2], c[3], info.call()), q)
}

func (s *Store) listCases(ctx context.Context, info ReportInfo, statement string, q Query) ([]CaseRow, int, error) {
	limit := q.Limit
	q, _, err := s.complete(ctx, info, q)
	if err != nil {
		return nil, 0, fmt.Errorf("list cases: %w", err)
	}
	if limit > 0 {
		statement += fmt.Sprintf(" LIMIT %d", limit)
	}
	var total uint64
	out, err := collect(ctx, s, q, statement, func(rows driver.Rows) (c CaseRow, err error) {
		err = rows.Scan(&c.CaseID, &c.Person, &c.Account, &c.Persona, &c.Stage, &c.State, &c.At, &c.Until,
			&c.Touchpoint, &c.Channel, &c.Department, &total)
		c.Person = MaskKey(c.Person)
		return c, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list cases: %w", err)
	}
	return out, int(total), nil //nolint:gosec // a number of rows
}

// collect reads the rows of a statement whose parameters are q's. The statement says itself how many rows it wants: views in it are whole.
func collect[R any](ctx context.Context, s *Store, q Query, statement string, scan func(driver.Rows) (R, error)) ([]R, error) {
	q.Limit = 0
	rows, err := s.conn.Query(withQuery(ctx, q), statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []R
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Case gives all of a case as of an instant; the zero instant is Newest. It returns ErrNoCase for a case that nobody
// knows, or that had not begun.
func (s *Store) Case(ctx context.Context, journey, id string, asOf time.Time) (CaseDetail, error) {
	detail, err := s.readCase(ctx, journey, id, asOf)
	if err != nil {
		return CaseDetail{}, fmt.Errorf("case %s: %w", id, err)
	}
	return detail, nil
}

func (s *Store) readCase(ctx context.Context, journey, id string, asOf time.Time) (d CaseDetail, err error) {
	if asOf.IsZero() {
		if asOf, err = s.Newest(ctx); err != nil {
			return d, err
		}
	}
	run := caseRun{Query: Query{Journey: journey, AsOf: asOf, From: earliestInstant, To: latestInstant}, store: s}
	if err := run.find(ctx, id); err != nil {
		return d, err
	}
	d = CaseDetail{CaseID: id, Journey: journey, Attempt: run.attempt, Person: MaskKey(run.person), Account: run.account, Persona: run.persona}
	if d.Visits, d.Value, err = run.visits(ctx); err != nil {
		return d, err
	}
	if len(d.Visits) == 0 {
		return d, ErrNoCase
	}
	last := d.Visits[len(d.Visits)-1]
	d.OpenedAt, d.Stage, d.State = d.Visits[0].EnteredAt, last.Stage, last.State
	if d.Waits, err = run.waits(ctx); err != nil {
		return d, err
	}
	d.Steps, err = run.steps(ctx)
	return d, err
}
