package identity

import (
	"regexp/syntax"
	"slices"
)

// automaton is a regular expression over digits with its alternatives worked out: one look into a table for each digit.
type automaton struct {
	next    [][10]uint16 // state by state and digit; state 0 is of no return, state 1 the beginning
	accepts []bool
}

// maxStates is for patterns that would grow beyond reason.
const maxStates = 1 << 15

// newAutomaton builds an automaton; ok is false for a pattern with more than digits, classes, alternatives and repetitions.
func newAutomaton(pattern string) (a *automaton, ok bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil || slices.ContainsFunc(prog.Inst, func(i syntax.Inst) bool { return i.Op == syntax.InstEmptyWidth }) {
		return nil, false
	}
	b := automatonBuilder{prog: prog, states: map[string]uint16{}}
	b.state(nil)
	b.state(b.reach(nil, uint32(prog.Start)))
	for at := 1; at < len(b.places); at++ {
		for digit := range 10 {
			var places []uint32
			for _, pc := range b.places[at] {
				if inst := &prog.Inst[pc]; inst.Op != syntax.InstMatch && inst.MatchRune('0'+rune(digit)) {
					places = b.reach(places, inst.Out)
				}
			}
			b.next[at][digit] = b.state(places)
		}
		if len(b.places) > maxStates {
			return nil, false
		}
	}
	return &b.automaton, true
}

// automatonBuilder makes a state of each set of places in the compiled expression that can be reached together.
type automatonBuilder struct {
	automaton
	prog   *syntax.Prog
	places [][]uint32 // by state, sorted
	states map[string]uint16
}

// reach adds the places that take a digit, or accept, and are reached from one without a digit.
func (b *automatonBuilder) reach(places []uint32, pc uint32) []uint32 {
	switch inst := &b.prog.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return b.reach(b.reach(places, inst.Out), inst.Arg)
	case syntax.InstCapture, syntax.InstNop:
		return b.reach(places, inst.Out)
	case syntax.InstFail:
		return places
	}
	if at, there := slices.BinarySearch(places, pc); !there {
		places = slices.Insert(places, at, pc)
	}
	return places
}

// state returns the number of the state of these places.
func (b *automatonBuilder) state(places []uint32) uint16 {
	name := make([]byte, 0, 4*len(places))
	accepts := false
	for _, pc := range places {
		name = append(name, byte(pc), byte(pc>>8), byte(pc>>16), byte(pc>>24))
		accepts = accepts || b.prog.Inst[pc].Op == syntax.InstMatch
	}
	number, known := b.states[string(name)]
	if !known {
		number = uint16(len(b.places)) //nolint:gosec // at most maxStates
		b.states[string(name)] = number
		b.places, b.next, b.accepts = append(b.places, places), append(b.next, [10]uint16{}), append(b.accepts, accepts)
	}
	return number
}

// matches reports whether the expression matches all of the digits.
func (a *automaton) matches(digits []byte) bool {
	at := uint16(1)
	for _, c := range digits {
		at = a.next[at][c-'0']
	}
	return a.accepts[at]
}

// begins reports whether the expression matches the beginning of the digits.
func (a *automaton) begins(digits []byte) bool {
	at := uint16(1)
	for _, c := range digits {
		if a.accepts[at] {
			return true
		}
		at = a.next[at][c-'0']
	}
	return a.accepts[at]
}
