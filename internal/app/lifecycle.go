package app

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stopTimeout bounds each step of a stop.
const stopTimeout = 20 * time.Second

// stack holds what has been started, so that it is stopped in the opposite order. The zero stack is ready to use.
type stack struct {
	steps []step
}

type step struct {
	name string
	stop func(context.Context) error
}

// push remembers how to stop what was just started.
func (s *stack) push(name string, stop func(context.Context) error) {
	s.steps = append(s.steps, step{name, stop})
}

// pushClose is push for things that close without a context.
func (s *stack) pushClose(name string, closeIt func() error) {
	s.push(name, func(context.Context) error { return closeIt() })
}

// Close stops everything, last started first, each step with its own deadline, and joins the errors under the names
// of the steps. A second Close does nothing.
func (s *stack) Close() error {
	var errs []error
	for i := len(s.steps) - 1; i >= 0; i-- {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		if err := s.steps[i].stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", s.steps[i].name, err))
		}
		cancel()
	}
	s.steps = nil
	return errors.Join(errs...)
}

// start runs f in the background until stop is called; stop cancels f's context and waits for its end. A failure of f
// reaches fail at once, so that one dead part ends the program rather than leaving it half alive.
func (s *stack) start(name string, fail func(error), f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := f(ctx)
		if err != nil && ctx.Err() == nil {
			fail(fmt.Errorf("%s: %w", name, err))
		}
		done <- err
	}()
	s.push(name, func(stopCtx context.Context) error {
		cancel()
		select {
		case err := <-done:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case <-stopCtx.Done():
			return fmt.Errorf("did not end in time: %w", stopCtx.Err())
		}
	})
}
