package aggregate

import (
	"bufio"
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// partsAnswer is what the engine sends for rows of these parts, as our own writer has words.
func partsAnswer(parts ...string) []byte {
	var c nativeColumn
	c.begin("_part", typeWord)
	for _, part := range parts {
		c.text(part)
	}
	c.end()
	version := c.head[len(c.head)-8:]
	return bytes.Join([][]byte{version, c.words.head, c.words.keys, c.data}, nil)
}

func TestPartsComeInTheOrderOfTheirRows(t *testing.T) {
	t.Parallel()
	want := []string{"202512_9_9_0", "202601_1_10_2", "202601_11_11_0", "202601_12_30_1_31", "202602_2_2_0"}
	var many []string
	for i := range 70_000 { // names need numbers of four bytes
		many = append(many, fmt.Sprintf("202603_%d_%d_0", i+1, i+1))
	}
	for _, parts := range [][]string{want, append(want, many[:300]...), append(want, many...)} {
		var c partColumn
		if err := c.decode(bufio.NewReader(bytes.NewReader(partsAnswer(parts...))), len(parts)); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(parts); i++ {
			if c.values[i-1] >= c.values[i] {
				t.Fatalf("%s is %d, %s is %d: want the second to be newer", parts[i-1], c.values[i-1], parts[i], c.values[i])
			}
		}
	}
	if _, err := rankOf("all_1_1_0"); err == nil {
		t.Error("a part of no month has a place in the order of months")
	}
}

func FuzzPartColumn(f *testing.F) {
	f.Add(partsAnswer("202601_1_10_2", "202601_11_11_0", "202601_1_10_2"), 3)
	f.Add(partsAnswer("202601_1_10_2"), 2)
	f.Add(append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 255, 255, 255, 255, 255, 255, 255, 255, 127), 1)
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0x40, 2, 0, 0, 0, 0, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, answer []byte, rows int) {
		if rows < 0 || rows > 1<<16 {
			t.Skip()
		}
		var c partColumn
		if err := c.decode(bufio.NewReader(bytes.NewReader(answer)), rows); err == nil {
			if diff := cmp.Diff(len(c.values), rows); diff != "" {
				t.Error(diff)
			}
		}
	})
}
