package aggregate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"tappa/journey"
)

// Windows of a snapshot's parts.
const (
	InMonth = "month" // entered, asked, written, opened in the month
	AllTime = "all"   // from the beginning up to the month's end
)

// snapshotFormat changes with the meaning of a snapshot's content.
const snapshotFormat = 1

// snapshotContent is what a snapshot freezes. Nothing in it depends on when, where or in what order it was computed.
type snapshotContent struct {
	Format     int               `json:"format"`
	Journey    journey.JourneyID `json:"journey"`
	Month      string            `json:"month"`
	TimeZone   string            `json:"time_zone"`
	From       string            `json:"from"`
	AsOf       string            `json:"as_of"`
	Definition string            `json:"definition"`
	Parts      []SnapshotPart    `json:"parts"`
	KPIs       []snapshotKPI     `json:"kpis"`
}

// SnapshotPart is the answer of one report to one question.
type SnapshotPart struct {
	Report  string   `json:"report"`
	Window  string   `json:"window"`            // InMonth or AllTime
	By      string   `json:"by,omitempty"`      // what the report is split by
	Persona string   `json:"persona,omitempty"` // only this one; "" is all
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"` // nil, bool, float64 or string
}

// snapshotKPI is a KPI of the journey file in a window.
type snapshotKPI struct {
	ID     string `json:"id"`
	Window string `json:"window"`
	Value  any    `json:"value"`
	N      int64  `json:"n"`
	Low    any    `json:"low"`
	High   any    `json:"high"`
	Early  bool   `json:"early"`
}

// frozenReport is a report that a snapshot holds: how it is split, and of which windows.
type frozenReport struct {
	report  string
	by      []string
	windows []string
	persona bool // also by persona
}

// frozen are the reports that a snapshot holds, in this order. Lists of cases are left out: they are the reports' rows, and
// name people.
var frozen = []frozenReport{
	{"dropoff", nil, []string{InMonth, AllTime}, true},
	{"survival", nil, []string{AllTime}, false},
	{"losses", nil, []string{AllTime}, false},
	{"timing", groupings, []string{InMonth, AllTime}, false},
	{"percentiles", []string{"stage", "touchpoint", "department"}, []string{InMonth, AllTime}, false},
	{"mood", groupings, []string{InMonth, AllTime}, false},
	{"ratings", []string{"stage", "touchpoint", "persona"}, []string{InMonth, AllTime}, false},
	{"touchpoints", nil, []string{InMonth, AllTime}, true},
	{"paths", nil, []string{InMonth, AllTime}, false},
	{"handoffs", nil, []string{InMonth, AllTime}, false},
	{"calls", []string{"touchpoint", "department"}, []string{InMonth, AllTime}, false},
	{"tickets", []string{"touchpoint", "department"}, []string{InMonth, AllTime}, false},
	{"activities", nil, []string{InMonth, AllTime}, false},
	{"directly-follows", nil, []string{InMonth, AllTime}, false},
	{"durations", nil, []string{InMonth, AllTime}, false},
}

// question is what a part of a snapshot answers.
type question struct {
	part  SnapshotPart
	query Query
}

// questions lists all parts of a month's snapshot.
func questions(j *journey.Journey, m month) []question {
	var out []question
	for _, f := range frozen {
		by := f.by
		if by == nil {
			by = []string{""}
		}
		personas := []string{""}
		if f.persona {
			for _, p := range j.Personas {
				personas = append(personas, string(p.ID))
			}
		}
		for _, window := range f.windows {
			for _, b := range by {
				for _, persona := range personas {
					q := m.query(j.ID, window)
					q.By, q.Persona = b, persona
					out = append(out, question{SnapshotPart{Report: f.report, Window: window, By: b, Persona: persona}, q})
				}
			}
		}
	}
	return out
}

// query is a window as a query.
func (m month) query(id journey.JourneyID, window string) Query {
	q := Query{Journey: string(id), AsOf: m.asOf()}
	if window == InMonth {
		q.From, q.To = m.start.UTC(), m.end.UTC()
	}
	return q
}

// snapshotContent asks every report.
func (s *Store) snapshotContent(ctx context.Context, j *journey.Journey, m month) (snapshotContent, error) {
	c := snapshotContent{
		Format: snapshotFormat, Journey: j.ID, Month: m.name, TimeZone: j.Location.String(),
		From: canonicalTime(m.start), AsOf: canonicalTime(m.asOf()), Definition: j.Version, KPIs: []snapshotKPI{},
	}
	all := questions(j, m)
	c.Parts = make([]SnapshotPart, len(all))
	asking, of := errgroup.WithContext(ctx)
	asking.SetLimit(2) // analysing a statement, which is most of a small answer, keeps one processor busy
	for i, q := range all {
		asking.Go(func() (err error) {
			c.Parts[i], err = s.answer(of, q)
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return c, err
	}
	for _, window := range []string{InMonth, AllTime} {
		for _, k := range j.KPIs {
			if k.View == "coverage" {
				continue // it is about all journeys together
			}
			v, err := s.KPI(ctx, k, m.query(j.ID, window))
			if bad := (*BadQueryError)(nil); err != nil && !errors.As(err, &bad) { // a KPI that names no one number has none
				return c, err
			}
			c.KPIs = append(c.KPIs, snapshotKPI{
				ID: k.ID, Window: window, Value: canonicalValue(plain(v.Value)), N: v.N, Low: canonicalValue(plain(v.Low)), High: canonicalValue(plain(v.High)), Early: v.Early,
			})
		}
	}
	return c, nil
}

// answer asks one report.
func (s *Store) answer(ctx context.Context, q question) (SnapshotPart, error) {
	r, err := s.Report(ctx, q.part.Report, q.query)
	if err != nil {
		return SnapshotPart{}, err
	}
	part := q.part
	part.Columns, part.Rows = columnNames(r.Columns), make([][]any, len(r.Rows))
	for i, row := range r.Rows {
		part.Rows[i] = make([]any, len(row))
		for k, v := range row {
			part.Rows[i][k] = canonicalValue(v)
		}
	}
	return part, nil
}

// plain takes the pointer off a number that may be missing.
func plain(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// canonicalValue writes a value in one way only. Twelve digits are more than any number here is good for, and fewer than
// the order of a floating-point sum can disturb.
func canonicalValue(v any) any {
	switch v := v.(type) {
	case float64:
		if math.Abs(v) < 1e-12 {
			v = 0 // what is left of a difference that is none
		}
		return json.Number(strconv.FormatFloat(v, 'g', 12, 64))
	case time.Time:
		return canonicalTime(v)
	}
	return v
}

func canonicalTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// canonical gives the content's bytes, a line per row so that two versions can be compared by any tool, and their hash.
func (c snapshotContent) canonical() ([]byte, string, error) {
	var b bytes.Buffer
	line := func(v any) error {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	head := c
	head.Parts, head.KPIs = nil, nil
	if err := line(head); err != nil {
		return nil, "", fmt.Errorf("write snapshot: %w", err)
	}
	// The head's "parts" and "kpis" are null: what follows stands in their place.
	b.Truncate(bytes.LastIndex(b.Bytes(), []byte(`"parts"`)))
	b.WriteString("\"parts\":[")
	for i, p := range c.Parts {
		b.WriteString(separator(i))
		rows := p.Rows
		p.Rows = nil
		if err := line(p); err != nil {
			return nil, "", fmt.Errorf("write snapshot, part %s: %w", p.Report, err)
		}
		b.Truncate(bytes.LastIndex(b.Bytes(), []byte(`"rows"`)))
		b.WriteString(`"rows":[`)
		for k, row := range rows {
			b.WriteString(separator(k))
			if err := line(row); err != nil {
				return nil, "", fmt.Errorf("write snapshot, part %s: %w", p.Report, err)
			}
			b.Truncate(b.Len() - 1)
		}
		b.WriteString("]}")
	}
	b.WriteString("],\n\"kpis\":[")
	for i, k := range c.KPIs {
		b.WriteString(separator(i))
		if err := line(k); err != nil {
			return nil, "", fmt.Errorf("write snapshot, kpi %s: %w", k.ID, err)
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteString("]}\n")
	sum := sha256.Sum256(b.Bytes())
	return b.Bytes(), hex.EncodeToString(sum[:]), nil
}

func separator(i int) string {
	if i == 0 {
		return "\n"
	}
	return ",\n"
}

// parseContent reads what canonical wrote; numbers become float64.
func parseContent(data []byte) (snapshotContent, error) {
	var c snapshotContent
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("read snapshot: %w", err)
	}
	if c.Format != snapshotFormat {
		return c, fmt.Errorf("read snapshot: format %d, this program reads %d", c.Format, snapshotFormat)
	}
	return c, nil
}

// rowKeys are the columns that tell a report's rows apart.
var rowKeys = map[string][]string{
	"dropoff": {"stage"}, "survival": {"stage", "stay_s"}, "losses": {"stage", "fact", "value"}, "timing": {"key"},
	"percentiles": {"key", "measure", "level"}, "mood": {"key"}, "ratings": {"key", "kind", "scale_min", "scale_max"},
	"touchpoints": {"touchpoint"}, "paths": {"from", "to"}, "handoffs": {"from", "to"}, "calls": {"key"}, "tickets": {"key"},
	"activities": {"activity"}, "directly-follows": {"from", "to"}, "durations": {},
}

// keyOf names a row of the part.
func (p SnapshotPart) keyOf(row []any) string {
	key := ""
	for i, column := range rowKeys[p.Report] {
		if i > 0 {
			key += " → "
		}
		if v := row[slices.Index(p.Columns, column)]; v != nil {
			key += fmt.Sprint(v)
		}
	}
	return key
}
