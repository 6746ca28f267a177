// Package aggregate keeps interactions in ClickHouse and computes from them what customers went through. It is the only
// package that knows ClickHouse: the schema (sql/), writing a block, the walk over what was touched (package walk holds
// its rules), and the reports. It does not decode, tag or score; package ingest hands it finished records.
package aggregate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Options say which ClickHouse to use, and how.
type Options struct {
	Addr     string // host:port, or several separated by commas: replicas, tried in this order
	Protocol string // "native" (default) or "http"
	Database string // created if missing, unless it has to exist; default "tappa"
	Existing bool   // the database has to exist
	Username string
	Password string
	TLS      *tls.Config // nil: no TLS
}

const protocolHTTP = "http"

// Store is a database of interactions and of what was computed from them. It is safe for concurrent use.
type Store struct {
	conn     driver.Conn
	opts     Options
	settings clickhouse.Settings // sent with every insert
	tags     *tagsStored
	words    *wordsStored
	erased   *markBook

	mu      sync.Mutex
	checked bool // the deduplication window was seen to be long enough
}

// ErrNoDatabase says that a database that has to exist does not.
var ErrNoDatabase = errors.New("there is no database")

// identifier is what a database may be called: names go into statements where no parameter can stand.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Open connects to ClickHouse and creates the database if it is missing and need not exist. It creates no tables: see Migrate.
func Open(ctx context.Context, opts Options) (*Store, error) {
	if opts.Database == "" {
		opts.Database = "tappa"
	}
	if !identifier.MatchString(opts.Database) {
		return nil, fmt.Errorf("open clickhouse: database %q: use letters, digits and _", opts.Database)
	}
	if err := createDatabase(ctx, opts); err != nil {
		return nil, fmt.Errorf("open clickhouse %s: %w", opts.Addr, err)
	}
	config, err := opts.driver(opts.Database)
	if err != nil {
		return nil, fmt.Errorf("open clickhouse %s: %w", opts.Addr, err)
	}
	conn, err := clickhouse.Open(config)
	if err != nil {
		return nil, fmt.Errorf("open clickhouse %s: %w", opts.Addr, err)
	}
	s := &Store{conn: conn, opts: opts, tags: &tagsStored{}, words: &wordsStored{}, erased: &markBook{}}
	if s.settings, err = insertSettings(ctx, conn); err != nil {
		return nil, errors.Join(fmt.Errorf("open clickhouse %s: %w", opts.Addr, err), conn.Close())
	}
	return s, nil
}

// Close gives back the connections.
func (s *Store) Close() error { return s.conn.Close() }

// Ping asks ClickHouse for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return fmt.Errorf("ping clickhouse %s: %w", s.opts.Addr, err)
	}
	return nil
}

// Unreachable says that an error is of the way to ClickHouse, or of its being away, and not of what it was asked.
func Unreachable(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, clickhouse.ErrAcquireConnTimeout)
}

// driver gives the options of clickhouse-go for a database; "" is the user's default.
func (o Options) driver(database string) (*clickhouse.Options, error) {
	config := &clickhouse.Options{
		Addr: strings.Split(o.Addr, ","),
		Auth: clickhouse.Auth{Database: database, Username: o.Username, Password: o.Password},
		TLS:  o.TLS,
		ClientInfo: clickhouse.ClientInfo{Products: []struct {
			Name    string
			Version string
		}{{Name: "tappa"}}},
		MaxOpenConns: 16,
		MaxIdleConns: 8,
	}
	switch o.Protocol {
	case "", "native":
		config.Protocol = clickhouse.Native
		config.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	case protocolHTTP:
		config.Protocol = clickhouse.HTTP
	default:
		return nil, fmt.Errorf("protocol %q: use native or http", o.Protocol)
	}
	return config, nil
}

// each calls row for every row of a query's answer.
func (s *Store) each(ctx context.Context, row func(scan func(dest ...any) error) error, query string, args ...any) error {
	rows, err := s.conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// createDatabase looks before it creates, so that a user without the right to create, or a read-only connection, can
// use a database that is there.
func createDatabase(ctx context.Context, opts Options) (err error) {
	config, err := opts.driver("")
	if err != nil {
		return err
	}
	conn, err := clickhouse.Open(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var n uint64
	const there = "SELECT count() FROM system.databases WHERE name = ?"
	if err := conn.QueryRow(ctx, there, opts.Database).Scan(&n); err != nil {
		return err
	}
	switch {
	case n > 0:
		return nil
	case opts.Existing:
		return fmt.Errorf("%w %q: tappa serve makes it; TAPPA_DATABASE names another", ErrNoDatabase, opts.Database)
	}
	return conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+opts.Database)
}
