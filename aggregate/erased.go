package aggregate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tappa/journey"
)

// ErasedRefresh is after how long a process knows at the latest which interactions another one has marked as erased.
const ErasedRefresh = 10 * time.Second

// erasedRetry is how soon it is asked again when the database gave no answer.
const erasedRetry = time.Second

// mark stands for an interaction that was erased.
type mark [sha256.Size / 2]byte

func markOf(origin, id string) (m mark) {
	sum := sha256.Sum256([]byte(origin + "\x00" + id))
	copy(m[:], sum[:])
	return m
}

// markBook holds the marks that are known to this process.
type markBook struct {
	known  atomic.Pointer[knownMarks]
	asking sync.Mutex
}

type knownMarks struct {
	rows  uint64    // in table erased, when they were read: places, which only ever come to be more
	until time.Time // when they are to be read again
	marks map[mark]struct{}
}

// Erased says whether an interaction was erased, or the one that it takes back: a copy of it is not to be stored again, nor what would bring
// in its customer again. It asks the database now and then, and all that
// decode meanwhile wait for the answer; while the database is away, it goes by what is known. What gets through then, or was decoded long
// before it is stored, is removed by the walk: see removeReturned.
func (s *Store) Erased(ix *journey.Interaction) bool {
	marks := s.erasedMarks()
	if len(marks) == 0 {
		return false
	}
	if _, there := marks[markOf(ix.Origin, ix.ID)]; there {
		return true
	}
	of, takesBack := journey.RetractedOf(ix.ID)
	if !takesBack { // of all others one hash is enough
		return false
	}
	_, there := marks[markOf(ix.Origin, of)]
	return there
}

// erasedMarks are the marks of all interactions that were erased, as of ErasedRefresh ago at most.
func (s *Store) erasedMarks() map[mark]struct{} {
	if known := s.erased.known.Load(); known.good() {
		return known.marks
	}
	s.erased.asking.Lock()
	defer s.erased.asking.Unlock()
	if !s.erased.known.Load().good() { // else somebody asked meanwhile
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = s.learnErased(ctx) // without an answer, it goes by what is known
	}
	return s.erased.known.Load().marks
}

func (k *knownMarks) good() bool { return k != nil && time.Now().Before(k.until) }

// LoadErased learns which interactions were erased, as of now.
func (s *Store) LoadErased(ctx context.Context) error {
	s.erased.asking.Lock()
	defer s.erased.asking.Unlock()
	return s.learnErased(ctx)
}

// learnErased reads the marks if there are others than are known.
func (s *Store) learnErased(ctx context.Context) error {
	begun := time.Now()
	next := knownMarks{until: begun.Add(erasedRetry), marks: map[mark]struct{}{}}
	if known := s.erased.known.Load(); known != nil {
		next.rows, next.marks = known.rows, known.marks
	}
	defer func() { s.erased.known.Store(&next) }() // also after a failure, so that not every interaction asks
	var rows uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM erased FINAL").Scan(&rows); err != nil {
		return fmt.Errorf("count erased interactions: %w", err)
	}
	if rows == next.rows {
		next.until = begun.Add(ErasedRefresh)
		return nil
	}
	marks := map[mark]struct{}{}
	err := s.each(ctx, func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		var m mark
		if _, err := hex.Decode(m[:], []byte(text)); err != nil {
			return fmt.Errorf("mark %q: %w", text, err)
		}
		marks[m] = struct{}{}
		return nil
	}, "SELECT DISTINCT mark FROM erased")
	if err != nil {
		return fmt.Errorf("read marks of erased interactions: %w", err)
	}
	next = knownMarks{rows, begun.Add(ErasedRefresh), marks}
	return nil
}

// erasedRow is a place in Kafka whose interaction was erased.
type erasedRow struct {
	place
	offset  int64
	mark    mark
	erasure uint64
}

var erasedColumns = []column[erasedRow]{
	fill("topic", typeWord, func(r *erasedRow) string { return r.topic }),
	fill("partition", "Int32", func(r *erasedRow) int32 { return r.partition }),
	fill("offset", "Int64", func(r *erasedRow) int64 { return r.offset }),
	fill("mark", typeString, func(r *erasedRow) string { return hex.EncodeToString(r.mark[:]) }),
	fill("erasure", "UInt64", func(r *erasedRow) uint64 { return r.erasure }),
}

// mark marks the interactions of an erasure's keys, wherever a row or an arrival of them is.
func (s *Store) mark(ctx context.Context, e Erasure) error {
	type at struct {
		place
		offset int64
	}
	found := map[at]erasedRow{}
	err := s.each(longQuery(ctx), func(scan func(...any) error) error {
		var origin, id string
		r := erasedRow{erasure: e.Number}
		err := scan(&origin, &id, &r.topic, &r.partition, &r.offset)
		r.mark = markOf(origin, id)
		found[at{r.place, r.offset}] = r
		return err
	}, `SELECT toString(origin), id, toString(topic), partition, offset FROM records WHERE contact_key IN (?)
		UNION ALL SELECT toString(origin), id, toString(topic), partition, offset FROM arrivals WHERE contact_keys[1] IN (?)`, e.keys, e.keys)
	if err != nil {
		return fmt.Errorf("find interactions to be erased: %w", err)
	}
	rows := make([]erasedRow, 0, len(found))
	for _, r := range found {
		rows = append(rows, r)
	}
	if err := insert(ctx, s.again(), "erased", erasedColumns, rows, ""); err != nil {
		return err
	}
	return s.LoadErased(ctx)
}

// EachErased calls f with the offsets of a partition whose interactions were erased, in ascending order.
func (s *Store) EachErased(ctx context.Context, topic string, partition int, f func(offset int64)) error {
	err := s.each(ctx, func(scan func(...any) error) error {
		var offset int64
		err := scan(&offset)
		f(offset)
		return err
	}, "SELECT DISTINCT offset FROM erased WHERE topic = ? AND partition = ? ORDER BY offset", topic, int32(partition)) //nolint:gosec // Kafka's own
	if err != nil {
		return fmt.Errorf("list offsets erased of %s/%d: %w", topic, partition, err)
	}
	return nil
}

// ErasedPlaces gives the places in Kafka that an erasure's interactions were read at, as offsets by topic and partition.
func (s *Store) ErasedPlaces(ctx context.Context, erasure uint64) (map[string]map[int][]int64, error) {
	out := map[string]map[int][]int64{}
	err := s.each(ctx, func(scan func(...any) error) error {
		var topic string
		var partition int32
		var offset int64
		if err := scan(&topic, &partition, &offset); err != nil {
			return err
		}
		if out[topic] == nil {
			out[topic] = map[int][]int64{}
		}
		out[topic][int(partition)] = append(out[topic][int(partition)], offset)
		return nil
	}, "SELECT DISTINCT toString(topic), partition, offset FROM erased WHERE erasure = ? ORDER BY ALL", erasure)
	if err != nil {
		return nil, fmt.Errorf("list places of erasure %d: %w", erasure, err)
	}
	return out, nil
}
