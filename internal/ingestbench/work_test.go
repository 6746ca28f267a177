package main

import (
	"sync"
	"testing"
	"time"

	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/app"
	"tappa/journey"
	"tappa/sentiment"
)

// stream is the topic's beginning: with that many interactions the customers are as many different ones as in a run.
var stream = sync.OnceValue(func() [][]byte {
	year := templates()
	out := make([][]byte, 300_000)
	for i := range out {
		out[i] = year[i%len(year)].render(i / len(year))
	}
	return out
})

// BenchmarkWork does to the interactions of the topic, one at a time, what a collector does before it writes them. Each part
// does the ones before it as well.
func BenchmarkWork(b *testing.B) {
	machinery, err := journey.Template("machinery")
	if err != nil {
		b.Fatal(err)
	}
	events := stream()
	for _, upTo := range []string{"decode", "tag", "mood"} {
		b.Run(upTo, func(b *testing.B) {
			decoder := app.NewDecoder([]*journey.Journey{machinery})
			scorer := sentiment.New()
			arrived := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				in, err := decoder.Decode(source.Record{Topic: topic, Offset: int64(i), Value: events[i%len(events)], Time: arrived})
				if err != nil {
					b.Fatal(err)
				}
				if upTo == "decode" {
					continue
				}
				rec := journey.Record{Interaction: in, Tag: machinery.Tag(&in)}
				if upTo == "mood" && ingest.Scorable(&rec) {
					scorer.Score(in.Text, in.Lang)
				}
			}
		})
	}
}
