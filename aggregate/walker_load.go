package aggregate

import (
	"context"
	"fmt"
	"slices"

	"tappa/aggregate/people"
)

// load brings into memory who is who, and how far every journey was walked. It does so once, and again after a failure.
func (w *Walker) load(ctx context.Context) error {
	if w.loaded {
		return nil
	}
	w.store.letMerge(ctx)
	if err := w.takeDivision(ctx); err != nil {
		return err
	}
	if err := w.loadNumber(ctx); err != nil {
		return fmt.Errorf("load the last walk: %w", err)
	}
	if err := w.loadWalked(ctx); err != nil {
		return fmt.Errorf("load what was walked: %w", err)
	}
	if err := w.sweepFormer(ctx); err != nil {
		return err
	}
	if err := w.loadPeople(ctx); err != nil {
		return fmt.Errorf("load people: %w", err)
	}
	if err := w.loadStored(ctx); err != nil {
		return fmt.Errorf("load whom something is stored of: %w", err)
	}
	w.loaded, w.fresh = true, false
	return nil
}

// loadNumber finds the highest number that any walk, finished or not, of any part wrote rows under.
func (w *Walker) loadNumber(ctx context.Context) error {
	const query = `
		SELECT greatest((SELECT max(walked) FROM walked), (SELECT max(walked) FROM people), (SELECT max(walked) FROM people_walked),
			(SELECT max(walked) FROM findings))`
	err := w.store.conn.QueryRow(ctx, query).Scan(&w.number)
	w.number = max(w.number, w.division.first())
	return err
}

// loadStored finds under which persons' names, of those that this part owns, something is stored. A walk that was cut off may have left some
// that are nobody's any more.
func (w *Walker) loadStored(ctx context.Context) error {
	for _, j := range w.journeysPer(perPerson) {
		j.stored = nil
		if j.version == "" { // it will be rebuilt
			continue
		}
		err := w.store.each(ctx, func(scan func(...any) error) error {
			var subject string
			err := scan(&subject)
			id := w.people.Add(subject)
			j.remember(w.people)
			j.stored[id] = true
			return err
		}, "SELECT subject FROM findings FINAL WHERE journey = ? AND "+w.opts.Part.owned("subject"), string(j.journey.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

// remember makes room in stored for all keys.
func (j *walked) remember(keys *people.Graph) {
	if n := keys.Len() - len(j.stored); n > 0 {
		j.stored = append(j.stored, make([]bool, n)...)
	}
}

// layout is that of table findings: what was walked into another one was not walked.
const layout = "2 "

// ruled says under which rules, and into which layout, this walker walks.
func (w *Walker) ruled() string { return layout + w.rules.Fingerprint() }

// loadWalked finds how far this part walked each journey. What it walked under another definition, other rules of identity or another
// division was not walked; nor was a journey that the last walk left out, since that one may have put its people together anew.
func (w *Walker) loadWalked(ctx context.Context) error {
	for _, j := range w.journeys {
		j.forget()
	}
	rules, last, numbers := w.ruled(), uint64(0), map[*walked]uint64{} // of walks that journeys took part in
	err := w.store.each(ctx, func(scan func(...any) error) error {
		var id, version, under string
		var p place
		var offset int64
		var number uint64
		if err := scan(&id, &p.topic, &p.partition, &version, &under, &offset, &number); err != nil {
			return err
		}
		last = max(last, number)
		i := slices.IndexFunc(w.journeys, func(j *walked) bool { return string(j.journey.ID) == id })
		if i >= 0 && version == w.journeys[i].journey.Version && under == rules {
			j := w.journeys[i]
			j.version, j.upTo[p], numbers[j] = version, offset, max(numbers[j], number)
		}
		return nil
	}, "SELECT journey, topic, partition, version, rules, offset, walked FROM walked FINAL WHERE division = ? AND part = ?",
		w.division.revision, uint32(w.opts.Part.number())) //nolint:gosec // at most MostParts
	for _, j := range w.journeys {
		if numbers[j] < last {
			j.forget()
		}
	}
	return err
}

// forget has the journey walked anew.
func (j *walked) forget() { j.version, j.upTo = "", map[place]int64{} }

// reached is how far the journey was walked, as slices that end there.
func (j *walked) reached() []arrivals {
	out := make([]arrivals, 0, len(j.upTo))
	for p, to := range j.upTo {
		out = append(out, arrivals{place: p, to: to})
	}
	return out
}
