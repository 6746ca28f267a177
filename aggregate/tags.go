package aggregate

import (
	"context"
	"fmt"
	"strings"

	"tappa/aggregate/walk"
	"tappa/journey"
)

// tag is what interactions have in common that were tagged alike: everything but who, when, where and what was written. Few
// tags stand for many interactions, so each is taken apart once.
type tag struct {
	origin, source, kind, activity, direction, priority                string
	journey, touchpoint, channel, department, persona, outcome, stages string
	moodLabel, moodEmotion, moodLang                                   string
	automatic, moodEligible, public, solved                            bool

	role      walk.Role
	positions []uint8 // of stages in the definition walked, ascending
	number    int     // among the tags known; unnumbered where there is no telling
}

// unnumbered is the number of a tag made for one interaction.
const unnumbered = 0

// tagColumns are the columns of table tags that a walk asks for, in the order in which scanTag takes them.
const tagColumns = `toString(origin), toString(source), toString(type), toString(activity), toString(direction), toString(priority),
	toString(journey), toString(touchpoint), toString(channel), toString(department), toString(persona), toString(outcome),
	arrayStringConcat(stages, ','), toString(mood_label), toString(mood_emotion), toString(mood_lang), automatic, public, held, mood_eligible, solved`

// tags interns tags, by their hash.
type tags struct {
	known       map[uint64]*tag
	definitions map[string]*walk.Definition // by journey
	recent      [1 << 10]recentTag
	renumbered  func() // called when the numbers of tags begin anew
}

type recentTag struct {
	hash uint64
	tag  *tag
}

// enoughTags bounds the memory that tags take where a source's words are different every time.
const enoughTags = 1 << 18

// find gives a tag that is known, or nil.
func (t *tags) find(hash uint64) *tag {
	slot := &t.recent[hash%uint64(len(t.recent))]
	if slot.hash == hash && slot.tag != nil {
		return slot.tag
	}
	known := t.known[hash]
	*slot = recentTag{hash, known}
	return known
}

// learn looks at tags that are not known yet.
func (t *tags) learn(ctx context.Context, s *Store, unknown []uint64) error {
	if len(t.known)+len(unknown) > enoughTags {
		clear(t.known)
		clear(t.recent[:])
		t.renumbered()
	}
	const query = "SELECT tag, " + tagColumns + " FROM tags WHERE tag IN (?) LIMIT 1 BY tag"
	err := s.each(longQuery(ctx), func(scan func(...any) error) error {
		hash, one, err := t.scanTag(scan)
		if err == nil {
			one.number = len(t.known) + 1
			t.known[hash] = one
		}
		return err
	}, query, unknown)
	if err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	clear(t.recent[:]) // it may remember that something was not known
	return nil
}

func (t *tags) scanTag(scan func(...any) error) (hash uint64, one *tag, err error) {
	one = &tag{}
	var held bool
	err = scan(&hash, &one.origin, &one.source, &one.kind, &one.activity, &one.direction, &one.priority,
		&one.journey, &one.touchpoint, &one.channel, &one.department, &one.persona, &one.outcome,
		&one.stages, &one.moodLabel, &one.moodEmotion, &one.moodLang, &one.automatic, &one.public, &held, &one.moodEligible, &one.solved)
	if err != nil {
		return 0, nil, err
	}
	one.role = walk.RoleOf(journey.Source(one.source), one.kind, journey.Direction(one.direction), one.automatic, one.public, held)
	if def := t.definitions[one.journey]; def != nil && one.stages != "" {
		for id := range strings.SplitSeq(one.stages, ",") {
			if at, known := def.Position(id); known {
				one.positions = append(one.positions, at)
			}
		}
		sortUnique(&one.positions)
	}
	return hash, one, nil
}
