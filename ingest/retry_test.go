package ingest

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
)

// overloaded is how a sink says that it has too much to do.
type overloaded struct{}

func (overloaded) Error() string { return "too many parts" }
func (overloaded) Busy() bool    { return true }
func (overloaded) Cause() string { return "too-many-parts" }

// TestRetrySlowsDown tries again and again, more and more slowly, and much more slowly where the sink has too much to do.
func TestRetrySlowsDown(t *testing.T) {
	took := func(tries int, failure error) (d time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			left := tries
			err := retry(t.Context(), func(int, error) {}, func() error {
				if left--; left >= 0 {
					return failure
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			d = time.Since(began)
		})
		return d
	}
	for tries, bound := range map[int][2]time.Duration{
		1:  {25 * time.Millisecond, 50 * time.Millisecond},
		5:  {775 * time.Millisecond, 1550 * time.Millisecond},
		20: {60 * time.Second, 135 * time.Second},
	} {
		if d := took(tries, errors.New("away")); d < bound[0] || d > bound[1] {
			t.Errorf("%d tries took %s, want %s to %s", tries, d, bound[0], bound[1])
		}
	}
	for tries, bound := range map[int][2]time.Duration{1: {500 * time.Millisecond, time.Second}, 5: {15 * time.Second, 31 * time.Second}} {
		if d := took(tries, fmt.Errorf("write: %w", overloaded{})); d < bound[0] || d > bound[1] {
			t.Errorf("busy: %d tries took %s, want %s to %s", tries, d, bound[0], bound[1])
		}
	}
}

func TestCauseOf(t *testing.T) {
	for want, err := range map[string]error{
		"too-many-parts": fmt.Errorf("write: %w", overloaded{}), "not-leader-for-partition": fmt.Errorf("x: %w", kafka.NotLeaderForPartition),
		"other": errors.New("x"),
	} {
		if got := causeOf(err); got != want {
			t.Errorf("causeOf(%v) = %q, want %q", err, got, want)
		}
	}
}
