package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"tappa/aggregate"
	"tappa/journey"
)

// walker gives a new walker of the journey.
func (b *bench) walker() (*aggregate.Walker, error) {
	part, err := aggregate.ParsePart(b.part)
	if err != nil {
		return nil, err
	}
	return aggregate.NewWalker(b.store, []*journey.Journey{b.journey}, aggregate.WalkerOptions{Chunk: b.chunk, Workers: b.workers, Part: part})
}

// rebuild walks the whole history from nothing.
func rebuild(ctx context.Context, b *bench) (err error) {
	for _, table := range []string{"people", "people_walked", "links", "findings", "walked"} {
		if _, err := b.ask(ctx, "TRUNCATE TABLE "+table); err != nil {
			return err
		}
	}
	for _, table := range []string{"arrivals", "records"} {
		if _, err := b.ask(ctx, "ALTER TABLE "+table+" DELETE WHERE topic != 'history' SETTINGS mutations_sync = 2"); err != nil {
			return err
		}
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	w, err := b.walker()
	if err != nil {
		return err
	}
	if b.profile != "" {
		f, err := os.Create(b.profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var p aggregate.Progress
	c, err := measured(func() error {
		p, err = w.CatchUp(ctx)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("rebuild: %d interactions of %d subjects in %.2f s, %.1f CPU s, Go memory at most %d MiB\n",
		p.Interactions, p.Subjects, c.wall.Seconds(), c.cpu.Seconds(), c.goPeak>>20)
	n, err := b.ask(ctx, "SELECT sum(rows) || ' rows, ' || sum(bytes_on_disk) || ' bytes in ' || count() || ' parts' "+
		"FROM system.parts WHERE active AND database = currentDatabase() AND table = 'findings'")
	if err != nil {
		return err
	}
	fmt.Printf("  findings: %s\n", n)
	events, err := b.ask(ctx, "SELECT event, value FROM system.events WHERE event IN ('MergedRows', 'MergeExecuteMilliseconds', 'MergeTreeDataWriterRows', "+
		"'MergeTreeDataWriterSortingBlocksMicroseconds', 'MergeTreeDataWriterMergingBlocksMicroseconds', 'FileSyncElapsedMicroseconds', 'OSCPUVirtualTimeMicroseconds') FORMAT TSV")
	fmt.Println("  the engine since it started:", strings.ReplaceAll(strings.ReplaceAll(events, "\n", ", "), "\t", " "))
	return err
}

// views asks every view once, over all time, and says how long each took.
func views(ctx context.Context, b *bench) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	for _, info := range aggregate.Reports() {
		var rows int
		c, err := measured(func() error {
			r, err := b.store.Report(ctx, info.Name, aggregate.Query{Journey: "bench", Limit: 1000})
			rows = len(r.Rows)
			return err
		})
		if err != nil {
			fmt.Printf("view %-18s %v\n", info.Name, err)
			continue
		}
		fmt.Printf("view %-18s %6d rows  %6.2f s  %6.2f CPU s\n", info.Name, rows, c.wall.Seconds(), c.cpu.Seconds())
	}
	return nil
}

// peers asks what deploy/oracle/peers.py asks others, as often as it does: the medians compare.
func peers(ctx context.Context, b *bench) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	for _, q := range []struct {
		what string
		ask  func() (string, error)
	}{
		{"directly-follows with durations", func() (string, error) {
			r, err := b.store.Report(ctx, "directly-follows", aggregate.Query{Journey: "bench"})
			return fmt.Sprint(len(r.Rows)), err
		}},
		{"first and last per case and stage", func() (string, error) {
			return b.ask(ctx, `
				SELECT count() FROM (SELECT subject, attempt, stage, entered_at, last_activity_at FROM visits WHERE journey = 'bench')
				WHERE entered_at <= last_activity_at`)
		}},
	} {
		var rows string
		c, err := median(peerRuns, func() (err error) {
			rows, err = q.ask()
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s rows  %.2f s  %.2f CPU s, medians of %d\n", q.what, rows, c.wall.Seconds(), c.cpu.Seconds(), peerRuns)
	}
	return nil
}

// peerRuns is how often each question is asked; deploy/oracle/peers.py has the same.
const peerRuns = 5

// settle waits until the engine merges no parts any more.
func (b *bench) settle(ctx context.Context) error {
	begun, quiet := time.Now(), 0
	for quiet < 4 {
		n, err := b.ask(ctx, "SELECT count() FROM system.merges")
		if err != nil {
			return err
		}
		if quiet++; n != "0" {
			quiet = 0
		}
		time.Sleep(500 * time.Millisecond)
	}
	fmt.Printf("merges settled after %.1f s\n", time.Since(begun).Seconds())
	return nil
}

// touched stores interactions of some people, as a collector does, and says how long until a view shows them.
func touched(ctx context.Context, b *bench) error {
	w, err := b.walker()
	if err != nil {
		return err
	}
	if _, err := w.CatchUp(ctx); err != nil { // who is who is in memory, as in a walker that runs
		return err
	}
	for _, n := range []int{100, 100, 100, b.people / 100, b.people / 100} {
		arrivals, err := b.someArrive(ctx, n)
		if err != nil {
			return err
		}
		var p aggregate.Progress
		c, err := measured(func() error {
			if err := b.store.Write(ctx, arrivals); err != nil {
				return err
			}
			if p, err = w.CatchUp(ctx); err != nil {
				return err
			}
			_, err := b.ask(ctx, "SELECT * FROM cases WHERE journey = 'bench' AND subject = '"+string(arrivals.Records[0].Interaction.Keys[0])+"'")
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("touched: %d people (%d interactions read) from arrival to view in %.3f s, %.2f CPU s\n", p.Touched, p.Interactions, c.wall.Seconds(), c.cpu.Seconds())
	}
	return nil
}

// someArrive makes a block of one interaction each of people of the history, drawn anew each time.
func (b *bench) someArrive(ctx context.Context, n int) (journey.Block, error) {
	at := time.Now().UnixNano()
	text, err := b.ask(ctx, fmt.Sprintf(`SELECT DISTINCT contact_key FROM records WHERE topic = 'history' AND contact_key LIKE 'email:%%'
		ORDER BY cityHash64(contact_key, %d) LIMIT %d`, at, n))
	if err != nil {
		return journey.Block{}, err
	}
	last, err := b.ask(ctx, "SELECT ifNull(maxOrNull(offset), -1) FROM records WHERE topic = 'arrivals'")
	if err != nil {
		return journey.Block{}, err
	}
	offset, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		return journey.Block{}, err
	}
	block := journey.Block{Token: fmt.Sprint("arrivals ", at), ArrivedAt: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}
	for key := range strings.FieldsSeq(text) {
		offset++
		block.Records = append(block.Records, journey.Record{
			Interaction: journey.Interaction{
				Origin: "site", ID: fmt.Sprint(at, "-", offset), Source: journey.SourceForm, Type: "form.submitted", Activity: "form",
				OccurredAt: time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC), Direction: journey.Inbound, Public: true, Keys: []journey.ContactKey{journey.ContactKey(key)},
			},
			Tag:      journey.Tag{Journey: "bench", Version: "v", Rule: "r", Touchpoint: "tp01", Channel: "web", Department: "sales", Stages: []journey.StageID{"s01"}},
			Position: journey.Position{Topic: "arrivals", Offset: offset},
		})
	}
	return block, nil
}

// export writes the log for others to work on.
func export(ctx context.Context, b *bench) error {
	if b.options.export == "" {
		return nil
	}
	log, err := b.ask(ctx, `
		SELECT case_id, toString(activity) AS activity, toString(stage) AS stage, occurred_at
		FROM steps WHERE journey = 'bench' ORDER BY subject, attempt, number FORMAT CSVWithNames`)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.options.export, "log.csv"), []byte(log), 0o644)
}
