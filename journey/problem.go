package journey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong, or doubtful, in a journey file: what it is, where it stands and what to do about it.
type Problem struct {
	File    string
	Line    int // 1-based; 0: the file as a whole
	Column  int // 1-based, in characters
	Message string
	Warning bool // the file can be used as it is
}

// String renders the problem the way editors jump to: "FILE:LINE:COLUMN: message".
func (p Problem) String() string {
	kind := ""
	if p.Warning {
		kind = "warning: "
	}
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s%s", p.File, kind, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", p.File, p.Line, p.Column, kind, p.Message)
}

// Problems is a list of problems, sorted by place: the errors of a file that cannot be used, or the warnings of one that
// can.
type Problems []Problem

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Fatal reports whether any of the problems is an error and not only a warning.
func (ps Problems) Fatal() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning })
}

// sorted returns the problems by place, each once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}

// Nearest returns the candidate, in small letters, that s was probably meant to be, or "".
func Nearest(s string, candidates []string) string {
	best, bound := "", 1+len(s)/4
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(s), c); d <= bound {
			best, bound = c, d-1
		}
	}
	return best
}

// editDistance counts the insertions, deletions and replacements of bytes between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// suggest renders what could have been meant: the nearest candidate, or all of them when they are few.
func suggest(s string, candidates []string) string {
	if near := Nearest(s, candidates); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(candidates) == 0 {
		return "; none is declared"
	}
	const most = 12
	if len(candidates) > most {
		return fmt.Sprintf("; known are %s and %d more", strings.Join(candidates[:most], ", "), len(candidates)-most)
	}
	return "; known are " + strings.Join(candidates, ", ")
}
