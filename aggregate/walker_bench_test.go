package aggregate

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"tappa/journey"
)

// benchRows is how many interactions the benchmarks work on: TAPPA_BENCH_ROWS, or 200,000.
func benchRows(b *testing.B) int {
	text := os.Getenv("TAPPA_BENCH_ROWS")
	if text == "" {
		return 200_000
	}
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}

// fillHistory stores n interactions of n/20 people, every other of whom is known by a phone as well, made by the engine.
func fillHistory(b *testing.B, s *Store, n int) *journey.Journey {
	b.Helper()
	j := testJourneys(b, "bench")[0]
	const query = `
		WITH cityHash64(number) AS h,
			number %% {people:UInt64} AS p, 'email:' || lower(hex(cityHash64(p))) || '@example.com' AS email, '+39' || leftPad(toString(p), 9, '0') AS phone
		SELECT if(p %% 2 = 0 AND h %% 4 = 0, 'phone:' || phone, email) AS key,
			toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + INTERVAL intDiv(number, {people:UInt64}) * 40000 + h %% 30000 SECOND,
			['site', 'desk'][h %% 2 + 1], hex(sipHash128(number)), '2026-09-01 00:00:00',
			['form', 'email', 'call', 'ticket', 'email'][h %% 5 + 1], ['form.submitted', 'email.received', 'call.held', 'ticket.opened', 'email.sent'][h %% 5 + 1] AS kind,
			kind, if(h %% 5 = 4, 'outbound', 'inbound'), if(h %% 3 = 0, '', 'ticket:desk/' || toString(p) || '-' || toString(h %% 2)),
			if(p %% 2 = 0 AND h %% 4 = 1, [email, 'phone:' || phone], [key]), true, h %% 5 = 2,
			'by-person', 'v', 'r' || toString(h %% 40), 'tp' || toString(h %% 30), ['web', 'phone', 'email'][h %% 3 + 1], 'sales',
			[['one', 'two', 'three'][h %% 3 + 1]], h %% 2, ['positive', 'negative', 'neutral'][h %% 3 + 1], (h %% 100) / 100,
			'bench', h %% 6, number
		FROM numbers({from:UInt64}, {count:UInt64})`
	const columns = `contact_key, occurred_at, origin, id, arrived_at, source, type, activity, direction, thread, contact_keys, public, held,
		journey, version, rule, touchpoint, channel, department, stages, mood_eligible, mood_label, mood_score, topic, partition, offset`
	const step = 500_000
	for from := 0; from < n; from += step {
		text := strings.NewReplacer("{people:UInt64}", fmt.Sprint(max(1, n/20)),
			"{from:UInt64}", fmt.Sprint(from), "{count:UInt64}", fmt.Sprint(min(step, n-from)), "%%", "%").Replace(query)
		arrive(b, s, columns, text)
	}
	return j
}

// arrivingColumns are the columns of what arrives after a history.
const arrivingColumns = `contact_key, occurred_at, origin, id, arrived_at, source, type, direction, contact_keys, public,
	journey, version, rule, touchpoint, stages, topic, partition, offset`

// arrive stores what a query gives, some columns of interactions and contact_keys, as arrivals and as interactions.
func arrive(b *testing.B, s *Store, columns, query string) {
	b.Helper()
	for _, statement := range []string{
		"CREATE TABLE arriving ENGINE = Memory AS SELECT *, CAST([], 'Array(String)') AS contact_keys FROM interactions WHERE false",
		fmt.Sprintf("INSERT INTO arriving (%s) %s", columns, query),
		`INSERT INTO arrivals (topic, partition, offset, arrived_at, contact_keys, thread, occurred_at, origin, id, type)
			SELECT topic, partition, offset, arrived_at, contact_keys, thread, occurred_at, origin, id, type FROM arriving`,
	} {
		must(b, s.conn.Exec(settled(b.Context()), statement))
	}
	for _, statement := range append(Restated("arriving"), "DROP TABLE arriving SYNC") {
		must(b, s.conn.Exec(b.Context(), statement))
	}
}

// BenchmarkRebuild walks a history from nothing, through the engine. The memory reported is Go's, its peak; the engine
// runs in this process and has its own.
func BenchmarkRebuild(b *testing.B) {
	s := openStore(b)
	n := benchRows(b)
	j := fillHistory(b, s, n)
	for b.Loop() {
		b.StopTimer()
		for _, table := range []string{"people", "links", "account_links", "findings", "walked"} {
			must(b, s.conn.Exec(b.Context(), "TRUNCATE TABLE "+table))
		}
		w := newWalker(b, s, []*journey.Journey{j}, WalkerOptions{})
		b.StartTimer()
		p, err := w.CatchUp(b.Context())
		must(b, err)
		if p.Interactions < n*99/100 {
			b.Fatalf("walked %d of %d interactions", p.Interactions, n)
		}
	}
	report(b, n)
}

// BenchmarkArrivals walks ten thousand arrivals of ten thousand people over a history.
func BenchmarkArrivals(b *testing.B) {
	const arriving = 10_000
	s := openStore(b)
	n := benchRows(b)
	j := fillHistory(b, s, n)
	w := newWalker(b, s, []*journey.Journey{j}, WalkerOptions{})
	_, err := w.CatchUp(b.Context())
	must(b, err)
	offset := 0
	for b.Loop() {
		b.StopTimer()
		arrive(b, s, arrivingColumns, fmt.Sprintf(`
			SELECT contact_key, toDateTime64('2026-08-01 00:00:00', 3, 'UTC'), 'site', 'new-%d-' || toString(rowNumberInAllBlocks()), '2026-09-01 00:00:00',
				'form', 'form.submitted', 'inbound', [contact_key], true, 'by-person', 'v', 'r', 'tp', ['one'], 'arrivals', 0, %d + rowNumberInAllBlocks()
			FROM (SELECT DISTINCT contact_key FROM records ORDER BY cityHash64(contact_key), contact_key LIMIT %d)`, offset, offset, arriving))
		offset += arriving
		b.StartTimer()
		p, err := w.CatchUp(b.Context())
		must(b, err)
		if p.Touched == 0 {
			b.Fatalf("nobody was touched: %+v", p)
		}
	}
	report(b, arriving)
}

func report(b *testing.B, rows int) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(m.HeapSys-m.HeapReleased)/(1<<20), "go-MB")
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(status)) {
			if kb, found := strings.CutPrefix(line, "VmHWM:"); found {
				n, _ := strconv.Atoi(strings.Fields(kb)[0])
				b.ReportMetric(float64(n)/1024, "peak-MB")
			}
		}
	}
}
