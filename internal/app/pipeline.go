package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tappa/aggregate"
	"tappa/ingest"
	"tappa/ingest/source"
	"tappa/ingest/source/vendor"
	"tappa/journey"
	"tappa/sentiment"
)

// PipelineOptions says what a pipeline reads and where it writes.
type PipelineOptions struct {
	Brokers     []string
	Connection  ingest.Connection
	Topics      []string // "name", or "name=format" for records in a vendor's format that do not say so themselves
	DeadLetters string
	Group       string
	Store       *aggregate.Store
	ReadyAfter  time.Duration
	Journeys    []*journey.Journey
	Scoring     *scoring // nil: the built-in scorer as it is
	Logger      *slog.Logger
	Registerer  prometheus.Registerer

	TopicPattern *regexp.Regexp // topics beside Topics; nil: none
	Tuning       ingest.Options // how to batch, wait and decide; what is not about that is not looked at
}

// NewCollector wires decoding, tagging and scoring into a collector that writes to the store.
func NewCollector(opts PipelineOptions) (*ingest.Collector, error) {
	scorer := opts.Scoring
	if scorer == nil {
		scorer = &scoring{own: sentiment.New()}
	}
	topics, _ := splitTopics(opts.Topics)
	o := opts.Tuning
	o.Brokers, o.Connection, o.Group = opts.Brokers, opts.Connection, opts.Group
	o.Topics, o.TopicPattern, o.DeadLetterTopic = topics, opts.TopicPattern, opts.DeadLetters
	o.Decode, o.Tag, o.Score = opts.decode(), tagger(opts.Journeys), scorer.Score
	o.Definition = definition(opts.Journeys)
	o.Sink, o.ReadyAfter = opts.Store, opts.ReadyAfter
	o.Logger, o.Registerer = opts.Logger, opts.Registerer
	return ingest.New(o)
}

// decode makes an interaction of a record, unless it was erased: a copy of one that was carries nothing.
func (opts *PipelineOptions) decode() func(source.Record) (journey.Interaction, error) {
	decoder, store := newDecoder(opts.Journeys, opts.Topics), opts.Store
	return func(rec source.Record) (journey.Interaction, error) {
		ix, err := decoder.Decode(rec)
		if err == nil && store.Erased(&ix) {
			return journey.Interaction{}, &source.Nothing{Kind: source.NothingAnyMore, Detail: "erased on request"}
		}
		return ix, err
	}
}

// NewDecoder makes the decoder of journeys, for records of which each says itself what it is.
func NewDecoder(journeys []*journey.Journey) *source.Decoder { return newDecoder(journeys, nil) }

// newDecoder makes the decoder that all commands share, so that they agree on what can be used.
func newDecoder(journeys []*journey.Journey, topics []string) *source.Decoder {
	options := source.Options{DefaultCountry: defaultCountry(journeys), Formats: vendor.Formats, Settings: settings(journeys)}
	_, options.Topics = splitTopics(topics)
	return source.NewDecoder(options)
}

// settings are what formats need to know of the company: the first journey's time zone, and what any of the journeys says
// is the company's own.
func settings(journeys []*journey.Journey) (s source.Settings) {
	for i, j := range journeys {
		if i == 0 {
			s.Zone = j.Location
		}
		s.Company.Add(j.Company)
	}
	return s
}

// splitTopics takes "name=format" apart, for those topics that have a format.
func splitTopics(topics []string) (names []string, formats map[string]string) {
	formats = map[string]string{}
	for _, t := range topics {
		name, format, ok := strings.Cut(t, "=")
		names = append(names, name)
		if ok {
			formats[name] = format
		}
	}
	return names, formats
}

// definition names the versions of all journeys together.
func definition(journeys []*journey.Journey) string {
	var versions []string
	for _, j := range journeys {
		versions = append(versions, j.Version)
	}
	return strings.Join(versions, "+")
}

// tagger tags by the first journey, in the order given, that has a rule for an interaction.
func tagger(journeys []*journey.Journey) func(*journey.Interaction) journey.Tag {
	return func(ix *journey.Interaction) journey.Tag {
		if ix.Type == journey.Retracted { // no touchpoint, whatever a rule may think
			return journey.Tag{}
		}
		for _, j := range journeys {
			if tag := j.Tag(ix); tag.Rule != "" {
				return tag
			}
		}
		return journey.Tag{Automatic: ix.Automatic}
	}
}

func mood(m sentiment.Mood) journey.Mood {
	return journey.Mood{
		Label: m.Label, Score: m.Score, Emotion: m.Emotion, Lang: m.Lang, Confidence: m.Confidence, Model: m.Model,
	}
}

// defaultCountry is the first journey's: phone numbers without a prefix are read as that country's.
func defaultCountry(journeys []*journey.Journey) string {
	for _, j := range journeys {
		if j.DefaultCountry != "" {
			return j.DefaultCountry
		}
	}
	return ""
}

// LoadJourneys loads the files, or, where none is named, what the store holds already, and makes them the store's
// current definitions.
func LoadJourneys(ctx context.Context, store *aggregate.Store, files []string) ([]*journey.Journey, error) {
	if len(files) == 0 {
		return storedJourneys(ctx, store)
	}
	var journeys []*journey.Journey
	var errs []error
	for _, file := range files {
		j, err := journey.Load(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i := slices.IndexFunc(journeys, func(other *journey.Journey) bool { return other.ID == j.ID }); i >= 0 {
			errs = append(errs, fmt.Errorf("%s: journey %q is defined by another of the files, too; name one of them", file, j.ID))
			continue
		}
		journeys = append(journeys, j)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return journeys, putJourneys(ctx, store, journeys)
}

func putJourneys(ctx context.Context, store *aggregate.Store, journeys []*journey.Journey) error {
	for _, j := range journeys {
		if err := store.PutJourney(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

func storedJourneys(ctx context.Context, store *aggregate.Store) ([]*journey.Journey, error) {
	stored, err := store.Journeys(ctx)
	if err != nil {
		return nil, err
	}
	var journeys []*journey.Journey
	for _, s := range stored {
		j, err := journey.Parse(string(s.Journey), []byte(s.YAML))
		if err != nil {
			return nil, fmt.Errorf("read stored journey %s: %w", s.Journey, err)
		}
		journeys = append(journeys, j)
	}
	return journeys, nil
}

// EnsureReadable says early, and with the path, that a file cannot be read.
func EnsureReadable(paths ...string) error {
	var errs []error
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
