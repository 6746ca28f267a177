package dashboards

import (
	"context"

	"tappa/aggregate"
)

// table reads a report by column name.
type table struct {
	report  aggregate.Report
	columns map[string]int
}

// row is one row of a table.
type row struct {
	table  *table
	values []any
}

// ask runs a report.
func (s *server) ask(ctx context.Context, name string, q aggregate.Query) (*table, error) {
	report, err := s.store.Report(ctx, name, q)
	if err != nil {
		return nil, err
	}
	t := &table{report: report, columns: map[string]int{}}
	for i, c := range report.Columns {
		t.columns[c.Name] = i
	}
	return t, nil
}

func (t *table) rows() []row {
	out := make([]row, len(t.report.Rows))
	for i, values := range t.report.Rows {
		out[i] = row{t, values}
	}
	return out
}

func (t *table) has(column string) bool {
	_, ok := t.columns[column]
	return ok
}

// byKey indexes rows by a text column.
func (t *table) byKey(column string) map[string]row {
	out := map[string]row{}
	for _, r := range t.rows() {
		out[r.text(column)] = r
	}
	return out
}

// any returns a column's value; nil for NULL, and for a row that does not exist.
func (r row) any(column string) any {
	if r.table == nil {
		return nil
	}
	i, ok := r.table.columns[column]
	if !ok {
		return nil
	}
	return r.values[i]
}

func (r row) text(column string) string {
	s, _ := r.any(column).(string)
	return s
}

// count returns a whole number, 0 for NULL.
func (r row) count(column string) int64 {
	switch n := r.any(column).(type) {
	case int64:
		return n
	case uint64:
		return int64(n) //nolint:gosec // a count of rows
	}
	return 0
}

// number returns a number, nil for NULL.
func (r row) number(column string) *float64 {
	switch v := r.any(column).(type) {
	case float64:
		return &v
	case int64, uint64:
		f := float64(r.count(column))
		return &f
	}
	return nil
}

func (r row) yes(column string) bool {
	b, _ := r.any(column).(bool)
	return b
}
