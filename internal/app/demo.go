package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/internal/synth"
	"tappa/journey"
)

// DemoYear says which year a new demo tells. A directory that holds a demo already goes on with its own.
type DemoYear struct {
	Cases int
	End   time.Time // zero: now
	Live  bool      // go on producing slowly when the year is in
}

// DemoSeed makes every demo tell the same story.
const DemoSeed = 20

// demoBatch is how many events are published between two checkpoints.
const demoBatch = 1000

// livePace is the pause between two live events. A demo that was stopped catches up with what happened meanwhile.
const livePace = 10 * time.Second

// demoState is where the demo stands, kept in the data directory: the same seed and dates make the same events, so that
// a restart goes on where it was. What was published after the last checkpoint is published again, with the same ids,
// and counts once.
type demoState struct {
	Seed      uint64    `json:"seed"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Cases     int       `json:"cases"`
	Published int       `json:"published"` // events of the year known to be in Kafka
	Live      uint64    `json:"live"`      // number of the last live event known to be in Kafka
}

// demo feeds a data directory with the sample journey.
type demo struct {
	path     string
	state    demoState
	world    *synth.World
	producer *ingest.Producer
}

// startDemo seeds what is missing of the year, waits until it can be looked at, and starts the live part.
func startDemo(ctx context.Context, st *stack, fail func(error), e *Embedded, j *journey.Journey, opts UpOptions, collector *ingest.Collector, walker *aggregate.Walker, began time.Time) error {
	d, err := openDemo(e, j, opts.Year)
	if err != nil {
		return err
	}
	st.pushClose("demo", d.producer.Close)
	n, err := d.seed(ctx)
	if err != nil {
		return fmt.Errorf("seed demo: %w", err)
	}
	if err := settle(ctx, collector, walker); err != nil {
		return fmt.Errorf("seed demo: %w", err)
	}
	fmt.Fprintf(opts.Out, "the demo is ready after %s: %d interactions of a year published now, %d in all\n",
		time.Since(began).Round(100*time.Millisecond), n, d.state.Published)
	if opts.Year.Live {
		fmt.Fprintf(opts.Out, "another interaction comes in every %s\n", livePace)
		st.start("demo", fail, d.live)
		st.start("demo's months", fail, func(ctx context.Context) error { return d.tellMonths(ctx, e.Store, j, opts) })
	}
	return nil
}

func openDemo(e *Embedded, j *journey.Journey, year DemoYear) (*demo, error) {
	d := &demo{path: filepath.Join(e.Dir, "demo.json")}
	data, err := os.ReadFile(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if year.End.IsZero() {
			year.End = time.Now().UTC().Truncate(time.Hour)
		}
		d.state = demoState{Seed: DemoSeed, Start: year.End.AddDate(-1, 0, 0), End: year.End, Cases: year.Cases}
		if err := d.checkpoint(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, fmt.Errorf("open demo: %w", err)
	default:
		if err := json.Unmarshal(data, &d.state); err != nil {
			return nil, fmt.Errorf("open demo: %s: %w", d.path, err)
		}
	}
	d.world = synth.New(synth.Options{Seed: d.state.Seed, Start: d.state.Start, End: d.state.End, Cases: d.state.Cases, Journey: j})
	d.producer = ingest.NewProducer(e.Brokers, ingest.DefaultTopic)
	return d, nil
}

// checkpoint writes the state so that a crash leaves either the old file or the new one.
func (d *demo) checkpoint() error {
	data, err := json.Marshal(d.state)
	if err != nil {
		return fmt.Errorf("checkpoint demo: %w", err)
	}
	next := d.path + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("checkpoint demo: %w", err)
	}
	if err := os.Rename(next, d.path); err != nil {
		return fmt.Errorf("checkpoint demo: %w", err)
	}
	return nil
}

// seed publishes the rest of the year and returns how many events that was.
func (d *demo) seed(ctx context.Context) (int, error) {
	skip, before := d.state.Published, d.state.Published
	var batch []ingest.Message
	flush := func() error {
		if err := d.producer.Publish(ctx, batch...); err != nil {
			return err
		}
		d.state.Published += len(batch)
		batch = batch[:0]
		return d.checkpoint()
	}
	for event := range d.world.Events() {
		if skip > 0 {
			skip--
			continue
		}
		message, err := asMessage(event)
		if err != nil {
			return 0, err
		}
		if batch = append(batch, message); len(batch) == demoBatch {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if len(batch) > 0 {
		if err := flush(); err != nil {
			return 0, err
		}
	}
	return d.state.Published - before, nil
}

// live publishes what happens after the year, as it happens, until ctx ends.
func (d *demo) live(ctx context.Context) error {
	for number, event := range d.world.Live(ctx, synth.LiveOptions{After: d.state.Live, Every: livePace}) {
		message, err := asMessage(event)
		if err != nil {
			return err
		}
		if err := d.producer.Publish(ctx, message); err != nil {
			return err
		}
		d.state.Live = number
		if err := d.checkpoint(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// asMessage is an event as a Kafka record, in structured mode, keyed by its customer.
func asMessage(event source.Event) (ingest.Message, error) {
	value, err := event.Marshal()
	if err != nil {
		return ingest.Message{}, err
	}
	return ingest.Message{Key: []byte(event.Key()), Value: value}, nil
}
