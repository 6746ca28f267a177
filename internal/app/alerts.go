package app

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
	"tappa/alert"
)

// watch loads an alerts file, and gives a watcher of its alerts over a store that may write; "" is nobody.
func watch(file string, store *aggregate.Store, logger *slog.Logger, reg prometheus.Registerer) (*alert.Watcher, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // no file, no watcher
	}
	defs, err := alert.Load(file)
	if err != nil {
		return nil, err
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
