package journey

import "time"

// Verdict is how a moment of truth turned out for the customers who went through it.
type Verdict string

// The verdicts. VerdictUnknown is given where a bound asks for a number there is not.
const (
	VerdictExceeded Verdict = "exceeded"
	VerdictMet      Verdict = "met"
	VerdictNotMet   Verdict = "not_met"
	VerdictUnknown  Verdict = "unknown"
)

// Measured is what a moment of truth is judged by; nil is "no data".
type Measured struct {
	Wait *time.Duration // p75 of answered waits
	Mood *float64       // net mood on −2 … +2
	Loss *float64       // share lost after it, 0 … 1
}

// Judge compares what was measured with the thresholds: exceeded when every bound of Exceeded holds, met when every
// bound of Met holds, not met otherwise. Without any bound under Exceeded nothing exceeds.
func (m MOT) Judge(got Measured) Verdict {
	exceeded, sure := m.Exceeded.hold(got)
	if exceeded && sure && m.Exceeded != (MOTBounds{}) {
		return VerdictExceeded
	}
	met, sure := m.Met.hold(got)
	switch {
	case !sure:
		return VerdictUnknown
	case met:
		return VerdictMet
	}
	return VerdictNotMet
}

// hold says whether every given bound holds; sure is false when one that could still fail has no number to look at.
func (b MOTBounds) hold(got Measured) (holds, sure bool) {
	holds, sure = true, true
	check := func(given, known bool, ok func() bool) {
		switch {
		case !given:
		case !known:
			sure = false
		case !ok():
			holds = false
		}
	}
	check(b.Wait != nil, got.Wait != nil, func() bool { return *got.Wait <= *b.Wait })
	check(b.Mood != nil, got.Mood != nil, func() bool { return *got.Mood >= *b.Mood })
	check(b.Loss != nil, got.Loss != nil, func() bool { return *got.Loss <= *b.Loss })
	return holds, sure || !holds
}
