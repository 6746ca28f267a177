package aggregate

import (
	"errors"
	"fmt"
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
	s := openStore(t)
	must(t, s.conn.Exec(t.Context(), "ALTER TABLE interactions ADD CONSTRAINT sane CHECK value < 1000000"))
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
