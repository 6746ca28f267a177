package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"tappa/sentiment"
)

// peerNeutral is the score up to which a peer's text is neutral, where its authors name one; for the others only 0 is.
var peerNeutral = map[string]float64{"vader-sentiment": 0.05, "govader": 0.05}

// noPeer stands in the table where a peer does not know the language.
const noPeer = "-"

// beside prints tappa's macro-F1 and that of peers on the same texts. A peer is a command that reads JSON lines
// {"text", "lang"} and writes one for each: the score of every scorer it runs, by name, above 0 for good.
func beside(w io.Writer, scorer *sentiment.Scorer, data string, peers []string) error {
	if len(peers) == 0 {
		return nil
	}
	names := map[string]bool{}
	lines := make([]map[string]float64, len(sets))
	for i, s := range sets {
		rows, err := load(filepath.Join(data, s.path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(r row) bool { return !slices.Contains(s.labels(), r.label) })
		lines[i] = map[string]float64{}
		for _, command := range peers {
			found, err := askPeer(command, s, rows)
			if err != nil {
				return err
			}
			maps.Copy(lines[i], found)
		}
		for name := range lines[i] {
			names[name] = true
		}
		lines[i]["tappa"] = measure(scorer, s, rows).macro
	}
	printBeside(w, lines, append([]string{"tappa"}, slices.Sorted(maps.Keys(names))...))
	return nil
}

func printBeside(w io.Writer, lines []map[string]float64, columns []string) {
	fmt.Fprintf(w, "\n| set | classes | %s |\n|---|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for i, s := range sets {
		if lines[i] == nil {
			continue
		}
		fmt.Fprintf(w, "| %s | %d |", s.name, s.classes)
		for _, name := range columns {
			cell := noPeer
			if f1, ok := lines[i][name]; ok {
				cell = fmt.Sprintf("%.3f", f1)
			}
			fmt.Fprintf(w, " %s |", cell)
		}
		fmt.Fprintln(w)
	}
}

// askPeer runs a command over the texts of a set and returns the macro-F1 of every scorer that answered for all.
func askPeer(command string, s set, rows []row) (map[string]float64, error) {
	var in, out bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, r := range rows {
		if err := enc.Encode(map[string]string{"text": r.text, "lang": s.lang}); err != nil {
			return nil, err
		}
	}
	args := strings.Fields(command)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run peer %q: %w", command, err)
	}
	tables, answered := map[string]*confusion{}, map[string]int{}
	dec := json.NewDecoder(&out)
	for i, r := range rows {
		var scores map[string]float64
		if err := dec.Decode(&scores); err != nil {
			return nil, fmt.Errorf("read answer %d of peer %q: %w", i+1, command, err)
		}
		for name, score := range scores {
			if tables[name] == nil {
				tables[name] = newConfusion(s.labels())
			}
			answered[name]++
			tables[name].add(r.label, s.peerLabel(name, score))
		}
	}
	found := map[string]float64{}
	for name, table := range tables {
		if answered[name] == len(rows) {
			found[name] = table.macro()
		}
	}
	return found, nil
}

// peerLabel names a peer's score. With two classes, as for tappa, the sign decides.
func (s set) peerLabel(name string, score float64) string {
	bound := 0.0
	if s.classes == 3 {
		bound = peerNeutral[name]
	}
	switch {
	case score > bound:
		return "pos"
	case score < -bound:
		return "neg"
	case s.classes == 3:
		return "neu"
	}
	return "none"
}

// labels are the classes of a set.
func (s set) labels() []string { return []string{"neg", "pos", "neu"}[:s.classes] }
