package walk

import (
	"fmt"
	"time"

	"tappa/journey"
)

// Definition is a journey as the walk needs it: stages by position instead of by name. It never changes, and any number
// of walkers may share it.
type Definition struct {
	id          journey.JourneyID
	one         bool // one case a subject
	stages      []stage
	positions   map[string]uint8
	departments map[string]department
}

// department is what a wait asks of the department that has to answer.
type department interface {
	Business(from, to time.Time) (time.Duration, bool)
	ServiceLevel(priority string, asked time.Time) (journey.ServiceLevel, bool)
	Due(asked time.Time, level journey.ServiceLevel) time.Time
}

type stage struct {
	silence int64 // milliseconds; negative is never
	exit    Exit  // what silence means here
}

// silent gives when and how a visit ends if nothing happens after at.
func (s stage) silent(at int64) (left int64, exit Exit) {
	if s.silence < 0 || s.silence >= Never-at {
		return Never, s.exit
	}
	return at + s.silence, s.exit
}

// Define prepares a journey for walking.
func Define(j *journey.Journey) (*Definition, error) {
	if len(j.Stages) > journey.MostStages {
		return nil, fmt.Errorf("define journey %s: %d stages, at most %d are supported", j.ID, len(j.Stages), journey.MostStages)
	}
	d := &Definition{
		id: j.ID, one: j.Case.Attempts == "one",
		positions: map[string]uint8{}, departments: map[string]department{},
	}
	for i, s := range j.Stages {
		d.positions[string(s.ID)] = uint8(i)
		compiled := stage{silence: s.Silence.Milliseconds(), exit: LostSilent}
		if s.Silence == journey.Forever {
			compiled = stage{silence: -1, exit: InProgress}
		}
		if s.Terminal {
			compiled.exit = Completed
		}
		d.stages = append(d.stages, compiled)
	}
	for i := range j.Departments {
		d.departments[string(j.Departments[i].ID)] = &j.Departments[i]
	}
	return d, nil
}

// Position gives a stage's place in the journey, 0 the first, and false for a stage that the definition does not have.
func (d *Definition) Position(id string) (uint8, bool) {
	at, known := d.positions[id]
	return at, known
}
