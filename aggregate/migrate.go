package aggregate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"
)

// Migrate brings the schema up to this program's: every file of sql/ that was not applied yet, in order, every view
// whose definition is another by now, and the settings that only some servers know. It then
// checks that table records can keep its promise (see Stored).
func (s *Store) Migrate(ctx context.Context) (err error) {
	config, err := s.opts.driver(s.opts.Database)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", s.opts.Database, err)
	}
	if err := s.refuseFormer(ctx); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "sql")
	if err != nil {
		return fmt.Errorf("migrate %s: %w", s.opts.Database, err)
	}
	db := clickhouse.OpenDB(config)
	defer func() { err = errors.Join(err, db.Close()) }()
	// Files are numbered by subject: a later program may bring one that stands before what was applied.
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, files, goose.WithLogger(goose.NopLogger()), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("migrate %s: %w", s.opts.Database, err)
	}
	applied, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", s.opts.Database, err)
	}
	fresh := map[string]bool{}
	for _, one := range applied {
		fresh[path.Base(one.Source.Path)] = true
	}
	if err := s.renewViews(ctx, fresh); err != nil {
		return fmt.Errorf("migrate %s: %w", s.opts.Database, err)
	}
	if err := s.tune(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", s.opts.Database, err)
	}
	return s.checkWindow(ctx)
}

// refuseFormer refuses a database whose interactions are a table: what stands there now is a view, and would take its place.
func (s *Store) refuseFormer(ctx context.Context) error {
	const query = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'interactions' AND engine != 'View'"
	var n uint64
	if err := s.conn.QueryRow(ctx, query).Scan(&n); err != nil {
		return fmt.Errorf("migrate %s: %w", s.opts.Database, err)
	}
	if n > 0 {
		return fmt.Errorf("migrate %s: it was made by an early state of tappa, whose layout is not brought up to date. Drop the database (embedded: "+
			"remove clickhouse/ in the data directory) and start again: what Kafka has is stored and computed anew; what people corrected, stated, "+
			"noted and decided, and frozen months, go with the database", s.opts.Database)
	}
	return nil
}
