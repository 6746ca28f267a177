package dashboards

import (
	"errors"
	"time"

	"tappa/aggregate"
)

type caseContent struct {
	frame
	Case   caseHead
	Visits []visitLine
	Waits  []waitLine
	Steps  []stepLine
}

type caseHead struct {
	ID, Journey, Short, Person, Account, Persona, Attempt, State, Value string
}

type visitLine struct{ Stage, Entered, Left, Duration, State string }

type waitLine struct{ Touchpoint, Asked, Answered, Waited, Business string }

type stepLine struct {
	StageHead                                    string // set where a stage begins
	Direction, At, Touchpoint, Activity, Channel string
	Automatic, Return                            bool
	Mood, Emotion, Subject, Text                 string
	Words                                        []string // that spoke for the mood
}

// casePage shows one case: the stages it passed, its waits, and everything that happened, in order.
func (s *server) casePage(r *request) (string, any, error) {
	f, err := r.frame("case.title")
	if err != nil {
		return "", nil, err
	}
	detail, err := s.store.Case(r.ctx, string(r.journey.ID), r.id, r.query.AsOf)
	if errors.Is(err, aggregate.ErrNoCase) {
		return "", nil, notFoundError{"case.notfound"}
	}
	if err != nil {
		return "", nil, err
	}
	f.Title += " " + shortID(r.id)
	c := caseContent{frame: f, Case: caseHead{
		ID: r.id, Journey: string(r.journey.ID), Short: shortID(r.id), Person: detail.Person, Account: detail.Account,
		Persona: r.personaLabel(detail.Persona), Attempt: r.format.Count(int64(detail.Attempt)), State: detail.State,
	}}
	if detail.Value > 0 {
		c.Case.Value = r.format.Number(detail.Value, 2)
	}
	for _, v := range detail.Visits {
		c.Visits = append(c.Visits, r.visitLine(v))
	}
	for _, w := range detail.Waits {
		c.Waits = append(c.Waits, r.waitLine(w))
	}
	stage := ""
	for _, step := range detail.Steps {
		line := r.stepLine(step)
		if step.Stage != "" && step.Stage != stage && !step.Return {
			stage = step.Stage
			line.StageHead = r.stageLabel(stage)
		}
		c.Steps = append(c.Steps, line)
	}
	return "case", c, nil
}

func (r *request) visitLine(v aggregate.CaseVisit) visitLine {
	left, until := r.format.Time(v.LeftAt), v.LeftAt
	if v.State == "in_progress" {
		left, until = missing, r.query.AsOf
	}
	return visitLine{
		Stage: r.stageLabel(v.Stage), Entered: r.format.Time(v.EnteredAt), Left: left, State: v.State,
		Duration: r.seconds(until.Sub(v.EnteredAt)),
	}
}

func (r *request) waitLine(w aggregate.CaseWait) waitLine {
	line := waitLine{Touchpoint: r.touchpoint(w.Touchpoint), Asked: r.format.Time(w.AskedAt), Waited: missing, Business: missing}
	if w.AnsweredAt == nil {
		line.Waited = r.seconds(r.query.AsOf.Sub(w.AskedAt))
		return line
	}
	line.Answered, line.Waited = r.format.Time(*w.AnsweredAt), r.seconds(w.AnsweredAt.Sub(w.AskedAt))
	line.Business = r.format.Duration(w.Business)
	return line
}

func (r *request) stepLine(step aggregate.CaseStep) stepLine {
	line := stepLine{
		Direction: step.Direction, At: r.format.Time(step.OccurredAt), Touchpoint: r.touchpoint(step.Touchpoint),
		Activity: step.Activity, Channel: r.journey.ChannelLabel(step.Channel, r.lang), Automatic: step.Automatic, Return: step.Return,
		Mood: step.MoodLabel, Subject: step.Subject, Text: step.Text,
	}
	if line.Touchpoint == "" {
		line.Touchpoint = step.Type
	}
	if step.Emotion != "none" {
		line.Emotion = step.Emotion
	}
	if r.server.explain != nil && step.MoodLabel != "" {
		// What somebody corrected, or another scorer scored, is not explained by words that speak for something else.
		if label, words := r.server.explain(step.Text); label == step.MoodLabel {
			line.Words = words
		}
	}
	return line
}

func (r *request) seconds(d time.Duration) string {
	s := d.Seconds()
	return r.format.Duration(&s)
}
