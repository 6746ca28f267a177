package aggregate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// withParameters hands values to the server as parameters, so that none of them is ever part of a statement.
func withParameters(ctx context.Context, values map[string]string) context.Context {
	parameters := clickhouse.Parameters{}
	for name, value := range values {
		parameters[name] = escapes.Replace(value)
	}
	return clickhouse.Context(ctx, clickhouse.WithParameters(parameters))
}

// Snapshots lists all versions of a journey's snapshots, without their contents, newest month and version first.
func (s *Store) Snapshots(ctx context.Context, id string) ([]Snapshot, error) {
	j, err := s.chooseJourney(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	out, err := s.readSnapshots(ctx, "''", "journey = {journey:String}", map[string]string{"journey": string(j.Journey)})
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	return out, nil
}

// Snapshot reads a month's snapshot; version 0 is the newest. ErrNoSnapshot if nobody has frozen it.
func (s *Store) Snapshot(ctx context.Context, id, month string, version uint32) (Snapshot, error) {
	j, err := s.chooseJourney(ctx, id)
	if err != nil {
		return Snapshot{}, fmt.Errorf("snapshot %s: %w", month, err)
	}
	found, err := s.readSnapshots(ctx, "content", "journey = {journey:String} AND month = {month:String} AND {version:UInt32} IN (0, version)",
		map[string]string{"journey": string(j.Journey), "month": month, "version": fmt.Sprint(version)})
	if err != nil {
		return Snapshot{}, fmt.Errorf("snapshot %s: %w", month, err)
	}
	if len(found) == 0 {
		what := month
		if version > 0 {
			what = fmt.Sprintf("%s version %d", month, version)
		}
		return Snapshot{}, fmt.Errorf("%w: %s of journey %s (`tappa refresh --month %s` makes one)", ErrNoSnapshot, what, j.Journey, month)
	}
	snap := found[0]
	if sum := sha256.Sum256(snap.content); hex.EncodeToString(sum[:]) != snap.SHA256 {
		return Snapshot{}, fmt.Errorf("snapshot %s version %d: its content is not what was frozen: the hash differs", month, snap.Version)
	}
	return snap, nil
}

func (s *Store) readSnapshots(ctx context.Context, content, where string, values map[string]string) ([]Snapshot, error) {
	query := `
		SELECT toString(journey), toString(month), version, as_of, definition, software, interactions, seen, facts, toString(reason), sha256, taken_at, ` + content + `
		FROM snapshots WHERE ` + where + `
		ORDER BY month DESC, version DESC, taken_at LIMIT 1 BY journey, month, version`
	var out []Snapshot
	err := s.each(withParameters(ctx, values), func(scan func(...any) error) error {
		var v Snapshot
		var content string
		err := scan((*string)(&v.Journey), &v.Month, &v.Version, &v.AsOf, &v.Definition, &v.Software, &v.Interactions, &v.seen, &v.facts, &v.Reason, &v.SHA256, &v.TakenAt, &content)
		v.AsOf, v.TakenAt, v.content = v.AsOf.UTC(), v.TakenAt.UTC(), []byte(content)
		out = append(out, v)
		return err
	}, query)
	return out, err
}

// cell is a number of a snapshot.
type cell struct {
	snap        *Snapshot
	part        *SnapshotPart
	key, metric string
	value       *float64
}

// cells are all numbers of the content.
func (s *Snapshot) cells() ([]cell, error) {
	content, err := parseContent(s.content)
	if err != nil {
		return nil, err
	}
	var out []cell
	for i := range content.Parts {
		p := &content.Parts[i]
		for _, row := range p.Rows {
			key := p.keyOf(row)
			for k, v := range row {
				if number, ok := v.(float64); ok && !slices.Contains(rowKeys[p.Report], p.Columns[k]) {
					out = append(out, cell{s, p, key, p.Columns[k], &number})
				}
			}
		}
	}
	for _, k := range content.KPIs {
		value, _ := k.Value.(float64)
		if k.Value != nil {
			out = append(out, cell{s, &SnapshotPart{Report: "kpi", Window: k.Window}, k.ID, "value", &value})
		}
	}
	return out, nil
}

var cellColumns = []column[cell]{
	fill("journey", typeWord, func(c *cell) string { return string(c.snap.Journey) }),
	fill("month", typeWord, func(c *cell) string { return c.snap.Month }),
	fill("version", "UInt32", func(c *cell) uint32 { return c.snap.Version }),
	fill("sha256", typeString, func(c *cell) string { return c.snap.SHA256 }),
	fill("report", typeWord, func(c *cell) string { return c.part.Report }),
	fill("window", typeWord, func(c *cell) string { return c.part.Window }),
	fill("split", typeWord, func(c *cell) string { return c.part.By }),
	fill("persona", typeWord, func(c *cell) string { return c.part.Persona }),
	fill("key", typeString, func(c *cell) string { return c.key }),
	fill("metric", typeWord, func(c *cell) string { return c.metric }),
	fill("value", "Nullable(Float64)", func(c *cell) *float64 { return c.value }),
}

var snapshotColumns = []column[Snapshot]{
	fill("journey", typeWord, func(s *Snapshot) string { return string(s.Journey) }),
	fill("month", typeWord, func(s *Snapshot) string { return s.Month }),
	fill("version", "UInt32", func(s *Snapshot) uint32 { return s.Version }),
	fill("as_of", typeTime, func(s *Snapshot) time.Time { return s.AsOf }),
	fill("definition", typeString, func(s *Snapshot) string { return s.Definition }),
	fill("software", typeString, func(s *Snapshot) string { return s.Software }),
	fill("interactions", "UInt64", func(s *Snapshot) uint64 { return s.Interactions }),
	fill("seen", "UInt64", func(s *Snapshot) uint64 { return s.seen }),
	fill("facts", "UInt64", func(s *Snapshot) uint64 { return s.facts }),
	fill("reason", typeWord, func(s *Snapshot) string { return s.Reason }),
	fill("content", typeString, func(s *Snapshot) string { return string(s.content) }),
	fill("sha256", typeString, func(s *Snapshot) string { return s.SHA256 }),
	fill("taken_at", typeTime, func(s *Snapshot) time.Time { return s.TakenAt }),
}

// putSnapshot stores the numbers first: without the snapshot they belong to they count for nothing, and the same numbers
// written again are the same rows.
func (s *Store) putSnapshot(ctx context.Context, snap Snapshot) error {
	cells, err := snap.cells()
	if err != nil {
		return err
	}
	if err := insert(ctx, s, "snapshot_cells", cellColumns, cells, ""); err != nil {
		return err
	}
	token := fmt.Sprintf("%s/%s/%d/%s", snap.Journey, snap.Month, snap.Version, snap.SHA256)
	return insert(ctx, s, "snapshots", snapshotColumns, []Snapshot{snap}, token)
}

// Report gives the snapshot's numbers as a table, one a row, as the view snapshot_numbers has them.
func (s Snapshot) Report() (Report, error) {
	cells, err := s.cells()
	if err != nil {
		return Report{}, fmt.Errorf("snapshot %s: %w", s.Month, err)
	}
	r := Report{
		Name: "snapshot", AsOf: s.AsOf, Zone: time.UTC, How: fmt.Sprintf("frozen as %s version %d of journey %s, sha256 %s", s.Month, s.Version, s.Journey, s.SHA256),
		Columns: []Column{
			{Name: "month", Type: typeString},
			{Name: "version", Type: "UInt32"},
			{Name: "report", Type: typeString},
			{Name: "window", Type: typeString},
			{Name: "split", Type: typeString},
			{Name: "persona", Type: typeString},
			{Name: "key", Type: typeString},
			{Name: "metric", Type: typeString},
			{Name: "value", Type: "Nullable(Float64)"},
		},
	}
	for _, c := range cells {
		var value any
		if c.value != nil {
			value = *c.value
		}
		r.Rows = append(r.Rows, []any{s.Month, uint64(s.Version), c.part.Report, c.part.Window, c.part.By, c.part.Persona, c.key, c.metric, value})
	}
	return r, nil
}
