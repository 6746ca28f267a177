package walk

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"tappa/journey"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRules walks every file of testdata: a rule in words, a journey, interactions, and what comes of them.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { testRule(t, file) })
	}
}

func testRule(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]*txtar.File{}
	for i := range archive.Files {
		sections[archive.Files[i].Name] = &archive.Files[i]
	}
	for _, name := range []string{"journey", "interactions", "result"} {
		if sections[name] == nil {
			t.Fatalf("%s: no section %s", file, name)
		}
	}
	j, err := journey.Parse(file, sections["journey"].Data)
	if err != nil {
		t.Fatal(err)
	}
	def, err := Define(j)
	if err != nil {
		t.Fatal(err)
	}
	in := parseInteractions(t, def, string(sections["interactions"].Data))
	got := render(j, New(def).Walk("s", in), in)
	if *update {
		sections["result"].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(got, string(sections["result"].Data)); diff != "" {
		t.Errorf("%s (-got, +want):\n%s", file, diff)
	}
}

// parseInteractions reads lines of "time id type words…", where a word is a flag or name=value. What the type tells is
// filled in: ticket.opened is inbound, email.sent outbound, and so on.
func parseInteractions(t *testing.T, def *Definition, text string) []Interaction {
	t.Helper()
	var out []Interaction
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		at, err := time.Parse("2006-01-02T15:04:05.999", fields[0])
		if err != nil {
			at, err = time.Parse("2006-01-02T15:04", fields[0])
		}
		if err != nil || len(fields) < 3 {
			t.Fatalf("interaction %q: want time, id, type (%v)", line, err)
		}
		x := Interaction{At: at.UnixMilli(), Origin: "o", ID: fields[1], Key: "k", Person: "anna", Row: len(out)}
		source, _, _ := strings.Cut(fields[2], ".")
		direction, automatic, public, held := defaults(fields[2])
		for _, word := range fields[3:] {
			name, value, _ := strings.Cut(word, "=")
			switch name {
			case "in", "out", "internal":
				direction = map[string]journey.Direction{"in": journey.Inbound, "out": journey.Outbound, "internal": journey.Internal}[name]
			case "automatic":
				automatic = true
			case "private":
				public = false
			case "foreign":
				x.Foreign = true
			case "stage":
				for id := range strings.SplitSeq(value, ",") {
					if at, known := def.Position(id); known {
						x.Stages = append(x.Stages, at)
					}
				}
			case "outcome":
				x.Outcome = journey.Outcome(value)
			case "value":
				if x.Value, err = strconv.ParseFloat(value, 64); err != nil {
					t.Fatal(err)
				}
			case "origin":
				x.Origin = value
			case "person":
				x.Person = value
			case "thread":
				x.Thread = value
			case "persona":
				x.Persona = value
			case "priority":
				x.Priority = value
			case "department":
				x.Department = value
			default:
				t.Fatalf("interaction %q: unknown word %q", line, word)
			}
		}
		x.Role = RoleOf(journey.Source(source), fields[2], direction, automatic, public, held)
		out = append(out, x)
	}
	return out
}

func defaults(kind string) (direction journey.Direction, automatic, public, held bool) {
	direction, public = journey.Inbound, true
	switch kind {
	case "email.sent", "quote.sent":
		direction = journey.Outbound
	case "ticket.noted":
		direction, public = journey.Internal, false
	case "ticket.updated", "ticket.solved", "crm.changed":
		direction = journey.Internal
	case "call.held":
		held = true
	}
	return direction, automatic, public, held
}

// render writes a result as text: a line each, times without what is zero at their end.
func render(j *journey.Journey, r *Result, in []Interaction) string {
	var b bytes.Buffer
	name := func(stage int) string {
		if stage == None {
			return "-"
		}
		return string(j.Stages[stage].ID)
	}
	for i, c := range r.Cases {
		fmt.Fprintf(&b, "case %d %s…%s %s in %s, steps %s…%s n=%d%s%s%s\n", c.Attempt, clock(c.Opened), clock(c.Closed), c.Exit,
			name(int(c.Stage)), clock(c.First), clock(c.Last), c.Interactions, word(" persona=", c.Persona), number(" value=", c.Value),
			map[bool]string{true: " existing"}[c.Existing])
		for _, v := range r.Visits {
			if v.Case == i {
				fmt.Fprintf(&b, "  visit %s %s…%s %s by %s, last activity %s n=%d%s%s\n", name(int(v.Stage)), clock(v.Entered),
					clock(v.Left), v.Exit, in[v.Entry].ID, clock(v.LastActivity), v.Interactions, number(" value=", v.Value), number(" known=", v.Known))
			}
		}
		for _, s := range r.Steps {
			if s.Case == i {
				fmt.Fprintf(&b, "  step %d %s %s%s%s\n", s.Number, in[s.Index].ID, name(s.Stage), map[bool]string{true: " return"}[s.Return], number(" known=", s.Known))
			}
		}
	}
	for _, w := range r.Waits {
		fmt.Fprintf(&b, "wait %d %s asked %s", w.Number, in[w.Ask].ID, clock(in[w.Ask].At))
		if w.Answer == None {
			b.WriteString(" unanswered")
		} else {
			fmt.Fprintf(&b, " answered by %s after %s%s", in[w.Answer].ID, span(w.Waited), word(" business ", span(w.Business)))
		}
		if w.Case != None {
			fmt.Fprintf(&b, " case %d", r.Cases[w.Case].Attempt)
		}
		fmt.Fprintf(&b, " %s%s%s%s%s", name(w.Stage), word(" department=", w.Department), word(" priority=", w.Priority),
			map[bool]string{true: " first"}[w.First], map[bool]string{true: " missed"}[w.Missed])
		if w.Target != Null {
			fmt.Fprintf(&b, " target %s%s", span(w.Target), map[bool]string{true: " business"}[w.TargetBusiness])
		}
		if w.Due != Null {
			fmt.Fprintf(&b, " due %s", clock(w.Due))
		}
		fmt.Fprintf(&b, "%s%s\n", number(" known=", w.Known), map[bool]string{true: " existing"}[w.Existing])
	}
	return b.String()
}

func clock(ms int64) string {
	if ms == Never {
		return "never"
	}
	at := time.UnixMilli(ms).UTC()
	if at.Truncate(time.Minute).Equal(at) {
		return at.Format("2006-01-02T15:04")
	}
	return at.Format("2006-01-02T15:04:05.999")
}

func span(ms int64) string {
	if ms == Null {
		return ""
	}
	return (time.Duration(ms) * time.Millisecond).String()
}

func word(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func number(prefix string, v float64) string {
	if v == 0 {
		return ""
	}
	return prefix + strconv.FormatFloat(v, 'g', -1, 64)
}
