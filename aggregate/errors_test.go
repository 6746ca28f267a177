package aggregate

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

func TestRowAtFault(t *testing.T) {
	for code, want := range map[int32]bool{
		6: true, 69: true, 70: true, 117: true, 321: true, 349: true, 469: true, 691: true, // the values of a row
		53: false, 16: false, 60: false, 497: false, // the table, in every row alike
		33: false, 241: false, 252: false, 319: false, 123456: false, // passes, or nobody knows
	} {
		var got *WriteError
		if err := writeError(fmt.Errorf("send: %w", &proto.Exception{Code: code})); !errors.As(err, &got) || got.RowAtFault() != want {
			t.Errorf("code %d: got %v, want row at fault %v", code, err, want)
		}
	}
}

// TestEngineBlamesRow lets the real engine refuse a row, and lets it refuse everything.
func TestEngineBlamesRow(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	must(t, s.conn.Exec(t.Context(), "ALTER TABLE records ADD CONSTRAINT sane CHECK value < 1000000"))
	poison := record(0, 2)
	poison.Interaction.Value = 1e9
	var got *WriteError
	if err := s.Write(t.Context(), block("poisoned", record(0, 1), poison)); !errors.As(err, &got) || !got.RowAtFault() {
		t.Errorf("a row that breaks a constraint: got %v, want the row to be blamed", err)
	}
	must(t, s.Write(t.Context(), block("without", record(0, 1))))
	if err := gone(t).Write(t.Context(), block("1", record(0, 1))); !errors.As(err, &got) || got.RowAtFault() {
		t.Errorf("table gone: got %v, want no row to be blamed", err)
	}
}

// TestErrorTable holds the published table of ClickHouse's errors against the one that decides, and its names against
// the engine's. `go test ./aggregate -run ErrorTable -update` rewrites it.
func TestErrorTable(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var table strings.Builder
	table.WriteString("| code | ClickHouse's name | kind | what the collector does |\n|---|---|---|---|\n")
	codes := slices.SortedFunc(maps.Keys(verdicts), func(a, b int32) int {
		return cmp.Or(strings.Compare(doing(verdicts[a]), doing(verdicts[b])), int(a-b))
	})
	for _, code := range codes {
		v := verdicts[code]
		var name string
		must(t, s.conn.QueryRow(t.Context(), "SELECT errorCodeToName(?)", code).Scan(&name))
		if name != v.name {
			t.Errorf("code %d: called %s here, %s by ClickHouse", code, v.name, name)
		}
		fmt.Fprintf(&table, "| %d | `%s` | %s | %s |\n", code, v.name, v.kind, doing(v))
	}
	const file = "../docs/clickhouse-errors.md"
	text, err := os.ReadFile(file)
	must(t, err)
	head, _, found := strings.Cut(string(text), "| code |")
	if !found {
		t.Fatalf("%s has no table", file)
	}
	if *update {
		must(t, os.WriteFile(file, []byte(head+table.String()), 0o600))
		return
	}
	if head+table.String() != string(text) {
		t.Errorf("%s does not tell what the code does: run this test with -update", file)
	}
}

var update = flag.Bool("update", false, "rewrite the published table of errors")

// doing says what the collector does about a verdict, in the words of the published table.
func doing(v verdict) string {
	switch {
	case v.row:
		return "halves the block until the row is found; it becomes a dead letter, the others are stored"
	case v.kind == Permanent:
		return "tries the same block again until a person has put it right; alerts tell"
	case v.busy:
		return "tries the same block again, from 1 s up to 30 s apart"
	case v.kind == Retryable:
		return "tries the same block again, from 50 ms up to 10 s apart"
	}
	return "tries the same block under the same token, which is stored once whatever became of the first try"
}
