package aggregate

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"tappa/aggregate/people"
	"tappa/aggregate/walk"
)

// chunk is a set of subjects that is read, walked and written together.
type chunk struct {
	where    string // which interactions are theirs, as a condition
	args     []any  // none: there is nothing to read, and only graves are dug
	subjects []string
	former   []string // every name under which rows of these subjects may be stored, the present ones among them
	// subject gives the index in subjects of who an interaction belongs to, or -1: the condition may match too much.
	subject  func(contactKey, thread string) int
	byThread bool // subject goes by the thread
	keys     int  // how many contact keys its subjects have
	rows     int  // how many interactions it has, if known
	whole    bool // it is one of those that hold everybody: whoever is in none of them is swept
}

// interaction is one row read for a walk.
type interaction struct {
	at        int64
	contact   string
	id        string
	thread    string
	person    string
	account   string // the person's
	value     float64
	moodScore float32
	subject   int
	stored    storedAt
	*tag
}

// storedAt is where a row lies: which of the copies of an interaction counts.
type storedAt struct{ part, row uint64 }

// worker walks one chunk after the other, beside others that do the same.
type worker struct {
	store  *Store
	people *people.Graph // only read
	// corrections, by interaction, are only read
	corrections map[interactionID]Correction
	tags        tags
	walkers     map[string]*walk.Walker // by journey

	columns      chunkColumns
	interactions [2][]interaction // as read, and by subject
	hashes       []uint64         // of their tags, as read
	input        []walk.Interaction
	findings     findings
	read, walked int // interactions and subjects
	keys         int // contact keys that those interactions are of, where subjects have keys
}

// spanRows is how many interactions of neighbouring subjects one worker walks and writes at once. Parts of the table that are
// large, and share no subjects, need little merging.
const spanRows = 250_000

// spans puts neighbouring chunks together.
func spans(chunks iter.Seq[chunk]) iter.Seq[[]chunk] {
	return func(yield func([]chunk) bool) {
		var span []chunk
		rows := 0
		for c := range chunks {
			span = append(span, c)
			if rows += c.rows; c.rows > 0 && rows < spanRows {
				continue
			}
			if !yield(span) {
				return
			}
			span, rows = nil, 0
		}
		if len(span) > 0 {
			yield(span)
		}
	}
}

// walkChunks walks chunks, several at a time. Chunks share no subject, so their order does not matter.
func (w *Walker) walkChunks(ctx context.Context, chunks iter.Seq[chunk], journeys []*walked) error {
	for _, j := range only(perPerson, journeys) {
		j.remember(w.people)
	}
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan []chunk)
	group.Go(func() error {
		defer close(next)
		for span := range spans(chunks) {
			select {
			case next <- span:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for _, worker := range w.workers {
		group.Go(func() error {
			for span := range next {
				if err := worker.walkSpan(ctx, span, journeys, w.number); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	read, keys := 0, 0
	for _, worker := range w.workers {
		read, keys = read+worker.read, keys+worker.keys
		w.progress.Subjects += worker.walked
		worker.read, worker.walked, worker.keys = 0, 0, 0
	}
	w.progress.Interactions += read
	if keys > 0 {
		w.perKey = float64(read) / float64(keys)
	}
	return err
}

// walkChunk walks a chunk's subjects through each journey and gathers what it finds, under the number of this walk.
func (w *worker) walkChunk(ctx context.Context, c chunk, journeys []*walked, number uint64) error {
	var rows []interaction
	if len(c.args) > 0 {
		var err error
		if rows, err = w.readChunk(ctx, c); err != nil {
			return err
		}
	}
	w.read, w.keys = w.read+len(rows), w.keys+c.keys
	out := &w.findings
	for _, j := range journeys {
		out.begin(j, number, !c.whole)
		for from := 0; from < len(rows); {
			to := from + 1
			for to < len(rows) && rows[to].subject == rows[from].subject {
				to++
			}
			w.walkSubject(j, c.subjects[rows[from].subject], rows[from:to], out)
			from = to
		}
		if c.whole { // whoever is left over is swept
			continue
		}
		if err := w.bury(ctx, j, c.former); err != nil {
			return err
		}
	}
	return nil
}

// bury adds graves for those names of which something is stored and nothing was found. It goes by what is stored, not by
// what changed, so a walk that was interrupted is put right by the next one.
func (w *worker) bury(ctx context.Context, j *walked, names []string) error {
	f := &w.findings
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, found := f.found[name]
		return found
	})
	id := string(j.journey.ID)
	if j.per() == perPerson {
		for _, name := range names {
			if key, _ := w.people.Find(name); j.stored[key] {
				f.block.grave(id, name, f.number)
				j.stored[key] = false
			}
		}
		return nil
	}
	if len(names) == 0 {
		return nil
	}
	err := w.store.each(longQuery(ctx), func(scan func(...any) error) error {
		var subject string
		if err := scan(&subject); err != nil {
			return err
		}
		f.block.grave(id, subject, f.number)
		return nil
	}, "SELECT subject FROM findings FINAL WHERE journey = ? AND subject IN (?)", id, names)
	if err != nil {
		return fmt.Errorf("read what is to be replaced: %w", err)
	}
	return nil
}

// walkSpan walks chunks and writes what it finds as one block.
func (w *worker) walkSpan(ctx context.Context, span []chunk, journeys []*walked, number uint64) error {
	if w.findings.block == nil || w.findings.block.rows > 0 { // a walk that failed left it, and it may still be being read
		w.findings.block = newFindingsBlock()
		w.tags.renumbered = w.findings.block.forgetTags
	}
	for _, c := range span {
		if err := w.walkChunk(ctx, c, journeys, number); err != nil {
			return err
		}
	}
	return w.store.writeFindings(ctx, w.findings.block)
}

// walkSubject walks one subject through one journey, if it has anything to do with it.
func (w *worker) walkSubject(j *walked, subject string, rows []interaction, out *findings) {
	id := string(j.journey.ID)
	if !slices.ContainsFunc(rows, func(x interaction) bool { return x.tag.journey == id }) {
		return
	}
	w.walked++
	in := w.input[:0]
	for i := range rows {
		x := &rows[i]
		in = append(in, walk.Interaction{
			At: x.at, Origin: x.origin, ID: x.id, Key: x.contact, Person: x.person, Thread: x.thread, Priority: x.priority,
			Department: x.department, Persona: x.persona, Value: x.value, Stages: x.positions, Outcome: outcomeOf(x.outcome),
			Role: x.role, Foreign: x.tag.journey != id, Row: i,
		})
	}
	w.input = in
	if out.add(subject, w.walkers[id].Walk(subject, in), in, rows) && j.per() == perPerson {
		key, _ := w.people.Find(subject)
		j.stored[key] = true
	}
}
