package aggregate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tappa/journey"
)

// Kinds of notes.
var noteKinds = []string{"interview", "observation", "idea"}

// NoteKinds lists the kinds that a note can be of.
func NoteKinds() []string { return slices.Clone(noteKinds) }

// Note is what a person knows that no system recorded: what a customer said in an interview, what somebody saw at the
// counter. It is shown beside what was computed, and no number is made of it.
type Note struct {
	ID         string            `json:"id"` // "" until stored: the next number
	Journey    journey.JourneyID `json:"journey"`
	Kind       string            `json:"kind"`                 // one of NoteKinds
	Stage      string            `json:"stage,omitempty"`      // "" is the whole journey
	Touchpoint string            `json:"touchpoint,omitempty"` // "" is the whole stage
	Persona    string            `json:"persona,omitempty"`    // "" is all
	Feeling    *float64          `json:"feeling,omitempty"`    // as the person put it, −2 … +2; nil: it says nothing of feelings
	Text       string            `json:"text"`
	By         string            `json:"by"`  // who wrote it down
	Day        string            `json:"day"` // when it was said or seen, "2006-01-02"
	Revision   uint32            `json:"revision"`
	ChangedAt  time.Time         `json:"changed_at"`
}

// ErrNoNote is the answer to an id that no note has.
var ErrNoNote = errors.New("no such note")

// ErrChanged refuses a change to something that has changed since it was read.
var ErrChanged = errors.New("it has been changed meanwhile: read it again")

// maxNote is how long a note's text may be, in bytes.
const maxNote = 20_000

// AddNote checks and stores a new note, and gives it back with its id. Where Day is empty, it is today.
func (s *Store) AddNote(ctx context.Context, n Note) (Note, error) {
	j, err := s.definition(ctx, string(n.Journey))
	if err != nil {
		return n, fmt.Errorf("add note: %w", err)
	}
	n.Journey, n.Revision = j.ID, 0
	if n.Day == "" {
		n.Day = time.Now().In(j.Location).Format(time.DateOnly)
	}
	if err := n.check(j); err != nil {
		return n, fmt.Errorf("add note: %w", err)
	}
	stored, err := s.readNotes(ctx, j.ID, true)
	if err != nil {
		return n, fmt.Errorf("add note: %w", err)
	}
	if n.ID == "" {
		n.ID = fmt.Sprint(len(stored) + 1)
	}
	if slices.ContainsFunc(stored, func(other Note) bool { return other.ID == n.ID }) {
		return n, fmt.Errorf("add note: %w", &BadQueryError{text: fmt.Sprintf("there is a note %q already", n.ID)})
	}
	return s.putNote(ctx, n, false)
}

// UpdateNote changes a note. Where revision is not 0, the note must still be of that revision, else ErrChanged.
func (s *Store) UpdateNote(ctx context.Context, id, note string, revision uint32, change func(*Note)) (Note, error) {
	j, n, err := s.findNote(ctx, id, note, revision)
	if err != nil {
		return n, fmt.Errorf("update note %s: %w", note, err)
	}
	kept := n
	change(&n)
	n.ID, n.Journey, n.Revision = kept.ID, kept.Journey, kept.Revision
	if err := n.check(j); err != nil {
		return kept, fmt.Errorf("update note %s: %w", note, err)
	}
	return s.putNote(ctx, n, false)
}

// DeleteNote takes a note away. Its id is not given again.
func (s *Store) DeleteNote(ctx context.Context, id, note string) error {
	_, n, err := s.findNote(ctx, id, note, 0)
	if err == nil {
		_, err = s.putNote(ctx, n, true)
	}
	if err != nil {
		return fmt.Errorf("delete note %s: %w", note, err)
	}
	return nil
}

// Notes lists a journey's notes in the order they were added.
func (s *Store) Notes(ctx context.Context, id string) ([]Note, error) {
	j, err := s.chooseJourney(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list notes: %w", err)
	}
	out, err := s.readNotes(ctx, j.Journey, false)
	if err != nil {
		return nil, fmt.Errorf("list notes: %w", err)
	}
	return out, nil
}

func (s *Store) findNote(ctx context.Context, id, note string, revision uint32) (*journey.Journey, Note, error) {
	j, err := s.definition(ctx, id)
	if err != nil {
		return nil, Note{}, err
	}
	stored, err := s.readNotes(ctx, j.ID, false)
	if err != nil {
		return nil, Note{}, err
	}
	i := slices.IndexFunc(stored, func(n Note) bool { return n.ID == note })
	switch {
	case i < 0:
		return nil, Note{}, ErrNoNote
	case revision != 0 && stored[i].Revision != revision:
		return nil, Note{}, ErrChanged
	}
	return j, stored[i], nil
}

func (s *Store) readNotes(ctx context.Context, id journey.JourneyID, deleted bool) ([]Note, error) {
	const query = `
		SELECT argMax(content, revision) FROM notes FINAL
		WHERE journey = {journey:String} GROUP BY id HAVING argMax(deleted, revision) <= {deleted:UInt8}
		ORDER BY min(changed_at), length(id), id`
	values := map[string]string{"journey": string(id), "deleted": "0"}
	if deleted {
		values["deleted"] = "1"
	}
	var out []Note
	err := s.each(withParameters(ctx, values), func(scan func(...any) error) error {
		var content string
		if err := scan(&content); err != nil {
			return err
		}
		var n Note
		err := json.Unmarshal([]byte(content), &n)
		out = append(out, n)
		return err
	}, query)
	return out, err
}

func (s *Store) putNote(ctx context.Context, n Note, deleted bool) (Note, error) {
	n.Revision++
	n.ChangedAt = time.Now().UTC().Truncate(time.Millisecond)
	content, err := json.Marshal(n)
	if err != nil {
		return n, err
	}
	columns := []column[Note]{
		fill("journey", typeWord, func(n *Note) string { return string(n.Journey) }),
		fill("id", typeString, func(n *Note) string { return n.ID }),
		fill("revision", "UInt32", func(n *Note) uint32 { return n.Revision }),
		fill("content", typeString, func(*Note) string { return string(content) }),
		fill("deleted", "UInt8", func(*Note) uint8 {
			if deleted {
				return 1
			}
			return 0
		}),
		fill("changed_at", typeTime, func(n *Note) time.Time { return n.ChangedAt }),
	}
	return n, insert(ctx, s, "notes", columns, []Note{n}, "")
}

// check refuses what the journey does not know, all of it at once.
func (n *Note) check(j *journey.Journey) error {
	var errs []error
	refuse := func(format string, args ...any) {
		errs = append(errs, &BadQueryError{text: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(noteKinds, n.Kind) {
		refuse("kind %q: there are %s", n.Kind, strings.Join(noteKinds, ", "))
	}
	if _, _, ok := j.Stage(journey.StageID(n.Stage)); !ok && n.Stage != "" {
		refuse("the journey has no stage %q", n.Stage)
	}
	if _, ok := j.Touchpoint(journey.TouchpointID(n.Touchpoint)); !ok && n.Touchpoint != "" {
		refuse("the journey has no touchpoint %q", n.Touchpoint)
	}
	if n.Persona != "" && !slices.ContainsFunc(j.Personas, func(p journey.Persona) bool { return string(p.ID) == n.Persona }) {
		refuse("the journey has no persona %q", n.Persona)
	}
	if n.Feeling != nil && !(*n.Feeling >= -2 && *n.Feeling <= 2) {
		refuse("feeling %g: from -2 to 2", *n.Feeling)
	}
	if strings.TrimSpace(n.Text) == "" || len(n.Text) > maxNote {
		refuse("a note has a text, of at most %d bytes", maxNote)
	}
	if strings.TrimSpace(n.By) == "" {
		refuse("name who says so")
	}
	if _, err := time.Parse(time.DateOnly, n.Day); err != nil {
		refuse("day %q: a day is written like 2026-01-31", n.Day)
	}
	return errors.Join(errs...)
}
