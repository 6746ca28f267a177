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
	if err := w.loadNumber(ctx); err != nil {
		return fmt.Errorf("load the last walk: %w", err)
	}
	if err := w.loadWalked(ctx); err != nil {
		return fmt.Errorf("load what was walked: %w", err)
	}
	byAccount := slices.ContainsFunc(w.journeys, func(j *walked) bool { return j.journey.Case.Per == perAccount })
	w.people = newPeople(byAccount)
	for _, worker := range w.workers {
		worker.people = w.people
	}
	if err := w.loadPeople(ctx); err != nil {
		return fmt.Errorf("load people: %w", err)
	}
	w.loaded = true
	return nil
}

// loadNumber finds the highest number that any walk, finished or not, wrote rows under.
func (w *Walker) loadNumber(ctx context.Context) error {
	const query = `
		SELECT greatest((SELECT max(walked) FROM walked), (SELECT max(walked) FROM people), (SELECT max(walked) FROM cases),
			(SELECT max(walked) FROM visits), (SELECT max(walked) FROM waits), (SELECT max(walked) FROM steps))`
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

// loadPeople takes persons from table people. What accounts have in common is more than that table tells, so where it
// matters it is taken from the interactions.
func (w *Walker) loadPeople(ctx context.Context) error {
	err := w.store.each(ctx, func(scan func(...any) error) error {
		var key, person, account string
		if err := scan(&key, &person, &account); err != nil {
			return err
		}
		id := w.people.learn(account, key, person)
		held := storedPerson{person: w.people.id(person), account: nobody}
		if account != "" {
			held.account = w.people.names.id(account)
		}
		w.people.stored[id] = held
		return nil
	}, "SELECT contact_key, person, account FROM people FINAL")
	if err != nil || !w.people.byAccount {
		return err
	}
	return w.learnFrom(ctx, "SELECT DISTINCT contact_key, emptyArrayString(), account FROM interactions WHERE account != ''")
}

// learnFrom takes in what a query tells of contact keys: the key of a row, those seen with it, an account.
func (w *Walker) learnFrom(ctx context.Context, query string, args ...any) error {
	return w.store.each(ctx, func(scan func(...any) error) error {
		var key, account string
		var keys []string
		if err := scan(&key, &keys, &account); err != nil {
			return err
		}
		if key != "" {
			w.people.learn(account, append([]string{key}, keys...)...)
		}
		return nil
	}, query, args...)
}

// writePeople stores the person of every key whose stored one is out of date.
func (w *Walker) writePeople(ctx context.Context, keys []int32) error {
	var rows []personRow
	for _, id := range keys {
		p := w.people
		root := p.persons.root(id)
		now := storedPerson{person: p.persons.least[root], account: p.account[root]}
		if p.stored[id] != now {
			rows = append(rows, personRow{people: p, id: id, walked: w.number})
		}
	}
	if err := insert(ctx, w.store, "people", personColumns, rows, ""); err != nil {
		return err
	}
	for _, r := range rows {
		root := w.people.persons.root(r.id)
		w.people.stored[r.id] = storedPerson{person: w.people.persons.least[root], account: w.people.account[root]}
	}
	return nil
}

type personRow struct {
	people *people
	id     int32
	walked uint64
}

var personColumns = []column[personRow]{
	fill("contact_key", typeString, func(r *personRow) string { return r.people.persons.keys[r.id] }),
	fill("person", typeString, func(r *personRow) string { return r.people.person(r.id) }),
	fill("account", typeString, func(r *personRow) string { return r.people.accountOf(r.id) }),
	fill("walked", "UInt64", func(r *personRow) uint64 { return r.walked }),
}
