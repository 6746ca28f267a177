package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/internal/chdb"
	"tappa/journey"
)

// open starts the engine and fills it, unless its directory holds the history already.
func (b *bench) open(ctx context.Context) (closeAll func() error, err error) {
	if b.engine, err = chdb.Open(chdb.Options{Path: b.data}); err != nil {
		return nil, err
	}
	closeAll = b.engine.Close
	if err := b.engine.Listen("127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	if b.store, err = aggregate.Open(ctx, aggregate.Options{Addr: b.engine.Addr(), Protocol: "http", Database: "tappa"}); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	closeAll = func() error { return errors.Join(b.store.Close(), b.engine.Close()) }
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	return closeAll, nil
}

func (b *bench) prepare(ctx context.Context) error {
	if err := b.store.Migrate(ctx); err != nil {
		return err
	}
	var err error
	if b.journey, err = journey.Parse("bench.yaml", []byte(definition(b.stages))); err != nil {
		return err
	}
	if err := b.store.PutJourney(ctx, b.journey); err != nil {
		return err
	}
	return b.fill(ctx)
}

// definition is a journey of some stages, a department with office hours and a promise, and a silence of a month.
func definition(stages int) string {
	var s strings.Builder
	s.WriteString("journey: bench\nlabels: {it: Prova, en: Bench}\ntime_zone: Europe/Rome\ncase: {per: person, attempts: many}\nstages:\n")
	for i := range stages {
		fmt.Fprintf(&s, "  - {id: s%02d, labels: {it: Fase, en: Stage}, silence: 30d%s}\n", i, map[bool]string{true: ", terminal: true"}[i == stages-1])
	}
	s.WriteString(`departments:
  - id: sales
    labels: {it: Commerciale, en: Sales}
    calendars: [{hours: {mon-fri: ["09:00-13:00", "14:00-18:00"]}}]
    service_levels: [{reply: 8h, clock: business}]
touchpoints:
  - {id: any, labels: {it: Tutto, en: Any}, channels: [web], department: sales}
`)
	return s.String()
}

// ask runs a statement on the engine, as curl would.
func (b *bench) ask(ctx context.Context, sql string) (string, error) {
	target := url.URL{Scheme: "http", Host: b.engine.Addr(), RawQuery: "database=tappa&wait_end_of_query=1"}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(text)))
	}
	return strings.TrimSpace(string(text)), err
}

// fill makes the history, in order of people, unless it is there. A person goes through the stages in the order of
// their interactions; a seventh of them stop early, a third are known by two keys, one in fifty comes back after months.
func (b *bench) fill(ctx context.Context) error {
	want := b.people * b.each
	got, err := b.ask(ctx, "SELECT count() FROM records WHERE topic = 'history'")
	if err != nil {
		return err
	}
	if got == fmt.Sprint(want) {
		return nil
	}
	const step = 1_000_000
	there, err := strconv.Atoi(got)
	if err != nil || there > want || there%step != 0 {
		return fmt.Errorf("%s holds %s interactions, not %d: name another --data, or remove it", b.data, got, want)
	}
	begun := time.Now()
	for from := there; from < want; from += step {
		text := strings.NewReplacer("{each}", fmt.Sprint(b.each), "{stages}", fmt.Sprint(b.stages),
			"{from}", fmt.Sprint(from), "{count}", fmt.Sprint(min(step, want-from))).Replace(history)
		if err := b.arrive(ctx, text); err != nil {
			return err
		}
	}
	fmt.Printf("history: %d interactions of %d people made in %.1f s\n", want, b.people, time.Since(begun).Seconds())
	return nil
}

// arrive stores what a query gives, some columns of interactions and contact_keys, as arrivals and as interactions.
func (b *bench) arrive(ctx context.Context, query string) error {
	for _, statement := range []string{
		"DROP TABLE IF EXISTS arriving SYNC",
		"CREATE TABLE arriving ENGINE = Memory AS SELECT *, CAST([], 'Array(String)') AS contact_keys FROM interactions WHERE false",
		query,
		`INSERT INTO arrivals (topic, partition, offset, arrived_at, contact_keys, thread, occurred_at, origin, id, type)
			SELECT topic, partition, offset, arrived_at, contact_keys, thread, occurred_at, origin, id, type FROM arriving
			SETTINGS async_insert = 0, max_insert_threads = 1`,
	} {
		if _, err := b.ask(ctx, statement); err != nil {
			return err
		}
	}
	for _, statement := range append(aggregate.Restated("arriving"), "DROP TABLE arriving SYNC") {
		if _, err := b.ask(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

const history = `
INSERT INTO arriving (contact_key, occurred_at, origin, id, arrived_at, source, type, activity, direction, thread,
	contact_keys, public, held, value, journey, version, rule, touchpoint, channel, department, persona, stages, mood_eligible, mood_label,
	mood_score, mood_emotion, mood_lang, topic, partition, offset)
WITH
	cityHash64(number) AS h, intDiv(number, {each}) AS p, number % {each} AS i, cityHash64(p, 'person') AS hp,
	if(hp % 7 = 0, least(i, {each} / 2), i) AS done,
	'email:' || leftPad(toString(p), 7, '0') || '@' || ['example.com', 'example.org', 'example.net'][hp % 3 + 1] AS email,
	'phone:+39' || leftPad(toString(p), 9, '0') AS phone,
	h % 20 AS k,
	multiIf(k < 8, ('web', 'web.visited', 'inbound'), k < 11, ('email', 'email.received', 'inbound'), k < 14, ('email', 'email.sent', 'outbound'),
		k < 16, ('call', 'call.held', 'inbound'), k < 17, ('call', 'call.missed', 'inbound'), k < 18, ('form', 'form.submitted', 'inbound'),
		k < 19, ('ticket', 'ticket.opened', 'inbound'), ('ticket', 'ticket.commented', 'outbound')) AS what,
	intDiv(done * {stages}, {each}) AS stage,
	k >= 8 AND k < 11 OR k >= 17 AND k < 19 AS wrote
SELECT
	if(hp % 3 = 0 AND h % 4 = 0, phone, email) AS key,
	toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + toIntervalSecond(hp % 15000000 + i * 216000 + h % 200000 + if(hp % 50 = 0 AND i > 15, 5000000, 0)),
	if(k < 8, 'site', 'desk'), lower(hex(sipHash128(number))), toDateTime64('2026-09-01 00:00:00', 3, 'UTC'),
	what.1, what.2, what.2 || toString(h % 3), what.3, if(what.1 IN ('ticket', 'email'), 'ticket:desk/' || toString(p) || '-' || toString(intDiv(i, 4)), ''),
	if(hp % 3 = 0 AND h % 4 = 1, [email, phone], [key]), true, what.2 = 'call.held', if(hp % 4 = 0, toFloat64(hp % 10000), 0),
	'bench', 'v', 'r' || toString(k), 'tp' || leftPad(toString(k), 2, '0'), what.1,
	'sales', if(k = 17, ['buyer', 'owner', 'user'][hp % 3 + 1], ''), ['s' || leftPad(toString(stage), 2, '0')],
	wrote, if(wrote, ['positive', 'negative', 'neutral', 'neutral'][h % 4 + 1], ''), if(wrote, (h % 200) / 100 - 1, 0),
	if(wrote, ['joy', 'frustration', 'none', 'none'][h % 4 + 1], ''), if(wrote, 'it', ''), 'history', h % 6, number
FROM numbers({from}, {count})
SETTINGS async_insert = 0, max_insert_threads = 1`
