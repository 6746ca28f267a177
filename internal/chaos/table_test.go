package chaos

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// The lines between which the document's table stands.
const (
	tableBegin = "<!-- written by make chaos -->\n"
	tableEnd   = "<!-- end -->\n"
)

const tableHead = "| fault | what happened | records | ledger | stored | unique ids | lost | doubled | second rows | dead / bad | reports equal | took | seed |\n" +
	"|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"

// line is an outcome's line of the table.
func (o outcome) line() string {
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d / %d | %d of %d | %s | %d |\n",
		o.name, o.happened, o.published, o.ledger, o.stored, o.unique, o.lost+o.foreign, o.stored-o.unique, o.second, o.dead, o.bad,
		o.reports-o.differing, o.reports, o.took.Round(time.Second), o.seed)
}

// publishTable puts outcomes into the document, in the order of the rows. Rows that were not played keep their line.
func publishTable(t *testing.T, file string, outcomes map[string]outcome) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), tableBegin)
	old, tail, foundEnd := strings.Cut(rest, tableEnd)
	if !found || !foundEnd {
		t.Fatalf("%s has no place for the table", file)
	}
	table := tableHead
	for _, r := range rows {
		if o, played := outcomes[r.name]; played {
			table += o.line()
			continue
		}
		for line := range strings.Lines(old) {
			if strings.HasPrefix(line, "| "+r.name+" |") {
				table += line
			}
		}
	}
	if err := os.WriteFile(file, []byte(head+tableBegin+table+tableEnd+tail), 0o600); err != nil {
		t.Fatal(err)
	}
	fmt.Print("\n" + table)
}
