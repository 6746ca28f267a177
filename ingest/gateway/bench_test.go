package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tappa/ingest"
	"tappa/internal/testenv"
)

// BenchmarkGateway takes in signed webhooks of 1 KB, many at a time, onto the embedded Kafka: the time of one is the time
// between two answers.
func BenchmarkGateway(b *testing.B) {
	c, err := load(b, "sources: [{name: typeform, secret_env: SECRET}]\n")
	if err != nil {
		b.Fatal(err)
	}
	producer := ingest.NewProducer(testenv.Kafka(b), testenv.Topic(b))
	defer func() { _ = producer.Close() }()
	g, err := New(Options{Config: c, Publisher: producer})
	if err != nil {
		b.Fatal(err)
	}
	padding := strings.Repeat("x", 1000)
	var n atomic.Int64
	b.SetBytes(1024)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := fmt.Sprintf(`{"event_id": "%d", "padding": %q}`, n.Add(1), padding)
			r := httptest.NewRequest(http.MethodPost, "/in/typeform", strings.NewReader(body))
			r.Header.Set("Typeform-Signature", "sha256="+b64(h256(body)))
			w := httptest.NewRecorder()
			if g.ServeHTTP(w, r); w.Code != http.StatusOK {
				b.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	})
}
