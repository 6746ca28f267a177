package discover

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// stage is a proposed phase.
type stage struct {
	id, it, en string
	terminal   bool
	members    []*activity
	gaps       []int64 // between two interactions of a case while it is here, in milliseconds, ascending
}

// phase is a part of a journey that types of tappa's own vocabulary belong to.
type phase struct {
	id, it, en string
	types      []string
}

// phases in the order in which customers usually go through them.
var phases = []phase{
	{"awareness", "Consapevolezza", "Awareness", []string{"web.visited", "ad.shown", "ad.clicked", "crm.campaign"}},
	{"contact", "Contatto", "Contact", []string{"form.submitted", "crm.created", "crm.converted"}},
	{"offer", "Offerta", "Offer", []string{"quote.sent", "quote.accepted", "quote.rejected", "quote.expired"}},
	{"purchase", "Acquisto", "Purchase", []string{"order.placed", "order.invoiced", "order.paid", "order.cancelled", "payment.received", "payment.failed", "payment.refunded"}},
	{"delivery", "Consegna", "Delivery", []string{"order.delivered"}},
	{"service", "Assistenza", "Service", []string{"ticket.opened", "ticket.solved", "ticket.closed", "ticket.rated", "ticket.commented", "ticket.noted", "ticket.updated"}},
	{"loyalty", "Fedeltà", "Loyalty", []string{"review.posted", "survey.answered", "survey.rated"}},
}

// stages cuts activities into phases. Where the types themselves say how far a customer is (a quote, an order), they
// decide; where one type carries the source's own names, as in a process log, the names' usual order does.
func stages(activities []*activity, most int) []stage {
	var named, steps []*activity
	for _, a := range activities {
		a.stage = -1
		if a.wanders() {
			continue
		}
		steps = append(steps, a)
		if a.name != "" {
			named = append(named, a)
		}
	}
	if weight(named) > weight(steps)/2 {
		return byOrder(steps, most)
	}
	if out := byVocabulary(steps); len(out) > 0 {
		return out
	}
	return byOrder(activities, most)
}

func weight(list []*activity) (n int) {
	for _, a := range list {
		n += a.count
	}
	return n
}

func byVocabulary(steps []*activity) []stage {
	var out []stage
	for _, p := range phases {
		s := stage{id: p.id, it: p.it, en: p.en}
		for _, a := range steps {
			if slices.Contains(p.types, a.typ) {
				s.members = append(s.members, a)
			}
		}
		if len(s.members) > 0 {
			out = append(out, s)
		}
	}
	for i := range out {
		out[i].terminal = out[i].id == "service" || out[i].id == "loyalty" || out[i].id == "delivery"
		for _, a := range out[i].members {
			a.stage = i
		}
	}
	return out
}

// byOrder cuts activities, which are sorted by their place in cases, where places differ most: into at most most parts, and
// no more than explain something. Each is named after what most of its cases do.
func byOrder(activities []*activity, most int) []stage {
	cuts := cut(activities, most)
	var parts [][]*activity
	for i := range cuts {
		to := len(activities)
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		parts = append(parts, activities[cuts[i]:to])
	}
	return called(parts)
}

// called makes stages of parts.
func called(parts [][]*activity) []stage {
	var out []stage
	used := map[string]bool{}
	for i, members := range parts {
		lead := slices.MaxFunc(members, func(a, b *activity) int {
			return cmp.Or(cmp.Compare(a.cases, b.cases), -cmp.Compare(a.place, b.place), -strings.Compare(a.label(), b.label()))
		})
		out = append(out, stage{
			id: unique(slug(lead.label()), used), it: title(lead.label()), en: title(lead.label()),
			members: members, terminal: i == len(parts)-1,
		})
		for _, a := range members {
			a.stage = i
		}
	}
	return out
}

// merged puts stages that nobody stays in together with the next one: what follows within a minute is one step of the customer.
func (l *Log) merged(cases [][]event, activities []*activity, stages []stage) []stage {
	for {
		l.measure(cases, activities, stages)
		hasty := slices.IndexFunc(stages[:max(0, len(stages)-1)], func(s stage) bool {
			return len(s.gaps) >= enough && quantile(s.gaps, 0.95) < time.Minute.Milliseconds()
		})
		if hasty < 0 {
			return stages
		}
		var parts [][]*activity
		for i, s := range stages {
			if i == hasty+1 {
				parts[hasty] = slices.Concat(parts[hasty], s.members)
				continue
			}
			parts = append(parts, s.members)
		}
		stages = called(parts)
	}
}

// enough is how many pauses tell something.
const enough = 20

// cut finds where the parts begin: the partition of weighted places on a line that leaves the least spread within parts,
// and with as many parts as each take away three hundredths of the spread at least (k-means in one dimension, exact).
func cut(activities []*activity, most int) []int {
	n := len(activities)
	if n == 0 {
		return nil
	}
	w, x, xx := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	for i, a := range activities {
		c := math.Sqrt(float64(a.cases)) // a step that every case takes must not drown those that decide
		w[i+1], x[i+1], xx[i+1] = w[i]+c, x[i]+c*a.place, xx[i]+c*a.place*a.place
	}
	spread := func(from, to int) float64 {
		sum := w[to] - w[from]
		if sum == 0 {
			return 0
		}
		mean := (x[to] - x[from]) / sum
		return max(0, xx[to]-xx[from]-mean*mean*sum)
	}
	most = min(most, n)
	best, from := make([][]float64, most+1), make([][]int, most+1)
	for k := 1; k <= most; k++ {
		best[k], from[k] = make([]float64, n+1), make([]int, n+1)
		for to := k; to <= n; to++ {
			best[k][to] = math.Inf(1)
			for at := k - 1; at < to; at++ {
				before := 0.0
				if k > 1 {
					before = best[k-1][at]
				} else if at > 0 {
					continue
				}
				if cost := before + spread(at, to); cost < best[k][to]-1e-12 {
					best[k][to], from[k][to] = cost, at
				}
			}
		}
	}
	k := 1
	for k < most && best[k][n]-best[k+1][n] > 0.03*spread(0, n) {
		k++
	}
	cuts := make([]int, k)
	for to := n; k > 0; k-- {
		to = from[k][to]
		cuts[k-1] = to
	}
	return cuts
}

// measure gives each stage the longest pauses of cases that are in it: a case is in the last stage that it has met a step of.
func (l *Log) measure(cases [][]event, activities []*activity, stages []stage) {
	of := l.activityOf(activities)
	for i := range stages {
		stages[i].gaps = nil
	}
	longest := make([]int64, len(stages))
	for _, events := range cases {
		for i := range longest {
			longest[i] = -1
		}
		at := -1
		for i, e := range events {
			if i > 0 && at >= 0 {
				longest[at] = max(longest[at], e.at-events[i-1].at)
			}
			if a := of[e.class]; a != nil {
				at = max(at, a.stage)
			}
		}
		for i, gap := range longest {
			if gap >= 0 {
				stages[i].gaps = append(stages[i].gaps, gap)
			}
		}
	}
	for i := range stages {
		slices.Sort(stages[i].gaps)
	}
}

// activityOf finds the activity of every class.
func (l *Log) activityOf(activities []*activity) []*activity {
	out := make([]*activity, len(l.names))
	for i, c := range l.names {
		for _, a := range activities {
			if a.typ == c.typ && (a.name == "" || a.name == c.activity) && (a.to == "" || a.to == c.to) {
				if out[i] == nil || out[i].name == "" && a.name != "" || out[i].to == "" && a.to != "" {
					out[i] = a
				}
			}
		}
	}
	return out
}
