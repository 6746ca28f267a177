package aggregate

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tappa/aggregate/people"
	"tappa/journey"
)

// identityRules are what journeys say of shared keys, put together: of limits the lowest, of lists all.
func identityRules(journeys []*journey.Journey) people.Rules {
	rules := people.Rules{Desk: journey.DeskMailbox, DeskVersion: journey.DeskVersion, Limits: map[string]int{}}
	for _, j := range journeys {
		for kind, limit := range j.Identity.Limits {
			if before, set := rules.Limits[kind]; !set || limit < before {
				rules.Limits[kind] = limit
			}
		}
		rules.Shared = append(rules.Shared, j.Identity.Shared...)
		rules.Personal = append(rules.Personal, j.Identity.Personal...)
	}
	return rules
}

// The pairs of keys, and of key and account, that arrivals show. A condition on arrivals stands between the halves. Pairs
// that come again collapse in the table: grouping them here would hold all of them in memory when everything is read.
const (
	linksFrom = `
		INSERT INTO links (key_a, key_b, reason, shown, last_at)
		SELECT key_a, key_b, type, (occurred_at, toString(origin), id), occurred_at
		FROM (
			SELECT keys, key_a, type, occurred_at, origin, id
			FROM (SELECT arrayDistinct(arraySlice(contact_keys, 1, 32)) AS keys, type, occurred_at, origin, id`
	linksTo = ` AND length(contact_keys) > 1) ARRAY JOIN keys AS key_a
		) ARRAY JOIN keys AS key_b
		WHERE key_a < key_b`
	accountLinksFrom = `
		INSERT INTO account_links (contact_key, account, reason, shown, last_at)
		SELECT key, account, type, (occurred_at, toString(origin), id), occurred_at
		FROM (SELECT arraySlice(contact_keys, 1, 32) AS keys, account, type, occurred_at, origin, id`
	accountLinksTo = ` AND account != '') ARRAY JOIN keys AS key`
)

// writeLinks stores which keys, and which accounts, were seen together in some arrivals: those of a FROM clause with a
// condition.
func (s *Store) writeLinks(ctx context.Context, from string, args ...any) error {
	both, ctx := errgroup.WithContext(settled(ctx))
	for what, query := range map[string]string{
		"links":             linksFrom + from + linksTo,
		"links to accounts": accountLinksFrom + from + accountLinksTo,
	} {
		both.Go(func() error {
			if err := s.conn.Exec(ctx, query, args...); err != nil {
				return fmt.Errorf("write %s: %w", what, err)
			}
			return nil
		})
	}
	return both.Wait()
}

// loadPeople learns who is who from the links stored, and what people state.
func (w *Walker) loadPeople(ctx context.Context) error {
	byAccount := slices.ContainsFunc(w.journeys, func(j *walked) bool { return j.journey.Case.Per == perAccount })
	w.people = people.New(w.rules, byAccount)
	for _, worker := range w.workers {
		worker.people = w.people
	}
	if err := w.loadWritten(ctx); err != nil {
		return err
	}
	if err := w.learnLinks(ctx); err != nil {
		return err
	}
	w.people.Settle()
	return nil
}

// loadWritten takes in which keys there are and what this part walked them as: what it stored of them.
func (w *Walker) loadWritten(ctx context.Context) error {
	node := func(name string) people.ID {
		if name == "" {
			return people.None
		}
		return w.people.AddAccount(name)
	}
	return w.store.each(ctx, func(scan func(...any) error) error {
		var key, person, account, company, shared string
		if err := scan(&key, &person, &account, &company, &shared); err != nil {
			return err
		}
		row := people.Row{Person: w.people.Add(person), Account: node(account), Company: people.None, Shared: people.ParseReason(shared)}
		switch {
		case isAccount(company):
			row.Company = node(company)
		case company != "":
			row.Company = w.people.Add(company)
		}
		w.people.Write(w.people.Add(key), row)
		return nil
	}, w.writtenQuery())
}

// writtenQuery asks table people for the part's own keys, and people_walked for the others.
func (w *Walker) writtenQuery() string {
	const columns = "SELECT contact_key, person, account, company, shared FROM "
	own := columns + "people FINAL WHERE " + w.opts.Part.owned("contact_key")
	if w.opts.Part.whole() {
		return own
	}
	return fmt.Sprintf("%s UNION ALL %s people_walked FINAL WHERE division = %d AND part = %d", own, columns,
		w.division.revision, w.opts.Part.number())
}

// learnLinks takes in all links stored and what people state. A pair may come several times; to have it once, the engine would
// hold all of them.
func (w *Walker) learnLinks(ctx context.Context) error {
	var a, b string
	err := w.store.each(ctx, func(scan func(...any) error) error {
		err := scan(&a, &b)
		w.people.See("", a, b)
		return err
	}, "SELECT key_a, key_b FROM links")
	if err != nil {
		return fmt.Errorf("read links: %w", err)
	}
	err = w.store.each(ctx, func(scan func(...any) error) error {
		err := scan(&a, &b)
		w.people.See(b, a)
		return err
	}, "SELECT contact_key, account FROM account_links")
	if err != nil {
		return fmt.Errorf("read links to accounts: %w", err)
	}
	return w.learnStatements(ctx, 0)
}

// settle puts people together as all that was learnt demands, and touches whoever that changes.
func (w *Walker) settle(t touched) {
	for _, id := range w.people.Settle() {
		w.touchStale(id, t)
	}
	for id, first := range t.beside { // shared, or kept apart
		if w.people.PersonRoot(id) != w.people.PersonRoot(first) && w.people.Written(id) != w.people.Row(id) {
			t.keys[id] = struct{}{}
		}
	}
}

// touchStale touches a key's person and company, and those it was in before, if what is stored of it is out of date.
func (w *Walker) touchStale(id people.ID, t touched) {
	before, now := w.people.Written(id), w.people.Row(id)
	if before.Company == people.None || now.Company == people.None { // companies were not kept, or are not
		now.Company = before.Company
	}
	if before == now || before.Person == people.None { // whoever was never stored is yet to be met
		return
	}
	t.keys[id] = struct{}{}
	t.keys[before.Person] = struct{}{}
	if before.Company != people.None {
		t.nodes[before.Company] = struct{}{}
	}
}

// stale touches whoever is not stored as known.
func (w *Walker) stale() touched {
	t := newTouched()
	for id := range people.ID(w.people.Len()) {
		if w.people.IsKey(id) {
			w.touchStale(id, t)
		}
	}
	return t
}

// walkStale walks whoever is not stored as known: a walk was killed between storing links and walking those they concern, some
// of whom no arrival names.
func (w *Walker) walkStale(ctx context.Context) error {
	if w.fresh {
		return nil
	}
	if t := w.stale(); len(t.keys) > 0 {
		w.number++
		w.progress.Walks++
		w.progress.Touched += len(t.keys)
		if err := w.walkTouched(ctx, t, w.journeys, alreadyLinked); err != nil {
			return fmt.Errorf("walk whoever was left over: %w", err)
		}
		if err := w.advance(ctx, nil, nil); err != nil {
			return err
		}
	}
	w.fresh = true
	return nil
}

// writePeople stores what is known of every key of which something else is stored: of keys that another part owns for this part alone.
func (w *Walker) writePeople(ctx context.Context, keys []people.ID) error {
	var own, others []personRow
	for _, id := range keys {
		row := w.people.Row(id)
		if !w.people.IsKey(id) || w.people.Written(id) == row {
			continue
		}
		if w.opts.Part.owns(w.people.Key(id)) {
			own = append(own, personRow{row, w, id})
		} else {
			others = append(others, personRow{row, w, id})
		}
	}
	if err := insertBlock(ctx, w.store, "people", personColumns, own, ""); err != nil {
		return err
	}
	if err := insertBlock(ctx, w.store, "people_walked", walkedPersonColumns, others, ""); err != nil {
		return err
	}
	for _, rows := range [][]personRow{own, others} {
		for _, r := range rows {
			w.people.Write(r.id, r.Row)
		}
	}
	return nil
}

type personRow struct {
	people.Row
	walker *Walker
	id     people.ID
}

func (r *personRow) name(id people.ID) string { return r.walker.people.Name(id) }

var personColumns = []column[personRow]{
	fill("contact_key", typeString, func(r *personRow) string { return r.walker.people.Key(r.id) }),
	fill("person", typeString, func(r *personRow) string { return r.name(r.Person) }),
	fill("account", typeString, func(r *personRow) string { return r.name(r.Account) }),
	fill("company", typeString, func(r *personRow) string { return r.name(r.Company) }),
	fill("shared", typeWord, func(r *personRow) string { return r.Shared.String() }),
	fill("walked", "UInt64", func(r *personRow) uint64 { return r.walker.number }),
}

var walkedPersonColumns = append([]column[personRow]{
	fill("division", "UInt64", func(r *personRow) uint64 { return r.walker.division.revision }),
	fill("part", "UInt32", func(r *personRow) uint32 { return uint32(r.walker.opts.Part.number()) }), //nolint:gosec // at most MostParts
}, personColumns...)
