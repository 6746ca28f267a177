package main

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tappa/sentiment/internal/linear"
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

// rowsOf reads text TAB label lines.
func rowsOf(path string, f func(text, label string)) error {
	return lines(path, func(line string) error {
		cells := strings.Split(line, "\t")
		if len(cells) >= 2 {
			f(cells[0], cells[1])
		}
		return nil
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
	err := rowsOf(filepath.Join(data, "mood", "it_xed.train.tsv"), func(text, label string) {
		maps.Copy(get(text).want, polarity(signs[label], 1))
	})
	if err != nil {
		return nil, err
	}
	err = rowsOf(filepath.Join(data, "mood", "it_xed_emo.train.tsv"), func(text, label string) {
		d := get(text)
		for i, e := range plutchik {
			d.want[outFirstEmotion+i] = 0
			if slices.Contains(strings.Split(label, ","), e) {
				d.want[outFirstEmotion+i] = 1
			}
		}
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
	return slices.Concat(docs, words, lexiconDocuments("it"), care), nil
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
			var v float64
			if _, err := fmt.Sscan(cells[1+slices.Index(elitaColumns, name)], &v); err != nil {
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
	err := rowsOf(filepath.Join(root, "lexica", "own", "care."+lang+".txt"), func(label, text string) {
		docs = append(docs, document{text, polarity(signs[label], 1), careWeight})
	})
	return docs, err
}

// denial is the plainest negation of a language.
var denial = map[string]string{"it": "non", "en": "not"}

// lexiconDocuments turns the words of a built lexicon into documents of polarity, each also denied.
func lexiconDocuments(lang string) []document {
	var docs []document
	_ = lines(filepath.Join(root, "lexica", lang+".tsv"), func(line string) error {
		cells := strings.Split(line, "\t")
		var v float64
		if cells[1] != "word" || len(strings.Fields(cells[0])) > 3 {
			return nil
		}
		fmt.Sscan(cells[2], &v)
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
	return docs
}

// englishDocuments are the English sentences of XED, the comments of GoEmotions and the words of the lexicon.
func englishDocuments(data string) ([]document, error) {
	var docs []document
	err := rowsOf(filepath.Join(data, "mood", "en_xed.train.tsv"), func(text, label string) {
		docs = append(docs, document{text, polarity(signs[label], 1), xedWeight})
	})
	if err != nil {
		return nil, err
	}
	err = rowsOf(filepath.Join(data, "goemotions", "train.tsv"), func(text, label string) {
		want, sum, clash := map[int]float32{}, 0, false
		for i := range englishEmotions {
			want[outFirstEmotion+i] = 0
		}
		for n := range strings.SplitSeq(label, ",") {
			var k int
			fmt.Sscan(n, &k)
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
	})
	if err != nil {
		return nil, err
	}
	care, err := careDocuments("en")
	return slices.Concat(docs, lexiconDocuments("en"), care), err
}

var xedWeight float32 = 0.7

// examples takes the features of documents.
func examples(docs []document, p linear.Plan) []linear.Example {
	var out []linear.Example
	var s token.Scanner
	for _, d := range docs {
		s.Scan(d.text)
		e := linear.Example{Hashes: linear.Features(nil, &s), Want: make([]float32, p.Outputs), Weight: d.weight}
		for k, v := range d.want {
			e.Want[k] = v
			e.Known |= 1 << k
		}
		out = append(out, e)
	}
	return out
}

var (
	italianPlan = linear.Plan{Bits: 16, Outputs: 10, Epochs: 14, Rate: 0.15, Decay: 1e-4, Ratio: 1, Seed: 20}
	englishPlan = linear.Plan{Bits: 16, Outputs: 9, Epochs: 6, Rate: 0.1, Decay: 1e-5, Ratio: 0.5, Seed: 20}
)

// buildModel learns both models. data is the folder with mood/ and goemotions/.
func buildModel(data string) error {
	for _, job := range []struct {
		lang string
		plan linear.Plan
		docs func(string) ([]document, error)
	}{{"it", italianPlan, italianDocuments}, {"en", englishPlan, englishDocuments}} {
		docs, err := job.docs(data)
		if err != nil {
			return err
		}
		all := examples(docs, job.plan)
		bounds := crossBounds(job.plan, all)
		m := linear.Learn(job.plan, all)
		m.Bound = bounds
		path := filepath.Join(root, "weights", job.lang+".bin")
		file := m.Append(nil)
		if err := os.WriteFile(path, file, 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d documents, %d bytes\n", path, len(docs), len(file))
	}
	return nil
}

const folds = 5

// crossBounds finds for every output the logit from which saying yes gives the best F1 on texts that were not
// learnt from, by cross-validation; it prints that F1.
func crossBounds(p linear.Plan, all []linear.Example) []float32 {
	logits := make([][]float32, len(all))
	for f := range folds {
		var train []linear.Example
		for i, e := range all {
			if i%folds != f || e.Weight < 0.6 {
				train = append(train, e)
			}
		}
		m := linear.Learn(p, train)
		for i, e := range all {
			if i%folds == f && e.Weight >= 0.6 {
				logits[i] = make([]float32, p.Outputs)
				m.Apply(e.Hashes, logits[i])
			}
		}
	}
	bounds := make([]float32, p.Outputs)
	sum := 0.0
	for k := range bounds {
		best := 0.0
		for b := float32(-3); b < 2; b += 0.05 {
			if f := f1(all, logits, k, b); f > best {
				best, bounds[k] = f, b
			}
		}
		fmt.Printf("  output %d: F1 %.3f from %.2f\n", k, best, bounds[k])
		if k >= outFirstEmotion {
			sum += best
		}
	}
	fmt.Printf("  emotions: macro-F1 %.3f\n", sum/float64(p.Outputs-outFirstEmotion))
	return bounds
}

func f1(all []linear.Example, logits [][]float32, k int, bound float32) float64 {
	hit, said, was := 0, 0, 0
	for i, e := range all {
		if logits[i] == nil || e.Known&(1<<k) == 0 {
			continue
		}
		yes, is := logits[i][k] >= bound, e.Want[k] >= 0.5
		if yes {
			said++
		}
		if is {
			was++
		}
		if yes && is {
			hit++
		}
	}
	return 2 * float64(hit) / math.Max(1, float64(said+was))
}
