package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"

	"tappa/sentiment/internal/linear"
	"tappa/sentiment/internal/token"
)

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
