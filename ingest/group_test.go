package ingest

import (
	"errors"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tappa/internal/testenv"
)

// What Kafka thinks of a member is understood whichever version of the answer it gives.
func TestVerdict(t *testing.T) {
	for name, start := range map[string]func(testing.TB) []string{"apache": testenv.ApacheKafka, "kfake": testenv.Kafka} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			transport := &kafka.Transport{}
			defer transport.CloseIdleConnections()
			client := &kafka.Client{Addr: kafka.TCP(start(t)...), Timeout: 20 * time.Second, Transport: transport}
			var verdict error
			began := time.Now()
			for settled := false; !settled; time.Sleep(50 * time.Millisecond) {
				if _, err := client.FindCoordinator(ctx, &kafka.FindCoordinatorRequest{Key: "nobody's", KeyType: kafka.CoordinatorKeyTypeConsumer}); err != nil {
					t.Fatal(err) // asking makes a Kafka without groups get ready for them
				}
				resp, err := client.Heartbeat(ctx, &kafka.HeartbeatRequest{GroupID: "nobody's", GenerationID: 1, MemberID: "nobody"})
				if err != nil {
					t.Fatal(err)
				}
				verdict = verdictOf(resp)
				// A Kafka that has no group yet is not ready for them, and while it gets ready it finds nothing wrong with anybody.
				settled = errors.Is(verdict, kafka.UnknownMemberId) || errors.Is(verdict, kafka.GroupIdNotFound) || time.Since(began) > 30*time.Second
			}
			if !errors.Is(verdict, kafka.UnknownMemberId) && !errors.Is(verdict, kafka.GroupIdNotFound) {
				t.Errorf("verdict %v, want unknown member", verdict)
			}
		})
	}
	for want, resp := range map[error]kafka.HeartbeatResponse{
		nil:                        {},
		kafka.RebalanceInProgress:  {Error: kafka.RebalanceInProgress},
		kafka.IllegalGeneration:    {Throttle: 22 * time.Millisecond},
		kafka.UnknownMemberId:      {Throttle: (3<<16 + 25) * time.Millisecond}, // throttled for 3 ms
		kafka.Error(kafka.Unknown): {Throttle: 0xffff * time.Millisecond},
	} {
		if got := verdictOf(&resp); !errors.Is(got, want) {
			t.Errorf("%+v is %v, want %v", resp, got, want)
		}
	}
}
