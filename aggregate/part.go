package aggregate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Part is a walker's share of the walk: one of so many, counted from 1. The zero value is all of it. Every part knows who is who and
// writes what is found under the names that are its own, so that each row has one writer.
type Part struct{ Number, Of int }

// MostParts is into how many parts the walk can be divided.
const MostParts = 64

// ParsePart reads "2/4": the second part of four.
func ParsePart(s string) (Part, error) {
	number, of, _ := strings.Cut(s, "/")
	k, errK := strconv.Atoi(number)
	n, errN := strconv.Atoi(of)
	if errK != nil || errN != nil || k < 1 || k > n || n > MostParts {
		return Part{}, fmt.Errorf("%q; expected PART/PARTS such as 2/4, counted from 1, at most %d parts", s, MostParts)
	}
	return Part{k, n}, nil
}

// String writes a part as ParsePart reads it.
func (p Part) String() string { return fmt.Sprintf("%d/%d", p.number(), p.of()) }

func (p Part) number() int { return max(p.Number, 1) }
func (p Part) of() int     { return max(p.Of, 1) }
func (p Part) whole() bool { return p.of() == 1 }

// owns tells whether what is stored under a name is this part's to write.
func (p Part) owns(name string) bool {
	return p.whole() || int(xxhash.Sum64String(name)%uint64(p.of())) == p.number()-1
}

// owned is owns as a condition on a column.
func (p Part) owned(column string) string {
	if p.whole() {
		return "true"
	}
	return fmt.Sprintf("xxHash64(%s) %% %d = %d", column, p.of(), p.number()-1)
}

// division is into how many parts the walk is divided, since when. Its revision counts from 1; 0 is none yet.
type division struct {
	revision uint64
	parts    uint32
}

// inForce is the division that counts, as a subquery that gives a tuple of zeros where there is none.
const inForce = "(SELECT max((revision, parts)) FROM divisions)"

func (s *Store) division(ctx context.Context) (d division, err error) {
	const query = "WITH " + inForce + " AS force SELECT force.1, force.2"
	if err := s.conn.QueryRow(ctx, query).Scan(&d.revision, &d.parts); err != nil {
		return d, fmt.Errorf("ask for the division of the walk: %w", err)
	}
	return d, nil
}

var divisionColumns = []column[division]{
	fill("revision", "UInt64", func(d *division) uint64 { return d.revision }),
	fill("parts", "UInt32", func(d *division) uint32 { return d.parts }),
}

// numbersOf is how many walks a division can number. Numbers of a later one are all higher, so that a row which a walker of the
// division before writes late replaces nothing.
const numbersOf = 1 << 32

// first is the number below all of the division.
func (d division) first() uint64 { return (max(d.revision, 1) - 1) * numbersOf }

// ErrOtherDivision is what a walker answers with whose database others now walk in another number of parts.
var ErrOtherDivision = errors.New("the walk is divided otherwise")

// takeDivision puts the walker's own division into force when it begins; later it only looks whether it still is. So of two that differ
// the one that was started last counts.
func (w *Walker) takeDivision(ctx context.Context) error {
	now, err := w.store.division(ctx)
	if err != nil {
		return err
	}
	own := uint32(w.opts.Part.of()) //nolint:gosec // at most MostParts
	if now.parts != own && !w.divided {
		next := []division{{now.revision + 1, own}}
		if err := insert(ctx, w.store, "divisions", divisionColumns, next, ""); err != nil {
			return err
		}
		if now, err = w.store.division(ctx); err != nil {
			return err
		}
		if err := w.forgetDivisions(ctx, now.revision); err != nil {
			return err
		}
	}
	if now.parts != own {
		return w.otherDivision(now)
	}
	w.division, w.divided = now, true
	return nil
}

func (w *Walker) otherDivision(now division) error {
	return fmt.Errorf("%w: into %d parts since a walker of these was started, and this is part %s: stop those of one of the two divisions",
		ErrOtherDivision, now.parts, w.opts.Part)
}

// holdDivision fails once the division under which this walker was loaded is no longer in force.
func (w *Walker) holdDivision(ctx context.Context) error {
	now, err := w.store.division(ctx)
	switch {
	case err != nil || now == w.division:
		return err
	case now.parts != w.division.parts:
		return w.otherDivision(now)
	}
	return errors.New("the walk was divided otherwise for a while, and has to begin anew")
}

// forgetDivisions drops what is only known under divisions before one.
func (w *Walker) forgetDivisions(ctx context.Context, revision uint64) error {
	var former []uint64
	err := w.store.each(ctx, func(scan func(...any) error) error {
		var one uint64
		err := scan(&one)
		former = append(former, one)
		return err
	}, "SELECT DISTINCT division FROM people_walked WHERE division < ?", revision)
	for _, one := range former {
		err = cmp.Or(err, w.store.conn.Exec(ctx, fmt.Sprintf("ALTER TABLE people_walked DROP PARTITION %d", one)))
	}
	if err != nil {
		return fmt.Errorf("forget former divisions of the walk: %w", err)
	}
	return nil
}
