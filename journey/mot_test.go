package journey

import (
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	hours := func(h int) *time.Duration { d := time.Duration(h) * time.Hour; return &d }
	num := func(x float64) *float64 { return &x }
	mot := MOT{Exceeded: MOTBounds{Wait: hours(2), Mood: num(0.5)}, Met: MOTBounds{Wait: hours(8), Loss: num(0.4)}}
	for _, c := range []struct {
		name string
		mot  MOT
		got  Measured
		want Verdict
	}{
		{"every bound of exceeded holds", mot, Measured{Wait: hours(2), Mood: num(0.5), Loss: num(0.9)}, VerdictExceeded},
		{"quick but in a bad mood", mot, Measured{Wait: hours(1), Mood: num(-1), Loss: num(0.2)}, VerdictMet},
		{"late", mot, Measured{Wait: hours(9), Mood: num(1), Loss: num(0.2)}, VerdictNotMet},
		{"one bound fails, the other has no number", mot, Measured{Wait: hours(9)}, VerdictNotMet},
		{"nothing measured", mot, Measured{}, VerdictUnknown},
		{"loss not known", mot, Measured{Wait: hours(3), Mood: num(0)}, VerdictUnknown},
		{"no bounds are always met, never exceeded", MOT{}, Measured{}, VerdictMet},
	} {
		if got := c.mot.Judge(c.got); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
