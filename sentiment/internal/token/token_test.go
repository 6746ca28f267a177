package token

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestFold holds the scanner to the words of a text, one peculiarity of writing for each case.
func TestFold(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"Perché così, CITTÀ?", "perche cosi citta"},
		{"l'assistenza dell’hotel un'ottima", "l assistenza dell hotel un ottima"},
		{"don't won’t it's we're", "dont wont its were"},
		{"beneeee cosììì sooo goood nooo!!!", "bene cosi so good no"},
		{"3 pezzi da 100 kg", "3 pezzi da 100 kg"},
		{"vedi https://example.com/a?b=c e www.example.it ok", "vedi e ok"},
		{"ciao :) :-( ;) :D <3 :/ 10:(3)", "ciao :) :( ;) :d <3 :/ 10 3"},
		{"bravi 👍🏽❤️ ok", "bravi 👍 ❤ ok"},
		{"Größe straße Łódź", "grose strase lodz"},
		{"привет МИР", "привет мир"},
		{"a\xffb\xfe", "a b"},
	} {
		if diff := cmp.Diff(Fold(c.text), c.want); diff != "" {
			t.Errorf("Fold(%q) (-got, +want):\n%s", c.text, diff)
		}
	}
}

// TestScanMarks holds the scanner to what stands between the words, and to how they are written.
func TestScanMarks(t *testing.T) {
	var s Scanner
	s.Scan("MALE, bene... dai! chi? nooo\nfine…")
	type seen struct {
		Before Mark
		Shape  Shape
	}
	var got []seen
	for _, w := range s.Words {
		got = append(got, seen{w.Before, w.Shape})
	}
	want := []seen{{0, Upper}, {Comma, 0}, {Stop | Dots, 0}, {Stop | Exclaim, 0}, {Stop | Question, Drawn}, {Stop, 0}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("words (-got, +want):\n%s", diff)
	}
	if s.After != Stop|Dots || s.Exclaim != 1 {
		t.Errorf("after %v, exclamation marks %d", s.After, s.Exclaim)
	}
}

// FuzzScan holds the scanner to words that are valid, in order, hashed as they are spelt, and the same when read again.
func FuzzScan(f *testing.F) {
	f.Add("Perché no?! :) 👍🏽 don't")
	f.Fuzz(func(t *testing.T, text string) {
		var s Scanner
		s.Scan(text)
		at := int32(1)
		for _, w := range s.Words {
			word := string(s.Folded[w.Start:w.End])
			if w.Start != at || word == "" || strings.Contains(word, " ") || !utf8.ValidString(word) || Hash(word) != w.Hash {
				t.Fatalf("word %q at %d of %q", word, w.Start, s.Folded)
			}
			at = w.End + 1
		}
		if int(at) != len(s.Folded) {
			t.Fatalf("%d bytes folded, words end at %d", len(s.Folded), at)
		}
	})
}
