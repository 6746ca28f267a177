package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tappa/journey"
)

// memorySink is ClickHouse as the collector knows it: a block is stored whole or not at all, a token that was stored
// is not stored again, and the highest offset stored can be asked for. It stands beside collectors, so it outlives
// them.
type memorySink struct {
	mu     sync.Mutex
	rows   []journey.Record
	tokens map[string]int // rows by token
	high   map[string]map[int]int64
	writes int

	// fault is asked at every write, before and after the block is stored; an error fails the write there.
	fault func(block journey.Block, stored bool) error

	// wrong collects what a correct collector never does.
	wrong []string
}

func newSink() *memorySink {
	return &memorySink{tokens: map[string]int{}, high: map[string]map[int]int64{}}
}

func (s *memorySink) Stored(_ context.Context, topic string) (map[int]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[int]int64{}
	for p, high := range s.high[topic] {
		out[p] = high
	}
	return out, nil
}

func (s *memorySink) NewBlock() journey.BlockBuilder { return journey.Collected(s.write) }

func (s *memorySink) write(_ context.Context, block journey.Block) error {
	fault := s.fault
	if fault == nil {
		fault = func(journey.Block, bool) error { return nil }
	}
	if err := fault(block, false); err != nil {
		return err
	}
	s.mu.Lock()
	s.store(block)
	s.mu.Unlock()
	return fault(block, true)
}

func (s *memorySink) store(block journey.Block) {
	s.writes++
	if n, again := s.tokens[block.Token]; again {
		if n != len(block.Records) {
			s.wrong = append(s.wrong, fmt.Sprintf("token %s named %d rows, then %d", block.Token, n, len(block.Records)))
		}
		return
	}
	if len(block.Records) == 0 || block.Token == "" || block.ArrivedAt.IsZero() {
		s.wrong = append(s.wrong, fmt.Sprintf("empty block %q", block.Token))
	}
	s.tokens[block.Token] = len(block.Records)
	before := map[string]int64{}
	for _, r := range block.Records {
		at := r.Position
		key := fmt.Sprint(at.Topic, at.Partition)
		if last, ok := before[key]; ok && last >= at.Offset {
			s.wrong = append(s.wrong, fmt.Sprintf("%v after offset %d", at, last))
		}
		before[key] = at.Offset
		if s.high[at.Topic] == nil {
			s.high[at.Topic] = map[int]int64{}
		}
		if high, ok := s.high[at.Topic][at.Partition]; !ok || at.Offset > high {
			s.high[at.Topic][at.Partition] = at.Offset
		}
	}
	s.rows = append(s.rows, slices.Clone(block.Records)...)
}

// ids returns the ids stored, each once, and how many rows there are in all.
func (s *memorySink) ids() (unique map[string]bool, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unique = map[string]bool{}
	for _, r := range s.rows {
		unique[r.Interaction.ID] = true
	}
	return unique, len(s.rows)
}

// errFault is a failure that a test put there.
var errFault = errors.New("fault")

// errPoison is what a sink says of a row that it can never store.
type errPoison struct{ id string }

func (e errPoison) Error() string    { return "row " + e.id + " cannot be stored" }
func (e errPoison) RowAtFault() bool { return true }

// errWrong is what a sink says that is wrong as a whole: without its table, or without rights.
type errWrong struct{}

func (errWrong) Error() string   { return "no such table" }
func (errWrong) Permanent() bool { return true }
