package ingest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestLagGrowsWhileNothingMoves asks for the lag of a partition that stands still.
func TestLagGrowsWhileNothingMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p := newLags(), Partition{"t", 3}
		reg := prometheus.NewRegistry()
		reg.MustRegister(l)
		says := func(want string) {
			t.Helper()
			families, err := reg.Gather()
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range families {
				got += fmt.Sprint(f.GetMetric()[0].GetGauge().GetValue(), " ")
			}
			if got != want {
				t.Errorf("got records, seconds %q, want %q", got, want)
			}
		}
		l.begin(p, 10)
		says("0 0 ")
		l.reached(p, 12, time.Now().Add(-5*time.Second))
		says("2 5 ")
		time.Sleep(10 * time.Second)
		l.reached(p, 40, time.Time{}) // nothing was fetched, but the log grew
		says("30 15 ")
		l.done(p, 30, time.Now())
		time.Sleep(time.Second)
		says("10 1 ")
		l.done(p, 40, time.Now())
		time.Sleep(time.Second)
		says("0 0 ")
		l.forget(p)
		says("")
	})
}
