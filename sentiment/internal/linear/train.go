package linear

import (
	"math"
	"math/rand/v2"
)

// Example is one text to learn from: its features and what is wanted of each output. Known is a bit set of the
// outputs that the example says something about.
type Example struct {
	Hashes []uint32
	Want   []float32 // 0 … 1
	Known  uint32
	Weight float32
}

// Plan says how to learn.
type Plan struct {
	Bits, Outputs int
	Epochs        int
	Rate          float64 // of AdaGrad
	Decay         float64 // L2, on the rows of a text each time it is seen
	Ratio         float64 // how far a feature's log count ratio scales it, 0 … 1
	Seed          uint64
}

// learner has the weights while they are learnt.
type learner struct {
	plan           Plan
	weights, steps []float32 // rows of Outputs; steps are AdaGrad's sums of squares
	bias, biasStep []float32
	gain           []float32 // what a feature counts for an output, by its log count ratio
}

// Learn fits one logistic regression for each output by AdaGrad. The same plan and examples give the same model.
// Bounds are left at 0.
func Learn(p Plan, examples []Example) *Model {
	l := &learner{
		plan: p, weights: make([]float32, p.Outputs<<p.Bits), steps: make([]float32, p.Outputs<<p.Bits),
		bias: make([]float32, p.Outputs), biasStep: make([]float32, p.Outputs),
	}
	l.gain = ratios(p, examples)
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	r := rand.New(rand.NewPCG(p.Seed, 1))
	for range p.Epochs {
		r.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		for _, i := range order {
			l.see(&examples[i])
		}
	}
	for i := range l.weights {
		l.weights[i] *= l.gain[i]
	}
	return l.quantise()
}

// ratios returns for each row and output how much the feature tells by counting alone: the absolute log ratio of
// its share among the wanted and the unwanted examples, blended with 1 by the plan's Ratio.
func ratios(p Plan, examples []Example) []float32 {
	n, shift := p.Outputs, 32-p.Bits
	yes, no := make([]float32, n<<p.Bits), make([]float32, n<<p.Bits)
	allYes, allNo := make([]float64, n), make([]float64, n)
	for _, e := range examples {
		for k := range n {
			if e.Known&(1<<k) == 0 {
				continue
			}
			y := e.Want[k] * e.Weight
			o := e.Weight - y
			allYes[k] += float64(y)
			allNo[k] += float64(o)
			for _, h := range e.Hashes {
				yes[int(h>>shift)*n+k] += y
				no[int(h>>shift)*n+k] += o
			}
		}
	}
	gain := make([]float32, n<<p.Bits)
	for i := range gain {
		k := i % n
		r := math.Log((float64(yes[i])+1)/(allYes[k]+1)) - math.Log((float64(no[i])+1)/(allNo[k]+1))
		gain[i] = float32(1 - p.Ratio + p.Ratio*math.Abs(r))
	}
	return gain
}

// see takes one step for one example.
func (l *learner) see(e *Example) {
	n, shift := l.plan.Outputs, 32-l.plan.Bits
	norm := float32(1 / math.Sqrt(float64(max(1, len(e.Hashes)))))
	for k := range n {
		if e.Known&(1<<k) == 0 {
			continue
		}
		z := l.bias[k]
		for _, h := range e.Hashes {
			z += l.weights[int(h>>shift)*n+k] * l.gain[int(h>>shift)*n+k] * norm
		}
		g := (float32(1/(1+math.Exp(-float64(z)))) - e.Want[k]) * e.Weight
		rate := float32(l.plan.Rate)
		l.biasStep[k] += g * g
		l.bias[k] -= rate * 0.3 * g / float32(math.Sqrt(float64(l.biasStep[k])+1))
		for _, h := range e.Hashes {
			i := int(h>>shift)*n + k
			d := g*norm*l.gain[i] + float32(l.plan.Decay)*l.weights[i]
			l.steps[i] += d * d
			l.weights[i] -= rate * d / (float32(math.Sqrt(float64(l.steps[i]))) + 1e-3)
		}
	}
}

// quantise rounds the weights to int8, each output by its own scale; the few largest are clipped.
func (l *learner) quantise() *Model {
	n := l.plan.Outputs
	m := &Model{
		Bits: l.plan.Bits, Outputs: n, Bias: l.bias, Scale: make([]float32, n), Bound: make([]float32, n),
		Weights: make([]int8, len(l.weights)),
	}
	for k := range n {
		sum, count := 0.0, 0.0
		for i := k; i < len(l.weights); i += n {
			if w := float64(l.weights[i]); w != 0 {
				sum, count = sum+w*w, count+1
			}
		}
		m.Scale[k] = float32(max(1e-9, 6*math.Sqrt(sum/max(1, count))/127))
		for i := k; i < len(l.weights); i += n {
			m.Weights[i] = int8(max(-127, min(127, math.Round(float64(l.weights[i]/m.Scale[k])))))
		}
	}
	m.pack()
	return m
}
