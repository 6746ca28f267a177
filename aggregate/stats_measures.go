package aggregate

import (
	"math"
	"strings"
)

// measures say, for each report, what its columns are: how many a share is of, what a percentile is a percentile of. A
// column that is not listed is a number without an interval, a date or a name.
var measures = map[string]map[string]measure{
	"dropoff": {
		"dropoff": {isShare, "decided"}, "step_conversion": {isShare, "decided"}, "reached_share": {isShare, "reached_of"},
		"median_s": {isPercentile, ""},
		"entered":  {isCount, ""}, "moved_on": {isCount, ""}, "completed": {isCount, ""}, "lost_explicit": {isCount, ""}, "lost_silent": {isCount, ""},
		"reached": {isCount, ""}, "skipped": {isCount, ""},
	},
	"timing": {
		"attainment": {isShare, "due"}, "kept": {isCount, ""}, "broken": {isCount, ""}, "past_target": {isCount, ""},
		"wait_n":      {isCount, ""},
		"stage_p50_s": {isPercentile, "stage_n"}, "stage_p75_s": {isPercentile, "stage_n"}, "stage_p90_s": {isPercentile, "stage_n"},
		"wait_p50_s": {isPercentile, "wait_n"}, "wait_p75_s": {isPercentile, "wait_n"}, "wait_p90_s": {isPercentile, "wait_n"},
		"reply_p50_s": {isPercentile, "reply_n"}, "reply_p75_s": {isPercentile, "reply_n"}, "reply_p90_s": {isPercentile, "reply_n"},
		"wait_business_p50_s":  {isPercentile, "wait_business_n"},
		"wait_business_p75_s":  {isPercentile, "wait_business_n"},
		"wait_business_p90_s":  {isPercentile, "wait_business_n"},
		"reply_business_p50_s": {isPercentile, "reply_business_n"},
		"reply_business_p75_s": {isPercentile, "reply_business_n"},
		"reply_business_p90_s": {isPercentile, "reply_business_n"},
	},
	"mood": {
		"net": {isMean, "scored"}, "curve": {isMean, "scored"}, "coverage": {isShare, "eligible"}, "mean_score": {isBare, "scored"},
		"scored": {isCount, ""}, "positive": {isCount, ""}, "neutral": {isCount, ""}, "negative": {isCount, ""}, "mixed": {isCount, ""},
	},
	"touchpoints": {
		"loss": {isShare, "decided"}, "net": {isMean, "scored"}, "curve": {isMean, "scored"},
		"wait_p50_s": {isPercentile, "wait_n"}, "wait_p75_s": {isPercentile, "wait_n"},
		"cases": {isCount, ""}, "interactions": {isCount, ""}, "late": {isCount, ""}, "negative": {isCount, ""},
		"friction": {isBare, "decided"}, "loss_term": {isBare, "decided"},
	},
	"durations":   {"p50": {isBare, "n"}, "p90": {isBare, "n"}, "max": {isBare, "n"}, "n": {isCount, ""}},
	"coverage":    {"unmapped_share": {isShare, "interactions"}, "scored_share": {isShare, "eligible"}, "interactions": {isCount, ""}},
	"paths":       {"lost_share": {isShare, "ended"}, "n": {isCount, ""}},
	"handoffs":    {"lost_share": {isShare, "ended"}, "n": {isCount, ""}, "p50_s": {isBare, "n"}},
	"calls":       {"missed_share": {isShare, "calls"}, "calls": {isCount, ""}, "missed": {isCount, ""}, "answer_p50_s": {isBare, "answered"}},
	"percentiles": {"value_s": {isPercentile, "n"}},
	"ratings":     {"top_two_share": {isShare, "n"}, "nps": {isMean, "n"}, "mean": {isMean, "n"}, "n": {isCount, ""}},
	"tickets": {
		"reopened_share": {isShare, "solved"}, "one_touch_share": {isShare, "solved"}, "opened": {isCount, ""}, "solved": {isCount, ""},
		"resolution_p50_s": {isBare, "solved"},
	},
}

// measure is how a column of a report is measured.
type measure struct {
	kind kind
	of   string // the column that says over how many; "" for a count, which is its own
}

// tableRow is a row of a report by column.
type tableRow map[string]any

func rowOf(columns []string, row []any) tableRow {
	r := make(tableRow, len(columns))
	for i, c := range columns {
		r[c] = row[i]
	}
	return r
}

// number reads a column as a number, whether it comes from a report or from JSON.
func (r tableRow) number(column string) (float64, bool) {
	switch v := r[column].(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}

// count reads a column as a count; none is 0.
func (r tableRow) count(column string) int64 {
	v, _ := r.number(column)
	return int64(v)
}

// measured reads a column with what chance leaves open about it. Of a percentile only the value: its interval is in the
// report percentiles.
func (r tableRow) measured(report, column string) Measured {
	m, value := measures[report][column], Measured{}
	value.kind, value.N = m.kind, r.count(m.of)
	v, ok := r.number(column)
	if !ok {
		return value
	}
	switch m.kind {
	case isShare:
		return shareOf(int64(math.Round(v*float64(value.N))), value.N)
	case isMean:
		if se, ok := r.standardError(report, column); ok {
			return meanOf(v, se, value.N)
		}
		value.kind = isBare
	case isCount:
		value.N = int64(v)
	case isPercentile:
		if low, ok := r.number(strings.TrimSuffix(column, "_s") + "_low_s"); ok {
			value.Low = &low
		}
		if high, ok := r.number(strings.TrimSuffix(column, "_s") + "_high_s"); ok {
			value.High = &high
		}
	}
	value.Value = &v
	return value
}

// standardError of a column that is a mean: of texts that are +1, 0 or -1, of NPS likewise, of ratings by the width of
// their interval.
func (r tableRow) standardError(report, column string) (float64, bool) {
	signs := func(plus, minus, of string, scale float64) (float64, bool) {
		n, p, m := float64(r.count(of)), float64(r.count(plus)), float64(r.count(minus))
		if n == 0 {
			return 0, false
		}
		net := (p - m) / n
		return scale * math.Sqrt(max(0, (p+m)/n-net*net)/n), true
	}
	switch {
	case report == "ratings" && column == "nps":
		return signs("promoters", "detractors", "n", 1)
	case report == "ratings":
		low, ok := r.number("mean_low")
		high, also := r.number("mean_high")
		return (high - low) / 2 / normal95, ok && also
	case column == "curve":
		return signs("positive", "negative", "scored", 2)
	}
	return signs("positive", "negative", "scored", 1)
}
