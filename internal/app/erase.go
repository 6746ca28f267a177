package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"tappa/aggregate"
	"tappa/ingest"
)

// EraseOptions say who is to be erased, where, and at whose request.
type EraseOptions struct {
	Target    Target
	Keys      []string // contact keys, or what FindKeys makes them of
	By        string
	Reference string // of the request
	Shared    bool   // keys that several people share may be erased, too
	Sure      bool   // erase; otherwise it is only told what that would remove
	JSON      bool
	Out       io.Writer
	Logger    *slog.Logger
}

// Erased is what an erasure did, and what it could not reach.
type Erased struct {
	aggregate.Erasure
	Keys     []string          `json:"keys"`     // masked
	Mentions map[string]uint64 `json:"mentions"` // rows that name a key, by table and column: in what others wrote
	Kafka    []ingest.Remains  `json:"kafka"`    // records that Kafka holds still
	Letters  int               `json:"letters"`  // dead letters that name a key
	Before   bool              `json:"preview"`  // nothing was erased yet
}

// Erase removes persons, by any key of theirs, from everything stored, and says what is left outside of it. Erasures that were cut off are
// gone on with first.
func Erase(ctx context.Context, opts EraseOptions) (err error) {
	at, err := opts.Target.openWith(ctx, true, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	resumed := false
	if opts.Sure {
		if err := opts.readOut(ctx, &at); err != nil {
			return err
		}
		if resumed, err = opts.resume(ctx, &at); err != nil {
			return err
		}
	}
	keys, persons, err := opts.whom(ctx, &at)
	if resumed && errors.Is(err, aggregate.ErrNoKey) { // the command that was cut off, once more
		opts.say("nothing is stored of whom you name, any more")
		return nil
	}
	if err != nil {
		return err
	}
	if !opts.Sure {
		return opts.preview(ctx, &at, keys, persons)
	}
	e, err := at.store.BeginErasure(ctx, aggregate.Erasure{
		Reference: opts.Reference, By: opts.By, At: time.Now().UTC().Truncate(time.Millisecond),
	}, keys, persons)
	if err != nil {
		return err
	}
	return opts.finish(ctx, &at, e)
}

// unreadWait is how long collectors that run are given to read what Kafka holds before somebody is erased.
const unreadWait = time.Minute

// readOut has everything stored that Kafka holds: what nobody has read yet may be theirs, and would bring them in again.
func (o *EraseOptions) readOut(ctx context.Context, at *workshop) error {
	if len(at.pipeline.Brokers) == 0 {
		return nil
	}
	if at.own {
		_, err := at.collect(ctx, o.Logger)
		return err
	}
	n, err := ingest.AwaitRead(ctx, at.pipeline.verifyOptions(), unreadWait)
	if err == nil && n > 0 {
		err = fmt.Errorf("%d records that Kafka holds have not been collected, and some may be theirs: see that collectors run and come to the end (tappa verify), and erase then", n)
	}
	return err
}

// Erasures prints all erasures, the newest first.
func Erasures(ctx context.Context, opts EraseOptions) (err error) {
	at, err := opts.Target.open(ctx, opts.Logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	list, err := at.store.Erasures(ctx)
	if err != nil {
		return err
	}
	if opts.JSON {
		return printJSON(opts.Out, append([]aggregate.Erasure{}, list...))
	}
	if len(list) == 0 {
		fmt.Fprintln(opts.Out, "nobody was erased")
		return nil
	}
	w := tabwriter.NewWriter(opts.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "number\tat\tby\treference\tpersons\tinteractions\tfinished")
	for _, e := range list {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%d\t%t\n", e.Number, e.At.UTC().Format("2006-01-02 15:04"), e.By, e.Reference, e.Persons, e.Interactions(), e.Finished)
	}
	return w.Flush()
}

// whom finds all keys of the persons that are named, and how many persons those are.
func (o *EraseOptions) whom(ctx context.Context, at *workshop) (keys []string, persons int, err error) {
	var named []string
	for _, text := range o.Keys {
		key, err := oneKey(ctx, at.store, text)
		if err != nil {
			return nil, 0, err
		}
		if aggregate.IsAccount(key) {
			return nil, 0, fmt.Errorf("%s is a company: name the persons to be erased (tappa identity show %s lists them)", key, key)
		}
		found, err := at.store.Identity(ctx, key)
		if err != nil {
			return nil, 0, err
		}
		if found.Shared != "" && !o.Shared {
			return nil, 0, fmt.Errorf("%s is shared by several people (%s), and what is stored under it may be anybody's: name a key of the person, or say --shared", key, found.Shared)
		}
		named = append(named, key)
	}
	return at.store.PersonKeys(ctx, named)
}

// preview says what an erasure would remove.
func (o *EraseOptions) preview(ctx context.Context, at *workshop, keys []string, persons int) error {
	counts, err := at.store.Stocktake(ctx, keys)
	if err != nil {
		return err
	}
	out := Erased{Erasure: aggregate.Erasure{Persons: persons, Removed: counts, Reference: o.Reference, By: o.By}, Keys: masked(keys), Before: true}
	if o.JSON {
		return printJSON(o.Out, out)
	}
	out.print(o.Out)
	_, err = fmt.Fprintln(o.Out, "nothing was erased: say --yes to do it. It cannot be undone")
	return err
}

// resume goes on with erasures that were cut off, and says whether there were any.
func (o *EraseOptions) resume(ctx context.Context, at *workshop) (resumed bool, err error) {
	list, err := at.store.Erasures(ctx)
	if err != nil {
		return false, err
	}
	for _, e := range list {
		if e.Finished {
			continue
		}
		o.say("erasure %d was cut off: it is gone on with", e.Number)
		if err := o.finish(ctx, at, e); err != nil {
			return false, err
		}
		resumed = true
	}
	return resumed, nil
}

// say tells people what goes on. JSON is for programs.
func (o *EraseOptions) say(format string, args ...any) {
	if !o.JSON {
		fmt.Fprintf(o.Out, format+"\n", args...)
	}
}

// finish removes, has everybody walked, looks whether anything is left, and tells.
func (o *EraseOptions) finish(ctx context.Context, at *workshop, e aggregate.Erasure) error {
	keys := e.Keys()
	if !at.own { // collectors that run there learn first what they must not store again
		o.say("waiting %v, until all collectors know", eraseWait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(eraseWait):
		}
	}
	if err := at.store.Remove(ctx, e); err != nil {
		return err
	}
	if at.own {
		journeys, err := at.journeys(ctx, nil)
		if err != nil {
			return err
		}
		if err := at.walk(ctx, io.Discard, journeys, o.Logger); err != nil {
			return err
		}
	}
	e, err := at.store.FinishErasure(ctx, e)
	if _, left := errors.AsType[*aggregate.LeftoverError](err); left {
		return fmt.Errorf("%w: run `tappa erase` once more", err)
	}
	if err != nil {
		return err
	}
	out := Erased{Erasure: e, Keys: masked(keys)}
	if out.Mentions, err = at.store.Mentions(ctx, keys); err != nil {
		return err
	}
	if err := o.lookIntoKafka(ctx, at, keys, &out); err != nil {
		return err
	}
	if o.JSON {
		return printJSON(o.Out, out)
	}
	out.print(o.Out)
	if !at.own {
		o.say("the walk of the tappa that runs there finds anew what concerned others, too")
	}
	return nil
}

// eraseWait is how long other collectors are given to learn what was marked as erased, and to store what they had decoded before.
const eraseWait = aggregate.ErasedRefresh + 5*time.Second

// lookIntoKafka finds what of them Kafka holds still.
func (o *EraseOptions) lookIntoKafka(ctx context.Context, at *workshop, keys []string, e *Erased) error {
	places, err := at.store.ErasedPlaces(ctx, e.Number)
	if err != nil || len(at.pipeline.Brokers) == 0 {
		return err
	}
	e.Kafka, e.Letters, err = ingest.Remain(ctx, ingest.RemainsOptions{
		Brokers: at.pipeline.Brokers, Connection: at.pipeline.Connection, DeadLetterTopic: at.pipeline.DeadLetters,
		Places: places, Texts: aggregate.Needles(keys), Named: aggregate.Naming(keys),
	})
	if o.Target.Dir != "" { // whatever the embedded Kafka says of its topics: it deletes nothing by itself
		for i := range e.Kafka {
			e.Kafka[i].Retention = "-1"
		}
	}
	return err
}

// print writes what was, or would be, removed, and then what could not be.
func (e *Erased) print(out io.Writer) {
	verb := "erased"
	if e.Before {
		verb = "would be erased"
	} else {
		fmt.Fprintf(out, "erasure %d, %s\n", e.Number, e.At.UTC().Format("2006-01-02 15:04 MST"))
	}
	fmt.Fprintf(out, "persons %s: %d, known by %d keys\n", verb, e.Persons, len(e.Keys))
	for _, key := range e.Keys {
		fmt.Fprintf(out, "  %s\n", key)
	}
	fmt.Fprintf(out, "rows %s, by table:\n", verb)
	for _, table := range slices.Sorted(maps.Keys(e.Removed)) {
		fmt.Fprintf(out, "  %8d %s\n", e.Removed[table], table)
	}
	if e.Before {
		return
	}
	fmt.Fprintln(out, "looked through every table: no row is left that is theirs")
	for _, column := range slices.Sorted(maps.Keys(e.Mentions)) {
		fmt.Fprintf(out, "named still, by others: %d rows, %s\n", e.Mentions[column], column)
	}
	for _, r := range e.Kafka {
		fmt.Fprintf(out, "in Kafka still: %d records of topic %s; %s\n", r.Records, r.Topic, kept(r))
	}
	if e.Letters > 0 {
		fmt.Fprintf(out, "in Kafka still: %d dead letters that name them; do not replay these\n", e.Letters)
	}
}

// kept says in words until when a topic keeps its records.
func kept(r ingest.Remains) string {
	ms, err := strconv.ParseInt(r.Retention, 10, 64)
	switch {
	case r.Cleanup == "compact":
		return "it is compacted, so they stay until its source writes that they are gone"
	case err != nil:
		return "how long it keeps them cannot be asked"
	case ms < 0:
		return "it keeps them for good"
	}
	return fmt.Sprintf("it keeps them for %v", time.Duration(ms)*time.Millisecond)
}

func masked(keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = aggregate.MaskKey(key)
	}
	return out
}
