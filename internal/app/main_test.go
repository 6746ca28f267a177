package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/internal/chdb"
	"tappa/internal/testenv"
	"tappa/journey"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

// machinery is the journey of the demo.
func machinery(t testing.TB) *journey.Journey {
	t.Helper()
	j, err := journey.Template("machinery")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// quiet passes on what goes wrong to the test's own log.
func quiet(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
}

// needEngine skips the test where the engine's library is missing, unless all parts must be there.
func needEngine(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, chdb.ErrNoLibrary) && !testenv.RequireParts() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// parts opens the embedded parts over a fresh directory until the test ends.
func parts(t testing.TB) *Embedded {
	t.Helper()
	e, err := OpenEmbedded(t.Context(), EmbeddedOptions{Dir: t.TempDir(), Kafka: true, Logger: quiet(t)})
	needEngine(t, err)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// collect stores and walks everything that Kafka holds, and returns the collector's accounting.
func collect(t testing.TB, e *Embedded, journeys ...*journey.Journey) ingest.Count {
	t.Helper()
	if err := putJourneys(t.Context(), e.Store, journeys); err != nil {
		t.Fatal(err)
	}
	collector, err := NewCollector(PipelineOptions{Brokers: e.Brokers, Store: e.Store, Journeys: journeys, Logger: quiet(t)})
	if err != nil {
		t.Fatal(err)
	}
	walker, err := aggregate.NewWalker(e.Store, journeys, aggregate.WalkerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, fail := context.WithCancelCause(t.Context())
	defer fail(nil)
	var st stack
	st.start("collector", fail, collector.Run)
	if err := errors.Join(settle(ctx, collector, walker), causeOf(ctx), st.Close()); err != nil {
		t.Fatal(err)
	}
	return collector.Counts().Total()
}

// row is a report's row by column.
type row map[string]any

// report asks the store for a report.
func report(t testing.TB, s *aggregate.Store, name string, q aggregate.Query) []row {
	t.Helper()
	r, err := s.Report(t.Context(), name, q)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]row, len(r.Rows))
	for i, values := range r.Rows {
		rows[i] = row{}
		for k, c := range r.Columns {
			rows[i][c.Name] = values[k]
		}
	}
	return rows
}

// count reads a column of counts.
func (r row) count(column string) int { return int(r[column].(uint64)) }
