package aggregate

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Query says what a report is about. The zero value of a field is "all"; of Journey, AsOf and By see Report.
type Query struct {
	Journey string
	From    time.Time // entries, questions and texts from here …
	To      time.Time // … to before here
	AsOf    time.Time // what happened after it is not known

	// Filters. "-" is "none": rows that have no persona, channel, and so on.
	Persona, Channel, Touchpoint, Department, Stage, Activity string

	Account  string  // "-" none, "+" any, or that account
	Customer string  // new, or existing: an earlier case of the same customer was completed
	ValueMin float64 // the largest value a case had shown by then, from here …
	ValueMax float64 // … up to and with here; 0 is no bound

	Case  string // of the timeline: its id; without one it is empty
	State string // of the lists: which rows, see each list's States
	By    string // of timing and mood: stage, touchpoint, department, persona, channel
	Lang  string // of the texts: "it" or "en"
	Whole bool   // contact keys in full; otherwise as MaskKey writes them
	Limit int    // rows at most; 0 is all

	// Name gives what the asker calls the persona, channel, touchpoint, department, stage or state (kind) that is filtered by; nil: its id.
	Name func(kind, id string) string
}

// Report is a view's answer, and how it was computed.
type Report struct {
	Name    string
	Columns []Column
	Rows    [][]any // nil, bool, int64, uint64, float64, string or time.Time (UTC), by column
	AsOf    time.Time
	Zone    *time.Location // of the journey; UTC where no journey is asked about
	How     string         // formula, window, calendar and instant, in the query's language
}

// Column is a column of a report. Unit is "s" (seconds), "share" (0 … 1), "mood" (−2 … 2) or "" (a count, a text).
type Column struct {
	Name string
	Type string // ClickHouse's
	Unit string
}

// The widest window of time ClickHouse can hold.
var (
	earliestInstant = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	latestInstant   = time.Date(2299, 12, 31, 23, 59, 59, 999e6, time.UTC)
)

// Report asks a view. Where q leaves them open, Journey is the only one stored, AsOf is the newest interaction stored
// (see Newest), and By is the first that the report knows. An unknown name, journey, stage, state, grouping,
// persona, channel, touchpoint or department is an error that lists the known; so is an empty period, or a case that there is not.
func (s *Store) Report(ctx context.Context, name string, q Query) (Report, error) {
	info, err := FindReport(name)
	if err != nil {
		return Report{}, err
	}
	q, zone, err := s.complete(ctx, info, q)
	if err != nil {
		return Report{}, fmt.Errorf("report %s: %w", name, err)
	}
	r := Report{Name: info.Name, AsOf: q.AsOf, Zone: zone, How: info.how(q, zone)}
	statement := "SELECT * FROM " + info.call()
	if q.Limit > 0 {
		statement += fmt.Sprintf(" LIMIT %d", q.Limit)
	}
	rows, err := s.conn.Query(withQuery(ctx, q), statement)
	if err != nil {
		return Report{}, fmt.Errorf("report %s: %w", name, err)
	}
	defer rows.Close()
	if r.Columns, r.Rows, err = readTable(rows, q.Whole || info.View == "verbatims"); err != nil {
		return Report{}, fmt.Errorf("report %s: %w", name, err)
	}
	if info.View == "verbatims" && !q.Whole {
		if err := s.maskVerbatims(ctx, r); err != nil {
			return Report{}, fmt.Errorf("report %s: %w", name, err)
		}
	}
	if len(r.Columns) == 0 {
		if r.Columns, err = s.describe(ctx, q, statement); err != nil {
			return Report{}, fmt.Errorf("report %s: %w", name, err)
		}
	}
	return r, nil
}

// describe gives the columns of a statement. Over HTTP an answer without rows does not bring them along.
func (s *Store) describe(ctx context.Context, q Query, statement string) ([]Column, error) {
	return collect(ctx, s, q, "DESCRIBE ("+statement+")", func(rows driver.Rows) (c Column, err error) {
		into := make([]any, len(rows.Columns())) // name, type, and texts about defaults and storage
		for i := range into {
			into[i] = new(string)
		}
		into[0], into[1] = &c.Name, &c.Type
		err = rows.Scan(into...)
		c.Unit = unitOf(c.Name)
		return c, err
	})
}

// Newest gives the instant that results are computed as of unless asked otherwise: the newest occurred_at stored, but
// never later than now. Of an empty store it is now.
func (s *Store) Newest(ctx context.Context) (time.Time, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	var n uint64
	var newest time.Time
	// As projection ledger has it. What was walked is asked only where interactions are no longer kept.
	const stored = "SELECT count(), max(occurred_at) FROM records"
	const walked = "SELECT count(), max(arrayMax(runs.last_at)) FROM findings WHERE deleted = 0 AND notEmpty(runs)"
	for _, query := range []string{stored, walked} {
		if err := s.conn.QueryRow(ctx, query).Scan(&n, &newest); err != nil {
			return time.Time{}, fmt.Errorf("find newest interaction: %w", err)
		}
		if n > 0 {
			break
		}
	}
	if n == 0 || newest.After(now) {
		return now, nil
	}
	return newest.UTC(), nil
}

// complete fills in what q leaves open and refuses what cannot be; it also gives the journey's time zone.
func (s *Store) complete(ctx context.Context, info ReportInfo, q Query) (Query, *time.Location, error) {
	zone := time.UTC
	if info.takes("journey") {
		j, err := s.chooseJourney(ctx, q.Journey)
		if err != nil {
			return q, nil, err
		}
		q.Journey = string(j.Journey)
		if zone, err = time.LoadLocation(j.TimeZone); err != nil {
			return q, nil, err
		}
	}
	if q.AsOf.IsZero() {
		var err error
		if q.AsOf, err = s.Newest(ctx); err != nil {
			return q, nil, err
		}
	}
	if q.From.IsZero() {
		q.From = earliestInstant
	}
	if q.To.IsZero() {
		q.To = latestInstant
	}
	if info.takes("by") {
		by := info.Groupings()
		if q.By == "" {
			q.By = by[0]
		}
		if err := oneOf("grouping", q.By, by); err != nil {
			return q, nil, err
		}
	}
	if info.takes("state") && q.State != "" {
		if err := oneOf("state", q.State, info.States); err != nil {
			return q, nil, err
		}
	}
	if q.Customer != "" {
		if err := oneOf("kind of customer", q.Customer, []string{"new", "existing"}); err != nil {
			return q, nil, err
		}
	}
	if err := checkPeriod(info, q, zone); err != nil {
		return q, nil, err
	}
	if err := checkValues(q); err != nil {
		return q, nil, err
	}
	if err := s.checkNames(ctx, info, q); err != nil {
		return q, nil, err
	}
	if err := s.checkCase(ctx, info, q); err != nil {
		return q, nil, err
	}
	return q, zone, s.checkStage(ctx, q)
}

// chooseJourney finds a stored journey; "" is the only one there is.
func (s *Store) chooseJourney(ctx context.Context, id string) (StoredJourney, error) {
	stored, err := s.Journeys(ctx)
	if err != nil {
		return StoredJourney{}, err
	}
	names := make([]string, len(stored))
	for i, j := range stored {
		if names[i] = string(j.Journey); names[i] == id {
			return j, nil
		}
	}
	switch {
	case len(stored) == 0:
		return StoredJourney{}, fmt.Errorf("no journey is stored here yet: import something first")
	case id != "":
		return StoredJourney{}, oneOf("journey", id, names)
	case len(stored) > 1:
		return StoredJourney{}, fmt.Errorf("several journeys are stored, name one: %s", strings.Join(names, ", "))
	}
	return stored[0], nil
}

// checkStage refuses a stage that the journey does not have: it would give an answer of zeros.
func (s *Store) checkStage(ctx context.Context, q Query) error {
	if q.Stage == "" || q.Stage == noneKey || q.Journey == "" {
		return nil
	}
	var stages []string
	const query = `
		SELECT groupArray(toString(stage)) FROM (SELECT * FROM stages FINAL WHERE journey = ? ORDER BY position)
		WHERE version = (SELECT argMax(version, loaded) FROM journeys FINAL WHERE journey = ?)`
	if err := s.conn.QueryRow(ctx, query, q.Journey, q.Journey).Scan(&stages); err != nil {
		return fmt.Errorf("list stages of %s: %w", q.Journey, err)
	}
	return oneOf("stage", q.Stage, stages)
}

// noneKey, as a filter or a key, stands for rows that have no such thing.
const noneKey = "-"

// BadQueryError says what a query asks for that does not exist. It is the asker's mistake, and its text is for the asker.
type BadQueryError struct {
	text string

	// Where a name is unknown: of what kind (stage, state, grouping …), which, and those there are. Of an empty period, or range of values: its beginning
	// and its end.
	What, Value string
	Known       []string
}

func (e *BadQueryError) Error() string { return e.text }

func oneOf(what, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	text := fmt.Sprintf("there is no %s %q; there are: %s", what, value, strings.Join(known, ", "))
	if len(known) == 0 {
		text = fmt.Sprintf("there is no %s %q; there are none", what, value)
	}
	return &BadQueryError{text: text, What: what, Value: value, Known: known}
}

// withQuery hands the query's values to the server as parameters, so that none of them is ever part of a statement.
func withQuery(ctx context.Context, q Query) context.Context {
	instant := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }
	parameters := clickhouse.Parameters{
		"journey": q.Journey, "from": instant(q.From), "to": instant(q.To), "as_of": instant(q.AsOf),
		"persona": q.Persona, "channel": q.Channel, "touchpoint": q.Touchpoint, "department": q.Department,
		"stage": q.Stage, "state": q.State, "activity": q.Activity, "by": q.By, "case_id": q.Case,
		"account": q.Account, "customer": q.Customer, "value_from": number(q.ValueMin), "value_to": "inf",
		"limit": strconv.Itoa(q.Limit),
	}
	if q.ValueMax != 0 {
		parameters["value_to"] = number(q.ValueMax)
	}
	for name, value := range parameters {
		parameters[name] = escapes.Replace(value)
	}
	return clickhouse.Context(ctx, clickhouse.WithParameters(parameters), clickhouse.WithSettings(viewSettings))
}

// viewSettings are those under which views are asked. Rows of table findings are large: with what 16,384 of them unfold to, they fit into a
// processor's cache, and are worth a thread of their own, where the server's default is ten times as many.
var viewSettings = clickhouse.Settings{"max_block_size": 16384, "merge_tree_min_rows_for_concurrent_read": 16384}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// escapes: the server reads a parameter's value as a field of tab-separated text.
var escapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)

// keyColumns hold contact keys.
var keyColumns = []string{"person", "subject", "contact_key"}

// readTable reads all rows, whatever their columns, and masks contact keys unless they are wanted whole.
func readTable(rows driver.Rows, whole bool) ([]Column, [][]any, error) {
	types := rows.ColumnTypes()
	columns := make([]Column, len(types))
	for i, t := range types {
		columns[i] = Column{Name: t.Name(), Type: t.DatabaseTypeName(), Unit: unitOf(t.Name())}
	}
	var out [][]any
	for rows.Next() {
		row := make([]any, len(types))
		for i, t := range types {
			row[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(row...); err != nil {
			return nil, nil, err
		}
		for i := range row {
			row[i] = plainValue(reflect.ValueOf(row[i]).Elem())
			if key, ok := row[i].(string); ok && !whole && slices.Contains(keyColumns, columns[i].Name) {
				row[i] = MaskKey(key)
			}
		}
		out = append(out, row)
	}
	return columns, out, rows.Err()
}

// maskVerbatims masks what customers wrote, and then the contact keys, which say whose names to look for.
func (s *Store) maskVerbatims(ctx context.Context, r Report) error {
	at := func(name string) int {
		return slices.IndexFunc(r.Columns, func(c Column) bool { return c.Name == name })
	}
	key, origin, id := at("contact_key"), at("origin"), at("id")
	keys, ids := make([]string, len(r.Rows)), make([]interactionID, len(r.Rows))
	for i, row := range r.Rows {
		keys[i], ids[i] = row[key].(string), interactionID{row[origin].(string), row[id].(string)}
	}
	texts, err := s.texts(ctx, keys, ids)
	if err != nil {
		return err
	}
	for i, row := range r.Rows {
		row[at("subject_line")], row[at("text")], row[key] = texts[ids[i]].subject, texts[ids[i]].text, MaskKey(keys[i])
	}
	return nil
}

// plainValue reduces a scanned value to the types that Report.Rows promises. What is not a number is nil.
func plainValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plainValue(v.Elem())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return nil
	}
	if t, ok := v.Interface().(time.Time); ok {
		return t.UTC()
	}
	return v.Interface()
}
