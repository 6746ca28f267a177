package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScoreCommand holds the command to one line out for each line in, in order, with the label and language asked for.
func TestScoreCommand(t *testing.T) {
	long, err := json.Marshal(map[string]string{"text": strings.Repeat("Ottimo servizio, grazie mille. ", 1<<15)})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Label, Lang, Error string
		Scored             bool
	}
	cases := []struct {
		in   string
		want row
	}{
		{`{"text": "Ottimo servizio, tecnici cortesi e puntuali"}`, row{"positive", "it", "", true}},
		{`{"text": "The machine is broken and nobody answers", "lang": "en"}`, row{"negative", "en", "", true}},
		{`{"text": "Vi inviamo in allegato l'ordine 4512"}`, row{"neutral", "it", "", true}},
		{`{"text": ""}`, row{"neutral", "", "", false}},
		{`{"text": "Die Maschine läuft nicht mehr und wir warten seit Wochen auf eine Antwort"}`, row{"neutral", "other", "", false}},
		{`{"text": "機械が動きません"}`, row{"neutral", "other", "", false}},
		{`{"text": "x", "lang": "de"}`, row{"neutral", "other", "", false}},
		{string(long), row{"positive", "it", "", true}},
	}
	var in strings.Builder
	for _, c := range cases {
		in.WriteString(c.in + "\n")
	}
	var out, log bytes.Buffer
	if err := score(strings.NewReader(in.String()), &out, &log); err != nil {
		t.Fatalf("score: %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(cases) || log.Len() > 0 {
		t.Fatalf("%d lines for %d, log %q", len(lines), len(cases), log.String())
	}
	for i, c := range cases {
		var got row
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if diff := cmp.Diff(got, c.want); diff != "" {
			t.Errorf("line %d, %.60s (-got, +want):\n%s", i+1, c.in, diff)
		}
	}
}

// TestScoreCommandBadLines holds the command to an error in the place of each line it cannot read.
func TestScoreCommandBadLines(t *testing.T) {
	in := "{\"text\": \"grazie\"}\n{oops\n\n{\"lang\": \"it\"}\n[1]\n{\"text\": 5}\n{\"text\": \"caf\xff\"}\n{\"text\": \"thanks\"}"
	var out, log bytes.Buffer
	err := score(strings.NewReader(in), &out, &log)
	if !errors.Is(err, errScoreLines) {
		t.Errorf("error = %v, want %v", err, errScoreLines)
	}
	var kinds []string
	for line := range strings.Lines(out.String()) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kind := "answer"
		if got["error"] != nil {
			kind = "error"
		}
		kinds = append(kinds, kind)
	}
	want := []string{"answer", "error", "error", "error", "error", "error", "error", "answer"}
	if diff := cmp.Diff(kinds, want); diff != "" {
		t.Errorf("lines (-got, +want):\n%s", diff)
	}
	for _, n := range []string{"line 2:", "line 3:", "line 4:", "line 5:", "line 6:", "line 7:"} {
		if !strings.Contains(log.String(), n) {
			t.Errorf("standard error lacks %q:\n%s", n, log.String())
		}
	}
}
