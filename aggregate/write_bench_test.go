package aggregate

import (
	"fmt"
	"testing"
	"time"

	"tappa/journey"
)

// BenchmarkWrite stores blocks of 20,000 records of some 700 bytes.
func BenchmarkWrite(b *testing.B) {
	const rows = 20_000
	s := openStore(b)
	records := make([]journey.Record, rows)
	for i := range records {
		records[i] = record(i%6, int64(i))
		ix := &records[i].Interaction
		ix.Keys = []journey.ContactKey{journey.ContactKey(fmt.Sprintf("email:%08x@example.com", i*7919))}
		ix.Activity, records[i].Tag.Rule = fmt.Sprint("activity ", i%40), fmt.Sprint("rule ", i%30)
		ix.Text = fmt.Sprintf("%d: Buongiorno, vorremmo un preventivo per una linea di confezionamento da 40 pezzi al minuto. %0300d", i, i)
		ix.OccurredAt = ix.OccurredAt.Add(time.Duration(i) * time.Second)
	}
	n := 0
	for b.Loop() {
		n++
		must(b, s.Write(b.Context(), block(fmt.Sprint(n), records...)))
	}
	report(b, rows)
}
