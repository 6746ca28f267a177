package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/kelseyhightower/envconfig"
	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
	"tappa/journey"
	"tappa/sentiment"
	"tappa/sentiment/external"
)

// ScorerConfig says which external scorer is asked for moods, if any. It holds for embedded data too.
type ScorerConfig struct {
	URL       string `desc:"external scorer that texts are posted to, masked, instead of being scored here; default: none"`
	Token     secret `desc:"sent to the external scorer as a bearer token"`
	TokenFile string `split_words:"true" desc:"file to read that token from"`
	Timeout   string `default:"2s" desc:"of a batch of texts; after it they are scored here"`
	Batch     string `default:"64" desc:"texts in one request at most"`
}

// options checks the values and makes of them what package external needs.
func (c *ScorerConfig) options(w *wrong) (opts external.Options) {
	var err error
	opts.URL, opts.Token = c.URL, string(w.secret("SCORER_TOKEN", c.Token, c.TokenFile))
	opts.Timeout, err = time.ParseDuration(c.Timeout)
	w.need("SCORER_TIMEOUT", c.Timeout, err == nil && opts.Timeout > 0, "a duration such as 2s")
	opts.Batch, err = strconv.Atoi(c.Batch)
	w.need("SCORER_BATCH", c.Batch, err == nil && opts.Batch > 0 && opts.Batch <= 10_000, "a number from 1 to 10000")
	opts.Mask, opts.Fallback = aggregate.Mask, noMood
	if c.URL != "" {
		if _, err := external.New(opts); err != nil {
			w.add("SCORER_URL", err.Error())
		}
	}
	return opts
}

func noMood(string, string) sentiment.Mood { return sentiment.Mood{} }

// scoring is what gives texts their mood: the built-in scorer, with the store's tuning if there is one, or an external one
// before it.
type scoring struct {
	own   *sentiment.Scorer
	other *external.Scorer // nil: none
}

// openScoring reads which scorer the environment asks for, the tuning that the store holds, and the journeys' stop phrases. Those of
// all journeys hold for all texts; an external scorer gets texts as they are.
func openScoring(
	ctx context.Context, store *aggregate.Store, journeys []*journey.Journey, registerer prometheus.Registerer, logger *slog.Logger,
) (*scoring, error) {
	var c ScorerConfig
	if err := envconfig.Process("tappa_scorer", &c); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	var w wrong
	opts := c.options(&w)
	if err := errors.Join(w.errs...); err != nil {
		return nil, err
	}
	own, err := tunedScorer(ctx, store, logger)
	if err == nil {
		own, err = own.Without(stopPhrases(journeys)...)
	}
	if err != nil || c.URL == "" {
		return &scoring{own: own}, err
	}
	opts.Fallback, opts.Registerer = own.Score, registerer
	other, err := external.New(opts)
	return &scoring{own, other}, err
}

// tunedScorer is the built-in scorer with the tuning in use. One that was fitted on another version of the scorer does not
// serve, which is no reason to stop.
func tunedScorer(ctx context.Context, store *aggregate.Store, logger *slog.Logger) (*sentiment.Scorer, error) {
	scorer := sentiment.New()
	tunings, err := store.Tunings(ctx)
	if err != nil || len(tunings) == 0 {
		return scorer, err
	}
	var t sentiment.Tuning
	if err := json.Unmarshal([]byte(tunings[0].JSON), &t); err != nil {
		return nil, fmt.Errorf("read tuning %s: %w", tunings[0].Name, err)
	}
	tuned, err := scorer.With(t)
	if errors.Is(err, sentiment.ErrOtherModel) {
		logger.Warn(fmt.Sprintf("the tuning %s was fitted on another version of the scorer and is not used: `tappa train-mood` fits it anew", tunings[0].Name))
		return scorer, nil
	}
	return tuned, err
}

func stopPhrases(journeys []*journey.Journey) (phrases []string) {
	for _, j := range journeys {
		phrases = append(phrases, j.StopPhrases...)
	}
	return phrases
}

// Score returns the mood of a text that has one.
func (s *scoring) Score(text, lang string) journey.Mood {
	if s.other != nil {
		return mood(s.other.Score(text, lang))
	}
	return mood(s.own.Score(text, lang))
}

// scoreAll gives records new moods. A record that the external scorer should have scored, and did not, is left; it returns how
// many these are.
func (s *scoring) scoreAll(ctx context.Context, records []journey.Record, model string) (left int) {
	var texts []external.Text
	for i := range records {
		ix := &records[i].Interaction
		if s.other == nil {
			records[i].Mood = mood(s.own.Score(ix.Text, ix.Lang))
			records[i].Mood.Eligible = true
			continue
		}
		texts = append(texts, external.Text{Text: ix.Text, Lang: ix.Lang})
	}
	if s.other == nil {
		return 0
	}
	for i, m := range s.other.ScoreAll(ctx, texts) {
		if m.Model != model {
			left++
			continue
		}
		records[i].Mood = mood(m)
		records[i].Mood.Eligible = true
	}
	return left
}

// model is the name and version of the scorer. An external one is asked.
func (s *scoring) model(ctx context.Context) (string, error) {
	if s.other != nil {
		return s.other.Model(ctx)
	}
	return s.own.Model(), nil
}

// Close gives back connections.
func (s *scoring) Close() error {
	if s.other != nil {
		return s.other.Close()
	}
	return nil
}
