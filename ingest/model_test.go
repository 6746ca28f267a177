package ingest

import (
	"fmt"
	"maps"
	"slices"
)

// The collector as a small machine: consume, batch, publish dead letters, insert, commit. It has no network and no time;
// what may happen next is chosen from outside, so that a property test can try crashes, lost answers, stalls and
// rebalances at every point. Where to begin (place.start) and what a block is called (token) are the collector's own
// code. The rules are what it promises; breaking one of them is a mutant, which the invariants must notice.
//
// The invariants, after every step:
//
//   - Nothing lost: of every offset before the committed one, and of every offset up to the highest stored, the record is
//     stored, a dead letter, or carries nothing.
//   - Nothing twice: a place in Kafka has one row at most, as long as no member has stalled. A member that stalls, and
//     does not hear that its partitions are another's, can write a place a second time; it is the same interaction.
//   - Nothing invented: every row and every dead letter is of a record that is in the log, and of the right kind.
//
// And in the end, when nothing goes wrong any more: everything is done, and read = stored + dead + filtered.
type machine struct {
	rules rules

	logs      [modelPartitions][]modelRecord
	rows      map[modelPlace]int
	high      [modelPartitions]int64 // the ledger
	tokens    []string               // remembered by the sink, oldest first
	letters   map[modelPlace]int
	committed [modelPartitions]int64
	notes     [modelPartitions]note

	generation int
	members    [modelMembers]member
	stalled    bool // some member was, at some time
	ids        int
}

const (
	modelPartitions = 2
	modelMembers    = 3
)

// rules are the collector's. The zero value is right; each field is a way to get it wrong.
type rules struct {
	commitFirst  bool // commit before the insert
	lettersLast  bool // publish dead letters after the commit
	freshTokens  bool // a retry gets a token of its own
	sharedTokens bool // blocks of one partition share a token
	onlyGroup    bool // begin at the committed offset, whatever is stored
	skipFailed   bool // go on with the next block after a failed insert
	shortWindow  bool // the sink remembers one token only
}

type modelKind int

const (
	good modelKind = iota
	bad
	nothing // a tombstone
)

type modelRecord struct {
	kind modelKind
	id   int
}

type modelPlace struct {
	partition int
	offset    int64
}

// member is a collector.
type member struct {
	generation int // 0: in no group
	next       map[int]int64
	notes      map[int]note
	batch      *modelBatch
	tries      int // to make fresh tokens
}

type modelBatch struct {
	places []modelPlace
	next   map[int]int64
	stage  int // index into the order of the work
}

func newMachine(r rules) *machine {
	m := &machine{rules: r, rows: map[modelPlace]int{}, letters: map[modelPlace]int{}, generation: 1}
	for p := range modelPartitions {
		m.high[p], m.committed[p], m.notes[p] = -1, -1, noNote
	}
	return m
}

// step does one thing, whichever is chosen: choose gives a number from 0 to n-1.
func (m *machine) step(choose func(n int) int) {
	who := &m.members[choose(modelMembers)]
	switch choose(10) {
	case 0, 1:
		m.produce(choose)
	case 2:
		m.rebalance(choose)
	case 3:
		*who = member{} // a crash
	case 4, 5:
		m.build(who, choose)
	default:
		m.work(who, choose)
	}
}

// produce appends a record: a new interaction, a copy of an earlier one, one that cannot be used, or a tombstone.
func (m *machine) produce(choose func(int) int) {
	p := choose(modelPartitions)
	r := modelRecord{kind: good, id: m.ids}
	switch choose(6) {
	case 0:
		r.kind = bad
	case 1:
		r.kind = nothing
	case 2:
		r.id = choose(m.ids + 1)
	}
	m.ids++
	m.logs[p] = append(m.logs[p], r)
}

// rebalance begins a generation. Members hear of it, in which case they give up what they hold, or stall and do not.
func (m *machine) rebalance(choose func(int) int) {
	m.generation++
	var present []int
	for i := range m.members {
		who := &m.members[i]
		if who.generation > 0 && choose(4) == 0 {
			m.stalled = true
			continue
		}
		*who = member{generation: m.generation, next: map[int]int64{}, notes: map[int]note{}}
		present = append(present, i)
	}
	for p := range modelPartitions {
		if len(present) > 0 {
			m.assign(&m.members[present[choose(len(present))]], p)
		}
	}
}

// assign gives a partition to a member, which finds out where to begin.
func (m *machine) assign(who *member, p int) {
	at := place{
		log: log{0, int64(len(m.logs[p]))}, ledger: !m.rules.onlyGroup, stored: m.high[p], committed: m.committed[p], note: m.notes[p],
	}
	offset, keep, _ := at.start()
	who.next[p], who.notes[p] = offset, keep
	if !m.rules.onlyGroup {
		m.committed[p], m.notes[p] = offset, keep // for lag tools
	}
}

// build makes a batch of some of what the member's partitions hold, unless it has one.
func (m *machine) build(who *member, choose func(int) int) {
	if who.batch != nil || who.generation == 0 {
		return
	}
	b := &modelBatch{next: map[int]int64{}}
	for _, p := range slices.Sorted(maps.Keys(who.next)) {
		from, end := who.next[p], int64(len(m.logs[p]))
		to := min(end, from+int64(choose(4)))
		for o := from; o < to; o++ {
			b.places = append(b.places, modelPlace{p, o})
		}
		if to > from {
			b.next[p] = to
		}
	}
	if len(b.places) > 0 {
		who.batch = b
	}
}

// stages is how many things are done about a batch.
const stages = 3

// order is the order of the work on a batch.
func (r rules) order() [stages]string {
	switch {
	case r.commitFirst:
		return [stages]string{"letters", "commit", "insert"}
	case r.lettersLast:
		return [stages]string{"insert", "commit", "letters"}
	}
	return [stages]string{"letters", "insert", "commit"}
}

// work does the next thing about a member's batch.
func (m *machine) work(who *member, choose func(int) int) {
	b := who.batch
	if b == nil {
		return
	}
	switch m.rules.order()[b.stage] {
	case "letters":
		for _, at := range b.places {
			if m.record(at).kind == bad {
				m.letters[at]++
			}
		}
	case "insert":
		if taken := m.insert(who, choose(4)); !taken && !m.rules.skipFailed {
			return // the same block again
		}
	case "commit":
		if choose(4) > 0 { // else it fails, and the ledger has them
			m.commit(who)
		}
	}
	if b.stage++; b.stage == stages {
		for p, next := range b.next {
			who.next[p] = next
		}
		who.batch = nil
	}
}

func (m *machine) record(at modelPlace) modelRecord { return m.logs[at.partition][at.offset] }

// insert sends a batch's block. Luck 0: it does not arrive; 1: it is stored and the answer is lost; else all is well.
func (m *machine) insert(who *member, luck int) (taken bool) {
	var places []modelPlace
	held := batch{spans: map[Partition]*span{}}
	for _, at := range who.batch.places {
		if m.record(at).kind == good {
			places = append(places, at)
			held.span(Partition{"t", at.partition}, at.offset).has(at.offset)
		}
	}
	if len(places) == 0 {
		return true
	}
	if luck == 0 {
		return false
	}
	name := token(held.spans, "v1")
	switch {
	case m.rules.freshTokens:
		who.tries++
		name += fmt.Sprint(" try ", who.tries)
	case m.rules.sharedTokens:
		name = fmt.Sprint(places[0].partition)
	}
	if !slices.Contains(m.tokens, name) {
		m.tokens = append(m.tokens, name)
		if m.rules.shortWindow {
			m.tokens = m.tokens[len(m.tokens)-1:]
		}
		for _, at := range places {
			m.rows[at]++
			m.high[at.partition] = max(m.high[at.partition], at.offset)
		}
	}
	return luck > 1
}

// commit commits a batch's offsets, unless the group has moved on without the member.
func (m *machine) commit(who *member) {
	if who.generation != m.generation {
		return
	}
	for p, next := range who.batch.next {
		n := who.notes[p]
		for _, at := range who.batch.places {
			if at.partition == p && m.record(at).kind == good {
				n.stored = max(n.stored, at.offset)
			}
		}
		who.notes[p] = n
		m.committed[p], m.notes[p] = next, n
	}
}

// wrong says which invariant does not hold.
func (m *machine) wrong() error {
	for p := range modelPartitions {
		done := max(m.committed[p], m.high[p]+1)
		for o := range done {
			at := modelPlace{p, o}
			switch m.record(at).kind {
			case good:
				if m.rows[at] == 0 {
					return fmt.Errorf("lost: %+v is neither stored nor will it be: committed %d, stored up to %d", at, m.committed[p], m.high[p])
				}
			case bad:
				if m.letters[at] == 0 {
					return fmt.Errorf("lost: %+v is no dead letter, and never will be", at)
				}
			}
		}
	}
	for at, n := range m.rows {
		if n > 1 && !m.stalled {
			return fmt.Errorf("twice: %+v has %d rows", at, n)
		}
		if m.record(at).kind != good {
			return fmt.Errorf("invented: %+v has a row", at)
		}
	}
	for at := range m.letters {
		if m.record(at).kind != bad {
			return fmt.Errorf("invented: %+v is a dead letter", at)
		}
	}
	return nil
}

// settle lets nothing go wrong any more, and returns when there is nothing left to do, or with what is wrong.
func (m *machine) settle() error {
	lucky := func(n int) int { return n - 1 }
	for i := range m.members {
		m.members[i] = member{}
	}
	m.rebalance(lucky)
	for range 1000 {
		idle := true
		for i := range m.members {
			m.build(&m.members[i], lucky)
			idle = idle && m.members[i].batch == nil
			m.work(&m.members[i], lucky)
		}
		if idle {
			break
		}
	}
	if err := m.wrong(); err != nil {
		return err
	}
	stored, dead, filtered, read := 0, 0, 0, 0
	for p := range modelPartitions {
		if m.committed[p] < int64(len(m.logs[p])) && len(m.logs[p]) > 0 {
			return fmt.Errorf("stuck: partition %d has %d records, and is done up to %d", p, len(m.logs[p]), m.committed[p])
		}
		for o, r := range m.logs[p] {
			at := modelPlace{p, int64(o)}
			read++
			switch {
			case m.rows[at] > 0:
				stored++
			case m.letters[at] > 0:
				dead++
			case r.kind == nothing:
				filtered++
			}
		}
	}
	if read != stored+dead+filtered {
		return fmt.Errorf("does not add up: %d read, %d stored, %d dead, %d filtered", read, stored, dead, filtered)
	}
	return nil
}

// run takes steps, and looks at the invariants after each; then all settles.
func (m *machine) run(steps int, choose func(int) int) error {
	for range steps {
		m.step(choose)
		if err := m.wrong(); err != nil {
			return err
		}
	}
	return m.settle()
}
