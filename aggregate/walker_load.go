package aggregate

import (
	"context"
	"fmt"
	"slices"
)

// load brings into memory who is who, and how far every journey was walked. It does so once, and again after a failure.
func (w *Walker) load(ctx context.Context) error {
	if w.loaded {
		return nil
	}
	w.store.letMerge(ctx)
	if err := w.loadNumber(ctx); err != nil {
		return fmt.Errorf("load the last walk: %w", err)
	}
	if err := w.loadWalked(ctx); err != nil {
		return fmt.Errorf("load what was walked: %w", err)
	}
	if err := w.loadPeople(ctx); err != nil {
		return fmt.Errorf("load people: %w", err)
	}
	w.loaded, w.fresh = true, false
	return nil
}

// loadNumber finds the highest number that any walk, finished or not, wrote rows under.
func (w *Walker) loadNumber(ctx context.Context) error {
	const query = `
		SELECT greatest((SELECT max(walked) FROM walked), (SELECT max(walked) FROM people), (SELECT max(walked) FROM walks))`
	return w.store.conn.QueryRow(ctx, query).Scan(&w.number)
}

func (w *Walker) loadWalked(ctx context.Context) error {
	for _, j := range w.journeys {
		j.version, j.upTo = "", map[place]int64{}
	}
	return w.store.each(ctx, func(scan func(...any) error) error {
		var id, version string
		var p place
		var offset int64
		if err := scan(&id, &p.topic, &p.partition, &version, &offset); err != nil {
			return err
		}
		i := slices.IndexFunc(w.journeys, func(j *walked) bool { return string(j.journey.ID) == id })
		if i >= 0 && version == w.journeys[i].journey.Version { // what was walked under another definition was not walked
			w.journeys[i].version = version
			w.journeys[i].upTo[p] = offset
		}
		return nil
	}, "SELECT journey, topic, partition, version, offset FROM walked FINAL")
}
