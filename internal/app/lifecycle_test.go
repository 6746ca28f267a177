package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStackStopsInReverse stops what was started last first, goes on after an error, and stops nothing twice.
func TestStackStopsInReverse(t *testing.T) {
	var stopped []string
	var st stack
	for _, name := range []string{"engine", "broker", "pages"} {
		st.pushClose(name, func() error {
			stopped = append(stopped, name)
			if name == "broker" {
				return errors.New("no use")
			}
			return nil
		})
	}
	err := st.Close()
	if err == nil || err.Error() != "stop broker: no use" {
		t.Errorf("got error %v", err)
	}
	if err := st.Close(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if d := cmp.Diff(stopped, []string{"pages", "broker", "engine"}); d != "" {
		t.Errorf("stopped (-got, +want):\n%s", d)
	}
}

// TestStackStops covers the ways a part may end.
func TestStackStops(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		run    func(ctx context.Context, release <-chan struct{}) error
		failed string // what reaches fail before anybody stops it
		stop   string // what stopping says
		within time.Duration
	}{
		"as asked": {
			run: func(ctx context.Context, _ <-chan struct{}) error { <-ctx.Done(); return nil },
		},
		"with its context's error": {
			run: func(ctx context.Context, _ <-chan struct{}) error { <-ctx.Done(); return ctx.Err() },
		},
		"by itself, broken": {
			run:    func(context.Context, <-chan struct{}) error { return broken },
			failed: "part: broken", stop: "stop part: broken",
		},
		"broken while it stops": {
			run:  func(ctx context.Context, _ <-chan struct{}) error { <-ctx.Done(); return broken },
			stop: "stop part: broken",
		},
		"never": {
			run:  func(_ context.Context, release <-chan struct{}) error { <-release; return nil },
			stop: "stop part: did not end in time: context deadline exceeded", within: stopTimeout,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var failed error
				var st stack
				st.start("part", func(err error) { failed = err }, func(ctx context.Context) error { return test.run(ctx, release) })
				synctest.Wait()
				if message(failed) != test.failed {
					t.Errorf("fail was called with %v, want %q", failed, test.failed)
				}
				began := time.Now()
				if err := st.Close(); message(err) != test.stop {
					t.Errorf("stop: got %v, want %q", err, test.stop)
				}
				if took := time.Since(began); took != test.within {
					t.Errorf("stop took %s, want %s", took, test.within)
				}
				close(release)
			})
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return strings.TrimSpace(err.Error())
}
