package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"tappa/aggregate"
	"tappa/journey"
	"tappa/sentiment"
)

// reservedCustomers stores what customers wrote who call nothing good unless it is excellent, and are quick to call it bad, each
// with the stars they gave.
func reservedCustomers(t *testing.T, dir string, n int) {
	t.Helper()
	data, err := os.ReadFile("../../sentiment/testdata/care.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var messages []string
	for line := range strings.Lines(string(data)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 4 && f[0] == "it" {
			messages = append(messages, strings.ReplaceAll(f[3], `\n`, " "))
		}
	}
	scorer, r := sentiment.New(), rand.New(rand.NewPCG(1, 1))
	var records []journey.Record
	for i := range n {
		text := messages[r.IntN(len(messages))] + " " + messages[r.IntN(len(messages))]
		m := scorer.Score(text, "it")
		stars := 3.0
		switch score := m.Score + 0.1*r.NormFloat64(); {
		case score > 0.7:
			stars = 5
		case score < -0.05:
			stars = 1
		}
		rec := journey.Record{Interaction: journey.Interaction{
			Origin: "reviews", ID: fmt.Sprint(i), Source: journey.SourceReview, Type: "review.posted", OccurredAt: yearEnd.Add(-time.Hour),
			Direction: journey.Inbound, Keys: []journey.ContactKey{journey.ContactKey(fmt.Sprintf("email:%d@example.com", i))}, Public: true,
			Text: text, Lang: "it", Rating: &journey.Rating{Kind: "stars", Score: stars, Min: 1, Max: 5},
		}}
		rec.Tag = journey.Tag{Journey: "machinery", Version: "v", Rule: "r", Touchpoint: "website", Stages: []journey.StageID{machinery(t).Stages[0].ID}}
		rec.Mood = mood(m)
		rec.Mood.Eligible = true
		rec.Position = journey.Position{Topic: "t", Offset: int64(i)}
		records = append(records, rec)
	}
	e, err := OpenEmbedded(t.Context(), EmbeddedOptions{Dir: dir, Logger: quiet(t)})
	needEngine(t, err)
	err = errors.Join(putJourneys(t.Context(), e.Store, []*journey.Journey{machinery(t)}),
		e.Store.Write(t.Context(), journey.Block{Token: "1", ArrivedAt: yearEnd, Records: records}), e.Close())
	if err != nil {
		t.Fatal(err)
	}
}

// labels counts the moods of all steps.
func labels(t *testing.T, s *aggregate.Store) string {
	n := map[string]int{}
	for _, r := range report(t, s, "steps", aggregate.Query{Journey: "machinery", AsOf: yearEnd}) {
		n[r["mood_label"].(string)]++
	}
	return fmt.Sprint(n) // in the order of labels
}

// TestMoodOfOnesOwn fits the scorer to customers of its own, scores what is stored by it, by a scorer elsewhere, and as at first. What
// somebody corrected stays throughout.
func TestMoodOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	reservedCustomers(t, dir, 300)
	var said bytes.Buffer
	train := TrainOptions{Target: Target{Dir: dir}, At: yearEnd, Out: &said, Logger: quiet(t)}
	rescore := ReprocessOptions{Target: Target{Dir: dir}, Out: &said, Logger: quiet(t)}
	expect := func(what string, err error, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if err != nil || !strings.Contains(said.String(), want) {
				t.Fatalf("%s: %v; it says %q, want %q", what, err, said.String(), want)
			}
		}
		said.Reset()
	}
	expect("rescored by the same", Rescore(t.Context(), rescore), "0 interactions read, 0 scored anew by "+sentiment.Model)
	correct := CorrectOptions{Target: Target{Dir: dir}, Out: &said, Logger: quiet(t)}
	correct.Correction = aggregate.Correction{Origin: "reviews", ID: "7", Label: "mixed", By: "Anna", At: yearEnd}
	expect("corrected", Correct(t.Context(), correct), "7 of reviews is mixed now")
	first := look(t, dir, labels)

	expect("trained", TrainMood(t.Context(), train), "300 labelled texts: 1 corrected by people, 299 rated", sentiment.Model+"+", "is in use: ")
	expect("trained again", TrainMood(t.Context(), train), "is in use already")
	expect("rescored by the tuned", Rescore(t.Context(), rescore), "300 interactions read, 300 scored anew by "+sentiment.Model+"+")
	tuned := look(t, dir, labels)
	if tuned == first || !strings.Contains(tuned, "mixed:") {
		t.Errorf("tuned %s, at first %s", tuned, first)
	}

	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Texts []any }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		moods := make([]map[string]any, len(q.Texts))
		for i := range moods {
			moods[i] = map[string]any{"label": "negative", "score": -1}
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"model": "elsewhere/1", "moods": moods}); err != nil {
			t.Error(err)
		}
	}))
	defer elsewhere.Close()
	t.Setenv("TAPPA_SCORER_URL", elsewhere.URL)
	expect("rescored elsewhere", Rescore(t.Context(), rescore), "300 scored anew by elsewhere/1")
	if got, want := look(t, dir, labels), "map[mixed:1 negative:299]"; got != want {
		t.Errorf("scored elsewhere: %s, want %s", got, want)
	}
	elsewhere.Close()
	if err := Rescore(t.Context(), rescore); err == nil || !strings.Contains(err.Error(), "external scorer") {
		t.Errorf("nobody is there: %v", err)
	}
	t.Setenv("TAPPA_SCORER_URL", "")

	train.Rollback = true
	expect("taken back", TrainMood(t.Context(), train), "is withdrawn, "+sentiment.Model+" in use again")
	expect("rescored as at first", Rescore(t.Context(), rescore), "300 scored anew by "+sentiment.Model+"\n")
	if got := look(t, dir, labels); got != first {
		t.Errorf("as at first: %s, want %s", got, first)
	}
	if err := TrainMood(t.Context(), train); err == nil || !strings.Contains(err.Error(), "nothing to go back from") {
		t.Errorf("taken back twice: %v", err)
	}
}

// TestStopPhrasesOfAllJourneysHold opens the scorer for two journeys.
func TestStopPhrasesOfAllJourneysHold(t *testing.T) {
	e, err := OpenEmbedded(t.Context(), EmbeddedOptions{Dir: t.TempDir(), Logger: quiet(t)})
	needEngine(t, err)
	defer func() { _ = e.Close() }()
	journeys := []*journey.Journey{{StopPhrases: []string{"pessimo servizio"}}, {StopPhrases: []string{"super offerta"}}}
	s, err := openScoring(t.Context(), e.Store, journeys, nil, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"il programma Pessimo Servizio", "il listino SUPER OFFERTA"} {
		if m := s.Score(text, "it"); m.Label != sentiment.Neutral || m.Model == sentiment.Model {
			t.Errorf("%q: %+v, want neutral by a model that tells the phrases", text, m)
		}
	}
	if _, err := openScoring(t.Context(), e.Store, []*journey.Journey{{StopPhrases: []string{"…"}}}, nil, quiet(t)); !errors.Is(err, sentiment.ErrStopPhrase) {
		t.Errorf("a stop phrase without a word: %v", err)
	}
}

// TestScorerConfigSaysAllThatIsWrong reads bad values.
func TestScorerConfigSaysAllThatIsWrong(t *testing.T) {
	for name, value := range map[string]string{"URL": "example.com", "TIMEOUT": "soon", "BATCH": "0", "TOKEN_FILE": "/nowhere"} {
		t.Setenv("TAPPA_SCORER_"+name, value)
	}
	_, err := openScoring(t.Context(), nil, nil, nil, quiet(t))
	for _, name := range []string{"URL", "TIMEOUT", "BATCH", "TOKEN_FILE"} {
		if err == nil || !strings.Contains(err.Error(), "TAPPA_SCORER_"+name) {
			t.Errorf("TAPPA_SCORER_%s is wrong, and it says %v", name, err)
		}
	}
}
