package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/internal/chdb"
)

// Target says which installation a command works on: embedded data where Dir is named, else what Config says.
type Target struct {
	Dir    string
	Config Config
}

// reached is an installation that a command beside it has reached.
type reached struct {
	pipeline PipelineOptions // Store is set; Journeys, Logger and Registerer are not
	own      bool            // its collectors and walk do not run, unless this process runs them
	close    func() error
}

// reach finds the target's Kafka and ClickHouse. An embedded directory that another process holds is reached through
// that process, and its store can only be read then.
func (t Target) reach(ctx context.Context, logger *slog.Logger) (reached, error) {
	if t.Dir == "" {
		return t.Config.reach(ctx)
	}
	if _, err := os.Stat(filepath.Join(t.Dir, "kafka")); errors.Is(err, fs.ErrNotExist) {
		return reached{}, fmt.Errorf("no tappa data in %q: name another directory with --data", t.Dir)
	}
	e, err := OpenEmbedded(ctx, EmbeddedOptions{Dir: t.Dir, Kafka: true, Logger: logger})
	if err == nil {
		return reached{PipelineOptions{Brokers: e.Brokers, Store: e.Store}, true, e.Close}, nil
	}
	if !errors.Is(err, chdb.ErrHeld) {
		return reached{}, err
	}
	holder, announced := readAnnouncement(t.Dir)
	if announced != nil {
		return reached{}, errors.Join(err, announced)
	}
	if len(holder.Brokers) == 0 {
		return reached{}, fmt.Errorf("process %d holds %q and runs no Kafka: try again when it has ended", holder.PID, t.Dir)
	}
	store, err := aggregate.Open(ctx, aggregate.Options{Addr: holder.ClickHouse, Protocol: "http", Database: database})
	if err != nil {
		return reached{}, fmt.Errorf("reach the tappa that holds %q (process %d): %w", t.Dir, holder.PID, err)
	}
	return reached{PipelineOptions{Brokers: holder.Brokers, Store: store}, false, store.Close}, nil
}

// reach connects to the servers that a configuration names.
func (c Config) reach(ctx context.Context) (reached, error) {
	store, err := aggregate.Open(ctx, c.store)
	if err != nil {
		return reached{}, err
	}
	return reached{c.pipeline(store), false, store.Close}, nil
}

// verifyOptions are those of ingest.Verify for this installation.
func (p PipelineOptions) verifyOptions() ingest.VerifyOptions {
	topics, _ := splitTopics(p.Topics)
	return ingest.VerifyOptions{
		Brokers: p.Brokers, Connection: p.Connection, Topics: topics, TopicPattern: p.TopicPattern, Group: p.Group, DeadLetterTopic: p.DeadLetters,
		Decode: p.decode(), Evidence: p.Store,
	}
}
