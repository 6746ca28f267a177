package ingest

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// Waits between tries double from the first to the last, each shortened at random by up to half, so that many
// collectors do not come back at the same instant.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 10 * time.Second

	// busyWait is the first wait for a sink that says it has too much to do: every try costs it more.
	busyWait = time.Second
)

// retry calls f until it succeeds, fails for good, the partitions are lost, or ctx ends; note is told of every failure that passes. The error
// is f's last one, joined with ctx's where ctx ended it.
func retry(ctx context.Context, note func(try int, err error), f func() error) error {
	for try := 0; ; try++ {
		err := f()
		if err == nil || final(err) || errors.Is(err, errLost) {
			return err
		}
		note(try, err)
		d := wait(try)
		if busy(err) {
			d = max(d, jitter(min(busyWait<<min(try, 5), 3*lastWait)))
		}
		if sleepErr := sleep(ctx, d); sleepErr != nil {
			return errors.Join(sleepErr, err)
		}
	}
}

// wait is how long to wait after a try, counted from 0.
func wait(try int) time.Duration {
	d := lastWait
	if try < 8 {
		d = min(firstWait<<try, lastWait)
	}
	return jitter(d)
}

// jitter shortens a wait at random by up to half.
func jitter(d time.Duration) time.Duration { return d - rand.N(d/2) }

// sleep waits, or returns ctx's error if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// final says whether trying again is useless: a person has to act, or a row has to go.
func final(err error) bool {
	_, stop := errors.AsType[fatal](err)
	return stop || rowAtFault(err)
}

// rowAtFault says whether a sink blames a row of the block. A sink that is wrong as a whole (no such table, no rights)
// does not, or every record there is would end among the dead letters.
func rowAtFault(err error) bool {
	var e interface{ RowAtFault() bool }
	return errors.As(err, &e) && e.RowAtFault()
}

// busy says whether a sink has refused a block because it has too much to do, such as too many parts to merge.
func busy(err error) bool {
	var e interface{ Busy() bool }
	return errors.As(err, &e) && e.Busy()
}

// causeOf names, in a word that is fit for a metric's label, why something is tried again: in the sink's words where it
// has some.
func causeOf(err error) string {
	var named interface{ Cause() string }
	var code kafka.Error
	switch {
	case errors.As(err, &named):
		return named.Cause()
	case errors.As(err, &code):
		return strings.ReplaceAll(strings.ToLower(code.Title()), " ", "-")
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "other"
}
