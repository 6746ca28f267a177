package people

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// benchKeys is how many keys the benchmark works on: TAPPA_BENCH_KEYS, or 500,000.
func benchKeys(b *testing.B) int {
	text := os.Getenv("TAPPA_BENCH_KEYS")
	if text == "" {
		return 500_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// tell lets g see a person of five keys in four interactions: CRM id, address, number and two browsers. One in fifty calls from a
// switchboard of forty.
func tell(g *Graph, p int, keys *[3]string) {
	crm, mail, phone := fmt.Sprintf("crm:suite/%08x-e5f6-4a1b", p), fmt.Sprintf("email:anna.%d@example.com", p), fmt.Sprintf("phone:+393%09d", p)
	keys[0], keys[1], keys[2] = crm, mail, phone
	g.See("", keys[:]...)
	for c := range 2 {
		keys[0], keys[1] = mail, fmt.Sprintf("cookie:%016x-%d", p*7919, c)
		g.See("", keys[:2]...)
	}
	keys[0], keys[1] = crm, mail
	if p%50 == 0 {
		keys[1] = fmt.Sprintf("phone:+3902%08d", p/2000)
	}
	g.See("", keys[:2]...)
}

// BenchmarkIdentity learns who is who from nothing, settles it, and then takes in ten thousand interactions of people who are
// known. The memory reported is what the graph holds (held-MB), and the process's peak.
func BenchmarkIdentity(b *testing.B) {
	persons := benchKeys(b) / 5
	for b.Loop() {
		g := New(Rules{}, false)
		var keys [3]string
		begun := time.Now()
		for p := range persons {
			tell(g, p, &keys)
		}
		g.Settle()
		learnt := time.Since(begun)
		if n := g.Len(); n < 5*persons {
			b.Fatalf("%d keys of %d people", n, persons)
		}
		begun = time.Now()
		const touched = 10_000
		for i := range touched {
			tell(g, i*(persons/touched+1)%persons, &keys)
			g.Settle()
		}
		b.ReportMetric(float64(time.Since(begun).Nanoseconds())/touched/4, "ns/known-interaction")
		b.ReportMetric(learnt.Seconds(), "s-to-learn")
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "held-MB")
		b.ReportMetric(float64(m.HeapAlloc)/float64(g.Len()), "B/key")
		b.ReportMetric(peakMB(), "peak-MB")
		runtime.KeepAlive(g)
	}
}

// peakMB is the process's largest resident memory so far; 0 where the system does not tell.
func peakMB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kb, found := strings.CutPrefix(line, "VmHWM:"); found {
			n, _ := strconv.Atoi(strings.Fields(kb)[0])
			return float64(n) / 1024
		}
	}
	return 0
}
