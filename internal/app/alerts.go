package app

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
	"tappa/alert"
	"tappa/journey"
)

// loadAlerts reads an alerts file; "" is none.
func loadAlerts(file string) (*alert.Definitions, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no file, no alerts
	}
	return alert.Load(file)
}

// watch gives a watcher of alerts over a store that may write; nil, where there are none. What an alert is asked for and the
// journeys do not have is logged: a later journey file may have it.
func watch(defs *alert.Definitions, journeys []*journey.Journey, store *aggregate.Store, logger *slog.Logger, reg prometheus.Registerer) (*alert.Watcher, error) {
	if defs == nil {
		return nil, nil //nolint:nilnil // no alerts, no watcher
	}
	defs.Journeys = journeys
	for _, p := range defs.CheckNames("alerts", journeys) {
		logger.Warn("an alert is asked for what is not there", "line", p.Line, "problem", p.Message)
	}
	return alert.NewWatcher(store, defs, processName(), logger, reg)
}

// troubled are parts that can say what goes wrong without keeping the process from its work.
type troubled interface{ Troubles() []string }

// troublesOf joins what several parts say; a watcher that is nil says nothing.
func troublesOf(parts ...troubled) func() []string {
	return func() []string {
		var out []string
		for _, part := range parts {
			if w, ok := part.(*alert.Watcher); !ok || w != nil {
				out = append(out, part.Troubles()...)
			}
		}
		return out
	}
}
