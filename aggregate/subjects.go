package aggregate

import (
	"iter"
	"slices"
	"strings"

	"tappa/aggregate/people"
)

// subject is a component of contact keys, and perhaps accounts, that is walked as one.
type subject struct {
	name   string
	former []string // its own name and every other that it, or a part of it, may once have had; nil where everybody is walked
	keys   []people.ID
	rows   int // how many interactions it has, if known
}

// size is how many texts a statement has to list for it.
func (s *subject) size() int { return max(len(s.keys), len(s.former)) }

// chunkKeys bounds the contact keys of a chunk: they are listed in its condition.
const chunkKeys = 40_000

// listedChunks is how many times Options.Chunk interactions a chunk may have whose keys are listed. Keys of the same people lie all over
// the table, so each list reads most of it, and few long lists read less than many short ones.
const listedChunks = 3

// accountPrefix is how package ingest/identity writes the name of an account.
const accountPrefix = "account:"

func isAccount(subject string) bool { return strings.HasPrefix(subject, accountPrefix) }

// personsOf gives the persons that ids belong to, each once, in the order of their names.
func (w *Walker) personsOf(ids iter.Seq[people.ID], former bool) []subject {
	return w.subjectsOf(ids, former, w.people.PersonRoot, w.people.Person, w.people.EachOfPerson)
}

// companiesOf is personsOf for companies.
func (w *Walker) companiesOf(ids iter.Seq[people.ID], former bool) []subject {
	return w.subjectsOf(ids, former, w.people.CompanyRoot, w.people.Company, w.people.EachOfCompany)
}

func (w *Walker) subjectsOf(ids iter.Seq[people.ID], former bool, rootOf, first func(people.ID) people.ID, each func(people.ID, func(people.ID))) []subject {
	var roots []people.ID
	for id := range ids {
		roots = append(roots, rootOf(id))
	}
	slices.Sort(roots)
	roots = slices.Compact(roots)
	out := make([]subject, 0, len(roots))
	for _, root := range roots {
		s := subject{name: w.people.Name(first(root))}
		each(root, func(m people.ID) {
			if former {
				s.former = append(s.former, w.people.Name(m))
			}
			if w.people.IsKey(m) {
				s.keys = append(s.keys, m)
			}
		})
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b subject) int { return strings.Compare(a.name, b.name) })
	return out
}

// parts cuts subjects into parts of so many interactions at most, that a worker can hold.
func (w *Walker) parts(subjects []subject, most int) iter.Seq[[]subject] {
	return func(yield func([]subject) bool) {
		for from := 0; from < len(subjects); {
			to, keys, rows := from, 0, 0
			for to < len(subjects) && (to == from || keys+subjects[to].size() <= chunkKeys && rows+subjects[to].rows <= most) {
				keys += subjects[to].size()
				rows += subjects[to].rows
				to++
			}
			if !yield(subjects[from:to]) {
				return
			}
			from = to
		}
	}
}

// lists makes chunks of subjects whose interactions are found by a list of their contact keys. How many those are is guessed by what
// keys had in the walk before.
func (w *Walker) lists(subjects []subject) iter.Seq[chunk] {
	subjects = w.own(subjects)
	for i := range subjects {
		subjects[i].rows = int(float64(len(subjects[i].keys)) * w.perKey)
	}
	return func(yield func(chunk) bool) {
		for part := range w.parts(subjects, listedChunks*w.opts.Chunk) {
			if !yield(w.chunk(part)) {
				return
			}
		}
	}
}

// own leaves of touched subjects what this part of the walk writes: those whose names it owns, and of the others the former names that
// it owns, without keys, so that nothing is walked and graves are dug.
func (w *Walker) own(subjects []subject) []subject {
	p := w.opts.Part
	if p.whole() {
		return subjects
	}
	var out []subject
	for _, s := range subjects {
		s.former = slices.DeleteFunc(slices.Clone(s.former), func(name string) bool { return !p.owns(name) })
		switch {
		case p.owns(s.name):
			out = append(out, s)
		case len(s.former) > 0:
			s.keys, s.rows = nil, 0
			out = append(out, s)
		}
	}
	return out
}

// ownThreads leaves the threads that this part of the walk owns.
func (w *Walker) ownThreads(threads []string) []string {
	return slices.DeleteFunc(threads, func(thread string) bool { return !w.opts.Part.owns(thread) })
}

func (w *Walker) chunk(subjects []subject) chunk {
	c := chunk{where: "contact_key IN (?)"}
	index := map[string]int{}
	var keys []string
	for i, s := range subjects {
		c.subjects = append(c.subjects, s.name)
		c.former = append(c.former, s.former...)
		for _, id := range s.keys {
			key := w.people.Key(id)
			keys = append(keys, key)
			index[key] = i
		}
	}
	slices.Sort(keys)
	if c.keys = len(keys); c.keys > 0 {
		c.args = []any{keys}
	}
	c.subject = func(contactKey, _ string) int { return lookUp(index, contactKey) }
	return c
}

// threadLists makes chunks of threads whose interactions are found by a list of the threads.
func threadLists(threads []string) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for part := range slices.Chunk(threads, chunkKeys) {
			c := threadChunk(part)
			c.where, c.args = "thread IN (?)", []any{part}
			if !yield(c) {
				return
			}
		}
	}
}

func threadChunk(threads []string) chunk {
	index := make(map[string]int, len(threads))
	for i, thread := range threads {
		index[thread] = i
	}
	return chunk{
		subjects: threads, former: threads, byThread: true,
		subject: func(_, thread string) int { return lookUp(index, thread) },
	}
}

func lookUp(index map[string]int, key string) int {
	if i, there := index[key]; there {
		return i
	}
	return -1
}

// sortUnique sorts values and drops what is repeated.
func sortUnique[S ~[]E, E interface{ ~uint8 | ~string }](values *S) {
	slices.Sort(*values)
	*values = slices.Compact(*values)
}
