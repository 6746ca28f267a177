package aggregate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
)

// mostWords is how many words table words can have. Its numbers are of 16 bits; paths gives three beyond them a meaning, and 65535 is
// what a filter asks for that no row has.
const mostWords = math.MaxUint16 - 1

// wordsStored are the words of table words, by number. They are read again after a while: the database may be put back to what it was before.
type wordsStored struct {
	mu      sync.Mutex
	numbers map[string]uint16
	read    time.Time
}

const wordsHold = time.Minute

// numberWords gives each word its number in table words, and numbers those that have none. The empty word is 0.
func (s *Store) numberWords(ctx context.Context, words []string) ([]uint16, error) {
	w := s.words
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.read) > wordsHold {
		if err := s.readWords(ctx); err != nil {
			return nil, err
		}
	}
	for {
		unknown := w.unknown(words)
		if len(unknown) == 0 {
			break
		}
		if err := s.claimNumbers(ctx, unknown); err != nil {
			return nil, err
		}
	}
	out := make([]uint16, len(words))
	for i, word := range words {
		out[i] = w.numbers[word]
	}
	return out, nil
}

func (w *wordsStored) unknown(words []string) []string {
	var out []string
	for _, word := range words {
		if _, known := w.numbers[word]; !known && word != "" && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

func (s *Store) readWords(ctx context.Context) error {
	numbers := map[string]uint16{}
	err := s.each(ctx, func(scan func(...any) error) error {
		var number uint16
		var word string
		if err := scan(&number, &word); err != nil {
			return err
		}
		if numbers[word] = number; int(number) != len(numbers) {
			return fmt.Errorf("number %d is missing, or stands twice: views would tell words wrongly; stop, restore the table, or truncate "+
				"words, findings and walked, which has everybody walked anew, and start", len(numbers))
		}
		return nil
	}, "SELECT number, word FROM words ORDER BY number, word")
	if err != nil {
		return fmt.Errorf("read table words: %w", err)
	}
	s.words.numbers, s.words.read = numbers, time.Now()
	return nil
}

type wordRow struct {
	number uint16
	word   string
}

var wordColumns = []column[wordRow]{
	fill("number", typeNumber, func(r *wordRow) uint16 { return r.number }),
	fill("word", typeString, func(r *wordRow) string { return r.word }),
}

// claimNumbers asks for the next numbers for words, and reads what came of it: another process may have been quicker. Of two inserts that
// begin with the same number one counts, since that number is their deduplication token.
func (s *Store) claimNumbers(ctx context.Context, words []string) error {
	known := len(s.words.numbers)
	if known+len(words) > mostWords {
		return fmt.Errorf("table words: %d stages, touchpoints, channels, departments, personas and sources, of %d that it can number", known+len(words), mostWords)
	}
	rows := make([]wordRow, len(words))
	for i, word := range words {
		rows[i] = wordRow{uint16(known + i + 1), word} //nolint:gosec // at most mostWords
	}
	if err := insert(ctx, s, "words", wordColumns, rows, "words from "+strconv.Itoa(known+1)); err != nil {
		return err
	}
	if err := s.readWords(ctx); err != nil {
		return err
	}
	if len(s.words.numbers) == known {
		return fmt.Errorf("table words: asked for number %d, and it was neither given nor taken", known+1)
	}
	return nil
}
