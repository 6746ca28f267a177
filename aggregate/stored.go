package aggregate

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
)

// minWindow is how many inserts ClickHouse must remember for a retried block to be recognised. A block is retried
// before its collector sends the next, so this is far more than all collectors together have under way.
const minWindow = 1000

// Stored gives, for each partition of a topic, the highest offset stored. It is the collectors' ledger: rows and
// ledger are in the same part, hence never apart. What was erased counts as stored. Partitions of which nothing is stored are not in the map.
//
// Stored refuses to answer, with an error that says what to set, if the table does not remember enough inserts to
// recognise a retried block.
func (s *Store) Stored(ctx context.Context, topic string) (map[int]int64, error) {
	if err := s.checkWindow(ctx); err != nil {
		return nil, err
	}
	if err := s.LoadErased(ctx); err != nil {
		return nil, err
	}
	s.tags.forget()
	// The projection keeps max(offset) by topic and partition: this reads a row a part, not the table.
	const query = `
		SELECT partition, max(last) FROM
		(
			SELECT partition, max(offset) AS last FROM records WHERE topic = ? GROUP BY partition
			UNION ALL SELECT partition, max(offset) AS last FROM erased WHERE topic = ? GROUP BY partition
		)
		GROUP BY partition`
	stored := make(map[int]int64)
	err := s.each(ctx, func(scan func(...any) error) error {
		var partition int32
		var offset int64
		err := scan(&partition, &offset)
		stored[int(partition)] = offset
		return err
	}, query, topic, topic)
	if err != nil {
		return nil, fmt.Errorf("stored %s: %w", topic, err)
	}
	return stored, nil
}

var (
	plainWindow      = regexp.MustCompile(`\bnon_replicated_deduplication_window = (\d+)`)
	replicatedWindow = regexp.MustCompile(`\breplicated_deduplication_window = (\d+)`)
	replicatedEngine = regexp.MustCompile(`^(Replicated|Shared)`)
)

// checkWindow refuses a table of records whose deduplication window is unset or too short: a retried block would
// then be stored twice without anybody noticing. A window seen to be long enough is not looked at again.
func (s *Store) checkWindow(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.checked {
		return nil
	}
	var engine, full string
	const table = "SELECT engine, engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'records'"
	if err := s.conn.QueryRow(ctx, table).Scan(&engine, &full); err != nil {
		return fmt.Errorf("check table records of %s (run the migration first?): %w", s.opts.Database, err)
	}
	setting, pattern := "non_replicated_deduplication_window", plainWindow
	if replicatedEngine.MatchString(engine) {
		setting, pattern = "replicated_deduplication_window", replicatedWindow
	}
	window, err := s.window(ctx, setting, pattern, full)
	if err != nil {
		return fmt.Errorf("check %s: %w", setting, err)
	}
	if window < minWindow {
		return fmt.Errorf("table %s.records has %s = %d, so a retried insert could be stored twice: "+
			"ALTER TABLE %s.records MODIFY SETTING %s = 10000", s.opts.Database, setting, window, s.opts.Database, setting)
	}
	s.checked = true
	return nil
}

// window reads a setting of the table, or, where the table does not set it, the server's default.
func (s *Store) window(ctx context.Context, setting string, pattern *regexp.Regexp, full string) (int, error) {
	if m := pattern.FindStringSubmatch(full); m != nil {
		return strconv.Atoi(m[1])
	}
	var value string
	const query = "SELECT value FROM system.merge_tree_settings WHERE name = ?"
	if err := s.conn.QueryRow(ctx, query, setting).Scan(&value); err != nil {
		return 0, err
	}
	return strconv.Atoi(value)
}
