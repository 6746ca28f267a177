package aggregate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tuning are settings of tables that only some versions of ClickHouse know, by table; "" is every table. A statement that
// names one that the server does not know is an error, so they are no part of the tables' definitions.
var tuning = map[string]map[string]string{
	// Statistics of every column are worked out in every merge. No query of ours is planned by them.
	"": {"auto_statistics_types": "''"},
	// A merge costs as much as the insert did, whatever it merges: rows are merged half as often when merges are as wide.
	"records": {"min_parts_to_merge_at_once": "10"},
	// Arrivals are read by their order, which is that of the parts already: merging them only makes parts fewer, and compresses all payloads
	// anew. So it is done seldom, and never while a few million come at once.
	"arrivals": {"min_parts_to_merge_at_once": "150"},
	// A part of one block stays one file, so that there is one to be synced; what merges make of several is wide. Into compact parts they
	// merge row by row, which for lists of words is ten times as dear, and of those a view reads more than it asks for. Where the granules
	// of its columns lie is known before the first view asks.
	"findings": {
		"min_level_for_wide_part": "1", "min_bytes_for_wide_part": "10485760", "min_parts_to_merge_at_once": "10", "prewarm_mark_cache": "1",
	},
}

// tune gives tables their tuning, as far as the server knows it and they do not have it.
func (s *Store) tune(ctx context.Context) error {
	known := map[string]bool{}
	for _, settings := range tuning {
		for name := range settings {
			var err error
			if known[name], err = knows(ctx, s.conn, "merge_tree_settings", name); err != nil {
				return err
			}
		}
	}
	tables := map[string]string{}
	err := s.each(ctx, func(scan func(...any) error) error {
		var name, definition string
		err := scan(&name, &definition)
		tables[name] = definition
		return err
	}, "SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'")
	if err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		if err := s.tuneTable(ctx, table, tables[table], known); err != nil {
			return fmt.Errorf("tune table %s: %w", table, err)
		}
	}
	return nil
}

func (s *Store) tuneTable(ctx context.Context, table, definition string, known map[string]bool) error {
	var missing []string
	for _, settings := range []map[string]string{tuning[""], tuning[table]} {
		for name, value := range settings {
			if setting := name + " = " + value; known[name] && !strings.Contains(definition, setting) {
				missing = append(missing, setting)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return s.conn.Exec(ctx, "ALTER TABLE "+table+" MODIFY SETTING "+strings.Join(missing, ", "))
}
