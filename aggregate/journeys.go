package aggregate

import (
	"context"
	"fmt"
	"time"

	"tappa/journey"
)

// StoredJourney is a definition as the store holds it.
type StoredJourney struct {
	Journey  journey.JourneyID
	Version  string // definition hash
	Loaded   uint64 // counts the changes of definition in this store; the highest of a journey is current
	Labels   journey.Labels
	TimeZone string
	YAML     string // the file as it was read
}

// PutJourney makes j the current definition of its journey, and keeps those before it. Putting the current definition
// again changes nothing.
func (s *Store) PutJourney(ctx context.Context, j *journey.Journey) error {
	if len(j.Stages) > 255 {
		return fmt.Errorf("put journey %s: %d stages, at most 255 can be stored", j.ID, len(j.Stages))
	}
	stored, err := s.Journeys(ctx)
	if err != nil {
		return fmt.Errorf("put journey %s: %w", j.ID, err)
	}
	var loaded uint64
	for _, other := range stored {
		if other.Journey == j.ID && other.Version == j.Version {
			return nil
		}
		loaded = max(loaded, other.Loaded)
	}
	rows := make([]stageRow, len(j.Stages))
	for i := range j.Stages {
		rows[i] = stageRow{journey: j, position: uint8(i), stage: &j.Stages[i]}
	}
	// Stages first: a version is current once its row in journeys is there, and then its stages must be.
	if err := insert(ctx, s, "stages", stageColumns, rows, ""); err != nil {
		return fmt.Errorf("put journey %s: %w", j.ID, err)
	}
	if err := insert(ctx, s, "journeys", journeyColumns, []journeyRow{{j, loaded + 1}}, ""); err != nil {
		return fmt.Errorf("put journey %s: %w", j.ID, err)
	}
	return nil
}

// Journeys lists the current definition of every journey, by id.
func (s *Store) Journeys(ctx context.Context) ([]StoredJourney, error) {
	const query = `
		SELECT journey, version, loaded, labels, time_zone, yaml FROM journeys FINAL
		ORDER BY journey, loaded DESC LIMIT 1 BY journey`
	var out []StoredJourney
	err := s.each(ctx, func(scan func(...any) error) error {
		var j StoredJourney
		var labels map[string]string
		err := scan((*string)(&j.Journey), &j.Version, &j.Loaded, &labels, &j.TimeZone, &j.YAML)
		j.Labels = labels
		out = append(out, j)
		return err
	}, query)
	if err != nil {
		return nil, fmt.Errorf("list journeys: %w", err)
	}
	return out, nil
}

type journeyRow struct {
	*journey.Journey
	loaded uint64
}

var journeyColumns = []column[journeyRow]{
	fill("journey", typeWord, func(r *journeyRow) string { return string(r.ID) }),
	fill("version", typeString, func(r *journeyRow) string { return r.Version }),
	fill("loaded", "UInt64", func(r *journeyRow) uint64 { return r.loaded }),
	fill("labels", "Map(String, String)", func(r *journeyRow) map[string]string { return labels(r.Labels) }),
	fill("time_zone", typeString, func(r *journeyRow) string { return r.Location.String() }),
	fill("yaml", typeString, func(r *journeyRow) string { return string(r.Raw) }),
}

type stageRow struct {
	journey  *journey.Journey
	position uint8 // 0 is the first
	stage    *journey.Stage
}

var stageColumns = []column[stageRow]{
	fill("journey", typeWord, func(r *stageRow) string { return string(r.journey.ID) }),
	fill("version", typeString, func(r *stageRow) string { return r.journey.Version }),
	fill("position", "UInt8", func(r *stageRow) uint8 { return r.position }),
	fill("stage", typeWord, func(r *stageRow) string { return string(r.stage.ID) }),
	fill("labels", "Map(String, String)", func(r *stageRow) map[string]string { return labels(r.stage.Labels) }),
	fill("silence_ms", "Nullable(Int64)", func(r *stageRow) *int64 { return span(r.stage.Silence, journey.Forever) }),
	fill("maturity_ms", "Nullable(Int64)", func(r *stageRow) *int64 { return span(r.stage.Maturity, 0) }),
	fill("terminal", typeBool, func(r *stageRow) bool { return r.stage.Terminal }),
}

// span gives a duration in milliseconds, or null for the value that stands for none.
func span(d, none time.Duration) *int64 {
	if d == none {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}

// labels gives an empty map for nil, which the driver would not take.
func labels(l journey.Labels) map[string]string {
	if l == nil {
		return map[string]string{}
	}
	return l
}
