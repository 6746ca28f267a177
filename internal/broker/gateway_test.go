package broker_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tappa/ingest"
	"tappa/ingest/gateway"
)

// A gateway demands the acknowledgement of all in-sync replicas, and does not say that it accepted a webhook while there
// are too few of them. When there are enough, the sender's next try is accepted.
func TestGatewayWaitsForReplicas(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "hooks"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	var short atomic.Bool
	var weak atomic.Int32
	short.Store(true)
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		produce := r.(*kmsg.ProduceRequest)
		if produce.Acks != -1 {
			weak.Add(1)
		}
		if !short.Load() {
			return nil, nil, false
		}
		resp := produce.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range produce.Topics {
			out := kmsg.NewProduceResponseTopic()
			out.Topic, out.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				one := kmsg.NewProduceResponseTopicPartition()
				one.Partition, one.ErrorCode = p.Partition, kerr.NotEnoughReplicas.Code
				out.Partitions = append(out.Partitions, one)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp, nil, true
	})
	config := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(config, []byte("limits: {publish: 1s}\nsources: [{name: form, auth: open}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := gateway.Load(config, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	producer := ingest.NewProducer(cluster.ListenAddrs(), "hooks")
	defer func() { _ = producer.Close() }()
	g, err := gateway.New(gateway.Options{Config: c, Publisher: producer})
	if err != nil {
		t.Fatal(err)
	}
	post := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/in/form", strings.NewReader("email=anna%40example.com"))
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		return w
	}
	if w := post(); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("with too few replicas: %d %s", w.Code, w.Body)
	}
	short.Store(false)
	end := time.Now().Add(time.Minute)
	for w := post(); w.Code != http.StatusOK; w = post() {
		if time.Now().After(end) {
			t.Fatalf("with all replicas: %d %s", w.Code, w.Body)
		}
	}
	if weak.Load() > 0 {
		t.Errorf("%d requests did not ask for all replicas", weak.Load())
	}
}
