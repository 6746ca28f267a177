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
