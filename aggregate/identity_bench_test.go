package aggregate

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"tappa/journey"
)

// BenchmarkWhoIsWho starts a walker on a database of TAPPA_BENCH_KEYS contact keys (default 200,000) of a fifth as many people,
// which is what a restart costs, and lets ten thousand interactions of known people arrive.
func BenchmarkWhoIsWho(b *testing.B) {
	keys := 200_000
	if text := os.Getenv("TAPPA_BENCH_KEYS"); text != "" {
		var err error
		keys, err = strconv.Atoi(text)
		must(b, err)
	}
	s := openStore(b)
	j := testJourneys(b, "bench")[0]
	j.Identity = journey.Identity{}
	fillPeople(b, s, keys/5, j.Version)
	offset := 0
	for b.Loop() {
		w := newWalker(b, s, []*journey.Journey{j}, WalkerOptions{})
		begun, cpu := time.Now(), cpuSeconds()
		must(b, w.load(b.Context()))
		b.ReportMetric(time.Since(begun).Seconds(), "s-to-load")
		b.ReportMetric(cpuSeconds()-cpu, "cpu-s-to-load")
		if n := w.people.Len(); n < keys*99/100 {
			b.Fatalf("%d keys are known of %d", n, keys)
		}
		const arriving = 10_000
		arrive(b, s, arrivingColumns, fmt.Sprintf(`
			SELECT 'email:anna.' || toString(number * %d) || '@example.com' AS key, toDateTime64('2026-08-01 00:00:00', 3, 'UTC'), 'site', 'new-' || toString(number), '2026-09-01 00:00:00',
				'form', 'form.submitted', 'inbound', [key, 'cookie:new-' || toString(number)], true, 'by-person', 'v', 'r', 'tp', ['one'], 'arrivals', 0, %d + number
			FROM numbers(%d)`, max(1, keys/5/arriving), offset, arriving))
		offset += arriving
		begun, cpu = time.Now(), cpuSeconds()
		_, err := w.CatchUp(b.Context())
		must(b, err)
		b.ReportMetric(time.Since(begun).Seconds(), "s-to-walk-10000")
		b.ReportMetric(cpuSeconds()-cpu, "cpu-s-to-walk-10000")
		runtime.KeepAlive(w)
	}
	report(b, keys)
}

// cpuSeconds is the processor time that this process, the engine in it included, has used; 0 where the system does not tell.
func cpuSeconds() float64 {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // clock ticks
}

// fillPeople stores people of five keys each and the links between them, as a walk would have, made by the engine.
func fillPeople(b *testing.B, s *Store, persons int, version string) {
	b.Helper()
	const names = `
		WITH number AS p, 'crm:suite/' || leftPad(hex(p), 8, '0') || '-e5f6-4a1b' AS crm, 'email:anna.' || toString(p) || '@example.com' AS mail,
			'phone:+393' || leftPad(toString(p), 9, '0') AS phone, 'cookie:' || lower(hex(cityHash64(p))) AS cookie`
	must(b, s.conn.Exec(b.Context(), fmt.Sprintf(`INSERT INTO people (contact_key, person, account, company, shared, walked)
		%s SELECT arrayJoin([crm, mail, phone, cookie || '-0', cookie || '-1']), crm, '', '', '', 1 FROM numbers(%d)`, names, persons)))
	must(b, s.conn.Exec(b.Context(), fmt.Sprintf(`INSERT INTO links (key_a, key_b, reason, shown, last_at)
		%s SELECT pair.1, pair.2, 'form.submitted', (toDateTime64('2026-01-01 00:00:00', 3, 'UTC'), 'site', toString(number)), toDateTime64('2026-01-01 00:00:00', 3, 'UTC')
		FROM (SELECT number, arrayJoin([(crm, mail), (crm, phone), (mail, phone), (cookie || '-0', mail), (cookie || '-1', mail)]) AS pair FROM numbers(%d))`, names, persons)))
	for _, table := range []string{"people", "links"} {
		must(b, s.conn.Exec(b.Context(), "OPTIMIZE TABLE "+table+" FINAL"))
	}
	must(b, s.conn.Exec(b.Context(), "INSERT INTO walked (journey, topic, partition, version, offset, walked) VALUES ('by-person', 'none', 0, ?, 0, 1)", version))
}
