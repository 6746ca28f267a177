// Package arrows holds the rule of which package may import which. The data's way through tappa is its layout, and a
// test keeps it so: an import against the arrows fails with the rule it breaks.
package arrows

// Allowed lists, for each part of the tree, the parts of tappa it may import. A part is a package path without the
// module's name and stands for everything below it that has no entry of its own. Every part may import itself.
var Allowed = map[string][]string{
	"cmd/tappa":            {"internal/app", "ingest", "aggregate", "alert", "dashboards", "journey", "sentiment"},
	"internal/app":         {"ingest", "aggregate", "alert", "dashboards", "journey", "sentiment", "internal/broker", "internal/chdb", "internal/synth", "internal/discover"},
	"dashboards":           {"aggregate", "alert", "journey", "dashboards/draw"},
	"dashboards/draw":      {},
	"alert":                {"aggregate", "journey"},
	"aggregate":            {"journey"},
	"ingest":               {"journey", "sentiment"},
	"journey":              {},
	"sentiment":            {},
	"internal/broker":      {},
	"internal/chdb":        {},
	"internal/synth":       {"ingest", "journey"},
	"internal/moodeval":    {"sentiment"},
	"internal/walktime":    {"aggregate", "journey", "internal/chdb"},
	"internal/discover":    {"aggregate", "journey"},
	"internal/ingestbench": {"internal/app", "internal/chdb", "internal/synth", "aggregate", "ingest", "journey"},
	"internal/arrows":      {},
	"internal/chaos":       {},
	"internal/testenv":     {"internal/broker", "internal/chdb", "internal/app"},
}

// Importers names third-party modules that only these parts may import, beside their tests.
var Importers = map[string][]string{
	"github.com/twmb/franz-go":            {"internal/broker"},
	"github.com/ebitengine/purego":        {"internal/chdb"},
	"github.com/segmentio/kafka-go":       {"ingest", "internal/testenv"},
	"github.com/ClickHouse/clickhouse-go": {"aggregate"},
	"github.com/tdewolff":                 {"dashboards/draw"},
}
