package main

import (
	"fmt"
	"io"
	"slices"
)

// median is the middle of a figure over the rounds.
func median(rs []result, figure func(result) float64) float64 {
	values := make([]float64, len(rs))
	for i, r := range rs {
		values[i] = figure(r)
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// printTable prints the medians of all systems; the ratio is to the first one's rate in the same round.
func printTable(w io.Writer, names []string, results map[string][]result) {
	fmt.Fprintln(w, "| system | interactions/s | lowest–highest | CPU s per million, engine included | of which the engine's threads | Kafka's CPU s per million | resident | of which Go's | rate against the first |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
	first := results[names[0]]
	for _, name := range names {
		rs := results[name]
		rates := make([]float64, len(rs))
		ratios := make([]result, len(rs))
		for i, r := range rs {
			rates[i] = r.rate()
			ratios[i] = result{CPU: r.rate() / first[i].rate()}
		}
		figure := func(f func(result) float64) float64 { return median(rs, f) }
		fmt.Fprintf(w, "| %s | %.0f | %.0f–%.0f | %.1f | %.1f | %.1f | %.0f MiB | %.0f MiB | %.2f |\n", name,
			figure(result.rate), slices.Min(rates), slices.Max(rates),
			figure(func(r result) float64 { return r.perMillion(r.CPU) }),
			figure(func(r result) float64 { return r.perMillion(r.EngineCPU) }),
			figure(func(r result) float64 { return r.perMillion(r.BrokerCPU) }),
			figure(func(r result) float64 { return float64(r.Peak) / (1 << 20) }),
			figure(func(r result) float64 { return float64(r.GoPeak) / (1 << 20) }),
			median(ratios, func(r result) float64 { return r.CPU }))
	}
}
