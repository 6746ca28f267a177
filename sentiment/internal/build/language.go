package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"tappa/sentiment/internal/linear"
)

var languagePlan = linear.Plan{Bits: 15, Outputs: 3, Epochs: 8, Rate: 0.1, Decay: 1e-6, Ratio: 0.5, Seed: 20}

// languageWeight of the sources: sentences as people write them count more than lists of words.
const (
	proseWeight = 2
	listWeight  = 0.5
)

// languageOutput is the output of a language: Italian, English, all others.
func languageOutput(code string) int {
	switch code {
	case "it":
		return 0
	case "en":
		return 1
	}
	return 2
}

func inLanguage(text, code string, weight float32) document {
	d := document{text, map[int]float32{0: 0, 1: 0, 2: 0}, weight}
	d.want[languageOutput(code)] = 1
	return d
}

// buildLanguage learns the language of a text: Italian and English from XED, GoEmotions, the lexica and tappa's own
// messages, the others from the declaration of human rights, lists of function words and tappa's own sentences.
func buildLanguage(data string) error {
	var docs []document
	for _, part := range []func() ([]document, error){
		func() ([]document, error) { return labelledProse(data) }, listedProse, ownProse,
	} {
		more, err := part()
		if err != nil {
			return err
		}
		docs = append(docs, more...)
	}
	m := linear.Learn(languagePlan, examples(docs, languagePlan))
	path := filepath.Join(root, "weights", "language.bin")
	file := m.Append(nil)
	fmt.Printf("%s: %d documents, %d bytes\n", path, len(docs), len(file))
	return os.WriteFile(path, file, 0o644)
}

// labelledProse is the Italian and English text that the mood models learn from too.
func labelledProse(data string) ([]document, error) {
	var docs []document
	for _, f := range []struct {
		path, code string
		weight     float32
	}{
		{filepath.Join(data, "mood", "it_xed.train.tsv"), "it", 3},
		{filepath.Join(data, "mood", "it_xed_emo.train.tsv"), "it", 2},
		{filepath.Join(data, "mood", "en_xed.train.tsv"), "en", 1.5},
		{filepath.Join(data, "goemotions", "train.tsv"), "en", 0.8},
	} {
		err := rowsOf(f.path, func(text, _ string) error {
			docs = append(docs, inLanguage(text, f.code, f.weight))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// listedProse cuts pieces of 3 to 14 words from the declaration, and mixes function words, 1 to 5 at a time.
func listedProse() ([]document, error) {
	var docs []document
	r := rand.New(rand.NewPCG(languagePlan.Seed, 2))
	err := rowsOf(source("udhr", "udhr.tsv"), func(code, text string) error {
		words := strings.Fields(text)
		for range max(6, len(words)/4) {
			n := min(len(words), 3+r.IntN(12))
			at := r.IntN(len(words) - n + 1)
			docs = append(docs, inLanguage(strings.Join(words[at:at+n], " "), code, proseWeight))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = rowsOf(source("stopwords-iso", "stopwords.tsv"), func(code, list string) error {
		words := strings.Fields(list)
		for range 3 * len(words) {
			var pick []string
			for range 1 + r.IntN(5) {
				pick = append(pick, words[r.IntN(len(words))])
			}
			docs = append(docs, inLanguage(strings.Join(pick, " "), code, listWeight))
		}
		return nil
	})
	return docs, err
}

// ownProse is what tappa brings itself: sentences in other languages, messages and lexica in the two.
func ownProse() ([]document, error) {
	var docs []document
	err := rowsOf(filepath.Join(root, "lexica", "own", "other.txt"), func(code, text string) error {
		for range 8 {
			docs = append(docs, inLanguage(text, code, proseWeight))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, lang := range []string{"it", "en"} {
		care, err := careDocuments(lang)
		if err != nil {
			return nil, err
		}
		for _, d := range care {
			docs = append(docs, inLanguage(d.text, lang, 5))
		}
		words, err := lexiconDocuments(lang)
		if err != nil {
			return nil, err
		}
		for _, d := range words {
			docs = append(docs, inLanguage(d.text, lang, 0.3))
		}
	}
	return docs, nil
}
