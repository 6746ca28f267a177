package aggregate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tappa/journey"
)

func TestLabelled(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	var records []journey.Record
	add := func(text string, r *journey.Rating) {
		rec := record(0, int64(len(records)))
		rec.Interaction.Text, rec.Interaction.Rating = text, r
		records = append(records, rec)
	}
	add("unrated", nil)
	add("stars 4", &journey.Rating{Kind: "stars", Score: 4, Min: 1, Max: 5})
	add("stars 3", &journey.Rating{Kind: "stars", Score: 3, Min: 1, Max: 5})
	add("csat 2", &journey.Rating{Kind: "csat", Score: 2, Min: 1, Max: 5})
	add("thumb up", &journey.Rating{Kind: "csat", Score: 1, Min: 0, Max: 1})
	add("nps 6", &journey.Rating{Kind: "nps", Score: 6, Min: 0, Max: 10})
	add("nps 8", &journey.Rating{Kind: "nps", Score: 8, Min: 0, Max: 10})
	add("nps 9", &journey.Rating{Kind: "nps", Score: 9, Min: 0, Max: 10})
	add("effort", &journey.Rating{Kind: "ces", Score: 7, Min: 1, Max: 7})
	add("off the scale", &journey.Rating{Kind: "stars", Score: 9, Min: 1, Max: 5})
	add("no scale", &journey.Rating{Kind: "stars", Score: 1, Min: 1, Max: 1})
	add("rated well, meant badly", &journey.Rating{Kind: "stars", Score: 5, Min: 1, Max: 5})
	add("corrected", nil)
	add("", &journey.Rating{Kind: "stars", Score: 5, Min: 1, Max: 5})
	must(t, s.Write(t.Context(), block("1", records...)))
	again := records[1]
	again.Interaction.Keys = []journey.ContactKey{"email:other@example.com"} // the same interaction under another key
	must(t, s.Write(t.Context(), block("2", again)))
	for id, label := range map[string]string{"0-11": "negative", "0-12": "mixed", "0-0": "positive"} {
		must(t, s.Correct(t.Context(), Correction{Origin: "site", ID: id, Label: label, By: "anna", At: correctedAt}))
	}
	_, err := s.Uncorrect(t.Context(), "site", "0-0", "anna", correctedAt)
	must(t, err)
	got, err := s.Labelled(t.Context())
	must(t, err)
	want := []LabelledText{
		{"corrected", "it", "mixed", true},
		{"rated well, meant badly", "it", "negative", true},
		{"nps 9", "it", "positive", false},
		{"nps 8", "it", "neutral", false},
		{"nps 6", "it", "negative", false},
		{"thumb up", "it", "positive", false},
		{"csat 2", "it", "negative", false},
		{"stars 3", "it", "neutral", false},
		{"stars 4", "it", "positive", false},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("labelled (-got, +want):\n%s", diff)
	}
}

func TestTunings(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	names := func() (out []string) {
		list, err := s.Tunings(t.Context())
		must(t, err)
		for _, one := range list {
			out = append(out, one.Name)
		}
		return out
	}
	for _, name := range []string{"a", "b"} {
		must(t, s.PutTuning(t.Context(), Tuning{Name: name, JSON: "{}", At: at}))
	}
	list, err := s.Tunings(t.Context())
	must(t, err)
	if diff := cmp.Diff(list[0], Tuning{Number: 2, Name: "b", JSON: "{}", At: at}); diff != "" {
		t.Errorf("in use (-got, +want):\n%s", diff)
	}
	must(t, s.WithdrawTuning(t.Context(), list[0]))
	must(t, s.PutTuning(t.Context(), Tuning{Name: "c", JSON: "{}", At: at}))
	if diff := cmp.Diff(names(), []string{"c", "a"}); diff != "" {
		t.Errorf("tunings (-got, +want):\n%s", diff)
	}
}
