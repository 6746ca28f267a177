package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tappa/sentiment/internal/token"
)

// Outputs of both models: polarity first, then emotions. The Italian model learns Plutchik's eight, for which there
// are labelled Italian sentences; the English one the emotions of the scorer, from the comments of GoEmotions.
const (
	outGood = iota
	outBad
	outFirstEmotion
)

var plutchik = []string{"anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust"}

// goEmotions maps the numbers of GoEmotions: polarity, and the emotion of the scorer as an index into english.
var goEmotions = []struct {
	polarity int
	emotion  string
}{
	{1, "satisfaction"}, {1, "joy"}, {-1, "frustration"}, {-1, "frustration"}, {1, "satisfaction"}, {1, "satisfaction"}, // admiration … caring
	{0, "confusion"}, {0, "perplexity"}, {1, "enthusiasm"}, {-1, "disappointment"}, {-1, "frustration"}, {-1, "frustration"}, // confusion … disgust
	{-1, "disappointment"}, {1, "enthusiasm"}, {-1, ""}, {1, "satisfaction"}, {-1, "disappointment"}, {1, "joy"}, // embarrassment … joy
	{1, "enthusiasm"}, {-1, ""}, {1, ""}, {1, "joy"}, {0, ""}, {1, "satisfaction"}, // love … relief
	{-1, "disappointment"}, {-1, "disappointment"}, {0, "perplexity"}, {0, ""}, // remorse … neutral
}

// englishEmotions are the emotion outputs of the English model.
var englishEmotions = []string{"satisfaction", "enthusiasm", "perplexity", "confusion", "disappointment", "joy", "frustration"}

// document is a text to learn from before its features are taken.
type document struct {
	text   string
	want   map[int]float32
	weight float32
}

// rowsOf calls f with the first two cells of every line, which are text and label or the other way round.
func rowsOf(path string, f func(first, second string) error) error {
	return lines(path, func(line string) error {
		cells := strings.Split(line, "\t")
		if len(cells) < 2 {
			return nil
		}
		return f(cells[0], cells[1])
	})
}

func polarity(p int, w float32) map[int]float32 {
	m := map[int]float32{outGood: 0, outBad: 0}
	if p > 0 {
		m[outGood] = w
	}
	if p < 0 {
		m[outBad] = w
	}
	return m
}

var signs = map[string]int{"pos": 1, "neg": -1, "neu": 0}

// italianDocuments are the Italian sentences of XED and the words of the lexica.
func italianDocuments(data string) ([]document, error) {
	byText := map[string]*document{}
	var order []*document
	get := func(text string) *document {
		if byText[text] == nil {
			byText[text] = &document{text: text, want: map[int]float32{}, weight: 1}
			order = append(order, byText[text])
		}
		return byText[text]
	}
	err := rowsOf(filepath.Join(data, "mood", "it_xed.train.tsv"), func(text, label string) error {
		maps.Copy(get(text).want, polarity(signs[label], 1))
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = rowsOf(filepath.Join(data, "mood", "it_xed_emo.train.tsv"), func(text, label string) error {
		d := get(text)
		for i, e := range plutchik {
			d.want[outFirstEmotion+i] = 0
			if slices.Contains(strings.Split(label, ","), e) {
				d.want[outFirstEmotion+i] = 1
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var docs []document
	for _, d := range order {
		docs = append(docs, *d)
	}
	words, err := elitaDocuments()
	if err != nil {
		return nil, err
	}
	care, err := careDocuments("it")
	if err != nil {
		return nil, err
	}
	lexicon, err := lexiconDocuments("it")
	return slices.Concat(docs, words, lexicon, care), err
}

// elitaOrder gives Plutchik's order for the columns of ELIta.
var elitaOrder = []string{"rabbia", "aspettativa", "disgusto", "paura", "gioia", "tristezza", "sorpresa", "fiducia"}

func elitaDocuments() ([]document, error) {
	in, err := newInflector()
	if err != nil {
		return nil, err
	}
	var docs []document
	err = lines(source("elita", "elita.tsv"), func(line string) error {
		cells := strings.Split(line, "\t")
		d := document{text: cells[0], want: map[int]float32{}, weight: elitaWeight}
		for i, name := range elitaOrder {
			v, err := strconv.ParseFloat(cells[1+slices.Index(elitaColumns, name)], 64)
			if err != nil {
				return err
			}
			d.want[outFirstEmotion+i] = float32(v)
		}
		forms, _ := in.forms(word{form: token.Fold(cells[0])})
		for _, f := range forms {
			if len(docs) == 0 || f != docs[len(docs)-1].text {
				docs = append(docs, document{f, d.want, elitaWeight})
			}
		}
		return nil
	})
	return docs, err
}

var (
	elitaWeight   float32 = 0.3
	lexiconWeight float32 = 0.5
	careWeight    float32 = 6
)

// careDocuments are tappa's own labelled messages of a language.
func careDocuments(lang string) ([]document, error) {
	var docs []document
	err := rowsOf(filepath.Join(root, "lexica", "own", "care."+lang+".txt"), func(label, text string) error {
		docs = append(docs, document{text, polarity(signs[label], 1), careWeight})
		return nil
	})
	return docs, err
}

// denial is the plainest negation of a language.
var denial = map[string]string{"it": "non", "en": "not"}

// lexiconDocuments turns the words of a built lexicon into documents of polarity, each also denied.
func lexiconDocuments(lang string) ([]document, error) {
	var docs []document
	err := lines(filepath.Join(root, "lexica", lang+".tsv"), func(line string) error {
		cells := strings.Split(line, "\t")
		if cells[1] != "word" || strings.Contains(cells[0], "#") || len(strings.Fields(cells[0])) > 2 {
			return nil
		}
		v, err := strconv.ParseFloat(cells[2], 64)
		if err != nil {
			return err
		}
		v /= 100
		want := map[int]float32{outGood: 0, outBad: 0}
		if v > 0 {
			want[outGood] = float32(min(1, 0.5+v))
		} else if v < 0 {
			want[outBad] = float32(min(1, 0.5-v))
		}
		docs = append(docs, document{cells[0], want, lexiconWeight})
		if v != 0 && !strings.Contains(cells[0], " ") {
			turned := map[int]float32{outGood: want[outBad] * 0.7, outBad: want[outGood] * 0.9}
			docs = append(docs, document{denial[lang] + " " + cells[0], turned, lexiconWeight})
		}
		return nil
	})
	return docs, err
}

// englishDocuments are the English sentences of XED, the comments of GoEmotions and the words of the lexicon.
func englishDocuments(data string) ([]document, error) {
	var docs []document
	err := rowsOf(filepath.Join(data, "mood", "en_xed.train.tsv"), func(text, label string) error {
		docs = append(docs, document{text, polarity(signs[label], 1), xedWeight})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = rowsOf(filepath.Join(data, "goemotions", "train.tsv"), func(text, label string) error {
		want, sum, clash := map[int]float32{}, 0, false
		for i := range englishEmotions {
			want[outFirstEmotion+i] = 0
		}
		for n := range strings.SplitSeq(label, ",") {
			k, err := strconv.Atoi(n)
			if err != nil || k < 0 || k >= len(goEmotions) {
				return fmt.Errorf("no emotion of GoEmotions: %q", n)
			}
			e := goEmotions[k]
			clash = clash || sum*e.polarity < 0
			if e.polarity != 0 {
				sum = e.polarity
			}
			if i := slices.Index(englishEmotions, e.emotion); i >= 0 {
				want[outFirstEmotion+i] = 1
			}
		}
		if !clash {
			maps.Copy(want, polarity(sum, 1))
		}
		docs = append(docs, document{strings.ReplaceAll(text, "[NAME]", "Anna"), want, 1})
		return nil
	})
	if err != nil {
		return nil, err
	}
	care, err := careDocuments("en")
	if err != nil {
		return nil, err
	}
	lexicon, err := lexiconDocuments("en")
	return slices.Concat(docs, lexicon, care), err
}

var xedWeight float32 = 0.7
